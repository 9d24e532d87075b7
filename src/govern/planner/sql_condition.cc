#include "planner/sql_condition.h"

#include <array>
#include <charconv>
#include <utility>

#include "planner/sql_form.h"

namespace mc::planner {
namespace {

json::Value object_of(std::string name, json::Value value) {
  json::Object out;
  out.set(std::move(name), std::move(value));
  return out;
}

// `column op value` as a filter.
json::Value comparison(const std::string& column, std::string_view op, json::Value value) {
  return object_of(column, object_of(std::string(op), std::move(value)));
}

json::Value negated(json::Value filter) {
  return object_of("not", std::move(filter));
}

struct Sign {
  std::string_view sql, filter;
};
constexpr std::array<Sign, 7> kSigns = {{{"=", "eq"},
                                         {"<>", "ne"},
                                         {"!=", "ne"},
                                         {"<", "lt"},
                                         {"<=", "lte"},
                                         {">", "gt"},
                                         {">=", "gte"}}};

class ConditionParser {
 public:
  explicit ConditionParser(SqlReader& reader) : reader_(reader) {}

  Result<json::Value> any(std::size_t depth) {
    return list("OR", "or", [&] { return all(depth); });
  }

 private:
  template <class Part>
  Result<json::Value> list(std::string_view keyword, std::string_view member, const Part& part) {
    MC_TRY(json::Value first, part());
    if (!reader_.token().is(keyword)) return first;
    json::Array parts;
    parts.push_back(std::move(first));
    while (reader_.token().is(keyword)) {
      MC_TRY_OK(reader_.advance());
      MC_TRY(json::Value next, part());
      parts.push_back(std::move(next));
    }
    return object_of(std::string(member), std::move(parts));
  }

  Result<json::Value> all(std::size_t depth) {
    return list("AND", "and", [&] { return one(depth); });
  }

  Result<json::Value> one(std::size_t depth) {
    if (depth > kSqlDepthMax) {
      return sql_error(reader_.token().at,
                       "deeper than " + std::to_string(kSqlDepthMax) + " levels");
    }
    MC_TRY(const bool negate, reader_.take("NOT"));
    if (negate) {
      MC_TRY(json::Value inner, one(depth + 1));
      return negated(std::move(inner));
    }
    MC_TRY(const bool open, reader_.take("("));
    if (!open) return compare();
    MC_TRY(json::Value inner, any(depth + 1));
    MC_TRY_OK(reader_.expect(")"));
    return inner;
  }

  Result<json::Value> compare() {
    if (++terms_ > kSqlTermsMax) {
      return sql_error(reader_.token().at,
                       "more than " + std::to_string(kSqlTermsMax) + " comparisons");
    }
    MC_TRY(const std::string column, reader_.name("a column"));
    if (reader_.token().is_sign("(")) {
      return sql_error(reader_.token().at, "functions are not allowed here");
    }
    MC_TRY(const bool is, reader_.take("IS"));
    if (is) {
      MC_TRY(const bool is_not, reader_.take("NOT"));
      MC_TRY_OK(reader_.expect("NULL"));
      return comparison(column, "isNull", !is_not);
    }
    for (const Sign& sign : kSigns) {
      if (!reader_.token().is_sign(sign.sql)) continue;
      MC_TRY_OK(reader_.advance());
      MC_TRY(json::Value value, parse_literal(reader_));
      return comparison(column, sign.filter, std::move(value));
    }
    MC_TRY(const bool negate, reader_.take("NOT"));
    MC_TRY(json::Value found, keyword(column));
    return negate ? negated(std::move(found)) : std::move(found);
  }

  Result<json::Value> keyword(const std::string& column) {
    MC_TRY(const bool in, reader_.take("IN"));
    if (in) return in_list(column);
    MC_TRY(const bool between, reader_.take("BETWEEN"));
    if (between) {
      MC_TRY(json::Value low, parse_literal(reader_));
      MC_TRY_OK(reader_.expect("AND"));
      MC_TRY(json::Value high, parse_literal(reader_));
      json::Object range;
      range.set("gte", std::move(low));
      range.set("lte", std::move(high));
      return object_of(column, std::move(range));
    }
    const SqlToken like = reader_.token();
    if (!like.is("LIKE")) {
      return sql_error(like.at, "expected a comparison: = <> < <= > >= IN BETWEEN LIKE IS");
    }
    MC_TRY_OK(reader_.advance());
    return beginning(column);
  }

  Result<json::Value> beginning(const std::string& column) {
    const SqlToken token = reader_.token();
    std::string text = token.text;
    const bool fits = token.kind == SqlToken::Kind::text && text.size() > 1 &&
                      text.find_first_of("%_\\") == text.size() - 1 && text.back() == '%';
    if (!fits) return sql_error(token.at, "LIKE takes a beginning: 'abc%'");
    MC_TRY_OK(reader_.advance());
    text.pop_back();
    return comparison(column, "startsWith", std::move(text));
  }

  Result<json::Value> in_list(const std::string& column) {
    MC_TRY_OK(reader_.expect("("));
    json::Array values;
    for (;;) {
      if (values.size() == kSqlListMax) {
        return sql_error(reader_.token().at,
                         "more than " + std::to_string(kSqlListMax) + " values in a list");
      }
      MC_TRY(json::Value value, parse_literal(reader_));
      values.push_back(std::move(value));
      MC_TRY(const bool more, reader_.take(","));
      if (!more) break;
    }
    MC_TRY_OK(reader_.expect(")"));
    return comparison(column, "in", std::move(values));
  }

  SqlReader& reader_;
  std::size_t terms_ = 0;
};

Result<json::Value> number_of(const SqlToken& token) {
  if (token.kind == SqlToken::Kind::integer) {
    const Result<std::int64_t> value = parse_int(token.text);
    if (!value) return sql_error(token.at, "an integer has at most 64 bits");
    return json::Value(*value);
  }
  double value = 0;
  const char* const end = token.text.data() + token.text.size();
  const auto read = std::from_chars(token.text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return sql_error(token.at, "no such number");
  return json::Value(value);
}

}  // namespace

Status SqlReader::advance() {
  MC_TRY(token_, tokens_.next());
  return ok();
}

Result<bool> SqlReader::take(std::string_view word) {
  if (!token_.is(word) && !token_.is_sign(word)) return false;
  MC_TRY_OK(advance());
  return true;
}

Status SqlReader::expect(std::string_view word) {
  MC_TRY(const bool taken, take(word));
  if (!taken) return sql_error(token_.at, "expected " + std::string(word));
  return ok();
}

Result<std::string> SqlReader::name(std::string_view of_what) {
  constexpr std::array<std::string_view, 24> kReserved = {
      "SELECT", "FROM",  "WHERE",  "GROUP", "BY",     "ORDER",    "LIMIT", "AND",
      "OR",     "NOT",   "IN",     "IS",    "NULL",   "BETWEEN",  "LIKE",  "AS",
      "TRUE",   "FALSE", "HAVING", "UNION", "OFFSET", "DISTINCT", "JOIN",  "CASE"};
  const SqlToken found = token_;
  bool reserved = false;
  for (const std::string_view word : kReserved) reserved = reserved || found.is(word);
  const bool named =
      found.kind == SqlToken::Kind::word || found.kind == SqlToken::Kind::quoted_name;
  if (!named || reserved || found.text.empty()) {
    return sql_error(found.at, "expected " + std::string(of_what));
  }
  MC_TRY_OK(advance());
  return found.text;
}

Result<json::Value> parse_literal(SqlReader& reader) {
  const SqlToken token = reader.token();
  json::Value out;
  if (token.kind == SqlToken::Kind::text) {
    out = token.text;
  } else if (token.kind == SqlToken::Kind::integer || token.kind == SqlToken::Kind::decimal) {
    MC_TRY(out, number_of(token));
  } else if (token.is("TRUE") || token.is("FALSE")) {
    out = token.is("TRUE");
  } else if (token.is("NULL")) {
    return sql_error(token.at, "missing values are found by IS NULL");
  } else {
    return sql_error(token.at, "expected a value: 'text', a number, TRUE or FALSE");
  }
  MC_TRY_OK(reader.advance());
  return out;
}

Result<json::Value> parse_condition(SqlReader& reader) {
  return ConditionParser(reader).any(1);
}

}  // namespace mc::planner
