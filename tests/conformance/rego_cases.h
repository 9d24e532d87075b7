// OPA's compliance suite (Apache-2.0), one case a line: cases/*.jsonl as written, plans/*.jsonl
// with the plan that OPA made of the same case.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "rego/rego.h"
#include "suite.h"
#include "term/term.h"

namespace mc::conformance {

struct RegoCase {
  std::string id;
  term::Value node;  // frozen
  std::string text(std::string_view name) const { return std::string(node.find(name).text()); }
};

// Cases that need what a test must not have.
bool is_exempt(const std::string& id);

// The functions that the suite takes for given.
vm::Capabilities suite_capabilities();

// The cases of a folder, by id. Their values live in `arena`.
std::map<std::string, RegoCase> read_rego_cases(const Vectors& vectors, const std::string& folder,
                                                term::Arena& arena, Report& report);

// Its modules, parsed; the error is a sentence.
Result<std::vector<rego::Module>> parse_modules(const RegoCase& c);
// What the case has as input, frozen; undefined when it has none.
Result<term::Value> read_input(const RegoCase& c, term::Arena& arena);

}  // namespace mc::conformance
