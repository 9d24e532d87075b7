#include <doctest/doctest.h>

#include "rego/rego.h"

namespace mc::rego {
namespace {

// The errors of a refused text, each as to_line() has it, a line each.
template <class T>
std::string errors_of(const Checked<T>& checked) {
  if (checked) return "";
  std::string lines;
  for (const Diagnostic& diagnostic : checked.error()) lines += to_line(diagnostic) + "\n";
  return lines;
}

std::string query_text(std::string_view text) {
  const Checked<Body> body = parse_query(text, "q");
  if (!body) return errors_of(body);
  std::string out;
  for (const Expr& expr : *body) out += (out.empty() ? "" : "; ") + to_text(expr);
  return out;
}

Module module_of(std::string_view text) {
  Checked<Module> module = parse_module(text, "m.rego");
  CHECK(errors_of(module) == "");
  return module ? *module : Module{};
}

std::string first_error(std::string_view text) {
  const std::string errors = errors_of(parse_module(text, "m.rego"));
  return errors.substr(0, errors.find('\n'));
}

std::string rule_text(const Rule& rule) {
  std::string out = rule.is_default ? "default " : "";
  constexpr std::string_view kKinds[] = {"complete ", "set ", "function ", "object "};
  out += std::string(kKinds[static_cast<std::size_t>(rule.head.kind)]) + to_text(rule.head.ref);
  for (const Term& argument : rule.head.arguments) out += " (" + to_text(argument) + ")";
  if (rule.head.key) out += " contains " + to_text(*rule.head.key);
  if (rule.head.value) out += " is " + to_text(*rule.head.value);
  for (const Expr& expr : rule.body) out += "; " + to_text(expr);
  for (const Rule& branch : rule.otherwise) out += " else " + rule_text(branch);
  return out;
}

}  // namespace

TEST_CASE("parser: expressions read and print as they are bound") {
  struct Row {
    std::string_view text, want;
  };
  const Row rows[] = {
      {"1+2*3", "1 + 2 * 3"},
      {"(1+2)*3", "(1 + 2) * 3"},
      {"1-(2-3)-4", "1 - (2 - 3) - 4"},
      {"a & b | c == d", "a & b | c == d"},
      {"a & (b | c)", "a & (b | c)"},
      {"x := y in zs", "x := y in zs"},
      {"1, 2 in xs", "1, 2 in xs"},
      {"f((1, 2 in xs))", "f((1, 2 in xs))"},
      {"[1, 2 in xs]", "[1, 2 in xs]"},
      {"1 in 2 in 3", "1 in 2 in 3"},
      {"x -1", "x - 1"},
      {"x = - 1", "x = -1"},
      {".5", "0.5"},
      {"not x.y with input as 1 with data.a as 2", "not x.y with input as 1 with data.a as 2"},
      {"some x, y", "some x, y"},
      {"some x, y in xs", "some x, y in xs"},
      {"some {\"a\": x} in xs", "some {\"a\": x} in xs"},
      {"every x in xs { x > 1; y }", "every x in xs { x > 1; y }"},
      {"every k, v in xs {\n k == v\n }", "every k, v in xs { k == v }"},
      {"a; b\nc", "a; b; c"},
      {"a.b[c].d[\"e f\"][_]", "a.b[c].d[\"e f\"][_]"},
      {"a[\"b\"]", "a.b"},
      {"f(1,).x(2)[3]", "f(1).x(2)[3]"},
      {"(1 + x).a(1); (1 in [2])[0]; (f(1)).b", "(1 + x).a(1); (1 in [2])[0]; f(1).b"},
      {"x.if.not == 1", "x[\"if\"][\"not\"] == 1"},
      {"not.x; every.y; in[0]", "not.x; every.y; in[0]"},
      {"contains(a, b)", "contains(a, b)"},
      {"set(); {}; []; {1,}; [1,]; {\"a\": 1,}", "set(); {}; []; {1}; [1]; {\"a\": 1}"},
      {"[x | x := 1; y]", "[x | x := 1; y]"},
      {"{x | x}; {k: v | v}", "{x | x}; {k: v | v}"},
      {"[(a | b) | c]", "[(a | b) | c]"},
      {"{a + 1: b | c}", "{(a + 1): b | c}"},
      {"[a | b, c]", "[a | b, c]"},
      {"{a | b, c}", "{a | b, c}"},
      {"{\"k\": a | b, \"l\": c}", "{\"k\": a | b, \"l\": c}"},
      {"[, a]; {, a}", "[a]; {a}"},
      {R"("\u00e9\ud83d\ude00\n")", "\"\xC3\xA9\xF0\x9F\x98\x80\\n\""},
      {R"("\ud83d")", "\"\xEF\xBF\xBD\""},
      {"`a\\n`", R"("a\\n")"},
      {R"($"a{x}b\{")", R"($"a{x}b\{")"},
      {"$`{$\"{x}\"}\n`", "$`{$\"{x}\"}\n`"},
      {R"($"{x with input as 1}")", R"($"{x with input as 1}")"},
      {"null; true; false", "null; true; false"},
      {"plus(1, 2, x)", "plus(1, 2, x)"},
      {"eq(1, 2); f(eq(1, 2))", "1 = 2; f(eq(1, 2))"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const std::string text = query_text(row.text);
    CHECK(text == row.want);
    CHECK(query_text(text) == text);
  }
}

TEST_CASE("parser: an infix operator is a call of its function") {
  const auto body = parse_query("x in {1}; a, b in c; 1 != 2");
  REQUIRE(body);
  CHECK((*body)[0].is_call("internal.member_2"));
  CHECK((*body)[1].is_call("internal.member_3"));
  CHECK((*body)[2].is_call("neq"));
  CHECK((*body)[2].terms.size() == 3);
}

TEST_CASE("parser: wildcards have names of their own") {
  const auto body = parse_query("a[_] = _");
  REQUIRE(body);
  CHECK((*body)[0].terms[1].items[1].is_var("$0"));
  CHECK((*body)[0].terms[2].is_var("$1"));
}

TEST_CASE("parser: input and data alone are references") {
  const auto body = parse_query("input; data; x");
  REQUIRE(body);
  CHECK((*body)[0].terms[0].kind == Term::Kind::ref);
  CHECK((*body)[1].terms[0].kind == Term::Kind::ref);
  CHECK((*body)[2].terms[0].kind == Term::Kind::var);
}

TEST_CASE("parser: rules of every form") {
  struct Row {
    std::string_view text, want;
  };
  const Row rows[] = {
      {"p := 1", "complete p is 1"},
      {"p = 1", "complete p is 1"},
      {"p if x", "complete p is true; x"},
      {"p if { x; y }", "complete p is true; x; y"},
      {"p := 1 if x else := 2 if y else := 3",
       "complete p is 1; x else complete p is 2; y else complete p is 3"},
      {"p contains 1", "set p contains 1"},
      {"p contains x if { x := 1 }", "set p contains x; x := 1"},
      {"a.b[x].c contains y if y := x", "set a.b[x].c contains y; y := x"},
      {"p[x] := 1 if x := 2", "object p[x] is 1; x := 2"},
      {"p[x] if x := 2", "object p[x] is true; x := 2"},
      {"p[\"x\"] := 1", "complete p.x is 1"},
      {"p[1] := 1", "complete p[1] is 1"},
      {"f(x) := y if y := x", "function f (x) is y; y := x"},
      {"f(x)", "function f (x) is true"},
      {"a.f(x, [y]) if x == y", "function a.f (x) ([y]) is true; x == y"},
      {"default p := {\"a\": [1]}", "default complete p is {\"a\": [1]}"},
      {"default f(_) := 1", "default function f (_) is 1"},
      {"if.x := 1", "complete if.x is 1"},
      {"default default.x := 1", "default complete default.x is 1"},
      {"p if {x | y}", "complete p is true; {x | y}"},
      {"p if {x}", "complete p is true; x"},
      {"p if {\"a\": 1}", "complete p is true; {\"a\": 1}"},
      {"p if { {1} }", "complete p is true; {1}"},
      {"p if not {x}", "complete p is true; not {x}"},
      {"p if {}", "complete p is true; {}"},
      {"p if every x in xs { x }", "complete p is true; every x in xs { x }"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Module module = module_of("package a\n" + std::string(row.text));
    REQUIRE(module.rules.size() == 1);
    CHECK(rule_text(module.rules[0]) == row.want);
  }
}

TEST_CASE("parser: further bodies are further rules") {
  const Module module = module_of("package a\nf(_) if { x } { y }\n");
  REQUIRE(module.rules.size() == 2);
  CHECK(rule_text(module.rules[1]) == "function f (_) is true; y");
  CHECK(module.rules[0].head.arguments[0].text != module.rules[1].head.arguments[0].text);
}

TEST_CASE("parser: packages, imports and comments") {
  const Module module = module_of(
      "# one\npackage a.b[\"c d\"].if # two\nimport data.x.y\nimport input.z as w\n"
      "import rego.v1\nimport future.keywords.in\n");
  CHECK(to_text(module.package) == "data.a.b[\"c d\"][\"if\"]");
  REQUIRE(module.imports.size() == 4);
  CHECK(to_text(module.imports[1].path) == "input.z");
  CHECK(module.imports[1].alias == "w");
  REQUIRE(module.comments.size() == 2);
  CHECK(module.comments[1].text == " two");
  CHECK(module.comments[1].at.row == 2);
  CHECK(module.source.starts_with("# one\npackage"));
  CHECK(module.file == "m.rego");
}

TEST_CASE("parser: places of rules, heads and expressions") {
  const std::string text = "package a\n\n  p := 1 if {\n\tinput.x == 1\n} else := 2\n";
  const Module module = module_of(text);
  REQUIRE(module.rules.size() == 1);
  const Rule& rule = module.rules[0];
  CHECK(rule.at.row == 3);
  CHECK(rule.at.column == 3);
  CHECK(rule.end.row == 5);
  CHECK(rule.end.column == 11);
  CHECK(text.substr(rule.head.at.offset, rule.head.at.length) == "p := 1");
  const Expr& expr = rule.body[0];
  CHECK(expr.at.row == 4);
  CHECK(expr.at.column == 2);
  CHECK(text.substr(expr.at.offset, expr.at.length) == "input.x == 1");
  CHECK(rule.otherwise[0].at.row == 5);
}

TEST_CASE("parser: what is no module or rule is told as OPA tells it") {
  struct Row {
    std::string_view text, error;
  };
  const Row rows[] = {
      {"", "m.rego: rego_parse_error: empty module"},
      {"p := 1", "m.rego:1:1: rego_parse_error: package expected"},
      {"package a\np { x }",
       "m.rego:2:1: rego_parse_error: `if` keyword is required before rule body"},
      {"package a\nf(x) { x }",
       "m.rego:2:1: rego_parse_error: `if` keyword is required before function body"},
      {"package a\np[x]",
       "m.rego:2:1: rego_parse_error: `contains` keyword is required for partial set rules"},
      {"package a\np.q.r",
       "m.rego:2:1: rego_parse_error: rule must have value assignment and/or body declaration"},
      {"package a\np", "m.rego:2:1: rego_parse_error: var cannot be used for rule name"},
      {"package a\n1 := 2", "m.rego:2:1: rego_parse_error: number cannot be used for rule name"},
      {"package a\nx == 1",
       "m.rego:2:1: rego_parse_error: rule name conflicts with built-in function"},
      {"package a\np := 1 with input as 2",
       "m.rego:2:1: rego_parse_error: expressions using with keyword cannot be used for rule head"},
      {"package a\np := 1; q := 2",
       "m.rego:2:1: rego_parse_error: multiple expressions cannot be used for rule head"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(first_error(row.text) == row.error);
  }
}

TEST_CASE("parser: wrong tokens and terms are told as OPA tells them") {
  struct Row {
    std::string_view text, error;
  };
  const Row rows[] = {
      {"package a\nif := 1", "m.rego:2:1: rego_parse_error: unexpected if keyword"},
      {"package a\ncontains := 1",
       "m.rego:2:1: rego_parse_error: contains keyword cannot be used for rule name"},
      {"package a\np if { x y }",
       "m.rego:2:10: rego_parse_error: unexpected identifier token: expected \\n or ; or }"},
      {"package a\np := [1 2]",
       "m.rego:2:9: rego_parse_error: unexpected number token: expected \",\" or \"]\""},
      {"package a\np := {\"a\": 1 \"b\": 2}",
       "m.rego:2:14: rego_parse_error: unexpected string token: non-terminated object"},
      {"package a\np := 01",
       "m.rego:2:6: rego_parse_error: unexpected number token: expected number without leading "
       "zero"},
      {"package a\np := 1e40000", "m.rego:2:6: rego_parse_error: number too big"},
      {"package a\np := \"x\\uzz00\"",
       "m.rego:2:6: rego_parse_error: illegal string literal: \"x\\uzz00\""},
      {"package a\np := \"x", "m.rego:2:6: rego_parse_error: non-terminated string"},
      {"package a\np if x.1",
       "m.rego:2:8: rego_parse_error: unexpected number token: expected identifier"},
      {"package a\np if \"x\".y",
       "m.rego:2:6: rego_parse_error: illegal ref (head cannot be string)"},
      {"package a\np if not some x in y",
       "m.rego:2:10: rego_parse_error: unexpected some keyword: illegal negation of 'some'"},
      {"package a\np if every x in y",
       "m.rego:2:18: rego_parse_error: unexpected eof token: missing body"},
      {"package a\ndefault p := x",
       "m.rego:2:1: rego_parse_error: illegal default rule (value cannot contain var)"},
      {"package a\ndefault f(x, x) := 1",
       "m.rego:2:1: rego_parse_error: illegal default rule (arguments cannot be repeated x)"},
      {"package a\np contains 1 if x else := 2",
       "m.rego:2:19: rego_parse_error: else keyword cannot be used on multi-value rules"},
      {"package a\np[x] := 1 if x else := 2",
       "m.rego:2:16: rego_parse_error: else keyword cannot be used on rules with variables in "
       "head"},
      {"package a\nimport foo.bar",
       "m.rego:2:8: rego_parse_error: unexpected import path, must begin with one of: {data, "
       "future, "
       "input, rego}, got: foo (hint: if this is unexpected, try updating OPA)"},
      {"package a\nimport data.if",
       "m.rego:2:13: rego_parse_error: unexpected import path, must not end with a keyword, got: "
       "if "
       "(hint: import a different path or use an alias)"},
      {"package a\nimport future.x",
       "m.rego:2:8: rego_parse_error: invalid import, must be `future.keywords`"},
      {"package a\nimport rego.v2",
       "m.rego:2:8: rego_parse_error: invalid import `rego.v2`, must be `rego.v1`"},
      {"package a\npackage b", "m.rego:2:1: rego_parse_error: unexpected package"},
      {"package a[x]", "m.rego:1:11: rego_parse_error: unexpected var token: expecting string"},
      {"package a.", "m.rego:1:11: rego_parse_error: unexpected eof token: expected identifier"},
      {"package a\np := $\"{not x}\"",
       "m.rego:2:9: rego_parse_error: unexpected negation ('not') in template-string expression"},
      {"package a\np := $\"{x y}\"",
       "m.rego:2:11: rego_parse_error: expected } to end template string expression"},
      {"package a\n\xFF", "m.rego:2:1: rego_parse_error: illegal utf-8 character"},
      {std::string_view("package a\n \0", 12),
       "m.rego:2:2: rego_parse_error: illegal null character"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(first_error(row.text) == row.error);
  }
}

TEST_CASE("parser: reports the errors of several rules, up to the limit") {
  std::string text = "package a\n";
  for (int i = 0; i < 20; ++i) text += "p { x }\n";
  const auto module = parse_module(text, "m.rego", {.errors_max = 7});
  REQUIRE_FALSE(module);
  CHECK(module.error().size() == 7);
  CHECK(module.error()[6].at.row == 8);
}

TEST_CASE("parser: depth and size have limits") {
  const auto times = [](std::string_view part, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += part;
    return out;
  };
  constexpr int kMany = 20'000;
  for (const std::string_view opening :
       {"(", "[", "{", "{\"a\": ", "f(", "a[", "$\"{", "[x | ", "{x: y | ", "1 + (", "x in [",
        "every x in xs { ", "not f(", "f().a", "1 + ", "1 in ", "{a | [b, "}) {
    CAPTURE(opening);
    const std::string errors = errors_of(parse_query("x = " + times(opening, kMany)));
    const bool other = opening == "every x in xs { " || opening == "not f(";
    CHECK((other || errors.find("max parsing recursion depth exceeded") != std::string::npos));
    CHECK(errors != "");
  }
  CHECK(errors_of(parse_query(times("every x in xs { ", kMany)))
            .find("max parsing recursion depth exceeded") != std::string::npos);
  CHECK(first_error("package a\np := 1 if x\n" + times("else := 2 if x\n", kMany))
            .find("max parsing recursion depth exceeded") != std::string::npos);
  CHECK(query_text(times("(", 90) + "1" + times(")", 90)) == "1");
  CHECK(errors_of(parse_query("1", "q", {.bytes_max = 0})) ==
        "q:1:1: rego_parse_error: the text has 1 bytes, more than 0\n");
}

TEST_CASE("parser: what may be a comprehension costs no exponential time") {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "{a: b | ";
  CHECK(errors_of(parse_query(text + "c d")) != "");
  text = "[a | ";
  for (int i = 0; i < 40; ++i) text += "[a | ";
  std::string end = "b, c]";
  for (int i = 0; i < 40; ++i) end += ", d]";
  CHECK(errors_of(parse_query(text + end)) == "");
}

TEST_CASE("parser: a term alone must be a value") {
  struct Row {
    std::string_view text, want;  // "" = refused
  };
  const Row rows[] = {
      {"{1, [2, {\"a\": null}]}", "{1, [2, {\"a\": null}]}"},
      {"set()", "set()"},
      {"-1.50", "-1.50"},
      {"[x]", ""},
      {"input", ""},
      {"count([1])", ""},
      {"1; 2", ""},
      {"not true", ""},
      {"{x | x := 1}", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Checked<Term> term = parse_term(row.text);
    CHECK((term ? to_text(*term) : "") == row.want);
  }
}

TEST_CASE("parser: a ground term becomes a value, the last of equal keys stays") {
  term::Arena arena;
  const Checked<Term> term = parse_term("{\"a\": 1, \"b\": {2, 1, 1}, \"a\": [.5, null]}");
  REQUIRE(term);
  const auto value = to_value(arena, *term);
  REQUIRE(value);
  CHECK(term::to_json(*value) == R"({"a":[0.5,null],"b":[1,2]})");
  const auto query = parse_query("x");
  REQUIRE(query);
  CHECK_FALSE(to_value(arena, (*query)[0].terms[0]));
}

}  // namespace mc::rego
