#include <algorithm>
#include <array>
#include <vector>

#include "graphql/literal.h"

namespace mc::graphql {
namespace {

bool is_integer_text(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool all = !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                                  [](char c) { return c >= '0' && c <= '9'; });
  return all && (digits.size() == 1 || digits.front() != '0');
}

// A value of a custom scalar has no type to follow; it is written as the literal it looks like.
void append_untyped(std::string& out, const json::Value& value) {
  if (const auto* text = value.as_string()) {
    out += print_string(*text);
  } else if (const auto* items = value.as_array()) {
    out += "[";
    for (const json::Value& item : *items) {
      if (&item != &items->front()) out += ", ";
      append_untyped(out, item);
    }
    out += "]";
  } else if (const auto* object = value.as_object()) {
    out += "{";
    for (const json::Member& member : object->members()) {
      if (&member != &object->members().front()) out += ", ";
      out.append(member.name).append(": ");
      append_untyped(out, member.value);
    }
    out += "}";
  } else {
    out += json::print(value);
  }
}

class ValuePrinter {
 public:
  ValuePrinter(const Schema& schema, std::string& out) : schema_(schema), out_(out) {}

  void print(const json::Value& value, TypeRef outer) {
    const TypeRef type = outer.nullable();
    if (value.is_null()) {
      out_ += "null";
      return;
    }
    if (type.is_list()) {
      print_list(value, type.inner());
      return;
    }
    const TypeDef& named = schema_.type(type.named);
    if (named.kind == NamedKind::input) {
      print_object(value, named);
    } else if (const auto* text = value.as_string()) {
      const bool bare =
          named.kind == NamedKind::enum_ || (named.name == "ID" && is_integer_text(*text));
      out_ += bare ? *text : print_string(*text);
    } else {
      append_untyped(out_, value);
    }
  }

 private:
  void print_list(const json::Value& value, TypeRef item_type) {
    const json::Array* items = value.as_array();
    if (items == nullptr) {
      print(value, item_type);
      return;
    }
    out_ += "[";
    for (const json::Value& item : *items) {
      if (&item != &items->front()) out_ += ", ";
      print(item, item_type);
    }
    out_ += "]";
  }

  void print_object(const json::Value& value, const TypeDef& type) {
    out_ += "{";
    bool first = true;
    for (const InputValueDef& input : type.inputs) {
      const json::Value* member = value.find(input.name);
      if (member == nullptr) continue;
      if (!first) out_ += ", ";
      first = false;
      out_.append(input.name).append(": ");
      print(*member, input.type);
    }
    out_ += "}";
  }

  const Schema& schema_;
  std::string& out_;
};

}  // namespace

std::string print_value(const Schema& schema, const json::Value& value, TypeRef type) {
  std::string out;
  ValuePrinter(schema, out).print(value, type);
  return out;
}

std::string print_string(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  const auto append_code = [&](unsigned code) {
    out += "\\u00";
    out.push_back(kHex[code >> 4]);
    out.push_back(kHex[code & 15]);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto after = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(text[i]);
    } else if (byte == '\n' || byte == '\r' || byte == '\t' || byte == '\b' || byte == '\f') {
      out.push_back('\\');
      out.push_back(byte == '\n'   ? 'n'
                    : byte == '\r' ? 'r'
                    : byte == '\t' ? 't'
                    : byte == '\b' ? 'b'
                                   : 'f');
    } else if (byte < 0x20 || byte == 0x7f) {
      append_code(byte);
    } else if (byte == 0xc2 && after < 0xa0) {  // U+0080 to U+009F
      append_code(after);
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out + "\"";
}

bool printable_as_block_string(std::string_view text) {
  if (text.empty()) return true;
  bool empty_line = true;
  bool indented = false;
  bool common_indent = true;
  bool seen_line = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n') {
      if (empty_line && !seen_line) return false;  // a leading blank line would be cut
      seen_line = true;
      empty_line = true;
      indented = false;
    } else if (byte == ' ' || byte == '\t') {
      indented = indented || empty_line;
    } else if (byte < 0x10) {
      return false;  // control characters need escapes
    } else {
      common_indent = common_indent && indented;
      empty_line = false;
    }
  }
  return !empty_line && !(common_indent && seen_line);
}

std::string print_block_string(std::string_view text) {
  static constexpr std::string_view kQuotes = "\"\"\"";
  std::string escaped;
  for (std::size_t i = 0; i < text.size();) {
    const bool quotes = text.substr(i).starts_with(kQuotes);
    escaped += quotes ? "\\\"\"\"" : std::string(1, text[i]);
    i += quotes ? kQuotes.size() : 1;
  }
  std::size_t lines = 1;
  bool rest_indented = true;  // every further line is empty or starts with white space
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '\r' && i + 1 < escaped.size() && escaped[i + 1] == '\n') continue;
    if (escaped[i] != '\n' && escaped[i] != '\r') continue;
    ++lines;
    const char next = i + 1 < escaped.size() ? escaped[i + 1] : '\n';
    rest_indented = rest_indented && (next == ' ' || next == '\t' || next == '\n' || next == '\r');
  }
  std::size_t units = 0;  // UTF-16 length decides whether a single line is long
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  const bool triple = escaped.ends_with("\\\"\"\"");
  const bool force_leading = lines > 1 && rest_indented;
  const bool force_trailing = (text.ends_with('"') && !triple) || text.ends_with('\\');
  const bool multiple = lines > 1 || units > 70 || force_trailing || force_leading || triple;
  const bool skip_leading = lines == 1 && (text.starts_with(' ') || text.starts_with('\t'));
  std::string out(kQuotes);
  if ((multiple && !skip_leading) || force_leading) out += "\n";
  out += escaped;
  if (multiple || force_trailing) out += "\n";
  return out.append(kQuotes);
}

}  // namespace mc::graphql
