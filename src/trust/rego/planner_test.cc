#include <set>

#include "rego/planner_testing.h"

namespace mc::rego {
namespace {

using testing::compile_texts;
using testing::run;
using vm::plan::Op;

int count_op(const std::vector<vm::plan::Block>& blocks, Op op) {
  int count = 0;
  for (const vm::plan::Block& block : blocks) {
    for (const vm::plan::Statement& one : block.statements) {
      count += (one.op == op ? 1 : 0) + count_op(one.blocks, op);
    }
  }
  return count;
}

const vm::plan::Function* find(const vm::plan::Policy& policy, const std::string& name) {
  for (const vm::plan::Function& function : policy.functions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::string names(const vm::plan::Policy& policy) {
  std::set<std::string> sorted;
  for (const vm::plan::Function& function : policy.functions) sorted.insert(function.name);
  std::string text;
  for (const std::string& name : sorted) text += (text.empty() ? "" : " ") + name;
  return text;
}

}  // namespace

TEST_CASE("planner: rules are planned once, and again only for the `with` that matters to them") {
  const std::string text =
      "p if q with input.x as 1\n"
      "q if { r; s } \n"
      "r if input.x\n"
      "s if data.b.t\n"
      "m if q with data.b.t as true\n"
      "n if s with data.b as {\"t\": true}\n"
      "o if s with data.b.t as false\n"
      "unused := 1";
  const auto compiled =
      compile_texts({text, "package b\nt := true"}, "data.a.p; data.a.m; data.a.n; data.a.o");
  REQUIRE(compiled);
  // r knows nothing of data.b.t; s is the same for m and o.
  CHECK(names(compiled->policy) ==
        "g0.data.a.m g0.data.a.n g0.data.a.o g0.data.a.p g0.data.a.q g0.data.a.r g0.data.a.s "
        "g0.data.b.t g1.data.a.q g1.data.a.s g2.data.a.s");
}

TEST_CASE("planner: plans are short") {
  const auto compiled = compile_texts({"allow if input.user == \"root\"\n"
                                       "allow if { some role in input.roles; role == \"admin\" }\n"
                                       "name := input.name"},
                                      "data.a.allow; data.a.name");
  REQUIRE(compiled);
  const vm::plan::Function* const allow = find(compiled->policy, "g0.data.a.allow");
  REQUIRE(allow != nullptr);
  // Both bodies return true as soon as they can.
  CHECK(allow->blocks.size() == 2);
  CHECK(count_op(allow->blocks, Op::return_local) == 2);
  CHECK(count_op(allow->blocks, Op::assign_var_once) == 0);
  const vm::plan::Function* const name = find(compiled->policy, "g0.data.a.name");
  REQUIRE(name != nullptr);
  REQUIRE(name->blocks.size() == 1);
  CHECK(name->blocks[0].statements.size() == 2);  // dot, return
  CHECK(name->path == std::vector<std::string>{"g0", "a", "name"});
  CHECK(name->blocks[0].statements[0].at.row == 4);
}

TEST_CASE("planner: a ref through many packages does not repeat what follows it") {
  std::vector<std::string> modules;
  modules.reserve(30);
  for (int i = 0; i < 30; ++i) {
    modules.push_back("package many.p" + std::to_string(i) + "\nv := " + std::to_string(i));
  }
  const auto compiled = compile_texts(
      modules, "data.many[a].v = x; data.many[b].v = y; data.many[c].v = z; x + y + z == 87");
  REQUIRE(compiled);
  CHECK(count_op(compiled->policy.plans[0].blocks, Op::call) < 200);
  CHECK(run(compiled->policy, "", "") ==
        R"({{"a": "p29", "b": "p29", "c": "p29", "x": 29, "y": 29, "z": 29}})");
}

TEST_CASE("compile: entry points, paths of rules, and modules in the order of their names") {
  const auto compiled =
      compile_texts({"allow if input.x\nf(x) := x\nd.e := 1\np[x].q := 1 if x := 1"}, "",
                    {"a/allow", "a", "a/nothing"});
  REQUIRE(compiled);
  CHECK(compiled->rule_paths ==
        std::vector<std::string>{"data.a.allow", "data.a.d.e", "data.a.f", "data.a.p"});
  REQUIRE(compiled->policy.plans.size() == 3);
  CHECK(compiled->policy.plans[0].name == "a/allow");
  CHECK(run(compiled->policy, R"({"x": 1})", "") == R"({{"result": true}})");
  CHECK(run(compiled->policy, "{}", "") == "set()");
  std::vector<Module> modules;
  for (const char* file : {"b.rego", "a.rego"}) {
    auto module = parse_module("package " + std::string(1, file[0]) + "\np := 1", file);
    REQUIRE(module);
    modules.push_back(std::move(*module));
  }
  CompileOptions options;
  options.entrypoints.push_back({"b/p"});
  const auto sorted = compile(std::move(modules), options);
  REQUIRE(sorted);
  CHECK(sorted->policy.files == std::vector<std::string>{"a.rego", "b.rego"});
  CHECK(sorted->policy.functions[0].blocks[0].statements[0].at.file == 1);
}

TEST_CASE("compile: nesting past the limits and variables without a value are refused") {
  std::string deep = "p if {\n";
  for (int i = 0; i < 600; ++i) deep += "some x" + std::to_string(i) + " in input\n";
  const auto nested = compile_texts({deep + "}"}, "data.a.p");
  REQUIRE(!nested);
  CHECK(nested.error()[0].message == "iterations nest deeper than 400");
  const auto unsafe = compile_texts({"p if { x := 1; is_array({1, y, x}, y) }"}, "data.a.p");
  REQUIRE(!unsafe);
  CHECK(to_line(unsafe.error()[0]) == "a.rego:2:29: rego_unsafe_var_error: var y is unsafe");
  std::string name = "package a";
  for (int i = 0; i < 600; ++i) name += ".a";
  const auto named = compile_texts({name}, "data.a");
  REQUIRE(!named);
  CHECK(named.error()[0].message == "a name has 602 parts, more than 500");
}

}  // namespace mc::rego
