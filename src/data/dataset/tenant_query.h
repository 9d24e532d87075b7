// TenantQuery: the only writer of SQL over tenant tables.
//
// Invariant: every statement it gives has the tenant as parameter 1 and, wherever it names the
// table, the condition `tenant column = ?1` (an INSERT stores ?1). There is no constructor without
// a tenant and no way to give it SQL text from outside the model: identifiers come from the
// Dataset and are quoted, values are bound. It names one table; relations are further statements.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "dataset/model.h"
#include "sql/sql.h"

namespace mc::dataset {

struct Statement {
  const Dataset* dataset = nullptr;  // that it is over
  std::string text;
  std::vector<sql::Param> params;
  std::size_t rows_expected = 0;  // a guess, to make room; 0 = none
};

// A statement as it is run; what it points at outlives the run.
struct StatementView {
  StatementView(const Statement& statement)
      : dataset(statement.dataset),
        text(statement.text),
        params(statement.params),
        rows_expected(statement.rows_expected) {}
  StatementView(const Dataset* over, std::string_view t, std::span<const sql::Param> p,
                std::size_t rows)
      : dataset(over), text(t), params(p), rows_expected(rows) {}
  const Dataset* dataset;
  std::string_view text;
  std::span<const sql::Param> params;
  std::size_t rows_expected;
};

// A statement that binds one value besides the tenant, kept to be run for any tenant and value.
class KeyStatement {
 public:
  KeyStatement() = default;
  explicit KeyStatement(Statement made) : dataset_(made.dataset), text_(std::move(made.text)) {
    MC_CHECK(made.params.size() == 2);
  }
  class Bound {
   public:
    StatementView view(std::size_t rows_expected) const {
      return {dataset_, text_, params_, rows_expected};
    }

   private:
    friend class KeyStatement;
    const Dataset* dataset_ = nullptr;
    std::string_view text_;
    std::array<sql::Param, 2> params_;
  };
  Bound bind(const TenantId& tenant, sql::Param value) const;

 private:
  const Dataset* dataset_ = nullptr;
  std::string text_;
};

// What all statements of a dataset have in common, in one dialect. The dataset must outlive it.
struct TableSql {
  TableSql(const Dataset& described, sql::Dialect spoken);
  const Dataset* dataset;
  sql::Dialect dialect;
  std::string from;       // ` FROM "person"`
  std::string of_tenant;  // ` WHERE "tenant_id" = ?1`
  struct Names {
    std::string plain;  // quoted
    std::string read;   // read_expression
  };
  std::vector<Names> columns;
};

class TenantQuery {
 public:
  TenantQuery(const TenantId& tenant, const TableSql& sql);

  const Dataset& dataset() const { return *sql_.dataset; }
  sql::Dialect dialect() const { return sql_.dialect; }
  const Column& column(int index) const;
  const TableSql::Names& names(int index) const;

  // Binds a value; gives its placeholder.
  std::string bind(sql::Param value);

  // Fragments made by the module from column expressions and placeholders.
  struct Parts {
    std::string list;   // of the SELECT
    std::string where;  // "" = none
    std::string group;
    std::string order;
    std::int64_t limit = -1;  // -1 = none
  };
  Statement select(const Parts& parts) &&;
  // The rows whose `column`, which no two rows share, is one of the keys, bound as a JSON array of
  // different ones. In no particular order.
  Statement select_by_keys(const std::string& list, int column) &&;
  // At most `limit` rows for each value of `partition`, the first of each in `order`. The result
  // has the columns of `list`, then the row number; sorted by partition, then order.
  Statement select_for_each(const Parts& parts, const std::string& partition,
                            std::int64_t rows_max) &&;

  using Values = std::vector<std::pair<int, sql::Param>>;  // column index, value
  Statement insert(const Values& values) &&;
  // `bump` names a column index to increase by one, -1 = none.
  Statement update(const Values& values, int bump, const std::string& where) &&;
  Statement remove(const std::string& where) &&;

 private:
  std::string filtered(const std::string& where) const;
  Statement finish(std::string text, std::size_t rows_expected) &&;

  const TableSql& sql_;
  std::vector<sql::Param> params_;
};

}  // namespace mc::dataset
