// A schema from its document, and what must hold of it, in the order gqlparser looks.
#include <algorithm>
#include <set>
#include <utility>

#include "graphrego/document.h"

namespace mc::graphrego {

namespace {

// What every schema has (GraphQL specification, 3.5, 3.13 and 4).
constexpr std::string_view kPrelude = R"(
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @oneOf on INPUT_OBJECT
type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
  specifiedByURL: String
  isOneOf: Boolean
}
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Directive {
  name: String!
  description: String
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  isRepeatable: Boolean!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
)";

const SchemaDocument& prelude() {
  static const SchemaDocument made = [] {
    term::Arena arena;
    std::optional<SchemaDocument> read = read_schema(parse_schema(arena, kPrelude).tree);
    MC_CHECK(read.has_value());
    for (Definition& definition : read->definitions) definition.built_in = true;
    return std::move(*read);
  }();
  return made;
}

// The prelude before `document`.
SchemaDocument with_prelude(SchemaDocument document) {
  const auto prepend = [](auto& to, const auto& from) {
    to.insert(to.begin(), from.begin(), from.end());
  };
  prepend(document.definitions, prelude().definitions);
  prepend(document.directives, prelude().directives);
  return document;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

bool has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

Type named_type(std::string name, bool non_null) {
  return {std::move(name), {}, non_null, {}};
}

class SchemaMaker {
 public:
  explicit SchemaMaker(SchemaDocument document) : document_(std::move(document)) {}

  SchemaResult run() {
    if (add_definitions() && add_extensions()) {
      add_possible_types();
      if (add_directives() && add_roots() && check_types() && check_directives()) finish_roots();
    }
    return {std::move(schema_), std::move(fault_)};
  }

 private:
  bool fail(Place at, std::string message) {
    fault_ = Fault{std::move(message), at};
    return false;
  }

  bool add_definitions() {
    for (Definition& definition : document_.definitions) {
      if (schema_.types.contains(definition.name)) {
        return fail(definition.at, "Cannot redeclare type " + definition.name + ".");
      }
      schema_.definitions.push_back(std::move(definition));
      schema_.types[schema_.definitions.back().name] = &schema_.definitions.back();
    }
    return true;
  }

  bool add_extensions() {
    for (Definition& extension : document_.extensions) {
      Definition*& base = schema_.types[extension.name];
      if (base == nullptr) {
        Definition made;
        made.kind = extension.kind;
        made.name = extension.name;
        made.at = extension.at;
        schema_.definitions.push_back(std::move(made));
        base = &schema_.definitions.back();
      }
      if (base->kind != extension.kind) {
        return fail(extension.at, "Cannot extend type " + extension.name +
                                      " because the base type is a " + base->kind + ", not " +
                                      extension.kind + ".");
      }
      append(base->directives, extension.directives);
      append(base->interfaces, extension.interfaces);
      append(base->fields, extension.fields);
      append(base->types, extension.types);
      append(base->enum_values, extension.enum_values);
    }
    return true;
  }

  void add_possible_types() {
    for (const Definition& definition : schema_.definitions) {
      for (const std::string& member : definition.types) {
        if (const Definition* const found = schema_.find(member)) {
          schema_.possible_types[definition.name].push_back(found);
        }
      }
      for (const std::string& interface : definition.interfaces) {
        schema_.possible_types[interface].push_back(&definition);
      }
      if (definition.kind == "OBJECT" || definition.kind == "INPUT_OBJECT") {
        schema_.possible_types[definition.name].push_back(&definition);
      }
    }
  }

  bool add_directives() {
    static const std::set<std::string_view> kMayComeAgain = {"include",     "skip",  "deprecated",
                                                             "specifiedBy", "defer", "oneOf"};
    for (DirectiveDefinition& directive : document_.directives) {
      const std::string name = directive.name;
      const Place at = directive.at;
      const bool known = schema_.directives.contains(name);
      if (known && !kMayComeAgain.contains(name)) {
        return fail(at, "Cannot redeclare directive " + name + ".");
      }
      schema_.directives[name] = std::move(directive);
    }
    return true;
  }

  bool add_roots() {
    if (document_.schemas.size() > 1) {
      return fail(document_.schemas[1].at,
                  "Cannot have multiple schema entry points, consider schema extensions instead.");
    }
    for (const auto* list : {&document_.schemas, &document_.schema_extensions}) {
      for (const SchemaDefinition& schema : *list) {
        for (const OperationType& root : schema.operation_types) {
          if (!add_root(root)) return false;
        }
      }
    }
    return true;
  }

  bool add_root(const OperationType& root) {
    const auto at = schema_.types.find(root.type);
    if (at == schema_.types.end()) {
      return fail(root.at, "Schema root " + root.operation + " refers to a type " + root.type +
                               " that does not exist.");
    }
    if (root.operation == "query") schema_.query = at->second;
    if (root.operation == "mutation") schema_.mutation = at->second;
    if (root.operation == "subscription") schema_.subscription = at->second;
    return true;
  }

  // Without a schema definition, types of these names are the roots.
  void finish_roots() {
    if (document_.schemas.empty()) {
      const auto take = [this](Definition*& root, const char* name) {
        const auto at = schema_.types.find(name);
        if (root == nullptr && at != schema_.types.end()) root = at->second;
      };
      take(schema_.query, "Query");
      take(schema_.mutation, "Mutation");
      take(schema_.subscription, "Subscription");
    }
    if (schema_.query == nullptr) return;
    FieldDefinition all{"__schema", {}, named_type("__Schema", true), {}, {}, {}};
    FieldDefinition one{"__type", {}, named_type("__Type", false), {}, {}, {}};
    one.arguments.push_back({"name", {}, named_type("String", true), {}, {}, {}});
    schema_.query->fields.push_back(std::move(all));
    schema_.query->fields.push_back(std::move(one));
  }

  bool check_types() {
    return std::all_of(schema_.types.begin(), schema_.types.end(),
                       [this](const auto& entry) { return check_definition(*entry.second); });
  }

  bool check_directives() {
    return std::all_of(schema_.directives.begin(), schema_.directives.end(),
                       [this](const auto& entry) {
                         const DirectiveDefinition& directive = entry.second;
                         return check_name(directive.at, directive.name) &&
                                check_arguments(directive.arguments, &directive);
                       });
  }

  bool check_name(Place at, const std::string& name) {
    if (!name.starts_with("__")) return true;
    return fail(at, "Name \"" + name +
                        "\" must not begin with \"__\", which is reserved by GraphQL "
                        "introspection.");
  }

  bool check_type_name(const Type& type) {
    if (schema_.find(type.name()) != nullptr) return true;
    return fail(type.at, "Undefined type " + type.name() + ".");
  }

  bool check_arguments(const std::vector<FieldDefinition>& arguments,
                       const DirectiveDefinition* within) {
    for (const FieldDefinition& argument : arguments) {
      if (!check_name(argument.at, argument.name) || !check_type_name(argument.type)) return false;
      const Definition& type = *schema_.find(argument.type.name());
      if (!type.is_input()) {
        return fail(argument.at, "cannot use " + argument.type.text() + " as argument " +
                                     argument.name + " because " + type.kind +
                                     " is not a valid input type");
      }
      if (!check_uses(argument.directives, "ARGUMENT_DEFINITION", within)) return false;
    }
    return true;
  }

  bool check_uses(const std::vector<Directive>& directives, std::string_view location,
                  const DirectiveDefinition* within) {
    for (const Directive& directive : directives) {
      if (!check_name(directive.at, directive.name)) return false;
      if (within != nullptr && within->name == directive.name) {
        return fail(directive.at, "Directive " + directive.name + " cannot refer to itself.");
      }
      const auto at = schema_.directives.find(directive.name);
      if (at == schema_.directives.end()) {
        return fail(directive.at, "Undefined directive " + directive.name + ".");
      }
      if (!has(at->second.locations, location)) {
        return fail(directive.at, "Directive " + directive.name + " is not applicable on " +
                                      std::string(location) + ".");
      }
    }
    return true;
  }

  bool check_definition(const Definition& definition) {
    return check_fields(definition) && check_members(definition) &&
           std::all_of(
               definition.interfaces.begin(), definition.interfaces.end(),
               [&](const std::string& name) { return check_implements(definition, name); }) &&
           check_content(definition) && check_doubles(definition) &&
           (definition.built_in || check_name(definition.at, definition.name)) &&
           check_uses(definition.directives, definition.kind, nullptr);
  }

  bool check_fields(const Definition& definition) {
    const bool input = definition.kind == "INPUT_OBJECT";
    return std::all_of(
        definition.fields.begin(), definition.fields.end(), [&](const FieldDefinition& field) {
          return check_name(field.at, field.name) && check_type_name(field.type) &&
                 check_arguments(field.arguments, nullptr) &&
                 check_uses(field.directives, input ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION",
                            nullptr);
        });
  }

  bool check_members(const Definition& definition) {
    for (const std::string& member : definition.types) {
      const Definition* const found = schema_.find(member);
      if (found == nullptr) return fail(definition.at, "Undefined type " + quote(member) + ".");
      if (found->kind != "OBJECT") {
        return fail(definition.at, definition.kind + " type " + quote(member) + " must be OBJECT.");
      }
    }
    return true;
  }

  bool check_content(const Definition& definition) {
    const std::string title = definition.kind + " " + definition.name + ": ";
    if (definition.kind == "OBJECT" || definition.kind == "INTERFACE") {
      if (definition.fields.empty()) {
        return fail(definition.at, title + "must define one or more fields.");
      }
      for (const FieldDefinition& field : definition.fields) {
        if (schema_.find(field.type.name())->kind != "INPUT_OBJECT") continue;
        return fail(field.at,
                    title + "field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.");
      }
    } else if (definition.kind == "ENUM") {
      if (definition.enum_values.empty()) {
        return fail(definition.at, title + "must define one or more unique enum values.");
      }
      for (const std::string& value : definition.enum_values) {
        if (value != "true" && value != "false" && value != "null") continue;
        return fail(definition.at, title + "non-enum value " + value + ".");
      }
    } else if (definition.kind == "INPUT_OBJECT") {
      return check_input_content(definition, title);
    }
    return true;
  }

  bool check_input_content(const Definition& definition, const std::string& title) {
    if (definition.fields.empty()) {
      return fail(definition.at, title + "must define one or more input fields.");
    }
    for (const FieldDefinition& field : definition.fields) {
      const Definition& type = *schema_.find(field.type.name());
      if (type.is_input()) continue;
      return fail(field.at, type.kind + " " + field.name +
                                ": field must be one of SCALAR, ENUM, INPUT_OBJECT.");
    }
    return true;
  }

  bool check_doubles(const Definition& definition) {
    std::set<std::string_view> doubled, seen;
    for (const FieldDefinition& field : definition.fields) {
      if (!seen.insert(field.name).second) doubled.insert(field.name);
    }
    // The first field that has a double, and the double next after it.
    const FieldDefinition* first = nullptr;
    for (const FieldDefinition& field : definition.fields) {
      if (first == nullptr && doubled.contains(field.name)) {
        first = &field;
      } else if (first != nullptr && field.name == first->name) {
        return fail(field.at,
                    "Field " + definition.name + "." + field.name + " can only be defined once.");
      }
    }
    return true;
  }

  bool check_implements(const Definition& definition, const std::string& name) {
    const Definition* const interface = schema_.find(name);
    if (interface == nullptr) {
      return fail(definition.at, "Undefined type " + quote(name) + ".");
    }
    if (interface->kind != "INTERFACE") {
      return fail(definition.at, quote(name) + " is a non interface type " + interface->kind + ".");
    }
    for (const FieldDefinition& required : interface->fields) {
      if (!check_implemented(definition, *interface, required)) return false;
    }
    for (const std::string& above : interface->interfaces) {
      if (has(definition.interfaces, above)) continue;
      if (above == definition.name) {
        return fail(definition.at, "Type " + definition.name + " cannot implement " + name +
                                       " because it would create a circular reference.");
      }
      return fail(definition.at, "Type " + definition.name + " must implement " + above +
                                     " because it is implemented by " + name + ".");
    }
    return true;
  }

  bool check_implemented(const Definition& definition, const Definition& interface,
                         const FieldDefinition& required) {
    const std::string title = "For " + definition.name + " to implement " + interface.name + " ";
    const FieldDefinition* const found = definition.field(required.name);
    if (found == nullptr) {
      return fail(definition.at, title + "it must have a field called " + required.name + ".");
    }
    const std::string field_title = title + "the field " + required.name + " must have ";
    if (!is_covariant(required.type, found->type)) {
      return fail(found->at, field_title + "type " + required.type.text() + ".");
    }
    for (const FieldDefinition& argument : required.arguments) {
      const FieldDefinition* const own = find_named(found->arguments, argument.name);
      if (own == nullptr) {
        return fail(found->at,
                    field_title + "the same arguments but it is missing " + argument.name + ".");
      }
      if (!argument.type.is_compatible(own->type)) {
        return fail(own->at, field_title + "the same arguments but " + argument.name +
                                 " has the wrong type.");
      }
    }
    for (const FieldDefinition& own : found->arguments) {
      if (find_named(required.arguments, own.name) != nullptr) continue;
      if (!own.type.non_null || own.default_value) continue;
      return fail(own.at, title + "any additional arguments on " + found->name +
                              " must be optional or have a default value but " + own.name +
                              " is required.");
    }
    return true;
  }

  bool is_covariant(const Type& required, const Type& actual) const {
    if (required.non_null && !actual.non_null) return false;
    if (!required.elem.empty()) {
      return !actual.elem.empty() && is_covariant(required.elem[0], actual.elem[0]);
    }
    if (required.named == actual.named) return true;
    const auto possible = schema_.possible_types.find(required.named);
    if (possible == schema_.possible_types.end() || !actual.elem.empty()) return false;
    return std::any_of(possible->second.begin(), possible->second.end(),
                       [&](const Definition* type) { return type->name == actual.named; });
  }

  SchemaDocument document_;
  Schema schema_;
  std::optional<Fault> fault_;
};

}  // namespace

const Definition* Schema::find(const std::string& name) const {
  const auto at = types.find(name);
  return at == types.end() ? nullptr : at->second;
}

std::vector<const Definition*> Schema::possible(const Definition& definition) const {
  const auto at = possible_types.find(definition.name);
  return at == possible_types.end() ? std::vector<const Definition*>() : at->second;
}

SchemaResult make_schema(SchemaDocument document) {
  return SchemaMaker(with_prelude(std::move(document))).run();
}

}  // namespace mc::graphrego
