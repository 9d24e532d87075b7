// A connection that fails when told: the n-th statement is not run, or runs and is reported as
// failed (a reply that got lost). Everything else is passed to the connection behind it.
#pragma once

#include <memory>

#include "sql/sql.h"

namespace mc::sim {

class FaultyConnection final : public sql::Connection {
 public:
  enum class Fault { not_run, run_but_reported_failed };
  explicit FaultyConnection(sql::Connection& inner) : inner_(&inner) {}

  // The n-th statement from now on (1 = the next) fails once with `unavailable`. Statements are
  // query, execute, script, begin, commit and insert_many.
  void fail_at(std::int64_t n, Fault fault);
  std::int64_t statements() const { return statements_; }

  using sql::Connection::execute;
  using sql::Connection::query;
  sql::Dialect dialect() const override { return inner_->dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override;
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override;
  Status script(std::string_view sql) override;
  Status begin() override;
  Status commit() override;
  Status rollback() override;
  void interrupt() override { inner_->interrupt(); }
  void set_statement_timeout(Nanos limit) override { inner_->set_statement_timeout(limit); }
  void set_step_limit(std::int64_t steps) override { inner_->set_step_limit(steps); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override;
  std::string version() const override { return inner_->version(); }
  bool lost() override { return inner_->lost(); }

 private:
  // Counts a statement; the fault when it is the chosen one.
  std::optional<Fault> count();
  // Runs `statement` as the fault says.
  template <class Run>
  auto pass(const Run& statement) -> decltype(statement());

  sql::Connection* inner_;
  std::int64_t statements_ = 0;
  std::int64_t fail_at_ = 0;
  Fault fault_ = Fault::not_run;
  bool in_transaction_ = false;  // as the caller has to believe
  bool doomed_ = false;
};

}  // namespace mc::sim
