#include "postgres/postgres.h"

#include <fmt/format.h>

#include <atomic>
#include <vector>

#include "postgres/decode.h"
#include "postgres/failure.h"
#include "postgres/link.h"
#include "postgres/placeholder.h"
#include "postgres/prepared.h"
#include "postgres/settings.h"

namespace mc::postgres {
namespace {

using sql::Param;
using sql::Rows;

constexpr std::size_t kCachedStatements = 64;
constexpr std::size_t kCopyChunkBytes = 64 << 10;
// How much longer than the server's own limit a statement may take before its peer counts as dead.
constexpr Nanos kGrace = seconds(5);
// Rows dropped in the middle: what is read to the end before the statement is cancelled instead.
constexpr int kDrainRowsMax = 10'000;
constexpr Nanos kDrainWait = millis(5);

class PostgresRows;

class PostgresConnection final : public sql::Connection {
 public:
  explicit PostgresConnection(Settings settings)
      : settings_(std::move(settings)), clock_(sys::real_clock()) {}
  ~PostgresConnection() override;

  // Makes a session when there is none; the first call connects.
  Status connect();
  sql::Dialect dialect() const override { return sql::Dialect::postgres; }
  Result<std::unique_ptr<Rows>> query(std::string_view sql, std::span<const Param> params) override;
  Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params) override;
  Status script(std::string_view sql) override;
  Status begin() override;
  Status commit() override;
  Status rollback() override;
  void interrupt() override;
  void set_statement_timeout(Nanos limit) override { timeout_ = limit; }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const Param> values) override;
  std::string version() const override { return version_; }

 private:
  friend class PostgresRows;
  Status check_usable();
  Status apply_timeout();
  void start_running(std::string_view sql);
  // The next result; null at the end of the statement.
  Result<ResultPtr> take();
  void finish();  // reads the running statement to its end
  void drop_rest(bool harmless_to_cancel);
  Error failure(const PGresult* result);
  Result<std::string> simple(const std::string& sql);  // command tag of the last statement
  Result<Prepared*> prepared(std::string_view sql);
  Result<ResultPtr> start(std::string_view sql, std::span<const Param> params);
  Result<ResultPtr> try_start(std::string_view sql, std::span<const Param> params);
  Status send_copy(std::string_view copy, std::size_t width, std::span<const Param> values);
  void cancel();

  Settings settings_;
  std::unique_ptr<sys::Clock> clock_;
  std::unique_ptr<Link> link_;
  PreparedNames names_;
  sql::StatementCache<PreparedPtr> statements_{kCachedStatements};
  PostgresRows* rows_ = nullptr;
  Guarded<CancelPtr> cancel_;
  std::atomic<bool> running_ = false;
  std::atomic<bool> interrupted_ = false;
  std::string running_sql_;
  std::string version_;
  Nanos timeout_;
  Nanos applied_timeout_;  // what the session has
  bool timeout_in_transaction_ = false;
  std::optional<MonoTime> deadline_;
  bool in_transaction_ = false;
  bool doomed_ = false;
  bool stale_ = false;  // the last failure was a prepared statement that no longer fits
};

bool is_select(std::string_view sql) {
  return equals_ignoring_case(trim(sql).substr(0, 6), "select");
}

class PostgresRows final : public Rows {
 public:
  PostgresRows(PostgresConnection& connection, ResultPtr first, bool select)
      : connection_(&connection), pending_(std::move(first)), select_(select) {
    connection.rows_ = this;
    describe(pending_.get());
  }
  PostgresRows(const PostgresRows&) = delete;
  PostgresRows& operator=(const PostgresRows&) = delete;
  ~PostgresRows() override { close(); }

  Result<bool> next() override {
    if (connection_ == nullptr) {
      if (ended_) return false;
      return fail(Code::unavailable, "the query was abandoned with its transaction");
    }
    if (pending_ != nullptr) {
      row_ = std::move(pending_);
    } else {
      Result<ResultPtr> taken = connection_->take();
      if (!taken) {
        end();
        return tl::unexpected<Error>(std::move(taken).error());
      }
      row_ = std::move(*taken);
    }
    if (row_ != nullptr && PQresultStatus(row_.get()) == PGRES_SINGLE_TUPLE) return true;
    end();
    return false;
  }
  int columns() const override { return row_ ? PQnfields(row_.get()) : 0; }
  std::string_view name(int column) const override {
    const char* text = row_ ? PQfname(row_.get(), column) : nullptr;
    return text != nullptr ? text : std::string_view();
  }
  sql::Type type(int column) const override {
    return has_value(column) ? type_of(shape(column)) : sql::Type::null;
  }
  bool boolean(int column) const override { return integer(column) != 0; }
  std::int64_t integer(int column) const override {
    return has_value(column) ? decode_integer(shape(column), wire_, bytes(column)) : 0;
  }
  double real(int column) const override {
    if (!has_value(column)) return 0;
    if (type_of(shape(column)) == sql::Type::integer) return static_cast<double>(integer(column));
    return decode_real(shape(column), wire_, bytes(column));
  }
  std::string_view text(int column) const override {
    const sql::Type kind = type(column);
    if (kind == sql::Type::text) return bytes(column);
    if (kind != sql::Type::blob) return {};
    if (wire_ == Wire::binary) return bytes(column);
    std::string& decoded = decoded_[static_cast<std::size_t>(column)];
    decoded = decode_bytea(bytes(column));
    return decoded;
  }

  // Gives the connection back; the rest of the rows is dropped.
  void close() {
    if (connection_ == nullptr) return;
    connection_->drop_rest(select_);
    connection_->rows_ = nullptr;
    connection_ = nullptr;
    row_.reset();
    pending_.reset();
  }

 private:
  void end() {
    ended_ = true;
    connection_->finish();
    close();
  }
  void describe(const PGresult* result) {
    const int count = PQnfields(result);
    shapes_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) shapes_.push_back(shape_of(PQftype(result, i)));
    decoded_.resize(shapes_.size());
    if (count > 0 && PQfformat(result, 0) == 1) wire_ = Wire::binary;
  }
  bool has_value(int column) const {
    return row_ != nullptr && column >= 0 && static_cast<std::size_t>(column) < shapes_.size() &&
           PQgetisnull(row_.get(), 0, column) == 0;
  }
  Shape shape(int column) const { return shapes_[static_cast<std::size_t>(column)]; }
  std::string_view bytes(int column) const {
    return {PQgetvalue(row_.get(), 0, column),
            static_cast<std::size_t>(PQgetlength(row_.get(), 0, column))};
  }

  PostgresConnection* connection_;  // null once the rows have ended
  ResultPtr pending_;               // taken, but not yet stepped to
  ResultPtr row_;
  std::vector<Shape> shapes_;
  mutable std::vector<std::string> decoded_;  // one a column, for bytea in text form
  Wire wire_ = Wire::text;
  bool select_;
  bool ended_ = false;
};

PostgresConnection::~PostgresConnection() {
  if (rows_ != nullptr) {
    cancel();
    link_->lose();  // nobody waits for the rest
    rows_->close();
  }
}

Status PostgresConnection::connect() {
  // A server that went away while nothing ran costs no failure: behind it stands the next one.
  if (link_ != nullptr && !in_transaction_ && !link_->lost() && link_->went_away()) link_->lose();
  if (link_ != nullptr && !link_->lost()) return ok();
  cancel_.with([](CancelPtr& cancel) { cancel.reset(); });
  link_.reset();
  statements_.clear();
  names_.forget();
  MC_TRY(link_, Link::open(settings_, *clock_));
  applied_timeout_ = Nanos{};
  version_ = link_->server_version();
  cancel_.with([&](CancelPtr& cancel) { cancel = link_->make_cancel(); });
  return ok();
}

Status PostgresConnection::check_usable() {
  if (rows_ != nullptr) {
    return fail(Code::invalid, "the rows of the connection's last query are still being read");
  }
  if (doomed_) {
    return fail(Code::conflict, "an earlier statement of the transaction failed; roll back first");
  }
  MC_TRY_OK(connect());
  return apply_timeout();
}

Status PostgresConnection::apply_timeout() {
  if (applied_timeout_ == timeout_) return ok();
  // Whole milliseconds, rounded up: zero would mean no limit.
  MC_TRY([[maybe_unused]] const std::string tag,
         simple(fmt::format("SET statement_timeout = {}", (timeout_.count + 999'999) / 1'000'000)));
  applied_timeout_ = timeout_;
  timeout_in_transaction_ = timeout_in_transaction_ || in_transaction_;
  return ok();
}

void PostgresConnection::start_running(std::string_view sql) {
  running_sql_ = sql;
  stale_ = false;
  interrupted_ = false;
  deadline_.reset();
  if (timeout_.count > 0) deadline_ = clock_->mono() + timeout_ + kGrace;
  running_ = true;
}

Error PostgresConnection::failure(const PGresult* result) {
  doomed_ = doomed_ || in_transaction_;
  const std::string_view sqlstate = sqlstate_of(result);
  // A server that takes no writes is the standby now, or not yet the primary: with several hosts in
  // the URL the next session finds the one that does.
  const bool standby = sqlstate == "25006" && settings_.access == sql::Access::read_write;
  if (sqlstate.empty() || standby || ends_session(sqlstate)) link_->lose();
  stale_ = sqlstate == "0A000" || sqlstate == "26000";
  if (sqlstate == "57014" && interrupted_) {
    return {Code::unavailable, "the statement was interrupted"};
  }
  if (sqlstate == "57014" && timeout_.count > 0) {
    return {Code::unavailable,
            fmt::format("the statement took longer than {}", format_duration(timeout_))};
  }
  return failure_of(result, running_sql_);
}

Result<ResultPtr> PostgresConnection::take() {
  ResultPtr result = link_->receive(deadline_);
  if (result == nullptr) {
    if (!link_->lost()) return result;
    return tl::unexpected<Error>(failure(nullptr));
  }
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
      return result;
    case PGRES_EMPTY_QUERY:
      doomed_ = doomed_ || in_transaction_;
      return fail(Code::invalid, "the statement is empty");
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      // The protocol waits for copy data now; a new session is the simple way out.
      link_->lose();
      doomed_ = doomed_ || in_transaction_;
      return fail(Code::invalid, "COPY is not a statement to execute; use insert_many");
    default:
      return tl::unexpected<Error>(failure(result.get()));
  }
}

void PostgresConnection::finish() {
  while (!link_->lost()) {
    if (link_->receive(deadline_) == nullptr) break;
  }
  running_ = false;
}

void PostgresConnection::drop_rest(bool harmless_to_cancel) {
  if (!running_) return;
  // A cancelled statement would doom an open transaction.
  bool may_cancel = harmless_to_cancel && !in_transaction_;
  for (int rows = 0; !link_->lost(); ++rows) {
    if (may_cancel && (rows >= kDrainRowsMax || !link_->ready_within(kDrainWait))) {
      cancel();
      may_cancel = false;
    }
    if (link_->receive(deadline_) == nullptr) break;
  }
  running_ = false;
}

void PostgresConnection::cancel() {
  cancel_.with([](CancelPtr& cancel) {
    char message[256];
    if (cancel != nullptr) PQcancel(cancel.get(), message, sizeof message);
  });
}

void PostgresConnection::interrupt() {
  if (!running_) return;
  interrupted_ = true;
  cancel();
}

Result<std::string> PostgresConnection::simple(const std::string& sql) {
  start_running(sql);
  Result<ResultPtr> taken = ResultPtr();
  std::string tag;
  if (PQsendQuery(link_->connection(), sql.c_str()) == 0) {
    taken = tl::unexpected<Error>(failure(nullptr));
  } else {
    do {
      taken = take();
      if (taken && *taken != nullptr) tag = PQcmdStatus(taken->get());
    } while (taken && *taken != nullptr);
  }
  finish();
  if (!taken) return tl::unexpected<Error>(std::move(taken).error());
  return tag;
}

Result<Prepared*> PostgresConnection::prepared(std::string_view sql) {
  if (PreparedPtr* cached = statements_.find(sql)) return cached->get();
  MC_TRY(const std::string text, rewrite_placeholders(sql));
  if (!in_transaction_) {
    // A name that the server does not know (DISCARD, a pooler) is no loss, but would doom a
    // transaction.
    for (const std::string& name : names_.take_dropped()) {
      if (!simple("DEALLOCATE " + name) && link_->lost()) break;
    }
  }
  PreparedPtr statement = names_.make();
  start_running(sql);
  PGconn* const connection = link_->connection();
  const char* const name = statement->name.c_str();
  Result<ResultPtr> taken = ResultPtr();
  for (int phase = 0; phase < 2 && taken; ++phase) {
    const int sent = phase == 0 ? PQsendPrepare(connection, name, text.c_str(), 0, nullptr)
                                : PQsendDescribePrepared(connection, name);
    taken = sent == 0 ? tl::unexpected<Error>(failure(nullptr)) : take();
    if (taken && phase == 1) statement->describe(taken->get());
    finish();
  }
  if (!taken) {
    statement->exists = false;
    return tl::unexpected<Error>(std::move(taken).error());
  }
  return statements_.insert(sql, std::move(statement)).get();
}

Result<ResultPtr> PostgresConnection::start(std::string_view sql, std::span<const Param> params) {
  Result<ResultPtr> first = try_start(sql, params);
  // A mistake in the call dooms a transaction like any other failure.
  if (!first) doomed_ = doomed_ || in_transaction_;
  return first;
}

Result<ResultPtr> PostgresConnection::try_start(std::string_view sql,
                                                std::span<const Param> params) {
  for (int attempt = 0;; ++attempt) {
    MC_TRY(Prepared* const statement, prepared(sql));
    MC_TRY(const Bound bound, bind_params(*statement, params));
    start_running(sql);
    const int sent = PQsendQueryPrepared(
        link_->connection(), statement->name.c_str(), static_cast<int>(params.size()),
        bound.values.data(), bound.lengths.data(), bound.formats.data(), statement->binary ? 1 : 0);
    Result<ResultPtr> first = tl::unexpected<Error>(Error{});
    if (sent == 0) {
      first = tl::unexpected<Error>(failure(nullptr));
    } else {
      PQsetSingleRowMode(link_->connection());
      first = take();
    }
    if (first) return first;
    finish();
    if (!stale_) return first;
    // The schema changed under the statement, or the server forgot it: once more from the text.
    statements_.erase(sql);
    if (attempt > 0 || in_transaction_) return first;
  }
}

Result<std::unique_ptr<Rows>> PostgresConnection::query(std::string_view sql,
                                                        std::span<const Param> params) {
  MC_TRY_OK(check_usable());
  MC_TRY(ResultPtr first, start(sql, params));
  return std::unique_ptr<Rows>(
      std::make_unique<PostgresRows>(*this, std::move(first), is_select(sql)));
}

Result<std::int64_t> PostgresConnection::execute(std::string_view sql,
                                                 std::span<const Param> params) {
  MC_TRY_OK(check_usable());
  Result<ResultPtr> taken = start(sql, params);
  std::int64_t changed = 0;
  while (taken && *taken != nullptr) {
    const std::string_view tag = PQcmdStatus(taken->get());
    const bool counts = !tag.starts_with("SELECT") && !tag.starts_with("FETCH");
    if (counts) changed = parse_int(PQcmdTuples(taken->get())).value_or(0);
    taken = take();
  }
  finish();
  if (!taken) return tl::unexpected<Error>(std::move(taken).error());
  return changed;
}

Status PostgresConnection::script(std::string_view sql) {
  MC_TRY_OK(check_usable());
  if (sql.find('\0') != std::string_view::npos) {
    return fail(Code::invalid, "a script may not contain a NUL byte");
  }
  MC_TRY([[maybe_unused]] const std::string tag, simple(std::string(sql)));
  const bool open = PQtransactionStatus(link_->connection()) == PQTRANS_INTRANS;
  if (open == in_transaction_) return ok();
  if (open && !simple("ROLLBACK")) link_->lose();
  doomed_ = in_transaction_;
  return fail(Code::invalid, "a script may not begin or end a transaction");
}

Status PostgresConnection::begin() {
  MC_TRY_OK(check_usable());
  if (in_transaction_) return fail(Code::invalid, "a transaction is already open");
  MC_TRY([[maybe_unused]] const std::string tag, simple("BEGIN"));
  in_transaction_ = true;
  timeout_in_transaction_ = false;
  return ok();
}

Status PostgresConnection::commit() {
  MC_TRY_OK(check_usable());
  if (!in_transaction_) return fail(Code::invalid, "no transaction is open");
  MC_TRY(const std::string tag, simple("COMMIT"));
  if (tag != "COMMIT") {  // the server answers ROLLBACK when the transaction had failed
    doomed_ = true;
    return fail(Code::conflict, "the transaction had failed and was rolled back");
  }
  in_transaction_ = false;
  return ok();
}

Status PostgresConnection::rollback() {
  if (!in_transaction_) return fail(Code::invalid, "no transaction is open");
  in_transaction_ = false;
  doomed_ = false;
  if (rows_ != nullptr) {
    drop_rest(true);  // what it changed is undone in any case
    rows_->close();
  }
  if (link_->lost()) return ok();  // the server has rolled back
  // SET is undone with the transaction, so what the session has is unknown.
  if (timeout_in_transaction_) applied_timeout_ = Nanos{-1};
  Result<std::string> tag = simple("ROLLBACK");
  // Whatever kept the server from it, a session in an unknown state is not used again.
  if (!tag) link_->lose();
  return ok();
}

Status PostgresConnection::send_copy(std::string_view copy, std::size_t width,
                                     std::span<const Param> values) {
  PGconn* const connection = link_->connection();
  start_running(copy);
  if (PQsendQuery(connection, running_sql_.c_str()) == 0) {
    return tl::unexpected<Error>(failure(nullptr));
  }
  const ResultPtr ready = link_->receive(deadline_);
  if (PQresultStatus(ready.get()) != PGRES_COPY_IN) {
    return tl::unexpected<Error>(failure(ready.get()));
  }
  std::string chunk;
  const char* stop = nullptr;
  for (std::size_t at = 0; at < values.size() && stop == nullptr; at += width) {
    if (!append_copy_row(chunk, values.subspan(at, width))) stop = "a text has a NUL byte";
    if (chunk.size() < kCopyChunkBytes && at + width < values.size()) continue;
    if (PQputCopyData(connection, chunk.data(), static_cast<int>(chunk.size())) != 1) {
      return tl::unexpected<Error>(failure(nullptr));
    }
    chunk.clear();
  }
  if (PQputCopyEnd(connection, stop) != 1) return tl::unexpected<Error>(failure(nullptr));
  Result<ResultPtr> taken = take();
  while (taken && *taken != nullptr) taken = take();
  if (stop != nullptr) return fail(Code::invalid, "text for PostgreSQL has no NUL byte");
  if (!taken) return tl::unexpected<Error>(std::move(taken).error());
  return ok();
}

Status PostgresConnection::insert_many(std::string_view table, std::span<const std::string> columns,
                                       std::span<const Param> values) {
  MC_TRY_OK(check_usable());
  if (columns.empty() || values.size() % columns.size() != 0) {
    return fail(Code::invalid, fmt::format("{} values do not fill rows of {} columns",
                                           values.size(), columns.size()));
  }
  std::string names;
  for (const std::string& column : columns) {
    names += (names.empty() ? "" : ", ") + sql::quoted(column);
  }
  const Status done = send_copy(fmt::format("COPY {} ({}) FROM STDIN", sql::quoted(table), names),
                                columns.size(), values);
  finish();
  if (!done) doomed_ = doomed_ || in_transaction_;
  return done;
}

class PostgresDriver final : public sql::Driver {
 public:
  std::string_view scheme() const override { return "postgres"; }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override {
    MC_TRY(Settings settings, read_settings(url, options));
    auto connection = std::make_unique<PostgresConnection>(std::move(settings));
    MC_TRY_OK(connection->connect());
    return std::unique_ptr<sql::Connection>(std::move(connection));
  }
};

}  // namespace

std::unique_ptr<sql::Driver> postgres_driver() {
  return std::make_unique<PostgresDriver>();
}

}  // namespace mc::postgres
