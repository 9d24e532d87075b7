#include <algorithm>
#include <utility>

#include "graphrego/validate.h"

namespace mc::graphrego {

namespace {

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& options) {
  const std::vector<std::string> close = suggestions(typed, options);
  return close.empty() ? "" : " Did you mean " + quoted_or_list(close) + "?";
}

std::vector<std::string> names_of(const std::vector<FieldDefinition>& list) {
  std::vector<std::string> names;
  for (const FieldDefinition& item : list) names.push_back(item.name);
  return names;
}

// What `definitions` requires and `arguments` does not give.
std::vector<const FieldDefinition*> missing(const std::vector<FieldDefinition>& definitions,
                                            const std::vector<NamedLiteral>& arguments) {
  std::vector<const FieldDefinition*> found;
  for (const FieldDefinition& definition : definitions) {
    if (!definition.type.non_null || definition.default_value) continue;
    if (find_named(arguments, definition.name) == nullptr) found.push_back(&definition);
  }
  return found;
}

std::string required(const FieldDefinition& argument) {
  return " argument \"" + argument.name + "\" of type \"" + argument.type.text() +
         "\" is required, but it was not provided.";
}

std::string title_of(const Operation& operation) {
  return operation.name.empty() ? "Anonymous Subscription"
                                : "Subscription " + quote(operation.name);
}

}  // namespace

void Validator::on_field(const Selection& field) {
  fields_on_correct_type(field);
  const FieldDefinition* const definition = field.definition;
  if (definition != nullptr && field.parent != nullptr) {
    for (const NamedLiteral& argument : field.arguments) {
      if (find_named(definition->arguments, argument.name) != nullptr) continue;
      report(field.at, "Unknown argument \"" + argument.name + "\" on field \"" +
                           field.parent->name + "." + field.name + "\"." +
                           did_you_mean(argument.name, names_of(definition->arguments)));
    }
  }
  if (operation_ != nullptr) overlapping_fields(field.selections);
  if (definition != nullptr) {
    for (const FieldDefinition* argument : missing(definition->arguments, field.arguments)) {
      report(field.at, "Field \"" + field.name + "\"" + required(*argument));
    }
  }
  scalar_leafs(field);
  unique_arguments(field.arguments);
}

void Validator::fields_on_correct_type(const Selection& field) {
  if (field.parent == nullptr || field.definition != nullptr) return;
  const Definition& parent = *field.parent;
  std::string message =
      "Cannot query field \"" + field.name + "\" on type \"" + parent.name + "\".";
  const std::vector<std::string> types = types_with_field(parent, field.name);
  if (!types.empty()) {
    message += " Did you mean to use an inline fragment on " + quoted_or_list(types) + "?";
  } else if (parent.kind == "OBJECT" || parent.kind == "INTERFACE") {
    message += did_you_mean(field.name, names_of(parent.fields));
  }
  report(field.at, std::move(message));
}

// Interfaces first, the more often implemented one before.
std::vector<std::string> Validator::types_with_field(const Definition& parent,
                                                     const std::string& name) {
  if (!parent.is_abstract()) return {};
  std::vector<std::string> objects;
  std::vector<std::pair<std::string, int>> interfaces;
  for (const Definition* possible : schema_.possible(parent)) {
    if (possible->field(name) == nullptr) continue;
    objects.push_back(possible->name);
    for (const std::string& interface : possible->interfaces) {
      const Definition* const found = schema_.find(interface);
      if (found == nullptr || found->field(name) == nullptr) continue;
      const auto known = std::find_if(interfaces.begin(), interfaces.end(),
                                      [&](const auto& entry) { return entry.first == interface; });
      if (known == interfaces.end()) {
        interfaces.emplace_back(interface, 1);
      } else {
        ++known->second;
      }
    }
  }
  std::vector<std::string> names;
  while (!interfaces.empty()) {
    const auto most =
        std::max_element(interfaces.begin(), interfaces.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    names.push_back(most->first);
    interfaces.erase(most);
  }
  names.insert(names.end(), objects.begin(), objects.end());
  return names;
}

void Validator::scalar_leafs(const Selection& field) {
  if (field.definition == nullptr) return;
  const Definition* const type = schema_.find(field.definition->type.name());
  if (type == nullptr) return;
  if (type->is_leaf() && !field.selections.empty()) {
    report(field.at, "Field \"" + field.name + "\" must not have a selection since type \"" +
                         type->name + "\" has no subfields.");
  }
  if (!type->is_leaf() && field.selections.empty()) {
    report(field.at, "Field \"" + field.name + "\" of type \"" + field.definition->type.text() +
                         "\" must have a selection of subfields. Did you mean \"" + field.name +
                         " { ... }\"?");
  }
}

void Validator::unique_arguments(const std::vector<NamedLiteral>& arguments) {
  std::map<std::string_view, int> seen;
  for (const NamedLiteral& argument : arguments) {
    if (++seen[argument.name] != 2) continue;
    report(argument.at, "There can be only one argument named \"" + argument.name + "\".");
  }
}

void Validator::on_operation(Operation& operation) {
  if (root(operation.operation) == nullptr) {
    report(operation.at, "Schema does not support operation type \"" + operation.operation + "\"");
  }
  if (operation.name.empty() && query_.operations.size() > 1) {
    report(operation.at, "This anonymous operation must be the only defined operation.");
  }
  for (const VariableDefinition& variable : operation.variables) {
    if (variable.used) continue;
    report(variable.at,
           "Variable \"$" + variable.name + "\" is never used" +
               (operation.name.empty() ? "." : " in operation \"" + operation.name + "\"."));
  }
  overlapping_fields(operation.selections);
  single_field_subscription(operation);
  if (!operation_names_.insert(operation.name).second) {
    report(operation.at, "There can be only one operation named \"" + operation.name + "\".");
  }
  std::map<std::string_view, int> seen;
  for (const VariableDefinition& variable : operation.variables) {
    if (++seen[variable.name] != 2) continue;
    report(variable.at, "There can be only one variable named \"$" + variable.name + "\".");
  }
  for (const VariableDefinition& variable : operation.variables) {
    if (variable.definition == nullptr || variable.definition->is_input()) continue;
    report(variable.at, "Variable \"$" + variable.name + "\" cannot be non-input type \"" +
                            variable.type.text() + "\".");
  }
}

void Validator::single_field_subscription(const Operation& operation) {
  if (operation.operation != "subscription" || schema_.subscription == nullptr) return;
  const Collected top = collect(operation.selections);
  std::vector<const Selection*> fields;
  for (const auto& [name, selections] : top.fields) fields.push_back(selections.front());
  std::set<std::string> visited;
  std::vector<const Selection*> spreads = top.spreads;
  while (!spreads.empty()) {
    const Selection* const spread = spreads.back();
    spreads.pop_back();
    if (spread->fragment == nullptr || !visited.insert(spread->name).second) continue;
    const Collected below = collect(spread->fragment->selections);
    for (const auto& [name, selections] : below.fields) fields.push_back(selections.front());
    spreads.insert(spreads.end(), below.spreads.begin(), below.spreads.end());
  }
  if (fields.size() > 1) {
    report(fields[1]->at, title_of(operation) + " must select only one top level field.");
  }
  for (const Selection* field : fields) {
    if (!field->name.starts_with("__")) continue;
    report(field->at, title_of(operation) + " must not select an introspection top level field.");
  }
}

void Validator::unknown_type(Place at, const std::string& name) {
  report(at, "Unknown type \"" + name + "\".");
}

void Validator::on_variable(const VariableDefinition& variable) {
  if (variable.definition == nullptr) unknown_type(variable.at, variable.type.name());
}

void Validator::on_fragment(const Fragment& fragment) {
  const Definition* const type = schema_.find(fragment.condition);
  in_fragments_ = true;
  if (type != nullptr && !type->is_composite()) {
    report(fragment.at, "Fragment \"" + fragment.name +
                            "\" cannot condition on non composite type \"" + fragment.condition +
                            "\".");
  }
  if (type == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, definition] : schema_.types) names.push_back(name);
    report(fragment.at, "Unknown type \"" + fragment.condition + "\"." +
                            did_you_mean(fragment.condition, names));
  }
  fragment_cycles(fragment);
  if (!used_fragments_.contains(fragment.name)) {
    report(fragment.at, "Fragment \"" + fragment.name + "\" is never used.");
  }
  overlapping_fields(fragment.selections);
  if (!fragment_names_.insert(fragment.name).second) {
    report(fragment.at, "There can be only one fragment named \"" + fragment.name + "\".");
  }
}

namespace {

std::vector<const Selection*> spreads_below(const std::vector<Selection>& selections) {
  std::vector<const Selection*> found;
  std::vector<const std::vector<Selection>*> sets = {&selections};
  while (!sets.empty()) {
    const std::vector<Selection>& set = *sets.back();
    sets.pop_back();
    for (const Selection& selection : set) {
      if (selection.kind == Selection::Kind::spread) {
        found.push_back(&selection);
      } else {
        sets.push_back(&selection.selections);
      }
    }
  }
  return found;
}

}  // namespace

// A depth-first search with a stack of its own: chains of fragments may be long.
void Validator::fragment_cycles(const Fragment& fragment) {
  struct Frame {
    const Fragment* fragment;
    std::vector<const Selection*> spreads;
    std::size_t next = 0;
  };
  std::vector<Frame> frames;
  const auto enter = [&](const Fragment& entered) {
    if (!cycle_visited_.insert(entered.name).second) return;
    frames.push_back({&entered, spreads_below(entered.selections)});
  };
  enter(fragment);
  while (!frames.empty() && spend()) {
    Frame& frame = frames.back();
    if (frame.next == frame.spreads.size()) {
      frames.pop_back();
      continue;
    }
    const Selection& spread = *frame.spreads[frame.next++];
    const auto start = std::find_if(frames.begin(), frames.end(), [&](const Frame& f) {
      return f.fragment->name == spread.name;
    });
    if (start == frames.end()) {
      if (const Fragment* const next = query_.find(spread.name)) enter(*next);
      continue;
    }
    std::string via;
    for (auto step = start + 1; step != frames.end(); ++step) {
      via += (via.empty() ? " via \"" : ", \"") + step->fragment->name + "\"";
    }
    report(spread.at, "Cannot spread fragment \"" + spread.name + "\" within itself" + via + ".");
  }
}

void Validator::on_inline_fragment(const Selection& fragment) {
  const Definition* const type = schema_.find(fragment.condition);
  if (type != nullptr && !type->is_composite()) {
    report(fragment.at,
           "Fragment cannot condition on non composite type \"" + fragment.condition + "\".");
  }
  if (type == nullptr && !fragment.condition.empty()) unknown_type(fragment.at, fragment.condition);
  overlapping_fields(fragment.selections);
  possible_spread(fragment, fragment.condition);
}

void Validator::on_spread(const Selection& spread) {
  if (spread.fragment == nullptr) {
    report(spread.at, "Unknown fragment \"" + spread.name + "\".");
  }
  if (!in_fragments_) used_fragments_.insert(spread.name);
  if (spread.fragment != nullptr) possible_spread(spread, spread.fragment->condition);
}

// Whether some object may be of both types.
void Validator::possible_spread(const Selection& selection, const std::string& condition) {
  const Definition* const parent = selection.parent;
  const Definition* const type = schema_.find(condition);
  if (parent == nullptr || type == nullptr) return;
  if (!parent->is_composite() || !type->is_composite()) return;
  const std::vector<const Definition*> here =
      parent->kind == "OBJECT" ? std::vector<const Definition*>{parent} : schema_.possible(*parent);
  const std::vector<const Definition*> there = schema_.possible(*type);
  if (!spend(static_cast<std::int64_t>(here.size() + there.size()))) return;
  std::set<std::string_view> names;
  for (const Definition* one : here) names.insert(one->name);
  for (const Definition* one : there) {
    if (names.contains(one->name)) return;
  }
  const bool named = selection.kind == Selection::Kind::spread;
  report(selection.at, "Fragment " + (named ? "\"" + selection.name + "\" " : std::string()) +
                           "cannot be spread here as objects of type \"" + parent->name +
                           "\" can never be of type \"" + condition + "\".");
}

void Validator::on_directive(const Directive& directive, std::string_view location) {
  const auto at = schema_.directives.find(directive.name);
  const bool known = at != schema_.directives.end();
  if (known) {
    for (const NamedLiteral& argument : directive.arguments) {
      if (find_named(at->second.arguments, argument.name) != nullptr) continue;
      report(directive.at, "Unknown argument \"" + argument.name + "\" on directive \"@" +
                               directive.name + "\"." +
                               did_you_mean(argument.name, names_of(at->second.arguments)));
    }
  }
  const bool fits = known && std::find(at->second.locations.begin(), at->second.locations.end(),
                                       location) != at->second.locations.end();
  if (!fits &&
      told_directives_.insert({directive.name, {directive.at.line, directive.at.column}}).second) {
    report(directive.at, known ? "Directive \"@" + directive.name + "\" may not be used on " +
                                     std::string(location) + "."
                               : "Unknown directive \"@" + directive.name + "\".");
  }
  if (known) {
    for (const FieldDefinition* argument : missing(at->second.arguments, directive.arguments)) {
      report(directive.at, "Directive \"@" + directive.name + "\"" + required(*argument));
    }
  }
  unique_arguments(directive.arguments);
}

void Validator::on_directives(const std::vector<Directive>& directives) {
  std::set<std::string_view> seen;
  for (const Directive& directive : directives) {
    const auto at = schema_.directives.find(directive.name);
    if (at != schema_.directives.end() && at->second.repeatable) continue;
    if (seen.insert(directive.name).second) continue;
    report(directive.at,
           "The directive \"@" + directive.name + "\" can only be used once at this location.");
  }
}

}  // namespace mc::graphrego
