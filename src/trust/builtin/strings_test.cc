#include <doctest/doctest.h>

#include "builtin/runes.h"
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

TEST_CASE("strings: concat and split") {
  check({
      {"concat", R"(", ", ["a", "b"])", R"("a, b")"},
      {"concat", R"("", {"b", "a"})", R"("ab")"},
      {"concat", R"("-", [])", R"("")"},
      {"concat", R"("-", ["a", 1])",
       "eval_type_error: operand 2 must be array of strings but got array containing number"},
      {"concat", R"("-", "a")",
       "eval_type_error: operand 2 must be one of {set, array} but got string"},
      {"split", R"("a.b.", ".")", R"(["a", "b", ""])"},
      {"split", R"("abc", ".")", R"(["abc"])"},
      {"split", R"("åb🐢", "")", R"(["å", "b", "🐢"])"},
      {"split", R"("", "")", "[]"},
      {"split", R"("", ".")", R"([""])"},
  });
}

TEST_CASE("strings: searches count characters") {
  check({
      {"contains", R"("abc", "bc")", "true"},
      {"startswith", R"("abc", "ab")", "true"},
      {"endswith", R"("abc", "ab")", "false"},
      {"indexof", R"("åäö", "ö")", "2"},
      {"indexof", R"("abc", "x")", "-1"},
      {"indexof", R"("abc", "")", "eval_builtin_error: empty search character"},
      {"indexof_n", R"("ååå", "åå")", "[0, 1]"},
      {"indexof_n", R"("abc", "x")", "[]"},
      {"strings.count", R"("aaaa", "aa")", "2"},
      {"strings.count", R"("åb", "")", "3"},
      {"substring", R"("åäöx", 1, 2)", R"("äö")"},
      {"substring", R"("abc", 1, -1)", R"("bc")"},
      {"substring", R"("abc", 1, 9223372036854775807)", R"("bc")"},
      {"substring", R"("abc", 9, 1)", R"("")"},
      {"substring", R"("abc", -1, 1)", "eval_builtin_error: negative offset"},
      {"substring", R"("abc", 0, 1.5)",
       "eval_type_error: operand 3 must be integer number but got floating-point number"},
      {"strings.reverse", R"("aå🐢")", R"("🐢åa")"},
      {"strings.reverse", "1", "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("strings: any of several starts or ends") {
  check({
      {"strings.any_prefix_match", R"(["ab/c", "d"], {"x", "ab/"})", "true"},
      {"strings.any_prefix_match", R"(["ab", "abd"], ["abc", "b"])", "false"},
      {"strings.any_prefix_match", R"("abc", "")", "true"},
      {"strings.any_prefix_match", R"([], [""])", "false"},
      {"strings.any_suffix_match", R"({"a.txt", "b"}, [".md", ".txt"])", "true"},
      {"strings.any_suffix_match", R"("a.txt", ["a.", "txt.a"])", "false"},
      {"strings.any_suffix_match", R"("a", 1)",
       "eval_type_error: operand 2 must be one of {string, set, array} but got number"},
      {"strings.any_suffix_match", R"([1], "a")",
       "eval_type_error: operand 1 must be array of strings but got array containing number"},
  });
}

TEST_CASE("strings: replace takes the first that fits, from left to right") {
  check({
      {"replace", R"("a.b.c", ".", "--")", R"("a--b--c")"},
      {"replace", R"("aaa", "aa", "b")", R"("ba")"},
      {"replace", R"("åb", "", "-")", R"("-å-b-")"},
      {"replace", R"("", "", "-")", R"("-")"},
      {"strings.replace_n", R"({"<": "&lt;", ">": "&gt;"}, "<b>")", R"("&lt;b&gt;")"},
      {"strings.replace_n", R"({"a": "1", "ab": "2"}, "abab")", R"("1b1b")"},
      {"strings.replace_n", R"({"ba": "1", "a": "2"}, "aba")", R"("21")"},
      {"strings.replace_n", R"({1: "a"}, "x")",
       "eval_type_error: operand 1 non-string key found in pattern object"},
      {"strings.replace_n", R"({"a": 1}, "x")",
       "eval_type_error: operand 1 non-string value found in pattern object"},
  });
}

TEST_CASE("strings: trimming goes by characters") {
  check({
      {"trim", R"("ååxå", "å")", R"("x")"},
      {"trim", R"("abc", "")", R"("abc")"},
      {"trim_left", R"("..a..", ".")", R"("a..")"},
      {"trim_right", R"("..a..", ".")", R"("..a")"},
      {"trim_prefix", R"("..a", ".")", R"(".a")"},
      {"trim_suffix", R"("a..", "b")", R"("a..")"},
      {"trim_space", R"("\t \u00a0 a b\u2003\n")", R"("a b")"},
      {"trim", R"("aaa", "a")", R"("")"},
  });
}

TEST_CASE("strings: case mapping of many scripts is one to one") {
  check({
      {"upper", R"("straße ǆ ÿ")", R"("STRAßE Ǆ Ÿ")"},
      {"lower", R"("ÀÉ ΑΣ ЖЯ Ա Ⅷ Ａ İ")", R"("àé ασ жя ա ⅷ ａ i")"},
      {"upper", R"("ж я ա 𐐨 ⓐ ꙁ ɐ")", R"("Ж Я Ա 𐐀 Ⓐ Ꙁ Ɐ")"},
      {"lower", R"("ABC xyz 123")", R"("abc xyz 123")"},
      {"lower", R"("漢字")", R"("漢字")"},
  });
}

TEST_CASE("template strings: show strings bare, other values as Rego and undefined as such") {
  check({
      {"internal.template_string", R"(["a ", {"x"}, " ", {1.50}, {["y", {1}]}, set(), true, null])",
       R"("a x 1.50[\"y\", {1}]<undefined>truenull")"},
      {"internal.template_string", "[]", R"("")"},
      {"internal.template_string", "[{1, 2}]",
       "eval_conflict_error: template-strings must not produce multiple outputs"},
      {"internal.template_string", "[[1]]", "eval_internal_error: illegal argument type: array"},
  });
}

TEST_CASE("strings: large results stop at the limit") {
  Calls call(std::size_t{1} << 20);
  const std::string longer(600'000, 'a');
  CHECK(call("replace",
             "\"" + std::string(2'000, 'a') + R"(", "a", ")" + std::string(2'000, 'b') + "\"")
            .starts_with("eval_cancel_error: "));
  CHECK(call("upper", "\"" + longer + "\"").starts_with("eval_cancel_error: "));
  CHECK(call("sprintf", R"("%900000d%900000d", [1, 2])").starts_with("eval_cancel_error: "));
}

TEST_CASE("runes: an invalid byte is one character") {
  CHECK(rune_count("a\xff\xfe\xc3") == 4);
  CHECK(rune_count("\xe2\x82") == 2);
  CHECK(rune_count("\xed\xa0\x80") == 3);
  CHECK(last_rune("a\xc3\xa5").code == 0xE5);
  CHECK(last_rune("\xc3").size == 1);
  CHECK(rune_at("\xf0\x9f\x90\xa2", 0).code == 0x1F422);
}

TEST_CASE("runes: quoting as Go's strconv") {
  std::string out;
  append_quoted(out, "a\"\\\n\x01\x7f\xff å\u00ad🐢", '"', Quoting::utf8);
  CHECK(out == R"("a\"\\\n\x01\x7f\xff å\u00ad🐢")");
  out.clear();
  append_quoted(out, "å🐢'", '\'', Quoting::ascii);
  CHECK(out == R"('\u00e5\U0001f422\'')");
}

}  // namespace
}  // namespace mc::builtin
