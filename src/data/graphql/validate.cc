#include "graphql/validate.h"

#include "graphql/validate_walk.h"

namespace mc::graphql {

std::vector<GraphqlError> validate(const Schema& schema, const Document& document,
                                   const ValidateOptions& options) {
  Findings findings(document, options.errors_max);
  if (!options.only_rules.empty()) findings.enable_only(options.only_rules);
  for (const DefinitionNode& definition : document.definitions) {
    if (definition.kind == DefinitionKind::operation ||
        definition.kind == DefinitionKind::fragment) {
      continue;
    }
    const TypeSystemNode& node = document.type_system[definition.index];
    const std::string name = definition.kind == DefinitionKind::schema
                                 ? "schema"
                                 : "\"" + std::string(document.name(node.name)) + "\"";
    findings.add(Rule::executable_definitions, "The " + name + " definition is not executable.",
                 {node.at});
  }
  ValidationContext context(schema, document, findings, options.suggestions);
  DirectiveTable table(schema, document);
  DocumentWalk(context, table).run();
  if (!document.type_system.empty()) walk_definitions(context, table);
  return findings.take();
}

}  // namespace mc::graphql
