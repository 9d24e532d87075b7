#include <algorithm>

#include "graphql/literal.h"
#include "graphql/schema_build.h"

namespace mc::graphql {
namespace {

// Default values may need the defaults of other input types, but not without end.
constexpr int kDefaultDepthMax = 100;

}  // namespace

void SchemaBuilder::set_defaults() {
  pending_.resize(schema_->types_.size());
  for (const std::string_view name : order_) {
    const Entry& entry = entries_[name];
    if (schema_->types_[entry.id].kind != NamedKind::input) continue;
    for (const SdlNode& item : entry.nodes) {
      const auto& nodes = item.document->input_values;
      for (Index at = item.node->inputs; at != kNone; at = nodes[at].next) {
        pending_[entry.id].push_back({item.document, nodes[at].default_value});
      }
    }
  }
  for (const TypeDef& type : schema_->types_) {
    for (std::size_t i = 0; i < pending_[type.id].size(); ++i) resolve_input(type.id, i);
  }
  for (std::size_t i = 0; i < directives_.size(); ++i) {
    set_arguments(schema_->directives_[i].arguments, *directives_[i].document,
                  directives_[i].node->inputs);
  }
  for (const std::string_view name : order_) {
    const Entry& entry = entries_[name];
    std::size_t next = 0;
    for (const SdlNode& item : entry.nodes) {
      const Document& document = *item.document;
      for (Index at = item.node->fields; at != kNone; at = document.field_definitions[at].next) {
        FieldDef& field = schema_->types_[entry.id].fields[next++];
        set_arguments(field.arguments, document, document.field_definitions[at].arguments);
      }
    }
  }
}

// False when the default is being worked out already, that is, needs itself.
bool SchemaBuilder::resolve_input(TypeId id, std::size_t field) {
  PendingDefault& pending = pending_[id][field];
  if (pending.literal == kNone || pending.progress == Progress::done) return true;
  InputValueDef& input = schema_->types_[id].inputs[field];
  if (pending.progress == Progress::busy || resolve_depth_ >= kDefaultDepthMax) {
    complain("The default value of " + schema_->types_[id].name + "." + input.name +
             " needs itself or goes too deep into other types.");
    return false;
  }
  pending.progress = Progress::busy;
  ++resolve_depth_;
  set_default(input, *pending.document, pending.literal);
  --resolve_depth_;
  pending.progress = Progress::done;
  return true;
}

void SchemaBuilder::set_arguments(std::span<InputValueDef> inputs, const Document& document,
                                  Index first) {
  std::size_t next = 0;
  for (Index at = first; at != kNone; at = document.input_values[at].next) {
    set_default(inputs[next++], document, document.input_values[at].default_value);
  }
}

// A default that does not fit its type counts as none, as in graphql-js.
void SchemaBuilder::set_default(InputValueDef& input, const Document& document, Index literal) {
  if (literal == kNone) return;
  const Coercion coercion{*schema_, document, [this](TypeId id, std::size_t field) {
                            return resolve_input(id, field);
                          }};
  input.default_value = coercion.coerce(literal, input.type);
  if (!input.default_value) return;
  input.default_text = print_value(*schema_, *input.default_value, input.type);
}

void SchemaBuilder::annotate() {
  for (std::size_t i = 0; i < directives_.size(); ++i) {
    annotate_inputs(schema_->directives_[i].arguments, *directives_[i].document,
                    directives_[i].node->inputs);
  }
  for (const std::string_view name : order_) {
    const Entry& entry = entries_[name];
    annotate_type(schema_->types_[entry.id], entry);
  }
}

void SchemaBuilder::annotate_type(TypeDef& type, const Entry& entry) {
  std::size_t field = 0;
  std::size_t value = 0;
  std::span<InputValueDef> inputs(type.inputs);
  for (const SdlNode& item : entry.nodes) {
    const Document& document = *item.document;
    auto own = applied(document, item.node->directives);
    std::move(own.begin(), own.end(), std::back_inserter(type.directives));
    if (type.kind == NamedKind::scalar) {
      auto url = directive_text(document, item.node->directives, "specifiedBy", "url");
      if (url) type.specified_by = std::move(*url);
    }
    for (Index at = item.node->fields; at != kNone; at = document.field_definitions[at].next) {
      const FieldDefinitionNode& node = document.field_definitions[at];
      FieldDef& target = type.fields[field++];
      target.directives = applied(document, node.directives);
      target.deprecated = directive_text(document, node.directives, "deprecated", "reason");
      annotate_inputs(target.arguments, document, node.arguments);
    }
    for (Index at = item.node->enum_values; at != kNone; at = document.enum_values[at].next) {
      const EnumValueNode& node = document.enum_values[at];
      EnumValueDef& target = type.enum_values[value++];
      target.directives = applied(document, node.directives);
      target.deprecated = directive_text(document, node.directives, "deprecated", "reason");
    }
    std::size_t count = 0;
    for (Index at = item.node->inputs; at != kNone; at = document.input_values[at].next) ++count;
    annotate_inputs(inputs.first(count), document, item.node->inputs);
    inputs = inputs.subspan(count);
  }
}

void SchemaBuilder::annotate_inputs(std::span<InputValueDef> inputs, const Document& document,
                                    Index first) {
  std::size_t next = 0;
  for (Index at = first; at != kNone; at = document.input_values[at].next) {
    const InputValueNode& node = document.input_values[at];
    InputValueDef& input = inputs[next++];
    input.directives = applied(document, node.directives);
    input.deprecated = directive_text(document, node.directives, "deprecated", "reason");
  }
}

std::vector<AppliedDirective> SchemaBuilder::applied(const Document& document, Index first) {
  std::vector<AppliedDirective> list;
  for (Index at = first; at != kNone; at = document.directives[at].next) {
    const DirectiveNode& node = document.directives[at];
    list.push_back({std::string(document.name(node.name)), arguments_of(document, node)});
  }
  return list;
}

json::Object SchemaBuilder::arguments_of(const Document& document, const DirectiveNode& node) {
  json::Object arguments;
  const DirectiveDef* known = schema_->directive(document.name(node.name));
  const Coercion coercion{*schema_, document};
  for (Index at = node.arguments; at != kNone; at = document.arguments[at].next) {
    const ArgumentNode& argument = document.arguments[at];
    std::optional<json::Value> value;
    if (known != nullptr) {
      for (const InputValueDef& input : known->arguments) {
        if (input.name != document.name(argument.name)) continue;
        value = coercion.coerce(argument.value, input.type);
      }
    }
    if (!value) value = untyped_literal(document, argument.value);
    arguments.set(std::string(document.name(argument.name)), std::move(*value));
  }
  if (known == nullptr) return arguments;
  for (const InputValueDef& input : known->arguments) {
    if (input.default_value && arguments.find(input.name) == nullptr) {
      arguments.set(input.name, *input.default_value);
    }
  }
  return arguments;
}

// The one text argument of @deprecated and @specifiedBy; nothing when absent or null. The built-in
// meaning holds even where a document redefines the directive.
std::optional<std::string> SchemaBuilder::directive_text(const Document& document, Index first,
                                                         std::string_view directive,
                                                         std::string_view argument) {
  for (Index at = first; at != kNone; at = document.directives[at].next) {
    const DirectiveNode& node = document.directives[at];
    if (document.name(node.name) != directive) continue;
    Index given = kNone;
    for (Index arg = node.arguments; arg != kNone; arg = document.arguments[arg].next) {
      if (document.name(document.arguments[arg].name) == argument) {
        given = document.arguments[arg].value;
      }
    }
    if (given == kNone && argument == "reason") return "No longer supported";
    if (given == kNone) return std::nullopt;
    const ValueNode& value = document.values[given];
    if (value.kind == ValueKind::string || value.kind == ValueKind::block_string) {
      return std::string(document.text(value));
    }
    if (value.kind != ValueKind::null || argument == "url") {
      complain("Argument \"" + std::string(argument) + "\" has invalid value " +
               print_literal(document, given) + ".");
    }
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace mc::graphql
