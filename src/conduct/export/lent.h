// The state database as a connection that is lent for each statement alone, so that a step of a job
// that takes its time keeps nobody else from it. Rows are read to their end at once. No
// transactions: who needs one lends the connection for as long. Private to the module.
#pragma once

#include <memory>
#include <string>

#include "identity/identity.h"
#include "sql/sql.h"

namespace mc::exporting {

class LentConnection final : public sql::Connection {
 public:
  explicit LentConnection(identity::Directory& directory) : directory_(directory) {}

  using sql::Connection::execute;
  using sql::Connection::query;
  sql::Dialect dialect() const override;
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override;
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override;
  Status script(std::string_view sql) override;
  Status begin() override;
  Status commit() override;
  Status rollback() override;
  void interrupt() override {}
  void set_statement_timeout(Nanos) override {}
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override;
  std::string version() const override;

 private:
  identity::Directory& directory_;
};

}  // namespace mc::exporting
