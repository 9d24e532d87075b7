// Functions that Rego v1 has no longer, though their names are known.
#include <algorithm>

#include "rego/outputs.h"

namespace mc::rego {

namespace {

constexpr std::string_view kDeprecated[] = {
    "all",      "any",         "cast_array", "cast_boolean",     "cast_null", "cast_object",
    "cast_set", "cast_string", "re_match",   "net.cidr_overlap", "set_diff",
};

void check(Compilation& c, const Body& body) {
  visit_exprs(body, [&](const Expr& expr) {
    if (expr.kind != Expr::Kind::call) return true;
    if (expr.terms[0].items.size() > 2) return true;
    const std::string name = ref_text(expr.terms[0]);
    if (std::find(std::begin(kDeprecated), std::end(kDeprecated), name) != std::end(kDeprecated)) {
      c.error("rego_type_error", "deprecated built-in function calls in expression: " + name,
              expr.at);
    }
    return true;
  });
}

}  // namespace

bool check_deprecated(Compilation& c) {
  const std::size_t before = c.errors.size();
  each_rule(c.modules, [&](const Rule& branch) { check(c, branch.body); });
  if (c.options.strict) {
    for (const NamedQuery& query : c.queries) check(c, query.body);
  }
  return c.errors.size() == before;
}

}  // namespace mc::rego
