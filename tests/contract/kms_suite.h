// What every key service has to do, whatever it is, as doctest checks. Called from a test case of
// the provider's own module, with a provider whose key is enabled.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "kms/branch.h"
#include "kms/kms.h"
#include "sim/sim.h"

namespace mc::kms::contract {

struct Suite {
  Provider& provider;
  sys::Clock& clock;         // the one that deadlines are of
  std::uint64_t seed = 1;    // of the secrets
  int secrets = 64;          // how many are wrapped and opened again
  int flips = 40;            // how many bytes are changed, spread over what is wrapped
  bool can_rotate = true;    // else rotate() must say `invalid`
  Nanos time = seconds(10);  // of each call

  MonoTime deadline() const { return clock.mono() + time; }
};

inline Context context_of(const std::string& tenant) {
  return {{"mc:tenant", tenant}, {"mc:use", "branch"}};
}

inline std::string secret_bytes(sys::Random& random, std::size_t size) {
  std::string out(size, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

inline void round_trips(const Suite& suite) {
  sim::SimRandom random(suite.seed);
  for (int i = 0; i < suite.secrets; ++i) {
    const std::size_t size = static_cast<std::size_t>(i) % kSecretBytesMax + 1;
    CAPTURE(size);
    const std::string bytes = secret_bytes(random, size);
    const auto wrapped = suite.provider.wrap(Secret(bytes), context_of("alpha"), suite.deadline());
    REQUIRE_MESSAGE(wrapped, wrapped.error().what);
    CHECK(wrapped->bytes.size() <= kWrappedBytesMax);
    if (size >= 8) CHECK(wrapped->bytes.find(bytes) == std::string::npos);
    const auto opened = suite.provider.unwrap(*wrapped, context_of("alpha"), suite.deadline());
    REQUIRE_MESSAGE(opened, opened.error().what);
    CHECK(opened->reveal(RevealToken()) == bytes);
  }
  for (const std::size_t size : {std::size_t{0}, kSecretBytesMax + 1}) {
    const auto wrapped =
        suite.provider.wrap(Secret(std::string(size, 'x')), context_of("alpha"), suite.deadline());
    REQUIRE(!wrapped);
    CHECK(wrapped.error().code == Code::invalid);
  }
}

inline void binds_branches(const Suite& suite) {
  const auto arena = cipher::KeyArena::make(4);
  REQUIRE(arena);
  sim::SimRandom random(suite.seed + 1);
  auto key = (*arena)->take();
  REQUIRE(key);
  random.fill(key->bytes());
  const auto wrapped =
      wrap_branch(suite.provider, key->view(), context_of("alpha"), suite.deadline());
  REQUIRE_MESSAGE(wrapped, wrapped.error().what);
  {
    const auto opened =
        unwrap_branch(suite.provider, *wrapped, context_of("alpha"), **arena, suite.deadline());
    REQUIRE_MESSAGE(opened, opened.error().what);
    CHECK(std::ranges::equal(opened->view(), key->view()));
  }
  Context less = context_of("alpha");
  less.erase("mc:use");
  Context more = context_of("alpha");
  more["mc:z"] = "1";
  for (const Context& other : {context_of("beta"), less, more}) {
    const auto opened = unwrap_branch(suite.provider, *wrapped, other, **arena, suite.deadline());
    REQUIRE(!opened);
    CHECK(opened.error().code == Code::corrupt);
  }
  CHECK((*arena)->used() == 1);
}

inline void notices_changes(const Suite& suite) {
  const auto arena = cipher::KeyArena::make(4);
  REQUIRE(arena);
  auto key = (*arena)->take();
  REQUIRE(key);
  sim::SimRandom random(suite.seed + 2);
  random.fill(key->bytes());
  const Context context = context_of("alpha");
  const auto wrapped = wrap_branch(suite.provider, key->view(), context, suite.deadline());
  REQUIRE_MESSAGE(wrapped, wrapped.error().what);
  const auto refused = [&](std::string bytes) {
    const Wrapped other = {.bytes = std::move(bytes), .version = wrapped->version};
    const auto opened = unwrap_branch(suite.provider, other, context, **arena, suite.deadline());
    REQUIRE(!opened);
    CHECK(opened.error().code == Code::corrupt);
    CHECK(opened.error().what.find(other.bytes) == std::string::npos);
  };
  const std::size_t size = wrapped->bytes.size();
  const auto flips = std::min(static_cast<std::size_t>(suite.flips), size);
  for (std::size_t i = 0; i < flips; ++i) {
    const std::size_t at = i * size / flips;
    CAPTURE(at);
    std::string bytes = wrapped->bytes;
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << i % 8);
    refused(bytes);
  }
  refused(wrapped->bytes.substr(0, size - 1));
  refused(wrapped->bytes.substr(0, size / 2));
}

inline void describes_itself(const Suite& suite) {
  const auto described = suite.provider.describe(suite.deadline());
  REQUIRE_MESSAGE(described, described.error().what);
  CHECK(described->state == KeyState::enabled);
  CHECK(!described->key.empty());
  CHECK(!described->algorithm.empty());
  CHECK(!suite.provider.kind().empty());
  CHECK(!suite.provider.uri().empty());
  CHECK(suite.provider.describe(suite.deadline()) == described);
}

inline void keeps_old_versions(const Suite& suite) {
  if (!suite.can_rotate) {
    const auto rotated = suite.provider.rotate(suite.deadline());
    REQUIRE(!rotated);
    CHECK(rotated.error().code == Code::invalid);
    return;
  }
  std::vector<Wrapped> all;
  for (int i = 0; i < 3; ++i) {
    const auto wrapped = suite.provider.wrap(Secret("secret " + std::to_string(i)),
                                             context_of("alpha"), suite.deadline());
    REQUIRE_MESSAGE(wrapped, wrapped.error().what);
    all.push_back(*wrapped);
    const auto rotated = suite.provider.rotate(suite.deadline());
    REQUIRE_MESSAGE(rotated, rotated.error().what);
    const auto described = suite.provider.describe(suite.deadline());
    REQUIRE(described);
    CHECK(described->version == *rotated);
    CHECK(described->state == KeyState::enabled);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto opened = suite.provider.unwrap(all[i], context_of("alpha"), suite.deadline());
    REQUIRE_MESSAGE(opened, opened.error().what);
    CHECK(opened->reveal(RevealToken()) == "secret " + std::to_string(i));
  }
}

// An answer after the deadline is none.
inline void keeps_deadlines(const Suite& suite) {
  const auto late = suite.provider.describe(suite.clock.mono() - millis(1));
  REQUIRE(!late);
  CHECK(late.error().code == Code::unavailable);
}

// All of them, as subcases: the caller makes its provider anew for each.
inline void run(const Suite& suite) {
  SUBCASE("secrets of 1 to 64 bytes come back") {
    round_trips(suite);
  }
  SUBCASE("a branch key opens under its own context alone") {
    binds_branches(suite);
  }
  SUBCASE("changed bytes do not open") {
    notices_changes(suite);
  }
  SUBCASE("it says that its key is enabled") {
    describes_itself(suite);
  }
  SUBCASE("what older versions wrapped opens after a rotation") {
    keeps_old_versions(suite);
  }
  SUBCASE("it keeps to deadlines") {
    keeps_deadlines(suite);
  }
}

}  // namespace mc::kms::contract
