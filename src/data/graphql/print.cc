// Printing as graphql-js 16 prints. Everything that stands on one line (values, arguments,
// directives) is first made flat, without indentation, because the choice between one line and
// several depends on its length; emit() then indents the lines of block strings within.
#include <string>
#include <string_view>
#include <vector>

#include "graphql/graphql.h"
#include "graphql/lexer.h"

namespace mc::graphql {
namespace {

constexpr std::size_t kLineUnitsMax = 80;         // UTF-16 code units, as in graphql-js
constexpr std::size_t kBlockStringUnitsMax = 70;  // longer ones get lines of their own

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto escape = [&](unsigned byte) {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  };
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    const std::size_t named = kNamed.find(text[i]);
    if (named != std::string_view::npos) {
      out += '\\';
      out += kLetters[named];
    } else if (byte < 0x20 || byte == 0x7F) {
      escape(byte);
    } else if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      escape(static_cast<unsigned char>(text[++i]));  // U+0080 to U+009F
    } else {
      out += text[i];
    }
  }
  out += '"';
}

// Whether every line but the first is empty or indented, so that dedenting would eat into it.
bool continues_indented(std::string_view text) {
  bool several = false;
  for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
    several = true;
    const bool empty = i + 1 == text.size() || text[i + 1] == '\n';
    if (!empty && !is_blank(text[i + 1])) return false;
  }
  return several;
}

void append_block(std::string& out, std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size();) {
    const bool quotes = value.substr(i, 3) == "\"\"\"";
    text += quotes ? std::string_view("\\\"\"\"") : value.substr(i, 1);
    i += quotes ? 3 : 1;
  }
  const bool single = value.find('\n') == std::string_view::npos;
  const bool leading_line = continues_indented(text);
  const bool ends_in_three = text.ends_with("\\\"\"\"");
  const bool trailing_line = (value.ends_with('"') && !ends_in_three) || value.ends_with('\\');
  const bool several = !single || utf16_length(value) > kBlockStringUnitsMax || trailing_line ||
                       leading_line || ends_in_three;
  const bool skip_leading = single && !value.empty() && is_blank(value.front());
  out += "\"\"\"";
  if ((several && !skip_leading) || leading_line) out += '\n';
  out += text;
  if (several || trailing_line) out += '\n';
  out += "\"\"\"";
}

constexpr std::string_view operation_word(OperationKind kind) {
  constexpr std::string_view kWords[] = {"query", "mutation", "subscription"};
  return kWords[static_cast<std::size_t>(kind)];
}

constexpr std::string_view definition_word(DefinitionKind kind) {
  constexpr std::string_view kWords[] = {"",          "",      "schema", "scalar", "type",
                                         "interface", "union", "enum",   "input",  "directive"};
  return kWords[static_cast<std::size_t>(kind)];
}

// Items of a list, made flat one after another.
struct Flat {
  std::string text;
  std::vector<std::size_t> ends;
  void clear() {
    text.clear();
    ends.clear();
  }
  bool has_newline() const { return text.find('\n') != std::string::npos; }
};

class Printer {
 public:
  explicit Printer(const Document& document) : document_(document) {
    out_.reserve(document.source.size());
  }
  std::string print();

 private:
  // Flat pieces.
  void value(std::string& out, Index index) const;
  void arguments(std::string& out, Index first) const;
  void directives(std::string& out, Index first) const;  // each after a space
  void type(std::string& out, Index index) const;
  void description(std::string& out, Index index) const;
  void names(std::string& out, Index first, std::string_view separator) const;
  void variable(std::string& out, const VariableNode& node) const;
  void input_value(std::string& out, const InputValueNode& node) const;

  // Lines.
  void emit(std::string_view flat);
  void new_line() {
    out_ += '\n';
    out_.append(indent_ * 2, ' ');
  }
  void items(std::string_view separator);
  void item_lines(std::string_view open, std::string_view close);
  template <class Node, class Item>
  void block(const std::pmr::vector<Node>& nodes, Index first, Item item);
  void operation(const OperationNode& node);
  void variables(Index first);
  void fragment(const FragmentNode& node);
  void selections(Index first);
  void selection(const SelectionNode& node);
  void field_arguments(Index first, std::size_t prefix_units);
  void input_list(Index first);
  void type_system(const TypeSystemNode& node);
  void type_system_parts(const TypeSystemNode& node);
  void field_definition(const FieldDefinitionNode& node);

  std::string_view name(Symbol symbol) const { return document_.name(symbol); }

  const Document& document_;
  std::string out_;
  std::size_t indent_ = 0;
  std::string line_;  // scratch of the piece that is being made
  Flat flat_;         // scratch of the list that is being made
};

void Printer::value(std::string& out, Index index) const {
  const ValueNode& node = document_.values[index];
  std::string_view separator;
  switch (node.kind) {
    case ValueKind::variable:
      out += '$';
      out += name(node.name);
      break;
    case ValueKind::int_:
    case ValueKind::float_:
      out += document_.text(node);
      break;
    case ValueKind::string:
      append_quoted(out, document_.text(node));
      break;
    case ValueKind::block_string:
      append_block(out, document_.text(node));
      break;
    case ValueKind::boolean_true:
      out += "true";
      break;
    case ValueKind::boolean_false:
      out += "false";
      break;
    case ValueKind::null:
      out += "null";
      break;
    case ValueKind::enum_:
      out += name(node.name);
      break;
    case ValueKind::list:
      out += '[';
      for (Index i = node.first; i != kNone; i = document_.values[i].next) {
        out += std::exchange(separator, ", ");
        value(out, i);
      }
      out += ']';
      break;
    case ValueKind::object:
      out += '{';
      for (Index i = node.first; i != kNone; i = document_.object_fields[i].next) {
        out += std::exchange(separator, ", ");
        out += name(document_.object_fields[i].name);
        out += ": ";
        value(out, document_.object_fields[i].value);
      }
      out += '}';
      break;
  }
}

void Printer::arguments(std::string& out, Index first) const {
  if (first == kNone) return;
  std::string_view separator = "(";
  for (Index i = first; i != kNone; i = document_.arguments[i].next) {
    out += std::exchange(separator, ", ");
    out += name(document_.arguments[i].name);
    out += ": ";
    value(out, document_.arguments[i].value);
  }
  out += ')';
}

void Printer::directives(std::string& out, Index first) const {
  for (Index i = first; i != kNone; i = document_.directives[i].next) {
    out += " @";
    out += name(document_.directives[i].name);
    arguments(out, document_.directives[i].arguments);
  }
}

void Printer::type(std::string& out, Index index) const {
  const TypeNode& node = document_.types[index];
  switch (node.kind) {
    case TypeKind::named:
      out += name(node.name);
      break;
    case TypeKind::list:
      out += '[';
      type(out, node.inner);
      out += ']';
      break;
    case TypeKind::non_null:
      type(out, node.inner);
      out += '!';
      break;
  }
}

void Printer::description(std::string& out, Index index) const {
  if (index == kNone) return;
  value(out, index);
  out += '\n';
}

void Printer::names(std::string& out, Index first, std::string_view separator) const {
  for (Index i = first; i != kNone; i = document_.name_nodes[i].next) {
    if (i != first) out += separator;
    out += name(document_.name_nodes[i].name);
  }
}

void Printer::variable(std::string& out, const VariableNode& node) const {
  description(out, node.description);
  out += '$';
  out += name(node.name);
  out += ": ";
  type(out, node.type);
  if (node.default_value != kNone) {
    out += " = ";
    value(out, node.default_value);
  }
  directives(out, node.directives);
}

void Printer::input_value(std::string& out, const InputValueNode& node) const {
  description(out, node.description);
  out += name(node.name);
  out += ": ";
  type(out, node.type);
  if (node.default_value != kNone) {
    out += " = ";
    value(out, node.default_value);
  }
  directives(out, node.directives);
}

void Printer::emit(std::string_view flat) {
  for (std::size_t end = flat.find('\n'); end != std::string_view::npos; end = flat.find('\n')) {
    out_ += flat.substr(0, end);
    new_line();
    flat.remove_prefix(end + 1);
  }
  out_ += flat;
}

// The items of flat_ on one line.
void Printer::items(std::string_view separator) {
  std::size_t from = 0;
  for (const std::size_t end : flat_.ends) {
    if (from != 0) emit(separator);
    emit(std::string_view(flat_.text).substr(from, end - from));
    from = end;
  }
}

// The items of flat_ on lines of their own, one level deeper.
void Printer::item_lines(std::string_view open, std::string_view close) {
  out_ += open;
  ++indent_;
  new_line();
  items("\n");
  --indent_;
  new_line();
  out_ += close;
}

template <class Node, class Item>
void Printer::block(const std::pmr::vector<Node>& nodes, Index first, Item item) {
  if (first == kNone) return;
  out_ += '{';
  ++indent_;
  for (Index i = first; i != kNone; i = nodes[i].next) {
    new_line();
    item(nodes[i]);
  }
  --indent_;
  new_line();
  out_ += '}';
}

std::string Printer::print() {
  for (const DefinitionNode& definition : document_.definitions) {
    if (!out_.empty()) out_ += "\n\n";
    switch (definition.kind) {
      case DefinitionKind::operation:
        operation(document_.operations[definition.index]);
        break;
      case DefinitionKind::fragment:
        fragment(document_.fragments[definition.index]);
        break;
      default:
        type_system(document_.type_system[definition.index]);
        break;
    }
  }
  return std::move(out_);
}

void Printer::operation(const OperationNode& node) {
  const bool bare = node.kind == OperationKind::query && node.description == kNone &&
                    node.name == kNone && node.variables == kNone && node.directives == kNone;
  if (!bare) {
    line_.clear();
    description(line_, node.description);
    line_ += operation_word(node.kind);
    // Without a name the variables stand after a space: "query ($a: A)".
    if (node.name != kNone || node.variables != kNone) line_ += ' ';
    line_ += name(node.name);
    emit(line_);
    variables(node.variables);
    line_.clear();
    directives(line_, node.directives);
    emit(line_);
    out_ += ' ';
  }
  selections(node.selections);
}

void Printer::variables(Index first) {
  if (first == kNone) return;
  flat_.clear();
  for (Index i = first; i != kNone; i = document_.variables[i].next) {
    variable(flat_.text, document_.variables[i]);
    flat_.ends.push_back(flat_.text.size());
  }
  const bool lines = flat_.has_newline();
  out_ += lines ? "(\n" : "(";  // unlike other lists, not indented
  items(lines ? "\n" : ", ");
  out_ += lines ? "\n)" : ")";
}

void Printer::fragment(const FragmentNode& node) {
  line_.clear();
  description(line_, node.description);
  line_ += "fragment ";
  line_ += name(node.name);
  line_ += " on ";
  line_ += name(node.type_condition);
  directives(line_, node.directives);
  emit(line_);
  out_ += ' ';
  selections(node.selections);
}

void Printer::selections(Index first) {
  block(document_.selections, first, [this](const SelectionNode& node) { selection(node); });
}

void Printer::selection(const SelectionNode& node) {
  line_.clear();
  if (node.kind == SelectionKind::field) {
    if (node.alias != kNone) {
      line_ += name(node.alias);
      line_ += ": ";
    }
    line_ += name(node.name);
    emit(line_);
    if (node.arguments != kNone) field_arguments(node.arguments, line_.size());
  } else {
    out_ += "...";
    out_ += name(node.name);
    if (node.type_condition != kNone) {
      out_ += " on ";
      out_ += name(node.type_condition);
    }
  }
  line_.clear();
  directives(line_, node.directives);
  emit(line_);
  if (!node.has_selections) return;
  out_ += ' ';
  selections(node.selections);
}

// On one line when it fits.
void Printer::field_arguments(Index first, std::size_t prefix_units) {
  flat_.clear();
  for (Index i = first; i != kNone; i = document_.arguments[i].next) {
    flat_.text += name(document_.arguments[i].name);
    flat_.text += ": ";
    value(flat_.text, document_.arguments[i].value);
    flat_.ends.push_back(flat_.text.size());
  }
  const std::size_t separators = 2 * (flat_.ends.size() - 1);
  if (prefix_units + utf16_length(flat_.text) + separators + 2 > kLineUnitsMax) {
    return item_lines("(", ")");
  }
  out_ += '(';
  items(", ");
  out_ += ')';
}

// Arguments of a field or directive definition.
void Printer::input_list(Index first) {
  if (first == kNone) return;
  flat_.clear();
  for (Index i = first; i != kNone; i = document_.input_values[i].next) {
    input_value(flat_.text, document_.input_values[i]);
    flat_.ends.push_back(flat_.text.size());
  }
  if (flat_.has_newline()) return item_lines("(", ")");
  out_ += '(';
  items(", ");
  out_ += ')';
}

void Printer::type_system(const TypeSystemNode& node) {
  line_.clear();
  description(line_, node.description);
  if (node.extension) line_ += "extend ";
  line_ += definition_word(node.kind);
  if (node.kind == DefinitionKind::directive) {
    line_ += " @";
    line_ += name(node.name);
    emit(line_);
    input_list(node.inputs);
    line_ = node.repeatable ? " repeatable on " : " on ";
    names(line_, node.names, " | ");
    return emit(line_);
  }
  if (node.name != kNone) line_ += ' ';
  line_ += name(node.name);
  if (node.kind != DefinitionKind::union_ && node.names != kNone) {
    line_ += " implements ";
    names(line_, node.names, " & ");
  }
  directives(line_, node.directives);
  if (node.kind == DefinitionKind::union_ && node.names != kNone) {
    line_ += " = ";
    names(line_, node.names, " | ");
  }
  emit(line_);
  type_system_parts(node);
}

void Printer::type_system_parts(const TypeSystemNode& node) {
  const bool none = node.fields == kNone && node.inputs == kNone && node.enum_values == kNone &&
                    node.operation_type_list == kNone;
  if (none) return;
  out_ += ' ';
  block(document_.operation_types, node.operation_type_list, [this](const auto& entry) {
    out_ += operation_word(entry.kind);
    out_ += ": ";
    out_ += name(entry.type);
  });
  block(document_.field_definitions, node.fields,
        [this](const auto& field) { field_definition(field); });
  block(document_.input_values, node.inputs, [this](const auto& input) {
    line_.clear();
    input_value(line_, input);
    emit(line_);
  });
  block(document_.enum_values, node.enum_values, [this](const auto& entry) {
    line_.clear();
    description(line_, entry.description);
    line_ += name(entry.name);
    directives(line_, entry.directives);
    emit(line_);
  });
}

void Printer::field_definition(const FieldDefinitionNode& node) {
  line_.clear();
  description(line_, node.description);
  line_ += name(node.name);
  emit(line_);
  input_list(node.arguments);
  line_ = ": ";
  type(line_, node.type);
  directives(line_, node.directives);
  emit(line_);
}

}  // namespace

std::string print(const Document& document) {
  return Printer(document).print();
}

}  // namespace mc::graphql
