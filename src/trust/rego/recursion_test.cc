#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

constexpr const char* kOk = "";

TEST_CASE("recursion: a rule that depends on itself is told with the way round") {
  const ErrorCase cases[] = {
      {"p if p", "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p := p + 1", "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if q\nq if p",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p\n"
       "3:1 rego_recursion_error: rule data.a.q is recursive: data.a.q -> data.a.p -> data.a.q"},
      {"p if q\nq if r\nr if p",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.r -> "
       "data.a.p\n"
       "3:1 rego_recursion_error: rule data.a.q is recursive: data.a.q -> data.a.r -> data.a.p -> "
       "data.a.q\n"
       "4:1 rego_recursion_error: rule data.a.r is recursive: data.a.r -> data.a.p -> data.a.q -> "
       "data.a.r"},
      {"p if not p", "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p := [x | x := p[_]]",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if every x in [1] { x == p }",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if input.a with input.b as p",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p contains x if x := p[_]",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p[x] := y if { some x; y := p[x] }",
       "2:1 rego_recursion_error: rule data.a.p[x] is recursive: data.a.p[x] -> data.a.p[x]"},
      {"f(x) := f(x)",
       "2:1 rego_recursion_error: rule data.a.f is recursive: data.a.f -> data.a.f"},
      {"f(x) := y if { x > 0; y := g(x - 1) }\ng(x) := f(x)",
       "2:1 rego_recursion_error: rule data.a.f is recursive: data.a.f -> data.a.g -> data.a.f\n"
       "3:1 rego_recursion_error: rule data.a.g is recursive: data.a.g -> data.a.f -> data.a.g"},
      {"p := 1 if input.a\nelse := 2 if p",
       "3:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p.q.r := p.q.s\np.q.s := p.q.r",
       "2:1 rego_recursion_error: rule data.a.p.q.r is recursive: data.a.p.q.r -> data.a.p.q.s -> "
       "data.a.p.q.r\n3:1 rego_recursion_error: rule data.a.p.q.s is recursive: data.a.p.q.s -> "
       "data.a.p.q.r -> data.a.p.q.s"},
  };
  check_module_errors(cases);
}

TEST_CASE("recursion: a ref that could name the rule counts") {
  const ErrorCase cases[] = {
      {"p if data.a[input.x]",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if data[x].p",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if data.a", "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if data == {}",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if data.a.p.x.y",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p := x if x := data[_][_]",
       "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"},
      {"p if data[x].q", kOk},
      {"p if data.b[x]", kOk},
      {"p if data[\"b\"][x].p", kOk},
      {"p.q[x] := 1 if x := p.r[_]\np.r := [1]", kOk},
      {"p if q[p1]\np1 := 1\nq[x] := x if x := input.a[_]", kOk},
      {"p := q.p\nq := {\"p\": 1}", kOk},
      {"default p := 1\np := 2 if input.a", kOk},
  };
  check_module_errors(cases);
}

TEST_CASE("recursion: it is found across modules") {
  const std::string modules[] = {"package a\np if data.b.c.q", "package b.c\nq if data[x].p\n",
                                 "package d\nimport data.a.p\nr if p"};
  CHECK(run_passes(modules, {}).errors ==
        "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.b.c.q -> data.a.p\n"
        "b.rego:2:1 rego_recursion_error: rule data.b.c.q is recursive: data.b.c.q -> data.a.p -> "
        "data.b.c.q");
}

TEST_CASE("recursion: long chains of rules are no trouble") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "p" + std::to_string(i) + " if p" + std::to_string(i + 1) + "\n";
  }
  CHECK(run_module(text + "p20000 := 1").errors == "");
  const std::string errors = run_module(text + "p20000 if p0").errors;
  CHECK(errors.starts_with("2:1 rego_recursion_error: rule data.a.p0 is recursive: data.a.p0 -> "));
  CHECK(errors.ends_with("0:0 rego_compile_error: error limit reached"));
}

}  // namespace
}  // namespace mc::rego::testing
