#include <algorithm>
#include <cstdlib>
#include <utility>

#include "rego/types.h"

namespace mc::rego::types {

namespace {

using Kind = Type::Kind;

TypePtr scalar(Kind kind) {
  Type type;
  type.kind = kind;
  return std::make_shared<const Type>(std::move(type));
}

void measure(Type& type, const TypePtr& part) {
  if (!part) return;
  type.depth = std::max(type.depth, part->depth + 1);
  type.weight += part->weight;
}

// `any` when the type is too large to work with.
TypePtr finish(Type type) {
  type.depth = 1;
  type.weight = 1;
  for (const TypePtr& item : type.items) measure(type, item);
  for (const Property& property : type.properties) measure(type, property.value);
  measure(type, type.key);
  measure(type, type.rest);
  measure(type, type.variadic);
  if (type.depth > kDepthMax || type.weight > kWeightMax) return any();
  return std::make_shared<const Type>(std::move(type));
}

int rank(Kind kind) {
  return static_cast<int>(kind);
}

int compare_lists(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const int order = compare(a[i], b[i]); order != 0) return order;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

int compare_objects(const Type& a, const Type& b) {
  if (a.open != b.open) return a.open ? 1 : -1;
  if (a.open) {
    if (const int order = compare(a.key, b.key); order != 0) return order;
    if (const int order = compare(a.rest, b.rest); order != 0) return order;
  }
  const std::size_t common = std::min(a.properties.size(), b.properties.size());
  for (std::size_t i = 0; i < common; ++i) {
    const Property &left = a.properties[i], &right = b.properties[i];
    if (const int order = compare_constants(left.key, right.key); order != 0) return order;
    if (const int order = compare(left.value, right.value); order != 0) return order;
  }
  if (a.properties.size() == b.properties.size()) return 0;
  return a.properties.size() < b.properties.size() ? -1 : 1;
}

int compare_functions(const Type& a, const Type& b) {
  if (a.items.size() != b.items.size()) return a.items.size() < b.items.size() ? -1 : 1;
  if (const int order = compare_lists(a.items, b.items); order != 0) return order;
  if (const int order = compare(a.rest, b.rest); order != 0) return order;
  return compare(a.variadic, b.variadic);
}

bool type_less(const TypePtr& a, const TypePtr& b) {
  return compare(a, b) < 0;
}

// As OPA's Any.Contains: one of the alternatives, or every value.
bool has_alternative(const Type& alternatives, const TypePtr& type) {
  if (is_function(type)) return false;
  if (alternatives.items.empty()) return true;
  return std::binary_search(alternatives.items.begin(), alternatives.items.end(), type, type_less);
}

TypePtr add_alternative(const TypePtr& alternatives, const TypePtr& type) {
  if (has_alternative(*alternatives, type)) return alternatives;
  std::vector<TypePtr> items = alternatives->items;
  items.insert(std::lower_bound(items.begin(), items.end(), type, type_less), type);
  Type joined;
  joined.items = std::move(items);
  return finish(std::move(joined));
}

TypePtr join_alternatives(const TypePtr& a, const TypePtr& b) {
  if (a->items.empty()) return a;
  if (b->items.empty()) return b;
  Type joined;
  std::set_union(a->items.begin(), a->items.end(), b->items.begin(), b->items.end(),
                 std::back_inserter(joined.items), type_less);
  return finish(std::move(joined));
}

TypePtr join_functions(const Type& a, const Type& b) {
  if (a.items.size() != b.items.size() || !a.variadic != !b.variadic) return nullptr;
  Type joined;
  joined.kind = Kind::function;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    joined.items.push_back(either(a.items[i], b.items[i]));
  }
  joined.rest = either(a.rest, b.rest);
  joined.variadic = either(a.variadic, b.variadic);
  return finish(std::move(joined));
}

}  // namespace

TypePtr any() {
  static const TypePtr type = scalar(Kind::any);
  return type;
}
TypePtr null() {
  static const TypePtr type = scalar(Kind::null);
  return type;
}
TypePtr boolean() {
  static const TypePtr type = scalar(Kind::boolean);
  return type;
}
TypePtr number() {
  static const TypePtr type = scalar(Kind::number);
  return type;
}
TypePtr string() {
  static const TypePtr type = scalar(Kind::string);
  return type;
}

TypePtr one_of(std::vector<TypePtr> alternatives) {
  Type type;
  std::sort(alternatives.begin(), alternatives.end(), type_less);
  type.items = std::move(alternatives);
  return finish(std::move(type));
}

TypePtr array(std::vector<TypePtr> items, TypePtr rest) {
  Type type;
  type.kind = Kind::array;
  type.items = std::move(items);
  type.rest = std::move(rest);
  return finish(std::move(type));
}

TypePtr set(TypePtr members) {
  Type type;
  type.kind = Kind::set;
  type.rest = std::move(members);
  return finish(std::move(type));
}

TypePtr object(std::vector<Property> properties, std::optional<Dynamic> dynamic) {
  Type type;
  type.kind = Kind::object;
  std::sort(properties.begin(), properties.end(), [](const Property& a, const Property& b) {
    return compare_constants(a.key, b.key) < 0;
  });
  type.properties = std::move(properties);
  type.open = dynamic.has_value();
  if (dynamic) {
    type.key = std::move(dynamic->key);
    type.rest = std::move(dynamic->value);
  }
  return finish(std::move(type));
}

TypePtr function(std::vector<TypePtr> operands, TypePtr result) {
  Type type;
  type.items = std::move(operands);
  type.rest = std::move(result);
  return function(std::move(type));
}

TypePtr function(Type type) {
  type.kind = Kind::function;
  return finish(std::move(type));
}

int compare(const TypePtr& a, const TypePtr& b) {
  if (a == b) return 0;
  if (!a || !b) return a ? 1 : -1;
  if (a->kind != b->kind) return rank(a->kind) < rank(b->kind) ? -1 : 1;
  switch (a->kind) {
    case Kind::array:
      if (!a->rest != !b->rest) return a->rest ? 1 : -1;
      if (const int order = compare(a->rest, b->rest); order != 0) return order;
      return compare_lists(a->items, b->items);
    case Kind::object:
      return compare_objects(*a, *b);
    case Kind::set:
      return compare(a->rest, b->rest);
    case Kind::any:
      return compare_lists(a->items, b->items);
    case Kind::function:
      return compare_functions(*a, *b);
    default:
      return 0;
  }
}

bool is_any(const TypePtr& type) {
  return type && type->kind == Kind::any && type->items.empty();
}
bool is_function(const TypePtr& type) {
  return type && type->kind == Kind::function;
}

bool is_unknown(const TypePtr& type) {
  if (!type) return true;
  switch (type->kind) {
    case Kind::function:
      return std::any_of(type->items.begin(), type->items.end(), is_unknown) ||
             is_unknown(type->rest);
    case Kind::array:
      return std::any_of(type->items.begin(), type->items.end(), is_unknown) ||
             (type->rest && is_unknown(type->rest));
    case Kind::object:
      return std::any_of(type->properties.begin(), type->properties.end(),
                         [](const Property& property) { return is_unknown(property.value); }) ||
             (type->open && (is_unknown(type->key) || is_unknown(type->rest)));
    case Kind::set:
      return is_unknown(type->rest);
    default:
      return false;
  }
}

TypePtr either(const TypePtr& a, const TypePtr& b) {
  if (!a) return b;
  if (!b) return a;
  if (is_function(a) && is_function(b)) return join_functions(*a, *b);
  if (is_function(a) || is_function(b)) return nullptr;
  if (a->kind == Kind::any && b->kind == Kind::any) return join_alternatives(a, b);
  if (a->kind == Kind::any) return add_alternative(a, b);
  if (b->kind == Kind::any) return add_alternative(b, a);
  if (compare(a, b) == 0) return a;
  return one_of({a, b});
}

namespace {

bool is_open_object(const TypePtr& type) {
  return type && type->kind == Kind::object && type->open && type->properties.empty();
}

TypePtr merge_open(const Type& a, const Type& b) {
  return object({}, Dynamic{either(a.key, b.key), merge(a.rest, b.rest)});
}

}  // namespace

TypePtr merge(const TypePtr& a, const TypePtr& b) {
  if (!a) return b;
  if (!b) return a;
  if (a->kind == Kind::set && b->kind == Kind::set) return set(either(a->rest, b->rest));
  if (is_open_object(a) && is_open_object(b)) return merge_open(*a, *b);
  if (a->kind == Kind::any && is_open_object(b)) return merge(b, a);
  if (is_open_object(a) && b->kind == Kind::any) {
    std::vector<TypePtr> items = b->items;
    for (TypePtr& item : items) {
      if (!is_open_object(item)) continue;
      item = object({}, Dynamic{either(item->key, a->key), either(item->rest, a->rest)});
      return one_of(std::move(items));
    }
  }
  return either(a, b);
}

TypePtr keys(const TypePtr& type) {
  if (!type) return nullptr;
  TypePtr found;
  switch (type->kind) {
    case Kind::array:
      return number();
    case Kind::object:
      for (const Property& property : type->properties) {
        found = either(found, type_of_constant(property.key));
      }
      return type->open ? either(found, type->key) : found;
    case Kind::set:
      return type->rest;
    case Kind::any:
      if (type->items.empty()) return type;
      for (const TypePtr& item : type->items) found = either(keys(item), found);
      return found;
    default:
      return nullptr;
  }
}

TypePtr values(const TypePtr& type) {
  if (!type) return nullptr;
  TypePtr found;
  switch (type->kind) {
    case Kind::array:
      for (const TypePtr& item : type->items) found = either(found, item);
      return either(found, type->rest);
    case Kind::object:
      for (const Property& property : type->properties) found = either(found, property.value);
      return type->open ? either(found, type->rest) : found;
    case Kind::set:
      return type->rest;
    case Kind::any:
      if (type->items.empty()) return type;
      for (const TypePtr& item : type->items) found = either(values(item), found);
      return found;
    default:
      return nullptr;
  }
}

namespace {

TypePtr select_item(const Type& array, const Term& index) {
  if (index.kind != Term::Kind::number) return nullptr;
  char* end = nullptr;
  const long long at = std::strtoll(index.text.c_str(), &end, 10);
  if (*end != '\0' || at < 0) return nullptr;
  if (static_cast<std::size_t>(at) < array.items.size()) {
    return array.items[static_cast<std::size_t>(at)];
  }
  return array.rest;
}

TypePtr select_member(const Type& object, const Term& key) {
  const auto at = std::lower_bound(object.properties.begin(), object.properties.end(), key,
                                   [](const Property& property, const Term& wanted) {
                                     return compare_constants(property.key, wanted) < 0;
                                   });
  if (at != object.properties.end() && compare_constants(at->key, key) == 0) return at->value;
  if (!object.open || !object.key) return nullptr;
  const TypePtr type = type_of_constant(key);
  const bool fits = object.key->kind == Kind::any ? has_alternative(*object.key, type)
                                                  : compare(object.key, type) == 0;
  return fits ? object.rest : nullptr;
}

TypePtr select_of_set(const Type& set, const Term& member) {
  const TypePtr type = type_of_constant(member);
  if (compare(set.rest, type) == 0) return set.rest;
  if (set.rest && set.rest->kind == Kind::any && has_alternative(*set.rest, type)) return type;
  return nullptr;
}

}  // namespace

TypePtr select(const TypePtr& type, const Term& constant) {
  if (!type) return nullptr;
  TypePtr found;
  switch (type->kind) {
    case Kind::array:
      return select_item(*type, constant);
    case Kind::object:
      return select_member(*type, constant);
    case Kind::set:
      return select_of_set(*type, constant);
    case Kind::any:
      if (type->items.empty()) return type;
      for (const TypePtr& item : type->items) found = either(select(item, constant), found);
      return found;
    default:
      return nullptr;
  }
}

TypePtr select_path(TypePtr type, const std::vector<Term>& path, std::size_t from) {
  for (std::size_t i = from; i < path.size() && type; ++i) {
    switch (path[i].kind) {
      case Term::Kind::var:
      case Term::Kind::ref:
      case Term::Kind::array:
      case Term::Kind::object:
      case Term::Kind::set:
        type = values(type);
        break;
      default: {
        const std::optional<Term> key = constant(path[i]);
        type = key ? select(type, *key) : nullptr;
      }
    }
  }
  return type;
}

std::vector<Term> known_keys(const TypePtr& type) {
  std::vector<Term> found;
  if (!type) return found;
  if (type->kind == Kind::object) {
    for (const Property& property : type->properties) found.push_back(property.key);
  } else if (type->kind == Kind::any) {
    for (const TypePtr& item : type->items) {
      for (Term& key : known_keys(item)) found.push_back(std::move(key));
    }
  }
  const auto less = [](const Term& a, const Term& b) { return compare_constants(a, b) < 0; };
  const auto same = [](const Term& a, const Term& b) { return compare_constants(a, b) == 0; };
  std::sort(found.begin(), found.end(), less);
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

}  // namespace mc::rego::types
