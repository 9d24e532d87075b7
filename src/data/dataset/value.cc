#include "dataset/value.h"

#include <cmath>

namespace mc::dataset {
namespace {

using sql::Dialect;

bool in_postgres_form(const Column& column, Dialect dialect) {
  return dialect == Dialect::postgres && column.storage == Storage::natural;
}

bool is_text(const Column& column) {
  switch (column.type) {
    case ColumnType::id:
      return column.storage != Storage::integer;
    case ColumnType::string:
      return true;
    case ColumnType::date:
    case ColumnType::datetime:
    case ColumnType::json:
      return column.storage == Storage::text;
    default:
      return false;
  }
}

// The PostgreSQL type that a text parameter is cast to; "" = none needed.
std::string_view postgres_cast(const Column& column) {
  if (column.storage == Storage::text) return "";
  switch (column.type) {
    case ColumnType::date:
      return "date";
    case ColumnType::datetime:
      return "timestamptz";
    case ColumnType::json:
      return "jsonb";
    default:
      return "";
  }
}

std::string_view postgres_element_type(const Column& column) {
  const std::string_view cast = postgres_cast(column);
  if (!cast.empty()) return cast;
  switch (column.type) {
    case ColumnType::int_:
    case ColumnType::long_:
      return "bigint";
    case ColumnType::boolean:
      return "boolean";
    default:
      return column.storage == Storage::integer ? "bigint" : "text";
  }
}

Result<sql::Param> integer_param(const json::Value& value) {
  if (const std::int64_t* number = value.as_int()) return sql::Param(*number);
  if (const std::string* text = value.as_string()) {
    MC_TRY(const std::int64_t number, parse_int(*text));
    return sql::Param(number);
  }
  // 5.0 is an integer in JSON; 2^63 and above is not one of ours.
  const double* real = value.as_double();
  if (real != nullptr && std::floor(*real) == *real && std::abs(*real) < 9.0e18) {
    return sql::Param(static_cast<std::int64_t>(*real));
  }
  return fail(Code::invalid, "must be a 64-bit integer");
}

Result<std::string> checked_text(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return fail(Code::invalid, "must be at most " + std::to_string(bytes_max) + " bytes");
  }
  if (text.find('\0') != std::string::npos) return fail(Code::invalid, "must not contain U+0000");
  if (!is_valid_utf8(text)) return fail(Code::invalid, "must be valid UTF-8");
  return text;
}

Result<std::string> text_of(const json::Value& value, std::size_t bytes_max) {
  if (const std::string* text = value.as_string()) return checked_text(*text, bytes_max);
  if (const std::int64_t* number = value.as_int()) return std::to_string(*number);
  return fail(Code::invalid, "must be a text");
}

Result<sql::Param> float_param(const json::Value& value) {
  if (const double* real = value.as_double()) return sql::Param(*real);
  if (const std::int64_t* number = value.as_int()) return sql::Param(static_cast<double>(*number));
  return fail(Code::invalid, "must be a number");
}

Cell bad() {
  Cell cell;
  cell.kind = Cell::Kind::bad;
  return cell;
}
Cell integer_cell(Cell::Kind kind, std::int64_t value) {
  Cell cell;
  cell.kind = kind;
  cell.integer = value;
  return cell;
}

Cell text_cell(const Column& column, const sql::Rows::Value& value, graphql::Arena& arena) {
  Cell cell;
  cell.kind = Cell::Kind::text;
  if (value.type == sql::Type::integer) {
    cell.text = arena.keep(std::to_string(value.integer));
    return cell;
  }
  const std::string_view text = value.text;
  // Microseconds of PostgreSQL that say nothing more than the milliseconds.
  if (column.type == ColumnType::datetime && text.size() == 27 && text.ends_with("000Z")) {
    cell.text = arena.keep(std::string(text.substr(0, 23)) + "Z");
    return cell;
  }
  cell.text = arena.keep(text);
  return cell;
}

}  // namespace

std::string_view Cell::key() const {
  switch (kind) {
    case Kind::text:
      return text;
    case Kind::null:
    case Kind::bad:
      return {};
    default:
      return {reinterpret_cast<const char*>(&integer), sizeof integer};
  }
}

sql::Param to_param(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::boolean:
      return cell.integer != 0;
    case Cell::Kind::integer:
      return cell.integer;
    case Cell::Kind::real:
      return cell.real;
    case Cell::Kind::text:
      return std::string(cell.text);
    case Cell::Kind::null:
    case Cell::Kind::bad:
      break;
  }
  return std::monostate{};
}

Result<sql::Param> to_param(const Column& column, Dialect dialect, const json::Value& value,
                            std::size_t text_bytes_max) {
  if (value.is_null()) return fail(Code::invalid, "must not be null");
  switch (column.type) {
    case ColumnType::int_:
    case ColumnType::long_:
      return integer_param(value);
    case ColumnType::float_:
      return float_param(value);
    case ColumnType::boolean:
      if (const bool* flag = value.as_bool()) return sql::Param(*flag);
      return fail(Code::invalid, "must be true or false");
    case ColumnType::json: {
      MC_TRY(std::string text, checked_text(json::print(value), text_bytes_max));
      return sql::Param(std::move(text));
    }
    case ColumnType::id:
      if (column.storage == Storage::integer) return integer_param(value);
      break;
    default:
      break;
  }
  MC_TRY(std::string text, text_of(value, text_bytes_max));
  if (column.type == ColumnType::date && !is_date(text)) {
    return fail(Code::invalid, "must be a date such as 2026-11-22");
  }
  if (column.type == ColumnType::datetime) {
    MC_TRY(std::string canonical, canonical_datetime(text));
    return sql::Param(in_postgres_form(column, dialect) ? std::move(text) : std::move(canonical));
  }
  return sql::Param(std::move(text));
}

std::string read_expression(const Column& column, Dialect dialect) {
  std::string name = sql::quoted(column.column);
  if (dialect == Dialect::sqlite) return name;
  if (column.type == ColumnType::float_) return "CAST(" + name + " AS double precision)";
  if (column.type == ColumnType::datetime && in_postgres_form(column, dialect)) {
    return "to_char(" + name + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  }
  const bool whole = column.type == ColumnType::int_ || column.type == ColumnType::long_ ||
                     column.storage == Storage::integer;
  if (whole) return "CAST(" + name + " AS bigint)";
  if (column.type == ColumnType::boolean) return name;
  return "CAST(" + name + " AS text)";
}

std::string compare_expression(const Column& column, Dialect dialect) {
  std::string name = sql::quoted(column.column);
  if (dialect == Dialect::postgres && is_text(column)) name += " COLLATE \"C\"";
  return name;
}

std::string operand(const Column& column, Dialect dialect, const std::string& placeholder) {
  if (dialect == Dialect::sqlite) return placeholder;
  const std::string_view cast = postgres_cast(column);
  if (cast.empty()) return placeholder;
  return "CAST(" + placeholder + " AS " + std::string(cast) + ")";
}

std::string in_json_list(const Column& column, Dialect dialect, const std::string& placeholder) {
  const std::string name = sql::quoted(column.column);
  if (dialect == Dialect::sqlite) {
    return name + " IN (SELECT value FROM json_each(" + placeholder + "))";
  }
  return name + " = ANY(ARRAY(SELECT CAST(item AS " + std::string(postgres_element_type(column)) +
         ") FROM jsonb_array_elements_text(CAST(" + placeholder + " AS jsonb)) AS list(item)))";
}

Cell read_cell(const Column& column, const sql::Rows& rows, int index, graphql::Arena& arena) {
  const sql::Rows::Value value = rows.value(index);
  const sql::Type type = value.type;
  if (type == sql::Type::null) return {};
  if (type == sql::Type::blob) return bad();
  switch (column.type) {
    case ColumnType::boolean:
      if (type != sql::Type::integer) return bad();
      return integer_cell(Cell::Kind::boolean, value.integer != 0 ? 1 : 0);
    case ColumnType::int_:
    case ColumnType::long_:
      if (type != sql::Type::integer) return bad();
      return integer_cell(Cell::Kind::integer, value.integer);
    case ColumnType::float_: {
      if (type != sql::Type::integer && type != sql::Type::real) return bad();
      Cell cell;
      cell.kind = Cell::Kind::real;
      cell.real = type == sql::Type::real ? value.real : static_cast<double>(value.integer);
      return cell;
    }
    case ColumnType::id:
      if (column.storage != Storage::integer) break;
      if (type != sql::Type::integer) return bad();
      return integer_cell(Cell::Kind::integer, value.integer);
    default:
      break;
  }
  if (type == sql::Type::real) return bad();
  return text_cell(column, value, arena);
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (std::size_t i = at; i < at + length; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

Result<std::string> canonical_datetime(std::string_view text) {
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) return fail(Code::invalid, "must be a moment such as 2026-11-22T11:51:20.000Z");
  return format_rfc3339(*time);
}

}  // namespace mc::dataset
