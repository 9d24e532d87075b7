// What the type checker refuses, with the words and places of OPA, and what passes.
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

constexpr ErrorCase kOperands[] = {
    {"p := count(1)",
     "2:6 rego_type_error: count: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (collection: any<string, array[any], object[any: any], set[any]>, n: number)"},
    {"p if count(1, \"a\")",
     "2:6 rego_type_error: count: invalid argument(s)\n\thave: (number, string)\n\twant: "
     "(collection: any<string, array[any], object[any: any], set[any]>, n: number)"},
    {"f(x) := x + 1\np := f(\"a\")",
     "3:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (string, ??"
     "?)\n\twant: (number, number)"},
    {"p := startswith(\"a\", 1)",
     "2:6 rego_type_error: startswith: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (search: string, base: string, result: boolean)"},
    {"p := [x | x := startswith(\"a\", 1)]",
     "2:16 rego_type_error: startswith: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (search: string, base: string, result: boolean)"},
    {"p := concat(\",\", {x | x := 1})",
     "2:6 rego_type_error: concat: invalid argument(s)\n\thave: (string, set[number], ??"
     "?)\n\twant: (delimiter: string, collection: any<array[string], set[string]>, output: "
     "string)"},
    {"p if { some x in [1, 2]; startswith(x, \"a\") }",
     "2:26 rego_type_error: startswith: invalid argument(s)\n\thave: (number, string)\n\twant: "
     "(search: string, base: string, result: boolean)"},
    {"p := 1 + \"a\"",
     "2:6 rego_type_error: plus: invalid argument(s)\n\thave: (number, string, ??"
     "?)\n\twant: (x: number, y: number, z: number)"},
    {"p := sprintf(\"%s\", \"x\")",
     "2:6 rego_type_error: sprintf: invalid argument(s)\n\thave: (string, string, ??"
     "?)\n\twant: (format: string, values: array[any], output: string)"},
    {"p := $\"{count(1)}\"",
     "2:9 rego_type_error: count: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (collection: any<string, array[any], object[any: any], set[any]>, n: number)"},
    {"p if { count(1) with input as 2 }",
     "2:8 rego_type_error: count: invalid argument(s)\n\thave: (number)\n\twant: (collection: "
     "any<string, array[any], object[any: any], set[any]>, n: number)"},
    {"p contains x if walk({\"a\": 1}, [x, \"a\", 1])",
     "2:17 rego_type_error: walk: invalid argument(s)\n\thave: (object<a: number>, array<??"
     "?, string, number>)\n\twant: (x: any, output: array<array[any], any>)"},
    {"p if not startswith(1, \"a\")",
     "2:6 rego_type_error: startswith: invalid argument(s)\n\thave: (number, string)\n\twant: "
     "(search: string, base: string, result: boolean)"},
    {"p := upper(lower(1))",
     "2:12 rego_type_error: lower: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"f([x, y]) := x + y\np := f([1, \"a\"])\nq := f([1])",
     "3:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (array<number, string>, ??"
     "?)\n\twant: (array<number, number>, number)\n4:6 rego_type_error: data.a.f: invalid "
     "argument(s)\n\thave: (array<number>, ??"
     "?)\n\twant: (array<number, number>, number)"},
    {"f({\"a\": x}) := upper(x)\np := f({\"a\": 1})\nq := f({\"a\": \"b\"})",
     "3:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (object<a: number>, ??"
     "?)\n\twant: (object<a: string>, string)"},
    {"p := [y | x := [z | z := lower(1)]; y := x[0]]",
     "2:26 rego_type_error: lower: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"p if { x := [upper(1)]; count(x) == 1 }",
     "2:14 rego_type_error: upper: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"p if { not count(1) }",
     "2:8 rego_type_error: count: invalid argument(s)\n\thave: (number)\n\twant: (collection: "
     "any<string, array[any], object[any: any], set[any]>, n: number)"},
    {"p := {1} - [1]",
     "2:6 rego_type_error: minus: invalid argument(s)\n\thave: (set[number], array<number>, ??"
     "?)\n\twant: (x: any<number, set[any]>, y: any<number, set[any]>, z: any<number, "
     "set[any]>)"},
    {"p := {1} | \"a\"",
     "2:6 rego_type_error: or: invalid argument(s)\n\thave: (set[number], string, ??"
     "?)\n\twant: (x: set[any], y: set[any], z: set[any])"},
    {"p := 5 % \"a\"",
     "2:6 rego_type_error: rem: invalid argument(s)\n\thave: (number, string, ??"
     "?)\n\twant: (x: number, y: number, z: number)"},
    {"p := object.get([1], 0, 1)",
     "2:6 rego_type_error: object.get: invalid argument(s)\n\thave: (array<number>, number, "
     "number, ??"
     "?)\n\twant: (object: object[any: any], key: any, default: any, value: any)"},
    {"p := json.filter({\"a\": 1}, \"a\")",
     "2:6 rego_type_error: json.filter: invalid argument(s)\n\thave: (object<a: number>, string, "
     "??"
     "?)\n\twant: (object: object[any: any], paths: any<array[any<string, array[any]>], "
     "set[any<string, array[any]>]>, filtered: any)"},
    {"p := to_number([1])",
     "2:6 rego_type_error: to_number: invalid argument(s)\n\thave: (array<number>, ??"
     "?)\n\twant: (x: any<null, boolean, number, string>, num: number)"},
    {"p := numbers.range(1, \"2\")",
     "2:6 rego_type_error: numbers.range: invalid argument(s)\n\thave: (number, string, ??"
     "?)\n\twant: (a: number, b: number, range: array[number])"},
    {"p := time.date(\"a\")\nq := time.date([1, \"UTC\"])",
     "2:6 rego_type_error: time.date: invalid argument(s)\n\thave: (string, ??"
     "?)\n\twant: (x: any<number, array<number, string>>, date: array<number, number, number>)"},
    {"p := time.clock([1])",
     "2:6 rego_type_error: time.clock: invalid argument(s)\n\thave: (array<number>, ??"
     "?)\n\twant: (x: any<number, array<number, string>>, output: array<number, number, "
     "number>)"},
    {"p := io.jwt.decode_verify(\"a\", [])",
     "2:6 rego_type_error: io.jwt.decode_verify: invalid argument(s)\n\thave: (string, "
     "array[any], ??"
     "?)\n\twant: (jwt: string, constraints: object[string: any], output: array<boolean, "
     "object[any: any], object[any: any]>)"},
    {"p := net.cidr_contains(\"10.0.0.0/8\", 1)",
     "2:6 rego_type_error: net.cidr_contains: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (cidr: string, cidr_or_ip: string, result: boolean)"},
    {"p := regex.match(\"a\", [\"b\"])",
     "2:6 rego_type_error: regex.match: invalid argument(s)\n\thave: (string, array<string>, ??"
     "?)\n\twant: (pattern: string, value: string, result: boolean)"},
    {"p := sum([\"a\"])",
     "2:6 rego_type_error: sum: invalid argument(s)\n\thave: (array<string>, ??"
     "?)\n\twant: (collection: any<array[number], set[number]>, n: number)"},
    {"p := sum({1, \"a\"})",
     "2:6 rego_type_error: sum: invalid argument(s)\n\thave: (set[any<number, string>], ??"
     "?)\n\twant: (collection: any<array[number], set[number]>, n: number)"},
    {"p := max(\"a\")",
     "2:6 rego_type_error: max: invalid argument(s)\n\thave: (string, ??"
     "?)\n\twant: (collection: any<array[any], set[any]>, n: any)"},
    {"p := split(\"a\", 1)[0]",
     "2:6 rego_type_error: split: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (x: string, delimiter: string, ys: array[string])"},
    {"p := split(\"a,b\", \",\")[0] + 1",
     "2:6 rego_type_error: plus: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (x: number, y: number, z: number)"},
    {"f(x) if x == 1\np if f(\"a\")",
     "3:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (string)\n\twant: (number, "
     "boolean)"},
    {"f(x) if x == 1\nf(x) if x == \"a\"\np if f(null)\nq if f(\"b\")",
     "4:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (null)\n\twant: (any<number, "
     "string>, boolean)"},
    {"f(x) := g(x)\ng(x) := x + 1\np := f(\"a\")",
     "4:6 rego_type_error: data.a.f: invalid argument(s)\n\thave: (string, ??"
     "?)\n\twant: (number, number)"},
    {"f(x) := upper(x) if x != null\np := f(lower(1))",
     "3:8 rego_type_error: lower: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"q := lower(1)\np if q == 1\nr := q.a.b",
     "2:6 rego_type_error: lower: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"q := lower(1)\nf(x) := q\np := f(2) + 1",
     "2:6 rego_type_error: lower: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (x: string, y: string)"},
    {"p := count(input.x) + \"a\"",
     "2:6 rego_type_error: plus: invalid argument(s)\n\thave: (number, string, ??"
     "?)\n\twant: (x: number, y: number, z: number)"},
    {"p if { x = [1, y]; y = \"a\"; z := y + 1 }",
     "2:34 rego_type_error: plus: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (x: number, y: number, z: number)"},
    {"p := trace(1)",
     "2:6 rego_type_error: trace: invalid argument(s)\n\thave: (number, ??"
     "?)\n\twant: (note: string, result: boolean)"},
    {"p := rego.parse_module(\"a\", 1)",
     "2:6 rego_type_error: rego.parse_module: invalid argument(s)\n\thave: (string, number, ??"
     "?)\n\twant: (filename: string, rego: string, output: object[string: any])"},
};

TEST_CASE("types: operands that can never fit are refused, with what the function takes") {
  check(kOperands);
}

constexpr ErrorCase kCalls[] = {
    {"p := count(1, 2)",
     "2:6 rego_type_error: count: arity mismatch\n\thave: (number, number, ??"
     "?)\n\twant: (collection: any<string, array[any], object[any: any], set[any]>)"},
    {"f(x) := x + 1\np := f(1, 2)",
     "3:6 rego_type_error: function data.a.f has arity 1, got 2 arguments"},
    {"p := data.b.q(1)", "2:6 rego_type_error: undefined function data.b.q"},
    {"p := foo(1)", "2:6 rego_type_error: undefined function foo"},
    {"f(x, y) := 1\np if { count([1]) == 1 with count as f }",
     "3:24 rego_type_error: count: arity mismatch\n\thave: (any, any)\n\twant: (collection: "
     "any<string, array[any], object[any: any], set[any]>)"},
    {"p := time.now_ns(1)",
     "2:6 rego_type_error: time.now_ns: arity mismatch\n\thave: (number, ??"
     "?)\n\twant: ()"},
    {"p := time.now_ns(\"a\", 1)",
     "2:6 rego_type_error: time.now_ns: arity mismatch\n\thave: (string, number, ??"
     "?)\n\twant: ()"},
    {"p := json.marshal()",
     "2:6 rego_type_error: json.marshal: arity mismatch\n\thave: (??"
     "?)\n\twant: (x: any)"},
    {"f(_) := 1\np := f()", "3:6 rego_type_error: function data.a.f has arity 1, got 0 arguments"},
    {"f(_) := 1\np := f(1, 2, 3)",
     "3:6 rego_type_error: function data.a.f has arity 1, got 3 arguments"},
    {"p := nosuch.fn(1)", "2:6 rego_type_error: undefined function nosuch.fn"},
    {"p := data.a.nosuch(1)", "2:6 rego_type_error: undefined function data.a.nosuch"},
    {"p := input.f(1)", "2:6 rego_type_error: undefined function input.f"},
    {"q := 1\np := q(1)", "3:6 rego_type_error: function data.a.q has arity 0, got 1 argument"},
};

TEST_CASE("types: functions that do not exist, and wrong numbers of operands") {
  check(kCalls);
}

constexpr ErrorCase kMatches[] = {
    {"p if 1 == \"a\"", "2:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if 1 = \"a\"", "2:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := 1; x == \"a\" }",
     "2:16 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := [1, \"a\"]; x[0] == \"b\" }",
     "2:23 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"q[x] := 1 if x := input.y\np if q.a == \"b\"",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if count(\"a\") == \"x\"",
     "2:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := input.a[_]; y := x.b; z := [1, 2][y]; z == \"a\" }",
     "2:51 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p := x if { x := \"a\"; walk(x, [path, v]); path == 1 }",
     "2:43 rego_type_error: match error\n\tleft  : array[any]\n\tright : number"},
    {"default p := 1\np := \"a\" if input.x\nq if p == true",
     "4:6 rego_type_error: match error\n\tleft  : any<number, string>\n\tright : boolean"},
    {"p := 1 if input.x\nelse := \"a\" if input.y\nq if p == null",
     "4:6 rego_type_error: match error\n\tleft  : any<number, string>\n\tright : null"},
    {"f(x) := 1 if x == 1\nelse := \"a\"\nq if f(1) == null",
     "4:6 rego_type_error: match error\n\tleft  : any<number, string>\n\tright : null"},
    {"p[x].q := 1 if x := input.a\nq if p.a.q == \"x\"",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p[x].q := 1 if x := input.a\np[x].r := \"s\" if x := input.b\nq if p.a.q == null",
     "4:6 rego_type_error: match error\n\tleft  : any<number, string>\n\tright : null"},
    {"p.a.b := 1\nq if p.a.b == \"x\"\nr if p.a.c == \"x\"",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p[1] := \"a\"\np[2] := \"b\"\nq if p[1] == 3",
     "4:6 rego_type_error: match error\n\tleft  : string\n\tright : number"},
    {"p := {x: y | some x, y in {\"a\": 1}}\nq if p.a == \"b\"",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p := {x | x := input.a}\nq if p == {1}\nr if p == [1]",
     "4:6 rego_type_error: match error\n\tleft  : set[any]\n\tright : array<number>"},
    {"p if { x := 1 in [1]; x == \"a\" }",
     "2:23 rego_type_error: match error\n\tleft  : boolean\n\tright : string"},
    {"p if { some k, v in {\"a\": 1}; k == 1 }",
     "2:31 rego_type_error: match error\n\tleft  : string\n\tright : number"},
    {"p if { some k, v in {\"a\": 1}; v == \"x\" }",
     "2:31 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := $\"a {1}\"; x == 1 }",
     "2:23 rego_type_error: match error\n\tleft  : string\n\tright : number"},
    {"p := {1} - {2}\nq if p == \"a\"",
     "3:6 rego_type_error: match error\n\tleft  : any<number, set[any]>\n\tright : string"},
    {"p := {1} & {2}\nq if p == 1",
     "3:6 rego_type_error: match error\n\tleft  : set[any]\n\tright : number"},
    {"p := to_number(\"1\")\nq if p == \"1\"",
     "3:6 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"default f(_) := 1\nf(x) := \"a\" if x == 2\np if f(2) == null",
     "4:6 rego_type_error: match error\n\tleft  : any<number, string>\n\tright : null"},
    {"p if { [x, \"a\"] = [1, y]; y == 2 }",
     "2:27 rego_type_error: match error\n\tleft  : string\n\tright : number"},
    {"p if { {\"a\": x, \"b\": 1} = {\"a\": 1, \"b\": y}; x == \"s\" }",
     "2:45 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { [x, _] = [1, 2]; x == \"a\" }",
     "2:25 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { [[x]] = [[\"a\"]]; x == 1 }",
     "2:25 rego_type_error: match error\n\tleft  : string\n\tright : number"},
    {"p if { x := [1, 2, 3]; [a, b, c] = x; a == \"s\" }",
     "2:39 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := {\"a\": 1}; {\"b\": y} = x; y == 1 }",
     "2:23 rego_type_error: match error\n\tleft  : object<b: ??"
     "?>\n\tright : object<a: number>"},
    {"p if { x := {[1, 2]}; x[[y, z]]; y == \"a\" }",
     "2:34 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { x := {{\"a\": 1}: 2}; x[{\"a\": 1}] == \"s\" }",
     "2:28 rego_type_error: match error\n\tleft  : number\n\tright : string"},
    {"p if { a := [1]; b := [\"a\"]; a == b }",
     "2:30 rego_type_error: match error\n\tleft  : array<number>\n\tright : array<string>"},
    {"p if { a := {\"x\": 1}; a == {\"x\": \"s\"} }",
     "2:23 rego_type_error: match error\n\tleft  : object<x: number>\n\tright : object<x: "
     "string>"},
    {"p if { a := {\"x\": 1}; a == {\"y\": 1} }",
     "2:23 rego_type_error: match error\n\tleft  : object<x: number>\n\tright : object<y: "
     "number>"},
    {"p if { a := [1]; a == [1, 2] }",
     "2:18 rego_type_error: match error\n\tleft  : array<number>\n\tright : array<number, "
     "number>"},
    {"p if { {1} == {\"a\"} }",
     "2:8 rego_type_error: match error\n\tleft  : set[number]\n\tright : set[string]"},
    {"p := x if { x := 1 } else := \"s\" if { input.a } else := null\nq if p == true",
     "3:6 rego_type_error: match error\n\tleft  : any<null, number, string>\n\tright : boolean"},
};

TEST_CASE("types: values that can never be equal are a match error") {
  check(kMatches);
}

constexpr ErrorCase kRight[] = {
    {"p if { every x in [1] { startswith(x, \"a\") } }", kOk},
    {"p := \"a\" < 1", kOk},
    {"p := input.x + input.y", kOk},
    {"p := -1 + count({\"a\"})", kOk},
    {"f(x) := 1\np if { count([1]) == 1 with count as f }", kOk},
    {"f(x) := y if { y := x.a; x == 1 }", kOk},
    {"p := q.r\nq.s := 1", kOk},
    {"p := q[1]\nq.s := 1", kOk},
    {"p if data.a[1]", kOk},
    {"p := object.get({\"a\": 1}, [\"a\"], \"b\") + 1", kOk},
    {"p if print(1)", kOk},
    {"p if { print(\"x\", 1) }", kOk},
    {"f(x) := x\np := f({\"a\": 1}).b", kOk},
    {"p if { input.a[_] == 1; data.x[_].y == \"a\" }", kOk},
    {"p if \"a\" in [1, 2]", kOk},
    {"p := [1, 2] < {\"a\": 1}", kOk},
    {"f(x) := x.a\np := f(1)", kOk},
    {"f(x, x) := 1\np := f(1, \"a\")", kOk},
    {"p := input\nq := p.a.b[0]", kOk},
    {"p if { x := input.a; [a, b] = x; a == \"s\"; b == 1 }", kOk},
    {"p if { set() == {\"a\"}; [] == [1]; {} == {\"a\": 1} }", kOk},
    {"p := opa.runtime().x", kOk},
    {"p := http.send({\"a\": 1}).b", kOk},
};

TEST_CASE("types: what may be right passes") {
  check(kRight);
}

}  // namespace
}  // namespace mc::rego::testing
