// Types as text, and text as types.
#include <cctype>

#include "rego/types.h"

namespace mc::rego::types {

namespace {

using Kind = Type::Kind;

void append(std::string& out, const TypePtr& type);

// A key as Go's %v prints what it is in JSON: OPA does so.
void append_key(std::string& out, const Term& key) {
  const char* separator = "";
  switch (key.kind) {
    case Term::Kind::null:
      out += "<nil>";
      return;
    case Term::Kind::boolean:
      out += key.flag ? "true" : "false";
      return;
    case Term::Kind::array:
      out += '[';
      for (const Term& item : key.items) {
        out += separator;
        append_key(out, item);
        separator = " ";
      }
      out += ']';
      return;
    case Term::Kind::object:
      out += "map[";
      for (std::size_t i = 0; i + 1 < key.items.size(); i += 2) {
        out += separator;
        append_key(out, key.items[i]);
        out += ':';
        append_key(out, key.items[i + 1]);
        separator = " ";
      }
      out += ']';
      return;
    default:
      out += key.text;
  }
}

void append_list(std::string& out, const std::vector<TypePtr>& types) {
  const char* separator = "";
  for (const TypePtr& type : types) {
    out += separator;
    append(out, type);
    separator = ", ";
  }
}

void append_object(std::string& out, const Type& type) {
  out += "object";
  const char* separator = "<";
  for (const Property& property : type.properties) {
    out += separator;
    append_key(out, property.key);
    out += ": ";
    append(out, property.value);
    separator = ", ";
  }
  if (!type.properties.empty()) out += '>';
  if (!type.open) return;
  out += '[';
  append(out, type.key);
  out += ": ";
  append(out, type.rest);
  out += ']';
}

void append_array(std::string& out, const Type& type) {
  out += "array";
  if (!type.items.empty()) {
    out += '<';
    append_list(out, type.items);
    out += '>';
  }
  if (!type.rest) return;
  out += '[';
  append(out, type.rest);
  out += ']';
}

void append(std::string& out, const TypePtr& type) {
  if (!type) {
    out += "???";
    return;
  }
  switch (type->kind) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += "boolean";
      return;
    case Kind::number:
      out += "number";
      return;
    case Kind::string:
      out += "string";
      return;
    case Kind::array:
      return append_array(out, *type);
    case Kind::object:
      return append_object(out, *type);
    case Kind::set:
      out += "set[";
      append(out, type->rest);
      out += ']';
      return;
    case Kind::any:
      out += "any";
      if (type->items.empty()) return;
      out += '<';
      append_list(out, type->items);
      out += '>';
      return;
    case Kind::function:
      out += '(';
      append_list(out, type->items);
      if (type->variadic) {
        out += type->items.empty() ? "" : ", ";
        append(out, type->variadic);
        out += "...";
      }
      out += ") => ";
      append(out, type->rest);
      return;
  }
}

}  // namespace

std::string to_text(const TypePtr& type) {
  std::string out;
  append(out, type);
  return out;
}

std::string operands_text(const Type& function, Shown shown) {
  std::string out = "(";
  const char* separator = "";
  const auto add = [&](const TypePtr& type, std::size_t name) {
    out += separator;
    if (name < function.names.size() && !function.names[name].empty()) {
      out += function.names[name] + ": ";
    }
    append(out, type);
    separator = ", ";
  };
  const std::size_t count = function.items.size();
  for (std::size_t i = 0; i < count; ++i) add(function.items[i], i);
  if (shown == Shown::with_result && function.rest) add(function.rest, count);
  if (function.variadic) {
    add(function.variadic, count + 1);
    out += "...";
  }
  return out + ")";
}

std::string list_text(const std::vector<TypePtr>& types) {
  std::string out = "(";
  append_list(out, types);
  return out + ")";
}

namespace {

// A recursive descent over a signature. Signatures come with the builtins, not from outside; the
// depth is bounded all the same.
class SignatureParser {
 public:
  explicit SignatureParser(std::string_view text) : text_(text) {}

  Result<TypePtr> parse() {
    Type type;
    std::string variadic_name;
    if (!take('(')) return wrong("'('");
    for (bool first = true; !take(')'); first = false) {
      if (!first && !take(',')) return wrong("',' or ')'");
      const bool variadic = take("...");
      std::string name = name_before_colon();
      MC_TRY(TypePtr operand, parse_type(0));
      if (variadic) {
        type.variadic = std::move(operand);
        variadic_name = std::move(name);
        continue;
      }
      type.items.push_back(std::move(operand));
      type.names.push_back(std::move(name));
    }
    std::string result_name;
    if (take("=>")) {
      skip();
      result_name = name_before_colon();
      if (at_ < text_.size() && !take("void")) {
        MC_TRY(type.rest, parse_type(0));
      }
    }
    skip();
    if (at_ != text_.size()) return wrong("the end");
    type.names.push_back(std::move(result_name));
    type.names.push_back(std::move(variadic_name));
    return function(std::move(type));
  }

 private:
  static constexpr int kSignatureDepthMax = 20;

  tl::unexpected<Error> wrong(std::string_view wanted) const {
    return fail(Code::invalid, "signature: wanted " + std::string(wanted) + " at offset " +
                                   std::to_string(at_) + " of \"" + std::string(text_) + "\"");
  }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  bool take(char token) { return take(std::string_view(&token, 1)); }

  std::string_view word() {
    skip();
    const std::size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  text_[at_] == '_' || text_[at_] == '-')) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  // "x" of "x: number"; empty, and nothing taken, when no colon follows.
  std::string name_before_colon() {
    const std::size_t start = at_;
    const std::string_view name = word();
    if (!name.empty() && take(':')) return std::string(name);
    at_ = start;
    return "";
  }

  Result<TypePtr> parse_type(int depth) {
    if (depth > kSignatureDepthMax) return wrong("less depth");
    TypePtr type;
    do {
      MC_TRY(TypePtr one, parse_single(depth));
      type = either(type, one);
    } while (take('|'));
    return type;
  }

  Result<TypePtr> parse_single(int depth) {
    const std::string_view name = word();
    if (name == "null") return null();
    if (name == "boolean") return boolean();
    if (name == "number") return number();
    if (name == "string") return string();
    if (name == "any") return parse_any(depth);
    if (name == "array") return parse_array(depth);
    if (name == "object") return parse_object(depth);
    if (name == "set") return parse_set(depth);
    return wrong("a type");
  }

  Result<TypePtr> parse_any(int depth) {
    if (!take('<')) return any();
    MC_TRY(std::vector<TypePtr> alternatives, parse_list(depth));
    return one_of(std::move(alternatives));
  }

  Result<std::vector<TypePtr>> parse_list(int depth) {
    std::vector<TypePtr> types;
    do {
      MC_TRY(TypePtr type, parse_type(depth + 1));
      types.push_back(std::move(type));
    } while (take(','));
    if (!take('>')) return wrong("'>'");
    return types;
  }

  Result<TypePtr> parse_array(int depth) {
    std::vector<TypePtr> items;
    TypePtr rest;
    if (take('<')) {
      MC_TRY(items, parse_list(depth));
    }
    if (take('[')) {
      MC_TRY(rest, parse_type(depth + 1));
      if (!take(']')) return wrong("']'");
    }
    if (items.empty() && !rest) rest = any();
    return array(std::move(items), std::move(rest));
  }

  Result<TypePtr> parse_set(int depth) {
    if (!take('[')) return set(any());
    MC_TRY(TypePtr members, parse_type(depth + 1));
    if (!take(']')) return wrong("']'");
    return set(std::move(members));
  }

  Result<TypePtr> parse_object(int depth) {
    std::vector<Property> properties;
    std::optional<Dynamic> dynamic;
    if (take('<')) {
      do {
        Property property;
        property.key.kind = Term::Kind::string;
        property.key.text = name_before_colon();
        MC_TRY(property.value, parse_type(depth + 1));
        properties.push_back(std::move(property));
      } while (take(','));
      if (!take('>')) return wrong("'>'");
    }
    if (take('[')) {
      MC_TRY(TypePtr key, parse_type(depth + 1));
      if (!take(':')) return wrong("':'");
      MC_TRY(TypePtr value, parse_type(depth + 1));
      if (!take(']')) return wrong("']'");
      dynamic = Dynamic{std::move(key), std::move(value)};
    }
    if (properties.empty() && !dynamic) dynamic = Dynamic{any(), any()};
    return object(std::move(properties), std::move(dynamic));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<TypePtr> parse_signature(std::string_view signature) {
  return SignatureParser(signature).parse();
}

}  // namespace mc::rego::types
