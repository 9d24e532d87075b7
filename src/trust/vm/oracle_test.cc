#include <doctest/doctest.h>

#include "sys/sys.h"
#include "vm/test_oracle.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

TEST_CASE("machine: random plans answer as a walk through them does") {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  Machine machine(*clock, *random);
  const auto caches = builtin::make_caches();
  const term::Document input = *term::Document::parse(
      R"({"a":"x","b":{"a":"y","b":[1,"x",{"c":"a"}]},"c":["a","b",2.0],"x":{"y":"a"}})");
  const term::Document data =
      *term::Document::parse(R"({"a":{"a":"x","c":[{"b":1},{"b":"x"}]},"b":["x","y"],"c":true})");
  int compared = 0, errors = 0, filled = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    CAPTURE(seed);
    const plan::Policy policy = random_policy(seed);
    const auto program = Program::make(policy);
    if (!program) FAIL(program.error().what);
    machine.reset();
    term::Arena arena;
    builtin::Context context(arena, *caches, {}, *random);
    const auto wanted =
        walk_plan({.policy = policy, .input = input.root(), .data = data.root()}, context);
    if (!wanted) continue;
    Query query;
    query.input = input.root();
    query.data = data.root();
    const auto got = machine.run(**program, query);
    ++compared;
    if (wanted->starts_with("error")) {
      // What comes after a sure result is not looked at any more: there may be no error.
      ++errors;
      continue;
    }
    if (!got) FAIL(got.error().message);
    filled += *wanted == "set()" ? 0 : 1;
    CHECK(term::to_rego(got->results) == *wanted);
    if (term::to_rego(got->results) != *wanted) {
      MESSAGE(plan::to_json(policy));
      break;
    }
  }
  CHECK(compared > 3'500);
  CHECK(filled > 1'000);
  MESSAGE(compared, " compared, ", errors, " errors, ", filled, " with results");
}

}  // namespace
}  // namespace mc::vm
