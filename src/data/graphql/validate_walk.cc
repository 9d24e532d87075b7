#include "graphql/validate_walk.h"

#include <algorithm>
#include <string>

#include "graphql/suggest.h"

namespace mc::graphql {
namespace {

constexpr std::string_view kOperationLocations[] = {"QUERY", "MUTATION", "SUBSCRIPTION"};

// The '{' of a selection set: the last one before its first selection that is no part of a string
// or comment. Only fields with an error pay for this.
std::uint32_t brace_of(const Document& document, const SelectionNode& node) {
  const std::string_view source = document.source;
  const std::uint32_t end = document.selections[node.selections].at;
  std::uint32_t brace = node.at;
  std::uint32_t at = node.name_at;
  while (at < end) {
    if (source[at] == '#') {
      while (at < end && source[at] != '\n' && source[at] != '\r') ++at;
    } else if (source.substr(at).starts_with("\"\"\"")) {
      at += 3;
      while (at < end && !source.substr(at).starts_with("\"\"\"")) {
        at += source.substr(at).starts_with("\\\"\"\"") ? 4 : 1;
      }
      at += 3;
    } else if (source[at] == '"') {
      ++at;
      while (at < end && source[at] != '"') at += source[at] == '\\' ? 2 : 1;
      ++at;
    } else {
      if (source[at] == '{') brace = at;
      ++at;
    }
  }
  return brace;
}

std::vector<std::string_view> field_names(const TypeDef& type) {
  std::vector<std::string_view> names;
  for (const FieldDef& field : type.fields) names.push_back(field.name);
  return names;
}

// The order below is not transitive (graphql-js has it so), which std::sort must not be given. The
// steps are those of V8 for short arrays, so that the same order comes out.
template <class T, class Less>
void insertion_sort(std::vector<T>& items, Less less) {
  if (items.size() < 2) return;
  const auto at = [&](std::size_t i) { return items.begin() + static_cast<std::ptrdiff_t>(i); };
  std::size_t run = 2;
  const bool descending = less(items[1], items[0]);
  while (run < items.size() && less(items[run], items[run - 1]) == descending) ++run;
  if (descending) std::reverse(at(0), at(run));
  for (std::size_t start = run; start < items.size(); ++start) {
    std::size_t left = 0;
    std::size_t right = start;
    while (left < right) {
      const std::size_t middle = left + (right - left) / 2;
      if (less(items[start], items[middle])) {
        right = middle;
      } else {
        left = middle + 1;
      }
    }
    std::rotate(at(left), at(start), at(start + 1));
  }
}

// Types that have the field where an abstract one has not: the most common first, supertypes
// before their subtypes, then by name.
std::vector<std::string_view> types_with_field(const Schema& schema, const TypeDef& type,
                                               std::string_view field) {
  struct Candidate {
    const TypeDef* type;
    int uses;
  };
  std::vector<Candidate> found;
  const auto note = [&](TypeId id) {
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const Candidate& c) { return c.type->id == id; });
    if (same == found.end()) {
      found.push_back({&schema.type(id), 1});
    } else {
      ++same->uses;
    }
  };
  if (!type.is_abstract()) return {};
  for (const TypeId id : type.possible) {
    const TypeDef& object = schema.type(id);
    if (object.field(field) == nullptr) continue;
    note(id);
    for (const TypeId interface : object.interfaces) {
      if (schema.type(interface).field(field) != nullptr) note(interface);
    }
  }
  const auto above = [&](const TypeDef& a, const TypeDef& b) {
    return a.kind == NamedKind::interface && a.id != b.id && schema.is_possible(a.id, b.id);
  };
  insertion_sort(found, [&](const Candidate& a, const Candidate& b) {
    if (a.uses != b.uses) return a.uses > b.uses;
    if (above(*a.type, *b.type)) return true;
    if (above(*b.type, *a.type)) return false;
    return natural_less(a.type->name, b.type->name);
  });
  std::vector<std::string_view> names;
  for (const Candidate& candidate : found) names.push_back(candidate.type->name);
  return names;
}

}  // namespace

DocumentWalk::DocumentWalk(ValidationContext& context, DirectiveTable& table)
    : context_(context),
      schema_(context.schema),
      document_(context.document),
      findings_(context.findings),
      directives_(context, table),
      values_(context),
      overlap_(context),
      operation_usages_(document_.operations.size()),
      fragment_usages_(document_.fragments.size()),
      cycle_visited_(document_.names.size(), false),
      budget_(200'000 + 8 * document_.selections.size()) {}

void DocumentWalk::run() {
  for (const OperationNode& operation : document_.operations) {
    operation_spreads_.push_back(context_.spreads_below(operation.selections));
  }
  for (const FragmentNode& fragment : document_.fragments) {
    fragment_spreads_.push_back(context_.spreads_below(fragment.selections));
  }
  if (findings_.wants(Rule::overlapping_fields_can_be_merged)) overlap_.prepare();
  check_operation_names();
  check_fragment_names();
  for (const DefinitionNode& definition : document_.definitions) {
    if (findings_.aborted()) return;
    if (definition.kind == DefinitionKind::operation) walk_operation(definition.index);
    if (definition.kind == DefinitionKind::fragment) walk_fragment(definition.index);
  }
  for (Index i = 0; i < document_.operations.size(); ++i) check_variables(i);
  check_unused_fragments();
}

void DocumentWalk::walk_operation(Index index) {
  const OperationNode& operation = document_.operations[index];
  usages_ = &operation_usages_[index];
  if (operation.kind == OperationKind::subscription) check_subscription(operation);
  check_unique_variables(operation);
  directives_.check_unique(operation.directives);
  walk_variables(operation);
  walk_directives(operation.directives,
                  kOperationLocations[static_cast<std::size_t>(operation.kind)], nullptr);
  const TypeDef* root = schema_.root(operation.kind);
  if (root != nullptr && root->kind != NamedKind::object) root = nullptr;
  if (overlap_.needed()) overlap_.check(operation.selections, root);
  walk_selections(operation.selections, root, nullptr);
}

void DocumentWalk::walk_variables(const OperationNode& operation) {
  // Usages within definitions do not count as uses of a variable.
  std::vector<VariableUsage> ignored;
  std::vector<VariableUsage>* const kept = usages_;
  usages_ = &ignored;
  for (Index at = operation.variables; at != kNone; at = document_.variables[at].next) {
    const VariableNode& node = document_.variables[at];
    const std::optional<TypeRef> type = context_.resolve(node.type);
    const bool is_input = type && (schema_.type(type->named).is_leaf() ||
                                   schema_.type(type->named).kind == NamedKind::input);
    if (type && !is_input) {
      findings_.add(Rule::variables_are_input_types,
                    "Variable \"$" + std::string(document_.name(node.name)) +
                        "\" cannot be non-input type \"" + schema_.type_text(*type) + "\".",
                    {document_.types[node.type].at});
    }
    directives_.check_unique(node.directives);
    walk_type(node.type);
    if (node.default_value != kNone) {
      InputPlace place{.known = is_input};
      if (type) place.type = *type;
      values_.walk(node.default_value, place, ignored);
    }
    walk_directives(node.directives, "VARIABLE_DEFINITION", nullptr);
    if (findings_.aborted()) break;
  }
  usages_ = kept;
}

void DocumentWalk::walk_fragment(Index index) {
  const FragmentNode& fragment = document_.fragments[index];
  usages_ = &fragment_usages_[index];
  const TypeDef* type = context_.type_of(fragment.type_condition);
  if (type != nullptr && !type->is_composite()) {
    findings_.add(Rule::fragments_on_composite_types,
                  "Fragment \"" + std::string(document_.name(fragment.name)) +
                      "\" cannot condition on non composite type \"" + type->name + "\".",
                  {fragment.type_condition_at});
  }
  check_cycles(index);
  directives_.check_unique(fragment.directives);
  unknown_type(fragment.type_condition, fragment.type_condition_at);
  walk_directives(fragment.directives, "FRAGMENT_DEFINITION", nullptr);
  const TypeDef* parent = context_.composite_of(fragment.type_condition);
  if (overlap_.needed()) overlap_.check(fragment.selections, parent);
  walk_selections(fragment.selections, parent, nullptr);
}

void DocumentWalk::walk_selections(Index first, const TypeDef* parent, const FieldDef* enclosing) {
  for (Index at = first; at != kNone; at = document_.selections[at].next) {
    const SelectionNode& node = document_.selections[at];
    if (findings_.aborted()) return;
    switch (node.kind) {
      case SelectionKind::field:
        walk_field(at, parent);
        break;
      case SelectionKind::spread:
        walk_spread(node, parent, enclosing);
        break;
      case SelectionKind::inline_fragment:
        walk_inline(node, parent, enclosing);
        break;
    }
  }
}

void DocumentWalk::walk_field(Index index, const TypeDef* parent) {
  const SelectionNode& node = document_.selections[index];
  const FieldDef* field = context_.field_of(parent, node.name);
  const TypeDef* below = nullptr;
  if (field != nullptr) {
    check_leaf(node, *field);
    below = &schema_.type(field->type.named);
    if (!below->is_composite()) below = nullptr;
  } else if (parent != nullptr) {
    unknown_field(node, *parent);
  }
  directives_.check_unique(node.directives);
  directives_.check_argument_names(node.arguments);
  const std::string_view name = document_.name(node.name);
  const bool root = !in_deep_introspection_ && (name == "__schema" || name == "__type");
  if (root) check_introspection_depth(index);

  if (field != nullptr) {
    walk_arguments(node.arguments, parent, *field);
  } else {
    for (Index at = node.arguments; at != kNone; at = document_.arguments[at].next) {
      values_.walk(document_.arguments[at].value, {}, *usages_);
    }
  }
  walk_directives(node.directives, "FIELD", field);
  if (node.selections != kNone) {
    if (overlap_.needed()) overlap_.check(node.selections, below);
    walk_selections(node.selections, below, field);
  }
  if (field != nullptr) check_required(node, *field);
  if (root) in_deep_introspection_ = false;
}

void DocumentWalk::walk_arguments(Index first, const TypeDef* parent, const FieldDef& field) {
  for (Index at = first; at != kNone; at = document_.arguments[at].next) {
    const ArgumentNode& node = document_.arguments[at];
    const std::string_view name = document_.name(node.name);
    const InputValueDef* argument = field.argument(name);
    if (argument == nullptr && parent != nullptr) {
      std::string message = "Unknown argument \"" + std::string(name) + "\" on field \"" +
                            parent->name + "." + field.name + "\".";
      if (context_.suggest) {
        std::vector<std::string_view> names;
        for (const InputValueDef& known : field.arguments) names.push_back(known.name);
        message += did_you_mean(suggest(name, names));
      }
      findings_.add(Rule::known_argument_names, std::move(message), {node.at});
    }
    InputPlace place{.known = argument != nullptr};
    if (argument != nullptr) {
      place.type = argument->type;
      place.has_default = argument->default_value.has_value();
    }
    values_.walk(node.value, place, *usages_);
  }
}

// Arguments of an unknown directive are looked at as if they were the enclosing field's, which is
// what graphql-js does.
void DocumentWalk::walk_directives(Index first, std::string_view location,
                                   const FieldDef* enclosing) {
  for (Index at = first; at != kNone; at = document_.directives[at].next) {
    const DirectiveNode& node = document_.directives[at];
    directives_.enter(node, location);
    const DirectiveDef* known = schema_.directive(document_.name(node.name));
    for (Index arg = node.arguments; arg != kNone; arg = document_.arguments[arg].next) {
      const ArgumentNode& argument = document_.arguments[arg];
      const std::string_view name = document_.name(argument.name);
      const InputValueDef* input = nullptr;
      if (known != nullptr) {
        for (const InputValueDef& candidate : known->arguments) {
          if (candidate.name == name) input = &candidate;
        }
      } else if (enclosing != nullptr) {
        input = enclosing->argument(name);
      }
      InputPlace place{.known = input != nullptr};
      if (input != nullptr) {
        place.type = input->type;
        place.has_default = input->default_value.has_value();
      }
      values_.walk(argument.value, place, *usages_);
    }
    directives_.leave(node);
  }
}

void DocumentWalk::walk_spread(const SelectionNode& node, const TypeDef* parent,
                               const FieldDef* enclosing) {
  const Index fragment = context_.fragment_of(node.name);
  if (fragment != kNone) {
    const TypeDef* type = context_.composite_of(document_.fragments[fragment].type_condition);
    check_spreadable(node, type, parent);
  }
  directives_.check_unique(node.directives);
  if (fragment == kNone) {
    findings_.add(Rule::known_fragment_names,
                  "Unknown fragment \"" + std::string(document_.name(node.name)) + "\".",
                  {node.name_at});
  }
  walk_directives(node.directives, "FRAGMENT_SPREAD", enclosing);
}

void DocumentWalk::walk_inline(const SelectionNode& node, const TypeDef* parent,
                               const FieldDef* enclosing) {
  const TypeDef* below = parent;
  if (node.type_condition != kNone) {
    const TypeDef* type = context_.type_of(node.type_condition);
    if (type != nullptr && !type->is_composite()) {
      findings_.add(Rule::fragments_on_composite_types,
                    "Fragment cannot condition on non composite type \"" + type->name + "\".",
                    {node.name_at});
    }
    below = context_.composite_of(node.type_condition);
    check_spreadable(node, below, parent);
  }
  directives_.check_unique(node.directives);
  if (node.type_condition != kNone) unknown_type(node.type_condition, node.name_at);
  walk_directives(node.directives, "INLINE_FRAGMENT", enclosing);
  walk_selections(node.selections, below, enclosing);
}

void DocumentWalk::check_spreadable(const SelectionNode& node, const TypeDef* type,
                                    const TypeDef* parent) {
  if (type == nullptr || parent == nullptr || context_.overlap(*type, *parent)) return;
  std::string fragment = "Fragment ";
  if (node.kind == SelectionKind::spread) {
    fragment += "\"" + std::string(document_.name(node.name)) + "\" ";
  }
  findings_.add(Rule::possible_fragment_spreads,
                fragment + "cannot be spread here as objects of type \"" + parent->name +
                    "\" can never be of type \"" + type->name + "\".",
                {node.at});
}

void DocumentWalk::walk_type(Index type) {
  while (document_.types[type].kind != TypeKind::named) type = document_.types[type].inner;
  unknown_type(document_.types[type].name, document_.types[type].at);
}

void DocumentWalk::unknown_type(Symbol name, std::uint32_t at) {
  if (context_.type_of(name) != nullptr || !findings_.wants(Rule::known_type_names)) return;
  std::vector<std::string_view> names;
  for (const TypeDef& type : schema_.types()) names.push_back(type.name);
  for (const TypeSystemNode& node : document_.type_system) {
    const bool defines = node.kind != DefinitionKind::schema && !node.extension &&
                         node.kind != DefinitionKind::directive;
    if (!defines) continue;
    if (node.name == name) return;
    names.push_back(document_.name(node.name));
  }
  findings_.add(Rule::known_type_names,
                unknown_type_message(document_.name(name), std::move(names), context_.suggest),
                {at});
}

void DocumentWalk::check_leaf(const SelectionNode& node, const FieldDef& field) {
  const TypeDef& type = schema_.type(field.type.named);
  if (type.is_leaf() == !node.has_selections) return;
  const std::string name(document_.name(node.name));
  const std::string text = schema_.type_text(field.type);
  if (type.is_leaf()) {
    findings_.add(Rule::scalar_leafs,
                  "Field \"" + name + "\" must not have a selection since type \"" + text +
                      "\" has no subfields.",
                  {brace_of(document_, node)});
  } else {
    findings_.add(Rule::scalar_leafs,
                  "Field \"" + name + "\" of type \"" + text +
                      "\" must have a selection of subfields. Did you mean \"" + name +
                      " { ... }\"?",
                  {node.at});
  }
}

void DocumentWalk::check_required(const SelectionNode& node, const FieldDef& field) {
  for (const InputValueDef& argument : field.arguments) {
    if (!argument.required()) continue;
    bool given = false;
    for (Index at = node.arguments; at != kNone && !given; at = document_.arguments[at].next) {
      given = document_.name(document_.arguments[at].name) == argument.name;
    }
    if (given) continue;
    findings_.add(Rule::provided_required_arguments,
                  "Field \"" + field.name + "\" argument \"" + argument.name + "\" of type \"" +
                      schema_.type_text(argument.type) + "\" is required, but it was not provided.",
                  {node.at});
  }
}

void DocumentWalk::unknown_field(const SelectionNode& node, const TypeDef& parent) {
  const std::string_view name = document_.name(node.name);
  std::string message =
      "Cannot query field \"" + std::string(name) + "\" on type \"" + parent.name + "\".";
  if (context_.suggest && findings_.wants(Rule::fields_on_correct_type)) {
    std::string hint =
        did_you_mean(types_with_field(schema_, parent, name), "to use an inline fragment on");
    if (hint.empty()) hint = did_you_mean(suggest(name, field_names(parent)));
    message += hint;
  }
  findings_.add(Rule::fields_on_correct_type, std::move(message), {node.at});
}

}  // namespace mc::graphql
