#include "postgres/decode.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

namespace mc::postgres {
namespace {

// Network byte order.
template <class Unsigned>
std::optional<Unsigned> big_endian(std::string_view bytes) {
  if (bytes.size() != sizeof(Unsigned)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<Unsigned>(value);
}

template <class Number>
Number from_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : Number{};
}

std::int64_t octal_digit(char c) {
  return c >= '0' && c <= '7' ? c - '0' : -1;
}

Status append_copy_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\0':
        return fail(Code::invalid, "text for PostgreSQL may not contain a NUL byte");
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
  return ok();
}

Status append_copy_value(std::string& out, const sql::Param& param) {
  if (const auto* text = std::get_if<std::string>(&param)) return append_copy_text(out, *text);
  if (const auto* integer = std::get_if<std::int64_t>(&param)) {
    out += std::to_string(*integer);
  } else if (const auto* real = std::get_if<double>(&param)) {
    out += number_text(*real);
  } else if (const auto* boolean = std::get_if<bool>(&param)) {
    out += *boolean ? '1' : '0';
  } else if (const auto* blob = std::get_if<sql::Blob>(&param)) {
    out += "\\\\x" + to_hex(blob->bytes);
  } else {
    out += "\\N";
  }
  return ok();
}

}  // namespace

Shape shape_of(unsigned type_oid) {
  switch (type_oid) {
    case 16:
      return Shape::boolean;
    case 17:
      return Shape::bytea;
    case 20:
      return Shape::int8;
    case 21:
      return Shape::int2;
    case 23:
      return Shape::int4;
    case 700:
      return Shape::float4;
    case 701:
      return Shape::float8;
    case 25:    // text
    case 19:    // name
    case 1042:  // bpchar
    case 1043:  // varchar
      return Shape::text;
    default:
      return Shape::other;
  }
}

bool has_binary(Shape shape) {
  return shape != Shape::other;
}

sql::Type type_of(Shape shape) {
  switch (shape) {
    case Shape::boolean:
    case Shape::int2:
    case Shape::int4:
    case Shape::int8:
      return sql::Type::integer;
    case Shape::float4:
    case Shape::float8:
      return sql::Type::real;
    case Shape::bytea:
      return sql::Type::blob;
    case Shape::text:
    case Shape::other:
      break;
  }
  return sql::Type::text;
}

std::int64_t decode_integer(Shape shape, Wire wire, std::string_view bytes) {
  if (shape == Shape::boolean) return bytes == (wire == Wire::text ? "t" : "\x01") ? 1 : 0;
  if (type_of(shape) != sql::Type::integer) return 0;
  if (wire == Wire::text) return from_text<std::int64_t>(bytes);
  switch (shape) {
    case Shape::int2:
      return std::bit_cast<std::int16_t>(big_endian<std::uint16_t>(bytes).value_or(0));
    case Shape::int4:
      return std::bit_cast<std::int32_t>(big_endian<std::uint32_t>(bytes).value_or(0));
    default:
      return std::bit_cast<std::int64_t>(big_endian<std::uint64_t>(bytes).value_or(0));
  }
}

double decode_real(Shape shape, Wire wire, std::string_view bytes) {
  if (shape != Shape::float4 && shape != Shape::float8) return 0;
  if (wire == Wire::text) return from_text<double>(bytes);  // takes "Infinity" and "NaN" too
  if (shape == Shape::float4) {
    return static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(bytes).value_or(0)));
  }
  return std::bit_cast<double>(big_endian<std::uint64_t>(bytes).value_or(0));
}

std::string decode_bytea(std::string_view text) {
  if (text.starts_with("\\x")) return from_hex(text.substr(2)).value_or(std::string());
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 >= text.size()) {
      out += text[at];
    } else if (at + 3 < text.size() && octal_digit(text[at + 1]) >= 0) {
      const std::int64_t value = octal_digit(text[at + 1]) * 64 + octal_digit(text[at + 2]) * 8 +
                                 octal_digit(text[at + 3]);
      out += static_cast<char>(value & 0xff);
      at += 3;
    } else {
      out += text[++at];
    }
  }
  return out;
}

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return error == std::errc() ? std::string(buffer, end) : std::string("NaN");
}

Status append_copy_row(std::string& out, std::span<const sql::Param> row) {
  bool first = true;
  for (const sql::Param& param : row) {
    if (!first) out += '\t';
    first = false;
    MC_TRY_OK(append_copy_value(out, param));
  }
  out += '\n';
  return ok();
}

}  // namespace mc::postgres
