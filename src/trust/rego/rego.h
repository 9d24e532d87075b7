// Rego v1 (OPA 1.x): text -> syntax tree (ast.h) -> checked and rewritten -> plan (vm/plan.h).
//
//   parse_module()  a file to a Module
//   parse_query()   a query to a Body
//   compile()       modules and queries to a plan::Policy: names resolved, local variables renamed,
//                   bodies ordered so that every variable is bound before it is used, types and
//                   arities checked, recursion and conflicts refused
//   format()        a module as `opa fmt` prints it
//
// Pure functions of their arguments; no thread rules. Everything has a limit (Limits).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "rego/ast.h"
#include "vm/vm.h"

namespace mc::rego {

template <class T>
using Checked = tl::expected<T, std::vector<Diagnostic>>;  // errors: at least one

struct ParseLimits {
  std::size_t bytes_max = 4 << 20;
  int depth_max = 200;  // of nested terms and bodies
  std::size_t errors_max = 10;
};
// rego.v1 is the default and the only version (`import rego.v1` is allowed and means nothing).
Checked<Module> parse_module(std::string_view text, std::string file,
                             const ParseLimits& limits = {});
Checked<Body> parse_query(std::string_view text, std::string file = "<query>",
                          const ParseLimits& limits = {});
// A ground term ("{1, 2}", "[x]" is refused), for input_term and the console.
Checked<Term> parse_term(std::string_view text, const ParseLimits& limits = {});
// A ground term as a value.
Result<term::Value> to_value(term::Arena& arena, const Term& term);

std::string format(const Module& module);

struct Entrypoint {
  std::string path;  // "example/allow", relative to data
};
struct NamedQuery {
  std::string name = "eval";
  Body body;
};
struct CompileOptions {
  std::vector<Entrypoint> entrypoints;  // one plan each, {"result": value}
  std::vector<NamedQuery> queries;      // one plan each, an object of the bindings
  vm::Capabilities capabilities;
  bool strict = false;  // unused locals and imports, deprecated builtins are errors
  bool check_types = true;
  std::size_t errors_max = 10;
  // Base documents, to refuse rules that would hide them; undefined = not known.
  term::Value data;
  bool allow_print = true;  // false: print() calls are removed
};
struct Compiled {
  vm::plan::Policy policy;
  std::vector<std::string> rule_paths;  // "data.example.allow", sorted
};
Checked<Compiled> compile(std::vector<Module> modules, const CompileOptions& options);

// rego.parse_module, for Capabilities::more.
builtin::Builtin parse_module_builtin();

}  // namespace mc::rego
