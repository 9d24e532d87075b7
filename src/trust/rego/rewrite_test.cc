#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

struct Row {
  const char* module;
  const char* rules;
};

void check_rules(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(std::string(row.module));
    const Passed passed = run_module(row.module);
    CHECK(passed.errors == "");
    CHECK(rewritten(passed.c) == row.rules);
  }
}

TEST_CASE("rewrite: no call stands inside another term") {
  const Row rows[] = {
      {"p if { x := 1; y := x + 2 * x; y > input.z[x] }",
       "p := true { __local0__ = 1; mul(2, __local0__, __local2__); plus(__local0__, __local2__, "
       "__local3__); __local1__ = __local3__; __local4__ = input.z[__local0__]; __local1__ > "
       "__local4__ }"},
      {"p := count(input.xs) + f(f(1))\nf(x) := x",
       "p := __local4__ { __local5__ = input.xs; count(__local5__, __local1__); data.a.f(1, "
       "__local2__); data.a.f(__local2__, __local3__); plus(__local1__, __local3__, __local4__) "
       "}\nf(__local0__) := __local0__"},
      {"p if not f(g(input.x))\nf(x) := x\ng(x) := x",
       "p := true { __local3__ = input.x; data.a.g(__local3__, __local2__); not "
       "data.a.f(__local2__) }\nf(__local0__) := __local0__\ng(__local1__) := __local1__"},
      {"p if { f(1, x); x > 1 }\nf(y) := y",
       "p := true { data.a.f(1, x); x > 1 }\nf(__local0__) := __local0__"},
      {"p if f(g(1), input.y)[input.z]\nf(x, y) := [x, y]\ng(x) := x",
       "p := true { data.a.g(1, __local3__); __local5__ = input.y; data.a.f(__local3__, "
       "__local5__, __local4__); __local6__ = input.z; __local4__[__local6__] }\nf(__local0__, "
       "__local1__) := [__local0__, __local1__]\ng(__local2__) := __local2__"},
      {"p if {\"a\": input.a + 1, f(2): [f(3)]} == input\nf(x) := x",
       "p := true { __local4__ = input.a; plus(__local4__, 1, __local1__); data.a.f(2, "
       "__local2__); data.a.f(3, __local3__); {\"a\": __local1__, __local2__: [__local3__]} = "
       "input }\nf(__local0__) := __local0__"},
      {"p if [1, 2][i] > 1",
       "p := true { __local0__ = [1, 2]; __local1__ = __local0__[i]; __local1__ > 1 }"},
      {"p if x := {y | y := input.a}[_]",
       "p := true { __local2__ = {__local0__ | __local0__ = input.a}; __local1__ = __local2__[_] "
       "}"},
      {"p := 1 in [1, 2]", "p := __local0__ { internal.member_2(1, [1, 2], __local0__) }"},
      {"p if \"a\", 1 in {\"a\": 1}", "p := true { \"a\", 1 in {\"a\": 1} }"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: heads are simple, with arguments that all branches share") {
  const Row rows[] = {
      {"p contains input.x", "p contains __local0__ { __local0__ = input.x }"},
      {"p contains f(x) if x := input.x\nf(x) := x",
       "p contains __local2__ { __local0__ = input.x; data.a.f(__local0__, __local2__) "
       "}\nf(__local1__) := __local1__"},
      {"p[input.a].b[f(1)] := input.c\nf(x) := x",
       "p[__local0__].b[__local1__] := __local3__ { __local0__ = input.a; data.a.f(1, __local4__); "
       "__local1__ = __local4__; __local3__ = input.c }\nf(__local2__) := __local2__"},
      {"p := {\"k\": input.k, \"l\": [input.l, {input.m}]}",
       "p := __local0__ { __local1__ = input.k; __local2__ = input.l; __local3__ = input.m; "
       "__local0__ = {\"k\": __local1__, \"l\": [__local2__, {__local3__}]} }"},
      {"p := 1 if input.a\nelse := input.b if input.c\nelse := 3",
       "p := 1 { input.a }\np := __local0__ { input.c; __local0__ = input.b }\np := 3"},
      {"f([x, {\"a\": y}], _, 1, x) := [y, input.z]",
       "f([__local0__, {\"a\": __local1__}], __local2__, 1, __local0__) := __local3__ { __local4__ "
       "= input.z; __local3__ = [__local1__, __local4__] }"},
      {"f(x) := 1 if x\nelse := y if { y := x + 1 }",
       "f(__local0__) := 1 { __local0__ }\nf(__local0__) := __local1__ { plus(__local0__, 1, "
       "__local2__); __local1__ = __local2__ }"},
      {"f(input.x) := 1 if input.y\nelse := 2",
       "f(__local0__) := 1 { input.y; __local0__ = input.x }\nf(__local0__) := 2 { __local0__ = "
       "input.x }"},
      {"f(x) := [y | y := x[_]]",
       "f(__local0__) := __local2__ { __local2__ = [__local1__ | __local1__ = __local0__[_]] }"},
      {"p := [x | x := 1] if { x := 2; x > 1 }",
       "p := __local2__ { __local1__ = 2; __local1__ > 1; __local2__ = [__local0__ | __local0__ = "
       "1] }"},
      {"default p := [1, {\"a\": null}]", "p := [1, {\"a\": null}]"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: some declares, and finds in a collection") {
  const Row rows[] = {
      {"p contains x if some x in input.xs",
       "p contains __local2__ { __local2__ = input.xs[__local1__] }"},
      {"p[k] := v if some k, v in input.xs",
       "p[__local0__] := __local1__ { __local1__ = input.xs[__local0__] }"},
      {"p if { some [_, x], {\"a\": y} in f(1); x == y }\nf(x) := x",
       "p := true { data.a.f(1, __local4__); {\"a\": __local2__} = __local4__[__local5__]; "
       "__local5__ = [__local0__, __local1__]; __local1__ = __local2__ }\nf(__local3__) := "
       "__local3__"},
      {"p if { some 1, x in [2, 3]; x }",
       "p := true { __local1__ = [2, 3]; __local0__ = __local1__[1]; __local0__ }"},
      {"p if { some x, y; input[x][y] }", "p := true { input[__local0__][__local1__] }"},
      {"p contains x if some _, x in input",
       "p contains __local1__ { __local1__ = input[__local0__] }"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: closures keep to themselves what they declare") {
  const Row rows[] = {
      {"p := [y | y := input.a[i]; i > 3; not input.b[y]]",
       "p := __local1__ { __local1__ = [__local0__ | __local0__ = input.a[i]; i > 3; not "
       "input.b[__local0__]] }"},
      {"p := {input.k: f(x) | some x in input.xs}\nf(x) := x",
       "p := __local6__ { __local6__ = {__local5__: __local4__ | __local2__ = "
       "input.xs[__local1__]; data.a.f(__local2__, __local4__); __local5__ = input.k} "
       "}\nf(__local3__) := __local3__"},
      {"p := [[y | y := x + 1] | x := input.a[_]]",
       "p := __local4__ { __local4__ = [__local3__ | __local0__ = input.a[_]; __local3__ = "
       "[__local1__ | plus(__local0__, 1, __local2__); __local1__ = __local2__]] }"},
      {"p if every k, v in input.xs { v > k; v == input.c[k] }",
       "p := true { __local2__ = input.xs; every __local0__, __local1__ in __local2__ { __local1__ "
       "> __local0__; __local1__ = input.c[__local0__] } }"},
      {"p if every x in [f(1)] { every y in x { y > x[0] } }\nf(x) := [x]",
       "p := true { data.a.f(1, __local4__); __local3__ = [__local4__]; every __local0__ in "
       "__local3__ { __local5__ = __local0__; every __local1__ in __local5__ { __local6__ = "
       "__local0__[0]; __local1__ > __local6__ } } }\nf(__local2__) := [__local2__]"},
      {"p if count({x | x = input.q[_]}) > 1",
       "p := true { __local1__ = {x | x = input.q[_]}; count(__local1__, __local0__); __local0__ > "
       "1 }"},
      {"p if [x | x = 1]", "p := true { __local0__ = [x | x = 1]; __local0__ }"},
      {"p if { q[[input.x, a]]; b = a; q[[b, a]] }\nq contains [1, 2]",
       "p := true { __local0__ = input.x; data.a.q[__local1__]; __local1__ = [__local0__, a]; b = "
       "a; __local2__ = [b, a]; data.a.q[__local2__] }\nq contains [1, 2]"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: operands of refs are constants and variables") {
  const Row rows[] = {
      {"p if { x := 1; not q[[x, input.y]] }\nq contains [1, 2]",
       "p := true { __local0__ = 1; __local1__ = input.y; __local2__ = [__local0__, __local1__]; "
       "not data.a.q[__local2__] }\nq contains [1, 2]"},
      {"p if q[{\"a\": input.x, \"b\": y}].c\nq contains 1",
       "p := true { __local0__ = input.x; data.a.q[__local1__].c; __local1__ = {\"a\": __local0__, "
       "\"b\": y} }\nq contains 1"},
      {"p if input.a[input.b[input.c]] = 1",
       "p := true { __local0__ = input.c; __local1__ = input.b[__local0__]; input.a[__local1__] = "
       "1 }"},
      {"p if input.a[_].b[_]", "p := true { input.a[_].b[_] }"},
      {"p if { {\"a\": x, \"b\": [y]} = input.o; x != y }",
       "p := true { {\"a\": x, \"b\": [y]} = input.o; x != y }"},
      {"p if { [input.a, x] = [y, input.b]; x == y }",
       "p := true { __local0__ = input.a; __local1__ = input.b; [__local0__, x] = [y, __local1__]; "
       "x = y }"},
      {"p if walk(input, [path, input.x])",
       "p := true { __local0__ = input; __local1__ = input.x; walk(__local0__, [path, __local1__]) "
       "}"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: values of with are simple, or functions") {
  const Row rows[] = {
      {"p if f(1, [2, 3]) with input.x as [1, input.y]\nf(x, y) := [x, y]",
       "p := true { __local3__ = input.y; __local2__ = [1, __local3__]; data.a.f(1, [2, 3]) with "
       "input.x as __local2__ }\nf(__local0__, __local1__) := [__local0__, __local1__]"},
      {"p if input.x[input.y] with input as {\"x\": f(1)}\nf(x) := x",
       "p := true { data.a.f(1, __local1__); __local2__ = input.y with input as {\"x\": "
       "__local1__}; input.x[__local2__] with input as {\"x\": __local1__} }\nf(__local0__) := "
       "__local0__"},
      {"p if count([1]) == 1 with count as f\nf(x) := x",
       "p := true { count([1], __local1__) with count as data.a.f; __local1__ = 1 with count as "
       "data.a.f }\nf(__local0__) := __local0__"},
      {"p if f(1) with f as count with data.b.c as input.z\nf(x) := x",
       "p := true { __local1__ = input.z; data.a.f(1) with data.a.f as count with data.b.c as "
       "__local1__ }\nf(__local0__) := __local0__"},
      {"p if every x in input.a { x } with input.a as [1]",
       "p := true { __local1__ = input.a with input.a as [1]; every __local0__ in __local1__ { "
       "__local0__ } with input.a as [1] }"},
      {"p := x if x := q[_] + 1 with input.y as 2\nq contains input.y",
       "p := __local0__ { __local3__ = data.a.q[_] with input.y as 2; plus(__local3__, 1, "
       "__local1__) with input.y as 2; __local0__ = __local1__ with input.y as 2 }\nq contains "
       "__local2__ { __local2__ = input.y }"},
      {"p if { x := input.x; input.y == x with input.y as x }",
       "p := true { __local0__ = input.x; input.y = __local0__ with input.y as __local0__ }"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: what print and templates show may be undefined") {
  const Row rows[] = {
      {"p := $\"a {input.x} b {y}\" if y := 1",
       "p := __local2__ { __local0__ = 1; __local3__ = {__local1__ | __local1__ = input.x}; "
       "internal.template_string([\"a \", __local3__, \" b \", {__local0__}], __local2__) }"},
      {"p := $\"{q} {r} {q + 1}\"\nq := 1\nr := 1 if input.x",
       "p := __local3__ { __local4__ = data.a.q; __local5__ = {__local0__ | __local0__ = "
       "data.a.r}; __local7__ = {__local1__ | __local6__ = data.a.q; plus(__local6__, 1, "
       "__local2__); __local1__ = __local2__}; internal.template_string([{__local4__}, \" \", "
       "__local5__, \" \", __local7__], __local3__) }\nq := 1\nr := 1 { input.x }"},
      {"p := $\"{$`{input.a}`}\"",
       "p := __local3__ { __local5__ = {__local1__ | __local4__ = {__local0__ | __local0__ = "
       "input.a}; internal.template_string([__local4__], __local2__); __local1__ = __local2__}; "
       "internal.template_string([__local5__], __local3__) }"},
      {"p := $\"\"", "p := __local0__ { internal.template_string([\"\"], __local0__) }"},
      {"p if { x := input.x; print(\"x\", x, input.y[x]) }",
       "p := true { __local0__ = input.x; __local4__ = {__local1__ | __local1__ = \"x\"}; "
       "__local5__ = {__local2__ | __local2__ = __local0__}; __local6__ = {__local3__ | __local3__ "
       "= input.y[__local0__]}; internal.print([__local4__, __local5__, __local6__]) }"},
      {"p if every x in input { print(x); x > 1 }",
       "p := true { __local2__ = input; every __local0__ in __local2__ { __local3__ = {__local1__ "
       "| __local1__ = __local0__}; internal.print([__local3__]); __local0__ > 1 } }"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: metadata of a rule is a value where it is asked for") {
  const Row rows[] = {
      {"# METADATA\n# title: T\np := rego.metadata.rule()",
       "p := __local0__ { __local1__ = {\"scope\": \"rule\", \"title\": \"T\"}; __local0__ = "
       "__local1__ }"},
      {"p if rego.metadata.rule().title",
       "p := true { __local1__ = {}; __local0__ = __local1__; __local0__.title }"},
      {"p := [x | x := rego.metadata.chain()]",
       "p := __local2__ { __local3__ = [{\"path\": [\"a\", \"p\"]}]; __local2__ = [__local0__ | "
       "__local1__ = __local3__; __local0__ = __local1__] }"},
      {"# METADATA\n# scope: package\n# title: P\npackage b.c\n\n# METADATA\n# scope: document\n"
       "# title: D\n\n# METADATA\n# title: R\np := rego.metadata.chain()",
       "p := __local0__ { __local1__ = [{\"annotations\": {\"scope\": \"rule\", \"title\": \"R\"}, "
       "\"path\": [\"b\", \"c\", \"p\"]}, {\"annotations\": {\"scope\": \"document\", \"title\": "
       "\"D\"}, \"path\": [\"b\", \"c\", \"p\"]}, {\"annotations\": {\"scope\": \"package\", "
       "\"title\": \"P\"}, \"path\": [\"b\", \"c\"]}]; __local0__ = __local1__ }"},
  };
  check_rules(rows);
}

TEST_CASE("rewrite: queries keep the variables that people name") {
  struct Query {
    const char* query;
    const char* text;
  };
  const Query rows[] = {
      {"x = data.a.p; y := x + 1", "x = data.a.p; plus(x, 1, __local1__); __local0__ = __local1__"},
      {"data.a.p == 1", "__local0__ = data.a.p; __local0__ == 1"},
      {"input := {\"x\": 1}; input.x = z", "__local0__ = {\"x\": 1}; __local0__.x = z"},
      {"input := 1; x = input with input as 2", "__local0__ = 1; x = __local0__ with input as 2"},
      {"some i; input[i] = x", "input[__local0__] = x"},
      {"__local0__ := 1; __local0__ == x; x = 1", "__local1__ = 1; x = 1; __local1__ == x"},
  };
  for (const Query& row : rows) {
    CAPTURE(std::string(row.query));
    const Passed passed = run_query(row.query);
    CHECK(passed.errors == "");
    CHECK(rewritten(passed.c) == row.text);
  }
}

}  // namespace
}  // namespace mc::rego::testing
