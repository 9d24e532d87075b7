// Constants as keys of objects, and the unification of types.
#include <algorithm>
#include <cstdlib>

#include "rego/types.h"

namespace mc::rego::types {

namespace {

int sign(int order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool is_integer_text(std::string_view text) {
  return text.find_first_not_of("-0123456789") == std::string_view::npos;
}

// By value. Integers of any size are compared exactly.
int compare_numbers(const std::string& a, const std::string& b) {
  const long double left = std::strtold(a.c_str(), nullptr);
  const long double right = std::strtold(b.c_str(), nullptr);
  if (left != right) return left < right ? -1 : 1;
  if (!is_integer_text(a) || !is_integer_text(b)) return 0;
  if (a.size() != b.size()) return (a.size() < b.size()) == (left > 0) ? -1 : 1;
  return left < 0 ? sign(b.compare(a)) : sign(a.compare(b));
}

int compare_items(const Term& a, const Term& b) {
  const std::size_t common = std::min(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const int order = compare_constants(a.items[i], b.items[i]); order != 0) return order;
  }
  return a.items.size() < b.items.size() ? -1 : a.items.size() > b.items.size() ? 1 : 0;
}

void sort_set(Term& set) {
  const auto less = [](const Term& a, const Term& b) { return compare_constants(a, b) < 0; };
  const auto same = [](const Term& a, const Term& b) { return compare_constants(a, b) == 0; };
  std::sort(set.items.begin(), set.items.end(), less);
  set.items.erase(std::unique(set.items.begin(), set.items.end(), same), set.items.end());
}

void sort_object(Term& object) {
  std::vector<std::pair<Term, Term>> members;
  for (std::size_t i = 0; i + 1 < object.items.size(); i += 2) {
    members.emplace_back(std::move(object.items[i]), std::move(object.items[i + 1]));
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return compare_constants(a.first, b.first) < 0; });
  object.items.clear();
  for (auto& [key, value] : members) {
    object.items.push_back(std::move(key));
    object.items.push_back(std::move(value));
  }
}

}  // namespace

// The depth of a term is that of the parser's limit, and so is that of the calls here.
bool is_constant(const Term& term) {
  switch (term.kind) {
    case Term::Kind::null:
    case Term::Kind::boolean:
    case Term::Kind::number:
    case Term::Kind::string:
      return true;
    case Term::Kind::array:
    case Term::Kind::set:
    case Term::Kind::object:
      return std::all_of(term.items.begin(), term.items.end(), is_constant);
    default:
      return false;
  }
}

std::optional<Term> constant(const Term& term) {
  if (!is_constant(term)) return std::nullopt;
  Term copy;
  copy.kind = term.kind;
  copy.flag = term.flag;
  copy.text = term.text;
  for (const Term& item : term.items) copy.items.push_back(*constant(item));
  if (term.kind == Term::Kind::set) {
    sort_set(copy);
    copy.kind = Term::Kind::array;
  } else if (term.kind == Term::Kind::object) {
    sort_object(copy);
  }
  return copy;
}

int compare_constants(const Term& a, const Term& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  switch (a.kind) {
    case Term::Kind::boolean:
      return a.flag == b.flag ? 0 : a.flag ? 1 : -1;
    case Term::Kind::number:
      return compare_numbers(a.text, b.text);
    case Term::Kind::string:
      return sign(a.text.compare(b.text));
    case Term::Kind::array:
    case Term::Kind::object:
      return compare_items(a, b);
    default:
      return 0;
  }
}

TypePtr type_of_constant(const Term& constant) {
  switch (constant.kind) {
    case Term::Kind::null:
      return null();
    case Term::Kind::boolean:
      return boolean();
    case Term::Kind::number:
      return number();
    case Term::Kind::string:
      return string();
    case Term::Kind::array: {
      std::vector<TypePtr> items;
      for (const Term& item : constant.items) items.push_back(type_of_constant(item));
      return array(std::move(items), nullptr);
    }
    case Term::Kind::object: {
      std::vector<Property> properties;
      for (std::size_t i = 0; i + 1 < constant.items.size(); i += 2) {
        properties.push_back({constant.items[i], type_of_constant(constant.items[i + 1])});
      }
      return object(std::move(properties), std::nullopt);
    }
    default:
      return nullptr;
  }
}

namespace {

using Kind = Type::Kind;

bool unifies_with_one(const Type& alternatives, const TypePtr& other, std::int64_t& steps) {
  if (is_function(other)) return false;
  if (alternatives.items.empty()) return true;
  return std::any_of(alternatives.items.begin(), alternatives.items.end(),
                     [&](const TypePtr& item) { return unifies(item, other, steps); });
}

TypePtr item_at(const Type& array, std::size_t at) {
  return at < array.items.size() ? array.items[at] : array.rest;
}

bool unifies_arrays(const Type& a, const Type& b, std::int64_t& steps) {
  const std::size_t count = std::max(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (!unifies(item_at(a, i), item_at(b, i), steps)) return false;
  }
  return !a.rest || !b.rest || unifies(a.rest, b.rest, steps);
}

bool unifies_members(const TypePtr& a, const TypePtr& b, std::int64_t& steps) {
  for (const Property& property : a->properties) {
    if (!unifies(property.value, select(b, property.key), steps)) return false;
  }
  return true;
}

// The members of `b` that `a` has too were compared by unifies_members(a, b).
bool unifies_objects(const TypePtr& a, const TypePtr& b, std::int64_t& steps) {
  if (!unifies_members(a, b, steps)) return false;
  auto next = a->properties.begin();
  for (const Property& property : b->properties) {
    while (next != a->properties.end() && compare_constants(next->key, property.key) < 0) ++next;
    const bool both =
        next != a->properties.end() && compare_constants(next->key, property.key) == 0;
    if (!both && !unifies(select(a, property.key), property.value, steps)) return false;
  }
  if (!a->open || !b->open || !a->rest || !b->rest) return true;
  return unifies(a->rest, b->rest, steps);
}

bool unifies_functions(const Type& a, const Type& b, std::int64_t& steps) {
  if (a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!unifies(a.items[i], b.items[i], steps)) return false;
  }
  return true;
}

}  // namespace

bool unifies(const TypePtr& a, const TypePtr& b, std::int64_t& steps) {
  if (!a || !b) return false;
  if (--steps < 0) return true;
  if (a->kind == Kind::any) {
    return unifies_with_one(*a, b, steps) || (b->kind == Kind::any && b->items.empty());
  }
  if (b->kind == Kind::any) return unifies_with_one(*b, a, steps);
  if (a->kind != b->kind) return false;
  switch (a->kind) {
    case Kind::array:
      return unifies_arrays(*a, *b, steps);
    case Kind::object:
      return unifies_objects(a, b, steps);
    case Kind::set:
      return unifies(a->rest, b->rest, steps);
    case Kind::function:
      return unifies_functions(*a, *b, steps);
    default:
      return true;
  }
}

}  // namespace mc::rego::types
