// urlquery.*: Go's net/url for the query of an address.
#include <map>
#include <optional>

#include "builtin/encoding.h"
#include "builtin/go_json.h"
#include "builtin/go_values.h"

namespace mc::builtin {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Nothing with the problem said when a "%" is no escape.
std::optional<std::string> unescaped(std::string_view text, std::string& problem) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const std::string_view escape = text.substr(i, 3);
      if (escape.size() < 3 || hex_digit(escape[1]) < 0 || hex_digit(escape[2]) < 0) {
        problem = "invalid URL escape " + go_quoted(escape);
        return std::nullopt;
      }
      out += static_cast<char>(hex_digit(escape[1]) * 16 + hex_digit(escape[2]));
      i += 2;
    }
  }
  return out;
}

bool spend_bytes(Context& context, std::string_view text) {
  return context.spend(1 + static_cast<std::int64_t>(text.size() / 16));
}

constexpr std::string_view kValueKinds = "values must be string, array[string], or set[string]";

}  // namespace

Value urlquery_encode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  std::string out;
  append_escaped(out, operands[0].text());
  return checked_string(context, out);
}

Value urlquery_decode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  std::string problem;
  const std::optional<std::string> out = unescaped(operands[0].text(), problem);
  return out ? checked_string(context, *out) : context.fail(problem);
}

Value urlquery_encode_object(Context& context, Operands operands) {
  const Value model = json_model(context, operands[0]);
  if (model.is_undefined()) return {};
  if (!context.want(operands, 0, {Kind::object})) return {};
  std::string out;
  const auto put = [&](std::string_view name, std::string_view text) {
    if (!out.empty()) out += '&';
    append_escaped(out, name);
    out += '=';
    append_escaped(out, text);
    return spend_bytes(context, text) && context.reserve(out.size());
  };
  for (const auto& [key, value] : model.members()) {
    if (value.is_string()) {
      if (!put(key.text(), value.text())) return {};
      continue;
    }
    if (!value.is_array()) return fail_operand(context, 0, kValueKinds);
    for (const Value item : value.items()) {
      if (!item.is_string()) return fail_operand(context, 0, kValueKinds);
      if (!put(key.text(), item.text())) return {};
    }
  }
  return checked_string(context, out);
}

Value urlquery_decode_object(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  std::string_view rest = operands[0].text();
  std::map<std::string, Value> found;
  // The first problem counts, but all pairs are looked at.
  std::string problem;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!context.spend(1)) return {};
    std::string why;
    if (pair.find(';') != std::string_view::npos) {
      why = "invalid semicolon separator in query";
    } else if (!pair.empty()) {
      const std::size_t equals = pair.find('=');
      const std::optional<std::string> name = unescaped(pair.substr(0, equals), why);
      const std::string_view given =
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      const std::optional<std::string> text =
          name ? unescaped(given, why) : std::optional<std::string>();
      if (text) {
        Value& list = found.try_emplace(*name, term::array(context.arena)).first->second;
        const Value item = checked_string(context, *text);
        if (context.fault) return {};
        term::append(context.arena, list, item);
      }
    }
    if (problem.empty()) problem = why;
  }
  if (!problem.empty()) return context.fail(problem);
  Value out = term::object(context.arena, found.size());
  for (const auto& [name, list] : found) {
    const Value key = checked_string(context, name);
    if (context.fault) return {};
    term::insert(context.arena, out, key, list);
  }
  return out;
}

}  // namespace mc::builtin
