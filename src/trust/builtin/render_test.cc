#include "builtin/render.h"

#include <doctest/doctest.h>

#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

struct Row {
  std::string_view source, data, text;
};

std::string rendered(Calls& call, std::string_view source, std::string_view data) {
  const std::vector<Value> operands{term::string(call.arena(), source),
                                    TermReader(call.arena(), data).list().at(0)};
  return call.run("strings.render_template", operands);
}

void check(std::initializer_list<Row> rows) {
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.source);
    CAPTURE(row.data);
    CHECK(rendered(call, row.source, row.data) ==
          term::to_rego(term::string(call.arena(), row.text)));
  }
}

void refuse(std::initializer_list<Row> rows) {
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.source);
    CHECK(rendered(call, row.source, row.data) == "eval_builtin_error: " + std::string(row.text));
  }
}

TEST_CASE("render_template: fields, and values as Go prints them") {
  check({
      {"hi {{.name}}!", R"({"name": "Ada"})", "hi Ada!"},
      {"{{.a.b.c}}", R"({"a": {"b": {"c": 1.50}}})", "1.50"},
      {"[{{.gone}}] [{{.gone.deeper}}] [{{.none}}]", R"({"none": null})",
       "[<undefined>] [<undefined>] [<undefined>]"},
      {"{{.}}", R"({"b": [1, "x", null, true], "a": {"c": {2}}})",
       "map[a:map[c:[2]] b:[1 x <nil> true]]"},
      {"{{$.a}}{{ .a }}{{(.o).x}}", R"({"a": 1, "o": {"x": 2}})", "112"},
      {R"({{index .m "1"}})", R"({"m": {1: "yes"}})", "yes"},
  });
}

TEST_CASE("render_template: conditions") {
  check({
      {"{{if .a}}A{{else if .b}}B{{else}}C{{end}}", R"({"a": 0, "b": 1})", "A"},
      {"{{if .a}}A{{else if .b}}B{{else}}C{{end}}", R"({"a": "", "b": [0]})", "B"},
      {"{{if .a}}A{{else if .b}}B{{else}}C{{end}}", R"({"a": false, "b": {}})", "C"},
      {"{{with .a}}{{.b}}{{else}}none{{end}}", R"({"a": {"b": 1}})", "1"},
      {"{{with .x}}{{.b}}{{else}}none{{end}}", R"({"a": {"b": 1}})", "none"},
      {"{{with $v := .a}}{{$v}}{{end}}", R"({"a": 7})", "7"},
      {"{{if and .a (not .b)}}yes{{end}}", R"({"a": 1})", "yes"},
      {"{{or .x .y}}{{and .y .x}}", R"({"y": "Y"})", "Y<undefined>"},
      {R"({{if eq .a "x" "y"}}1{{end}}{{if ne .a "x"}}2{{end}})", R"({"a": "y"})", "12"},
      {"{{lt 1 2}} {{le 2 2}} {{gt 1.5 2.5}} {{ge 2 3}} {{eq true false}}", "{}",
       "true true false false false"},
  });
}

TEST_CASE("render_template: loops") {
  check({
      {"{{range .xs}}<{{.}}>{{end}}", R"({"xs": ["a", "b"]})", "<a><b>"},
      {"{{range $i, $x := .xs}}{{if $i}},{{end}}{{$x}}{{end}}", R"({"xs": ["a", "b"]})", "a,b"},
      {"{{range $k, $v := .o}}{{$k}}={{$v}};{{end}}", R"({"o": {"b": 2, "a": 1}})", "a=1;b=2;"},
      {"{{range .xs}}x{{else}}none{{end}}", R"({"xs": []})", "none"},
      {"{{range .gone}}x{{else}}none{{end}}", "{}", "none"},
      {"{{range .xs}}{{if eq . \"b\"}}{{continue}}{{end}}{{if eq . \"d\"}}{{break}}{{end}}{{.}}"
       "{{end}}!",
       R"({"xs": ["a", "b", "c", "d", "e"]})", "ac!"},
      {"{{$n := 0}}{{range .xs}}{{$n = .}}{{end}}{{$n}}", R"({"xs": [1, 2]})", "2"},
      {"{{range .xs}}{{$.p}}{{.}} {{end}}", R"({"p": "-", "xs": [1, 2]})", "-1 -2 "},
  });
}

TEST_CASE("render_template: functions and pipelines") {
  check({
      {R"({{printf "%05.1f|%s|%v" 1.25 .s .n}})", R"({"s": "x", "n": 3})", "001.2|x|3"},
      {R"({{printf "%d" .n}})", R"({"n": 3})", "%!d(json.Number=3)"},
      {R"({{.s | printf "%q" | len}})", R"({"s": "ab"})", "4"},
      {R"({{"a b" | urlquery}} {{html "<a>"}} {{js "it's"}})", "{}", R"(a+b &lt;a&gt; it\'s)"},
      {R"({{print 1 2 "x" 3}} {{println "a" "b"}})", "{}", "1 2x3 a b\n"},
      {R"({{index .xs 1}} {{index .o "k" 0}} {{len .xs}} {{slice .s 1 3}})",
       R"({"xs": [1, 2], "o": {"k": [5]}, "s": "abcd"})", "2 5 2 bc"},
      {R"({{'a'}} {{0x10}} {{`r\n`}} {{"\u00e5\n"}} {{-2.5}})", "{}", "97 16 r\\n å\n -2.5"},
  });
}

TEST_CASE("render_template: comments, trimming and named templates") {
  check({
      {"a  {{- .x -}}  b", R"({"x": 1})", "a1b"},
      {"a {{/* no */}} b {{- /* no */ -}} c", "{}", "a  bc"},
      {"{{- 3}} {{3 -}} ", "{}", "3 3"},
      {R"({{define "t"}}<{{.}}>{{end}}{{template "t" .x}}{{template "t"}})", R"({"x": 1})",
       "<1><<undefined>>"},
      {R"({{block "b" .x}}[{{.}}]{{end}})", R"({"x": 1})", "[1]"},
  });
}

TEST_CASE("render_template: refuses what Go refuses") {
  refuse({
      {"{{.a", "{}", "template: template:1: unclosed action"},
      {"\n{{if .a}}x", "{}", "template: template:2: unexpected EOF"},
      {"{{end}}", "{}", "template: template:1: unexpected {{end}}"},
      {"{{nope .a}}", "{}", R"(template: template:1: function "nope" not defined)"},
      {"{{$x}}", "{}", R"(template: template:1: undefined variable "$x")"},
      {"{{}}", "{}", "template: template:1: missing value for command"},
      {"{{break}}", "{}", "template: template:1: {{break}} outside {{range}}"},
      {"{{(.a}}", "{}", "template: template:1: unclosed left paren"},
      {"{{/* x", "{}", "template: template:1: unclosed comment"},
      {"{{1e400}}", "{}", "template: template:1: illegal number syntax: \"1e400\""},
      {"{{.a.b}}", R"({"a": "s"})",
       R"(template: template:1:2: executing "template" at <.a.b>: )"
       R"(can't evaluate field b in type string)"},
      {"{{range .a}}{{end}}", R"({"a": "s"})",
       R"(template: template:1:8: executing "template" at <.a>: range can't iterate over s)"},
      {"{{eq .a 1}}", R"({"a": 1})",
       R"(template: template:1:2: executing "template" at <eq ...>: )"
       R"(error calling eq: )"
       R"(incompatible types for comparison)"},
      {"{{index .a 5}}", R"({"a": [1]})",
       R"(template: template:1:2: executing "template" at <index ...>: )"
       R"(error calling index: index out of range: 5)"},
  });
}

TEST_CASE("render_template: hostile templates end") {
  Calls call(std::size_t{4} << 20);
  CHECK(rendered(call, R"({{define "t"}}{{template "t" .}}{{end}}{{template "t" .}})", "{}")
            .find("exceeded maximum template depth") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep += "{{if .}}";
  CHECK(rendered(call, deep, "{}").find("nested too deep") != std::string::npos);
  CHECK(rendered(call, "{{" + std::string(5'000, '('), "{}").find("nested too deep") !=
        std::string::npos);
  CHECK(rendered(call, R"({{range 100000000}}xxxxxxxx{{end}})", "{}")
            .starts_with("eval_cancel_error: "));
}

}  // namespace
}  // namespace mc::builtin
