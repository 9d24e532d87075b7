#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

constexpr const char* kOk = "";

TEST_CASE("resolve: names are those of imports, of the package, or of the body") {
  struct Row {
    const char* module;
    const char* text;
  };
  const Row rows[] = {
      {"p := q\nq := 1", "p := __local0__ { __local0__ = data.a.q }\nq := 1"},
      {"p := q.r[0]\nq.r := [1]", "p := __local0__ { __local0__ = data.a.q.r[0] }\nq.r := [1]"},
      {"import data.b.c\np if c.d", "p := true { data.b.c.d }"},
      {"import data.b.c as x\np if x.d", "p := true { data.b.c.d }"},
      {"import input.u as user\np if user.name == 1", "p := true { input.u.name = 1 }"},
      {"p if f(1)\nf(x) := x", "p := true { data.a.f(1) }\nf(__local0__) := __local0__"},
      {"p if { q := input; q.x }\nq := 1",
       "p := true { __local0__ = input; __local0__.x }\nq := 1"},
      {"p if { some q; input[q] }\nq := 1", "p := true { input[__local0__] }\nq := 1"},
      {"f(q) if q\nq := 1", "f(__local0__) := true { __local0__ }\nq := 1"},
      {"p if { every q in input { q } }\nq := 1",
       "p := true { __local1__ = input; every __local0__ in __local1__ { __local0__ } }\n"
       "q := 1"},
      {"p if input[q]\nq := 1", "p := true { __local0__ = data.a.q; input[__local0__] }\nq := 1"},
      {"p if { x := [q | q := 1]; x[0] == q }\nq := 1",
       "p := true { __local1__ = [__local0__ | __local0__ = 1]; __local1__[0] = data.a.q }\n"
       "q := 1"},
      {"p.q contains 1\nr if p.q[1]", "p.q contains 1\nr := true { data.a.p.q[1] }"},
      {"p := 1\nq if data.a.p", "p := 1\nq := true { data.a.p }"},
      {"import rego.v1\nimport future.keywords.in\np := 1", "p := 1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.module);
    const Passed passed = run_module(row.module);
    CHECK(passed.errors == "");
    CHECK(rewritten(passed.c) == row.text);
  }
}

TEST_CASE("resolve: a package is what all its modules hold") {
  const std::string modules[] = {"package a.b\np if q", "package a.b\nq := 1",
                                 "package a\nr if b.p\ns if data.a.b.p"};
  CHECK(run_passes(modules, {}).errors == "c.rego:2:6 rego_unsafe_var_error: var b is unsafe");
}

TEST_CASE("resolve: functions that are not there are told") {
  const ErrorCase cases[] = {
      {"p if f(1)", "2:6 rego_type_error: undefined function f"},
      {"p if foo.bar(1)", "2:6 rego_type_error: undefined function foo.bar"},
      {"p := f(1)", "2:6 rego_type_error: undefined function f"},
      {"p if data.a.f(1)", "2:6 rego_type_error: undefined function data.a.f"},
      {"import data.b.g\np if g(1)", "3:6 rego_type_error: undefined function data.b.g"},
      {"p if not f(1)", "2:6 rego_type_error: undefined function f"},
      {"p if {\n\tx := [y | y := f(1)]\n\tx\n}", "3:17 rego_type_error: undefined function f"},
      {"p if input.a with input.b as f(1)", "2:30 rego_type_error: undefined function f"},
      {"p if { f := 1; f(2) }", "2:16 rego_type_error: undefined function f"},
      {"p if { f := 1; x := f(2); x }", "2:21 rego_compile_error: called function f shadowed"},
      {"p(f) := f(1)", "2:9 rego_type_error: undefined function f"},
      {"p if { x := \"f\"; data.b[x](1) }", "2:18 rego_type_error: undefined function data.b[x]"},
      {"p if count", "2:6 rego_unsafe_var_error: var count is unsafe"},
  };
  check_module_errors(cases);
}

TEST_CASE("resolve: functions that Rego v1 gave up are refused") {
  const ErrorCase cases[] = {
      {"p if any([true])",
       "2:6 rego_type_error: deprecated built-in function calls in expression: any"},
      {"p := [x | x := all([true])]",
       "2:16 rego_type_error: deprecated built-in function calls in expression: all"},
      {"p if set_diff({1}, {2}) == {1}",
       "2:6 rego_type_error: deprecated built-in function calls in expression: set_diff"},
      {"p if all([true])\nall(x) := x[0]", kOk},
  };
  check_module_errors(cases);
  CHECK(run_query("any([true])").errors == "");
  CompileOptions strict;
  strict.strict = true;
  CHECK(run_query("any([true])", "", strict).errors ==
        "1:1 rego_type_error: deprecated built-in function calls in expression: any");
}

TEST_CASE("resolve: input and data keep their names") {
  const ErrorCase cases[] = {
      {"input := 1",
       "2:1 rego_compile_error: rules must not shadow input (use a different rule name)"},
      {"data := 1",
       "2:1 rego_compile_error: rules must not shadow data (use a different rule name)"},
      {"f(input) := 1",
       "2:1 rego_compile_error: args must not shadow input (use a different variable name)"},
      {"f([x, data]) := 1",
       "2:1 rego_compile_error: args must not shadow data (use a different variable name)"},
      {"p if input := 1",
       "2:6 rego_compile_error: variables must not shadow input (use a different variable name)"},
      {"p if { x := [1 | data := 1]; x }",
       "2:18 rego_compile_error: variables must not shadow data (use a different variable name)"},
      {"p if input = 1", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("resolve: imports have names of their own") {
  const ErrorCase cases[] = {
      {"import data.x\nimport data.y.x",
       "3:1 rego_compile_error: import must not shadow import data.x"},
      {"import data.x\nimport data.y as x",
       "3:1 rego_compile_error: import must not shadow import data.x"},
      {"import data.y as x\nimport data.x\nimport input.x",
       "3:1 rego_compile_error: import must not shadow import data.y as x\n"
       "4:1 rego_compile_error: import must not shadow import data.y as x"},
      {"import data.x\nimport data.y.x as z", kOk},
  };
  check_module_errors(cases);
  CompileOptions strict;
  strict.strict = true;
  const ErrorCase unused[] = {
      {"import data.x\np := 1", "2:1 rego_compile_error: import data.x unused"},
      {"import data.x as y\np := x\nx := 1", "2:1 rego_compile_error: import data.x as y unused"},
      {"import data.x\np := x", kOk},
      {"import data.y.x as x\np := 1", "2:1 rego_compile_error: import data.y.x as x unused"},
      {"import input.u\nimport data.u.v\np := u", "3:1 rego_compile_error: import data.u.v unused"},
      {"import data.x\np if { x := 1; x }", "2:1 rego_compile_error: import data.x unused"},
      {"import rego.v1\np := 1", kOk},
  };
  check_module_errors(unused, strict);
}

TEST_CASE("locals: a name is declared once in a scope, and before it is used") {
  const ErrorCase cases[] = {
      {"p if { x := 1; x := 2 }", "2:16 rego_compile_error: var x assigned above"},
      {"p if { x := 1; [x, y] := [1, 2]; y }", "2:17 rego_compile_error: var x assigned above"},
      {"p if { x = 1; x := 2 }", "2:15 rego_compile_error: var x referenced above"},
      {"p if { input[x]; x := 2 }", "2:18 rego_compile_error: var x referenced above"},
      {"p if { some x; x := 2 }", "2:16 rego_compile_error: var x declared above"},
      {"p if { some x; some x; input[x] }", "2:16 rego_compile_error: var x declared above"},
      {"p if { x := 1; some x; input[x] }", "2:16 rego_compile_error: var x assigned above"},
      {"p if { input[x]; some x }", "2:18 rego_compile_error: var x referenced above"},
      {"p if { x := 1; some x in input }", "2:16 rego_compile_error: var x assigned above"},
      {"p if { some x in input; some x in input }",
       "2:25 rego_compile_error: var x declared above"},
      {"p if { some x in input; x := 1 }", "2:25 rego_compile_error: var x declared above"},
      {"f(x) if x := 1", "2:9 rego_compile_error: arg x redeclared"},
      {"f(x) if { some x; input[x] }", "2:11 rego_compile_error: arg x redeclared"},
      {"f(x, [y]) if { {\"a\": y} := x }", "2:22 rego_compile_error: arg y redeclared"},
      {"f(x) := 1 if x\nelse := 2 if x := 1", "3:14 rego_compile_error: arg x redeclared"},
      {"p if x := x", "2:6 rego_compile_error: var x referenced above"},
      {"p if { y := [x | x := 1; x := 2]; y }", "2:26 rego_compile_error: var x assigned above"},
      {"p if { x := 1; y := [x | x := 2]; y[0] > x }", kOk},
      {"p if { x := 1; every x in [2] { x > 1 }; x == 1 }", kOk},
      {"p if { every x in [2] { x := 1 } }", "2:25 rego_compile_error: var x declared above"},
      {"p := [x | x := 1] if x := 2", kOk},
      {"p if { _ := 1; _ := 2 }", kOk},
      {"p := 1 if x := 1\nelse := 2 if x := 2", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("locals: only variables and patterns of them are assigned") {
  const ErrorCase cases[] = {
      {"p if 1 := 1", "2:6 rego_compile_error: cannot assign to number"},
      {"p if input.x := 1", "2:6 rego_compile_error: cannot assign to ref"},
      {"p if \"s\" := 1", "2:6 rego_compile_error: cannot assign to string"},
      {"p if null := 1", "2:6 rego_compile_error: cannot assign to null"},
      {"p if true := 1", "2:6 rego_compile_error: cannot assign to boolean"},
      {"p if {x} := {1}", "2:6 rego_compile_error: cannot assign to set"},
      {"p if count(x) := 1", "2:6 rego_compile_error: cannot assign to call"},
      {"p if [x, 1] := [1, 1]", "2:10 rego_compile_error: cannot assign to number"},
      {"p if [x | x = 1] := [1]", "2:6 rego_compile_error: cannot assign to arraycomprehension"},
      {"p if {\"a\": {\"b\": input.c}} := input", "2:18 rego_compile_error: cannot assign to ref"},
      {"p if not x := 1", "2:6 rego_compile_error: cannot assign vars inside negated expression"},
      {"p if { [x, {\"a\": y}] := input.z; x == y }", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("locals: what is declared is used") {
  const ErrorCase cases[] = {
      {"p if { some x; input.y }", "2:8 rego_compile_error: declared var x unused"},
      {"p if { some x, y; input[y] }", "2:8 rego_compile_error: declared var x unused"},
      {"p if some x", "2:6 rego_compile_error: declared var x unused"},
      {"p if { y := [1 | some x; input.y]; y }", "2:18 rego_compile_error: declared var x unused"},
      {"p if { every x in input { input.y } }", "2:27 rego_compile_error: declared var x unused"},
      {"p if { every k, v in input { v > 1 } }", "2:30 rego_compile_error: declared var k unused"},
      {"p if { every _ in input { input.y } }", kOk},
      {"p contains x if some x", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p contains x if { some x; input[x] }", kOk},
      {"p if { x := 1; input.y }", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("locals: strict mode refuses what is assigned and not used") {
  CompileOptions strict;
  strict.strict = true;
  const ErrorCase cases[] = {
      {"p if { x := 1; input.y }", "2:8 rego_compile_error: assigned var x unused"},
      {"p if {\n\tinput.y\n\t[x, y] := [1, 2]\n\ty > 1\n}",
       "4:2 rego_compile_error: assigned var x unused"},
      {"p := [1 | x := 1; input.y]", "2:11 rego_compile_error: assigned var x unused"},
      {"f(x) := 1",
       "2:1 rego_compile_error: unused argument x. (hint: use _ (wildcard variable) instead)"},
      {"f(x, [y]) := x",
       "2:1 rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)"},
      {"f(x) := 1 if input.a\nelse := x if input.b", kOk},
      {"f(_) := 1", kOk},
      {"f(x) := 1 if x > 1", kOk},
      {"p if { x := 1; x > 0 }", kOk},
      {"p := x if x := 1", kOk},
      {"p if { x := 1; y := [x | true]; y }", kOk},
      {"p if { _ := 1 }", kOk},
  };
  check_module_errors(cases, strict);
}

TEST_CASE("with: it replaces documents and functions, whole") {
  const ErrorCase cases[] = {
      {"p if input.a with foo as 1",
       "2:19 rego_type_error: with keyword target must reference existing input, data, or a "
       "function"},
      {"p if input.a with foo.bar as 1",
       "2:19 rego_type_error: with keyword target must reference existing input, data, or a "
       "function"},
      {"p if input.a with data.a.q.r as 1\nq := 1",
       "2:19 rego_compile_error: with keyword cannot partially replace virtual document(s)"},
      {"p if input.a with walk as 1",
       "2:19 rego_compile_error: with keyword replacing built-in function: target must not be a "
       "relation"},
      {"p if input.a with eq as 1",
       "2:19 rego_compile_error: with keyword replacing built-in function: replacement of \"eq\" "
       "invalid"},
      {"p if input.a with rego.metadata.rule as 1",
       "2:19 rego_compile_error: with keyword replacing built-in function: replacement of "
       "\"rego.metadata.rule\" invalid"},
      {"p if input.a with internal.print as 1",
       "2:19 rego_compile_error: with keyword replacing built-in function: replacement of internal "
       "function \"internal.print\" invalid"},
      {"p if input.a with print as 1",
       "2:19 rego_compile_error: with keyword replacing built-in function: target must not be a "
       "void function"},
      {"p if input.a with data.b.c as 1 with input.x as 2 with count as 3", kOk},
      {"p if count([1]) with count as f\nf(x) := x", kOk},
      {"p if f(1) with f as count\nf(x) := x", kOk},
      {"p if f(1) with data.a.f as 3\nf(x) := x", kOk},
      {"p if q with q as 1\nq := 1", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("print: operands are declared above, and the call has no value") {
  const ErrorCase cases[] = {
      {"p if print(x)", "2:12 rego_compile_error: var x is undeclared"},
      {"p if { print(x); x := 1 }", "2:18 rego_compile_error: var x referenced above"},
      {"p if { print(x, y); x = 1; y = 2 }",
       "2:14 rego_compile_error: var x is undeclared\n2:17 rego_compile_error: var y is "
       "undeclared"},
      {"p := [x | x := input.a[_]; print(y)]", "2:34 rego_compile_error: var y is undeclared"},
      {"p if x := print(1)", "2:11 rego_type_error: print(1) used as value"},
      {"p if count(print(1)) == 1", "2:12 rego_type_error: print(1) used as value"},
      {"p if { x := 1; print(x, input.y, data.z) }", kOk},
      {"p if { every x in input.a { print(x); x } }", kOk},
      {"f(x) if print(x)", kOk},
  };
  check_module_errors(cases);
  CompileOptions silent;
  silent.allow_print = false;
  CHECK(rewritten(run_module("p if { print(x) }\nq := [1 | print(y); true]", silent).c) ==
        "p := true { true }\nq := __local0__ { __local0__ = [1 | true] }");
}

TEST_CASE("templates: their variables are bound by the body") {
  const ErrorCase cases[] = {
      {"p := $\"{x.y}\"", "2:9 rego_compile_error: var x is undeclared"},
      {"p := $\"{x}\"", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p := $\"{x + 1}\" if input.a", "2:9 rego_compile_error: var x is undeclared"},
      {"p := $\"{[y | y := x]}\" if x := 1", kOk},
      {"p := $\"a {x + 1} b\" if x := 1", kOk},
      {"p := $\"{walk(input)}\"",
       "2:9 rego_compile_error: illegal call to relation built-in 'walk' that may cause multiple "
       "outputs"},
  };
  check_module_errors(cases);
}

}  // namespace
}  // namespace mc::rego::testing
