#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

constexpr const char* kOk = "";

TEST_CASE("conflicts: rules of one name are of one kind") {
  const ErrorCase cases[] = {
      {"p := 1\np contains 2", "2:1 rego_type_error: conflicting rules data.a.p found"},
      {"p contains 1\np[x] := 2 if x := 3",
       "2:1 rego_type_error: conflicting rules data.a.p[x] found"},
      {"p := 1\np[x] := 2 if x := 3", "2:1 rego_type_error: conflicting rules data.a.p[x] found"},
      {"f(x) := x\nf := 1", "2:1 rego_type_error: conflicting rules data.a.f found"},
      {"f(x) := x\nf(x, y) := x + y", "2:1 rego_type_error: conflicting rules data.a.f found"},
      {"f(x) := x\nf contains 1", "2:1 rego_type_error: conflicting rules data.a.f found"},
      {"default p := 1\np contains 1", "2:1 rego_type_error: conflicting rules data.a.p found"},
      {"p.q := 1\np.q contains 2", "2:1 rego_type_error: conflicting rules data.a.p.q found"},
      {"p.q[x].r := 1 if x := 2\np.q contains 3",
       "2:1 rego_type_error: conflicting rules data.a.p.q found"},
      {"p := 1\np := 2", kOk},
      {"p contains 1\np contains 2", kOk},
      {"p[x] := 1 if x := 1\np[y].z := 2 if y := 2", kOk},
      {"f(1) := 1\nf(x) := x", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("conflicts: no rule lies inside the value of another") {
  const ErrorCase cases[] = {
      {"p := {\"q\": 1}\np.q := 2",
       "2:1 rego_type_error: rule data.a.p conflicts with [data.a.p.q]"},
      {"p.q := 1\np.q.r := 2\np.q.s := 3",
       "2:1 rego_type_error: rule data.a.p.q conflicts with [data.a.p.q.r data.a.p.q.s]"},
      {"p contains 1\np.q := 2", "2:1 rego_type_error: rule data.a.p conflicts with [data.a.p.q]"},
      {"p.q.r.s := 1\np := 2",
       "3:1 rego_type_error: rule data.a.p conflicts with [data.a.p.q.r.s]"},
      {"p.q := 1\np.q[x].r := 2 if x := 3",
       "2:1 rego_type_error: conflicting rules data.a.p.q[x].r found"},
      {"p[x] := 1 if x := \"y\"\np.q := 2", kOk},
      {"p.q := 1\np.r := 2", kOk},
      {"p.q := 1\np[x].r := 2 if x := \"s\"", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("conflicts: a name has one default") {
  const ErrorCase cases[] = {
      {"default p := 1\ndefault p := 2",
       "1:1 rego_type_error: multiple default rules data.a.p found at a.rego:2, a.rego:3"},
      {"default p := 1\np := 3 if input.a\ndefault p := 2\ndefault p := 2",
       "1:1 rego_type_error: multiple default rules data.a.p found at a.rego:2, a.rego:4, "
       "a.rego:5"},
      {"default f(_) := 1\ndefault f(_) := 2",
       "1:1 rego_type_error: multiple default rules data.a.f found at a.rego:2, a.rego:3"},
      {"default p := 1\np := 2 if input.a", kOk},
  };
  check_module_errors(cases);
  const std::string modules[] = {"package x\ndefault p := 1", "package x\ndefault p := 1"};
  CHECK(run_passes(modules, {}).errors ==
        "1:1 rego_type_error: multiple default rules data.x.p found at a.rego:2, b.rego:2");
}

TEST_CASE("conflicts: a rule is not where a package is") {
  struct Row {
    std::string first, second;
    const char* errors;
  };
  const Row rows[] = {
      {"package a\n\np := 1", "package a.p\nq := 1",
       "3:1 rego_type_error: rule data.a.p conflicts with [data.a.p.q]\n"
       "1:1 rego_type_error: package a.p conflicts with rule p defined at a.rego:3"},
      {"package a\n\np := 1", "package a.p",
       "1:1 rego_type_error: package a.p conflicts with rule p defined at a.rego:3"},
      {"package a\n\np.q := 1", "package a.p.q",
       "1:1 rego_type_error: package a.p.q conflicts with rule p.q defined at a.rego:3"},
      {"package a\np[x] := 1 if x := \"y\"", "package a.p.y\nr := 1", kOk},
      {"package a\np := 1", "package a\nq := 2", kOk},
      {"package a\np := 1", "package b.p\nq := 2", kOk},
  };
  for (const Row& row : rows) {
    CAPTURE(row.first);
    CAPTURE(row.second);
    const std::string modules[] = {row.first, row.second};
    CHECK(run_passes(modules, {}).errors == row.errors);
  }
}

TEST_CASE("conflicts: a rule does not hide base documents") {
  term::Arena arena;
  CompileOptions options;
  options.data = *term::parse_json(arena, R"({"a": {"p": 1, "o": {"x": 1}}, "n": 7, "m": null})");
  const ErrorCase cases[] = {
      {"p := 1", "2:1 rego_compile_error: conflicting rule for data path a/p found"},
      {"p contains 1", "2:1 rego_compile_error: conflicting rule for data path a/p found"},
      {"o.x := 1", "2:1 rego_compile_error: conflicting rule for data path a/o/x found"},
      {"p.q := 1", "2:1 rego_compile_error: conflicting rule for data path a/p/q found"},
      {"package n\nq := 1", "2:1 rego_compile_error: conflicting rule for data path n/q found"},
      {"o := 1", "2:1 rego_compile_error: conflicting rule for data path a/o found"},
      {"o.y := 1", kOk},
      {"q := 1", kOk},
      {"package b\np := 1", kOk},
  };
  check_module_errors(cases, options);
}

}  // namespace
}  // namespace mc::rego::testing
