#include <doctest/doctest.h>

#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

void check(std::initializer_list<CallRow> rows) {
  Calls call;
  for (const CallRow& row : rows) {
    CAPTURE(row.function);
    CAPTURE(row.operands);
    CHECK(call(row.function, row.operands) == row.result);
  }
}

TEST_CASE("aggregates: count, sum and product") {
  check({
      {"count", "[1, 2, 2]", "3"},
      {"count", "{1, 2, 2}", "2"},
      {"count", R"({"a": 1})", "1"},
      {"count", R"("naïve 🐢")", "7"},
      {"count", "5",
       "eval_type_error: operand 1 must be one of {array, object, set, string} but got number"},
      {"sum", "[]", "0"},
      {"sum", "[1, 2.5, 3]", "6.5"},
      {"sum", "{1, 2}", "3"},
      {"sum", R"([1, "2"])",
       "eval_type_error: operand 1 must be array of numbers but got array containing string"},
      {"sum", "1", "eval_type_error: operand 1 must be one of {set, array} but got number"},
      {"product", "[]", "1"},
      {"product", "{2, 3, 4}", "24"},
      {"product", "[1e4000, 1e4000]", "eval_builtin_error: the result is too large for a number"},
  });
}

TEST_CASE("aggregates: max, min and sort go by the total order") {
  check({
      {"max", R"([1, "a", null])", R"("a")"},
      {"max", "[]", "undefined"},
      {"max", "set()", "undefined"},
      {"max", "[1, 1.0]", "1.0"},
      {"min", "[3, 2]", "2"},
      {"min", R"({"a", false})", "false"},
      {"max", R"("a")", "eval_type_error: operand 1 must be one of {set, array} but got string"},
      {"sort", R"([3, "a", [1], {}, {1}, null, true, 1])",
       R"([null, true, 1, 3, "a", [1], {}, {1}])"},
      {"sort", "{2, 1}", "[1, 2]"},
  });
}

TEST_CASE("aggregates: all, any and in") {
  check({
      {"all", "[true, true]", "true"},
      {"all", "[true, 1]", "false"},
      {"all", "[]", "true"},
      {"any", "{false, true}", "true"},
      {"any", "[1]", "false"},
      {"internal.member_2", "1, [2, 1.0]", "true"},
      {"internal.member_2", R"("a", {"a": 1})", "false"},
      {"internal.member_2", R"(1, {"a": 1})", "true"},
      {"internal.member_2", "1, {2}", "false"},
      {"internal.member_2", R"("a", "abc")", "false"},
      {"internal.member_3", R"("a", 1, {"a": 1})", "true"},
      {"internal.member_3", R"("a", 2, {"a": 1})", "false"},
      {"internal.member_3", "1, 5, [4, 5]", "true"},
      {"internal.member_3", "1, 1, {1}", "true"},
      {"internal.member_3", "1, 2, {1}", "false"},
      {"internal.member_3", "1, 2, 3", "false"},
  });
}

TEST_CASE("aggregates: sets are joined, cut and subtracted") {
  check({
      {"and", "{1, 2, 3}, {2, 3, 4}", "{2, 3}"},
      {"or", "{1, 2}, {2, 3}", "{1, 2, 3}"},
      {"set_diff", "{1, 2}, {2}", "{1}"},
      {"minus", "{1, 2}, {2, 3}", "{1}"},
      {"and", "{1}, [1]", "eval_type_error: operand 2 must be set but got array"},
      {"intersection", "{{1, 2}, {2, 3}, {2}}", "{2}"},
      {"intersection", "set()", "set()"},
      {"intersection", "{1}", "eval_type_error: operand 1 must be set but got number"},
      {"union", "{{1, 2}, {3}, set()}", "{1, 2, 3}"},
      {"union", "set()", "set()"},
      {"union", "[[1]]", "eval_type_error: operand 1 must be set but got array"},
  });
}

TEST_CASE("numbers.range: up, down and in steps") {
  check({
      {"numbers.range", "-1, 2", "[-1, 0, 1, 2]"},
      {"numbers.range", "2, -1", "[2, 1, 0, -1]"},
      {"numbers.range", "3, 3.0", "[3]"},
      {"numbers.range", "9223372036854775806, 9223372036854775808",
       "[9223372036854775806, 9223372036854775807, 9223372036854775808]"},
      {"numbers.range", "1.5, 2",
       "eval_type_error: operand 1 must be integer number but got floating-point number"},
      {"numbers.range", R"(1, "2")", "eval_type_error: operand 2 must be integer but got string"},
      {"numbers.range_step", "0, 10, 4", "[0, 4, 8]"},
      {"numbers.range_step", "10, 0, 4", "[10, 6, 2]"},
      {"numbers.range_step", "0, 10, 0",
       "eval_builtin_error: numbers.range_step: step must be a positive integer"},
  });
}

TEST_CASE("numbers.range: refuses what passes the limits, before it makes any of it") {
  Calls small(std::size_t{1} << 20);
  CHECK(small("numbers.range", "0, 9000000000").starts_with("eval_cancel_error: "));
  CHECK(small("numbers.range", "0, 9000000000000000000000000000000000")
            .starts_with("eval_cancel_error: "));
  CHECK(small.arena().used() < 1'000'000);
  Calls slow;
  slow.steps = 1'000;
  CHECK(slow("numbers.range", "0, 2000") ==
        "eval_cancel_error: the query takes more steps than it is allowed");
  CHECK(slow("numbers.range", "0, 3") == "[0, 1, 2, 3]");
}

}  // namespace
}  // namespace mc::builtin
