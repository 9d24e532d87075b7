#include <algorithm>

#include "graphql/suggest.h"
#include "graphql/validate.h"

namespace mc::graphql {
namespace {

void append_type(std::string& out, const Document& document, Index type) {
  const TypeNode& node = document.types[type];
  switch (node.kind) {
    case TypeKind::named:
      out += document.name(node.name);
      return;
    case TypeKind::list:
      out += "[";
      append_type(out, document, node.inner);
      out += "]";
      return;
    case TypeKind::non_null:
      append_type(out, document, node.inner);
      out += "!";
      return;
  }
}

DirectiveFacts facts_of(const Schema& schema, const DirectiveDef& directive) {
  DirectiveFacts facts;
  facts.repeatable = directive.repeatable;
  facts.locations.assign(directive.locations.begin(), directive.locations.end());
  for (const InputValueDef& input : directive.arguments) {
    facts.arguments.push_back({input.name, schema.type_text(input.type), input.required()});
  }
  return facts;
}

DirectiveFacts facts_of(const Document& document, const TypeSystemNode& directive) {
  DirectiveFacts facts;
  facts.repeatable = directive.repeatable;
  for (Index at = directive.names; at != kNone; at = document.name_nodes[at].next) {
    facts.locations.push_back(document.name(document.name_nodes[at].name));
  }
  for (Index at = directive.inputs; at != kNone; at = document.input_values[at].next) {
    const InputValueNode& node = document.input_values[at];
    DirectiveFacts::Argument& argument = facts.arguments.emplace_back();
    argument.name = document.name(node.name);
    append_type(argument.type, document, node.type);
    argument.required =
        document.types[node.type].kind == TypeKind::non_null && node.default_value == kNone;
  }
  return facts;
}

}  // namespace

DirectiveTable::DirectiveTable(const Schema& schema, const Document& document) : schema_(schema) {
  for (const TypeSystemNode& node : document.type_system) {
    if (node.kind != DefinitionKind::directive) continue;
    facts_.insert_or_assign(document.name(node.name), facts_of(document, node));
  }
}

const DirectiveFacts* DirectiveTable::find(std::string_view name) {
  const auto found = facts_.find(name);
  if (found != facts_.end()) return &found->second;
  const DirectiveDef* directive = schema_.directive(name);
  if (directive == nullptr) return nullptr;
  return &facts_.emplace(directive->name, facts_of(schema_, *directive)).first->second;
}

DirectiveCheck::DirectiveCheck(ValidationContext& context, DirectiveTable& table)
    : context_(context), table_(table), marks_(context.document.names.size()) {}

void DirectiveCheck::check_unique(Index first) {
  if (first == kNone || context_.document.directives[first].next == kNone) return;
  std::unordered_map<Symbol, std::uint32_t> seen;
  check_unique(first, seen);
}

void DirectiveCheck::check_unique(Index first, std::unordered_map<Symbol, std::uint32_t>& seen) {
  const Document& document = context_.document;
  for (Index at = first; at != kNone; at = document.directives[at].next) {
    const DirectiveNode& node = document.directives[at];
    const DirectiveFacts* facts = table_.find(document.name(node.name));
    if (facts == nullptr || facts->repeatable) continue;
    const auto [before, fresh] = seen.emplace(node.name, node.at);
    if (fresh) continue;
    context_.findings.add(Rule::unique_directives_per_location,
                          "The directive \"@" + std::string(document.name(node.name)) +
                              "\" can only be used once at this location.",
                          {before->second, node.at});
  }
}

void DirectiveCheck::enter(const DirectiveNode& node, std::string_view location) {
  const Document& document = context_.document;
  const std::string name(document.name(node.name));
  const DirectiveFacts* facts = table_.find(name);
  if (facts == nullptr) {
    context_.findings.add(Rule::known_directives, "Unknown directive \"@" + name + "\".",
                          {node.at});
  } else if (std::find(facts->locations.begin(), facts->locations.end(), location) ==
             facts->locations.end()) {
    context_.findings.add(
        Rule::known_directives,
        "Directive \"@" + name + "\" may not be used on " + std::string(location) + ".", {node.at});
  }
  if (facts != nullptr) {
    std::vector<std::string_view> names;
    for (const auto& argument : facts->arguments) names.push_back(argument.name);
    for (Index at = node.arguments; at != kNone; at = document.arguments[at].next) {
      const ArgumentNode& argument = document.arguments[at];
      const std::string_view given = document.name(argument.name);
      if (std::find(names.begin(), names.end(), given) != names.end()) continue;
      std::string message =
          "Unknown argument \"" + std::string(given) + "\" on directive \"@" + name + "\".";
      if (context_.suggest) message += did_you_mean(suggest(given, names));
      context_.findings.add(Rule::known_argument_names, std::move(message), {argument.at});
    }
  }
  check_argument_names(node.arguments);
}

void DirectiveCheck::leave(const DirectiveNode& node) {
  const Document& document = context_.document;
  const std::string_view name = document.name(node.name);
  const DirectiveFacts* facts = table_.find(name);
  if (facts == nullptr) return;
  for (const DirectiveFacts::Argument& argument : facts->arguments) {
    if (!argument.required) continue;
    bool given = false;
    for (Index at = node.arguments; at != kNone; at = document.arguments[at].next) {
      given = given || document.name(document.arguments[at].name) == argument.name;
    }
    if (given) continue;
    context_.findings.add(Rule::provided_required_arguments,
                          "Directive \"@" + std::string(name) + "\" argument \"" +
                              std::string(argument.name) + "\" of type \"" + argument.type +
                              "\" is required, but it was not provided.",
                          {node.at});
  }
}

void DirectiveCheck::check_argument_names(Index first) {
  const Document& document = context_.document;
  if (first == kNone || document.arguments[first].next == kNone) return;
  // Almost always there are no doubles; only then is the grouping of graphql-js built.
  marks_.restart();
  bool doubled = false;
  for (Index at = first; at != kNone; at = document.arguments[at].next) {
    const ArgumentNode& node = document.arguments[at];
    doubled = marks_.seen(node.name, node.at).has_value() || doubled;
  }
  if (!doubled) return;
  std::vector<Symbol> order;
  std::unordered_map<Symbol, std::vector<std::uint32_t>> places;
  for (Index at = first; at != kNone; at = document.arguments[at].next) {
    const ArgumentNode& node = document.arguments[at];
    auto& list = places[node.name];
    if (list.empty()) order.push_back(node.name);
    list.push_back(node.at);
  }
  for (const Symbol name : order) {
    if (places[name].size() < 2) continue;
    context_.findings.add(
        Rule::unique_argument_names,
        "There can be only one argument named \"" + std::string(document.name(name)) + "\".",
        places[name]);
  }
}

}  // namespace mc::graphql
