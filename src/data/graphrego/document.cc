#include "graphrego/document.h"

#include <algorithm>
#include <utility>

namespace mc::graphrego {

std::string Type::text() const {
  std::string out = elem.empty() ? named : "[" + elem[0].text() + "]";
  return non_null ? out + "!" : out;
}

bool Type::is_compatible(const Type& wanted) const {
  if (named != wanted.named || elem.size() > wanted.elem.size()) return false;
  if (!elem.empty() && !elem[0].is_compatible(wanted.elem[0])) return false;
  return !wanted.non_null || non_null;
}

std::string Literal::text() const {
  switch (kind) {
    case LiteralKind::variable:
      return "$" + raw;
    case LiteralKind::string:
    case LiteralKind::block:
      return quote(raw);
    case LiteralKind::list:
    case LiteralKind::object:
      break;
    default:
      return raw;
  }
  const bool list = kind == LiteralKind::list;
  std::string out = list ? "[" : "{";
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (i > 0) out += ',';
    if (!list) out += children[i].name + ":";
    out += children[i].value.text();
  }
  return out + (list ? "]" : "}");
}

Fragment* QueryDocument::find(std::string_view name) {
  const auto at = std::find_if(fragments.begin(), fragments.end(),
                               [name](const Fragment& f) { return f.name == name; });
  return at == fragments.end() ? nullptr : &*at;
}

const FieldDefinition* find_named(const std::vector<FieldDefinition>& list, std::string_view name) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [name](const FieldDefinition& item) { return item.name == name; });
  return at == list.end() ? nullptr : &*at;
}

const NamedLiteral* find_named(const std::vector<NamedLiteral>& list, std::string_view name) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [name](const NamedLiteral& item) { return item.name == name; });
  return at == list.end() ? nullptr : &*at;
}

const FieldDefinition* Definition::field(std::string_view wanted) const {
  return find_named(fields, wanted);
}

namespace {

// Reads members of objects. A member that is not there is empty; one of the wrong kind is an
// error. The depth of trees is bounded (is_shallow()).
class Reader {
 public:
  bool ok = true;

  QueryDocument query(Value tree) {
    QueryDocument document;
    list(tree, "Operations", document.operations, &Reader::operation);
    list(tree, "Fragments", document.fragments, &Reader::fragment);
    return document;
  }

  SchemaDocument schema(Value tree) {
    SchemaDocument document;
    list(tree, "Schema", document.schemas, &Reader::schema_definition);
    list(tree, "SchemaExtension", document.schema_extensions, &Reader::schema_definition);
    list(tree, "Directives", document.directives, &Reader::directive_definition);
    list(tree, "Definitions", document.definitions, &Reader::definition);
    list(tree, "Extensions", document.extensions, &Reader::definition);
    return document;
  }

 private:
  Value member(Value node, std::string_view name, term::Kind kind) {
    const Value found = node.find(name);
    if (found.is_undefined() || found.kind() == term::Kind::null) return {};
    if (found.kind() == kind) return found;
    ok = false;
    return {};
  }
  std::string text(Value node, std::string_view name) {
    const Value found = member(node, name, term::Kind::string);
    return found.is_undefined() ? std::string() : std::string(found.text());
  }
  bool flag(Value node, std::string_view name) {
    return member(node, name, term::Kind::boolean).is_true();
  }
  template <class Item>
  void list(Value node, std::string_view name, std::vector<Item>& out,
            Item (Reader::*read)(Value)) {
    const Value found = member(node, name, term::Kind::array);
    for (const Value item : found.items()) {
      if (!item.is_object()) ok = false;
      if (ok) out.push_back((this->*read)(item));
    }
  }
  void texts(Value node, std::string_view name, std::vector<std::string>& out) {
    for (const Value item : member(node, name, term::Kind::array).items()) {
      if (!item.is_string()) ok = false;
      if (ok) out.emplace_back(item.text());
    }
  }
  std::string name_text(Value item) { return text(item, "Name"); }

  Type type(Value node) {
    Type read{text(node, "NamedType"), {}, flag(node, "NonNull"), place_of(node)};
    const Value elem = member(node, "Elem", term::Kind::object);
    if (elem.is_object()) read.elem.push_back(type(elem));
    return read;
  }
  Type type_of(Value node) { return type(member(node, "Type", term::Kind::object)); }

  Literal literal(Value node) {
    Literal read;
    const Value kind = member(node, "Kind", term::Kind::number);
    const bool known = kind.is_undefined() || (kind.is_small() && kind.small() >= 0 &&
                                               kind.small() <= int(LiteralKind::object));
    if (!known) ok = false;
    read.kind = LiteralKind(kind.is_small() && known ? int(kind.small()) : 0);
    read.raw = text(node, "Raw");
    read.at = place_of(node);
    list(node, "Children", read.children, &Reader::named_literal);
    return read;
  }
  NamedLiteral named_literal(Value node) {
    return {text(node, "Name"), literal(member(node, "Value", term::Kind::object)), place_of(node)};
  }
  std::optional<Literal> default_value(Value node) {
    const Value found = member(node, "DefaultValue", term::Kind::object);
    return found.is_object() ? std::optional(literal(found)) : std::nullopt;
  }
  Directive directive(Value node) {
    Directive read{text(node, "Name"), {}, place_of(node)};
    list(node, "Arguments", read.arguments, &Reader::named_literal);
    return read;
  }

  // What a selection is shows in the members that only one kind has.
  Selection selection(Value node) {
    Selection read;
    if (!node.find("TypeCondition").is_undefined() ||
        (node.find("Name").is_undefined() && node.find("Alias").is_undefined())) {
      read.kind = Selection::Kind::inline_fragment;
    } else if (node.find("Alias").is_undefined()) {
      read.kind = Selection::Kind::spread;
    }
    read.alias = text(node, "Alias");
    read.name = text(node, "Name");
    read.condition = text(node, "TypeCondition");
    read.at = place_of(node);
    list(node, "Arguments", read.arguments, &Reader::named_literal);
    list(node, "Directives", read.directives, &Reader::directive);
    list(node, "SelectionSet", read.selections, &Reader::selection);
    return read;
  }
  VariableDefinition variable(Value node) {
    VariableDefinition read;
    read.name = text(node, "Variable");
    read.type = type_of(node);
    read.default_value = default_value(node);
    read.at = place_of(node);
    list(node, "Directives", read.directives, &Reader::directive);
    return read;
  }
  Operation operation(Value node) {
    Operation read{text(node, "Operation"), text(node, "Name"), {}, {}, {}, place_of(node)};
    list(node, "VariableDefinitions", read.variables, &Reader::variable);
    list(node, "Directives", read.directives, &Reader::directive);
    list(node, "SelectionSet", read.selections, &Reader::selection);
    return read;
  }
  Fragment fragment(Value node) {
    Fragment read{text(node, "Name"), text(node, "TypeCondition"), {}, {}, place_of(node)};
    list(node, "Directives", read.directives, &Reader::directive);
    list(node, "SelectionSet", read.selections, &Reader::selection);
    return read;
  }

  FieldDefinition field_definition(Value node) {
    FieldDefinition read;
    read.name = text(node, "Name");
    read.type = type_of(node);
    read.default_value = default_value(node);
    read.at = place_of(node);
    list(node, "Arguments", read.arguments, &Reader::field_definition);
    list(node, "Directives", read.directives, &Reader::directive);
    return read;
  }
  Definition definition(Value node) {
    Definition read;
    read.kind = text(node, "Kind");
    read.name = text(node, "Name");
    read.built_in = flag(node, "BuiltIn");
    read.at = place_of(node);
    list(node, "Directives", read.directives, &Reader::directive);
    texts(node, "Interfaces", read.interfaces);
    texts(node, "Types", read.types);
    list(node, "EnumValues", read.enum_values, &Reader::name_text);
    list(node, "Fields", read.fields, &Reader::field_definition);
    return read;
  }
  DirectiveDefinition directive_definition(Value node) {
    DirectiveDefinition read;
    read.name = text(node, "Name");
    read.repeatable = flag(node, "IsRepeatable");
    read.at = place_of(node);
    list(node, "Arguments", read.arguments, &Reader::field_definition);
    texts(node, "Locations", read.locations);
    return read;
  }
  OperationType operation_type(Value node) {
    return {text(node, "Operation"), text(node, "Type"), place_of(node)};
  }
  SchemaDefinition schema_definition(Value node) {
    SchemaDefinition read{{}, place_of(node)};
    list(node, "OperationTypes", read.operation_types, &Reader::operation_type);
    return read;
  }
};

}  // namespace

std::optional<QueryDocument> read_query(Value tree) {
  Reader reader;
  QueryDocument document = reader.query(tree);
  return reader.ok ? std::optional(std::move(document)) : std::nullopt;
}

std::optional<SchemaDocument> read_schema(Value tree) {
  Reader reader;
  SchemaDocument document = reader.schema(tree);
  return reader.ok ? std::optional(std::move(document)) : std::nullopt;
}

}  // namespace mc::graphrego
