// What a document of definitions must observe before a schema is built from it: the rules that
// graphql-js applies as specifiedSDLRules.
#include <unordered_map>

#include "graphql/schema_build.h"
#include "graphql/suggest.h"
#include "graphql/validate.h"

namespace mc::graphql {
namespace {

constexpr std::size_t kFindingsMax = 1000;

std::string_view kind_words(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::scalar:
      return "scalar";
    case DefinitionKind::object:
      return "object";
    case DefinitionKind::interface:
      return "interface";
    case DefinitionKind::union_:
      return "union";
    case DefinitionKind::enum_:
      return "enum";
    default:
      return "input object";
  }
}

bool is_type(const TypeSystemNode& node) {
  return node.kind != DefinitionKind::schema && node.kind != DefinitionKind::directive;
}

class DefinitionRules {
 public:
  DefinitionRules(const Document& document, Findings& findings)
      : document_(document), findings_(findings) {
    for (const TypeSystemNode& node : document.type_system) {
      if (is_type(node) && !node.extension) types_[node.name] = &node;
    }
  }

  void run() {
    for (const TypeSystemNode& node : document_.type_system) {
      if (node.kind == DefinitionKind::schema) {
        check_schema_node(node);
      } else if (node.kind == DefinitionKind::directive) {
        once(directive_names_, node.name, node.name_at,
             "There can be only one directive named \"@" + text(node.name) + "\".");
        check_arguments("@" + text(node.name), node.inputs);
      } else {
        check_type(node);
      }
    }
  }

 private:
  using Seen = std::unordered_map<Symbol, std::uint32_t>;

  std::string text(Symbol name) const { return std::string(document_.name(name)); }

  void report(std::string message, std::initializer_list<std::uint32_t> at) {
    findings_.add(Rule::definitions, std::move(message), at);
  }

  void once(Seen& seen, Symbol name, std::uint32_t at, std::string message) {
    const auto [before, fresh] = seen.emplace(name, at);
    if (!fresh) report(std::move(message), {before->second, at});
  }

  void check_schema_node(const TypeSystemNode& node) {
    static constexpr const char* kKinds[] = {"query", "mutation", "subscription"};
    if (!node.extension) {
      if (schema_seen_) report("Must provide only one schema definition.", {node.at});
      schema_seen_ = true;
    }
    for (Index at = node.operation_type_list; at != kNone;
         at = document_.operation_types[at].next) {
      const OperationTypeNode& operation = document_.operation_types[at];
      const auto kind = static_cast<std::size_t>(operation.kind);
      once(operation_kinds_, static_cast<Symbol>(kind), operation.at,
           std::string("There can be only one ") + kKinds[kind] + " type in schema.");
    }
  }

  void check_type(const TypeSystemNode& node) {
    const std::string name = text(node.name);
    if (node.extension) {
      check_extension(node);
    } else {
      once(type_names_, node.name, node.name_at,
           "There can be only one type named \"" + name + "\".");
    }
    Seen& members = members_[node.name];
    for (Index at = node.enum_values; at != kNone; at = document_.enum_values[at].next) {
      const EnumValueNode& value = document_.enum_values[at];
      once(members, value.name, value.at,
           "Enum value \"" + name + "." + text(value.name) + "\" can only be defined once.");
    }
    for (Index at = node.fields; at != kNone; at = document_.field_definitions[at].next) {
      const FieldDefinitionNode& field = document_.field_definitions[at];
      const std::string place = name + "." + text(field.name);
      once(members, field.name, field.at, "Field \"" + place + "\" can only be defined once.");
      check_arguments(place, field.arguments);
    }
    for (Index at = node.inputs; at != kNone; at = document_.input_values[at].next) {
      const InputValueNode& input = document_.input_values[at];
      once(members, input.name, input.at,
           "Field \"" + name + "." + text(input.name) + "\" can only be defined once.");
    }
  }

  void check_extension(const TypeSystemNode& node) {
    const std::string name = text(node.name);
    const auto found = types_.find(node.name);
    if (found == types_.end()) {
      std::vector<std::string_view> names;
      for (const auto& [known, _] : types_) names.push_back(document_.name(known));
      report("Cannot extend type \"" + name + "\" because it is not defined." +
                 did_you_mean(suggest(name, names)),
             {node.name_at});
    } else if (found->second->kind != node.kind) {
      report("Cannot extend non-" + std::string(kind_words(node.kind)) + " type \"" + name + "\".",
             {found->second->at, node.at});
    }
  }

  // One finding for all arguments of one name.
  void check_arguments(const std::string& owner, Index first) {
    std::unordered_map<Symbol, std::vector<std::uint32_t>> places;
    std::vector<Symbol> order;
    for (Index at = first; at != kNone; at = document_.input_values[at].next) {
      const InputValueNode& input = document_.input_values[at];
      if (places[input.name].empty()) order.push_back(input.name);
      places[input.name].push_back(input.at);
    }
    for (const Symbol name : order) {
      if (places[name].size() < 2) continue;
      findings_.add(Rule::definitions,
                    "Argument \"" + owner + "(" + text(name) + ":)\" can only be defined once.",
                    places[name]);
    }
  }

  const Document& document_;
  Findings& findings_;
  std::unordered_map<Symbol, const TypeSystemNode*> types_;  // the last of one name
  std::unordered_map<Symbol, Seen> members_;                 // of a type with its extensions
  Seen type_names_, directive_names_, operation_kinds_;
  bool schema_seen_ = false;
};

}  // namespace

void check_definitions(const Schema& builtin, const Document& document, Messages& messages) {
  static const std::vector<std::string> kRules = {
      "KnownTypeNames",        "KnownDirectives",     "UniqueDirectivesPerLocation",
      "KnownArgumentNames",    "UniqueArgumentNames", "ProvidedRequiredArguments",
      "UniqueInputFieldNames", "Definitions"};
  Findings findings(document, kFindingsMax);
  findings.enable_only(kRules);
  ValidationContext context(builtin, document, findings, Suggestions::on);
  DirectiveTable table(builtin, document);
  DefinitionRules(document, findings).run();
  walk_definitions(context, table);
  for (GraphqlError& error : findings.take()) messages.push_back(std::move(error.message));
}

}  // namespace mc::graphql
