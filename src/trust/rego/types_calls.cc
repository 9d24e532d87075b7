// Undefined functions and wrong numbers of operands: found before bodies are ordered, since the
// variables of such a call would be told to be unsafe otherwise.
#include <utility>

#include "rego/outputs.h"
#include "rego/types_check.h"

namespace mc::rego {

namespace {

class CallCheck {
 public:
  explicit CallCheck(Compilation& c) : compilation_(c), functions_(c), checker_(c) {}

  void body(const Body& body) {
    visit_exprs(body, [this](const Expr& expr) {
      return expr.kind != Expr::Kind::call || expr.terms.empty() || call(expr);
    });
  }

 private:
  // False when something is wrong with the call: nothing in it is looked at then.
  bool call(const Expr& expr) {
    const Term& function = expr.terms[0];
    const int arity = functions_.arity(function);
    const int count = static_cast<int>(expr.terms.size()) - 1;
    if (arity == Functions::kAnyNumber) return true;
    if (arity == Functions::kUnknown) {
      error(expr, "undefined function " + written_text(compilation_, function));
      return false;
    }
    if (expr.is_call("eq")) return count == 2 || wrong_count(expr, arity, count);
    // The compiler adds where the result goes; people may have written that.
    if (expr.generated) return count == arity + 1 || wrong_count(expr, arity, count - 1);
    return count == arity || count == arity + 1 || wrong_count(expr, arity, count);
  }

  bool wrong_count(const Expr& expr, int arity, int count) {
    const Term& function = expr.terms[0];
    const types::Scope nothing;
    const types::TypePtr type = checker_.type_of(function, nothing);
    if (types::is_function(type)) {
      std::vector<types::TypePtr> have;
      for (std::size_t i = 1; i < expr.terms.size(); ++i) {
        have.push_back(checker_.type_of(expr.terms[i], nothing));
      }
      error(expr, to_text(function) + ": arity mismatch\n\thave: " + types::list_text(have) +
                      "\n\twant: " + types::operands_text(*type, types::Shown::operands));
      return false;
    }
    error(expr, "function " + to_text(function) + " has arity " + std::to_string(arity) + ", got " +
                    std::to_string(count) + (count == 1 ? " argument" : " arguments"));
    return false;
  }

  void error(const Expr& expr, std::string message) {
    compilation_.error("rego_type_error", std::move(message), expr.at);
  }

  Compilation& compilation_;
  Functions functions_;
  types::Checker checker_;
};

}  // namespace

bool check_calls(Compilation& c) {
  const std::size_t before = c.errors.size();
  CallCheck check(c);
  each_rule(c.modules, [&](const Rule& rule) { check.body(rule.body); });
  for (const NamedQuery& query : c.queries) check.body(query.body);
  return c.errors.size() == before;
}

}  // namespace mc::rego
