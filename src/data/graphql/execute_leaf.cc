// Result coercion of leaves (specification 3.5 "Result Coercion"), with the messages of graphql-js.
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "graphql/execute_write.h"

namespace mc::graphql {
namespace {

constexpr double kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr double kIntMin = std::numeric_limits<std::int32_t>::min();

// to_chars needs no locale and no allocation.
void append_integer(std::string& out, std::int64_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

// A value as messages show it. NaN and infinities are no JSON, but JavaScript shows them.
std::string shown(const Datum& datum) {
  switch (datum.kind) {
    case Datum::Kind::boolean:
      return inspect(json::Value(datum.boolean));
    case Datum::Kind::integer:
      return inspect(json::Value(datum.integer));
    case Datum::Kind::real:
      if (std::isnan(datum.real)) return "NaN";
      if (std::isinf(datum.real)) return datum.real > 0 ? "Infinity" : "-Infinity";
      return inspect(json::Value(datum.real));
    case Datum::Kind::text:
      return inspect(json::Value(datum.text));
    case Datum::Kind::json:
      return inspect(*datum.json);
    case Datum::Kind::list:
      return "[Array]";
    default:
      return "{}";
  }
}

// Number(text) of JavaScript for decimal text; nothing where that gives NaN.
std::optional<double> number_in(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != text.npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What JavaScript would compare with the range of a number.
std::optional<double> number_of(const Datum& datum) {
  if (datum.kind == Datum::Kind::boolean) return datum.boolean ? 1.0 : 0.0;
  if (datum.kind == Datum::Kind::integer) return static_cast<double>(datum.integer);
  if (datum.kind == Datum::Kind::real) return datum.real;
  if (datum.kind == Datum::Kind::text) return number_in(datum.text);
  return std::nullopt;
}

// 3.5.1: 32 bits; fractions and text that is no number are errors, not rounded. Every function
// below appends all or, with a message, nothing.
std::string append_int(std::string& out, const Datum& datum) {
  const std::optional<double> number = number_of(datum);
  if (!number || std::trunc(*number) != *number || std::isinf(*number)) {
    return "Int cannot represent non-integer value: " + shown(datum);
  }
  if (*number > kIntMax || *number < kIntMin) {
    return "Int cannot represent non 32-bit signed integer value: " + shown(datum);
  }
  append_integer(out, static_cast<std::int64_t>(*number));
  return {};
}

// 3.5.2: finite. 64-bit integers keep all their digits.
std::string append_float(std::string& out, const Datum& datum) {
  if (datum.kind == Datum::Kind::integer) {
    append_integer(out, datum.integer);
    return {};
  }
  const std::optional<double> number = number_of(datum);
  if (!number || !std::isfinite(*number)) {
    return "Float cannot represent non numeric value: " + shown(datum);
  }
  json::append_double(out, *number);
  return {};
}

// 3.5.3: numbers and booleans have one obvious text; containers have none.
std::string append_text(std::string& out, const Datum& datum) {
  if (datum.kind == Datum::Kind::text) {
    json::append_quoted(out, datum.text);
    return {};
  }
  if (datum.kind == Datum::Kind::boolean) {
    out += datum.boolean ? "\"true\"" : "\"false\"";
    return {};
  }
  const bool is_number = datum.kind == Datum::Kind::integer || datum.kind == Datum::Kind::real;
  if (!is_number || (datum.kind == Datum::Kind::real && !std::isfinite(datum.real))) {
    return "String cannot represent value: " + shown(datum);
  }
  out += '"';
  append_float(out, datum);
  out += '"';
  return {};
}

// 3.5.5: always a string in the response.
std::string append_id(std::string& out, const Datum& datum) {
  if (datum.kind == Datum::Kind::text) {
    json::append_quoted(out, datum.text);
    return {};
  }
  const bool is_whole = datum.kind == Datum::Kind::integer ||
                        (datum.kind == Datum::Kind::real && std::isfinite(datum.real) &&
                         std::trunc(datum.real) == datum.real);
  if (!is_whole) return "ID cannot represent value: " + shown(datum);
  return append_text(out, datum);
}

// 3.5.4: numbers count as in C, text never does.
std::string append_boolean(std::string& out, const Datum& datum) {
  const std::optional<double> number =
      datum.kind == Datum::Kind::text ? std::nullopt : number_of(datum);
  if (!number || !std::isfinite(*number)) {
    return "Boolean cannot represent a non boolean value: " + shown(datum);
  }
  out += *number != 0 ? "true" : "false";
  return {};
}

// 3.9: a name of the enum; names need no escapes.
std::string append_enum(std::string& out, const TypeDef& type, const Datum& datum) {
  if (datum.kind == Datum::Kind::text) {
    for (const EnumValueDef& value : type.enum_values) {
      if (value.name != datum.text) continue;
      out += '"';
      out += datum.text;
      out += '"';
      return {};
    }
  }
  return "Enum \"" + type.name + "\" cannot represent value: " + shown(datum);
}

// Custom scalars are the business of whoever made the value.
std::string append_custom(std::string& out, const TypeDef& type, const Datum& datum) {
  switch (datum.kind) {
    case Datum::Kind::json:
      json::Writer(out).value(*datum.json);
      return {};
    case Datum::Kind::text:
      return append_text(out, datum);
    case Datum::Kind::boolean:
      return append_boolean(out, datum);
    case Datum::Kind::integer:
    case Datum::Kind::real:
      return append_float(out, datum);
    default:
      return type.name + " cannot represent value: " + shown(datum);
  }
}

// Scalars inside JSON count as what they are; containers stay JSON.
Datum plain(const Datum& datum) {
  if (datum.kind != Datum::Kind::json) return datum;
  if (const std::string* text = datum.json->as_string()) return Datum::of_text(*text);
  if (const std::int64_t* whole = datum.json->as_int()) return Datum::of_int(*whole);
  if (const double* real = datum.json->as_double()) return Datum::of_real(*real);
  if (const bool* flag = datum.json->as_bool()) return Datum::of_bool(*flag);
  return datum;
}

}  // namespace

std::string append_leaf(std::string& out, const FieldPlan& field, const Datum& datum) {
  if (datum.kind == Datum::Kind::json && field.leaf != Leaf::custom) {
    const Datum simple = plain(datum);
    if (simple.kind != Datum::Kind::json) return append_leaf(out, field, simple);
  }
  switch (field.leaf) {
    case Leaf::integer:
      return append_int(out, datum);
    case Leaf::real:
      return append_float(out, datum);
    case Leaf::boolean:
      return append_boolean(out, datum);
    case Leaf::id:
      return append_id(out, datum);
    case Leaf::enum_:
      return append_enum(out, *field.named, datum);
    case Leaf::custom:
      return append_custom(out, *field.named, datum);
    default:
      return append_text(out, datum);
  }
}

}  // namespace mc::graphql
