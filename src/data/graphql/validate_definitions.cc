// The rules on names, directives and literals inside type system definitions. They hold for the
// documents a schema is built from and, in graphql-js, for any document that is validated.
#include <algorithm>
#include <array>

#include "graphql/validate.h"
#include "graphql/validate_values.h"

namespace mc::graphql {
namespace {

constexpr std::string_view kStandardTypes[] = {
    "String",    "Int",      "Float",        "Boolean",
    "ID",        "__Schema", "__Directive",  "__DirectiveLocation",
    "__Type",    "__Field",  "__InputValue", "__EnumValue",
    "__TypeKind"};

std::string_view location_of(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::schema:
      return "SCHEMA";
    case DefinitionKind::scalar:
      return "SCALAR";
    case DefinitionKind::object:
      return "OBJECT";
    case DefinitionKind::interface:
      return "INTERFACE";
    case DefinitionKind::union_:
      return "UNION";
    case DefinitionKind::enum_:
      return "ENUM";
    case DefinitionKind::input:
      return "INPUT_OBJECT";
    default:
      return "DIRECTIVE_DEFINITION";
  }
}

class DefinitionWalk {
 public:
  DefinitionWalk(ValidationContext& context, DirectiveTable& table)
      : context_(context),
        document_(context.document),
        directives_(context, table),
        values_(context) {
    for (const TypeSystemNode& node : document_.type_system) {
      const bool type = node.kind != DefinitionKind::schema &&
                        node.kind != DefinitionKind::directive && !node.extension;
      if (type) defined_.emplace(node.name, true);
    }
  }

  void run() {
    for (const TypeSystemNode& node : document_.type_system) {
      if (context_.findings.aborted()) return;
      walk(node);
    }
  }

 private:
  void walk(const TypeSystemNode& node) {
    // Directives of a type and of its extensions count together.
    const Symbol key = node.kind == DefinitionKind::schema ? kNone : node.name;
    directives_.check_unique(node.directives, seen_[key]);
    if (node.kind == DefinitionKind::directive) {
      walk_inputs(node.inputs, "ARGUMENT_DEFINITION");
      return;
    }
    if (node.kind != DefinitionKind::union_) walk_names(node.names);
    walk_directives(node.directives, location_of(node.kind));
    if (node.kind == DefinitionKind::union_) walk_names(node.names);
    for (Index at = node.operation_type_list; at != kNone;
         at = document_.operation_types[at].next) {
      check_type(document_.operation_types[at].type, document_.operation_types[at].type_at);
    }
    for (Index at = node.fields; at != kNone; at = document_.field_definitions[at].next) {
      const FieldDefinitionNode& field = document_.field_definitions[at];
      directives_.check_unique(field.directives);
      walk_inputs(field.arguments, "ARGUMENT_DEFINITION");
      walk_type(field.type);
      walk_directives(field.directives, "FIELD_DEFINITION");
    }
    for (Index at = node.enum_values; at != kNone; at = document_.enum_values[at].next) {
      directives_.check_unique(document_.enum_values[at].directives);
      walk_directives(document_.enum_values[at].directives, "ENUM_VALUE");
    }
    walk_inputs(node.inputs, "INPUT_FIELD_DEFINITION");
  }

  void walk_names(Index first) {
    for (Index at = first; at != kNone; at = document_.name_nodes[at].next) {
      check_type(document_.name_nodes[at].name, document_.name_nodes[at].at);
    }
  }

  void walk_inputs(Index first, std::string_view location) {
    for (Index at = first; at != kNone; at = document_.input_values[at].next) {
      const InputValueNode& input = document_.input_values[at];
      directives_.check_unique(input.directives);
      walk_type(input.type);
      if (input.default_value != kNone) values_.walk(input.default_value, {}, usages_);
      walk_directives(input.directives, location);
    }
  }

  void walk_directives(Index first, std::string_view location) {
    for (Index at = first; at != kNone; at = document_.directives[at].next) {
      const DirectiveNode& node = document_.directives[at];
      directives_.enter(node, location);
      const DirectiveDef* known = context_.schema.directive(document_.name(node.name));
      for (Index arg = node.arguments; arg != kNone; arg = document_.arguments[arg].next) {
        InputPlace place;
        const std::string_view name = document_.name(document_.arguments[arg].name);
        for (std::size_t i = 0; known != nullptr && i < known->arguments.size(); ++i) {
          if (known->arguments[i].name != name) continue;
          place.known = true;
          place.type = known->arguments[i].type;
        }
        values_.walk(document_.arguments[arg].value, place, usages_);
      }
      directives_.leave(node);
    }
  }

  void walk_type(Index type) {
    while (document_.types[type].kind != TypeKind::named) type = document_.types[type].inner;
    check_type(document_.types[type].name, document_.types[type].at);
  }

  void check_type(Symbol symbol, std::uint32_t at) {
    const std::string_view name = document_.name(symbol);
    const bool standard = std::find(std::begin(kStandardTypes), std::end(kStandardTypes), name) !=
                          std::end(kStandardTypes);
    if (standard || defined_.contains(symbol) || context_.type_of(symbol) != nullptr) return;
    std::vector<std::string_view> names(std::begin(kStandardTypes), std::end(kStandardTypes));
    for (const TypeDef& type : context_.schema.types()) names.push_back(type.name);
    for (const auto& [own, _] : defined_) names.push_back(document_.name(own));
    context_.findings.add(Rule::known_type_names,
                          unknown_type_message(name, std::move(names), context_.suggest), {at});
  }

  ValidationContext& context_;
  const Document& document_;
  DirectiveCheck directives_;
  ValueWalk values_;
  std::vector<VariableUsage> usages_;  // there are no variables in definitions
  std::unordered_map<Symbol, bool> defined_;
  std::unordered_map<Symbol, std::unordered_map<Symbol, std::uint32_t>> seen_;
};

}  // namespace

void walk_definitions(ValidationContext& context, DirectiveTable& table) {
  DefinitionWalk(context, table).run();
}

}  // namespace mc::graphql
