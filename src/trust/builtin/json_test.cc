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

TEST_CASE("json.marshal: writes sets as arrays, other keys as names, and escapes like Go") {
  check({
      {"json.marshal", R"([1, 1.50, "a", null, true])", R"("[1,1.50,\"a\",null,true]")"},
      {"json.marshal", R"({2, 1})", R"("[1,2]")"},
      {"json.marshal", R"({"b": 1, "a": {}})", R"("{\"a\":{},\"b\":1}")"},
      {"json.marshal", R"({1: "x", "0": "y", [1]: "z"})",
       R"("{\"0\":\"y\",\"1\":\"x\",\"[1]\":\"z\"}")"},
      {"json.marshal", R"({1: "x", "1": "y"})", R"("{\"1\":\"y\"}")"},
      {"json.marshal", R"("<a&b>\u2028\b\u0001é")",
       R"("\"\\u003ca\\u0026b\\u003e\\u2028\\b\\u0001é\"")"},
  });
}

TEST_CASE("json.marshal_with_options: pretty when an option of that is given") {
  check({
      {"json.marshal_with_options", R"([1], {})", R"("[1]")"},
      {"json.marshal_with_options", R"({"a": [1, {}]}, {"indent": "  "})",
       R"("{\n  \"a\": [\n    1,\n    {}\n  ]\n}")"},
      {"json.marshal_with_options", R"([1], {"prefix": "> ", "indent": ""})", R"("> [\n> 1\n> ]")"},
      {"json.marshal_with_options", R"([1], {"prefix": "> ", "pretty": false})", R"("[1]")"},
      {"json.marshal_with_options", R"([1], {"pretty": true})", R"("[\n\t1\n]")"},
      {"json.marshal_with_options", R"([1], {"pretty": 1})",
       R"(eval_type_error: operand 2 key "pretty" failed cast to bool)"},
      {"json.marshal_with_options", R"([1], {"a": 1})",
       R"(eval_type_error: operand 2 object contained unknown key "a")"},
      {"json.marshal_with_options", R"([1], {"indent": 1})",
       R"(eval_type_error: operand 2 key "indent" failed cast to string: operand 0 must be string )"
       "but got number"},
      {"json.marshal_with_options", R"([1], [])",
       "eval_type_error: operand 2 must be object but got array"},
  });
}

TEST_CASE("json.unmarshal and json.is_valid: one document and nothing behind it") {
  check({
      {"json.unmarshal", R"("{\"a\": [1, 2.50]}")", R"({"a": [1, 2.50]})"},
      {"json.unmarshal", R"(" null ")", "null"},
      {"json.is_valid", R"("{}")", "true"},
      {"json.is_valid", R"("{} {}")", "false"},
      {"json.is_valid", R"("")", "false"},
      {"json.is_valid", "{}", "false"},
  });
  Calls call;
  CHECK(call("json.unmarshal", R"("{")").starts_with("eval_builtin_error"));
  CHECK(call("json.unmarshal", '"' + std::string(100'000, '[') + '"')
            .starts_with("eval_builtin_error"));
  Calls small(1'000);
  CHECK(small("json.unmarshal", '"' + std::string(3'000, ' ') + "1\"")
            .starts_with("eval_cancel_error"));
}

TEST_CASE("json.filter: keeps what a path names, and all below it") {
  check({
      {"json.filter", R"({"a": {"b": 1, "c": 2}, "d": 3}, ["a/b"])", R"({"a": {"b": 1}})"},
      {"json.filter", R"({"a": {"b": 1, "c": 2}, "d": 3}, {"a", "a/b"})",
       R"({"a": {"b": 1, "c": 2}})"},
      {"json.filter", R"({"a": [1, {"b": 2}, 3]}, ["/a/1/b", "a/2"])", R"({"a": [{"b": 2}, 3]})"},
      {"json.filter", R"({"a": [1, 2]}, [["a", 0]])", R"({"a": []})"},
      {"json.filter", R"({"a": {1, 2}}, [["a", 1]])", R"({"a": {1}})"},
      {"json.filter", R"({"a/b": 1, "c~": 2}, ["a~1b", "c~0"])", R"({"a/b": 1, "c~": 2})"},
      {"json.filter", R"({"a": 1}, ["a/b/c"])", R"({"a": 1})"},
      {"json.filter", R"({"a": 1}, [""])", "{}"},
      {"json.filter", R"({1: "x", 2: "y"}, [[1]])", R"({1: "x"})"},
      {"json.filter", R"([], ["a"])", "eval_type_error: operand 1 must be object but got array"},
      {"json.filter", R"({}, "a")",
       "eval_type_error: operand 2 must be one of {set, array} but got string"},
      {"json.filter", R"({}, [1])",
       "eval_type_error: operand 2 must be one of {set, array} containing string paths or array "
       "of path segments but got number"},
  });
}

TEST_CASE("json.remove: takes out what a path names") {
  check({
      {"json.remove", R"({"a": {"b": 1, "c": 2}}, ["a/b"])", R"({"a": {"c": 2}})"},
      {"json.remove", R"({"a": [1, 2, 3]}, {"a/0", "a/2"})", R"({"a": [2]})"},
      {"json.remove", R"({"a": {"b": 1}}, ["a/x", "y", "a/b/c"])", R"({"a": {"b": 1}})"},
      {"json.remove", R"({"a": {"x", "y"}}, ["a/x"])", R"({"a": {"y"}})"},
      {"json.remove", R"({"a": 1}, [])", R"({"a": 1})"},
      {"json.remove", R"({"a": 1}, [["a"]])", "{}"},
  });
}

TEST_CASE("json.patch: the operations of RFC 6902") {
  check({
      {"json.patch", R"({"a": 1}, [{"op": "add", "path": "/b", "value": 2}])",
       R"({"a": 1, "b": 2})"},
      {"json.patch", R"({"a": 1}, [{"op": "add", "path": "a", "value": 2}])", R"({"a": 2})"},
      {"json.patch", R"({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}])",
       R"({"a": [1, 2, 3]})"},
      {"json.patch", R"([1], [{"op": "add", "path": "-", "value": 2}])", "[1, 2]"},
      {"json.patch", R"([1], [{"op": "add", "path": "2", "value": 2}])", "undefined"},
      {"json.patch", R"([1], [{"op": "add", "path": "01", "value": 2}])", "undefined"},
      {"json.patch", R"([1], [{"op": "add", "path": [0], "value": 2}])", "[2, 1]"},
      {"json.patch", R"({"a": 1}, [{"op": "remove", "path": "/a"}])", "{}"},
      {"json.patch", R"({"a": 1}, [{"op": "remove", "path": "/b"}])", "undefined"},
      {"json.patch", R"([1, 2], [{"op": "remove", "path": "-"}])", "undefined"},
      {"json.patch", R"([1, 2], [{"op": "replace", "path": "/0", "value": 5}])", "[5, 2]"},
      {"json.patch", R"({}, [{"op": "replace", "path": "/a", "value": 5}])", "undefined"},
      {"json.patch", R"({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}])",
       R"({"a": {}, "c": 1})"},
      {"json.patch", R"({"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/b"}])",
       "undefined"},
      {"json.patch", R"({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/a/0"}])",
       R"({"a": [[1], 1]})"},
      {"json.patch",
       R"({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}, )"
       R"({"op": "remove", "path": "/a"}])",
       "{}"},
      {"json.patch", R"({"a": 1}, [{"op": "test", "path": "/a", "value": 2}])", "undefined"},
      {"json.patch", R"({"a": 1}, [{"op": "replace", "path": "", "value": 2}])", "2"},
      {"json.patch", R"({"a": 1}, [{"op": "remove", "path": ""}])", "undefined"},
      {"json.patch", R"(1, [{"op": "add", "path": "/a", "value": 2}])", "undefined"},
      {"json.patch",
       R"({"a~b": 1, "c/d": 2}, [{"op": "remove", "path": "/a~0b"}, )"
       R"({"op": "remove", "path": "/c~1d"}])",
       "{}"},
  });
}

TEST_CASE("json.patch: sets, whose members are their own keys, and keys of any kind") {
  check({
      {"json.patch", R"({1, 2}, [{"op": "remove", "path": [1]}])", "{2}"},
      {"json.patch", R"({1}, [{"op": "add", "path": [2], "value": 2}])", "{1, 2}"},
      {"json.patch", R"({1}, [{"op": "add", "path": [2], "value": 3}])", "undefined"},
      {"json.patch", R"({{"a": 1}}, [{"op": "add", "path": [{"a": 1}, "b"], "value": 2}])",
       R"({{"a": 1, "b": 2}})"},
      // The set holds [] once the item is gone, so that the path leads nowhere.
      {"json.patch", R"({[1], [2]}, [{"op": "replace", "path": [[1], 0], "value": 2}])",
       "undefined"},
      {"json.patch", R"({[1]: {}}, [{"op": "add", "path": [[1], true], "value": 2}])",
       "{[1]: {true: 2}}"},
  });
}

TEST_CASE("json.patch: all operations or none, and none that is incomplete") {
  check({
      {"json.patch",
       R"({}, [{"op": "add", "path": "a", "value": 1}, {"op": "remove", "path": "b"}])",
       "undefined"},
      {"json.patch", R"({}, [{"op": "add", "path": "a"}])", "undefined"},
      {"json.patch", R"({}, [{"op": "merge", "path": "a", "value": 1}])", "undefined"},
      {"json.patch", R"({}, [{"op": "add", "path": 1, "value": 1}])", "undefined"},
      {"json.patch", R"({"a": 1}, [{"op": "move", "path": "b"}])", "undefined"},
      {"json.patch", "{}, [1]", "undefined"},
      {"json.patch", "{}, {}", "eval_type_error: operand 2 must be array but got object"},
      {"json.patch", R"({"a": 1}, [])", R"({"a": 1})"},
  });
}

TEST_CASE("json.patch: leaves its operand alone") {
  Calls call;
  const Value target = TermReader(call.arena(), R"({"a": [1, 2], "b": {3}})").list()[0];
  const std::string_view edits =
      R"([{"op": "remove", "path": "a/0"}, {"op": "add", "path": "b/x", "value": "x"}, )"
      R"({"op": "add", "path": "c", "value": 1}])";
  const Value patches = TermReader(call.arena(), edits).list()[0];
  CHECK(call.run("json.patch", {target, patches}) == R"({"a": [2], "b": {3, "x"}, "c": 1})");
  CHECK(term::to_rego(target) == R"({"a": [1, 2], "b": {3}})");
}

TEST_CASE("json.patch: does not nest a value into itself without end") {
  std::string patches = "[";
  for (int i = 0; i < 30; ++i) {
    patches += R"({"op": "copy", "from": "", "path": "/a"}, )";
    patches += R"({"op": "copy", "from": "/a", "path": "/b"}, )";
  }
  Calls call;
  call.steps = 1'000'000;
  CHECK(call("json.patch", R"({"a": 1}, )" + patches + "]").starts_with("eval_cancel_error"));
}

}  // namespace
}  // namespace mc::builtin
