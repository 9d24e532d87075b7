#include "residency/attempts.h"

#include <doctest/doctest.h>

#include "json/json.h"
#include "sim/sim.h"

namespace mc::residency {
namespace {

Attempt attempt_of(const std::string& actor = "ada@alpha", const std::string& source = "main") {
  return {TenantId("alpha"), actor,   "read",  "", source, "eu", "us",
          "cross-region",    "req_1", "person"};
}

Attempts::Now now(sim::SimClock& clock) {
  return {clock.wall(), clock.mono()};
}

std::int64_t count_in(const ledger::Entry& entry) {
  return *json::parse(entry.payload)->find("count")->as_int();
}

TEST_CASE("residency: the first attempt is a record at once, in the tenant's log, as a denial") {
  sim::SimClock clock;
  Attempts attempts;
  const auto entry = attempts.note(attempt_of(), now(clock));
  REQUIRE(entry);
  CHECK(entry->log == "audit/alpha");
  CHECK(entry->type == "denied");
  CHECK(entry->actor == "ada@alpha");
  CHECK(entry->tenant == "alpha");
  CHECK(entry->action == "residency: read of main");
  CHECK(entry->purpose == "not stated");
  CHECK(entry->payload == R"({"action":"read","count":1,"dataset":"person","object":"main",)"
                          R"("reason":"cross-region","region_dst":"us","region_src":"eu",)"
                          R"("request_id":"req_1"})");
}

TEST_CASE("residency: attempts like one that is recorded become one record, with their number") {
  sim::SimClock clock;
  Attempts attempts;
  REQUIRE(attempts.note(attempt_of(), now(clock)));
  for (int i = 0; i < 500; ++i) CHECK_FALSE(attempts.note(attempt_of(), now(clock)));
  CHECK(attempts.note(attempt_of("bea@alpha"), now(clock)));  // another actor
  Attempt other = attempt_of();
  other.dataset = "event";
  CHECK(attempts.note(other, now(clock)));
  CHECK(attempts.due(clock.mono()).empty());
  clock.advance(kAttemptWindow);
  const auto due = attempts.due(clock.mono());
  REQUIRE(due.size() == 1);
  CHECK(count_in(due.front()) == 500);
  // The window goes on, so that what comes now waits for its end.
  CHECK_FALSE(attempts.note(attempt_of(), now(clock)));
  CHECK(attempts.due(clock.mono()).empty());
  clock.advance(kAttemptWindow);
  CHECK(count_in(attempts.due(clock.mono()).front()) == 1);
  clock.advance(kAttemptWindow);
  CHECK(attempts.due(clock.mono()).empty());
  CHECK(attempts.note(attempt_of(), now(clock)));  // forgotten, so it is the first again
  CHECK(attempts.totals().at("alpha") == 505);
}

TEST_CASE("residency: no number of different attempts needs more than its share of memory") {
  sim::SimClock clock;
  Attempts attempts;
  std::size_t records = 0;
  const std::size_t tries = kAttemptKindsMax + 1'000;
  for (std::size_t i = 0; i < tries; ++i) {
    const auto entry = attempts.note(attempt_of("p" + std::to_string(i) + "@alpha"), now(clock));
    records += entry ? 1 : 0;
  }
  CHECK(records == kAttemptKindsMax + 1);
  clock.advance(kAttemptWindow);
  const auto due = attempts.due(clock.mono());
  REQUIRE(due.size() == 1);
  CHECK(due.front().actor == "(others)");
  CHECK(count_in(due.front()) == 999);

  const auto sums = attempts.of(TenantId("alpha"));
  CHECK(sums.size() == kAttemptSumsMax + 1);
  CHECK(sums.back().actor == "(others)");
  std::int64_t all = 0;
  for (const Violation& each : sums) all += each.count;
  CHECK(all == static_cast<std::int64_t>(tries));
}

TEST_CASE("residency: a tenant's attempts are summed for its proof, and taken once") {
  sim::SimClock clock;
  Attempts attempts;
  const WallTime begun = clock.wall();
  static_cast<void>(attempts.note(attempt_of(), now(clock)));
  clock.advance(seconds(5));
  static_cast<void>(attempts.note(attempt_of(), now(clock)));
  const auto sums = attempts.of(TenantId("alpha"));
  REQUIRE(sums.size() == 1);
  CHECK(sums.front() ==
        Violation{begun, "cross-region", "ada@alpha", "read", "main", "eu", "us", 2, true});
  CHECK(attempts.of(TenantId("bravo")).empty());
  CHECK(attempts.take_all().at("alpha") == sums);
  CHECK(attempts.of(TenantId("alpha")).empty());
}

}  // namespace
}  // namespace mc::residency
