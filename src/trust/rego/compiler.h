// Between the parser and the planner: what each pass takes and leaves. Private to the module.
//
// resolve (resolve.h) -> rewrite (rewrite.h) -> check (safety.h, recursion.h, conflicts.h, types.h)
// -> plan (planner.h). After the last pass, this holds of every rule and query (OPA's compiler,
// stages ResolveRefs to RewriteWithModifiers, leaves the same):
//   * Refs to rules and imports are full: data.a.b.c; input and data are the only other roots, and
//     variables of the body. Calls name a builtin ("count"), or a function as data.a.f.
//   * Each declared local (:=, some, every, arguments) has a name of its own, "__local7__";
//     `assign` and `some` are gone: x := y is x = y, `some k, v in xs` is v = xs[k]; a wildcard
//     that is not declared has a name "$7" of its own.
//   * No call stands inside another term: f(g(x)) is eq(__local8__, g(x)), f(__local8__) in
//     the order of evaluation (the call form of an expression is [f, operands..., output]: "plus",
//     a, b, __local9__); refs have only constants and variables as operands: xs[[a, b]] is
//     __local9__ = [a, b]; xs[__local9__], the other way round when a or b is not bound before.
//     Comprehensions and `every` may stand as the operand of an eq only, with
//     bodies that keep the same rules. Template strings are calls of internal.template_string.
//   * A rule's head is simple: its key, value and non-constant operands of its ref are variables or
//     constants or ground terms; what was more is an eq in the body. Arguments of functions are
//     variables or patterns of variables and constants.
//   * `with` targets are full (input..., data..., or a function), values are simple terms.
//   * Bodies are in an order in which every variable is bound before it is needed (safety.h).
//   * rego.metadata.rule() and .chain() are replaced by their values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rego/ast.h"
#include "rego/rego.h"

namespace mc::rego {

// The rules of all modules, by the constant prefix of their heads: a node for each name. The root's
// only child is "data": find({"data", "a", "p"}). A prefix ends before the first operand that is no
// string: p[x].q and p[1] are at p. `else` branches are below their rule, not in the tree.
struct RuleTree {
  std::map<std::string, RuleTree> children;
  std::vector<const Rule*> rules;  // whose constant prefix ends here (general refs: p[x].q at p)
  bool is_package = false;
  const RuleTree* find(const std::vector<std::string>& path) const;
};
RuleTree make_rule_tree(const std::vector<Module>& modules);

struct Compilation {
  std::vector<Module> modules;
  std::vector<NamedQuery> queries;
  CompileOptions options;
  std::vector<Diagnostic> errors;
  // Names written by people, of locals that were renamed: "__local7__" -> "x", for messages.
  std::map<std::string, std::string> written_names;
  std::vector<std::string> files;
  int next_local = 0;

  std::string new_local() { return "__local" + std::to_string(next_local++) + "__"; }
  bool full() const { return errors.size() >= options.errors_max; }
  void error(std::string code, std::string message, const Location& at);
};

// Each false when errors were added. In this order.
bool resolve_names(Compilation& c);     // resolve.cc: imports, rules, shadowing
bool rewrite_locals(Compilation& c);    // rewrite_locals.cc: :=, some, every, arguments
bool rewrite_terms(Compilation& c);     // rewrite_terms.cc: calls, comprehensions, heads, with
bool check_conflicts(Compilation& c);   // conflicts.cc: kinds and arities of rules of a name
bool check_calls(Compilation& c);       // types_calls.cc: undefined functions, arities
bool order_bodies(Compilation& c);      // safety.cc: reorders, and refuses unsafe variables
bool check_recursion(Compilation& c);   // recursion.cc
bool check_types(Compilation& c);       // types.cc
bool check_deprecated(Compilation& c);  // deprecated.cc
// planner.cc. Errors: nesting past the planner's limits; others are faults of the passes.
Checked<vm::plan::Policy> plan_policy(const Compilation& c, const RuleTree& tree);

}  // namespace mc::rego
