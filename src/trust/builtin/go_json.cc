#include "builtin/go_json.h"

#include <map>
#include <vector>

#include "builtin/go_values.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

void append_text(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kFrom = "\"\\\b\f\n\r\t";
  constexpr std::string_view kTo = "\"\\bfnrt";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    const char c = text[at];
    if (rune.code >= 0x80) {
      const bool broken = rune.code == kReplacement && rune.size == 1;
      if (rune.code == 0x2028 || rune.code == 0x2029) {
        out += rune.code == 0x2028 ? "\\u2028" : "\\u2029";
      } else {
        out += broken ? std::string_view("\\ufffd") : text.substr(at, rune.size);
      }
    } else if (const std::size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += '\\';
      out += kTo[i];
    } else if (rune.code < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[rune.code >> 4];
      out += kHex[rune.code & 15];
    } else {
      out += c;
    }
    at += rune.size;
  }
  out += '"';
}

bool has_names_only(std::span<const term::Entry> members) {
  // Keys are in the total order, where strings lie between numbers and arrays.
  return members.empty() || (members.front().key.is_string() && members.back().key.is_string());
}

bool append_name(Context& context, std::string& out, Value key, int depth);

class Writer {
 public:
  Writer(Context& context, std::string& out, const GoJson& style)
      : context_(context), out_(out), style_(style) {}

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool write(Value value, int depth) {
    if (depth > kValueDepthMax) {
      context_.fail("the value is nested too deeply for JSON");
      return false;
    }
    if (!context_.spend(1) || !context_.reserve(out_.size())) return false;
    switch (value.kind()) {
      case Kind::undefined:
      case Kind::null:
        out_ += "null";
        return true;
      case Kind::boolean:
        out_ += value.flag() ? "true" : "false";
        return true;
      case Kind::number:
        out_ += style_.floats ? go_json_float(term::to_double(value)) : term::number_text(value);
        return true;
      case Kind::string:
        append_text(out_, value.text());
        return true;
      case Kind::array:
      case Kind::set:
        return list(value, depth);
      case Kind::object:
        return object(value, depth);
    }
    return true;
  }

 private:
  void line(int depth) {
    if (!style_.pretty) return;
    out_ += '\n';
    out_ += style_.prefix;
    for (int i = 0; i < depth; ++i) out_ += style_.indent;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool list(Value value, int depth) {
    if (value.size() == 0) {
      out_ += "[]";
      return true;
    }
    char before = '[';
    for (const Value item : value.items()) {
      out_ += before;
      before = ',';
      line(depth + 1);
      if (!write(item, depth + 1)) return false;
    }
    line(depth);
    out_ += ']';
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool member(char before, std::string_view name, Value value, int depth) {
    out_ += before;
    line(depth + 1);
    append_text(out_, name);
    out_ += style_.pretty ? ": " : ":";
    return write(value, depth + 1);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool object(Value value, int depth) {
    const auto members = value.members();
    if (members.empty()) {
      out_ += "{}";
      return true;
    }
    char before = '{';
    if (has_names_only(members)) {
      for (const term::Entry& entry : members) {
        if (!member(before, entry.key.text(), entry.value, depth)) return false;
        before = ',';
      }
    } else {
      // Other keys become names, and are sorted and replaced as such.
      std::map<std::string, Value> named;
      for (const term::Entry& entry : members) {
        std::string name;
        if (!append_name(context_, name, entry.key, depth + 1)) return false;
        named[std::move(name)] = entry.value;
      }
      for (const auto& [name, item] : named) {
        if (!member(before, name, item, depth)) return false;
        before = ',';
      }
    }
    line(depth);
    out_ += '}';
    return true;
  }

  Context& context_;
  std::string& out_;
  const GoJson& style_;
};

// NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
bool append_name(Context& context, std::string& out, Value key, int depth) {
  if (key.is_string()) {
    out += key.text();
    return true;
  }
  const GoJson plain;
  return Writer(context, out, plain).write(key, depth);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
bool is_json(Context& context, Value value, int depth) {
  if (value.is_set() || depth > kValueDepthMax || !context.spend(1)) return false;
  for (const Value item : value.items()) {
    if (!is_json(context, item, depth + 1)) return false;
  }
  if (!has_names_only(value.members())) return false;
  for (const term::Entry& entry : value.members()) {
    if (!is_json(context, entry.value, depth + 1)) return false;
  }
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
Value as_json(Context& context, Value value, int depth) {
  if (depth > kValueDepthMax) return context.fail("the value is nested too deeply for JSON");
  if (!context.spend(1)) return {};
  if (value.is_array() || value.is_set()) {
    Value out = term::array(context.arena, value.size());
    for (const Value item : value.items()) {
      const Value made = as_json(context, item, depth + 1);
      if (made.is_undefined()) return {};
      term::append(context.arena, out, made);
    }
    return out;
  }
  if (!value.is_object()) return value;
  Value out = term::object(context.arena, value.size());
  for (const term::Entry& entry : value.members()) {
    std::string name;
    if (!append_name(context, name, entry.key, depth + 1)) return {};
    const Value made = as_json(context, entry.value, depth + 1);
    if (made.is_undefined()) return {};
    term::insert(context.arena, out, name, made);
  }
  return out;
}

}  // namespace

bool append_go_json(Context& context, std::string& out, Value value, const GoJson& style) {
  return Writer(context, out, style).write(value, 0);
}

Value json_model(Context& context, Value value) {
  if (is_json(context, value, 0)) return value;
  return context.fault ? Value() : as_json(context, value, 0);
}

}  // namespace mc::builtin
