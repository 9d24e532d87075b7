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

TEST_CASE("regex.match: searches, with Go's syntax and messages") {
  check({
      {"regex.match", R"x("b+", "abbc")x", "true"},
      {"regex.match", R"x("^b+$", "abbc")x", "false"},
      {"regex.match", R"x("^a.c$", "a\nc")x", "false"},
      {"regex.match", R"x("(?s)^a.c$", "a\nc")x", "true"},
      {"regex.match", R"x("^b", "a\nb")x", "false"},
      {"regex.match", R"x("(?m)^b", "a\nb")x", "true"},
      {"regex.match", R"x("a$", "a\n")x", "false"},
      {"regex.match", R"x("^\\p{Greek}+$", "αβγ")x", "true"},
      {"regex.match", R"x("^.$", "é")x", "true"},
      {"regex.match", R"x("^(?<year>[0-9]{4})$", "2024")x", "true"},
      {"re_match", R"x("x", "axb")x", "true"},
      {"regex.match", R"x("(", "a")x",
       "eval_builtin_error: error parsing regexp: missing closing ): `(`"},
      {"regex.match", R"x("a)", "a")x",
       "eval_builtin_error: error parsing regexp: unexpected ): `a)`"},
      {"regex.match", R"x("[a", "a")x",
       "eval_builtin_error: error parsing regexp: missing closing ]: `[a`"},
      {"regex.match", R"x("*", "a")x",
       "eval_builtin_error: error parsing regexp: missing argument to repetition operator: `*`"},
      {"regex.match", R"x("\\C", "a")x",
       "eval_builtin_error: error parsing regexp: invalid escape sequence: `\\C`"},
      {"regex.match", R"x("a(?=b)", "ab")x",
       "eval_builtin_error: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
      {"regex.match", R"x("a{1001}", "ab")x",
       "eval_builtin_error: error parsing regexp: invalid repeat count: `{1001}`"},
      {"regex.match", R"x(1, "a")x", "eval_type_error: operand 1 must be string but got number"},
      {"regex.match", R"x("a", [])x", "eval_type_error: operand 2 must be string but got array"},
  });
}

std::string call_texts(Calls& call, std::string_view function,
                       std::initializer_list<std::string_view> texts) {
  std::vector<Value> operands;
  for (const std::string_view text : texts) operands.push_back(term::string(call.arena(), text));
  return call.run(function, operands);
}

TEST_CASE("regex.match: takes time linear in the text where backtracking would not end") {
  Calls call;
  const std::string text = std::string(40, 'a') + "b";
  CHECK(call_texts(call, "regex.match", {"^(a+)+$", text}) == "false");
  CHECK(call_texts(call, "regex.match", {"^(a|aa)+$", text}) == "false");
}

TEST_CASE("regex.is_valid: is about the syntax, and never fails") {
  check({
      {"regex.is_valid", R"x("a.*b")x", "true"},
      {"regex.is_valid", R"x("a**")x", "false"},
      {"regex.is_valid", R"x("[z-a]")x", "false"},
      {"regex.is_valid", R"x("\\Qa\\C\\E")x", "true"},
      {"regex.is_valid", R"x("\\C")x", "false"},
      {"regex.is_valid", "17", "false"},
  });
  Calls call;
  const std::string deep = std::string(1'001, '(') + std::string(1'001, ')');
  CHECK(call_texts(call, "regex.is_valid", {deep}) == "false");
}

TEST_CASE("regex.find_n: gives the matches in their order, empty ones by Go's rule") {
  check({
      {"regex.find_n", R"x("[a-z]+", "ab 12 cd", -1)x", R"x(["ab", "cd"])x"},
      {"regex.find_n", R"x("[a-z]+", "ab 12 cd", 1)x", R"x(["ab"])x"},
      {"regex.find_n", R"x("[a-z]", "abc", 0)x", "[]"},
      {"regex.find_n", R"x("^a", "aaa", -1)x", R"x(["a"])x"},
      {"regex.find_n", R"x("\\ba", "a aa", -1)x", R"x(["a", "a"])x"},
      {"regex.find_n", R"x("a*", "baac", -1)x", R"x(["", "aa", ""])x"},
      {"regex.find_n", R"x("", "né", -1)x", R"x(["", "", ""])x"},
      {"regex.find_n", R"x("a", "a", 1.5)x",
       "eval_type_error: operand 3 must be integer number but got floating-point number"},
      {"regex.find_n", R"x("a", "a", "1")x",
       "eval_type_error: operand 3 must be number but got string"},
  });
}

TEST_CASE("regex.find_all_string_submatch_n: gives groups, empty where one took no part") {
  check({
      {"regex.find_all_string_submatch_n", R"x("(a)|(b)", "ab", -1)x",
       R"x([["a", "a", ""], ["b", "", "b"]])x"},
      {"regex.find_all_string_submatch_n", R"x("([a-z])([0-9])", "a1-b2", 1)x",
       R"x([["a1", "a", "1"]])x"},
      {"regex.find_all_string_submatch_n", R"x("x", "y", -1)x", "[]"},
  });
}

TEST_CASE("regex.split: gives what lies between, with the anchors of the whole text") {
  check({
      {"regex.split", R"x("[,;] *", "a, b;c")x", R"x(["a", "b", "c"])x"},
      {"regex.split", R"x("z", "abc")x", R"x(["abc"])x"},
      {"regex.split", R"x("a", "aba")x", R"x(["", "b", ""])x"},
      {"regex.split", R"x("", "añb")x", R"x(["a", "ñ", "b"])x"},
      {"regex.split", R"x("", "")x", "[]"},
      {"regex.split", R"x("x", "")x", R"x([""])x"},
      {"regex.split", R"x("^a", "aab")x", R"x(["", "ab"])x"},
  });
}

TEST_CASE("regex.replace: expands groups by number and by name") {
  check({
      {"regex.replace", R"x("foo bar", "o+", "0")x", R"x("f0 bar")x"},
      {"regex.replace", R"x("foo", "^o", "x")x", R"x("foo")x"},
      {"regex.replace", R"x("aaa", "^a", "b")x", R"x("baa")x"},
      {"regex.replace", R"x("john smith", "(\\w+) (\\w+)", "$2, $1")x", R"x("smith, john")x"},
      {"regex.replace", R"x("ab", "(?P<first>a)(b)", "${first}x$2")x", R"x("axb")x"},
      {"regex.replace", R"x("ab", "(a)", "$1x")x", R"x("b")x"},
      {"regex.replace", R"x("ab", "(a)", "${1}x")x", R"x("axb")x"},
      {"regex.replace", R"x("ab", "a", "$$")x", R"x("$b")x"},
      {"regex.replace", R"x("ab", "a", "$ ${ ${x")x", R"x("$ ${ ${xb")x"},
      {"regex.replace", R"x("ab", "a", "$9")x", R"x("b")x"},
      {"regex.replace", R"x("abc", "", "-")x", R"x("-a-b-c-")x"},
      {"regex.replace", R"x("baac", "a*", "x")x", R"x("xbxcx")x"},
      {"regex.replace", R"x("abc", "z", "y")x", R"x("abc")x"},
      {"regex.replace", R"x("", "a*", "x")x", R"x("x")x"},
      {"regex.replace", R"x("a", "[", "x")x",
       "eval_builtin_error: error parsing regexp: missing closing ]: `[`"},
  });
}

TEST_CASE("regex.template_match: only what lies between the delimiters is an expression") {
  check({
      {"regex.template_match", R"x("urn:{[a-z]+}:x.y", "urn:abc:x.y", "{", "}")x", "true"},
      {"regex.template_match", R"x("urn:{[a-z]+}:x.y", "urn:abc:xzy", "{", "}")x", "false"},
      {"regex.template_match", R"x("a.b", "a.b", "<", ">")x", "true"},
      {"regex.template_match", R"x("{a{2}}b", "aab", "{", "}")x", "true"},
      {"regex.template_match", R"x("{a", "a", "{", "}")x",
       R"x(eval_builtin_error: unbalanced braces in "{a")x"},
      {"regex.template_match", R"x("a}", "a", "{", "}")x",
       R"x(eval_builtin_error: unbalanced braces in "a}")x"},
      {"regex.template_match", R"x("a", "a", "<<", ">")x",
       "eval_builtin_error: start delimiter has to be exactly one character long but is 2 "
       "long"},
      {"regex.template_match", R"x("a", "a", "<", "")x",
       "eval_builtin_error: end delimiter has to be exactly one character long but is 1 "
       "long"},
      {"regex.template_match", R"x("<a)|(b>", "a", "<", ">")x",
       "eval_builtin_error: error parsing regexp: unexpected ): `^a)|(b$`"},
  });
}

TEST_CASE("regex.globs_match: whether two expressions share a text") {
  check({
      {"regex.globs_match", R"x("a.a.", ".b.b")x", "true"},
      {"regex.globs_match", R"x("[a-z]+", "[0-9]+")x", "false"},
      {"regex.globs_match", R"x("[a-z]+", "b")x", "true"},
      {"regex.globs_match", R"x("a*b", "aaab")x", "true"},
      {"regex.globs_match", R"x("a*b", "b")x", "true"},
      {"regex.globs_match", R"x("a+b", "b")x", "false"},
      {"regex.globs_match", R"x("a+b+", "a+a+b+b+")x", "true"},
      {"regex.globs_match", R"x(".*c", "a.*b")x", "false"},
      {"regex.globs_match", R"x("data:.*:read", "data:[a-z]+:.*")x", "true"},
      {"regex.globs_match", R"x("a\\*", "a*")x", "false"},
      {"regex.globs_match", R"x("[]", "[]")x", "false"},
      {"regex.globs_match", R"x("", "")x", "true"},
      {"regex.globs_match", R"x("a", "")x", "false"},
      {"regex.globs_match", R"x("*a", "a")x",
       "eval_builtin_error: input:*a, pos:1, flag '*' must be preceded by a non-flag: the "
       "input "
       "provided is invalid"},
      {"regex.globs_match", R"x("a", "[a")x",
       "eval_builtin_error: input:[a, pos:2, found [ without matching ]: the input "
       "provided is "
       "invalid"},
      {"regex.globs_match", R"x("[z-a]", "a")x",
       "eval_builtin_error: input:[z-a], pos:4, range is out of order: 'a' comes before "
       "'z' in "
       "Unicode: the input provided is invalid"},
      {"regex.globs_match", R"x("a\\", "a")x",
       "eval_builtin_error: input:a\\, pos:1, input ends with a \\ (escape) character: the "
       "input "
       "provided is invalid"},
  });
}

TEST_CASE("regex.globs_match: takes polynomial time where the library's search is exponential") {
  Calls call;
  std::string left;
  std::string right;
  for (int i = 0; i < 60; ++i) {
    left += "[ab]*.*";
    right += ".*[ab]*";
  }
  left += 'x';
  right += 'y';
  CHECK(call_texts(call, "regex.globs_match", {left, right}) == "false");
  call.steps = 10;
  CHECK(call_texts(call, "regex.globs_match", {left, right}).starts_with("eval_cancel_error"));
}

TEST_CASE("glob.match: stars end at delimiters, two do not") {
  check({
      {"glob.match", R"x("*.example.com", [], "api.example.com")x", "true"},
      {"glob.match", R"x("*.example.com", [], "a.b.example.com")x", "false"},
      {"glob.match", R"x("**.example.com", [], "a.b.example.com")x", "true"},
      {"glob.match", R"x("*.example.com", null, "a.b.example.com")x", "true"},
      {"glob.match", R"x("*:*", [":"], "a.b:c")x", "true"},
      {"glob.match", R"x("*:*", [":"], "a:b:c")x", "false"},
      {"glob.match", R"x("a?c", [], "abc")x", "true"},
      {"glob.match", R"x("a?c", [], "a.c")x", "false"},
      {"glob.match", R"x("a?c", null, "a\nc")x", "true"},
      {"glob.match", R"x("?", null, "é")x", "true"},
      {"glob.match", R"x("", null, "")x", "true"},
      {"glob.match", R"x("*", ["/"], "")x", "true"},
      {"glob.match", R"x("a/*", ["/"], "a/b")x", "true"},
      {"glob.match", R"x("a", null, "ab")x", "false"},
      {"glob.match", R"x("a.b", null, "axb")x", "false"},
  });
}

TEST_CASE("glob.match: lists, ranges, alternatives and escapes") {
  check({
      {"glob.match", R"x("[bc]at", null, "cat")x", "true"},
      {"glob.match", R"x("[!bc]at", null, "cat")x", "false"},
      {"glob.match", R"x("[b-d]at", null, "cat")x", "true"},
      {"glob.match", R"x("[!b-d]at", null, "rat")x", "true"},
      {"glob.match", R"x("[^b]at", null, "^at")x", "true"},
      {"glob.match", R"x("[a\\]]", null, "]")x", "true"},
      {"glob.match", R"x("[.]", ["."], ".")x", "true"},
      {"glob.match", R"x("{a,b*}.{c,}", null, "bcd.")x", "true"},
      {"glob.match", R"x("{a,{b,c}d}", null, "cd")x", "true"},
      {"glob.match", R"x("{a,b", null, "b")x", "true"},
      {"glob.match", R"x("a,b}", null, "a,b}")x", "true"},
      {"glob.match", R"x("\\*", null, "*")x", "true"},
      {"glob.match", R"x("\\*", null, "a")x", "false"},
      {"glob.match", R"x("a\\", null, "a")x", "true"},
      {"glob.match", R"x("[ab", null, "a")x", "eval_builtin_error: unexpected end of input"},
      {"glob.match", R"x("[]", null, "a")x", "eval_builtin_error: could not parse range"},
      {"glob.match", R"x("[z-a]", null, "a")x",
       "eval_builtin_error: hi character 'a' should be greater than lo 'z'"},
      {"glob.match", R"x("[a-cd]", null, "a")x",
       "eval_builtin_error: expected close range character"},
  });
}

TEST_CASE("glob.match: refuses delimiters that are no single characters") {
  check({
      {"glob.match", R"x("a", [1], "a")x",
       "eval_type_error: operand 2 must be array of strings but got array containing "
       "number"},
      {"glob.match", R"x("a", ["ab"], "a")x",
       "eval_type_error: operand 2 must be array of runes but got array containing string"},
      {"glob.match", R"x("a", "a", "a")x",
       "eval_type_error: operand 2 must be one of {array, null} but got string"},
      {"glob.match", R"x("a", null, 1)x",
       "eval_type_error: operand 3 must be string but got number"},
  });
}

TEST_CASE("glob.match: one pattern with other delimiters is another glob") {
  Calls call;
  CHECK(call("glob.match", R"x("a*", ["/"], "a.b")x") == "true");
  CHECK(call("glob.match", R"x("a*", ["."], "a.b")x") == "false");
  CHECK(call("glob.match", R"x("a*", ["/"], "a.b")x") == "true");
}

TEST_CASE("glob.quote_meta: the result matches the text itself") {
  check({{"glob.quote_meta", R"x("*.{a}[b]?\\")x", R"x("\\*.\\{a\\}\\[b\\]\\?\\\\")x"},
         {"glob.match", R"x("\\*.\\{a\\}", null, "*.{a}")x", "true"}});
}

}  // namespace
}  // namespace mc::builtin
