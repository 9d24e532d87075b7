#include "sql/sql.h"

#include <fmt/format.h>

namespace mc::sql {

Result<std::int64_t> Connection::execute(std::string_view sql,
                                         std::initializer_list<Param> params) {
  return execute(sql, std::span<const Param>(params.begin(), params.size()));
}

Result<std::unique_ptr<Rows>> Connection::query(std::string_view sql,
                                                std::initializer_list<Param> params) {
  return query(sql, std::span<const Param>(params.begin(), params.size()));
}

void Drivers::add(std::unique_ptr<Driver> driver) {
  std::string scheme(driver->scheme());
  drivers_.insert_or_assign(std::move(scheme), std::move(driver));
}

Result<std::unique_ptr<Connection>> Drivers::open(const std::string& url,
                                                  const OpenOptions& options) const {
  const std::size_t colon = url.find(':');
  if (colon == std::string::npos) {
    return fail(Code::invalid, "a database URL begins with a scheme, as in sqlite:/path/file.db");
  }
  std::string scheme = url.substr(0, colon);
  if (scheme == "postgresql") scheme = "postgres";
  const auto found = drivers_.find(scheme);
  if (found == drivers_.end()) {
    return fail(Code::invalid,
                fmt::format("no driver for database scheme \"{}\"", excerpt(scheme)));
  }
  return found->second->open(url, options);
}

Result<Transaction> Transaction::begin(Connection& connection) {
  MC_TRY_OK(connection.begin());
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
  other.connection_ = nullptr;
}

Transaction::~Transaction() {
  // Nothing can be reported from here; a connection that fails to roll back refuses what follows.
  if (connection_ != nullptr) static_cast<void>(connection_->rollback());
}

Status Transaction::commit() {
  if (connection_ == nullptr) return fail(Code::invalid, "the transaction has already ended");
  MC_TRY_OK(connection_->commit());
  connection_ = nullptr;
  return ok();
}

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

}  // namespace mc::sql
