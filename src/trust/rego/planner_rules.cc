// Groups of rules to functions of the plan.
#include <algorithm>

#include "rego/planner.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

Term value_of(const Rule& rule) {
  return rule.head.value ? *rule.head.value : make_boolean(true, rule.head.at);
}

// All bodies have the same constant value: the first that succeeds decides.
bool has_one_value(const Group& group) {
  std::optional<Term> first;
  bool same = true;
  for (const GroupRule& entry : group.rules) {
    each_branch(*entry.rule, [&](const Rule& branch) {
      Term value = value_of(branch);
      same = same && is_constant(value) && (!first || equal(*first, value));
      if (!first) first = std::move(value);
    });
  }
  return same;
}

bool is_set_rule(const Rule& rule) {
  return rule.head.kind == Head::Kind::partial_set && rule.head.key;
}

}  // namespace

// How the bodies of a rule and its `else` branches give their value.
struct Planner::Chain {
  bool decides = false;   // the first value found is the function's
  bool is_alone = false;  // no other rule of the group may have another value
  Local target = 0;       // of values that do not return at once
  bool assigned = false;  // some value went to it
};

void Planner::plan_function(int id, const Overlay& overlay) {
  const Group& group = tree_.group(id);
  vm::plan::Function made;
  made.name = function_name(id, overlay);
  made.path = group.path;
  made.path[0] = "g" + std::to_string(overlay.id);
  frame_ = {};
  frame_.overlay = &overlay;
  made.parameters = {kInput, kData};
  for (const std::string& mock : overlay.parameters()) {
    made.parameters.push_back(frame_.next);
    frame_.mocks[mock] = new_operand();
  }
  const Rule* const first = !group.rules.empty() ? group.rules[0].rule : group.default_rule;
  if (group.kind == Group::Kind::function) {
    for (std::size_t i = 0; i < first->head.arguments.size(); ++i) {
      made.parameters.push_back(new_local());
    }
  }
  made.result = frame_.result = new_local();
  blocks_ = &made.blocks;
  if (first != nullptr) set_location(first->head.at);
  switch (group.kind) {
    case Group::Kind::complete:
    case Group::Kind::function:
      plan_value_rules(group);
      break;
    case Group::Kind::set:
      plan_set_rules(group);
      break;
    case Group::Kind::object:
      plan_object_rules(group);
      break;
    case Group::Kind::extent:
      plan_extent(group);
      break;
  }
  policy_.functions.push_back(std::move(made));
}

void Planner::return_value(Operand value) {
  if (value.kind != Operand::Kind::local) {
    assign(frame_.result, value);
    value = Operand::local(frame_.result);
  }
  add(Op::return_local).a = value;
}

// The arguments, the body, then `then` for each solution. A block of the function.
void Planner::plan_head_and_body(const Rule& rule, const Action& then) {
  const Local parameters = frame_.result - static_cast<Local>(rule.head.arguments.size());
  set_location(rule.head.at);
  for (std::size_t i = 0; i < rule.head.arguments.size(); ++i) {
    const Term& argument = rule.head.arguments[i];
    if (is_var(argument) && is_wildcard(argument.text)) continue;
    unify_value(Operand::local(parameters + static_cast<Local>(i)), argument);
  }
  plan_body(rule.body);
  set_location(rule.head.at);
  then();
}

void Planner::plan_value_rules(const Group& group) {
  Chain chain;
  chain.decides = has_one_value(group);
  chain.is_alone = group.rules.size() == 1;
  bool assigned = false;
  std::vector<Local> results(group.rules.size(), frame_.result);
  for (std::size_t i = 0; i < results.size(); ++i) {
    // A chain of `else` is to see its own result only.
    if (!chain.decides && !chain.is_alone && !group.rules[i].rule->otherwise.empty()) {
      results[i] = new_local();
    }
  }
  const Local next = frame_.next;
  for (std::size_t i = 0; i < results.size(); ++i) {
    chain.target = results[i];
    chain.assigned = false;
    frame_.next = next;
    plan_chain(*group.rules[i].rule, chain);
    assigned = assigned || chain.assigned;
    if (chain.target == frame_.result || !chain.assigned) continue;
    blocks_->push_back(in_block([&] {
      is_kind(Op::is_defined, Operand::local(chain.target));
      assign(frame_.result, Operand::local(chain.target), Op::assign_var_once);
    }));
  }
  if (group.default_rule != nullptr) plan_default(*group.default_rule, assigned);
  if (!assigned) return;
  blocks_->push_back(in_block([&] { return_value(Operand::local(frame_.result)); }));
}

void Planner::plan_chain(const Rule& rule, Chain& chain) {
  const Local next = frame_.next;
  each_branch(rule, [&](const Rule& branch) {
    frame_.next = next;
    blocks_->push_back(in_block([&] {
      if (chain.assigned) is_kind(Op::is_undefined, Operand::local(chain.target));
      const Block* const start = cur_;
      plan_head_and_body(branch, [&] {
        const Term value = value_of(branch);
        const Operand result = plan_term(value);
        const bool is_only = chain.is_alone && (cur_ == start || is_constant(value));
        if (chain.decides || is_only) return return_value(result);
        assign(chain.target, result, Op::assign_var_once);
        chain.assigned = true;
      });
    }));
  });
}

// Runs when no rule has a value: those that have one have returned, or left it in the result.
void Planner::plan_default(const Rule& rule, bool assigned) {
  blocks_->push_back(in_block([&] {
    set_location(rule.head.at);
    if (assigned) is_kind(Op::is_undefined, Operand::local(frame_.result));
    plan_body(rule.body);  // of a comprehension, which was lifted out of the head
    return_value(plan_term(value_of(rule)));
  }));
}

void Planner::plan_set_rules(const Group& group) {
  const Operand result = Operand::local(frame_.result);
  blocks_->push_back(in_block([&] { add(Op::make_set).target = frame_.result; }));
  const Local next = frame_.next;
  for (const GroupRule& entry : group.rules) {
    frame_.next = next;
    blocks_->push_back(in_block([&] {
      plan_head_and_body(*entry.rule, [&] {
        const std::optional<Term>& key = entry.rule->head.key;
        if (key) assign(frame_.result, plan_term(*key), Op::set_add);
      });
    }));
  }
  blocks_->push_back(in_block([&] { return_value(result); }));
}

void Planner::plan_object_rules(const Group& group) {
  blocks_->push_back(in_block([&] { add(Op::make_object).target = frame_.result; }));
  const Local next = frame_.next;
  for (const GroupRule& entry : group.rules) {
    frame_.next = next;
    if (entry.rule->is_default || entry.keys.empty()) continue;
    const bool is_chain = !entry.rule->otherwise.empty();
    const Local done = is_chain ? new_local() : 0;
    bool is_first = true;
    each_branch(*entry.rule, [&](const Rule& branch) {
      blocks_->push_back(in_block([&] {
        if (!is_first) {
          is_kind(Op::is_undefined, Operand::local(done));
        } else if (is_chain) {
          reset(done);
        }
        plan_head_and_body(branch, [&] {
          insert_nested(group, entry, branch);
          if (is_chain) assign(done, Operand::boolean(true));
        });
      }));
      is_first = false;
    });
  }
  for (const GroupRule& entry : group.rules) {
    if (entry.rule->is_default && !entry.keys.empty()) plan_object_default(group, entry);
  }
  blocks_->push_back(in_block([&] { return_value(Operand::local(frame_.result)); }));
}

// The value of `branch` below the result, at the keys of `entry`.
void Planner::insert_nested(const Group& group, const GroupRule& entry, const Rule& branch) {
  const bool is_set = is_set_rule(branch);
  const Operand value = is_set ? plan_term(*branch.head.key) : plan_term(value_of(branch));
  std::vector<Operand> keys;
  keys.reserve(entry.keys.size());
  for (const Term& key : entry.keys) keys.push_back(plan_term(key));
  const std::size_t opened = is_set ? keys.size() : keys.size() - 1;
  std::vector<Local> objects{frame_.result};
  for (std::size_t i = 0; i < opened; ++i) {
    // Another rule may have put something else where this one goes on.
    const bool is_leaf_set = is_set && i + 1 == opened;
    const bool mixed = std::any_of(group.rules.begin(), group.rules.end(), [&](const auto& other) {
      const std::size_t length = other.keys.size();
      if (is_leaf_set) return length > i + 1 || (length == i + 1 && !is_set_rule(*other.rule));
      return length == i + 1;
    });
    objects.push_back(open_nested(objects.back(), keys[i], is_leaf_set, mixed));
  }
  if (is_set) {
    assign(objects.back(), value, Op::set_add);
  } else {
    insert(objects.back(), keys.back(), value, Op::object_insert_once);
  }
  for (std::size_t i = opened; i > 0; --i) {
    insert(objects[i - 1], keys[i - 1], Operand::local(objects[i]));
  }
}

// object[key], made when it is not there. `mixed`: something else there is a conflict.
Local Planner::open_nested(Local object, Operand key, bool is_set, bool mixed) {
  const Local nested = new_local();
  const Operand found = Operand::local(nested);
  std::vector<Block> blocks;
  blocks.push_back(in_block([&] {
    reset(nested);
    Statement& made = add(Op::dot);
    made.a = Operand::local(object);
    made.b = key;
    made.target = nested;
  }));
  blocks.push_back(in_block([&] {
    is_kind(Op::is_undefined, found);
    add(is_set ? Op::make_set : Op::make_object).target = nested;
  }));
  if (mixed) {
    blocks.push_back(in_block([&] {
      std::vector<Block> wrong;
      wrong.push_back(in_block([&] { is_kind(is_set ? Op::is_set : Op::is_object, found); }));
      add_block(std::move(wrong), Op::not_);
      const Local other = make(is_set ? Op::make_set : Op::make_object);
      insert(object, key, Operand::local(other), Op::object_insert_once);
    }));
  }
  add_block(std::move(blocks));
  return nested;
}

// Where no rule has put a value.
void Planner::plan_object_default(const Group& group, const GroupRule& entry) {
  const Local present = new_local();
  blocks_->push_back(in_block([&] {
    set_location(entry.rule->head.at);
    reset(present);
    Operand at = Operand::local(frame_.result);
    for (const Term& key : entry.keys) at = dot(at, plan_term(key));
    assign(present, Operand::boolean(true));
  }));
  blocks_->push_back(in_block([&] {
    is_kind(Op::is_undefined, Operand::local(present));
    plan_head_and_body(*entry.rule, [&] { insert_nested(group, entry, *entry.rule); });
  }));
}

}  // namespace mc::rego
