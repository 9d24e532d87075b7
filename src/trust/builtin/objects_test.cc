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

TEST_CASE("arrays: concat, slice, reverse and flatten") {
  check({
      {"array.concat", "[1], [2, 3]", "[1, 2, 3]"},
      {"array.concat", "[1], {2}", "eval_type_error: operand 2 must be array but got set"},
      {"array.slice", "[1, 2, 3, 4], 1, 3", "[2, 3]"},
      {"array.slice", "[1, 2, 3], -5, 9", "[1, 2, 3]"},
      {"array.slice", "[1, 2, 3], 2, 1", "[]"},
      {"array.slice", "[1], 0, 1.0",
       "eval_type_error: operand 3 must be integer number but got floating-point number"},
      {"array.reverse", "[1, [2], 3]", "[3, [2], 1]"},
      {"array.flatten", "[1, [2, [3]], [], {4}]", "[1, 2, [3], {4}]"},
  });
}

TEST_CASE("objects: get, keys, filter and remove") {
  check({
      {"object.get", R"({"a": 1}, "a", 0)", "1"},
      {"object.get", R"({"a": 1}, "b", 0)", "0"},
      {"object.get", R"({"a": [{"b": 2}]}, ["a", 0, "b"], 0)", "2"},
      {"object.get", R"({"a": [1]}, ["a", 5], 0)", "0"},
      {"object.get", R"({"a": {3}}, ["a", 3], 0)", "3"},
      {"object.get", R"({"a": 1}, ["a", "b"], "no")", R"("no")"},
      {"object.get", R"({"a": 1}, [], 0)", R"({"a": 1})"},
      {"object.get", "[1], 0, 0", "eval_type_error: operand 1 must be object but got array"},
      {"object.keys", R"({"a": 1, 2: 3})", R"({2, "a"})"},
      {"object.filter", R"({"a": 1, "b": 2, 3: 4}, {"b", 3, "x"})", R"({3: 4, "b": 2})"},
      {"object.filter", R"({"a": 1, "b": 2}, {"b": 0})", R"({"b": 2})"},
      {"object.remove", R"({"a": 1, "b": 2}, ["b", "x"])", R"({"a": 1})"},
      {"object.remove", R"({"a": 1}, null)",
       "eval_type_error: operand 2 must be one of {object, set, array} but got null"},
  });
}

TEST_CASE("objects: union keeps the right hand and merges objects") {
  check({
      {"object.union", R"({"a": 1, "b": {"c": 1, "d": 2}}, {"a": 2, "b": {"d": 3}})",
       R"({"a": 2, "b": {"c": 1, "d": 3}})"},
      {"object.union", R"({"a": {"b": 1}}, {"a": 2})", R"({"a": 2})"},
      {"object.union_n", R"([{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}])", R"({"a": {"c": 3}})"},
      {"object.union_n", R"([{"a": {"b": 2}}, {"a": {"c": 3}}, {"d": 1}])",
       R"({"a": {"b": 2, "c": 3}, "d": 1})"},
      {"object.union_n", "[]", "{}"},
      {"object.union_n", "[{}, 1]",
       "eval_type_error: operand 1 must be array of objects but got array containing number"},
  });
}

TEST_CASE("object.subset: of objects, sets and arrays") {
  check({
      {"object.subset", R"({"a": {"x": {1, 2}, "y": 1}, "b": 1}, {"a": {"x": {1}}})", "true"},
      {"object.subset", R"({"a": [1, 2, 3]}, {"a": [2, 3]})", "true"},
      {"object.subset", R"({"a": [1, 2, 3]}, {"a": [1, 3]})", "false"},
      {"object.subset", R"({"a": [1]}, {"a": {1}})", "false"},
      {"object.subset", R"({"a": 1}, {"b": 1})", "false"},
      {"object.subset", "{1, 2}, {2}", "true"},
      {"object.subset", "{1, 2}, {3}", "false"},
      {"object.subset", "[1, 1, 2], [1, 2]", "true"},
      {"object.subset", "[1, 2], []", "true"},
      {"object.subset", "[3, 2, 1], {1, 3}", "true"},
      {"object.subset", "[1, 1], {1, 3}", "false"},
      {"object.subset", "{1}, [1]",
       "eval_type_error: both arguments object.subset must be of the same type or array and set"},
      {"object.subset", "1, 1",
       "eval_type_error: both arguments object.subset must be of the same type or array and set"},
  });
}

TEST_CASE("walk: gives each value once, before what it holds") {
  check({
      {"walk", "5", "[[[], 5]]"},
      {"walk", R"({"a": [1, {2}]})",
       R"([[[], {"a": [1, {2}]}], [["a"], [1, {2}]], [["a", 0], 1], [["a", 1], {2}], )"
       R"([["a", 1, 2], 2]])"},
  });
}

TEST_CASE("walk: goes deep without a stack, and stops at the limits") {
  Calls call;
  Value deep = Value::integer(1);
  for (int i = 0; i < 1'900; ++i) {
    const Value items[] = {deep};
    deep = term::array(call.arena(), items);
  }
  CHECK(call.run("walk", {deep}).starts_with("[[[], [[["));
  call.steps = 5'000;
  CHECK(call.run("walk", {deep}).starts_with("eval_cancel_error: "));
}

TEST_CASE("graph.reachable: follows edges from nodes of the graph") {
  check({
      {"graph.reachable", R"({"a": ["b"], "b": {"c"}, "c": null, "d": ["a"]}, ["a"])",
       R"({"a", "b", "c"})"},
      {"graph.reachable", R"({"a": ["a", "x"]}, {"a", "y"})", R"({"a"})"},
      {"graph.reachable", R"({}, "a")",
       "eval_type_error: operand 2 must be {array, set} but got string"},
      {"graph.reachable", "1, []", "eval_type_error: operand 1 must be object but got number"},
  });
}

TEST_CASE("graph.reachable_paths: as long as they get, no node twice") {
  check({
      {"graph.reachable_paths", R"({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, ["a"])",
       R"({["a", "b", "d"], ["a", "c", "d"]})"},
      {"graph.reachable_paths", R"({"a": ["b"], "b": ["a"]}, ["a"])", R"({["a", "b"]})"},
      {"graph.reachable_paths", R"({"a": ["x"], "b": []}, ["a", "b", "c"])", R"({["a"], ["b"]})"},
      {"graph.reachable_paths", R"({"a": ["a"]}, ["a"])", R"({["a", "a"]})"},
  });
}

TEST_CASE("graph.reachable_paths: an exponential number of paths ends at the limit") {
  Calls call(std::size_t{16} << 20);
  std::string graph = "{";
  for (int layer = 0; layer < 40; ++layer) {
    const std::string next = std::to_string(layer + 1);
    for (const char* side : {"a", "b"}) {
      graph += (graph.size() > 1 ? ", \"" : "\"") + std::string(side) + std::to_string(layer) +
               "\": [\"a" + next + "\", \"b" + next + "\"]";
    }
  }
  CHECK(call("graph.reachable_paths", graph + "}, [\"a0\"]").starts_with("eval_cancel_error: "));
}

}  // namespace
}  // namespace mc::builtin
