// Rules over whole operations and across fragments. Fragments are followed with stacks of our own:
// a chain of thousands must not become a recursion.
#include <algorithm>
#include <string>
#include <unordered_set>

#include "graphql/validate_walk.h"

namespace mc::graphql {
namespace {

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

// "operation "A"" or nothing, as the messages about variables end.
std::string by_operation(const Document& document, const OperationNode& operation,
                         std::string_view words) {
  if (operation.name == kNone) return ".";
  return std::string(words) + quoted(document.name(operation.name)) + ".";
}

// A literal true or false in "if" of the first such directive; variables decide nothing here.
bool excluded(const Document& document, const SelectionNode& node) {
  const auto says = [&](std::string_view directive, ValueKind wanted) {
    for (Index at = node.directives; at != kNone; at = document.directives[at].next) {
      if (document.name(document.directives[at].name) != directive) continue;
      Index value = kNone;
      for (Index arg = document.directives[at].arguments; arg != kNone;
           arg = document.arguments[arg].next) {
        if (document.name(document.arguments[arg].name) == "if") {
          value = document.arguments[arg].value;
        }
      }
      return value != kNone && document.values[value].kind == wanted;
    }
    return false;
  };
  return says("skip", ValueKind::boolean_true) || says("include", ValueKind::boolean_false);
}

}  // namespace

void DocumentWalk::spend(std::size_t steps) {
  if (exhausted_) return;
  exhausted_ = steps > budget_;
  budget_ -= std::min(steps, budget_);
  if (exhausted_) findings_.abort();
}

void DocumentWalk::check_operation_names() {
  SymbolMarks marks(document_.names.size());
  marks.restart();
  for (const OperationNode& operation : document_.operations) {
    if (operation.name == kNone) {
      if (document_.operations.size() < 2) continue;
      findings_.add(Rule::lone_anonymous_operation,
                    "This anonymous operation must be the only defined operation.", {operation.at});
    } else if (const auto before = marks.seen(operation.name, operation.name_at)) {
      findings_.add(
          Rule::unique_operation_names,
          "There can be only one operation named " + quoted(document_.name(operation.name)) + ".",
          {*before, operation.name_at});
    }
  }
}

void DocumentWalk::check_fragment_names() {
  SymbolMarks marks(document_.names.size());
  marks.restart();
  for (const FragmentNode& fragment : document_.fragments) {
    const auto before = marks.seen(fragment.name, fragment.name_at);
    if (!before) continue;
    findings_.add(
        Rule::unique_fragment_names,
        "There can be only one fragment named " + quoted(document_.name(fragment.name)) + ".",
        {*before, fragment.name_at});
  }
}

void DocumentWalk::check_unique_variables(const OperationNode& operation) {
  std::vector<Symbol> order;
  std::unordered_map<Symbol, std::vector<std::uint32_t>> places;
  if (operation.variables == kNone || document_.variables[operation.variables].next == kNone) {
    return;
  }
  for (Index at = operation.variables; at != kNone; at = document_.variables[at].next) {
    const VariableNode& node = document_.variables[at];
    // The name after '$', with whatever may be ignored between them.
    const auto name_at = document_.source.find(document_.name(node.name), node.at + 1);
    auto& list = places[node.name];
    if (list.empty()) order.push_back(node.name);
    list.push_back(static_cast<std::uint32_t>(name_at));
  }
  for (const Symbol name : order) {
    if (places[name].size() < 2) continue;
    findings_.add(
        Rule::unique_variable_names,
        "There can be only one variable named \"$" + std::string(document_.name(name)) + "\".",
        places[name]);
  }
}

void DocumentWalk::check_subscription(const OperationNode& operation) {
  const TypeDef* root = schema_.root(OperationKind::subscription);
  if (root == nullptr || !findings_.wants(Rule::single_field_subscriptions)) return;
  std::vector<Symbol> order;
  std::unordered_map<Symbol, std::vector<Index>> groups;
  std::vector<bool> visited(document_.names.size(), false);
  const auto matches = [&](Symbol condition) {
    if (condition == kNone) return true;
    const TypeDef* type = context_.type_of(condition);
    return type != nullptr && schema_.is_possible(type->id, root->id);
  };
  // Where to go on after each nested set; the top is the set read now.
  std::vector<Index> stack{operation.selections};
  while (!stack.empty()) {
    const Index at = stack.back();
    if (at == kNone) {
      stack.pop_back();
      continue;
    }
    const SelectionNode& node = document_.selections[at];
    stack.back() = node.next;
    if (excluded(document_, node)) continue;
    if (node.kind == SelectionKind::field) {
      auto& group = groups[node.response_name()];
      if (group.empty()) order.push_back(node.response_name());
      group.push_back(at);
    } else if (node.kind == SelectionKind::inline_fragment) {
      if (matches(node.type_condition)) stack.push_back(node.selections);
    } else if (!visited[node.name]) {
      visited[node.name] = true;
      const Index fragment = context_.fragment_of(node.name);
      if (fragment == kNone) continue;
      const FragmentNode& target = document_.fragments[fragment];
      if (matches(target.type_condition)) stack.push_back(target.selections);
    }
  }
  const std::string who = operation.name == kNone
                              ? "Anonymous Subscription"
                              : "Subscription " + quoted(document_.name(operation.name));
  const auto places = [&](const std::vector<Index>& nodes, std::vector<std::uint32_t>& out) {
    for (const Index node : nodes) out.push_back(document_.selections[node].at);
  };
  if (order.size() > 1) {
    std::vector<std::uint32_t> at;
    for (std::size_t i = 1; i < order.size(); ++i) places(groups[order[i]], at);
    findings_.add(Rule::single_field_subscriptions, who + " must select only one top level field.",
                  at);
  }
  for (const Symbol name : order) {
    const std::vector<Index>& group = groups[name];
    if (!document_.name(document_.selections[group.front()].name).starts_with("__")) continue;
    std::vector<std::uint32_t> at;
    places(group, at);
    findings_.add(Rule::single_field_subscriptions,
                  who + " must not select an introspection top level field.", at);
  }
}

// Depth first over spreads; each fragment name is entered once for the whole document.
void DocumentWalk::check_cycles(Index start) {
  struct Step {
    Index fragment;
    std::size_t next;
  };
  const auto enter = [&](Index fragment) {
    const Symbol name = document_.fragments[fragment].name;
    const bool fresh = !cycle_visited_[name];
    cycle_visited_[name] = true;
    return fresh && !fragment_spreads_[fragment].empty();
  };
  if (!enter(start)) return;
  std::vector<Step> stack{{start, 0}};
  std::vector<Index> path;  // the spreads that led here
  std::unordered_map<Symbol, std::size_t> open{{document_.fragments[start].name, 0}};
  while (!stack.empty() && !findings_.aborted()) {
    Step& step = stack.back();
    const auto& spreads = fragment_spreads_[step.fragment];
    if (step.next == spreads.size()) {
      open.erase(document_.fragments[step.fragment].name);
      stack.pop_back();
      if (!path.empty()) path.pop_back();
      continue;
    }
    const Index spread = spreads[step.next++];
    const Symbol name = document_.selections[spread].name;
    const auto cycle = open.find(name);
    if (cycle != open.end()) {
      std::vector<std::uint32_t> at;
      std::string via;
      for (std::size_t i = cycle->second; i < path.size(); ++i) {
        const SelectionNode& node = document_.selections[path[i]];
        at.push_back(node.at);
        via += (via.empty() ? " via " : ", ") + quoted(document_.name(node.name));
      }
      spend(at.size());
      at.push_back(document_.selections[spread].at);
      findings_.add(
          Rule::no_fragment_cycles,
          "Cannot spread fragment " + quoted(document_.name(name)) + " within itself" + via + ".",
          at);
      continue;
    }
    const Index target = context_.fragment_of(name);
    if (target == kNone || !enter(target)) continue;
    path.push_back(spread);
    open.emplace(name, path.size());
    stack.push_back({target, 0});
  }
}

// Lists within lists of types multiply; graphql-js allows two below one __schema or __type.
void DocumentWalk::check_introspection_depth(Index field) {
  static constexpr int kListsMax = 3;
  if (!findings_.wants(Rule::max_introspection_depth)) return;
  struct Step {
    Index at;         // the next selection of this set
    int depth;        // lists above it
    Symbol fragment;  // set when the step is the body of a fragment
    int entry_depth;
  };
  const auto is_list = [&](const SelectionNode& node) {
    const std::string_view name = document_.name(node.name);
    return node.kind == SelectionKind::field && (name == "fields" || name == "interfaces" ||
                                                 name == "possibleTypes" || name == "inputFields");
  };
  std::unordered_map<Symbol, int> visited;
  std::vector<Step> stack{{document_.selections[field].selections, 0, kNone, 0}};
  bool exceeded = false;
  while (!stack.empty() && !exceeded && !exhausted_) {
    Step& step = stack.back();
    if (step.at == kNone) {
      if (step.fragment != kNone) depth_passed_[step.fragment] = step.entry_depth;
      stack.pop_back();
      continue;
    }
    spend(1);
    const SelectionNode& node = document_.selections[step.at];
    step.at = node.next;
    const int depth = step.depth + (is_list(node) ? 1 : 0);
    exceeded = depth >= kListsMax;
    if (node.kind != SelectionKind::spread) {
      if (node.selections != kNone) stack.push_back({node.selections, depth, kNone, 0});
      continue;
    }
    const auto at_least = [&](const std::unordered_map<Symbol, int>& map) {
      const auto found = map.find(node.name);
      return found != map.end() && found->second >= depth;
    };
    const auto failed = depth_failed_.find(node.name);
    exceeded = failed != depth_failed_.end() && failed->second <= depth;
    const Index fragment = context_.fragment_of(node.name);
    if (exceeded || fragment == kNone || at_least(visited) || at_least(depth_passed_)) continue;
    visited[node.name] = depth;
    stack.push_back({document_.fragments[fragment].selections, depth, node.name, depth});
  }
  if (!exceeded) return;
  for (const Step& step : stack) {
    if (step.fragment != kNone) depth_failed_[step.fragment] = step.entry_depth;
  }
  findings_.add(Rule::max_introspection_depth, "Maximum introspection depth exceeded",
                {document_.selections[field].at});
  in_deep_introspection_ = true;
}

std::vector<Symbol> DocumentWalk::spread_names(const std::vector<Index>& spreads) const {
  std::vector<Symbol> names;
  std::unordered_set<Symbol> seen;
  for (const Index spread : spreads) {
    const Symbol name = document_.selections[spread].name;
    if (seen.insert(name).second) names.push_back(name);
  }
  return names;
}

// Breadth first, as graphql-js lists them: the order decides the order of later findings.
std::vector<Index> DocumentWalk::reached_fragments(const std::vector<Symbol>& first) {
  std::vector<bool> collected(document_.names.size(), false);
  std::vector<Symbol> names = first;
  std::vector<Index> fragments;
  for (const Symbol name : names) collected[name] = true;
  for (std::size_t i = 0; i < names.size() && !exhausted_; ++i) {
    const Index fragment = context_.fragment_of(names[i]);
    if (fragment == kNone) continue;
    fragments.push_back(fragment);
    spend(fragment_spreads_[fragment].size() + 1);
    for (const Index spread : fragment_spreads_[fragment]) {
      const Symbol name = document_.selections[spread].name;
      if (!collected[name]) names.push_back(name);
      collected[name] = true;
    }
  }
  return fragments;
}

const DocumentWalk::Reach& DocumentWalk::reach_of(const std::vector<Index>& spreads) {
  const auto [entry, fresh] = reaches_.try_emplace(spread_names(spreads));
  Reach& reach = entry->second;
  if (!fresh) return reach;
  reach.fragments = reached_fragments(entry->first);
  for (const Index fragment : reach.fragments) {
    const auto& more = fragment_usages_[fragment];
    spend(more.size());
    if (exhausted_) break;
    reach.usages.insert(reach.usages.end(), more.begin(), more.end());
  }
  return reach;
}

void DocumentWalk::check_unused_fragments() {
  if (document_.fragments.empty()) return;
  std::vector<Index> spreads;
  for (const auto& list : operation_spreads_) {
    spreads.insert(spreads.end(), list.begin(), list.end());
  }
  std::vector<bool> used(document_.names.size(), false);
  for (const Index fragment : reached_fragments(spread_names(spreads))) {
    used[document_.fragments[fragment].name] = true;
  }
  for (const FragmentNode& fragment : document_.fragments) {
    if (used[fragment.name] || exhausted_) continue;
    findings_.add(Rule::no_unused_fragments,
                  "Fragment " + quoted(document_.name(fragment.name)) + " is never used.",
                  {fragment.at});
  }
}

void DocumentWalk::check_variables(Index index) {
  const OperationNode& operation = document_.operations[index];
  std::vector<VariableUsage> usages = operation_usages_[index];
  const Reach& reach = reach_of(operation_spreads_[index]);
  spend(reach.usages.size());
  if (exhausted_ || findings_.aborted()) return;
  usages.insert(usages.end(), reach.usages.begin(), reach.usages.end());
  std::unordered_map<Symbol, Index> defined;  // the last of one name
  for (Index at = operation.variables; at != kNone; at = document_.variables[at].next) {
    defined[document_.variables[at].name] = at;
  }
  std::vector<bool> used(document_.names.size(), false);
  for (const VariableUsage& usage : usages) {
    const ValueNode& node = document_.values[usage.value];
    used[node.name] = true;
    if (defined.contains(node.name)) continue;
    findings_.add(Rule::no_undefined_variables,
                  "Variable \"$" + std::string(document_.name(node.name)) + "\" is not defined" +
                      by_operation(document_, operation, " by operation "),
                  {node.at, operation.at});
  }
  for (Index at = operation.variables; at != kNone; at = document_.variables[at].next) {
    const VariableNode& node = document_.variables[at];
    if (used[node.name]) continue;
    findings_.add(Rule::no_unused_variables,
                  "Variable \"$" + std::string(document_.name(node.name)) + "\" is never used" +
                      by_operation(document_, operation, " in operation "),
                  {node.at});
  }
  for (const VariableUsage& usage : usages) {
    const auto found = defined.find(document_.values[usage.value].name);
    if (found != defined.end()) check_position(usage, document_.variables[found->second]);
  }
}

void DocumentWalk::check_position(const VariableUsage& usage, const VariableNode& variable) {
  const std::optional<TypeRef> type = context_.resolve(variable.type);
  if (!type || !usage.place.known) return;
  const InputPlace& place = usage.place;
  const bool has_default = variable.default_value != kNone &&
                           document_.values[variable.default_value].kind != ValueKind::null;
  bool allowed = false;
  if (place.type.is_non_null() && !type->is_non_null()) {
    allowed =
        (has_default || place.has_default) && context_.is_subtype(*type, place.type.nullable());
  } else {
    allowed = context_.is_subtype(*type, place.type);
  }
  const std::string name(document_.name(variable.name));
  const std::uint32_t at = document_.values[usage.value].at;
  if (!allowed) {
    findings_.add(Rule::variables_in_allowed_position,
                  "Variable \"$" + name + "\" of type \"" + schema_.type_text(*type) +
                      "\" used in position expecting type \"" + schema_.type_text(place.type) +
                      "\".",
                  {variable.at, at});
  }
  if (!place.has_parent || place.parent.wrappers != 0 || type->is_non_null()) return;
  const TypeDef& parent = schema_.type(place.parent.named);
  if (parent.kind != NamedKind::input || !parent.one_of) return;
  findings_.add(Rule::variables_in_allowed_position,
                "Variable \"$" + name + "\" is of type \"" + schema_.type_text(*type) +
                    "\" but must be non-nullable to be used for OneOf Input Object \"" +
                    parent.name + "\".",
                {variable.at, at});
}

}  // namespace mc::graphql
