// What is known of names: of variables, of rules.
#include <utility>

#include "rego/types_check.h"
#include "rego/walk.h"

namespace mc::rego::types {

TypePtr Scope::find(const std::string& name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    const auto at = scope->types_.find(name);
    if (at != scope->types_.end()) return at->second;
  }
  return nullptr;
}

const RuleTypes::Node* RuleTypes::Node::child(const Term& key) const {
  if (!is_constant(key)) return nullptr;
  const auto at = children.find(is_scalar(key) ? key : *constant(key));
  return at == children.end() ? nullptr : at->second.get();
}

// Recursion is as deep as the longest path of a rule, which the parser bounds.
TypePtr RuleTypes::Node::extent() const {
  if (value) return value;
  std::vector<Property> properties;
  for (const auto& [key, node] : children) {
    if (key.kind == Term::Kind::string || key.kind == Term::Kind::number ||
        key.kind == Term::Kind::boolean) {
      properties.push_back({key, node->extent()});
    }
  }
  return object(std::move(properties), Dynamic{string(), any()});
}

std::vector<Term> RuleTypes::Node::keys() const {
  std::vector<Term> found;
  for (const auto& [key, node] : children) found.push_back(key);
  return found;
}

RuleTypes::Node& RuleTypes::make(const Path& path) {
  Node* node = &data_;
  for (const Term& key : path) {
    std::unique_ptr<Node>& child = node->children[key];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  return *node;
}

void RuleTypes::put_any(const Path& path) {
  make(path).value = any();
}

namespace {

// `object` when there may also be `type` at path[from..] below it.
TypePtr insert_below(const TypePtr& object_type, const RuleTypes::Path& path, std::size_t from,
                     const TypePtr& type) {
  if (from == path.size()) return object_type;
  const TypePtr key = type_of_constant(path[from]);
  const TypePtr value =
      from + 1 == path.size() ? type : insert_below(object({}, std::nullopt), path, from + 1, type);
  Dynamic dynamic{key, value};
  if (object_type->open) {
    dynamic = {either(object_type->key, key), either(object_type->rest, value)};
  }
  return object(object_type->properties, std::move(dynamic));
}

bool is_object(const TypePtr& type) {
  return type && type->kind == Type::Kind::object;
}

void collect_leaves(const RuleTypes::Node& node, RuleTypes::Path& path,
                    std::vector<std::pair<RuleTypes::Path, TypePtr>>& leaves) {
  for (const auto& [key, child] : node.children) {
    path.push_back(key);
    if (child->value) {
      leaves.emplace_back(path, child->value);
    } else {
      collect_leaves(*child, path, leaves);
    }
    path.pop_back();
  }
}

}  // namespace

void RuleTypes::insert(const Path& path, const TypePtr& type) {
  Node* node = &data_;
  for (std::size_t i = 0; i < path.size(); ++i) {
    std::unique_ptr<Node>& child = node->children[path[i]];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
    if (i + 1 < path.size() && is_object(node->value)) {
      node->value = insert_below(node->value, path, i + 1, type);
    }
  }
  node->value = merge(node->value, type);
  if (!is_object(type)) return;
  std::vector<std::pair<Path, TypePtr>> leaves;
  Path below;
  collect_leaves(*node, below, leaves);
  for (const auto& [leaf, leaf_type] : leaves) {
    if (is_object(node->value)) node->value = insert_below(node->value, leaf, 0, leaf_type);
  }
}

TypePtr RuleTypes::find(const Term& ref) const {
  const Node* node = &data_;
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    const Node* const child = node->child(ref.items[i]);
    if (child == nullptr && node->value) return select_path(node->value, ref.items, i);
    if (child == nullptr) {
      return is_constant(ref.items[i]) ? any() : select_path(node->extent(), ref.items, i);
    }
    node = child;
  }
  return node->extent();
}

}  // namespace mc::rego::types
