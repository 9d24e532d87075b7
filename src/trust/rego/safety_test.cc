#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

constexpr const char* kOk = "";

TEST_CASE("safety: a variable that nothing binds is told where it first stands") {
  const ErrorCase cases[] = {
      {"p if x", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if x == 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if x > 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if 1 == x", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if x.y", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if x.y.z == 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if x[1] = 2", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if count(x)", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if count(x) > 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if {x: 1} = input", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if {x} = input", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if input == [x]", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if {\n\tinput.a\n\tinput.b == y\n}", "4:2 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\ty != 1\n\tinput.a\n\ty != 2\n}", "3:2 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\tx = y\n}",
       "3:2 rego_unsafe_var_error: var x is unsafe\n3:2 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\tx := y\n}",
       "3:2 rego_unsafe_var_error: var x is unsafe\n3:2 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\tx = [y, 1]\n\tx = z\n}",
       "3:2 rego_unsafe_var_error: var x is unsafe\n3:2 rego_unsafe_var_error: var y is unsafe\n"
       "4:2 rego_unsafe_var_error: var z is unsafe"},
      {"p if startswith(input.a, x)", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if f(x)\nf(y) if y == 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if {\n\tx := 1\n\ty + x == 2\n}", "4:2 rego_unsafe_var_error: var y is unsafe"},
      {"p if input.a[x].b[y.z]", "2:6 rego_unsafe_var_error: var y is unsafe"},
  };
  check_module_errors(cases);
}

TEST_CASE("safety: variables of a head must stand in the body") {
  const ErrorCase cases[] = {
      {"p := x", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p contains x", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p contains x if input.a", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p[x] := 1 if input.a", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p[x].q := 1 if input.a", "2:1 rego_unsafe_var_error: var x is unsafe"},
      {"p[input.k] := y if input.a", "2:1 rego_unsafe_var_error: var y is unsafe"},
      {"f(x) := y if x == 1", "2:1 rego_unsafe_var_error: var y is unsafe"},
      {"f(x) := [x, {\"a\": z}] if x == 1", "2:1 rego_unsafe_var_error: var z is unsafe"},
      {"p := 1 if input.a\nelse := x if input.b", "3:1 rego_unsafe_var_error: var x is unsafe"},
      {"p := [x | y := 1]", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"f(x) := x", kOk},
      {"p contains x if x := input.a", kOk},
      {"p[x].q[y] := z if z := input.a[x][y]", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("safety: negation binds nothing") {
  const ErrorCase cases[] = {
      {"p if not x", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if not x = 1", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if not input[x]", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if not input[_]", "2:6 rego_unsafe_var_error: var _ is unsafe"},
      {"p if {\n\tnot input.a[x] == y\n\ty = 1\n}", "3:2 rego_unsafe_var_error: var x is unsafe"},
      {"p if {\n\tnot x == 1\n\tx := input.a\n}", "4:2 rego_compile_error: var x referenced above"},
      {"p if {\n\tnot x == 1\n\tx = input.a\n}", kOk},
      {"p if not input.a[input.b]", kOk},
      {"p if not f(1)\nf(x) := x", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("safety: closures bind nothing outside and need what they close over") {
  const ErrorCase cases[] = {
      {"p if _ = [x | x = input[_]; y > 1]", "2:29 rego_unsafe_var_error: var y is unsafe"},
      {"p := {x | input.a}", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p := {x: y | x := input.a}", "2:6 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\txs := [x | x := input.a[_]]\n\tx > 1\n\tcount(xs) > 0\n}",
       "4:2 rego_unsafe_var_error: var x is unsafe"},
      {"p if x = [x | x = 1]", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if every x in y { x > 1 }", "2:17 rego_unsafe_var_error: var y is unsafe"},
      {"p if every x in input.a { x > y }", "2:27 rego_unsafe_var_error: var y is unsafe"},
      {"p if {\n\tevery x in input.a { x > 1 }\n\tx == 2\n}",
       "4:2 rego_unsafe_var_error: var x is unsafe"},
      {"p if {\n\tys := [y | y := input.a[_]; y > z]\n\tcount(ys) > 1\n}",
       "3:30 rego_unsafe_var_error: var z is unsafe"},
      {"p if {\n\tys = [y | y = input.a[_]; y > z]\n\tcount(ys) > z\n\tz = 1\n}", kOk},
      {"p if {\n\tevery x in input.a { x > z }\n\tz = input.b\n}", kOk},
      {"p if {\n\tevery x in [y, 2] { x > 1 }\n\ty = input.b\n}", kOk},
      {"p := [[y | y := x[_]] | x := input.a[_]]", kOk},
      {"f(x) := [y | y := x[_]]", kOk},
      {"p if { [x | x = 1] = [y | y = 2] }", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("safety: with values and operands of functions must be bound") {
  const ErrorCase cases[] = {
      {"p if input.a with input.a as x", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if input.a with input as {\"a\": x}", "2:6 rego_unsafe_var_error: var x is unsafe"},
      {"p if {\n\ty = input.a with input.a as x\n\tx = input.b\n}", kOk},
      {"p if walk(x, [path, value])",
       "2:6 rego_unsafe_var_error: var x is unsafe\n2:6 rego_unsafe_var_error: var path is "
       "unsafe\n2:6 rego_unsafe_var_error: var value is unsafe"},
      {"p if walk(input, [path, value])", kOk},
      {"p if { count(input.a, n); n > 1 }", kOk},
      {"p if { n > 1; f(input.a, n) }\nf(x) := x", kOk},
      {"p if { {\"a\": x, \"b\": [y, {\"c\": z}]} = input; x + y == z }", kOk},
      {"p if { [x, y] = [y, 1]; x == 1 }", kOk},
      {"p if { [1, x] = [y, z]; z = y; x == 1 }",
       "2:8 rego_unsafe_var_error: var x is unsafe\n2:8 rego_unsafe_var_error: var z is unsafe\n"
       "2:25 rego_unsafe_var_error: var y is unsafe"},
      {"p if { [1, x] = [y, y]; x == 1 }", kOk},
      {"p if { input.a[i] = input.b[j]; i != j }", kOk},
      {"p if { x = y; y = 1; x > 0 }", kOk},
      {"p if { x = y; y = z; z = input.a; x > 0 }", kOk},
      {"p if { x > 0; y < 1; x = y; y = input.z }", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("safety: queries are held to the same") {
  const ErrorCase cases[] = {
      {"x", "1:1 rego_unsafe_var_error: var x is unsafe"},
      {"x > 1; x = 2", kOk},
      {"not y", "1:1 rego_unsafe_var_error: var y is unsafe"},
      {"data[x].y = z", kOk},
      {"[x | y]",
       "1:1 rego_unsafe_var_error: var x is unsafe\n1:6 rego_unsafe_var_error: var y is unsafe"},
  };
  for (const ErrorCase& row : cases) {
    CAPTURE(row.text);
    CHECK(run_query(row.text).errors == row.errors);
  }
}

TEST_CASE("safety: bodies keep their order but for what must come later") {
  struct Row {
    const char* module;
    const char* text;
  };
  const Row rows[] = {
      {"p if { input.a; input.b; input.c }", "p := true { input.a; input.b; input.c }"},
      {"p if { x > 1; input.a; x = input.b }", "p := true { input.a; x = input.b; x > 1 }"},
      {"p if { x > y; x = y; input.c; y = 1 }", "p := true { input.c; y = 1; x = y; x > y }"},
      {"p if { not x; not y; y = input.b; x = input.a }",
       "p := true { y = input.b; x = input.a; not x; not y }"},
      {"p if { count(x) > 1; x = {y | y = z}; z = 1 }",
       "p := true { z = 1; x = {y | y = z}; count(x, __local0__); __local0__ > 1 }"},
      {"p if { f(x, 1); x = 2 }\nf(a) := a",
       "p := true { x = 2; data.a.f(x, 1) }\nf(__local0__) := __local0__"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.module);
    const Passed passed = run_module(row.module);
    CHECK(passed.errors == "");
    CHECK(rewritten(passed.c) == row.text);
  }
}

TEST_CASE("safety: long bodies and deep closures are no trouble") {
  std::string chain = "p if {\n";
  for (int i = 0; i < 5'000; ++i) {
    chain += "x" + std::to_string(i) + " = x" + std::to_string(i + 1) + "\n";
  }
  const Passed passed = run_module(chain + "x5000 = 1\n}");
  CHECK(passed.errors == "");
  const Body& body = passed.c.modules[0].rules[0].body;
  CHECK(to_text(body.front()) == "x5000 = 1");
  CHECK(to_text(body.back()) == "x0 = x1");
  std::string deep = "1";
  for (int i = 0; i < 90; ++i) deep = "[f(" + deep + ") | true]";
  CHECK(run_module("f(x) := x\np := " + deep).errors == "");
}

}  // namespace
}  // namespace mc::rego::testing
