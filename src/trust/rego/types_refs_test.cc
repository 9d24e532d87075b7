// References, queries and limits of the type checker.
#include "rego/passes_testing.h"

namespace mc::rego::testing {
namespace {

std::string type_errors(Passed passed) {
  if (!passed.errors.empty()) return passed.errors;
  CHECK(check_types(passed.c) == passed.c.errors.empty());
  return lines_of(passed.c.errors);
}

void check(std::span<const ErrorCase> cases) {
  for (const ErrorCase& row : cases) {
    CAPTURE(row.text);
    CHECK(type_errors(run_module(row.text)) == row.errors);
  }
}

constexpr const char* kOk = "";

constexpr ErrorCase kRefs[] = {
    {"p if { x := {\"a\": 1}; x.b }",
     "2:23 rego_type_error: undefined ref: x.b\n\tx.b\n\t  ^\n\t  have: \"b\"\n\t  want (one "
     "of): [\"a\"]"},
    {"p if { x := {\"a\": 1, \"b\": 2}; x[1] }",
     "2:31 rego_type_error: undefined ref: x[1]\n\tx[1]\n\t  ^\n\t  have: 1\n\t  want (one of): "
     "[\"a\" \"b\"]"},
    {"p if { x := 1; x.a }",
     "2:16 rego_type_error: undefined ref: x.a\n\tx.a\n\t^\n\thave: number"},
    {"f(x) := x + 1\np := f",
     "3:6 rego_type_error: undefined ref: data.a.f\n\tdata.a.f\n\t^^^^^^^^\n\thave: (number) => "
     "number"},
    {"q := 1\np := q.x",
     "3:6 rego_type_error: undefined ref: data.a.q.x\n\tdata.a.q.x\n\t^^^^^^^^\n\thave: number"},
    {"q := {\"a\": {\"b\": 1}}\np := q.a.c",
     "3:6 rego_type_error: undefined ref: data.a.q.a.c\n\tdata.a.q.a.c\n\t           ^\n\t       "
     "    have: \"c\"\n\t           want (one of): [\"b\"]"},
    {"q contains 1\np if q[\"a\"]",
     "3:6 rego_type_error: undefined ref: data.a.q.a\n\tdata.a.q.a\n\t         ^\n\t         "
     "have: \"a\"\n\t         want (type): number"},
    {"p if { x := {1, 2}; x[\"a\"] }",
     "2:21 rego_type_error: undefined ref: x.a\n\tx.a\n\t  ^\n\t  have: \"a\"\n\t  want (type): "
     "number"},
    {"p if { x := 1; q.r[x] }\nq.r.s := 1",
     "2:16 rego_type_error: undefined ref: data.a.q.r[x]\n\tdata.a.q.r[x]\n\t           ^\n\t    "
     "       have (type): number\n\t           want (one of): [\"s\"]"},
    {"p if { x := {\"a\": {1}}; x.a[\"b\"] }",
     "2:25 rego_type_error: undefined ref: x.a.b\n\tx.a.b\n\t    ^\n\t    have: \"b\"\n\t    "
     "want (type): number"},
    {"p if { x := [1, 2]; x[\"a\"] }",
     "2:21 rego_type_error: undefined ref: x.a\n\tx.a\n\t  ^\n\t  have: \"a\"\n\t  want (type): "
     "number"},
    {"p if { x := [1, 2]; x[2] }",
     "2:21 rego_type_error: undefined ref: x[2]\n\tx[2]\n\t  ^\n\t  have: 2\n\t  want (type): "
     "number"},
    {"p if { x := [1, 2]; i := \"a\"; x[i] }",
     "2:31 rego_type_error: undefined ref: x[i]\n\tx[i]\n\t  ^\n\t  have (type): string\n\t  "
     "want (type): number"},
    {"p contains 1\np contains \"a\"\nq if p[null]",
     "4:6 rego_type_error: undefined ref: data.a.p[null]\n\tdata.a.p[null]\n\t         ^\n\t     "
     "    have: null\n\t         want (type): any<number, string>"},
    {"p := [x | x := 1]\nq if p[0] == \"a\"\nr if p.x",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string\n4:6 rego_type_error: "
     "undefined ref: data.a.p.x\n\tdata.a.p.x\n\t         ^\n\t         have: \"x\"\n\t         "
     "want (type): number"},
    {"p if { x := {\"a\": 1}; x[_].b }",
     "2:23 rego_type_error: undefined ref: x[_].b\n\tx[_].b\n\t^^^^\n\thave: number"},
    {"p if { some i; x := [1, 2]; x[i].b == 1 }",
     "2:29 rego_type_error: undefined ref: x[i].b\n\tx[i].b\n\t^^^^\n\thave: number"},
    {"p if { x := {\"a\": {\"b\": 1}}; y := x[_]; y.c }",
     "2:41 rego_type_error: undefined ref: y.c\n\ty.c\n\t  ^\n\t  have: \"c\"\n\t  want (one "
     "of): [\"b\"]"},
    {"p if { every v in {\"a\": 1}.b { v } }",
     "2:19 rego_type_error: undefined ref: __local2__.b\n\t__local2__.b\n\t           ^\n\t      "
     "     have: \"b\"\n\t           want (one of): [\"a\"]"},
    {"x := 1\np if { every v in x.y { v } }",
     "3:19 rego_type_error: undefined ref: data.a.x.y\n\tdata.a.x.y\n\t^^^^^^^^\n\thave: number"},
    {"p if { x := \"a\"; y := x.b }",
     "2:23 rego_type_error: undefined ref: x.b\n\tx.b\n\t^\n\thave: string"},
    {"p if { x := null; x[0] }",
     "2:19 rego_type_error: undefined ref: x[0]\n\tx[0]\n\t^\n\thave: null"},
    {"p if { x := true; x[y] }",
     "2:19 rego_type_error: undefined ref: x[y]\n\tx[y]\n\t^\n\thave: boolean"},
    {"p := split(\"a,b\", \",\").x",
     "2:6 rego_type_error: undefined ref: __local0__.x\n\t__local0__.x\n\t           ^\n\t       "
     "    have: \"x\"\n\t           want (type): number"},
    {"p := data.b.c\nq := data.a.r.s\nr := {\"t\": 1}",
     "3:6 rego_type_error: undefined ref: data.a.r.s\n\tdata.a.r.s\n\t         ^\n\t         "
     "have: \"s\"\n\t         want (one of): [\"t\"]"},
    {"p if { x := {1, 2}; x[3.5]; x[\"a\"] }",
     "2:29 rego_type_error: undefined ref: x.a\n\tx.a\n\t  ^\n\t  have: \"a\"\n\t  want (type): "
     "number"},
    {"p if { x := {[1, 2]}; x[[1, \"a\"]] }",
     "2:23 rego_type_error: undefined ref: x[__local1__]\n\tx[__local1__]\n\t  ^\n\t  have "
     "(type): array<number, string>\n\t  want (type): array<number, number>"},
    {"p if { x := {\"a-b\": 1, \"true\": 2}; x[\"c d\"] }",
     "2:36 rego_type_error: undefined ref: x[\"c d\"]\n\tx[\"c d\"]\n\t  ^\n\t  have: \"c "
     "d\"\n\t  want (one of): [\"a-b\" \"true\"]"},
    {"p if { x := [{\"a\": 1}, {\"b\": \"s\"}]; x[_].a == 1; x[_].c }",
     "2:50 rego_type_error: undefined ref: x[_].c\n\tx[_].c\n\t     ^\n\t     have: \"c\"\n\t    "
     " want (one of): [\"a\" \"b\"]"},
};

TEST_CASE("types: references to what can never be there") {
  check(kRefs);
}

TEST_CASE("types: queries are checked with the types of the rules") {
  struct Row {
    const char* query;
    const char* module;
    const char* errors;
  };
  const Row rows[] = {
      {"x := 1; x == \"a\"", "",
       "1:9 rego_type_error: match error\n\tleft  : number\n\tright : string"},
      {"data.a.p == \"a\"", "p := 1",
       "1:1 rego_type_error: match error\n\tleft  : number\n\tright : string"},
      {"data.a.p.foo", "p := 1",
       "1:1 rego_type_error: undefined ref: data.a.p.foo\n\tdata.a.p.foo\n\t^^^^^^^^\n\thave: "
       "number"},
      {"x = 1; upper(x, y)", "",
       "1:8 rego_type_error: upper: invalid argument(s)\n\thave: (number, ??"
       "?)\n\twant: (x: string, y: string)"},
      {"data.a.f", "f(x) := x",
       "1:1 rego_type_error: undefined ref: data.a.f\n\tdata.a.f\n\t^^^^^^^^\n\thave: (any) => "
       "any"},
      {"data.a.p[x]; x == 1", "p := {\"a\": 1}",
       "1:14 rego_type_error: match error\n\tleft  : string\n\tright : number"},
      {"data.a[x].z", "p := {\"a\": 1}", ""},
      {"count(1, 2, 3)", "",
       "1:1 rego_type_error: count: arity mismatch\n\thave: (number, number, number)\n\twant: "
       "(collection: any<string, array[any], object[any: any], set[any]>)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(type_errors(run_query(row.query, row.module)) == row.errors);
  }
}

TEST_CASE("types: errors come in the order of files and places, no more than asked for") {
  const std::string modules[] = {"package b\n\np := lower(1)\n\nq := lower(2)",
                                 "package a\n\np := data.b.p + 1\n\nq := upper(3)"};
  const auto places = [&](const CompileOptions& options) {
    Passed passed = run_passes(modules, options);
    CHECK(passed.errors.empty());
    CHECK_FALSE(check_types(passed.c));
    std::string found;
    for (const Diagnostic& error : passed.c.errors) {
      found += error.file + ":" + std::to_string(error.at.row) + " ";
    }
    return found;
  };
  CHECK(places({}) == "a.rego:3 a.rego:5 b.rego:5 ");
  CompileOptions two;
  two.errors_max = 2;
  CHECK(places(two) == "a.rego:3 a.rego:5 :0 ");  // the last: the limit
}

TEST_CASE("types: nothing is checked when the host does not want it") {
  CompileOptions options;
  options.check_types = false;
  Passed passed = run_module("p := lower(1)", options);
  CHECK(check_types(passed.c));
}

TEST_CASE("types: the host's functions are checked by their signatures") {
  CompileOptions options;
  options.capabilities.more.push_back({"acme.lookup", "(key: string) => number", nullptr});
  CHECK(type_errors(run_module("p := acme.lookup(\"a\") + 1", options)) == kOk);
  CHECK(type_errors(run_module("p := acme.lookup(1)", options)) ==
        "2:6 rego_type_error: acme.lookup: invalid argument(s)\n\thave: (number, ??"
        "?)\n\twant: "
        "(key: string, number)");
}

TEST_CASE("types: comprehensions in comprehensions are checked in bounded time") {
  std::string term = "1";
  for (int i = 0; i < 60; ++i) {
    const std::string name = "x" + std::to_string(i);
    term = "[" + name + " | " + name + " := " + term + "]";
  }
  CHECK(type_errors(run_module("p := " + term)) == kOk);
  CHECK(type_errors(run_module("p := " + term + "\nq if p[0][0] == \"a\"")) ==
        "3:6 rego_type_error: match error\n\tleft  : " +
            [] {
              std::string type;
              for (int i = 0; i < 58; ++i) type += "array[";
              return type + "number" + std::string(58, ']');
            }() +
            "\n\tright : string");
}

TEST_CASE("types: rules that double a type again and again do not double the work") {
  std::string module = "p0 := [1]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string last = "p" + std::to_string(i - 1);
    module += "p" + std::to_string(i) + " := [" + last + ", " + last + "]\n";
  }
  CHECK(type_errors(run_module(module + "q if p59 == p58")) == kOk);
}

TEST_CASE("types: a chain of rules is as long as it likes") {
  std::string module;
  for (int i = 0; i < 3000; ++i) {
    module += "p" + std::to_string(i) + " := p" + std::to_string(i + 1) + "\n";
  }
  CHECK(type_errors(run_module(module + "p3000 := 1\nq if p0 == \"a\"")) ==
        "3003:6 rego_type_error: match error\n\tleft  : number\n\tright : string");
}

}  // namespace
}  // namespace mc::rego::testing
