#include "dataset/import_types.h"

#include <charconv>
#include <cmath>

#include "dataset/value.h"

namespace mc::dataset {
namespace {

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return !text.empty();
}

// Canonical integers only: "007" and "+1" are texts that would not come back the same.
bool is_integer(std::string_view text, std::int64_t& value) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (!all_digits(digits) || (digits.size() > 1 && digits[0] == '0') || text == "-0") return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_real(std::string_view text, double& value) {
  const std::string_view body = text.starts_with('-') ? text.substr(1) : text;
  if (body.empty() || body[0] < '0' || body[0] > '9') return false;
  if (body.size() > 1 && body[0] == '0' && body[1] >= '0' && body[1] <= '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

void set_text(sql::Param& out, std::string_view text) {
  if (auto* held = std::get_if<std::string>(&out)) {
    held->assign(text);
  } else {
    out.emplace<std::string>(text);
  }
}

const char* convert_text(std::string_view text, sql::Param& out) {
  if (!is_valid_utf8(text)) return "is not valid UTF-8";
  if (text.find('\0') != std::string_view::npos) return "holds a NUL";
  set_text(out, text);
  return nullptr;
}

}  // namespace

void TypeGuess::see(const RecordCell& cell) {
  using Kind = RecordCell::Kind;
  if (cell.kind == Kind::missing) return;
  any_ = true;
  if (cell.kind == Kind::json) {
    json_ = true;
    return;
  }
  const bool text = cell.kind == Kind::text;
  std::int64_t integer = 0;
  double real = 0;
  if (boolean_) boolean_ = cell.text == "true" || cell.text == "false";
  if (integer_) {
    integer_ = cell.kind != Kind::boolean && is_integer(cell.text, integer);
    small_ = small_ && integer_ && integer >= INT32_MIN && integer <= INT32_MAX;
  }
  if (real_) real_ = cell.kind != Kind::boolean && is_real(cell.text, real);
  if (date_) date_ = text && is_date(cell.text);
  if (datetime_) datetime_ = text && cell.text.size() >= 20 && canonical_datetime(cell.text);
}

ColumnType TypeGuess::type() const {
  if (json_) return ColumnType::json;
  if (!any_) return ColumnType::string;
  if (boolean_) return ColumnType::boolean;
  if (integer_) return small_ ? ColumnType::int_ : ColumnType::long_;
  if (real_) return ColumnType::float_;
  if (date_) return ColumnType::date;
  if (datetime_) return ColumnType::datetime;
  return ColumnType::string;
}

const char* convert(const RecordCell& cell, ColumnType type, sql::Param& out) {
  if (cell.kind == RecordCell::Kind::missing) {
    out = std::monostate{};
    return nullptr;
  }
  std::int64_t integer = 0;
  double real = 0;
  switch (type) {
    case ColumnType::boolean:
      if (cell.text != "true" && cell.text != "false") return "is not true or false";
      out = cell.text == "true";
      return nullptr;
    case ColumnType::int_:
      if (!is_integer(cell.text, integer) || integer < INT32_MIN || integer > INT32_MAX) {
        return "is not a 32-bit integer";
      }
      out = integer;
      return nullptr;
    case ColumnType::long_:
      if (!is_integer(cell.text, integer)) return "is not a 64-bit integer";
      out = integer;
      return nullptr;
    case ColumnType::float_:
      if (!is_real(cell.text, real)) return "is not a number";
      out = real;
      return nullptr;
    case ColumnType::date:
      if (!is_date(cell.text)) return "is not a date such as 2026-11-22";
      set_text(out, cell.text);
      return nullptr;
    case ColumnType::datetime: {
      const Result<std::string> canonical = canonical_datetime(cell.text);
      if (!canonical) return "is not a moment such as 2026-11-22T11:51:20Z";
      set_text(out, *canonical);
      return nullptr;
    }
    case ColumnType::json:
      if (cell.kind == RecordCell::Kind::text) {
        std::string quoted;
        json::append_quoted(quoted, cell.text);
        return convert_text(quoted, out);
      }
      return convert_text(cell.text, out);
    case ColumnType::id:
    case ColumnType::string:
      break;
  }
  return convert_text(cell.text, out);
}

std::string column_name(std::string_view header) {
  std::string out;
  for (const char c : header) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (letter || (c >= '0' && c <= '9')) {
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    } else if (!out.empty() && out.back() != '_') {
      out.push_back('_');
    }
    if (out.size() == 60) break;
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (out.empty()) return "field";
  return out[0] >= '0' && out[0] <= '9' ? "n" + out : out;
}

}  // namespace mc::dataset
