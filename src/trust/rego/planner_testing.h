// For the tests of the planner: modules and a query as text to a plan, and the plan's results.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rego/rego.h"
#include "term/term.h"
#include "vm/vm.h"

namespace mc::rego::testing {

// Modules are "a.rego", "b.rego", ...; one without a package clause is of package a.
inline Checked<Compiled> compile_texts(const std::vector<std::string>& texts,
                                       const std::string& query,
                                       const std::vector<std::string>& entrypoints = {}) {
  std::vector<Module> modules;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool whole = texts[i].find("package ") != std::string::npos;
    auto module = parse_module(whole ? texts[i] : "package a\n" + texts[i],
                               std::string(1, static_cast<char>('a' + i)) + ".rego");
    if (!module) return tl::unexpected(module.error());
    modules.push_back(std::move(*module));
  }
  CompileOptions options;
  if (!query.empty()) {
    auto body = parse_query(query);
    if (!body) return tl::unexpected(body.error());
    options.queries.push_back({"eval", std::move(*body)});
  }
  for (const std::string& path : entrypoints) options.entrypoints.push_back({path});
  return compile(std::move(modules), options);
}

// The results of the first plan as JSON, each binding sorted; or the error.
inline std::string run(const vm::plan::Policy& policy, const std::string& input,
                       const std::string& data) {
  const auto program = vm::Program::make(policy);
  if (!program) return "refused: " + program.error().what;
  term::Arena arena;
  vm::Query query;
  if (!input.empty()) {
    const auto parsed = term::parse_json(arena, input);
    if (!parsed) return "bad input";
    query.input = *parsed;
  }
  const auto parsed = term::parse_json(arena, data.empty() ? "{}" : data);
  if (!parsed) return "bad data";
  query.data = *parsed;
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  vm::Machine machine(*clock, *random);
  const auto answer = machine.run(**program, query);
  if (!answer) return answer.error().code + ": " + answer.error().message;
  return term::to_rego(answer->results);
}

struct Row {
  const char* name;
  std::vector<std::string> modules;
  const char* query;
  const char* input;
  const char* data;
  const char* want;
};

inline void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    const auto compiled = compile_texts(row.modules, row.query);
    if (!compiled) {
      CHECK_MESSAGE(false, to_line(compiled.error()[0]));
      continue;
    }
    CHECK(run(compiled->policy, row.input, row.data) == row.want);
  }
}

}  // namespace mc::rego::testing
