#include "kms/kms.h"

#include <doctest/doctest.h>

#include "contract/kms_suite.h"
#include "sim/memory_provider.h"

namespace mc::kms {
namespace {

TEST_CASE("kms: headers of a reply are found by their names in lower case") {
  const HttpReply reply = {.status = 200, .headers = {{"date", "x"}, {"etag", "y"}}, .body = ""};
  CHECK(reply.header("etag") == "y");
  CHECK(reply.header("ETag").empty());
  CHECK(reply.header("age").empty());
}

TEST_CASE("kms: states have the names that are stored") {
  CHECK(name_of(KeyState::enabled) == "enabled");
  CHECK(name_of(KeyState::disabled) == "disabled");
  CHECK(name_of(KeyState::pending_destruction) == "pending_destruction");
  CHECK(name_of(KeyState::destroyed) == "destroyed");
}

TEST_CASE("kms: the memory provider is one that binds nothing") {
  sim::SimClock clock;
  sim::MemoryProvider provider(clock);
  contract::run({.provider = provider, .clock = clock});
}

TEST_CASE("kms: the memory provider is one that binds the context") {
  sim::SimClock clock;
  sim::MemoryProvider provider(clock);
  provider.with([](auto& all) { all.binds_context = true; });
  contract::run({.provider = provider, .clock = clock});
}

TEST_CASE("kms: each switch of the memory provider does what it says") {
  sim::SimClock clock;
  const Context context = contract::context_of("alpha");
  sim::MemoryProvider provider(clock);
  const auto wrapped = provider.wrap(Secret("secret"), context, clock.mono() + seconds(1));
  REQUIRE(wrapped);
  const auto code = [&] {
    const auto opened = provider.unwrap(*wrapped, context, clock.mono() + seconds(1));
    return opened ? std::nullopt : std::optional(opened.error().code);
  };
  const auto with = [&](auto change) {
    provider.with([&](auto& all) {
      all = {};
      change(all);
    });
    return code();
  };
  CHECK(with([](auto&) {}) == std::nullopt);
  for (const KeyState state :
       {KeyState::disabled, KeyState::pending_destruction, KeyState::destroyed}) {
    CHECK(with([&](auto& all) { all.state = state; }) == Code::denied);
    CHECK(provider.describe(clock.mono() + seconds(1))->state == state);
  }
  CHECK(with([](auto& all) { all.outage = true; }) == Code::unavailable);
  CHECK(with([](auto& all) { all.access_taken = true; }) == Code::denied);
  CHECK(with([](auto& all) { all.busy_for_s = 7; }) == Code::exhausted);
  CHECK(with([](auto& all) { all.destroyed["1"] = true; }) == Code::denied);
  CHECK(with([](auto& all) { all.delay = seconds(2); }) == Code::unavailable);
  CHECK(with([](auto& all) { all.plaintext = "another's"; }) == std::nullopt);
  CHECK(provider.unwrap(*wrapped, context, clock.mono() + seconds(1))->reveal(RevealToken()) ==
        "another's");
  provider.with([](auto& all) { all = {.wrong_version = true}; });
  const auto other = provider.wrap(Secret("secret"), context, clock.mono() + seconds(1));
  CHECK(other->version == "10");
  CHECK(!provider.unwrap(*other, context, clock.mono() + seconds(1)));
  CHECK(provider.calls().wraps == 2);
}

}  // namespace
}  // namespace mc::kms
