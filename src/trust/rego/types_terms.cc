// The types of terms.
#include <algorithm>
#include <utility>

#include "rego/types_check.h"
#include "rego/walk.h"

namespace mc::rego::types {

std::vector<std::pair<const Term*, const Term*>> members_of(const Term& object) {
  std::vector<std::pair<const Term*, const Term*>> members;
  std::map<Term, std::size_t, RuleTypes::Less> seen;
  for (std::size_t i = 0; i + 1 < object.items.size(); i += 2) {
    const Term &key = object.items[i], &value = object.items[i + 1];
    const std::optional<Term> fixed = constant(key);
    if (fixed) {
      const auto [at, added] = seen.try_emplace(*fixed, members.size());
      if (!added) {
        members[at->second] = {&key, &value};
        continue;
      }
    }
    members.emplace_back(&key, &value);
  }
  return members;
}

TypePtr Checker::type_of_object(const Term& term, const Scope& scope) {
  std::vector<Property> properties;
  std::optional<Dynamic> dynamic;
  for (const auto& [key, value] : members_of(term)) {
    if (std::optional<Term> fixed = constant(*key)) {
      properties.push_back({std::move(*fixed), type_of(*value, scope)});
    } else {
      dynamic = Dynamic{type_of(*key, scope), type_of(*value, scope)};
    }
  }
  if (properties.empty() && !dynamic) dynamic = Dynamic{any(), any()};
  return object(std::move(properties), std::move(dynamic));
}

TypePtr Checker::type_of_ref(const Term& ref, const Scope& scope) {
  if (ref.items.empty()) return nullptr;
  const Term& head = ref.items[0];
  if (head.is_var("data")) return rules_.find(ref);
  if (head.is_var("input")) return any();
  if (head.kind == Term::Kind::var) {
    if (const TypePtr type = scope.find(head.text)) return select_path(type, ref.items, 1);
    return builtin_type(ref_text(ref));
  }
  return select_path(type_of(head, scope), ref.items, 1);
}

TypePtr Checker::type_of(const Term& term, const Scope& scope) {
  switch (term.kind) {
    case Term::Kind::null:
      return null();
    case Term::Kind::boolean:
      return boolean();
    case Term::Kind::number:
      return number();
    case Term::Kind::string:
      return string();
    case Term::Kind::var:
      if (term.text == "data" || term.text == "input") return any();
      if (TypePtr type = scope.find(term.text)) return type;
      return builtin_type(term.text);
    case Term::Kind::ref:
      return type_of_ref(term, scope);
    case Term::Kind::array: {
      std::vector<TypePtr> items;
      for (const Term& item : term.items) items.push_back(type_of(item, scope));
      const bool empty = items.empty();
      return array(std::move(items), empty ? any() : nullptr);
    }
    case Term::Kind::set: {
      TypePtr members;
      for (const Term& item : term.items) members = either(members, type_of(item, scope));
      return set(members ? members : any());
    }
    case Term::Kind::object:
      return type_of_object(term, scope);
    case Term::Kind::array_comprehension:
    case Term::Kind::set_comprehension:
    case Term::Kind::object_comprehension: {
      Errors ignored;
      return check_comprehension(term, scope, ignored);
    }
    default:
      return nullptr;
  }
}

}  // namespace mc::rego::types
