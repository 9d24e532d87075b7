#include "planner/planner.h"

#include <doctest/doctest.h>

#include <thread>

#include "contract/planner_world.h"

namespace mc::planner {
namespace {

TEST_CASE("planner: the same question has one answer, which is paid for once") {
  World world;
  const PrivateAnswer first = world.must(world.call());
  CHECK(first.verdict == "ALLOW");
  CHECK(first.epsilon == "0.5");
  CHECK(first.delta == "0");
  REQUIRE(first.rows.size() == 1);
  CHECK(std::abs(value_of(first) - 600) < 60);
  CHECK(std::stod(*first.rows[0].low) < value_of(first));
  CHECK(world.spent() == "0.5");
  for (const char* epsilon : {"", "0.5", "0.50", "5e-1", "0.4999"}) {
    PrivateCall again = world.call();
    again.epsilon = epsilon;
    const PrivateAnswer answer = world.must(again);
    CHECK(answer.verdict == "CACHED");
    CHECK(answer.release == first.release);
    CHECK(answer.rows[0].value == first.rows[0].value);
  }
  world.restart();
  CHECK(world.must(world.call()).rows[0].value == first.rows[0].value);
  CHECK(world.scan.scans == 1);
  CHECK(world.settled == 1);
  CHECK(world.spent() == "0.5");
}

TEST_CASE("planner: a more exact answer costs, and stands in for less exact ones") {
  World world;
  PrivateCall exact = world.call();
  exact.epsilon = "2";
  const PrivateAnswer coarse = world.must(world.call());
  const PrivateAnswer fine = world.must(exact);
  CHECK(fine.verdict == "ALLOW");
  CHECK(world.spent() == "2.5");
  CHECK(world.must(world.call()).release == fine.release);
  CHECK(fine.release != coarse.release);
  world.restart();  // what is in memory is gone
  CHECK(world.must(world.call()).release == fine.release);
  CHECK(world.spent() == "2.5");
}

TEST_CASE("planner: another snapshot is another answer") {
  World world;
  const PrivateAnswer today = world.must(world.call());
  CHECK(today.snapshot == "2026-11-30T00:00:00.000Z");
  world.clock.advance(seconds(12LL * 3'600 - 1));
  CHECK(world.must(world.call()).verdict == "CACHED");
  world.clock.advance(seconds(1));
  const PrivateAnswer tomorrow = world.must(world.call());
  CHECK(tomorrow.verdict == "ALLOW");
  CHECK(tomorrow.snapshot == "2026-12-01T00:00:00.000Z");
}

TEST_CASE("planner: the order of groups changes neither the answer nor its price") {
  World world;
  PrivateCall call = world.call();
  call.group_by = {kCountry, kActive};
  const PrivateAnswer one = world.must(call);
  REQUIRE(one.rows.size() == 6);
  CHECK(one.rows[0].key == std::vector<json::Value>{"DE", true});
  call.group_by = {kActive, kCountry};
  const PrivateAnswer other = world.must(call);
  CHECK(other.verdict == "CACHED");
  CHECK(other.rows[0].key == std::vector<json::Value>{true, "DE"});
  CHECK(other.rows[0].value == one.rows[0].value);
  // Nobody is in Italy, and it has its row all the same.
  CHECK(one.rows[2].key == std::vector<json::Value>{"IT", true});
  CHECK(std::abs(value_of(one, 2)) < 60);
}

TEST_CASE("planner: keys that are not public are selected, and cost a delta") {
  World world;
  PrivateCall call = world.call();
  call.group_by = {kJob};
  call.epsilon = "4";
  const PrivateAnswer answer = world.must(call);
  CHECK(answer.delta == "0.000001");
  REQUIRE(answer.rows.size() == 2);  // engineers, and those without a job
  CHECK(answer.rows[0].key == std::vector<json::Value>{"engineer"});
  CHECK(answer.rows[1].key == std::vector<json::Value>{json::Value()});
  CHECK(std::abs(value_of(answer) - 300) < 60);
}

TEST_CASE("planner: each aggregate answers in the units of its column") {
  World world("100");
  const auto of = [&](PrivateAggregate aggregate) {
    PrivateCall call = world.call(aggregate);
    call.of = kIncome;
    call.epsilon = "5";
    return call;
  };
  const PrivateAnswer sum = world.must(of(PrivateAggregate::sum));
  CHECK(std::abs(value_of(sum) - 179'700) < 8'000);
  const PrivateAnswer mean = world.must(of(PrivateAggregate::mean));
  CHECK(std::abs(value_of(mean) - 299.5) < 30);
  CHECK(std::stod(*mean.rows[0].low) < 299.5);
  CHECK(std::stod(*mean.rows[0].high) > 299.5);
  PrivateCall median = of(PrivateAggregate::quantile);
  median.q = "0.5";
  const PrivateAnswer middle = world.must(median);
  CHECK(std::abs(value_of(middle) - 300) < 30);
  CHECK_FALSE(middle.rows[0].low.has_value());
  PrivateCall bins = of(PrivateAggregate::histogram);
  bins.k = 4;
  const PrivateAnswer histogram = world.must(bins);
  REQUIRE(histogram.rows.size() == 4);
  CHECK(histogram.rows[0].key == std::vector<json::Value>{"0", "250"});
  CHECK(histogram.rows[3].key == std::vector<json::Value>{"750", "1000"});
  CHECK(std::abs(value_of(histogram) - 250) < 30);
  PrivateCall top = world.call(PrivateAggregate::top_k);
  top.of = kCountry;
  top.k = 1;
  top.epsilon = "5";
  const PrivateAnswer first = world.must(top);
  REQUIRE(first.rows.size() == 1);
  CHECK(first.rows[0].key == std::vector<json::Value>{"FR"});
  PrivateCall units = world.call(PrivateAggregate::units);
  units.epsilon = "5";
  CHECK(std::abs(value_of(world.must(units)) - 600) < 30);
  CHECK(world.spent() == "30");
}

TEST_CASE("planner: Gaussian noise stays within the epsilon that was asked for") {
  World world;
  PrivateCall call = world.call();
  call.mechanism = "GAUSSIAN";
  const PrivateAnswer answer = world.must(call);
  CHECK(answer.mechanism == "discrete_gaussian");
  CHECK(answer.delta == "0.000001");
  CHECK(std::stod(answer.epsilon) <= 0.5);
  CHECK(std::stod(answer.epsilon) > 0.499);
}

TEST_CASE("planner: what cannot be asked is refused by name, before anything is spent or read") {
  World world;
  const auto with = [&](auto change) {
    PrivateCall call = world.call(PrivateAggregate::sum);
    call.of = kIncome;
    change(call);
    return world.refusal(call);
  };
  for (const char* epsilon :
       {"0", "-1", "NaN", "inf", "1e-300", "0.0009", "5.000000001", "1e99", "0.5 ", "", "0x1"}) {
    CAPTURE(epsilon);
    if (*epsilon == '\0') continue;
    CHECK(with([&](PrivateCall& call) { call.epsilon = epsilon; }).starts_with("invalid: epsilon"));
  }
  CHECK(with([](PrivateCall& call) { call.of = kCountry; }) ==
        "invalid: of: 'country' is no number of private answers of this dataset");
  CHECK(with([](PrivateCall& call) { call.of = kUnit; }) ==
        "invalid: of: 'personId' is no number of private answers of this dataset");
  CHECK(with([](PrivateCall& call) { call.of = -1; }) ==
        "invalid: of: '' is no number of private answers of this dataset");
  CHECK(with([](PrivateCall& call) { call.group_by = {kIncome}; }) ==
        "invalid: groupBy: 'income' is no key of private answers of this dataset");
  CHECK(with([](PrivateCall& call) { call.mechanism = "CAUCHY"; }) ==
        "invalid: mechanism: 'CAUCHY' is not one of LAPLACE, GAUSSIAN");
  CHECK(with([](PrivateCall& call) {
          call.aggregate = PrivateAggregate::quantile;
          call.q = "1.5";
        }).starts_with("invalid: q"));
  CHECK(with([](PrivateCall& call) {
          call.aggregate = PrivateAggregate::histogram;
          call.k = 1;
        }) == "invalid: bins: is from 2 to 1000");
  CHECK(world.scan.scans == 0);
  CHECK(world.spent() == "0");
}

TEST_CASE("planner: a refusal names the budget, its reset, and the nearest query that passes") {
  World world("0.7");
  world.must(world.call());
  PrivateCall call = world.call(PrivateAggregate::units);
  const PrivateResult refused = world.planner->answer(call, world.scan);
  REQUIRE_FALSE(refused.has_value());
  const dataset::PrivateRefusal& why = refused.error();
  CHECK(why.code == "DP_BUDGET_EXHAUSTED");
  CHECK(why.budget);
  CHECK(why.error.code == Code::exhausted);
  REQUIRE(why.error.retry_after_s.has_value());
  const json::Value more{json::Object(why.extensions)};
  CHECK(*more.find("requested") == json::Value("0.5"));
  CHECK(*more.find("remaining") == json::Value("0.2"));
  CHECK(*more.find("overrideUrl") == json::Value("/privacy"));
  const Result<WallTime> reset = parse_rfc3339(*more.find("windowReset")->as_string());
  REQUIRE(reset.has_value());
  CHECK(*reset == world.clock.wall() + seconds(*why.error.retry_after_s));
  CHECK(*more.find("nearest")->find("epsilon") == json::Value("0.2"));
  CHECK(world.scan.scans == 1);
  REQUIRE(world.refused.size() == 1);
  CHECK(world.refused[0].charge.query_type == "units");
  CHECK(world.refused[0].charge.analyst == PrincipalId("ana"));
  CHECK(world.refused[0].by.epsilon_left == *accountant::parse_epsilon("0.2"));
  CHECK(world.refused[0].told.extensions.find("nearest") != nullptr);
  call.dry_run = true;  // a quote refuses nothing yet
  CHECK(world.must(call).verdict == "DENY");
  call.dry_run = false;
  call.may_degrade = true;
  const PrivateAnswer degraded = world.must(call);
  CHECK(degraded.verdict == "DEGRADE");
  CHECK(degraded.epsilon == "0.2");
  CHECK(world.spent() == "0.7");
  CHECK(world.refused.size() == 1);
  call.aggregate = PrivateAggregate::sum;
  call.of = kIncome;
  CHECK(world.refusal(call).starts_with("exhausted"));
  CHECK(world.refused.size() == 2);
}

TEST_CASE("planner: a failure that may tell of rows stays spent, and is not repeated for free") {
  World world;
  world.scan.fails = true;
  CHECK(world.refusal(world.call()) == "unavailable: private answers are not to be had now");
  CHECK(world.spent() == "0.5");
  world.scan.fails = false;
  CHECK(world.must(world.call()).verdict == "ALLOW");
  CHECK(world.spent() == "1");
  PrivateCall keyed = world.call(PrivateAggregate::units);
  keyed.idempotency_key = "mine";
  world.scan.fails = true;
  CHECK(world.refusal(keyed).starts_with("unavailable"));
  world.scan.fails = false;
  CHECK(world.refusal(keyed).starts_with("conflict: idempotencyKey"));
  CHECK(world.spent() == "1.5");
}

TEST_CASE("planner: an idempotency key has one query, and its answer for good") {
  World world;
  PrivateCall call = world.call();
  call.idempotency_key = "mine";
  const PrivateAnswer first = world.must(call);
  world.clock.advance(seconds(86'400));  // another snapshot, whose digest is another one
  CHECK(world.refusal(call).starts_with("conflict"));
  world.clock.jump_wall(seconds(-86'400));
  world.restart();
  CHECK(world.must(call).release == first.release);
  call.aggregate = PrivateAggregate::units;
  CHECK(world.refusal(call).starts_with("conflict"));
}

TEST_CASE("planner: a quote is good for its own query, its caller and its minute") {
  World world;
  PrivateCall call = world.call();
  call.epsilon = "0.25";
  const auto offer = world.planner->offer(call);
  REQUIRE(offer.has_value());
  CHECK(offer->verdict == "ALLOW");
  CHECK(accountant::to_decimal(offer->cost.epsilon) == "0.25");
  CHECK(offer->charges_left == 40);
  CHECK(offer->half_width == "12");
  CHECK(world.scan.scans == 0);
  CHECK(world.spent() == "0");
  PrivateCall run = world.call();
  run.quote = offer->id;
  PrivateCall other = run;
  other.caller.subject = "eve";
  CHECK(world.refusal(other) == "invalid: quote: is none of this service");
  other = run;
  other.aggregate = PrivateAggregate::units;
  CHECK(world.refusal(other).starts_with("conflict: quote"));
  other = run;
  other.epsilon = "0.3";
  CHECK(world.refusal(other).starts_with("conflict: epsilon"));
  world.clock.advance(seconds(60));
  CHECK(world.refusal(run).starts_with("conflict: quote: has expired"));
  world.clock.jump_wall(seconds(-1));
  CHECK(world.must(run).epsilon == "0.25");
  const auto again = world.planner->offer(call);
  REQUIRE(again.has_value());
  CHECK(again->verdict == "CACHED");
  CHECK(again->cost == accountant::Cost{});
}

TEST_CASE("planner: many who ask the same at once read once and pay once") {
  World world;
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  std::array<std::string, 16> values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    threads.emplace_back([&, i] {
      PrivateResult answer = world.planner->answer(world.call(), world.scan);
      while (!answer && answer.error().error.code == Code::unavailable) {
        answer = world.planner->answer(world.call(), world.scan);
      }
      if (!answer) return;
      values[i] = answer->rows[0].value;
      ++answered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answered == 16);
  CHECK(world.scan.scans == 1);
  CHECK(world.spent() == "0.5");
  for (const std::string& value : values) CHECK(value == values[0]);
}

TEST_CASE("planner: a database that cannot be reached costs nothing") {
  World world;
  world.scan.unreachable = true;
  CHECK(world.refusal(world.call()) == "unavailable: no database");
  CHECK(world.spent() == "0");
  CHECK(world.scan.scans == 0);
}

TEST_CASE("planner: a key that no public key could be is left out, and ends nothing") {
  World world;
  const std::string long_key(dataset::kPrivateKeyBytesMax + 1, 'x'), odd_key("\xff\xfe");
  for (int i = 0; i < 200; ++i) {
    world.scan.add("odd" + std::to_string(i), "DE", i % 2 == 0 ? long_key.c_str() : odd_key.c_str(),
                   1, true);
  }
  PrivateCall call = world.call();
  call.group_by = {kJob};
  call.epsilon = "5";
  const PrivateAnswer answer = world.must(call);
  CHECK(answer.rows.size() == 2);  // engineers, and those without a job
}

TEST_CASE("planner: integers that no double tells apart are different questions") {
  World world;
  const auto asked = [&](std::int64_t number) {
    json::Object comparison, where;
    comparison.set("in", json::Array{json::Value(number)});
    where.set("income", std::move(comparison));
    const json::Value filter(std::move(where));
    PrivateCall call = world.call();
    call.where = &filter;
    return world.must(call).verdict;
  };
  CHECK(asked(9'007'199'254'740'992) == "ALLOW");
  CHECK(asked(9'007'199'254'740'993) == "ALLOW");
  CHECK(asked(9'007'199'254'740'993) == "CACHED");
}

TEST_CASE("planner: each purpose pays for its own answers") {
  World world;
  const PrivateAnswer research = world.must(world.call());
  PrivateCall other = world.call();
  other.caller.purpose = "support";
  const PrivateAnswer support = world.must(other);
  CHECK(support.verdict == "ALLOW");
  CHECK(support.release != research.release);
}

}  // namespace
}  // namespace mc::planner
