#include "graphql/schema_build.h"

#include <algorithm>

#include "graphql/schema_builtin.h"

namespace mc::graphql {
namespace {

constexpr std::string_view kRootNames[] = {"Query", "Mutation", "Subscription"};

bool defines_type(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::scalar:
    case DefinitionKind::object:
    case DefinitionKind::interface:
    case DefinitionKind::union_:
    case DefinitionKind::enum_:
    case DefinitionKind::input:
      return true;
    default:
      return false;
  }
}

}  // namespace

SchemaBuilder::SchemaBuilder(const Document& builtin, const Document* user)
    : builtin_(builtin), user_(user) {}

std::unique_ptr<Schema> SchemaBuilder::build(Messages& messages) {
  messages_ = &messages;
  schema_ = std::make_unique<Schema>();
  collect(builtin_, true);
  if (user_ != nullptr) collect(*user_, false);
  attach_extensions();
  if (!messages.empty()) return nullptr;
  order_types();

  // Ids first, so that types may refer to each other in any order.
  for (std::size_t i = 0; i < order_.size(); ++i) {
    entries_[order_[i]].id = static_cast<TypeId>(i);
  }
  schema_->types_.resize(order_.size());
  for (const std::string_view name : order_) {
    const Entry& entry = entries_[name];
    TypeDef& type = schema_->types_[entry.id];
    type.id = entry.id;
    type.name = name;
    type.built_in = entry.built_in;
    fill_type(type, entry);
  }
  for (const SdlNode& item : directives_) make_directive(item);
  find_roots();
  if (!messages.empty()) return nullptr;

  index_types();
  set_defaults();
  annotate();
  number_fields();
  if (!messages.empty()) return nullptr;
  return std::move(schema_);
}

void SchemaBuilder::collect(const Document& document, bool built_in) {
  for (const DefinitionNode& definition : document.definitions) {
    if (definition.kind == DefinitionKind::operation ||
        definition.kind == DefinitionKind::fragment) {
      continue;  // graphql-js ignores executable definitions in a schema as well
    }
    collect_node({&document, &document.type_system[definition.index]}, built_in);
  }
}

void SchemaBuilder::collect_node(SdlNode item, bool built_in) {
  const TypeSystemNode& node = *item.node;
  const std::string_view name = item.document->name(node.name);
  if (node.kind == DefinitionKind::schema) {
    if (!node.extension && has_schema_definition_) {
      complain("Must provide only one schema definition.");
    }
    has_schema_definition_ = has_schema_definition_ || !node.extension;
    schema_nodes_.push_back(item);
  } else if (node.kind == DefinitionKind::directive) {
    const auto same = [&](const SdlNode& other) {
      return other.document->name(other.node->name) == name;
    };
    const auto found = std::find_if(directives_.begin(), directives_.end(), same);
    if (found != directives_.end() && found->document == item.document) {
      complain("There can be only one directive named \"@" + std::string(name) + "\".");
    } else {
      // A document may redefine a built-in directive; its own then stands at its own place.
      if (found != directives_.end()) directives_.erase(found);
      directives_.push_back(item);
    }
  } else if (node.extension) {
    extensions_.push_back(item);
  } else if (defines_type(node.kind)) {
    if (!built_in) user_order_.push_back(name);
    Entry& entry = entries_[name];
    if (entry.nodes.empty()) {
      entry.nodes.push_back(item);
      entry.built_in = built_in;
    } else if (!entry.built_in || std::count(user_order_.begin(), user_order_.end(), name) > 1) {
      // (A user's definition of a built-in type is legal and has no effect.)
      complain("There can be only one type named \"" + std::string(name) + "\".");
    }
  }
}

void SchemaBuilder::attach_extensions() {
  for (const SdlNode& item : extensions_) {
    const std::string_view name = item.document->name(item.node->name);
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.built_in) {
      complain("Cannot extend type \"" + std::string(name) + "\" because it is not defined.");
    } else if (found->second.nodes.front().node->kind != item.node->kind) {
      complain("Cannot extend type \"" + std::string(name) + "\" with another kind of type.");
    } else {
      found->second.nodes.push_back(item);
    }
  }
  // The user's directives come before the built-in ones.
  const auto own = std::find_if(directives_.begin(), directives_.end(),
                                [&](const SdlNode& item) { return item.document != &builtin_; });
  std::rotate(directives_.begin(), own, directives_.end());
}

// graphql-js: the types of the document in order, each followed by the built-in types it is the
// first to mention; then those of directives and of introspection. Nothing else exists.
void SchemaBuilder::order_types() {
  const std::unordered_set<std::string_view> own(user_order_.begin(), user_order_.end());
  placed_ = own;
  for (const std::string_view name : user_order_) {
    order_.push_back(name);
    place_references(entries_[name]);
  }
  for (const SdlNode& item : directives_) place_inputs(*item.document, item.node->inputs);
  place("__Schema");
}

void SchemaBuilder::place(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || !placed_.insert(found->first).second) return;
  order_.push_back(found->first);
  place_references(found->second);
}

void SchemaBuilder::place_references(const Entry& entry) {
  for (const SdlNode& item : entry.nodes) {
    const Document& document = *item.document;
    for (Index at = item.node->names; at != kNone; at = document.name_nodes[at].next) {
      place(document.name(document.name_nodes[at].name));
    }
    for (Index at = item.node->fields; at != kNone; at = document.field_definitions[at].next) {
      place_type(document, document.field_definitions[at].type);
      place_inputs(document, document.field_definitions[at].arguments);
    }
    place_inputs(document, item.node->inputs);
  }
}

void SchemaBuilder::place_type(const Document& document, Index type) {
  while (document.types[type].kind != TypeKind::named) type = document.types[type].inner;
  place(document.name(document.types[type].name));
}

void SchemaBuilder::place_inputs(const Document& document, Index first) {
  for (Index at = first; at != kNone; at = document.input_values[at].next) {
    place_type(document, document.input_values[at].type);
  }
}

void SchemaBuilder::make_directive(SdlNode item) {
  const Document& document = *item.document;
  DirectiveDef directive;
  directive.name = document.name(item.node->name);
  directive.description = description(document, item.node->description);
  directive.repeatable = item.node->repeatable;
  for (const DefinitionNode& builtin : builtin_.definitions) {
    const auto& node = builtin_.type_system[builtin.index];
    directive.built_in = directive.built_in || (node.kind == DefinitionKind::directive &&
                                                builtin_.name(node.name) == directive.name);
  }
  for (Index at = item.node->names; at != kNone; at = document.name_nodes[at].next) {
    directive.locations.emplace_back(document.name(document.name_nodes[at].name));
  }
  add_inputs(directive.arguments, document, item.node->inputs, "@" + directive.name);
  schema_->directives_.push_back(std::move(directive));
}

void SchemaBuilder::set_root(std::size_t kind, std::string_view name) {
  const TypeId id = resolve_name(name);
  if (id != kNoType) schema_->roots_[kind] = id;
}

void SchemaBuilder::find_roots() {
  for (const SdlNode& item : schema_nodes_) {
    const Document& document = *item.document;
    if (!item.node->extension) {
      schema_->description_ = description(document, item.node->description);
    }
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const Index at = item.node->operation_types[kind];
      if (at != kNone) set_root(kind, document.name(document.name_nodes[at].name));
    }
  }
  if (has_schema_definition_) return;
  for (std::size_t kind = 0; kind < 3; ++kind) {
    const auto found = entries_.find(kRootNames[kind]);
    if (found != entries_.end()) schema_->roots_[kind] = found->second.id;
  }
}

void SchemaBuilder::index_types() {
  Schema& schema = *schema_;
  for (TypeDef& type : schema.types_) {
    schema.type_index_.emplace(type.name, type.id);
    for (std::uint32_t i = 0; i < type.fields.size(); ++i) {
      type.field_index.emplace(type.fields[i].name, i);
    }
    for (std::uint32_t i = 0; i < type.inputs.size(); ++i) {
      type.field_index.emplace(type.inputs[i].name, i);
    }
    if (type.kind != NamedKind::object) continue;
    type.possible.push_back(type.id);
    for (const TypeId id : type.interfaces) {
      TypeDef& interface = schema.types_[id];
      // Whatever else stands there is refused later, in words of its own.
      if (interface.kind == NamedKind::interface) interface.possible.push_back(type.id);
    }
  }
}

// Dense ids in the order of the types; the meta fields come last.
void SchemaBuilder::number_fields() {
  Schema& schema = *schema_;
  std::uint32_t next = 0;
  for (TypeDef& type : schema.types_) {
    for (FieldDef& field : type.fields) field.id = next++;
  }
  const auto named = [&](std::string_view name, std::uint32_t wrappers) {
    const TypeDef* type = schema.find(name);
    MC_CHECK(type != nullptr);
    return TypeRef{type->id, wrappers};
  };
  schema.typename_field_.name = "__typename";
  schema.typename_field_.description = "The name of the current Object type at runtime.";
  schema.typename_field_.type = named("String", 2);
  schema.schema_field_.name = "__schema";
  schema.schema_field_.description = "Access the current type schema of this server.";
  schema.schema_field_.type = named("__Schema", 2);
  schema.type_field_.name = "__type";
  schema.type_field_.description = "Request the type information of a single type.";
  schema.type_field_.type = named("__Type", 0);
  schema.type_field_.arguments.resize(1);
  schema.type_field_.arguments[0].name = "name";
  schema.type_field_.arguments[0].type = named("String", 2);
  for (FieldDef* meta : {&schema.typename_field_, &schema.schema_field_, &schema.type_field_}) {
    meta->id = next++;
  }
  schema.field_count_ = next;
}

namespace {

// Schemas are written by the operator, still nothing is unbounded.
constexpr ParseLimits kSdlLimits{
    .bytes_max = 64U << 20, .tokens_max = 10'000'000, .depth_max = 200, .type_system = true};

Result<std::unique_ptr<const Document>> parse_sdl(std::string text, std::size_t number) {
  ParseResult parsed = parse(std::move(text), kSdlLimits);
  if (parsed) return std::move(*parsed);
  const GraphqlError& error = parsed.error();
  std::string where = "schema document " + std::to_string(number + 1);
  if (!error.locations.empty()) {
    where += ", line " + std::to_string(error.locations[0].line) + ", column " +
             std::to_string(error.locations[0].column);
  }
  return fail(Code::invalid, where + ": " + error.message);
}

Error joined(const Messages& messages) {
  std::string what;
  for (const std::string& message : messages) {
    if (!what.empty()) what += "\n";
    what += message;
  }
  return Error{Code::invalid, std::move(what)};
}

}  // namespace

Result<std::unique_ptr<Schema>> Schema::build(const std::vector<std::string>& sdl, Check check) {
  MC_TRY(const auto builtin, parse_sdl(std::string(builtin_sdl()), 0));
  std::string text;
  for (std::size_t i = 0; i < sdl.size(); ++i) {
    // Each must stand alone; only then may they be read as one.
    if (sdl.size() > 1)
      MC_TRY_OK(parse_sdl(sdl[i], i).map([](auto&&) { return std::monostate(); }));
    text.append(i == 0 ? "" : "\n").append(sdl[i]);
  }
  MC_TRY(const auto user, parse_sdl(std::move(text), 0));
  Messages messages;
  if (check == Check::full) {
    const std::unique_ptr<Schema> bare = SchemaBuilder(*builtin, nullptr).build(messages);
    MC_CHECK(bare != nullptr);
    check_definitions(*bare, *user, messages);
    if (!messages.empty()) return tl::unexpected(joined(messages));
  }
  std::unique_ptr<Schema> schema = SchemaBuilder(*builtin, user.get()).build(messages);
  if (schema != nullptr && check == Check::full) check_schema(*schema, messages);
  if (!messages.empty()) return tl::unexpected(joined(messages));
  return schema;
}

}  // namespace mc::graphql
