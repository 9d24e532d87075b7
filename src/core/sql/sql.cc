#include "sql/sql.h"

#include <fmt/format.h>

namespace mc::sql {
namespace {

constexpr std::string_view kElsewhere = "the database says that it stands in region ";

}  // namespace

Error region_refused(const std::string& region) {
  return {Code::denied, std::string(kElsewhere) + region};
}

std::string wrong_region(const Error& error) {
  if (error.code != Code::denied || !error.what.starts_with(kElsewhere)) return "";
  return error.what.substr(kElsewhere.size());
}

Rows::Value Rows::value(int column) const {
  Value out;
  out.type = type(column);
  if (out.type == Type::integer) out.integer = integer(column);
  if (out.type == Type::real) out.real = real(column);
  if (out.type == Type::text || out.type == Type::blob) out.text = text(column);
  return out;
}

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

Driver* Drivers::find(std::string_view url) const {
  std::string_view scheme = url.substr(0, url.find(':'));
  if (scheme == "postgresql") scheme = "postgres";
  const auto found = drivers_.find(scheme);
  return found == drivers_.end() ? nullptr : found->second.get();
}

Result<std::unique_ptr<Connection>> Drivers::open(const std::string& url,
                                                  const OpenOptions& options) const {
  const std::size_t colon = url.find(':');
  if (colon == std::string::npos) {
    return fail(Code::invalid, "a database URL begins with a scheme, as in sqlite:/path/file.db");
  }
  if (Driver* driver = find(url)) return driver->open(url, options);
  return fail(Code::invalid, fmt::format("no driver for database scheme \"{}\"",
                                         excerpt(std::string_view(url).substr(0, colon))));
}

bool Drivers::in_process(std::string_view url) const {
  const Driver* driver = find(url);
  return driver != nullptr && driver->in_process();
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
  std::string out;
  out.reserve(identifier.size() + 2);
  out += '"';
  while (true) {
    const std::size_t quote = identifier.find('"');
    out += identifier.substr(0, quote);
    if (quote == std::string_view::npos) break;
    out += "\"\"";
    identifier.remove_prefix(quote + 1);
  }
  out += '"';
  return out;
}

}  // namespace mc::sql
