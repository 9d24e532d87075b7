// Unification of patterns with types.
#include <algorithm>
#include <utility>

#include "rego/types_check.h"

namespace mc::rego::types {

using Kind = Type::Kind;

bool Checker::unify(const Term& a, const Term& b, Scope& scope) {
  const TypePtr left = type_of(a, scope), right = type_of(b, scope);
  const bool left_unknown = is_unknown(left), right_unknown = is_unknown(right);
  if (left_unknown && !right_unknown) return fit(a, right, scope, Join::no);
  if (right_unknown && !left_unknown) return fit(b, left, scope, Join::no);
  if (!left_unknown) return fits(left, right);
  switch (a.kind) {
    case Term::Kind::array:
      return unify_arrays(a, b, scope);
    case Term::Kind::object:
      return unify_objects(a, b, scope);
    case Term::Kind::var:
      if (b.kind == Term::Kind::var) {
        return fit(a, any(), scope, Join::no) && fit(b, type_of(a, scope), scope, Join::no);
      }
      if (b.kind == Term::Kind::array) return unify_arrays(b, a, scope);
      return b.kind == Term::Kind::object && unify_objects(b, a, scope);
    default:
      return false;
  }
}

bool Checker::unify_arrays(const Term& a, const Term& b, Scope& scope) {
  if (b.kind == Term::Kind::var) {
    return fit(a, any(), scope, Join::no) && fit(b, type_of(a, scope), scope, Join::no);
  }
  if (b.kind != Term::Kind::array || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!unify(a.items[i], b.items[i], scope)) return false;
  }
  return true;
}

bool Checker::unify_objects(const Term& a, const Term& b, Scope& scope) {
  if (b.kind == Term::Kind::var) {
    return fit(a, any(), scope, Join::no) && fit(b, type_of(a, scope), scope, Join::no);
  }
  if (b.kind != Term::Kind::object) return false;
  const auto left = members_of(a), right = members_of(b);
  if (left.size() != right.size()) return false;
  for (const auto& [key, value] : left) {
    const Term* const wanted = key;
    const auto other = std::find_if(right.begin(), right.end(), [&](const auto& member) {
      return equal(*member.first, *wanted);
    });
    if (other == right.end() || !unify(*value, *other->second, scope)) return false;
  }
  return true;
}

bool Checker::fit_var(const Term& var, const TypePtr& type, Scope& scope, Join join) {
  const TypePtr known = type_of(var, scope);
  if (join == Join::no) {
    if (known) return fits(known, type);
    scope.set(var.text, type);
  } else {
    scope.set(var.text, either(known, type));
  }
  return true;
}

// Whether the parts of a collection have the types of the parts of `type`, of the same kind.
bool Checker::fit_parts(const Term& term, const TypePtr& type, Scope& scope, Join join) {
  if (term.kind == Term::Kind::object) return fit_object(term, type, scope, join);
  if (term.kind == Term::Kind::set) {
    const TypePtr members = values(type);
    return std::all_of(term.items.begin(), term.items.end(),
                       [&](const Term& item) { return fit(item, members, scope, join); });
  }
  if (term.items.size() != type->items.size() && !type->rest) return false;
  for (std::size_t i = 0; i < term.items.size(); ++i) {
    const TypePtr& wanted = i < type->items.size() ? type->items[i] : type->rest;
    if (!fit(term.items[i], wanted, scope, join)) return false;
  }
  return true;
}

bool Checker::fit_object(const Term& object, const TypePtr& type, Scope& scope, Join join) {
  const auto members = members_of(object);
  if (members.size() != type->properties.size() && !type->rest) return false;
  for (const auto& [key, value] : members) {
    const std::optional<Term> fixed = constant(*key);
    if (!fixed) {
      // Any key's value may be meant.
      fit(*value, any(), scope, join);
      continue;
    }
    const TypePtr wanted = select(type, *fixed);
    if (!wanted || !fit(*value, wanted, scope, join)) return false;
  }
  return true;
}

// Whether `term` may have `type`. Variables not known yet get theirs.
bool Checker::fit(const Term& term, const TypePtr& type, Scope& scope, Join join) {
  if (--steps_left_ < 0) return true;
  Kind wanted = Kind::array;
  switch (term.kind) {
    case Term::Kind::array:
      break;
    case Term::Kind::object:
      wanted = Kind::object;
      break;
    case Term::Kind::set:
      wanted = Kind::set;
      break;
    case Term::Kind::var:
      return fit_var(term, type, scope, join);
    default:
      return fits(type_of(term, scope), type);
  }
  if (!type) return false;
  if (type->kind == wanted) return fit_parts(term, type, scope, join);
  if (type->kind != Kind::any) return false;
  if (type->items.empty()) {
    for (const Term& item : term.items) fit(item, type, scope, Join::yes);
    return true;
  }
  bool fitted = false;
  for (const TypePtr& alternative : type->items) {
    fitted = fit(term, alternative, scope, Join::yes) || fitted;
  }
  return fitted;
}

}  // namespace mc::rego::types
