// For the tests of the passes: modules from text, through the passes in their order.
#pragma once

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <vector>

#include "rego/compiler.h"
#include "rego/walk.h"

namespace mc::rego::testing {

// A compilation after the passes, and its errors, one a line: "3:5 rego_unsafe_var_error: var x is
// unsafe"; before those of later modules stands their file, "b.rego:3:5 ...".
struct Passed {
  Compilation c;
  std::string errors;
};

inline void number_file(Module& module, std::uint32_t file) {
  module.package_at.file = file;
  for (Import& import : module.imports) import.at.file = file;
  const auto on_term = [&](Term& term) {
    term.at.file = file;
    return true;
  };
  const auto on_expr = [&](Expr& expr) {
    expr.at.file = file;
    for (With& with : expr.with) with.at.file = file;
    return true;
  };
  visit_terms(module.package, on_term);
  for (Rule& rule : module.rules) {
    each_branch(rule, [&](Rule& branch) {
      branch.at.file = branch.head.at.file = file;
      each_head_term(branch.head, [&](Term& term) { visit(term, on_expr, on_term); });
      visit(branch.body, on_expr, on_term);
    });
  }
}

inline std::string lines_of(const std::vector<Diagnostic>& errors) {
  std::string lines;
  for (const Diagnostic& error : errors) {
    if (!lines.empty()) lines += "\n";
    if (!error.file.empty() && error.file != "a.rego") lines += error.file + ":";
    lines += std::to_string(error.at.row) + ":" + std::to_string(error.at.column) + " " +
             error.code + ": " + error.message;
  }
  return lines;
}

// Modules are "a.rego", "b.rego", ...; a text without a package clause gets the line "package a"
// before it. What does not parse is told like other errors.
inline Passed run_passes(std::span<const std::string> modules, const CompileOptions& options,
                         const std::string& query = "") {
  Passed passed;
  Compilation& c = passed.c;
  c.options = options;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const std::string file = std::string(1, static_cast<char>('a' + i)) + ".rego";
    const bool whole = modules[i].find("package ") != std::string::npos;
    Checked<Module> module = parse_module(whole ? modules[i] : "package a\n" + modules[i], file);
    if (!module) {
      passed.errors = lines_of(module.error());
      return passed;
    }
    c.files.push_back(file);
    c.modules.push_back(std::move(*module));
    number_file(c.modules.back(), static_cast<std::uint32_t>(i));
  }
  if (!query.empty()) {
    Checked<Body> body = parse_query(query);
    if (!body) {
      passed.errors = lines_of(body.error());
      return passed;
    }
    c.queries.push_back({"eval", std::move(*body)});
  }
  const bool done = resolve_names(c) && rewrite_locals(c) && rewrite_terms(c) &&
                    check_conflicts(c) && check_calls(c) && order_bodies(c) && check_recursion(c) &&
                    check_deprecated(c);
  CHECK(done == c.errors.empty());
  passed.errors = lines_of(c.errors);
  return passed;
}

inline Passed run_module(const std::string& module, const CompileOptions& options = {}) {
  return run_passes(std::span(&module, 1), options);
}
inline Passed run_query(const std::string& query, const std::string& module = "",
                        const CompileOptions& options = {}) {
  const std::span<const std::string> modules(&module, module.empty() ? 0 : 1);
  return run_passes(modules, options, query);
}

// Rules as the planner gets them, one a line: "f(x) := y { a = 1; b = 2 }".
inline std::string rewritten(const Compilation& c) {
  std::string text;
  const auto add_body = [&](const Body& body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      text += (i == 0 ? "" : "; ") + to_text(body[i]);
    }
  };
  each_rule(c.modules, [&](const Rule& branch) {
    if (!text.empty()) text += "\n";
    text += to_text(branch.head.ref);
    for (std::size_t i = 0; i < branch.head.arguments.size(); ++i) {
      text += (i == 0 ? "(" : ", ") + to_text(branch.head.arguments[i]);
    }
    if (!branch.head.arguments.empty()) text += ")";
    if (branch.head.key) text += " contains " + to_text(*branch.head.key);
    if (branch.head.value) text += " := " + to_text(*branch.head.value);
    if (branch.body.empty()) return;
    text += " { ";
    add_body(branch.body);
    text += " }";
  });
  for (const NamedQuery& query : c.queries) {
    if (!text.empty()) text += "\n";
    add_body(query.body);
  }
  return text;
}

// A module (or a query) and its errors.
struct ErrorCase {
  const char* text;
  const char* errors;
};

inline void check_module_errors(std::span<const ErrorCase> cases,
                                const CompileOptions& options = {}) {
  for (const ErrorCase& row : cases) {
    CAPTURE(std::string(row.text));
    CHECK(run_module(row.text, options).errors == row.errors);
  }
}

}  // namespace mc::rego::testing
