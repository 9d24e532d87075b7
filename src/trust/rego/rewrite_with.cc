// `with`: what it may replace, and by what.
#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

bool is_ref_of(const Term& term, std::string_view root) {
  return term.kind == Kind::ref && !term.items.empty() && term.items[0].is_var(root);
}

std::string function_name(const Term& term) {
  return is_var(term) ? term.text : dotted(term);
}

bool has_functions(const RuleTree* node) {
  if (node == nullptr) return false;
  for (const Rule* const rule : node->rules) {
    if (!rule->head.arguments.empty()) return true;
  }
  return false;
}

class WithRewriter {
 public:
  WithRewriter(Compilation& c, const Functions& functions) : c_(c), functions_(functions) {}

  void body(Body& body) {
    Body out;
    out.reserve(body.size());
    for (Expr& expr : body) {
      for (Term& term : expr.terms) closures(term);
      this->body(expr.body);
      for (With& with : expr.with) {
        closures(with.value);
        with_modifier(with, out);
      }
      out.push_back(std::move(expr));
    }
    body = std::move(out);
  }

 private:
  void closures(Term& term) {
    for (Term& item : term.items) closures(item);
    if (!term.body.empty()) body(term.body);
  }

  void with_modifier(With& with, Body& before) {
    // A builtin named alone is a variable until here.
    for (Term* const term : {&with.target, &with.value}) {
      if (!is_var(*term) || functions_.find_builtin(term->text) == nullptr) continue;
      const Location at = term->at;
      *term = make_ref({std::move(*term)}, at);
    }
    bool evaluated = false;
    if (is_ref_of(with.target, "data")) {
      evaluated = data_target(with);
    } else if (is_ref_of(with.target, "input")) {
      evaluated = true;
    } else if (functions_.find_builtin(function_name(with.target)) != nullptr) {
      evaluated = builtin_target(with);
    } else {
      c_.error("rego_type_error",
               "with keyword target must reference existing input, data, or a function",
               with.target.at);
    }
    if (evaluated && requires_evaluation(with.value)) lift(c_, with.value, before);
  }

  // Whether a value that replaces a function is one itself.
  bool is_function(const Term& value) const {
    if (value.kind == Kind::ref) {
      const std::vector<std::string> path = path_of(value);
      if (!path.empty() && functions_.tree().find(path) != nullptr) return true;
    }
    return (is_var(value) || value.kind == Kind::ref) &&
           functions_.find_builtin(function_name(value)) != nullptr;
  }

  // True: the value has to be evaluated.
  bool data_target(const With& with) {
    const std::vector<Term>& items = with.target.items;
    const RuleTree* node = &functions_.tree();
    for (std::size_t i = 0; i + 1 < items.size(); ++i) {
      const auto child = node->children.find(items[i].text);
      if (child == node->children.end()) {
        node = nullptr;
        break;
      }
      node = &child->second;
      if (node->rules.empty()) continue;
      c_.error("rego_compile_error", "with keyword cannot partially replace virtual document(s)",
               with.target.at);
      return false;
    }
    if (node != nullptr) {
      const auto child = node->children.find(items.back().text);
      if (child != node->children.end() && has_functions(&child->second) &&
          is_function(with.value)) {
        return false;
      }
    }
    if (with.value.kind != Kind::ref) return true;
    const std::vector<std::string> path = path_of(with.value);
    return path.empty() || !has_functions(functions_.tree().find(path));
  }

  bool builtin_target(const With& with) {
    const std::string name = function_name(with.target);
    const std::string start = "with keyword replacing built-in function: ";
    std::string problem;
    if (name == "eq" || name == "rego.metadata.chain" || name == "rego.metadata.rule") {
      problem = "replacement of \"" + name + "\" invalid";
    } else if (name.starts_with("internal.")) {
      problem = "replacement of internal function \"" + name + "\" invalid";
    } else if (name == "walk") {
      problem = "target must not be a relation";
    } else if (name == "print") {
      problem = "target must not be a void function";
    }
    if (!problem.empty()) {
      c_.error("rego_compile_error", start + problem, with.target.at);
      return false;
    }
    return !is_function(with.value);
  }

  Compilation& c_;
  const Functions& functions_;
};

}  // namespace

void rewrite_with(Compilation& c, const Functions& functions, Body& body) {
  WithRewriter(c, functions).body(body);
}

}  // namespace mc::rego
