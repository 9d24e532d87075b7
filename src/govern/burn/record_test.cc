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
  ledger::Entry entry = record_of(event, "node_1");
  CHECK(entry.log == "audit/alpha");
  CHECK(entry.tenant == "alpha");
  CHECK(entry.type == "budget");
  CHECK(entry.actor == "node@system");
  CHECK(entry.action == "budget.burn");
  CHECK(entry.payload ==
        R"({"at":"2027-01-15T08:00:00.000Z","burn_millionths":850000,"dimension":"day_credits",)"
        R"("exhausted_at":"2027-01-15T09:00:00.000Z","level":80,"limit":1000,"node":"node_1",)"
        R"("used":850,)"
        R"("window":{"from":"2027-01-15T00:00:00.000Z","until":"2027-01-16T00:00:00.000Z"}})");
  event.of.exhausted_at.reset();
  entry = record_of(event, "node_1");
  CHECK(entry.payload.find(R"("exhausted_at":null)") != std::string::npos);
}

QuotaEvent of_day(int level = 80) {
  QuotaEvent out;
  out.of.tenant = "alpha";
  out.of.dimension = budget::Dimension::day_credits;
  out.of.level = level;
  out.of.from = kAt;
  out.at = kAt;
  return out;
}

TEST_CASE("burn record: a level of a day or month has one key, in each process of a node") {
  const auto key_of = [](const QuotaEvent& event, std::string_view node = "node_1") {
    return record_of(event, node).key;
  };
  QuotaEvent later = of_day();
  later.at = kAt + seconds(60);
  later.of.used = 7;
  CHECK(key_of(of_day()) != ledger::RepeatKey{});
  CHECK(key_of(later) == key_of(of_day()));
  CHECK(key_of(of_day(90)) != key_of(of_day()));
  CHECK(key_of(of_day(), "node_2") != key_of(of_day()));
  QuotaEvent other = of_day();
  other.of.tenant = "bravo";
  CHECK(key_of(other) != key_of(of_day()));
  other = of_day();
  other.of.dimension = budget::Dimension::month_credits;
  CHECK(key_of(other) != key_of(of_day()));
  other = of_day();
  other.of.from = kAt + seconds(86'400);
  CHECK(key_of(other) != key_of(of_day()));
  // Of a rate each is another one.
  other.of.dimension = budget::Dimension::requests;
  CHECK(key_of(other) == ledger::RepeatKey{});
}

TEST_CASE("burn record: it tells its level and those below, of its node and window") {
  const std::string payload = record_of(of_day(90), "node_1").payload;
  CHECK(tells(payload, of_day(80), "node_1"));
  CHECK(tells(payload, of_day(90), "node_1"));
  CHECK(!tells(record_of(of_day(80), "node_1").payload, of_day(90), "node_1"));
  CHECK(!tells(payload, of_day(), "node_2"));
  QuotaEvent other = of_day();
  other.of.from = kAt + seconds(86'400);
  CHECK(!tells(payload, other, "node_1"));
  other = of_day();
  other.of.dimension = budget::Dimension::month_credits;
  CHECK(!tells(payload, other, "node_1"));
  other.of.dimension = budget::Dimension::requests;
  CHECK(!tells(record_of(other, "node_1").payload, other, "node_1"));
  for (const char* erased : {"", "{}", "[]", R"({"level":"90"})"}) {
    CHECK(!tells(erased, of_day(), "node_1"));
  }
}

TEST_CASE("burn record: numbers are whole millionths, to the nearest") {
  CHECK(millionths(14.4) == 14'400'000);
  CHECK(millionths(0.99999) == 999'990);
  CHECK(millionths(2.0 / 3) == 666'667);
  CHECK(millionths(-1) == 0);
  CHECK(millionths(1e30) == 9'007'199'254'740'991);
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
  ledger::Entry entry = record_of(event, objective, "node_1");
  CHECK(entry.log == "audit/alpha");
  CHECK(entry.type == "budget");
  CHECK(entry.action == "budget.slo_burn.begin");
  CHECK(entry.payload ==
        R"({"at":"2027-01-15T08:00:00.000Z",)"
        R"("long":{"bad":20,"burn_millionths":20000000,"failed":5,)"
        R"("from":"2027-01-15T07:00:00.000Z","good":980,)"
        R"("shed":10,"slow":5,"until":"2027-01-15T08:00:00.000Z"},"node":"node_1",)"
        R"("objective":{"good_millionths":999000,"latency_ms":500},"of":"tenant","pair":"fast",)"
        R"("severity":"page",)"
        R"("short":{"bad":5,"burn_millionths":50000000,"failed":2,)"
        R"("from":"2027-01-15T07:55:00.000Z","good":95,)"
        R"("shed":2,"slow":1,"until":"2027-01-15T08:00:00.000Z"},)"
        R"("threshold_millionths":14400000})");
  event.firing = false;
  event.tenant = "";
  event.pair = SloPair::creeping;
  entry = record_of(event, objective, "node_1");
  CHECK(entry.log == "audit/system");
  CHECK(entry.tenant == "system");
  CHECK(entry.action == "budget.slo_burn.end");
  CHECK(entry.payload.find(R"("of":"all","pair":"creeping","severity":"ticket")") !=
        std::string::npos);
  CHECK(entry.payload.find(R"("from":"2027-01-12T08:00:00.000Z")") != std::string::npos);
}

}  // namespace
}  // namespace mc::burn
