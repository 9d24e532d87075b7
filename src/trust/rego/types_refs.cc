// References: whether what they ask for can be there.
#include <algorithm>
#include <utility>

#include "rego/types_check.h"
#include "rego/walk.h"

namespace mc::rego::types {

void Checker::check_refs(const Expr& expr, Scope& scope, Errors& errors) {
  const bool call = call_of(expr).has_value();
  if (call && expr.kind == Expr::Kind::term) {
    for (std::size_t i = 1; i < expr.terms[0].items.size(); ++i) {
      check_refs(expr.terms[0].items[i], scope, errors);
    }
    return;
  }
  for (std::size_t i = call ? 1 : 0; i < expr.terms.size(); ++i) {
    check_refs(expr.terms[i], scope, errors);
  }
  for (const Expr& inner : expr.body) check_refs(inner, scope, errors);
}

// Closures have been checked by themselves.
void Checker::check_refs(const Term& term, Scope& scope, Errors& errors) {
  if (is_comprehension(term)) return;
  if (term.kind == Term::Kind::ref && !check_ref(term, scope, errors)) return;
  for (const Term& item : term.items) check_refs(item, scope, errors);
}

// False when nothing in `ref` is worth a look.
bool Checker::check_ref(const Term& ref, Scope& scope, Errors& errors) {
  if (ref.items.empty()) return false;
  const TypePtr type = type_of_ref(ref, scope);
  if (is_function(type)) {  // functions are no values
    errors.push_back(unsupported_ref(ref, ref.items.size() - 1, type));
    return false;
  }
  const Term& head = ref.items[0];
  if (head.kind != Term::Kind::var) return true;
  if (head.text == "data") {
    check_ref_of_data(ref, scope, errors);
    return true;
  }
  if (head.text == "input") {
    check_ref_of_value(ref, 1, any(), scope, errors);
    return true;
  }
  TypePtr known = scope.find(head.text);
  if (!known) scope.set(head.text, known = any());
  check_ref_of_value(ref, 1, std::move(known), scope, errors);
  return true;
}

bool Checker::check_ref_of_data(const Term& ref, Scope& scope, Errors& errors) {
  const RuleTypes::Node* node = &rules_.data();
  if (node->children.empty()) return check_ref_of_value(ref, 1, any(), scope, errors);
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    const Term& operand = ref.items[i];
    const bool is_var = operand.kind == Term::Kind::var;
    // Packages have names of one part at least.
    if (i <= 2 && !is_var && operand.kind != Term::Kind::string) {
      const Wanted wanted{type_of(operand, scope), string(), node->keys()};
      errors.push_back(invalid_ref(ref, i, wanted));
      return false;
    }
    if (is_var) {
      const TypePtr wanted = types::keys(node->extent());
      const TypePtr known = type_of(operand, scope);
      if (known && !fits(wanted, known)) {
        errors.push_back(invalid_ref(ref, i, {known, wanted, node->keys()}));
        return false;
      }
      if (!known) scope.set(operand.text, wanted);
    }
    const RuleTypes::Node* const child = node->child(operand);
    if (child == nullptr) return check_ref_of_value(ref, 1, any(), scope, errors);
    if (child->value) return check_ref_of_value(ref, i + 1, child->value, scope, errors);
    node = child;
  }
  return true;
}

// The operands from position `from` on, of a value of `type`.
bool Checker::check_ref_of_value(const Term& ref, std::size_t from, TypePtr type, Scope& scope,
                                 Errors& errors) {
  for (std::size_t i = from; i < ref.items.size(); ++i) {
    const Term& operand = ref.items[i];
    if (!types::keys(type)) {
      errors.push_back(unsupported_ref(ref, i - 1, type));
      return false;
    }
    if (const std::optional<Wanted> wanted = check_operand(operand, type, scope)) {
      errors.push_back(invalid_ref(ref, i, *wanted));
      return false;
    }
    const bool scalar = is_scalar(operand);
    type = scalar ? select(type, operand) : values(type);
  }
  return true;
}

std::optional<Checker::Wanted> Checker::check_operand(const Term& operand, const TypePtr& type,
                                                      Scope& scope) {
  const TypePtr wanted = types::keys(type);
  switch (operand.kind) {
    case Term::Kind::var:
    case Term::Kind::ref: {
      const TypePtr known = type_of(operand, scope);
      if (known && !fits(known, wanted)) return Wanted{known, wanted, known_keys(type)};
      if (!known && operand.kind == Term::Kind::var) scope.set(operand.text, wanted);
      return std::nullopt;
    }
    case Term::Kind::array:
    case Term::Kind::object:
    case Term::Kind::set:
      if (fit(operand, wanted, scope, Join::no)) return std::nullopt;
      return Wanted{type_of(operand, scope), wanted, {}};
    default:
      if (is_scalar(operand) && select(type, operand)) return std::nullopt;
      return Wanted{nullptr, wanted, known_keys(type)};
  }
}

// With the names people wrote.
Term Checker::as_written(Term ref) const {
  visit_terms(ref, [&](Term& term) {
    if (term.kind == Term::Kind::var) {
      const auto at = compilation_.written_names.find(term.text);
      if (at != compilation_.written_names.end()) term.text = at->second;
      if (is_wildcard(term.text)) term.text = "_";
    }
    return true;
  });
  return ref;
}

namespace {

std::string prefix_text(const Term& ref, std::size_t count) {
  Term prefix = ref;
  prefix.items.resize(count);
  return to_text(prefix);
}

std::string shown(const TypePtr& type) {
  return type ? to_text(type) : "<nil>";
}

}  // namespace

Diagnostic Checker::unsupported_ref(const Term& ref, std::size_t at, const TypePtr& have) const {
  const Term written = as_written(ref);
  const std::string text = to_text(written);
  return error(ref.items[0].at, "undefined ref: " + text + "\n\t" + text + "\n\t" +
                                    std::string(prefix_text(written, at + 1).size(), '^') +
                                    "\n\thave: " + shown(have));
}

Diagnostic Checker::invalid_ref(const Term& ref, std::size_t at, const Wanted& wanted) const {
  const Term written = as_written(ref);
  const std::string text = to_text(written);
  const std::string start = "\n\t" + std::string(prefix_text(written, at).size() + 1, ' ');
  std::string message = "undefined ref: " + text + "\n\t" + text + start + "^" + start;
  message +=
      wanted.have ? "have (type): " + to_text(wanted.have) : "have: " + to_text(written.items[at]);
  if (wanted.one_of.empty()) {
    return error(ref.items[0].at, message + start + "want (type): " + shown(wanted.want));
  }
  message += start + "want (one of): [";
  for (std::size_t i = 0; i < wanted.one_of.size(); ++i) {
    message += (i == 0 ? "" : " ") + to_text(wanted.one_of[i]);
  }
  return error(ref.items[0].at, message + "]");
}

}  // namespace mc::rego::types
