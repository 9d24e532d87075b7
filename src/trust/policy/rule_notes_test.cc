#include "policy/rule_notes.h"

#include <doctest/doctest.h>

#include "rego/rego.h"

namespace mc::policy {
namespace {

std::vector<RuleNote> notes(const std::vector<std::string>& texts) {
  std::vector<rego::Module> modules;
  for (const std::string& text : texts) {
    auto module = rego::parse_module(text, "m" + std::to_string(modules.size()) + ".rego");
    REQUIRE(module);
    modules.push_back(std::move(*module));
  }
  return notes_of(modules);
}

std::string ids(const std::vector<RuleNote>& all) {
  std::string out;
  for (const RuleNote& note : all) out += (out.empty() ? "" : " ") + note.id;
  return out;
}

std::string inputs(const RuleNote& note) {
  std::string out;
  for (const std::string& input : note.inputs) out += (out.empty() ? "" : " ") + input;
  return out;
}

TEST_CASE("notes: a rule's id is the key of its set, or what the key begins with") {
  struct Row {
    const char* rule;
    const char* id;
  };
  const Row rows[] = {
      {R"(s contains "a-b" if true)", "a-b"},
      {R"(s contains concat("", ["role-", x]) if some x in input.roles)", "role-*"},
      {R"(s contains concat("-", ["role", x]) if some x in input.roles)", "role*"},
      {R"(s contains sprintf("mask-%v-%v", [x, x]) if some x in input.roles)", "mask-*"},
      {R"(s contains sprintf("%v", [x]) if some x in input.roles)", ""},
      {R"(s contains $"kept-{x}" if some x in input.roles)", "kept-*"},
      {R"(s contains x if some x in input.roles)", ""},
      {R"(s contains 7 if true)", ""},
      {R"(s := "a")", ""},
      {R"(s[x] := "a" if some x in input.roles)", ""},
      {R"(s(x) := "a" if x)", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    CHECK(ids(notes({"package a.b\n\n" + std::string(row.rule) + "\n"})) == row.id);
  }
}

TEST_CASE("notes: metadata says title, description and id, also for all rules of a path") {
  const auto all = notes({R"(package a

# METADATA
# title: First
# description: Of one rule
# custom: {id: first}
p := 1 if input.x

# METADATA
# scope: document
# title: All of s
s contains "one" if input.x

# METADATA
# title: Two alone
s contains "two" if input.x
)"});
  REQUIRE(ids(all) == "first one two");
  CHECK(all[0].title == "First");
  CHECK(all[0].description == "Of one rule");
  CHECK(all[0].path == "a/p");
  CHECK(all[0].file == "m0.rego");
  CHECK(all[0].row == 7);
  CHECK(all[1].title == "All of s");
  CHECK(all[2].title == "Two alone");
}

TEST_CASE("notes: the inputs are those of the rule and of what it calls, in whatever package") {
  const auto all = notes({R"(package a

import data.lib.places
import data.lib.people as who

s contains "direct" if {
	input.user.name == "x"
	count([y | some y in input.user.roles]) > 0
}

s contains "through" if {
	crosses
	not places.here(input.node)
	who.known
	data.lib.people.old == 3
}

s contains "else" if level == 2

crosses if input.from != input["to"]

level := 1 if input.low

else := 2 if input.high

s contains "loop" if ping

ping if pong

pong if {
	ping
	input.never
}

s contains "indexed" if input.rows[_].size > input.rows[input.at].size
)",
                          R"(package lib.places

here(node) if node in input.places
)",
                          R"(package lib.people

known if input.id in data.lib.ids

old := input.age
)"});
  REQUIRE(ids(all) == "direct through else loop indexed");
  CHECK(inputs(all[0]) == "user.name user.roles");
  CHECK(inputs(all[1]) == "age from id node places to");
  CHECK(inputs(all[2]) == "high low");
  CHECK(inputs(all[3]) == "never");
  CHECK(inputs(all[4]) == "at rows");
}

TEST_CASE("notes: a decision's rule is one of a family by its beginning") {
  RuleNote family;
  family.id = "role-*";
  CHECK(family.is_named("role-dpo"));
  CHECK(family.is_named("role-"));
  CHECK(!family.is_named("rule-dpo"));
  RuleNote one;
  one.id = "role";
  CHECK(one.is_named("role"));
  CHECK(!one.is_named("role-dpo"));
}

}  // namespace
}  // namespace mc::policy
