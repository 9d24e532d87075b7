// Refs into data: the documents of rules and packages over the base documents.
#include <algorithm>

#include "rego/planner.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

using Kind = Term::Kind;

// With fewer, one comparison each; above, a set.
constexpr std::size_t kComparedMax = 8;
// From so many rules on, one is found by its path.
constexpr std::size_t kDynamicMin = 3;

}  // namespace

// The string that a key is known to be; none when it is known only when the plan runs.
std::optional<std::string> Planner::name_of(const Key& key) const {
  if (key.term->kind == Kind::string) return key.term->text;
  const Operand* const known = is_var(*key.term) ? find_var(key.term->text) : nullptr;
  if (known == nullptr || known->kind != Operand::Kind::string) return std::nullopt;
  return policy_.strings[static_cast<std::size_t>(known->value)];
}

bool Planner::is_hidden(const DocNode& node) const {
  return frame_.overlay->hidden.contains(node.id);
}

const DocNode* Planner::find_child(const DocNode& node, const std::string& name) const {
  const auto child = node.children.find(name);
  if (child == node.children.end() || is_hidden(child->second)) return nullptr;
  return &child->second;
}

Operand Planner::call_group(int group) {
  return emit_call(callee_of(group, *frame_.overlay), {});
}

Operand Planner::plan_data_ref(const Term& ref) {
  Path outer = std::exchange(base_, {});
  const Operand value = plan_data_keys(ref);
  base_ = std::move(outer);
  return value;
}

Operand Planner::plan_data_keys(const Term& ref) {
  Keys keys(ref.items.size());
  for (std::size_t i = 1; i < keys.size(); ++i) keys[i].term = &ref.items[i];
  const Operand data = Operand::local(kData);
  const DocNode* node = is_hidden(tree_.root()) ? nullptr : &tree_.root();
  for (std::size_t i = 1; node != nullptr && i < keys.size(); ++i) {
    const Term& key = *keys[i].term;
    const std::optional<std::string> name = name_of(keys[i]);
    if (!name) {
      // Only strings name documents of rules.
      const bool may_be_name = !is_scalar(key) && key.kind != Kind::array &&
                               key.kind != Kind::object && key.kind != Kind::set;
      if (may_be_name && !node->children.empty()) return plan_data_ways(keys, i, *node);
      node = nullptr;
      break;
    }
    node = find_child(*node, *name);
    if (node != nullptr && node->is_rule) return follow(call_group(node->group), keys, i + 1);
    base_.push_back(*name);
  }
  if (node != nullptr && !(node == &tree_.root() && node->children.empty())) {
    return call_group(node->group);
  }
  if (keys.size() == 1) is_kind(Op::is_defined, data);
  return follow(data, keys, 1);
}

// keys[next] may lead to several children of `node`.
Operand Planner::plan_data_ways(Keys keys, std::size_t next, const DocNode& node) {
  Ways ways;
  ways.is_single = true;
  ways.target = new_local();
  for (std::size_t i = next; i < keys.size(); ++i) {
    if (!needs_scan(*keys[i].term)) {
      keys[i].value = copied(plan_term(*keys[i].term));
      continue;
    }
    ways.is_single = false;
    auto add_name = [&](const Term& var) {
      const bool known =
          std::find(ways.names.begin(), ways.names.end(), var.text) != ways.names.end();
      if (!known && !is_wildcard(var.text) && find_var(var.text) == nullptr) {
        ways.names.push_back(var.text);
      }
    };
    each_var(*keys[i].term, kOwnVars, add_name);
  }
  Block tried = in_block([&] { plan_ways(node, keys, next, ways); });
  return take_ways(ways, std::move(tried));
}

// Adds a statement whose blocks are the ways from `node` on.
void Planner::plan_ways(const DocNode& node, const Keys& keys, std::size_t next, const Ways& ways) {
  if (++depth_ > kDepthMax) fail("a reference is too long", keys[next].term->at);
  std::vector<Block> blocks;
  const Key& key = keys[next];
  const bool is_pattern = !key.value && !is_var(*key.term);
  if (errors_.empty() && !is_pattern && !plan_dynamic_way(node, keys, next, ways, blocks)) {
    for (const auto& child : node.children) {
      if (is_hidden(child.second)) continue;
      blocks.push_back(in_block([&] {
        if (key.value) {
          equal(*key.value, string(child.first));
        } else {
          unify_value(string(child.first), *key.term);
        }
        base_.push_back(child.first);
        plan_way(child.second, keys, next + 1, ways);
        base_.pop_back();
      }));
    }
  }
  if (errors_.empty()) {
    blocks.push_back(in_block([&] { plan_base_way(node, keys, next, ways); }));
  }
  add_block(std::move(blocks));
  --depth_;
}

// At `child`, which was reached by keys[next - 1].
void Planner::plan_way(const DocNode& child, const Keys& keys, std::size_t next, const Ways& ways) {
  if (child.is_rule) return end_way(ways, follow(call_group(child.group), keys, next));
  if (next == keys.size()) return end_way(ways, call_group(child.group));
  const std::optional<std::string> name = name_of(keys[next]);
  if (!name) return plan_ways(child, keys, next, ways);
  const DocNode* const node = find_child(child, *name);
  base_.push_back(*name);
  if (node != nullptr) {
    plan_way(*node, keys, next + 1, ways);
  } else {
    Operand from = Operand::local(kData);
    for (const std::string& part : base_) from = dot(from, string(part));
    end_way(ways, follow(from, keys, next + 1));
  }
  base_.pop_back();
}

// All children are rules: the one of that name, if any, is called by its path.
bool Planner::plan_dynamic_way(const DocNode& node, const Keys& keys, std::size_t next,
                               const Ways& ways, std::vector<Block>& blocks) {
  if (!keys[next].value || node.has_functions || node.children.size() < kDynamicMin) return false;
  const Overlay* variant = nullptr;
  for (const auto& [name, child] : node.children) {
    if (!child.is_rule || is_hidden(child)) return false;
    const Overlay& relevant = overlays_.relevant(*frame_.overlay, child.group);
    if (variant != nullptr && variant != &relevant) return false;
    variant = &relevant;
  }
  if (!variant->parameters().empty()) return false;
  for (const auto& [name, child] : node.children) function_name(child.group, *variant);
  blocks.push_back(in_block([&] {
    std::vector<Operand> path{string("g" + std::to_string(variant->id))};
    for (const std::string& name : base_) path.push_back(string(name));
    path.push_back(*keys[next].value);
    const Operand result = new_operand();
    Statement& made = add(Op::call_dynamic);
    made.path = std::move(path);
    made.operands = {Operand::local(kInput), Operand::local(kData)};
    made.target = result.value;
    end_way(ways, follow(result, keys, next + 1));
  }));
  return true;
}

// The base documents below `node`, but for those that its children stand for.
void Planner::plan_base_way(const DocNode& node, const Keys& keys, std::size_t next,
                            const Ways& ways) {
  if (ways.is_single) is_kind(Op::is_undefined, Operand::local(ways.target));
  const Key& key = keys[next];
  Operand from = Operand::local(kData);
  if (key.value) {
    exclude_children(node, *key.value);
    for (const std::string& name : base_) from = dot(from, string(name));
    return end_way(ways, follow(from, keys, next));
  }
  for (const std::string& name : base_) from = dot(from, string(name));
  std::optional<Operand> excluded;
  if (node.children.size() > kComparedMax) {
    excluded = Operand::local(make(Op::make_set));
    for (const auto& [name, child] : node.children) {
      if (!is_hidden(child)) assign(excluded->value, string(name), Op::set_add);
    }
  }
  Local at = 0, value = 0;
  scan(from, at, value);
  if (excluded) {
    plan_negation([&] { dot(*excluded, Operand::local(at)); });
  } else {
    exclude_children(node, Operand::local(at));
  }
  unify_value(Operand::local(at), *key.term);
  end_way(ways, follow(Operand::local(value), keys, next + 1));
}

void Planner::exclude_children(const DocNode& node, Operand key) {
  for (const auto& [name, child] : node.children) {
    if (!is_hidden(child)) equal(key, string(name), Op::not_equal);
  }
}

// Stores a solution: the variables' values and the ref's.
void Planner::end_way(const Ways& ways, Operand value) {
  if (ways.is_single) return assign(ways.target, value);
  std::vector<Operand> parts;
  for (const std::string& name : ways.names) {
    const Operand* const known = find_var(name);
    if (known == nullptr) return fail_unsafe(name, {});
    parts.push_back(*known);
  }
  if (ways.has_value) parts.push_back(value);
  if (parts.size() == 1) return append(ways.target, parts[0]);
  const Local tuple = make(Op::make_array, parts.size());
  for (const Operand part : parts) append(tuple, part);
  append(ways.target, Operand::local(tuple));
}

// Runs `tried`, and goes on with each solution that it stored.
Operand Planner::take_ways(const Ways& ways, Block tried) {
  const Operand target = Operand::local(ways.target);
  if (ways.is_single) {
    reset(ways.target);
  } else {
    add(Op::make_array).target = ways.target;
  }
  std::vector<Block> blocks;
  blocks.push_back(std::move(tried));
  add_block(std::move(blocks));
  if (ways.is_single) {
    is_kind(Op::is_defined, target);
    return target;
  }
  Local index = 0, solution = 0;
  scan(target, index, solution);
  const Operand whole = Operand::local(solution);
  const std::size_t size = ways.names.size() + (ways.has_value ? 1 : 0);
  if (size == 1) {
    if (!ways.has_value) bind(ways.names[0], whole);
    return whole;
  }
  for (std::size_t i = 0; i < ways.names.size(); ++i) {
    bind(ways.names[i], dot(whole, integer(static_cast<std::int64_t>(i))));
  }
  if (!ways.has_value) return whole;
  return dot(whole, integer(static_cast<std::int64_t>(size - 1)));
}

// The whole of a package: its rules' values merged with the base documents. Where both have a value
// the base document's is shown, as OPA's plans do.
void Planner::plan_extent(const Group& group) {
  base_.assign(group.path.begin() + 1, group.path.end());
  blocks_->push_back(in_block([&] {
    add(Op::make_object).target = frame_.result;
    plan_virtual(*group.node, frame_.result);
  }));
  blocks_->push_back(in_block([&] {
    Operand from = Operand::local(kData);
    for (const std::string& name : base_) from = dot(from, string(name));
    const Local merged = new_local();
    insert(merged, from, Operand::local(frame_.result), Op::object_merge);
    return_value(Operand::local(merged));
  }));
  blocks_->push_back(in_block([&] { return_value(Operand::local(frame_.result)); }));
}

// The values of the rules below `node`, into `object`; functions have none.
void Planner::plan_virtual(const DocNode& node, Local object) {
  if (++depth_ > kDepthMax) fail("packages nest too deep", {});
  std::vector<Block> blocks;
  for (const auto& child : node.children) {
    if (is_hidden(child.second) || !errors_.empty()) continue;
    blocks.push_back(in_block([&] {
      Operand value;
      if (child.second.is_rule) {
        value = call_group(child.second.group);
      } else {
        value = Operand::local(make(Op::make_object));
        plan_virtual(child.second, value.value);
      }
      insert(object, string(child.first), value);
    }));
  }
  if (!blocks.empty()) add_block(std::move(blocks));
  --depth_;
}

}  // namespace mc::rego
