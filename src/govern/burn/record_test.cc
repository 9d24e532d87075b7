#include "burn/record.h"

#include <doctest/doctest.h>

#include "json/json.h"

namespace mc::burn {
namespace {

const WallTime kAt = WallTime{} + seconds(1'800'000'000);  // 2027-01-15T08:00:00Z

TEST_CASE("burn record: of a quota it has what the level was made of") {
  QuotaEvent event;
  event.of.tenant = "alpha";
  event.of.dimension = budget::Dimension::day_credits;
  event.of.quota = 1'000;
  event.of.used = 850;
  event.of.from = kAt - seconds(8 * 3'600);
  event.of.until = kAt + seconds(16 * 3'600);
  event.of.burn = 0.85;
  event.of.level = 80;
  event.of.exhausted_at = kAt + seconds(3'600);
  event.at = kAt;
  ledger::Entry entry = record_of(event);
  CHECK(entry.log == "audit/alpha");
  CHECK(entry.tenant == "alpha");
  CHECK(entry.type == "budget");
  CHECK(entry.actor == "node@system");
  CHECK(entry.action == "budget.burn");
  CHECK(entry.payload ==
        R"({"at":"2027-01-15T08:00:00.000Z","burn":0.85,"dimension":"day_credits",)"
        R"("exhausted_at":"2027-01-15T09:00:00.000Z","level":80,"limit":1000,"used":850,)"
        R"("window":{"from":"2027-01-15T00:00:00.000Z","until":"2027-01-16T00:00:00.000Z"}})");
  event.of.exhausted_at.reset();
  entry = record_of(event);
  CHECK(entry.payload.find(R"("exhausted_at":null)") != std::string::npos);
}

TEST_CASE("burn record: of an objective it has both windows, and says when it is over") {
  SloEvent event;
  event.tenant = "alpha";
  event.pair = SloPair::fast;
  event.firing = true;
  event.burn_long = 20;
  event.burn_short = 50;
  event.at = kAt;
  event.of_long = {.served = 985, .rejected = 7, .shed = 10, .failed = 5, .slow = 5};
  event.of_short = {.served = 96, .shed = 2, .failed = 2, .slow = 1};
  const Objective objective{.good = 0.999, .latency = millis(500)};
  ledger::Entry entry = record_of(event, objective);
  CHECK(entry.log == "audit/alpha");
  CHECK(entry.type == "budget");
  CHECK(entry.action == "budget.slo_burn.begin");
  CHECK(entry.payload ==
        R"({"at":"2027-01-15T08:00:00.000Z",)"
        R"("long":{"bad":20,"burn":20,"failed":5,"from":"2027-01-15T07:00:00.000Z","good":980,)"
        R"("shed":10,"slow":5,"until":"2027-01-15T08:00:00.000Z"},)"
        R"("objective":{"good":0.999,"latency_ms":500},"of":"tenant","pair":"fast",)"
        R"("severity":"page",)"
        R"("short":{"bad":5,"burn":50,"failed":2,"from":"2027-01-15T07:55:00.000Z","good":95,)"
        R"("shed":2,"slow":1,"until":"2027-01-15T08:00:00.000Z"},"threshold":14.4})");
  event.firing = false;
  event.tenant = "";
  event.pair = SloPair::creeping;
  entry = record_of(event, objective);
  CHECK(entry.log == "audit/system");
  CHECK(entry.tenant == "system");
  CHECK(entry.action == "budget.slo_burn.end");
  CHECK(entry.payload.find(R"("of":"all","pair":"creeping","severity":"ticket")") !=
        std::string::npos);
  CHECK(entry.payload.find(R"("from":"2027-01-12T08:00:00.000Z")") != std::string::npos);
}

}  // namespace
}  // namespace mc::burn
