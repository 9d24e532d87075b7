// SQL behind one interface: SQLite here, PostgreSQL in adapter/postgres. Two dialects of text,
// one way to bind, step, transact, cancel and migrate.
//
// A Connection belongs to one thread at a time, except interrupt(), which any thread may call.
// A statement that fails inside a transaction dooms it: everything but rollback() is then refused
// with `conflict`, in both dialects.
// Values are always bound, never spliced into text. SQLite files have exactly one writing
// connection in one process (see docs/adr/0003); readers open with Access::read_only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "sql/statement_cache.h"  // IWYU pragma: export
#include "sys/sys.h"

namespace mc::sql {

enum class Dialect { sqlite, postgres };
enum class Access { read_only, read_write };
enum class Type { null, integer, real, text, blob };

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};
// A bound parameter. Booleans are integers 0/1 in SQLite and boolean in PostgreSQL.
using Param = std::variant<std::monostate, bool, std::int64_t, double, std::string, Blob>;

// A running query. next() steps to a row; columns are valid until the following next(). Reading a
// value as another type gives zero or empty text, except that real() also reads an integer and a
// boolean is an integer 0/1. Numbers of arbitrary precision, dates and times are text.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual Result<bool> next() = 0;
  virtual int columns() const = 0;
  virtual std::string_view name(int column) const = 0;
  virtual Type type(int column) const = 0;  // of this row's value
  virtual bool boolean(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;  // text and blob bytes
  // All of these at once; members that do not belong to the type are zero or empty.
  struct Value {
    Type type = Type::null;
    std::int64_t integer = 0;  // also a boolean
    double real = 0;
    std::string_view text;
  };
  virtual Value value(int column) const;
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual Dialect dialect() const = 0;
  // One statement; parameters are written ?1, ?2 ... in both dialects. Prepared statements are
  // cached by text (64 of them). While one Rows of a connection is being read, everything but
  // rollback() is refused with `invalid`; rollback() ends the Rows.
  virtual Result<std::unique_ptr<Rows>> query(std::string_view sql,
                                              std::span<const Param> params) = 0;
  // Runs to the end; gives the number of rows changed.
  virtual Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params) = 0;
  // Several statements without parameters (migrations).
  virtual Status script(std::string_view sql) = 0;
  // SQLite: BEGIN IMMEDIATE when writable; a reader sees one state of the file, that of its first
  // statement, until commit().
  virtual Status begin() = 0;
  virtual Status commit() = 0;
  virtual Status rollback() = 0;
  // Makes the running statement fail with `unavailable`. Any thread.
  virtual void interrupt() = 0;
  // A statement running longer fails with `unavailable`. Zero = none.
  virtual void set_statement_timeout(Nanos limit) = 0;
  // Until the next call, statements run about this many steps of the database's machine in all
  // (counted by the thousand), wait for no lock and read no value over 1 MiB; past that they
  // fail. Zero = no limit. SQLite only; the others ignore it.
  virtual void set_step_limit(std::int64_t) {}
  // Fast bulk load: COPY on PostgreSQL, one cached prepared insert on SQLite. `rows` is
  // row-major, `columns.size()` values a row. Inside the caller's transaction, or all or none.
  virtual Status insert_many(std::string_view table, std::span<const std::string> columns,
                             std::span<const Param> values) = 0;
  virtual std::string version() const = 0;  // "SQLite 3.40.1", "PostgreSQL 15.18"
  // True when this connection can never serve its URL again (SQLite: the file was moved, removed
  // or replaced) and its owner has to open another.
  // Not inside a transaction.
  virtual bool lost() { return false; }

  Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Param> params);
  Result<std::unique_ptr<Rows>> query(std::string_view sql, std::initializer_list<Param> params);
};

struct OpenOptions {
  Access access = Access::read_write;
  bool create = true;  // SQLite: a missing file is made when writable; else `not_found`
  Nanos busy_timeout = seconds(5);
  Nanos connect_timeout = seconds(5);
  // Where the database has to be: a server that says that it is elsewhere is refused, whenever the
  // connection is made anew too (wrong_region). "" = anywhere. PostgreSQL only; the others have no
  // server that could say it.
  std::string region = {};
};

// `denied`: the server says that it stands in this region, which is not OpenOptions::region.
Error region_refused(const std::string& region);
// That region; "" for every other error.
std::string wrong_region(const Error& error);

// Opens URLs of its scheme: "sqlite:/path/file.db", "postgres://user@host:port/db?...". A second
// writing connection to a SQLite file through one driver is refused with `conflict`.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual std::string_view scheme() const = 0;
  virtual bool in_process() const { return false; }  // no statement waits for another process
  virtual Result<std::unique_ptr<Connection>> open(const std::string& url,
                                                   const OpenOptions& options) = 0;
};
std::unique_ptr<Driver> sqlite_driver();

// Chooses a driver by scheme. app fills it; everybody else opens through it.
class Drivers {
 public:
  void add(std::unique_ptr<Driver> driver);
  Result<std::unique_ptr<Connection>> open(const std::string& url,
                                           const OpenOptions& options = {}) const;
  bool in_process(std::string_view url) const;

 private:
  Driver* find(std::string_view url) const;
  std::map<std::string, std::unique_ptr<Driver>, std::less<>> drivers_;
};

// Commits on success, rolls back when destroyed before.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// Double quotes an identifier; both dialects.
std::string quoted(std::string_view identifier);

// Forward-only, one transaction each, hash recorded in table mc_migration. A recorded migration
// whose text has changed, or one that this program does not know, stops the start (`corrupt`).
struct Migration {
  int number = 0;
  std::string name;  // "0001_identity"
  std::string sqlite;
  std::string postgres;
};
struct MigrationReport {
  std::vector<std::string> applied;
  int version = 0;
};
Result<MigrationReport> migrate(Connection& connection, std::span<const Migration> migrations,
                                sys::Clock& clock);
// The migrations of db/migrations, embedded at build time, in order.
std::span<const Migration> built_in_migrations();

}  // namespace mc::sql
