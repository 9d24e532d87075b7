#include "rego/types.h"

#include <utility>

#include "rego/compiler.h"
#include "rego/types_check.h"

namespace mc::rego {

namespace {

bool report(Compilation& c, types::Checker& checker) {
  const std::vector<Diagnostic> errors = checker.take_errors();
  for (const Diagnostic& error : errors) c.error(error.code, error.message, error.at);
  return errors.empty();
}

}  // namespace

bool check_types(Compilation& c) {
  if (!c.options.check_types) return true;
  types::Checker checker(c);
  const RuleTree tree = make_rule_tree(c.modules);
  for (const types::PlacedRule& placed : types::rules_in_order(c, tree)) {
    checker.check_rule(*placed.package, *placed.rule);
  }
  if (!report(c, checker)) return false;
  for (const NamedQuery& query : c.queries) checker.check_query(query.body);
  return report(c, checker);
}

}  // namespace mc::rego
