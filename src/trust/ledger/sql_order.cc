#include "ledger/sql_order.h"

#include <cstring>

namespace mc::ledger {
namespace {

constexpr std::int64_t kFormat = 1;
// A database that is silent for longer counts as one that cannot be reached.
constexpr Nanos kAnswersWithin = seconds(8);

// Batches are hashed and mostly random: compressing them would only take time.
constexpr std::string_view kTables =
    "CREATE TABLE IF NOT EXISTS ledger_order ("
    " one boolean PRIMARY KEY DEFAULT true CHECK (one),"
    " format bigint NOT NULL, vkey text NOT NULL, epoch bigint NOT NULL,"
    " number bigint NOT NULL, digest bytea NOT NULL);"
    "CREATE TABLE IF NOT EXISTS ledger_signed ("
    " one boolean PRIMARY KEY DEFAULT true CHECK (one),"
    " size bigint NOT NULL, root bytea NOT NULL);"
    "CREATE TABLE IF NOT EXISTS ledger_batch ("
    " number bigint PRIMARY KEY, digest bytea NOT NULL, bytes bytea NOT NULL);"
    "ALTER TABLE ledger_batch ALTER COLUMN bytes SET STORAGE EXTERNAL";
// To make them anew would wait for a backup that reads them, and the others for that.
constexpr std::string_view kThere = "SELECT to_regclass('ledger_batch') IS NOT NULL";
// Of two that make the tables at once, one waits.
constexpr std::string_view kLock = "SELECT pg_advisory_xact_lock(5567130194830245)";
constexpr std::string_view kFirst =
    "WITH signed AS (INSERT INTO ledger_signed (size, root) VALUES (0, ?4) ON CONFLICT DO NOTHING)"
    " INSERT INTO ledger_order (format, vkey, epoch, number, digest)"
    " VALUES (?1, ?2, 1, 0, ?3) ON CONFLICT DO NOTHING";
constexpr std::string_view kChangeKey = "UPDATE ledger_order SET vkey = ?1";
constexpr std::string_view kOpened = "SELECT format, vkey, epoch FROM ledger_order";

// A process that stops in its turn loses it. The settings end with the transaction, so that they
// are those of a new connection too.
constexpr std::string_view kTurn =
    "SELECT number, digest, epoch, set_config('synchronous_commit', 'on', true),"
    " set_config('idle_in_transaction_session_timeout', '10s', true)"
    " FROM ledger_order FOR UPDATE";
constexpr std::string_view kAppend =
    "WITH moved AS (UPDATE ledger_order SET number = ?1 + 1, digest = ?3"
    " WHERE number = ?1 AND digest = ?2 AND epoch = ?4 RETURNING 1)"
    " INSERT INTO ledger_batch (number, digest, bytes) SELECT ?1, ?3, ?5 FROM moved";
constexpr std::string_view kEnd = "SELECT number, digest, epoch FROM ledger_order";
constexpr std::string_view kBatch = "SELECT bytes FROM ledger_batch WHERE number = ?1";
constexpr std::string_view kDigest = "SELECT digest FROM ledger_batch WHERE number = ?1";
// Not in the row of the order, which may be locked by whoever has the turn.
constexpr std::string_view kSigned =
    "SELECT size, root, epoch FROM ledger_signed CROSS JOIN ledger_order";
constexpr std::string_view kSign =
    "UPDATE ledger_signed SET size = ?1, root = ?2"
    " WHERE size < ?1 AND EXISTS (SELECT 1 FROM ledger_order WHERE epoch = ?3)";
constexpr std::string_view kErase =
    "UPDATE ledger_batch SET bytes = overlay(bytes PLACING zeros FROM start) FROM"
    " (SELECT CAST(?2 AS bytea) AS zeros, CAST(?3 AS integer) AS start) AS part WHERE number = ?1"
    " AND substring(bytes FROM start FOR octet_length(zeros)) <> zeros";
constexpr std::string_view kFence = "UPDATE ledger_order SET epoch = epoch + 1 RETURNING epoch";

sql::Blob blob(const tlog::Hash& hash) {
  return {std::string(reinterpret_cast<const char*>(hash.data()), hash.size())};
}

std::int64_t integer(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

Result<tlog::Hash> hash_in(const sql::Rows& rows, int column) {
  const std::string_view bytes = rows.text(column);
  tlog::Hash out;
  if (bytes.size() != out.size()) {
    return fail(Code::corrupt, "ledger: the database has no hash where one belongs");
  }
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

tl::unexpected<Error> fenced() {
  return fail(Code::denied,
              "ledger: this process was fenced off (maestro ledger fence); start it again");
}

// The only row of a query, read with `read(rows)`.
template <class Read>
auto read_row(sql::Connection& connection, std::string_view query,
              std::initializer_list<sql::Param> params, const char* missing, const Read& read)
    -> decltype(read(std::declval<const sql::Rows&>())) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows, connection.query(query, params));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, missing);
  return read(*rows);
}

constexpr const char* kNoOrder = "ledger: the database has no ledger";
constexpr const char* kNoBatch = "ledger: the database has lost a batch";

Status check_dialect(const sql::Connection& connection) {
  if (connection.dialect() == sql::Dialect::postgres) return ok();
  return fail(Code::invalid, "ledger.url: only PostgreSQL can be shared between processes");
}

Result<bool> has_tables(sql::Connection& connection) {
  return read_row(connection, kThere, {}, kNoOrder,
                  [](const sql::Rows& rows) -> Result<bool> { return rows.boolean(0); });
}

}  // namespace

Result<std::unique_ptr<SqlOrder>> SqlOrder::open(std::unique_ptr<sql::Connection> turns,
                                                 std::unique_ptr<sql::Connection> rest,
                                                 std::span<const tlog::NoteKey> keys) {
  MC_TRY_OK(check_dialect(*turns));
  for (sql::Connection* each : {turns.get(), rest.get()}) {
    each->set_statement_timeout(kAnswersWithin);
  }
  std::unique_ptr<SqlOrder> out(new SqlOrder(std::move(turns), std::move(rest)));
  MC_TRY_OK(out->make_tables(keys));
  return out;
}

Status SqlOrder::make_tables(std::span<const tlog::NoteKey> keys) {
  const std::string vkey = keys.front().print();
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*rest_));
  MC_TRY(
      [[maybe_unused]] const bool locked,
      read_row(*rest_, kLock, {}, kNoOrder, [](const sql::Rows&) -> Result<bool> { return true; }));
  MC_TRY(const bool there, has_tables(*rest_));
  if (!there) MC_TRY_OK(rest_->script(kTables));
  MC_TRY([[maybe_unused]] const std::int64_t made,
         rest_->execute(kFirst, {kFormat, vkey, blob({}), blob(tlog::kEmptyRoot)}));
  struct Opened {
    std::int64_t format = 0;
    std::string vkey;
    std::int64_t epoch = 0;
  };
  MC_TRY(Opened opened,
         read_row(*rest_, kOpened, {}, kNoOrder, [](const sql::Rows& rows) -> Result<Opened> {
           return Opened{rows.integer(0), std::string(rows.text(1)), rows.integer(2)};
         }));
  if (keys.size() > 1 && opened.vkey == keys.back().print()) {
    MC_TRY([[maybe_unused]] const std::int64_t changed, rest_->execute(kChangeKey, {vkey}));
    opened.vkey = vkey;
  }
  MC_TRY_OK(transaction.commit());
  if (opened.format != kFormat) {
    return fail(Code::conflict, "ledger: the database has format " + std::to_string(opened.format) +
                                    "; this program knows " + std::to_string(kFormat));
  }
  if (opened.vkey != vkey) {
    return fail(Code::conflict, "ledger: the ledger in the database is signed as " + opened.vkey +
                                    ", this process would sign as " + vkey +
                                    ": give all the same ledger.origin and ledger.key_file (to "
                                    "change the key, ledger.previous_key_file too)");
  }
  epoch_ = opened.epoch;
  return ok();
}

Result<OrderEnd> SqlOrder::begin_turn() {
  MC_TRY_OK(turns_->begin());
  in_turn_ = true;
  return read_end(kTurn);
}

Status SqlOrder::append(const OrderEnd& end, const OrderedBatch& batch) {
  MC_TRY(const std::int64_t moved,
         turns_->execute(kAppend, {integer(end.number), blob(end.digest), blob(batch.digest),
                                   epoch_, sql::Blob{std::string(batch.bytes)}}));
  if (moved != 1) return fail(Code::unavailable, "ledger: the end of the order has moved");
  MC_TRY_OK(turns_->commit());
  in_turn_ = false;
  return ok();
}

void SqlOrder::leave_turn() {
  if (!in_turn_) return;
  in_turn_ = false;
  static_cast<void>(turns_->rollback());  // a connection that cannot is opened anew
}

Result<OrderEnd> SqlOrder::end() {
  return read_end(kEnd);
}

Result<OrderEnd> SqlOrder::read_end(std::string_view query) {
  return read_row(*turns_, query, {}, kNoOrder, [this](const sql::Rows& rows) -> Result<OrderEnd> {
    if (rows.integer(2) != epoch_) return fenced();
    MC_TRY(const tlog::Hash digest, hash_in(rows, 1));
    return OrderEnd{static_cast<std::uint64_t>(rows.integer(0)), digest};
  });
}

Result<std::string> SqlOrder::batch(std::uint64_t number) {
  return read_row(
      *turns_, kBatch, {integer(number)}, kNoBatch,
      [](const sql::Rows& rows) -> Result<std::string> { return std::string(rows.text(0)); });
}

Result<tlog::Hash> SqlOrder::digest(std::uint64_t number) {
  return read_row(*turns_, kDigest, {integer(number)}, kNoBatch,
                  [](const sql::Rows& rows) { return hash_in(rows, 0); });
}

Result<tlog::TreeHead> SqlOrder::signed_head() {
  const std::lock_guard lock(mutex_);
  return read_row(*rest_, kSigned, {}, kNoOrder,
                  [this](const sql::Rows& rows) -> Result<tlog::TreeHead> {
                    if (rows.integer(2) != epoch_) return fenced();
                    MC_TRY(const tlog::Hash root, hash_in(rows, 1));
                    return tlog::TreeHead{static_cast<std::uint64_t>(rows.integer(0)), root};
                  });
}

Status SqlOrder::note_signed(const tlog::TreeHead& head) {
  {
    const std::lock_guard lock(mutex_);
    MC_TRY(const std::int64_t moved,
           rest_->execute(kSign, {integer(head.size), blob(head.root), epoch_}));
    if (moved == 1) return ok();
  }
  MC_TRY(const tlog::TreeHead newest, signed_head());
  if (newest.size == head.size && newest.root != head.root) {
    return fail(Code::corrupt, "ledger: another head of " + std::to_string(head.size) +
                                   " leaves was signed: this is a fork");
  }
  return ok();  // another process has signed this head, or one that continues it
}

Status SqlOrder::erase(std::uint64_t number, std::uint64_t offset, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  MC_TRY([[maybe_unused]] const std::int64_t erased,
         rest_->execute(
             kErase, {integer(number), sql::Blob{std::string(size, '\0')}, integer(offset) + 1}));
  return ok();
}

Result<std::int64_t> fence(sql::Connection& connection) {
  MC_TRY_OK(check_dialect(connection));
  MC_TRY(const bool there, has_tables(connection));
  if (!there) return fail(Code::not_found, kNoOrder);
  return read_row(connection, kFence, {}, kNoOrder,
                  [](const sql::Rows& rows) -> Result<std::int64_t> { return rows.integer(0); });
}

}  // namespace mc::ledger
