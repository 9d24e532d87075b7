// Syntax trees as structs, for the checks: read from a value, whether it was parsed here or came
// from a policy. Private to the module.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphrego/tree.h"

namespace mc::graphrego {

struct Definition;
struct FieldDefinition;
struct DirectiveDefinition;
struct VariableDefinition;
struct Fragment;

struct Type {
  std::string named;
  std::vector<Type> elem;  // of a list: one
  bool non_null = false;
  Place at;

  const std::string& name() const { return elem.empty() ? named : elem[0].name(); }
  std::string text() const;  // "[Int!]!"
  bool is_compatible(const Type& wanted) const;
};

enum class LiteralKind : int {
  variable,
  int_,
  float_,
  string,
  block,
  boolean,
  null,
  enum_,
  list,
  object
};
struct NamedLiteral;
struct Literal {
  LiteralKind kind = LiteralKind::null;
  std::string raw;
  std::vector<NamedLiteral> children;
  Place at;
  // Found by the walk.
  const Type* expected = nullptr;
  bool expected_has_default = false;
  const Definition* definition = nullptr;
  const VariableDefinition* variable = nullptr;

  std::string text() const;
};
struct NamedLiteral {  // an argument, a member of an object, an item of a list
  std::string name;
  Literal value;
  Place at;
};

struct Directive {
  std::string name;
  std::vector<NamedLiteral> arguments;
  Place at;
};

struct Selection {
  enum class Kind : std::uint8_t { field, spread, inline_fragment } kind = Kind::field;
  std::string alias, name, condition;
  std::vector<NamedLiteral> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Place at;
  // Found by the walk.
  const Definition* parent = nullptr;
  const FieldDefinition* definition = nullptr;
  const Fragment* fragment = nullptr;

  const std::string& response_name() const { return alias.empty() ? name : alias; }
};

struct VariableDefinition {
  std::string name;
  Type type;
  std::optional<Literal> default_value;
  std::vector<Directive> directives;
  Place at;
  const Definition* definition = nullptr;
  bool used = false;
};
struct Operation {
  std::string operation, name;
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Place at;
};
struct Fragment {
  std::string name, condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Place at;
};
struct QueryDocument {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
  Fragment* find(std::string_view name);
};

struct FieldDefinition {  // also an argument of one, and a member of an input object
  std::string name;
  std::vector<FieldDefinition> arguments;
  Type type;
  std::optional<Literal> default_value;
  std::vector<Directive> directives;
  Place at;
};
struct Definition {
  std::string kind, name;  // kind: "OBJECT", "INPUT_OBJECT", ...
  std::vector<Directive> directives;
  std::vector<std::string> interfaces, types, enum_values;
  std::vector<FieldDefinition> fields;
  bool built_in = false;
  Place at;

  bool is_leaf() const { return kind == "ENUM" || kind == "SCALAR"; }
  bool is_abstract() const { return kind == "INTERFACE" || kind == "UNION"; }
  bool is_composite() const { return kind == "OBJECT" || is_abstract(); }
  bool is_input() const { return is_leaf() || kind == "INPUT_OBJECT"; }
  const FieldDefinition* field(std::string_view name) const;
};
struct DirectiveDefinition {
  std::string name;
  std::vector<FieldDefinition> arguments;
  std::vector<std::string> locations;
  bool repeatable = false;
  Place at;
};
struct OperationType {
  std::string operation, type;
  Place at;
};
struct SchemaDefinition {
  std::vector<OperationType> operation_types;
  Place at;
};
struct SchemaDocument {
  std::vector<SchemaDefinition> schemas, schema_extensions;
  std::vector<DirectiveDefinition> directives;
  std::vector<Definition> definitions, extensions;
};

// Nothing when a member of the tree is not of the kind it must have.
std::optional<QueryDocument> read_query(Value tree);
std::optional<SchemaDocument> read_schema(Value tree);

const FieldDefinition* find_named(const std::vector<FieldDefinition>& list, std::string_view name);
const NamedLiteral* find_named(const std::vector<NamedLiteral>& list, std::string_view name);

// A checked schema. The built-in types and directives are in it.
struct Schema {
  std::list<Definition> definitions;  // in their order; the others point here
  std::map<std::string, Definition*> types;
  std::map<std::string, DirectiveDefinition> directives;
  std::map<std::string, std::vector<const Definition*>> possible_types;
  Definition* query = nullptr;
  Definition* mutation = nullptr;
  Definition* subscription = nullptr;

  const Definition* find(const std::string& name) const;
  std::vector<const Definition*> possible(const Definition& definition) const;
};
struct SchemaResult {
  Schema schema;
  std::optional<Fault> fault;
};
SchemaResult make_schema(SchemaDocument document);  // schema.cc

}  // namespace mc::graphrego
