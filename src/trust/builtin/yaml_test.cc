#include <doctest/doctest.h>

#include "builtin/test_calls.h"
#include "builtin/yaml_resolve.h"
#include "builtin/yaml_scalar.h"

namespace mc::builtin {
namespace {

// One call with a text that is written as it is.
std::string on_text(Calls& call, std::string_view function, std::string_view text) {
  return call.run(function, {term::string(call.arena(), text)});
}

std::string unmarshalled(std::string_view text) {
  Calls call;
  return on_text(call, "yaml.unmarshal", text);
}

std::string marshalled(std::string_view value) {
  Calls call;
  const Builtin* const builtin = find_builtin("yaml.marshal");
  CountingRandom random;
  const auto caches = make_caches();
  Context context(call.arena(), *caches, WallTime{}, random);
  const Value operands[] = {TermReader(call.arena(), value).list()[0]};
  return std::string(builtin->function(context, operands).text());
}

TEST_CASE("yaml.unmarshal: scalars by the rules of YAML 1.1 as yaml.v2 has them") {
  struct Row {
    const char* yaml;
    const char* value;
  };
  const Row rows[] = {
      {"yes", "true"},
      {"Off", "false"},
      {"y", "true"},
      {"yEs", R"("yEs")"},
      {"'yes'", R"("yes")"},
      {"~", "null"},
      {"", "null"},
      {"a: ", R"({"a": null})"},
      {"12", "12"},
      {"+12", "12"},
      {"1_000", "1000"},
      {"012", "10"},
      {"0o12", "10"},
      {"0x1F", "31"},
      {"-0b11", "-3"},
      {"08", "8"},
      {"18446744073709551615", "18446744073709551615"},
      {"100000000000000000000", "100000000000000000000"},
      {"1000000000000000000000", "1e+21"},
      {"1.50", "1.5"},
      {"1.0", "1"},
      {".5", "0.5"},
      {"1e3", "1000"},
      {"1e-7", "1e-7"},
      {"1e999", R"("1e999")"},
      {"1:30", R"("1:30")"},
      {"2001-01-01", R"("2001-01-01")"},
      {"2001-1-1T1:2:3Z", R"("2001-1-1T1:2:3Z")"},
      {"1.2.3", R"("1.2.3")"},
      {"- a\n- 1", R"(["a", 1])"},
      {"a: b", R"({"a": "b"})"},
      {"{a: [1, 'x', \"y\\n\"]}", R"({"a": [1, "x", "y\n"]})"},
      {"a: |\n  x\n  y\n", R"({"a": "x\ny\n"})"},
      {"a: >-\n  x\n  y\n", R"({"a": "x y"})"},
      {"!!str 12", R"("12")"},
      {"!!int \"12\"", "12"},
      {"!!float 12", "12"},
      {"!!binary aGk=", R"("hi")"},
      {"!thing 12", R"("12")"},
      {"y: 1", R"({"true": 1})"},
      {"1: a\ntrue: b\n1.5: c\n0x10: d", R"({"1": "a", "1.5": "c", "16": "d", "true": "b"})"},
      {"a: 1\na: 2", R"({"a": 2})"},
      {"a: 1\n---\nb: 2\n", R"({"a": 1})"},
      {"{\"json\": [1, true]}", R"({"json": [1, true]})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(unmarshalled(row.yaml) == row.value);
  }
}

TEST_CASE("yaml.unmarshal: anchors, aliases and merge keys") {
  CHECK(unmarshalled("a: &x [1, 2]\nb: *x") == R"({"a": [1, 2], "b": [1, 2]})");
  CHECK(unmarshalled("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3") ==
        R"({"base": {"x": 1, "z": 2}, "use": {"x": 1, "z": 3}})");
  CHECK(unmarshalled("- &a {x: 1}\n- &b {x: 2, z: 2}\n- <<: [*a, *b]") ==
        R"([{"x": 1}, {"x": 2, "z": 2}, {"x": 1, "z": 2}])");
  CHECK(unmarshalled("'<<': 1") == R"({"<<": 1})");
  CHECK(unmarshalled("a: &x b\n*x : c") == R"({"a": "b", "b": "c"})");
  // An alias shares its value; what is added to one must not show in the other.
  CHECK(unmarshalled("a: &x {k: 1}\nb: {<<: *x, z: 2}\nc: *x") ==
        R"({"a": {"k": 1}, "b": {"k": 1, "z": 2}, "c": {"k": 1}})");
}

TEST_CASE("yaml.unmarshal: says what is wrong and on which line") {
  struct Row {
    const char* yaml;
    const char* problem;
  };
  const Row rows[] = {
      {"a: [1", "line 1: "},
      {"a:\n  - b\n c: d", "line 3: "},
      {"? [1]\n: 2", "line 1: unsupported map key"},
      {"~: 2", "line 1: unsupported map key"},
      {"a: .inf", "line 1: json: unsupported value: .inf"},
      {"a: 1\nb: !!int x", "line 2: cannot decode `x` as a !!int"},
      {"a: !!binary \"*\"", "line 1: !!binary value contains invalid base64 data"},
      {"a: &a [*a]", "line 1: anchor value contains itself"},
      {"<<: 1", "line 1: map merge requires map or sequence of maps as the value"},
      {"*a", "line 1: "},
  };
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const std::string said = unmarshalled(row.yaml);
    CHECK(said.starts_with("eval_builtin_error: error converting YAML to JSON: yaml: " +
                           std::string(row.problem)));
    CHECK(on_text(call, "yaml.is_valid", row.yaml) == "false");
  }
}

TEST_CASE("yaml: bombs of aliases and of brackets are refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += 'a' + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) bomb += alias + ", ";
    bomb += alias + "]\n";
  }
  CHECK(unmarshalled(bomb).ends_with("document contains excessive aliasing"));
  CHECK(unmarshalled(std::string(100'000, '[')).starts_with("eval_builtin_error"));
  CHECK(unmarshalled(std::string(100'000, '-')).starts_with("\"--"));
}

TEST_CASE("yaml.is_valid: false for what is no text") {
  Calls call;
  CHECK(call("yaml.is_valid", R"("a: [1]")") == "true");
  CHECK(call("yaml.is_valid", R"("")") == "true");
  CHECK(call("yaml.is_valid", "{}") == "false");
}

TEST_CASE("yaml.marshal: block style as yaml.v2 writes it") {
  struct Row {
    const char* value;
    const char* yaml;
  };
  const Row rows[] = {
      {"1", "1\n"},
      {"null", "null\n"},
      {"[]", "[]\n"},
      {"{}", "{}\n"},
      {R"({"b": [1, "x"], "a": {"c": null}})", "a:\n  c: null\nb:\n- 1\n- x\n"},
      {R"([[1, [2]], {"a": [3], "b": {}}, []])", "- - 1\n  - - 2\n- a:\n  - 3\n  b: {}\n- []\n"},
      {"{2, 1}", "- 1\n- 2\n"},
      {R"({1: true})", "\"1\": true\n"},
      {"[1.0, 0.5, 1e30, 123456789.5, 18446744073709551615]",
       "- 1\n- 0.5\n- 1e+30\n- 1.234567895e+08\n- 18446744073709551615\n"},
      {R"({"a10": 1, "a2": 2, "b": 3, "A": 4, "_": 5, "1": 6})",
       "_: 5\n\"1\": 6\nA: 4\na2: 2\na10: 1\nb: 3\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    CHECK(marshalled(row.value) == row.yaml);
  }
}

TEST_CASE("yaml.marshal: texts are plain where they read back as texts") {
  struct Row {
    const char* text;  // of JSON
    const char* yaml;
  };
  const Row rows[] = {
      {R"("a b")", "a b\n"},
      {R"("")", "\"\"\n"},
      {R"("yes")", "\"yes\"\n"},
      {R"("12")", "\"12\"\n"},
      {R"("1:30")", "\"1:30\"\n"},
      {R"("2001-01-01")", "\"2001-01-01\"\n"},
      {R"("null")", "\"null\"\n"},
      {R"("- a")", "'- a'\n"},
      {R"("a: b")", "'a: b'\n"},
      {R"("a:b")", "a:b\n"},
      {R"("a #b")", "'a #b'\n"},
      {R"("it's")", "it's\n"},
      {R"("'")", "''''\n"},
      {R"(" a")", "' a'\n"},
      {R"("{a}")", "'{a}'\n"},
      {R"("a\tb")", "\"a\\tb\"\n"},
      {R"("é")", "é\n"},
      {R"("😀")", "\"\\U0001F600\"\n"},
      {R"("a\nb")", "|-\n  a\n  b\n"},
      {R"("a\nb\n")", "|\n  a\n  b\n"},
      {R"("a\n\n")", "|+\n  a\n\n"},
      {R"("\na")", "|2-\n\n  a\n"},
      {R"("a \nb")", "\"a \\nb\"\n"},
      {R"({"k": "a\nb"})", "k: |-\n  a\n  b\n"},
      {R"({"a\nb": 1})", "? |-\n  a\n  b\n: 1\n"},
      {R"(["---"])", "- '---'\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    CHECK(marshalled(row.text) == std::string(row.yaml));
  }
}

TEST_CASE("yaml.marshal: long texts are folded behind column 80 and read back the same") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "word" + std::to_string(i) + ' ';
  text += "end";
  const std::string plain = marshalled(R"({"k": ")" + text + R"("})");
  CHECK(plain.find("\n  word") != std::string::npos);
  CHECK(unmarshalled(plain) == R"({"k": ")" + text + R"("})");
  const std::string quoted = marshalled(R"(["- )" + text + R"("])");
  CHECK(quoted.starts_with("- '- word"));
  CHECK(unmarshalled(quoted) == R"(["- )" + text + R"("])");
  const std::string doubled = marshalled(R"(["\t)" + text + R"("])");
  CHECK(doubled.starts_with("- \"\\tword"));
  CHECK(unmarshalled(doubled) == R"(["\t)" + text + R"("])");
  const std::string key = marshalled(R"({")" + text + R"(": [1]})");
  CHECK(key.starts_with("? word"));
  CHECK(unmarshalled(key) == R"({")" + text + R"(": [1]})");
}

TEST_CASE("yaml keys: numbers by size, letters last") {
  const char* const keys[] = {"_", "1", "2", "10", "a", "a1", "a2", "a10", "a10b", "ab"};
  for (std::size_t i = 0; i + 1 < std::size(keys); ++i) {
    CAPTURE(keys[i]);
    CHECK(yaml_key_less(keys[i], keys[i + 1]));
    CHECK_FALSE(yaml_key_less(keys[i + 1], keys[i]));
    CHECK_FALSE(yaml_key_less(keys[i], keys[i]));
  }
}

}  // namespace
}  // namespace mc::builtin
