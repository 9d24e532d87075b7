#include <doctest/doctest.h>

#include "rego/rego.h"

namespace mc::rego {
namespace {

std::string first_error(std::string_view text) {
  const Checked<Module> module = parse_module(text, "m.rego");
  return module ? "" : to_line(module.error()[0]);
}

std::string all_of(const std::vector<Annotation>& annotations) {
  std::string out;
  for (const Annotation& annotation : annotations) out += annotation.json + "\n";
  return out;
}

}  // namespace

TEST_CASE("metadata: belongs to what follows, with the scope that goes with it") {
  const auto module = parse_module(
      "# METADATA\n# title: The package\npackage a\n\n"
      "# METADATA\n# description: one\n# custom:\n#  n: 1\n#  s: '1'\n#  l: [true, ~, 1.5, x]\n"
      "p := 1\n\n"
      "p := 2\n\n"
      "# METADATA\n# entrypoint: true\nq := 1\n\nq := 2\n\n"
      "# METADATA\n# scope: document\n# title: r\nr contains 1\n\nr contains 2\n",
      "m.rego");
  REQUIRE(module);
  CHECK(all_of(module->annotations) == "{\"title\":\"The package\",\"scope\":\"package\"}\n");
  REQUIRE(module->rules.size() == 6);
  CHECK(all_of(module->rules[0].annotations) ==
        "{\"description\":\"one\",\"custom\":{\"n\":1,\"s\":\"1\",\"l\":[true,null,1.5,\"x\"]},"
        "\"scope\":\"rule\"}\n");
  CHECK(all_of(module->rules[1].annotations) == "");
  CHECK(all_of(module->rules[2].annotations) == "{\"entrypoint\":true,\"scope\":\"document\"}\n");
  CHECK(all_of(module->rules[3].annotations) == all_of(module->rules[2].annotations));
  CHECK(all_of(module->rules[5].annotations) == "{\"title\":\"r\",\"scope\":\"document\"}\n");
}

TEST_CASE("metadata: authors, resources, organizations and schemas have one form") {
  const auto module = parse_module(
      "package a\n# METADATA\n# authors:\n# - Ann Other <ann@example.com>\n# - email: "
      "b@example.com\n"
      "# organizations:\n# - Acme\n# related_resources:\n# - https://example.com\n"
      "# - ref: https://example.com/b\n#   description: b\n"
      "# schemas:\n# - input.user: schema.user\n# - data.x: {type: string}\np := 1\n",
      "m.rego");
  REQUIRE(module);
  CHECK(all_of(module->rules[0].annotations) ==
        "{\"organizations\":[\"Acme\"],"
        "\"related_resources\":[{\"ref\":\"https://example.com\"},"
        "{\"ref\":\"https://example.com/b\",\"description\":\"b\"}],"
        "\"authors\":[{\"name\":\"Ann Other\",\"email\":\"ann@example.com\"},"
        "{\"email\":\"b@example.com\"}],"
        "\"schemas\":[{\"path\":[\"input\",\"user\"],\"schema\":[\"schema\",\"user\"]},"
        "{\"path\":[\"data\",\"x\"],\"definition\":{\"type\":\"string\"}}],\"scope\":\"rule\"}\n");
}

TEST_CASE("metadata: refuses what is none") {
  struct Row {
    std::string_view block, error;
  };
  const Row rows[] = {
      {"# METADATA\np := 1",
       "m.rego:2:1: rego_parse_error: expected METADATA block, found whitespace"},
      {"# METADATA\n# scope: rule",
       "m.rego:2:1: rego_parse_error: annotation scope 'rule' must be "
       "applied to rule"},
      {"# METADATA\n# scope: package\np := 1",
       "m.rego:2:1: rego_parse_error: annotation scope 'package' must be applied to package (have "
       "rule)"},
      {"# METADATA\n# scope: all\np := 1",
       "m.rego:2:1: rego_parse_error: invalid annotation scope 'all'. Use one of 'rule', "
       "'document', 'package', or 'subpackages'"},
      {"# METADATA\n# title: x\nimport data.b",
       "m.rego:2:1: rego_parse_error: invalid annotation scope 'import'. Use one of 'rule', "
       "'document', 'package', or 'subpackages'"},
      {"# METADATA\n# scope: rule\n# entrypoint: true\np := 1",
       "m.rego:2:1: rego_parse_error: annotation entrypoint applied to non-document or package "
       "scope 'rule'"},
      {"# METADATA\n# title: x\n# authors: x\np := 1",
       "m.rego:4:1: rego_parse_error: 'authors' must be a list"},
      {"# METADATA\n# entrypoint: 7\np := 1",
       "m.rego:3:1: rego_parse_error: 'entrypoint' must be a boolean"},
      {"# METADATA\n# - a\np := 1", "m.rego:3:1: rego_parse_error: a METADATA block must be a map"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.block);
    CHECK(first_error("package a\n" + std::string(row.block)) == row.error);
  }
  CHECK(first_error("package a\n# METADATA\n# a: [\np := 1").find("rego_parse_error: yaml: line") !=
        std::string::npos);
}

TEST_CASE("metadata: YAML has limits in depth and size") {
  const std::string deep(1'000, '[');
  CHECK(first_error("package a\n# METADATA\n# custom: " + deep + "\np := 1").find("too deep") !=
        std::string::npos);
  const std::string large(70'000, 'x');
  CHECK(first_error("package a\n# METADATA\n# title: " + large + "\np := 1").find("65536 bytes") !=
        std::string::npos);
  // Aliases of aliases: ten times more with every line.
  std::string bomb = "package a\n# METADATA\n# custom:\n#  a0: &a0 [1]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "#  a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", " : "") + last;
    bomb += "]\n";
  }
  CHECK(first_error(bomb + "p := 1").find("nested too deep or too large") != std::string::npos);
}

}  // namespace mc::rego
