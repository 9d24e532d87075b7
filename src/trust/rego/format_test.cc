#include <doctest/doctest.h>

#include "rego/rego.h"

namespace mc::rego {
namespace {

std::string formatted(std::string_view text) {
  const Checked<Module> module = parse_module(text, "m.rego");
  if (!module) return to_line(module.error()[0]);
  return format(*module);
}

// One rule or more, behind a package.
std::string formatted_rules(std::string_view text) {
  const std::string all = formatted("package a\n" + std::string(text));
  CHECK(formatted(all) == all);
  return all.substr(std::min<std::size_t>(all.size(), 11));
}

}  // namespace

TEST_CASE("format: spaces, operators and parentheses") {
  struct Row {
    std::string_view text, want;
  };
  const Row rows[] = {
      {"p   :=1", "p := 1\n"},
      {"p = 1", "p := 1\n"},
      {"p if {x}", "p if x\n"},
      {"p if {\nx }", "p if {\n\tx\n}\n"},
      {"p if { {1} }", "p if {\n\t{1}\n}\n"},
      {"p if true", "p := true\n"},
      {"p := true if x", "p if x\n"},
      {"p := false if x", "p := false if x\n"},
      {"p contains  1  if {  x ;y }", "p contains 1 if {\n\tx\n\ty\n}\n"},
      {"f( x,[y] ) :=1 if x>y", "f(x, [y]) := 1 if x > y\n"},
      {"default  p=1", "default p := 1\n"},
      {"p := a+b*c", "p := a + (b * c)\n"},
      {"p if x == (y == z)", "p if x == (y == z)\n"},
      {"p if x == y+1", "p if x == y + 1\n"},
      {"p := [(x|y),1]", "p := [(x | y), 1]\n"},
      {"p := {(x+1):y|z}", "p := {(x + 1): y | z}\n"},
      {"p := f((1,2 in x))", "p := f((1, 2 in x))\n"},
      {"p if some k,v in xs", "p if some k, v in xs\n"},
      {"p if every k,v in xs{k;v}", "p if every k, v in xs { k; v }\n"},
      {"p if not x with input as 1", "p if not x with input as 1\n"},
      {"p := a[\"b\"].c[\"d e\"][\"if\"].if[_]", "p := a.b.c[\"d e\"][\"if\"].if[_]\n"},
      {"p := \"\\u0041\\/\"", "p := \"\\u0041\\/\"\n"},
      {"p := `a\n b`", "p := `a\n b`\n"},
      {"p := $\"{ x }\\{\"", "p := $\"{ x }\\{\"\n"},
      {"p := {\"a\":1,\"b\":{}}", "p := {\"a\": 1, \"b\": {}}\n"},
      {"p := set( )", "p := set()\n"},
      {"p.q := 1", "p[\"q\"] := 1\n"},
      {"p.q := 1\np.q.r := 2", "p.q := 1\np.q.r := 2\n"},
      {"p if {x} {y}", "p if x\n\np if y\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(formatted_rules(row.text) == row.want);
  }
}

TEST_CASE("format: what stood on several lines stays on several lines") {
  CHECK(formatted_rules("p := [1,2,\n3]") == "p := [\n\t1, 2,\n\t3,\n]\n");
  CHECK(formatted_rules("p := {\n\"a\": {\"b\":1}, \"c\":[{\n\"d\":2}]}") ==
        "p := {\n\t\"a\": {\"b\": 1}, \"c\": [{\n\t\t\"d\": 2,\n\t}],\n}\n");
  CHECK(formatted_rules("p := f(x,\n  y)") == "p := f(\n\tx,\n\ty,\n)\n");
  CHECK(formatted_rules("p := [x |\n x := 1; y]") == "p := [x |\n\tx := 1\n\ty\n]\n");
  CHECK(formatted_rules("p if {\nx\n\n\n\ny with input as 1\n with data.z as 2\n}") ==
        "p if {\n\tx\n\n\ty with input as 1\n\t\twith data.z as 2\n}\n");
  CHECK(formatted_rules("p if {\nevery x in xs {\nx\n}\nsome a,\n b\n}") ==
        "p if {\n\tevery x in xs {\n\t\tx\n\t}\n\tsome a,\n\t\tb\n}\n");
}

TEST_CASE("format: else stays behind its brace or begins a paragraph") {
  CHECK(formatted_rules("p := 1 if {\nx\n} else := 2 if {\ny\n}\nelse := 3") ==
        "p := 1 if {\n\tx\n} else := 2 if {\n\ty\n}\n\nelse := 3\n");
  CHECK(formatted_rules("p := 1 if x else := 2") == "p := 1 if x\n\nelse := 2\n");
}

TEST_CASE("format: rules that follow line by line stay together") {
  CHECK(formatted_rules("p := 1\nq := 2\n\nr := 3\ndefault s := 4\nt := 5 if {\nx\n}\nu := 6\n") ==
        "p := 1\nq := 2\n\nr := 3\n\ndefault s := 4\n\nt := 5 if {\n\tx\n}\n\nu := 6\n");
}

TEST_CASE("format: imports are sorted within their paragraph, with their comments") {
  CHECK(formatted("package a\nimport data.c # sea\nimport data.b as x\nimport data.b as w\n\n"
                  "import input.z\nimport data.y\n") ==
        "package a\n\nimport data.b as w\nimport data.b as x\nimport data.c # sea\n\n"
        "import data.y\nimport input.z\n");
}

TEST_CASE("format: comments are kept where they stood") {
  const std::string_view text =
      "\n\n#    first\n\n\n# second\npackage a # third\n# fourth\n\n\n# fifth\np if { # sixth\n"
      "  x # seventh\n  # eighth\n} # ninth\n\nq := [ # tenth\n  1, # eleventh\n  # twelfth\n  2\n"
      "  # thirteenth\n]\n\nr := [x | # fourteenth\n  x := 1\n  # fifteenth\n]\n# last\n";
  const std::string want =
      "#    first\n\n# second\npackage a # third\n\n# fourth\n\n# fifth\np if { # sixth\n"
      "\tx # seventh\n\t# eighth\n} # ninth\n\nq := [ # tenth\n\t1, # eleventh\n\t# twelfth\n\t2,\n"
      "\t# thirteenth\n]\n\nr := [x | # fourteenth\n\tx := 1\n\t# fifteenth\n]\n\n# last\n";
  CHECK(formatted(text) == want);
  CHECK(formatted(want) == want);
}

TEST_CASE("format: a comment without a place of its own ends the line") {
  CHECK(formatted_rules("p if {\nx == # why\n y # more\n}") ==
        "p if {\n\tx == y # why\n\t# more\n}\n");
}

TEST_CASE("format: a canonical text stays as it is") {
  const std::string text =
      "# METADATA\n# title: A package\npackage a.b\n\nimport data.x\n\ndefault allow := false\n\n"
      "# METADATA\n# description: who may\nallow if {\n\tsome role in input.roles\n"
      "\tnot role in data.denied\n} else if input.admin\n\nnames contains name if {\n"
      "\tname := sprintf(\"%s-%d\", [input.name, 1])\n}\n\nlimits[kind] := {\n\t\"low\": 1,\n"
      "\t\"high\": 10,\n}[kind] if {\n\tsome kind in [\"low\", \"high\"]\n}\n";
  CHECK(formatted(text) == text);
}

}  // namespace mc::rego
