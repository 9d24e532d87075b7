// Attacks that have to fail: averaging, differencing, failures as an oracle, edges of time, quotes
// that nobody gave. Seeds are fixed, and so is each outcome.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "contract/planner_world.h"
#include "contract/secret_bits.h"
#include "planner/quotes.h"

namespace mc::planner {
namespace {

using json::Value;

// A filter with its meaning kept and everything else changed at random.
class Rewriter {
 public:
  explicit Rewriter(std::uint64_t seed) : random_(seed) {}

  // country is DE or FR, active, and income at least 10.
  Value filter() {
    std::vector<Value> terms = {countries(), one("active", "eq", true),
                                one("income", "gte", below(2) == 0 ? Value(10) : Value(10.0))};
    for (std::uint64_t extra = below(3); extra > 0; --extra) {
      terms.push_back(terms[static_cast<std::size_t>(below(terms.size()))]);
    }
    std::vector<Value> shuffled;
    while (!terms.empty()) {
      const auto at = terms.begin() + static_cast<std::ptrdiff_t>(below(terms.size()));
      shuffled.push_back(wrapped(std::move(*at)));
      terms.erase(at);
    }
    // Two terms may be an `and` of their own.
    if (below(2) == 0) {
      json::Array inner = {shuffled[0], shuffled[1]};
      shuffled.erase(shuffled.begin());
      shuffled[0] = joined("and", std::move(inner));
    }
    return wrapped(joined("and", json::Array(shuffled.begin(), shuffled.end())));
  }

 private:
  std::uint64_t below(std::uint64_t end) {
    std::uint64_t out = 0;
    random_.fill({reinterpret_cast<std::uint8_t*>(&out), sizeof out});
    return out % end;
  }
  static Value joined(const char* name, json::Array terms) {
    json::Object out;
    out.set(name, std::move(terms));
    return Value(std::move(out));
  }
  static Value one(const char* column, const char* comparison, Value value) {
    json::Object inner, out;
    inner.set(comparison, std::move(value));
    out.set(column, std::move(inner));
    return Value(std::move(out));
  }
  Value countries() {
    json::Array list = {"DE", "FR"};
    if (below(2) == 0) std::swap(list[0], list[1]);
    if (below(2) == 0) list.emplace_back("DE");
    return one("country", "in", Value(std::move(list)));
  }
  Value wrapped(Value term) {
    switch (below(4)) {
      case 0: {
        json::Object inner, outer;
        inner.set("not", std::move(term));
        outer.set("not", Value(std::move(inner)));
        return Value(std::move(outer));
      }
      case 1:
        return joined("and", {std::move(term)});
      case 2:
        return joined("or", {std::move(term), joined("or", {})});
      default:
        return term;
    }
  }
  sim::SimRandom random_;
};

TEST_CASE("attack: 10,000 rewrites of one question have one noise, and are paid for once") {
  World world;
  Rewriter rewriter(11);
  std::set<std::string> written, values;
  for (int i = 0; i < 10'000; ++i) {
    const Value filter = rewriter.filter();
    written.insert(json::print(filter));
    const Result<Value> where = dataset::canonical_where(world.model.datasets[0], &filter);
    REQUIRE_MESSAGE(where.has_value(), json::print(filter) << where.error().what);
    PrivateCall call = world.call();
    call.where = &*where;
    call.epsilon = i % 3 == 0 ? "" : i % 3 == 1 ? "0.5" : "0.50";
    values.insert(world.must(call).rows[0].value);
  }
  CHECK(written.size() > 500);
  CHECK(values.size() == 1);
  CHECK(world.scan.scans == 1);
  CHECK(world.spent() == "0.5");
  // A bound that no row tells apart is not known to mean the same: another noise, another charge.
  const Value either = *json::parse(R"({"and":[{"active":{"eq":true}},{"income":{"gt":9.75}},)"
                                    R"({"country":{"in":["DE","FR"]}}]})");
  const Result<Value> where = dataset::canonical_where(world.model.datasets[0], &either);
  PrivateCall call = world.call();
  call.where = &*where;
  CHECK(world.must(call).verdict == "ALLOW");
  CHECK(world.spent() == "1");
}

TEST_CASE("attack: noise that is drawn anew for a little more epsilon is paid for each time") {
  World world;
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    PrivateCall call = world.call();
    call.epsilon = accountant::to_decimal(accountant::NanoEpsilon(500'000'000 + i));
    const PrivateResult answer = world.planner->answer(call, world.scan);
    if (!answer) {
      CHECK(answer.error().code == "DP_BUDGET_EXHAUSTED");
      break;
    }
    CHECK(answer->verdict == "ALLOW");
    ++answers;
  }
  CHECK(answers == 19);
  CHECK(accountant::parse_epsilon(world.spent())->get() <= 10'000'000'000);
  // What is left buys no better answer than that which is there.
  CHECK(world.must(world.call()).verdict == "CACHED");
}

// Is the last person in it? Of so many windows with, and so many without: how much more often the
// attacker says yes with than without, after the whole budget of each. Questions differ by a
// condition that every row meets.
double advantage(const char* each, int queries, int windows) {
  World world("1");
  FakeScan without, with;
  for (int i = 0; i < 21; ++i) {
    for (FakeScan* scan : {&without, &with}) {
      if (i == 20 && scan == &without) continue;
      scan->add("q" + std::to_string(i), "DE", nullptr, 5.0, true);
    }
  }
  std::array<int, 2> said{};
  for (int turn = 0; turn < 2 * windows; ++turn) {
    const bool inside = turn % 2 == 1;
    double sum = 0;
    for (int i = 0; i <= queries; ++i) {
      json::Object least, filter;
      least.set("gte", Value(-i));
      filter.set("income", std::move(least));
      const Value dummy{std::move(filter)};
      PrivateCall call = world.call();
      call.epsilon = each;
      call.where = &dummy;
      const PrivateResult answer = world.planner->answer(call, inside ? with : without);
      REQUIRE(answer.has_value() == (i < queries));  // the budget is used up
      if (answer) sum += value_of(*answer);
    }
    if (sum > 20.5 * queries) ++said[inside ? 1 : 0];
    world.clock.advance(seconds(30LL * 86'400));
  }
  return static_cast<double>(said[1] - said[0]) / windows;
}

// Bound: (e^eps - 1) / (e^eps + 1) of the budget, 1; three standard deviations of a difference of
// two shares of so many windows.
TEST_CASE("attack: differencing over the whole budget gains no more than epsilon allows") {
  const double bound = std::tanh(0.5);
  constexpr int kWindows = 400;
  const double sigma = std::sqrt(2 * 0.25 / kWindows);
  const double once = advantage("1", 1, kWindows);
  CAPTURE(once);
  CHECK(once <= bound + 3 * sigma);
  CHECK(once >= bound - 3 * sigma);  // this attack is the best there is: less is too much noise
  const double often = advantage("0.2", 5, kWindows / 2);
  CAPTURE(often);
  CHECK(often <= bound + 3 * std::sqrt(2 * 0.25 / (kWindows / 2)));
}

// 4n questions of random sets; the condition makes each another question. Bound: e^eps / (1 +
// e^eps) of each bit, for the budget of 1; three standard deviations of a share of so many bits.
TEST_CASE("attack: reconstruction is stopped by the budget, and tells no more than that") {
  constexpr int kTrials = 20;
  std::size_t right = 0;
  for (std::uint64_t seed = 1; seed <= kTrials; ++seed) {
    World world("1");
    SecretBits secrets(seed);
    int refused = 0;
    for (std::size_t i = 0; i < 4 * SecretBits::kPeople; ++i) {
      FakeScan scan;
      for (const int person : secrets.next()) {
        scan.add("q" + std::to_string(person), "DE", nullptr, 5.0, true);
      }
      json::Object least, filter;
      least.set("gte", Value(-static_cast<std::int64_t>(i)));
      filter.set("income", std::move(least));
      const Value condition{std::move(filter)};
      PrivateCall call = world.call();
      call.epsilon = "0.1";
      call.where = &condition;
      const PrivateResult answer = world.planner->answer(call, scan);
      if (answer) {
        secrets.answered(value_of(*answer));
        continue;
      }
      CHECK(answer.error().code == "DP_BUDGET_EXHAUSTED");
      CHECK(scan.scans == 0);
      secrets.refused();
      ++refused;
    }
    CHECK(secrets.answers() == 10);
    CHECK(refused == 246);
    right += secrets.recovered();
  }
  const double share = static_cast<double>(right) / (kTrials * SecretBits::kPeople);
  const double bound = std::exp(1.0) / (1 + std::exp(1.0));
  CAPTURE(share);
  CHECK(share <= bound + 3 * 0.5 / std::sqrt(kTrials * SecretBits::kPeople));
}

TEST_CASE("attack: which row a scan fails at, and how, tells nothing, and is paid for") {
  const Error kinds[] = {{Code::exhausted, "the rows need more than 5 entries"},
                         {Code::invalid, "division by zero in row 17 of eve"},
                         {Code::conflict, "overflow of eve"},
                         {Code::corrupt, "a value of eve is not understood"}};
  std::set<std::string> told;
  for (const Error& kind : kinds) {
    for (const std::size_t row : {0UL, 1UL, 299UL, 598UL, 599UL}) {
      World world;
      world.scan.failing_row = row;
      world.scan.failure = tl::unexpected<Error>(kind);
      told.insert(world.refusal(world.call()));
      CHECK(world.spent() == "0.5");
      CHECK(world.settled == 1);
      // Not even by the next start.
      REQUIRE(world.books->settle_left_open().has_value());
      world.restart();
      CHECK(world.spent() == "0.5");
    }
  }
  CHECK(told == std::set<std::string>{
                    "unavailable: this answer could not be made; what it costs stays spent"});
}

TEST_CASE("attack: a question that always fails is paid for each time, and at last refused") {
  World world("100");
  world.scan.failing_row = 300;
  world.scan.failure = fail(Code::invalid, "of eve");
  for (int i = 0; i < 64; ++i) CHECK(world.refusal(world.call()).starts_with("unavailable: "));
  CHECK(world.spent() == "32");
  CHECK(world.refusal(world.call()) ==
        "conflict: this query has failed too often in this snapshot");
  CHECK(world.spent() == "32");
  CHECK(world.scan.scans == 64);
}

TEST_CASE("attack: whoever cancels has paid, and gets another noise only for another charge") {
  World world;
  world.scan.failing_row = 300;
  world.scan.failure = fail(Code::unavailable, "the request has been stopped");
  CHECK(world.refusal(world.call()) == "unavailable: the request has been stopped");
  CHECK(world.spent() == "0.5");
  const auto page = world.books->reports().charges({TenantId("alpha"), "visit", ""}, "", 10);
  REQUIRE(page.has_value());
  REQUIRE(page->charges.size() == 1);
  CHECK(page->charges[0].state == accountant::State::burned);
  world.scan.failing_row = SIZE_MAX;
  CHECK(world.must(world.call()).verdict == "ALLOW");
  CHECK(world.spent() == "1");
}

TEST_CASE("attack: a charge over the edge of a window is the one's in which it was reserved") {
  World world;
  world.clock.advance(*parse_rfc3339("2026-12-02T23:59:59.900Z") - world.clock.wall());
  world.scan.on_scan = [&] { world.clock.advance(millis(200)); };
  const PrivateAnswer edge = world.must(world.call());
  world.scan.on_scan = nullptr;
  CHECK(edge.snapshot == "2026-12-02T00:00:00.000Z");
  CHECK(world.spent() == "0");  // of the new window
  const auto page = world.books->reports().charges({TenantId("alpha"), "visit", ""}, "", 10);
  REQUIRE(page.has_value());
  CHECK(page->charges.at(0).window.end == *parse_rfc3339("2026-12-03T00:00:00Z"));
  const auto all = world.books->reports().odometer(TenantId("alpha"), "visit");
  CHECK(accountant::to_decimal(all->spent.epsilon) == "0.5");
}

TEST_CASE("attack: a clock that goes back an hour buys nothing") {
  World world;
  CHECK(world.must(world.call()).verdict == "ALLOW");
  world.clock.jump_wall(seconds(-3'600));
  CHECK(world.refusal(world.call(PrivateAggregate::units)).starts_with("unavailable: "));
  CHECK(world.scan.scans == 1);
  CHECK(world.must(world.call()).verdict == "CACHED");
  world.clock.jump_wall(seconds(3'600));
  CHECK(world.must(world.call(PrivateAggregate::units)).verdict == "ALLOW");
  CHECK(world.spent() == "1");
}

TEST_CASE("attack: quotes are of whom they were given to, as they were given, for their time") {
  World world;
  const auto offer = world.planner->offer(world.call());
  REQUIRE(offer.has_value());
  PrivateCall run = world.call();
  for (std::size_t at = 0; at < offer->id.size(); ++at) {
    run.quote = offer->id;
    run.quote[at] = run.quote[at] == 'A' ? 'B' : 'A';
    CAPTURE(at);
    CHECK(world.refusal(run).starts_with("invalid: quote: "));
  }
  const Promise promise = *read_quote(offer->id, world.key);
  const Secret other("fedcba9876543210fedcba9876543210");
  for (const std::string& forged :
       {print_quote(promise, other), offer->id + "A", offer->id.substr(0, offer->id.size() - 1),
        std::string("qte_"), std::string(kQuoteBytesMax + 1, 'A')}) {
    run.quote = forged;
    CHECK(world.refusal(run).starts_with("invalid: quote: "));
  }
  run.quote = offer->id;
  run.tenant = TenantId("bravo");
  CHECK(world.refusal(run) == "invalid: quote: is none of this service");
  run.tenant = TenantId("alpha");
  world.clock.advance(offer->valid_until - world.clock.wall() - Nanos{1});
  run.dry_run = true;
  CHECK(world.must(run).verdict == "ALLOW");
  run.dry_run = false;
  world.clock.advance(Nanos{1});
  const PrivateResult late = world.planner->answer(run, world.scan);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == "DP_QUOTE_EXPIRED");
  CHECK(world.scan.scans == 0);
  CHECK(world.spent() == "0");
}

}  // namespace
}  // namespace mc::planner
