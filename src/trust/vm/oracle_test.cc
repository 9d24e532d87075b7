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

TEST_CASE("machine: what was not read of the input does not matter") {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  Machine machine(*clock, *random);
  const term::Document data = *term::Document::parse(R"({"a":{"a":"x"},"b":["x","y"],"c":true})");
  constexpr std::string_view kMembers[] = {"a", "b", "c", "x"};
  const std::string values[] = {R"("x")", R"({"a":"y","b":[1,"x"]})", R"(["a","b"])",
                                R"({"y":"a"})"};
  const auto input_with = [&](std::size_t other) {
    std::string out = "{";
    for (std::size_t i = 0; i < std::size(kMembers); ++i) {
      out.append(i == 0 ? "" : ",").append("\"").append(kMembers[i]).append("\":");
      out += i == other ? std::string("17") : values[i];
    }
    return *term::Document::parse(out + "}");
  };
  const auto answer_to = [&](const Program& program, const term::Document& input) {
    machine.reset();
    Query query;
    query.input = input.root();
    query.data = data.root();
    const auto got = machine.run(program, query);
    return got ? term::to_rego(got->results) : got.error().message;
  };
  const term::Document plain = input_with(SIZE_MAX);
  int unread = 0, different = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    CAPTURE(seed);
    const InputUse use = seed % 4 == 0 ? InputUse::any : InputUse::by_paths;
    const auto program = Program::make(random_policy(seed, use));
    REQUIRE(program);
    const std::string answer = answer_to(**program, plain);
    bool read[std::size(kMembers)];
    for (std::size_t i = 0; i < std::size(kMembers); ++i) {
      read[i] = machine.may_have_read(kMembers[i]);
    }
    for (std::size_t i = 0; i < std::size(kMembers); ++i) {
      const bool same = answer_to(**program, input_with(i)) == answer;
      CHECK((read[i] || same));
      unread += read[i] ? 0 : 1;
      different += same ? 0 : 1;
    }
  }
  CHECK(unread > 500);
  CHECK(different > 500);
  MESSAGE(unread, " members not read, ", different, " that matter");
}

}  // namespace
}  // namespace mc::vm
