#include "planner/sql_form.h"

#include <algorithm>
#include <array>

#include "planner/sql_condition.h"

namespace mc::planner {
namespace {

using dataset::PrivateAggregate;

class QueryParser {
 public:
  explicit QueryParser(std::string_view text) : reader_(text) {}

  Result<dataset::PrivateQuestion> query() {
    MC_TRY_OK(reader_.start());
    MC_TRY_OK(reader_.expect("SELECT"));
    MC_TRY_OK(items());
    MC_TRY_OK(reader_.expect("FROM"));
    MC_TRY(out_.dataset, reader_.name("a dataset"));
    if (reader_.token().is_sign(",") || reader_.token().is("JOIN")) {
      return sql_error(reader_.token().at, "one dataset a query; joins are not allowed");
    }
    MC_TRY(const bool where, reader_.take("WHERE"));
    if (where) {
      MC_TRY(out_.where, parse_condition(reader_));
    }
    MC_TRY_OK(group_by());
    MC_TRY_OK(order_by());
    MC_TRY(const bool ended, reader_.take(";"));
    const SqlToken& rest = reader_.token();
    if (rest.kind != SqlToken::Kind::end) {
      return sql_error(rest.at, ended ? "one statement a query" : "nothing may follow here");
    }
    MC_TRY_OK(check_columns());
    return std::move(out_);
  }

 private:
  Status items() {
    bool found = false;
    for (;;) {
      const SqlToken at = reader_.token();
      if (at.is_sign("*")) return sql_error(at.at, "rows are not given, only aggregates");
      MC_TRY(std::string name, reader_.name("a column or an aggregate"));
      if (reader_.token().is_sign("(")) {
        if (found) return sql_error(at.at, "one aggregate a query: each has its own price");
        found = true;
        MC_TRY_OK(aggregate(at));
      } else {
        columns_.push_back({std::move(name), at.at});
      }
      MC_TRY(const bool named, reader_.take("AS"));
      if (named) {
        MC_TRY(const std::string alias, reader_.name("a name"));
      }
      MC_TRY(const bool more, reader_.take(","));
      if (!more) break;
    }
    if (!found) return sql_error(reader_.token().at, "an aggregate is missing, such as COUNT(*)");
    return ok();
  }

  Status aggregate(const SqlToken& function) {
    struct Known {
      std::string_view name;
      PrivateAggregate what;
      std::string_view quantile = {};
    };
    constexpr std::array<Known, 6> kKnown = {{{"COUNT", PrivateAggregate::count},
                                              {"SUM", PrivateAggregate::sum},
                                              {"AVG", PrivateAggregate::mean},
                                              {"MEDIAN", PrivateAggregate::quantile, "0.5"},
                                              {"QUANTILE", PrivateAggregate::quantile},
                                              {"HISTOGRAM", PrivateAggregate::histogram}}};
    const auto* const known =
        std::ranges::find_if(kKnown, [&](const Known& each) { return function.is(each.name); });
    if (known == kKnown.end()) {
      return sql_error(function.at,
                       "no such aggregate; there are COUNT SUM AVG MEDIAN QUANTILE HISTOGRAM");
    }
    out_.aggregate = known->what;
    out_.q = known->quantile;
    MC_TRY_OK(reader_.expect("("));
    if (known->what == PrivateAggregate::count) {
      MC_TRY_OK(counted());
    } else {
      MC_TRY(out_.of, reader_.name("a column"));
      if (known->what == PrivateAggregate::quantile && known->quantile.empty()) {
        MC_TRY_OK(reader_.expect(","));
        MC_TRY_OK(quantile());
      }
    }
    return reader_.expect(")");
  }

  Status counted() {
    MC_TRY(const bool rows, reader_.take("*"));
    if (rows) return ok();
    const SqlToken at = reader_.token();
    MC_TRY(const bool distinct, reader_.take("DISTINCT"));
    if (!distinct) {
      return sql_error(at.at, "a count is COUNT(*) or COUNT(DISTINCT unit)");
    }
    out_.aggregate = PrivateAggregate::units;
    MC_TRY(out_.of, reader_.name("the column of the privacy unit"));
    return ok();
  }

  Status quantile() {
    const SqlToken token = reader_.token();
    if (token.kind != SqlToken::Kind::decimal && token.kind != SqlToken::Kind::integer) {
      return sql_error(token.at, "expected a number from 0 to 1");
    }
    out_.q = token.text;
    return reader_.advance();
  }

  Status group_by() {
    MC_TRY(const bool grouped, reader_.take("GROUP"));
    if (!grouped) return ok();
    MC_TRY_OK(reader_.expect("BY"));
    for (;;) {
      const std::size_t at = reader_.token().at;
      MC_TRY(std::string name, reader_.name("a column"));
      if (std::ranges::find(out_.group_by, name) != out_.group_by.end()) {
        return sql_error(at, "stands twice in GROUP BY");
      }
      if (out_.group_by.size() == kSqlColumnsMax) {
        return sql_error(at, "GROUP BY has at most " + std::to_string(kSqlColumnsMax) + " columns");
      }
      out_.group_by.push_back(std::move(name));
      MC_TRY(const bool more, reader_.take(","));
      if (!more) return ok();
    }
  }

  Status order_by() {
    const SqlToken at = reader_.token();
    MC_TRY(const bool limited, reader_.take("LIMIT"));
    if (limited) return sql_error(at.at, "LIMIT stands behind ORDER BY COUNT(*) DESC alone");
    MC_TRY(const bool ordered, reader_.take("ORDER"));
    if (!ordered) return ok();
    if (out_.aggregate != PrivateAggregate::count || out_.group_by.size() != 1) {
      return sql_error(at.at, "an order is for COUNT(*) by one column: the top k");
    }
    for (const std::string_view word : {"BY", "COUNT", "(", "*", ")", "DESC", "LIMIT"}) {
      MC_TRY_OK(reader_.expect(word));
    }
    const SqlToken size = reader_.token();
    const Result<std::int64_t> k = parse_int(size.text);
    if (size.kind != SqlToken::Kind::integer || !k || *k < 1 || *k > kSqlTopMax) {
      return sql_error(size.at, "LIMIT is from 1 to " + std::to_string(kSqlTopMax));
    }
    out_.aggregate = PrivateAggregate::top_k;
    out_.of = std::move(out_.group_by.front());
    out_.group_by.clear();
    out_.k = *k;
    return reader_.advance();
  }

  Status check_columns() {
    const bool top = out_.aggregate == PrivateAggregate::top_k;
    for (const Named& column : columns_) {
      const bool grouped =
          top ? column.name == out_.of
              : std::ranges::find(out_.group_by, column.name) != out_.group_by.end();
      if (!grouped) return sql_error(column.at, "a column in front must stand in GROUP BY");
    }
    return ok();
  }

  struct Named {
    std::string name;
    std::size_t at = 0;
  };
  SqlReader reader_;
  dataset::PrivateQuestion out_;
  std::vector<Named> columns_;  // in front of and behind the aggregate
};

}  // namespace

Result<dataset::PrivateQuestion> parse_sql(std::string_view text) {
  if (text.size() > kSqlBytesMax) {
    return fail(Code::invalid, "sql: longer than " + std::to_string(kSqlBytesMax) + " bytes");
  }
  if (!is_valid_utf8(text)) return fail(Code::invalid, "sql: not UTF-8");
  return QueryParser(text).query();
}

}  // namespace mc::planner
