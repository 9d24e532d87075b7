#include "budget/preview.h"

#include <doctest/doctest.h>

#include "contract/budget_recorder.h"

namespace mc::budget {
namespace {

constexpr const char* kSettings = R"({
  "budgets": {"starter": {"gql_qps": 5}, "pro": {"gql_qps": 50}},
  "admission": {"global": {"gql_qps": 12}}})";

struct Denied {
  std::int64_t alpha = 0, bravo = 0, alpha_asked = 0;
};

// Ten requests a second of alpha and four of bravo, for `time` from `begin` on.
Denied run(Recorder& recorder, Nanos begin, Nanos time) {
  Denied out;
  for (Nanos at = begin; at < begin + time; at = at + millis(50)) {
    const std::int64_t tick = at.count / millis(50).count;
    const auto ask = [&](const char* tenant, const char* plan) {
      auto asked = recorder.ask({.request = tenant + std::to_string(tick),
                                 .tenant = tenant,
                                 .plan = plan,
                                 .amounts = Amounts().set(Dimension::requests, 1)},
                                recorder.moment(at));
      const bool denied = !asked.answer.admitted;
      if (!denied) recorder.end(asked, asked.held.taken(), recorder.moment(at));
      return denied;
    };
    if (tick % 2 == 0) {
      ++out.alpha_asked;
      out.alpha += ask("alpha", "starter") ? 1 : 0;
    }
    if (tick % 5 == 0) out.bravo += ask("bravo", "pro") ? 1 : 0;
  }
  return out;
}

Override twice() {
  Override out;
  out.tenant = "alpha";
  out.dimension = Dimension::requests;
  out.factor = 2'000;
  return out;
}

TEST_CASE("preview: says what happens when the override is there in truth") {
  Recorder without(journal_header(kSettings)), with(journal_header(kSettings));
  Override active = twice();
  active.id = "ovr_1";
  active.state = OverrideState::active;
  active.until = with.started + seconds(3'600);
  with.override_limits("alpha", {active}, with.moment({}));
  const Denied before = run(without, {}, seconds(60)), after = run(with, {}, seconds(60));
  CHECK(before.alpha > 250);
  CHECK(before.bravo == 0);
  CHECK(after.alpha < 150);
  CHECK(after.bravo > 0);

  const auto seen = preview(without.journal, twice(), without.started + seconds(60));
  REQUIRE(seen.has_value());
  CHECK(seen->window == seconds(60));
  CHECK(seen->decisions == before.alpha_asked);
  CHECK(seen->rejected_before == before.alpha);
  CHECK(seen->rejected_after == after.alpha);
  CHECK(seen->admitted_instead - seen->refused_instead == before.alpha - after.alpha);
  REQUIRE(seen->payers.size() == 1);
  CHECK(seen->payers[0].tenant == "bravo");
  CHECK(seen->payers[0].refused == after.bravo);
  CHECK(seen->payers_count == 1);
}

TEST_CASE("preview: less than there was refuses, and comes on top of what is overridden") {
  Recorder recorder(journal_header(kSettings));
  Override active = twice();
  active.id = "ovr_1";
  active.state = OverrideState::active;
  active.until = recorder.started + seconds(3'600);
  recorder.override_limits("alpha", {active}, recorder.moment({}));
  const Denied before = run(recorder, {}, seconds(30));
  Override less = twice();
  less.factor.reset();
  less.amount = 1;
  const auto seen = preview(recorder.journal, less, recorder.started + seconds(30));
  REQUIRE(seen.has_value());
  CHECK(seen->rejected_before == before.alpha);
  CHECK(seen->rejected_after == before.alpha_asked - 30);
  CHECK(seen->payers.empty());
}

TEST_CASE("preview: counts the last fifteen minutes, and nothing when nothing came") {
  Recorder recorder(journal_header(kSettings));
  auto seen = preview(recorder.journal, twice(), recorder.started);
  REQUIRE(seen.has_value());
  CHECK(seen->decisions == 0);
  CHECK(seen->window == Nanos{0});
  run(recorder, {}, seconds(20));
  const Denied late = run(recorder, seconds(1'000), seconds(20));
  seen = preview(recorder.journal, twice(), recorder.started + seconds(1'020));
  REQUIRE(seen.has_value());
  CHECK(seen->decisions == late.alpha_asked);
  CHECK(seen->rejected_before == late.alpha);
  CHECK(seen->window == seconds(20));
}

TEST_CASE("preview: a factor of no limit, and a route that is none") {
  Recorder recorder(journal_header(kSettings));
  run(recorder, {}, seconds(5));
  Override wanted = twice();
  wanted.dimension = Dimension::credits;
  const auto nothing = preview(recorder.journal, wanted, recorder.started + seconds(5));
  REQUIRE(nothing.has_value());  // what makes no limit changes nothing
  CHECK(nothing->rejected_before == nothing->rejected_after);
}

}  // namespace
}  // namespace mc::budget
