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

TEST_CASE("arithmetic: the four operations and the remainder") {
  check({
      {"plus", "1, 2", "3"},
      {"plus", "0.1, 0.2", "0.3"},
      {"plus", R"(1, "2")", "eval_type_error: operand 2 must be number but got string"},
      {"minus", "1, 3", "-2"},
      {"minus", "1, {1}", "eval_type_error: operand 2 must be number but got set"},
      {"minus", "{1}, 1", "eval_type_error: operand 2 must be set but got number"},
      {"minus", R"("a", 1)",
       "eval_type_error: operand 1 must be one of {number, set} but got string"},
      {"mul", "3, 4", "12"},
      {"div", "1, 4", "0.25"},
      {"div", "8, 4", "2"},
      {"div", "8, 0.0", "eval_builtin_error: divide by zero"},
      {"rem", "7, 4", "3"},
      {"rem", "-7, 4", "-3"},
      {"rem", "7, 0", "eval_builtin_error: modulo by zero"},
      {"rem", "7.5, 2", "eval_builtin_error: modulo on floating-point number"},
      {"rem", "-9223372036854775808, -1", "0"},
      {"rem", "1000000000000000000000000000001, 7", "2"},
      {"rem", "-1000000000000000000000000000001, 7", "-2"},
      {"rem", "10, 18446744073709551616", "10"},
  });
}

TEST_CASE("arithmetic: rounding is half away from zero, and leaves integers alone") {
  check({
      {"round", "2.5", "3"},
      {"round", "-2.5", "-3"},
      {"round", "0.49", "0"},
      {"ceil", "1.01", "2"},
      {"ceil", "-1.5", "-1"},
      {"ceil", "-0.5", "0"},
      {"floor", "-1.01", "-2"},
      {"floor", "99.999", "99"},
      {"abs", "-7", "7"},
      {"abs", "-1.5", "1.5"},
      {"abs", "-9223372036854775808", "9223372036854775808"},
      {"abs", R"("x")", "eval_type_error: operand 1 must be number but got string"},
  });
}

TEST_CASE("arithmetic: comparisons go by the total order") {
  check({
      {"equal", "1, 1.0", "true"},
      {"neq", R"([1], [1])", "false"},
      {"lt", R"(5, "a")", "true"},
      {"lte", "{1}, {1}", "true"},
      {"gt", "[], null", "true"},
      {"gte", "1, 2", "false"},
  });
}

TEST_CASE("bits: of integers of any size") {
  check({
      {"bits.and", "6, 3", "2"},
      {"bits.or", "6, 3", "7"},
      {"bits.xor", "6, 3", "5"},
      {"bits.negate", "5", "-6"},
      {"bits.and", "-1, 36893488147419103232", "36893488147419103232"},
      {"bits.or", "1, 36893488147419103232", "36893488147419103233"},
      {"bits.xor", "-36893488147419103232, 1", "-36893488147419103231"},
      {"bits.negate", "36893488147419103232", "-36893488147419103233"},
      {"bits.lsh", "1, 62", "4611686018427387904"},
      {"bits.lsh", "1, 63", "9223372036854775808"},
      {"bits.lsh", "-1, 70", "-1180591620717411303424"},
      {"bits.lsh", "0, 1000000000000", "0"},
      {"bits.lsh", "1, 1000000000000", "eval_type_error: operand 2 must be at most 60000"},
      {"bits.rsh", "8, 3", "1"},
      {"bits.rsh", "-1, 1000", "-1"},
      {"bits.rsh", "-5, 1", "-3"},
      {"bits.rsh", "1180591620717411303424, 69", "2"},
      {"bits.rsh", "-1180591620717411303425, 70", "-2"},
      {"bits.rsh", "1, -1",
       "eval_type_error: operand 2 must be an unsigned integer number but got a negative integer"},
      {"bits.or", "1.5, 1",
       "eval_type_error: operand 1 must be integer number but got floating-point number"},
      {"bits.or", R"(1, "x")", "eval_type_error: operand 2 must be integer but got string"},
  });
}

TEST_CASE("format_int: in four bases, without the fraction") {
  check({
      {"format_int", "15.9, 16", R"("f")"},
      {"format_int", "-15.9, 16", R"("-f")"},
      {"format_int", "8, 8", R"("10")"},
      {"format_int", "5, 2", R"("101")"},
      {"format_int", "0.4, 10", R"("0")"},
      {"format_int", "36893488147419103232, 16", R"("20000000000000000")"},
      {"format_int", "1, 3", "eval_type_error: operand 2 must be one of {2, 8, 10, 16}"},
      {"format_int", R"("1", 10)", "eval_type_error: operand 1 must be number but got string"},
  });
}

TEST_CASE("to_number: reads what Go's ParseFloat reads") {
  check({
      {"to_number", "null", "0"},
      {"to_number", "true", "1"},
      {"to_number", "7", "7"},
      {"to_number", R"("3.50")", "3.50"},
      {"to_number", R"("+5")", "5"},
      {"to_number", R"("007")", "7"},
      {"to_number", R"(".5")", "0.5"},
      {"to_number", R"("5.")", "5"},
      {"to_number", R"("0x1p-2")", "0.25"},
      {"to_number", R"("1_000")", "1000"},
      {"to_number", R"("")",
       R"(eval_builtin_error: strconv.ParseFloat: parsing "": invalid syntax)"},
      {"to_number", R"("12a")",
       R"(eval_builtin_error: strconv.ParseFloat: parsing "12a": invalid syntax)"},
      {"to_number", R"("1__0")",
       R"(eval_builtin_error: strconv.ParseFloat: parsing "1__0": invalid syntax)"},
      {"to_number", R"("1e400")",
       R"(eval_builtin_error: strconv.ParseFloat: parsing "1e400": value out of range)"},
      {"to_number", R"("-Infinity")",
       "eval_type_error: operand 1 must be valid number string but got string"},
      {"to_number", "[]",
       "eval_type_error: operand 1 must be one of {null, boolean, number, string} but got array"},
  });
}

TEST_CASE("types: tests, names and casts") {
  check({
      {"is_set", "{1}", "true"},
      {"is_set", "[1]", "false"},
      {"is_object", "{}", "true"},
      {"is_null", "null", "true"},
      {"is_boolean", "0", "false"},
      {"is_number", "1.5", "true"},
      {"is_string", R"("")", "true"},
      {"is_array", "[]", "true"},
      {"type_name", "set()", R"("set")"},
      {"cast_array", "{2, 1}", "[1, 2]"},
      {"cast_set", "[2, 1, 2]", "{1, 2}"},
      {"cast_string", "1", "eval_type_error: operand 1 must be string but got number"},
      {"cast_null", "null", "null"},
  });
}

TEST_CASE("builtins: a table in order, of well-formed rows") {
  std::string_view last;
  for (const Builtin& builtin : builtins()) {
    CAPTURE(builtin.name);
    CHECK(last < builtin.name);
    last = builtin.name;
    CHECK(find_builtin(builtin.name) == &builtin);
    CHECK(builtin.signature.starts_with("("));
    CHECK(builtin.signature.find(") => ") != std::string_view::npos);
  }
  CHECK(find_builtin("no.such") == nullptr);
}

TEST_CASE("builtins: count their operands") {
  struct Row {
    std::string_view signature;
    int count;
  };
  for (const Row& row : {Row{"() => number", 0}, Row{"(x: any) => any", 1},
                         Row{"(a: object<b: number, c: array<any, any>>, d: set[any]) => any", 2},
                         Row{"(x: array[any] | object[any: any]) => (any)", 1},
                         Row{"(...values: any) => null", -1}}) {
    CAPTURE(row.signature);
    CHECK(operand_count({.name = "f", .signature = row.signature}) == row.count);
  }
}

TEST_CASE("failures: have the codes of OPA") {
  CHECK(failure_code(Failure::type) == "eval_type_error");
  CHECK(failure_code(Failure::builtin) == "eval_builtin_error");
  CHECK(failure_code(Failure::conflict) == "eval_conflict_error");
  CHECK(failure_code(Failure::cancelled) == "eval_cancel_error");
  CHECK(failure_code(Failure::internal) == "eval_internal_error");
}

}  // namespace
}  // namespace mc::builtin
