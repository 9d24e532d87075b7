#include <doctest/doctest.h>

#include <string>

#include "sys/sys.h"
#include "vm/test_plans.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

// Line numbers are the row of each statement.
constexpr const char* kPlan = R"(
function g0.data.t.q 0 1 : 2
  block
    reset 3
    dot 4 = 0 "a"
    once 3 = 4
  block
    defined 3
    once 2 = 3
  block
    return 2
function g0.data.t.p 0 1 : 2
  block
    reset 3
    scan 0 4 5
      equal 5 "x"
      call 6 = g0.data.t.q 0 1
      not_equal 6 false
      once 3 = true
  block
    defined 3
    once 2 = 3
  block
    return 2
plan eval
  block
    call 2 = g0.data.t.p 0 1
    result 2
)";

struct Watched {
  Profile profile;
  std::vector<TraceEvent> trace;
  std::string results;
};

Watched watch(const char* input) {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  Machine machine(*clock, *random);
  const auto program = *Program::make(PlanText::parse(kPlan));
  const auto document = term::Document::parse(input);
  Watched out;
  Query query;
  query.input = document->root();
  query.profile = &out.profile;
  query.trace = &out.trace;
  const auto answer = machine.run(*program, query);
  out.results = answer ? term::to_rego(answer->results) : answer.error().message;
  return out;
}

TEST_CASE("watch: lines are counted as often as their statements are entered") {
  const Watched out = watch(R"({"a":"x","b":"y","c":"x"})");
  CHECK(out.results == "{true}");
  const auto lines = [&](int row) {
    const auto at = out.profile.lines.find({0, row});
    return at == out.profile.lines.end() ? 0 : at->second;
  };
  CHECK(lines(4) == 1);   // q once: it is remembered
  CHECK(lines(15) == 1);  // the first member is the one that is looked for
  CHECK(lines(16) == 1);
  CHECK(lines(18) == 1);
  CHECK(lines(100) == 0);
  CHECK(out.profile.functions.at("data.t.q").first == 1);
  CHECK(out.profile.functions.at("data.t.p").first == 1);
  CHECK(out.profile.functions.at("data.t.p").second >= out.profile.functions.at("data.t.q").second);
  CHECK(watch(R"({"b":"y","c":"z"})").profile.lines.at({0, 15}) == 2);
}

TEST_CASE("watch: a trace has each call, and where it succeeded or failed") {
  using Outcome = TraceEvent::Outcome;
  const Watched good = watch(R"({"a":"x"})");
  REQUIRE(good.trace.size() == 4);
  CHECK(good.trace[0].function == "data.t.p");
  CHECK(good.trace[0].outcome == Outcome::entered);
  CHECK(good.trace[0].depth == 1);
  CHECK(good.trace[1].function == "data.t.q");
  CHECK(good.trace[1].depth == 2);
  CHECK(good.trace[2].outcome == Outcome::succeeded);
  CHECK(good.trace[3].outcome == Outcome::succeeded);
  CHECK(good.trace[3].at.row == 18);
  const Watched bad = watch(R"({"b":"x"})");
  CHECK(bad.results == "set()");
  REQUIRE(bad.trace.size() == 4);
  CHECK(bad.trace[2].outcome == Outcome::failed);
  CHECK(bad.trace[2].at.row == 4);  // input.a
  CHECK(bad.trace[3].outcome == Outcome::failed);
  CHECK(bad.trace[3].at.row == 17);  // the call of q, and what asks for its result
}

}  // namespace
}  // namespace mc::vm
