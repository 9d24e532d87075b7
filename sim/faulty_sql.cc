#include "sim/faulty_sql.h"

namespace mc::sim {

void FaultyConnection::fail_at(std::int64_t n, Fault fault) {
  fail_at_ = statements_ + n;
  fault_ = fault;
}

std::optional<FaultyConnection::Fault> FaultyConnection::count() {
  ++statements_;
  if (statements_ != fail_at_) return std::nullopt;
  return fault_;
}

template <class Run>
auto FaultyConnection::pass(const Run& statement) -> decltype(statement()) {
  if (doomed_) return fail(Code::conflict, "an injected fault doomed the transaction");
  const std::optional<Fault> fault = count();
  if (!fault) return statement();
  if (*fault == Fault::run_but_reported_failed) {
    auto result = statement();
    // A query is run by stepping it; what it gives is lost.
    if constexpr (requires { (*result)->next(); }) {
      while (result && (*result)->next() == true) continue;
    }
  }
  doomed_ = in_transaction_;
  return fail(Code::unavailable, "an injected fault");
}

Result<std::unique_ptr<sql::Rows>> FaultyConnection::query(std::string_view sql,
                                                           std::span<const sql::Param> params) {
  return pass([&] { return inner_->query(sql, params); });
}

Result<std::int64_t> FaultyConnection::execute(std::string_view sql,
                                               std::span<const sql::Param> params) {
  return pass([&] { return inner_->execute(sql, params); });
}

Status FaultyConnection::script(std::string_view sql) {
  return pass([&] { return inner_->script(sql); });
}

Status FaultyConnection::begin() {
  const Status done = pass([&] { return inner_->begin(); });
  // A transaction whose begin was reported as failed is none to the caller.
  if (!done) static_cast<void>(inner_->rollback());
  in_transaction_ = done.has_value();
  return done;
}

Status FaultyConnection::commit() {
  Status done = pass([&] { return inner_->commit(); });
  if (done) in_transaction_ = false;
  return done;
}

Status FaultyConnection::rollback() {
  const bool open = in_transaction_;
  in_transaction_ = false;
  doomed_ = false;
  const Status done = inner_->rollback();
  // After a commit that was reported as failed there is nothing to roll back.
  return open ? ok() : done;
}

Status FaultyConnection::insert_many(std::string_view table, std::span<const std::string> columns,
                                     std::span<const sql::Param> values) {
  return pass([&] { return inner_->insert_many(table, columns, values); });
}

}  // namespace mc::sim
