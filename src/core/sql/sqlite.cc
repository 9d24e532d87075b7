#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <set>

#include "sql/sql.h"
#include "sql/sqlite_error.h"
#include "sql/statement_cache.h"

namespace mc::sql {
namespace {

constexpr std::size_t kCachedStatements = 64;
constexpr int kShortValueMax = 1 << 20;          // bytes, while steps are limited
constexpr int kOpsBetweenDeadlineChecks = 1000;  // about 20 us of virtual machine steps

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

using WriterPaths = Guarded<std::set<std::string>>;

// The right to be the one writing connection of a file. The set is shared, because connections
// may outlive the driver that opened them.
class WriterClaim {
 public:
  static std::unique_ptr<WriterClaim> take(std::shared_ptr<WriterPaths> paths, std::string path) {
    const bool first = paths->with([&](auto& set) { return set.insert(path).second; });
    if (!first) return nullptr;
    return std::unique_ptr<WriterClaim>(new WriterClaim(std::move(paths), std::move(path)));
  }
  WriterClaim(const WriterClaim&) = delete;
  WriterClaim& operator=(const WriterClaim&) = delete;
  ~WriterClaim() {
    paths_->with([&](auto& set) { set.erase(path_); });
  }

 private:
  WriterClaim(std::shared_ptr<WriterPaths> paths, std::string path)
      : paths_(std::move(paths)), path_(std::move(path)) {}
  std::shared_ptr<WriterPaths> paths_;
  std::string path_;
};

enum class Keep { copy, borrow };  // whether SQLite copies bound text or the caller keeps it alive

int bind_one(sqlite3_stmt* statement, int index, const Param& param, Keep keep) {
  const auto bytes_end = keep == Keep::copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  if (const auto* integer = std::get_if<std::int64_t>(&param)) {
    return sqlite3_bind_int64(statement, index, *integer);
  }
  if (const auto* text = std::get_if<std::string>(&param)) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), bytes_end,
                               SQLITE_UTF8);
  }
  if (const auto* real = std::get_if<double>(&param)) {
    return sqlite3_bind_double(statement, index, *real);
  }
  if (const auto* boolean = std::get_if<bool>(&param)) {
    return sqlite3_bind_int(statement, index, *boolean ? 1 : 0);
  }
  if (const auto* blob = std::get_if<Blob>(&param)) {
    if (blob->bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), bytes_end);
  }
  return sqlite3_bind_null(statement, index);
}

class SqliteRows;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(Database database, std::unique_ptr<WriterClaim> claim, Access access,
                   Nanos busy_timeout)
      : claim_(std::move(claim)),
        database_(std::move(database)),
        access_(access),
        busy_timeout_(busy_timeout),
        clock_(sys::real_clock()) {}
  ~SqliteConnection() override { abandon_rows(); }

  Dialect dialect() const override { return Dialect::sqlite; }
  Result<std::unique_ptr<Rows>> query(std::string_view sql, std::span<const Param> params) override;
  Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params) override;
  Status script(std::string_view sql) override;
  Status begin() override;
  Status commit() override;
  Status rollback() override;
  void interrupt() override { sqlite3_interrupt(database_.get()); }
  void set_statement_timeout(Nanos limit) override;
  void set_step_limit(std::int64_t steps) override;
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const Param> values) override;
  std::string version() const override { return fmt::format("SQLite {}", sqlite3_libversion()); }
  bool lost() override;

 private:
  friend class SqliteRows;
  Status check_usable() const;
  Status check_place();
  Result<sqlite3_stmt*> prepared(std::string_view sql);
  Status bind(sqlite3_stmt* statement, std::span<const Param> params, Keep keep);
  Result<sqlite3_stmt*> ready(std::string_view sql, std::span<const Param> params, Keep keep);
  Result<bool> step(sqlite3_stmt* statement);
  Result<std::int64_t> run(sqlite3_stmt* statement);
  Error failure(int result, SqlitePhase phase, std::string_view sql);
  Status plain(std::string_view sql);
  Status insert_rows(std::string_view sql, std::size_t width, std::span<const Param> values);
  void abandon_rows();
  void start_deadline();
  void watch_progress();
  static int on_progress(void* self);

  std::unique_ptr<WriterClaim> claim_;  // given back after the database is closed
  Database database_;
  StatementCache<Statement> statements_{kCachedStatements};
  SqliteRows* rows_ = nullptr;
  Access access_;
  Nanos busy_timeout_;
  Nanos timeout_;
  std::optional<MonoTime> deadline_;  // once a statement has run long enough to ask for the time
  std::int64_t steps_max_ = 0;        // 0 = no limit
  std::int64_t steps_ = 0;
  bool timed_out_ = false;
  bool in_transaction_ = false;
  bool doomed_ = false;  // a statement failed in the open transaction
  std::unique_ptr<sys::Clock> clock_;
};

class SqliteRows final : public Rows {
 public:
  SqliteRows(SqliteConnection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {
    connection.rows_ = this;
  }
  SqliteRows(const SqliteRows&) = delete;
  SqliteRows& operator=(const SqliteRows&) = delete;
  ~SqliteRows() override { close(); }

  Result<bool> next() override {
    if (connection_ == nullptr) {
      if (ended_) return false;
      return fail(Code::unavailable, "the query was abandoned with its transaction");
    }
    Result<bool> more = connection_->step(statement_);
    if (!more || !*more) {
      ended_ = true;
      close();
    }
    return more;
  }
  int columns() const override { return statement_ ? sqlite3_column_count(statement_) : 0; }
  std::string_view name(int column) const override {
    const char* text = statement_ ? sqlite3_column_name(statement_, column) : nullptr;
    return text != nullptr ? text : std::string_view();
  }
  Type type(int column) const override {
    switch (storage(column)) {
      case SQLITE_INTEGER:
        return Type::integer;
      case SQLITE_FLOAT:
        return Type::real;
      case SQLITE_TEXT:
        return Type::text;
      case SQLITE_BLOB:
        return Type::blob;
      default:
        return Type::null;
    }
  }
  bool boolean(int column) const override { return integer(column) != 0; }
  std::int64_t integer(int column) const override {
    return storage(column) == SQLITE_INTEGER ? sqlite3_column_int64(statement_, column) : 0;
  }
  double real(int column) const override {
    const int storage_class = storage(column);
    const bool number = storage_class == SQLITE_FLOAT || storage_class == SQLITE_INTEGER;
    return number ? sqlite3_column_double(statement_, column) : 0;
  }
  std::string_view text(int column) const override {
    const int storage_class = storage(column);
    const void* bytes = nullptr;
    if (storage_class == SQLITE_TEXT) bytes = sqlite3_column_text(statement_, column);
    if (storage_class == SQLITE_BLOB) bytes = sqlite3_column_blob(statement_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

  // Through sqlite3_value, whose functions do not look the column up again.
  Value value(int column) const override {
    Value out;
    if (statement_ == nullptr) return out;
    sqlite3_value* held = sqlite3_column_value(statement_, column);
    switch (sqlite3_value_type(held)) {
      case SQLITE_INTEGER:
        out.type = Type::integer;
        out.integer = sqlite3_value_int64(held);
        break;
      case SQLITE_FLOAT:
        out.type = Type::real;
        out.real = sqlite3_value_double(held);
        break;
      case SQLITE_TEXT:
        out.type = Type::text;
        out.text = bytes_of(sqlite3_value_text(held), held);
        break;
      case SQLITE_BLOB:
        out.type = Type::blob;
        out.text = bytes_of(sqlite3_value_blob(held), held);
        break;
      default:
        break;
    }
    return out;
  }

  void close() {
    if (connection_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    connection_->rows_ = nullptr;
    connection_ = nullptr;
    statement_ = nullptr;
  }

 private:
  static std::string_view bytes_of(const void* bytes, sqlite3_value* held) {
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(held))};
  }
  int storage(int column) const {
    return statement_ ? sqlite3_column_type(statement_, column) : SQLITE_NULL;
  }

  SqliteConnection* connection_;  // null once the rows have ended
  sqlite3_stmt* statement_;
  bool ended_ = false;
};

void SqliteConnection::abandon_rows() {
  if (rows_ != nullptr) rows_->close();
}

Status SqliteConnection::check_usable() const {
  if (rows_ != nullptr) {
    return fail(Code::invalid, "the rows of the connection's last query are still being read");
  }
  if (doomed_) {
    return fail(Code::conflict, "an earlier statement of the transaction failed; roll back first");
  }
  return ok();
}

// One stat(); a database in memory has no place to be moved from.
bool SqliteConnection::lost() {
  int moved = 0;
  const int result = sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

// SQLite looks for a moved file before it writes a rollback journal, but not in WAL mode: there a
// change would be stored in a file that nobody finds again.
Status SqliteConnection::check_place() {
  if (access_ == Access::read_only || in_transaction_ || !lost()) return ok();
  return fail(Code::unavailable, "the SQLite file was moved or removed while it was open");
}

Error SqliteConnection::failure(int result, SqlitePhase phase, std::string_view sql) {
  doomed_ = doomed_ || in_transaction_;
  if ((result & 0xff) == SQLITE_INTERRUPT) {
    return {Code::unavailable,
            timed_out_ ? fmt::format("the statement took longer than {}", format_duration(timeout_))
                       : std::string("the statement was interrupted")};
  }
  return sqlite_error(database_.get(), result, phase, sql);
}

Result<sqlite3_stmt*> SqliteConnection::prepared(std::string_view sql) {
  if (Statement* cached = statements_.find(sql)) return cached->get();
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  Statement statement(raw);
  if (result != SQLITE_OK) {
    return tl::unexpected<Error>(failure(result, SqlitePhase::prepare, sql));
  }
  if (statement == nullptr) return fail(Code::invalid, "the statement is empty");
  // White space, comments and semicolons may follow; another statement may not.
  while (tail < sql.data() + sql.size()) {
    const auto left = static_cast<int>(sql.data() + sql.size() - tail);
    result = sqlite3_prepare_v3(database_.get(), tail, left, 0, &raw, &tail);
    const Statement second(raw);
    if (result != SQLITE_OK || second != nullptr) {
      return fail(Code::invalid, fmt::format("more than one statement in \"{}\"", excerpt(sql)));
    }
  }
  return statements_.insert(sql, std::move(statement)).get();
}

Status SqliteConnection::bind(sqlite3_stmt* statement, std::span<const Param> params, Keep keep) {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
  if (params.size() != wanted) {
    return fail(Code::invalid, fmt::format("the statement has {} parameters, {} were given", wanted,
                                           params.size()));
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    const int result = bind_one(statement, static_cast<int>(i) + 1, params[i], keep);
    if (result == SQLITE_OK) continue;
    sqlite3_clear_bindings(statement);
    return tl::unexpected<Error>(failure(result, SqlitePhase::run, sqlite3_sql(statement)));
  }
  return ok();
}

// Prepared and bound; a mistake in the call dooms a transaction like any other failure.
Result<sqlite3_stmt*> SqliteConnection::ready(std::string_view sql, std::span<const Param> params,
                                              Keep keep) {
  start_deadline();
  Result<sqlite3_stmt*> statement = prepared(sql);
  if (statement) {
    const Status bound = bind(*statement, params, keep);
    if (bound) return statement;
    statement = tl::unexpected<Error>(bound.error());
  }
  doomed_ = doomed_ || in_transaction_;
  return statement;
}

Result<bool> SqliteConnection::step(sqlite3_stmt* statement) {
  const int result = sqlite3_step(statement);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return tl::unexpected<Error>(failure(result, SqlitePhase::run, sqlite3_sql(statement)));
}

Result<std::unique_ptr<Rows>> SqliteConnection::query(std::string_view sql,
                                                      std::span<const Param> params) {
  MC_TRY_OK(check_usable());
  MC_TRY(sqlite3_stmt* const statement, ready(sql, params, Keep::copy));
  return std::unique_ptr<Rows>(std::make_unique<SqliteRows>(*this, statement));
}

// Steps a bound statement to its end and gives it back to the cache.
Result<std::int64_t> SqliteConnection::run(sqlite3_stmt* statement) {
  const std::int64_t before = sqlite3_total_changes64(database_.get());
  Result<bool> more = true;
  while (more && *more) more = step(statement);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (!more) return tl::unexpected<Error>(std::move(more).error());
  const bool changed = sqlite3_total_changes64(database_.get()) != before;
  return changed ? sqlite3_changes64(database_.get()) : 0;
}

Result<std::int64_t> SqliteConnection::execute(std::string_view sql,
                                               std::span<const Param> params) {
  MC_TRY_OK(check_usable());
  MC_TRY_OK(check_place());
  MC_TRY(sqlite3_stmt* const statement, ready(sql, params, Keep::borrow));
  return run(statement);
}

// BEGIN and its like; prepared, as readers of a view run them for every few reads.
Status SqliteConnection::plain(std::string_view sql) {
  MC_TRY(sqlite3_stmt* const statement, prepared(sql));
  MC_TRY([[maybe_unused]] const std::int64_t rows, run(statement));
  return ok();
}

Status SqliteConnection::script(std::string_view sql) {
  MC_TRY_OK(check_usable());
  start_deadline();
  const bool was_in_transaction = sqlite3_get_autocommit(database_.get()) == 0;
  const int result =
      sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) {
    return tl::unexpected<Error>(
        failure(sqlite3_extended_errcode(database_.get()), SqlitePhase::prepare, sql));
  }
  if (was_in_transaction == (sqlite3_get_autocommit(database_.get()) == 0)) return ok();
  if (!was_in_transaction) MC_TRY_OK(plain("ROLLBACK"));
  doomed_ = in_transaction_;
  return fail(Code::invalid, "a script may not begin or end a transaction");
}

Status SqliteConnection::begin() {
  MC_TRY_OK(check_usable());
  if (in_transaction_) return fail(Code::invalid, "a transaction is already open");
  MC_TRY_OK(check_place());
  start_deadline();
  MC_TRY_OK(plain(access_ == Access::read_write ? "BEGIN IMMEDIATE" : "BEGIN"));
  in_transaction_ = true;
  return ok();
}

Status SqliteConnection::commit() {
  MC_TRY_OK(check_usable());
  if (!in_transaction_) return fail(Code::invalid, "no transaction is open");
  start_deadline();
  MC_TRY_OK(plain("COMMIT"));
  in_transaction_ = false;
  return ok();
}

Status SqliteConnection::rollback() {
  if (!in_transaction_) return fail(Code::invalid, "no transaction is open");
  abandon_rows();
  // Some failures (disk full, out of memory) have already rolled back.
  if (sqlite3_get_autocommit(database_.get()) == 0) {
    start_deadline();
    steps_ = 0;  // a limit that has been passed must not stop this too
    MC_TRY_OK(plain("ROLLBACK"));
  }
  in_transaction_ = false;
  doomed_ = false;
  return ok();
}

void SqliteConnection::start_deadline() {
  timed_out_ = false;
  deadline_.reset();
}

int SqliteConnection::on_progress(void* self) {
  auto& connection = *static_cast<SqliteConnection*>(self);
  const Nanos& timeout = connection.timeout_;
  if (timeout.count > 0) {
    const MonoTime now = connection.clock_->mono();
    if (!connection.deadline_) connection.deadline_ = now + timeout;
    connection.timed_out_ = now >= *connection.deadline_;
  }
  connection.steps_ += kOpsBetweenDeadlineChecks;
  const bool too_long = connection.steps_max_ > 0 && connection.steps_ >= connection.steps_max_;
  return connection.timed_out_ || too_long ? 1 : 0;
}

void SqliteConnection::watch_progress() {
  const bool limited = timeout_.count > 0 || steps_max_ > 0;
  sqlite3_progress_handler(database_.get(), limited ? kOpsBetweenDeadlineChecks : 0,
                           limited ? &SqliteConnection::on_progress : nullptr, this);
  // Waiting for a lock runs no virtual machine steps, so it gets the same bound.
  const Nanos wait = timeout_.count > 0 ? std::min(timeout_, busy_timeout_) : busy_timeout_;
  sqlite3_busy_timeout(database_.get(), steps_max_ > 0 ? 0 : static_cast<int>(to_millis(wait)));
}

void SqliteConnection::set_statement_timeout(Nanos limit) {
  timeout_ = limit;
  watch_progress();
}

void SqliteConnection::set_step_limit(std::int64_t steps) {
  if ((steps > 0) != (steps_max_ > 0)) {
    // SQLite cuts the second one down to what it was built for.
    sqlite3_limit(database_.get(), SQLITE_LIMIT_LENGTH, steps > 0 ? kShortValueMax : INT_MAX);
  }
  steps_max_ = steps;
  steps_ = 0;
  watch_progress();
}

Status SqliteConnection::insert_rows(std::string_view sql, std::size_t width,
                                     std::span<const Param> values) {
  MC_TRY(sqlite3_stmt* const statement, prepared(sql));
  start_deadline();
  for (std::size_t at = 0; at < values.size(); at += width) {
    MC_TRY_OK(bind(statement, values.subspan(at, width), Keep::borrow));
    MC_TRY([[maybe_unused]] const std::int64_t rows, run(statement));
  }
  return ok();
}

Status SqliteConnection::insert_many(std::string_view table, std::span<const std::string> columns,
                                     std::span<const Param> values) {
  MC_TRY_OK(check_usable());
  if (columns.empty() || values.size() % columns.size() != 0) {
    return fail(Code::invalid, fmt::format("{} values do not fill rows of {} columns",
                                           values.size(), columns.size()));
  }
  std::string names;
  std::string marks;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += (i == 0 ? "" : ", ") + quoted(columns[i]);
    marks += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
  }
  const std::string sql =
      fmt::format("INSERT INTO {} ({}) VALUES ({})", quoted(table), names, marks);
  if (in_transaction_) return insert_rows(sql, columns.size(), values);
  // All rows or none, as COPY does it.
  MC_TRY(Transaction transaction, Transaction::begin(*this));
  MC_TRY_OK(insert_rows(sql, columns.size(), values));
  return transaction.commit();
}

Result<std::string> path_of(const std::string& url) {
  const std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) {
    return fail(Code::invalid, "a SQLite URL begins with sqlite:");
  }
  std::string path = url.substr(scheme.size());
  const bool host = path.starts_with("//") && !path.starts_with("///");
  if (path != ":memory:" && (!path.starts_with('/') || host)) {
    return fail(Code::invalid, "a SQLite URL is sqlite:/absolute/path or sqlite::memory:");
  }
  if (path.find('\0') != std::string::npos) {
    return fail(Code::invalid, "a SQLite path has no NUL byte");
  }
  return path;
}

// Foreign files are read too: their schema must not reach functions with side effects, double
// quotes mean identifiers only, and nobody edits sqlite_schema.
void harden(sqlite3* database, Access access) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  if (access == Access::read_only) sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
}

Status set_pragmas(sqlite3* database, Access access, const std::string& path) {
  // journal_mode reads the header, so a file that is no database is refused here.
  // A checkpoint after 4,000 pages of the log: after 1,000, as is usual, a sixth of what many small
  // writers store is spent on it (bench/accountant: 6,900 charges a second for 8,060).
  const char* const writer =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0;"
      "PRAGMA wal_autocheckpoint=4000;"
      "PRAGMA cell_size_check=ON;";
  const char* const reader =
      "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
      "PRAGMA cell_size_check=ON; SELECT count(*) FROM sqlite_schema;";
  const int result = sqlite3_exec(database, access == Access::read_write ? writer : reader, nullptr,
                                  nullptr, nullptr);
  if (result == SQLITE_OK) return ok();
  return tl::unexpected<Error>(
      sqlite_error(database, sqlite3_extended_errcode(database), SqlitePhase::open, path));
}

class SqliteDriver final : public Driver {
 public:
  std::string_view scheme() const override { return "sqlite"; }
  bool in_process() const override { return true; }

  Result<std::unique_ptr<Connection>> open(const std::string& url,
                                           const OpenOptions& options) override {
    MC_TRY(const std::string path, path_of(url));
    const bool writable = options.access == Access::read_write;
    const int access_flags = !writable        ? SQLITE_OPEN_READONLY
                             : options.create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                              : SQLITE_OPEN_READWRITE;
    sqlite3* raw = nullptr;
    const int result = sqlite3_open_v2(
        path.c_str(), &raw, access_flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database(raw);
    if (result != SQLITE_OK) {
      return tl::unexpected<Error>(sqlite_error(database.get(), result, SqlitePhase::open, path));
    }
    std::unique_ptr<WriterClaim> claim;
    if (writable && path != ":memory:") {
      // SQLite opens a file read-only when it may not write it; that must not pass silently.
      if (sqlite3_db_readonly(database.get(), "main") == 1) {
        return fail(Code::denied, fmt::format("SQLite file {}: not writable", path));
      }
      claim = WriterClaim::take(writers_, sqlite3_db_filename(database.get(), "main"));
      if (claim == nullptr) {
        return fail(Code::conflict,
                    fmt::format("SQLite file {}: already has its one writing connection", path));
      }
    }
    harden(database.get(), options.access);
    sqlite3_busy_timeout(database.get(), static_cast<int>(to_millis(options.busy_timeout)));
    MC_TRY_OK(set_pragmas(database.get(), options.access, path));
    return std::unique_ptr<Connection>(std::make_unique<SqliteConnection>(
        std::move(database), std::move(claim), options.access, options.busy_timeout));
  }

 private:
  std::shared_ptr<WriterPaths> writers_ = std::make_shared<WriterPaths>();
};

}  // namespace

// Without SQLite's own count of its memory, which takes a lock for each piece: a sixth of the work
// of a small read. Too late, and without effect, once SQLite is in use.
std::unique_ptr<Driver> sqlite_driver() {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return std::make_unique<SqliteDriver>();
}

}  // namespace mc::sql
