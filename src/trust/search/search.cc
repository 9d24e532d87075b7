#include "search/search.h"

#include <algorithm>
#include <array>

#include "json/json.h"

namespace mc::search {
namespace {

constexpr std::size_t kTransactionRecords = 2'000;
constexpr std::size_t kReasonBytesMax = 64;

// Of the tables below, in the database's user_version. An index of another one is made again.
constexpr std::int64_t kFormat = 3;

constexpr std::string_view kTables =
    "DROP TABLE IF EXISTS entry; DROP TABLE IF EXISTS log;"
    "CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, next "
    "INTEGER "
    "NOT NULL, last TEXT NOT NULL) STRICT;"
    "CREATE TABLE entry (log INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT "
    "NULL, type TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, purpose TEXT NOT NULL, "
    "warrant TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (log, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX entry_at ON entry (log, at);"
    "CREATE INDEX entry_type ON entry (log, type, seq);"
    "CREATE INDEX entry_actor ON entry (log, actor, seq);"
    "CREATE INDEX entry_action ON entry (log, action, seq);"
    "CREATE INDEX entry_warrant ON entry (log, warrant, seq);"
    "CREATE INDEX entry_reason ON entry (log, reason, seq);";

std::string hex_of(const tlog::Hash& hash) {
  return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

struct Filter {
  std::string_view column;
  std::string Query::* text;
};
constexpr std::array<Filter, 6> kFilters = {{{"type", &Query::type},
                                             {"actor", &Query::actor},
                                             {"action", &Query::action},
                                             {"purpose", &Query::purpose},
                                             {"warrant", &Query::warrant},
                                             {"reason", &Query::reason}}};

// Logs of records; the others have no header to be searched.
bool has_records(const std::string& log) {
  return log != ledger::kRootLog && log != ledger::kSignLog;
}

Status check(const Query& query) {
  for (const Filter& filter : kFilters) {
    const std::string& text = query.*filter.text;
    if (text.size() > kTextBytesMax || !is_one_line(text)) {
      return fail(Code::invalid,
                  std::string(filter.column) + ": it must be one line of at most 512 bytes");
    }
  }
  if (query.limit < 1 || query.limit > kHitsMax) {
    return fail(Code::invalid, "limit: it is 1 to " + std::to_string(kHitsMax));
  }
  if (query.after && *query.after < -1) return fail(Code::invalid, "after: it is a number from -1");
  return ok();
}

// Whose reason is a code; that of a redaction is what somebody wrote.
constexpr std::array<std::string_view, 4> kWithReason = {"access", "change", "denied", "violation"};

// Why an access, a change, a denial or a violation was: a code as "no-warrant". "" for all else.
std::string reason_in(const ledger::ReadRecord& record, const ledger::Header& header) {
  const bool has_one =
      std::find(kWithReason.begin(), kWithReason.end(), header.type) != kWithReason.end();
  if (!has_one || record.erased) return "";
  const Result<json::Value> payload = json::parse(record.payload);
  const json::Value* reason = payload ? payload->find("reason") : nullptr;
  const std::string* text = reason == nullptr ? nullptr : reason->as_string();
  const auto is_of_code = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
  const bool code = text != nullptr && text->size() <= kReasonBytesMax &&
                    std::all_of(text->begin(), text->end(), is_of_code);
  return code ? *text : "";
}

// The condition of a query and its values, which are bound.
struct Condition {
  std::string text = "log = ?1 AND seq < ?2";
  std::vector<sql::Param> values;

  std::string bind(sql::Param value) {
    values.push_back(std::move(value));
    return "?" + std::to_string(values.size());
  }
};

Condition condition_of(std::int64_t log, const Query& query) {
  Condition out;
  out.bind(log);
  out.bind(static_cast<std::int64_t>(
      std::min<std::uint64_t>(query.before, static_cast<std::uint64_t>(INT64_MAX))));
  for (const Filter& filter : kFilters) {
    std::string text = query.*filter.text;
    if (text.empty()) continue;
    const std::string column(filter.column);
    if (text.back() == '*') {
      text.pop_back();
      // From the text on, up to what no UTF-8 behind it can pass.
      out.text += " AND " + column + " >= " + out.bind(text);
      out.text += " AND " + column + " < " + out.bind(text + "\xF4\x90");
    } else {
      out.text += " AND " + column + " = " + out.bind(text);
    }
  }
  if (query.after) out.text += " AND seq > " + out.bind(*query.after);
  if (query.from) out.text += " AND at >= " + out.bind(to_unix_ms(*query.from));
  if (query.to) out.text += " AND at < " + out.bind(to_unix_ms(*query.to));
  return out;
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(std::unique_ptr<sql::Connection> connection,
                                           const ledger::Store& store) {
  std::unique_ptr<Index> out(new Index(std::move(connection), store));
  MC_TRY_OK(out->prepare());
  return out;
}

Status Index::make_tables() {
  std::int64_t held = 0;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows, connection_->query("PRAGMA user_version", {}));
    MC_TRY(const bool there, rows->next());
    if (there) held = rows->integer(0);
  }
  if (held == kFormat) return ok();
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY_OK(connection_->script(kTables));
  MC_TRY_OK(connection_->script("PRAGMA user_version = " + std::to_string(kFormat)));
  return transaction.commit();
}

Status Index::prepare() {
  MC_TRY_OK(make_tables());
  std::map<std::string, std::string> last;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query("SELECT id, name, next, last FROM log", {}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) break;
      const std::string name(rows->text(1));
      logs_[name] = {rows->integer(0), static_cast<std::uint64_t>(rows->integer(2))};
      last[name] = rows->text(3);
    }
  }
  // A ledger that was brought back from a copy, or another one, has other records there.
  for (auto& [name, log] : logs_) {
    const auto record = log.next == 0 ? Result<ledger::ReadRecord>(ledger::ReadRecord{})
                                      : store_.read(name, log.next - 1);
    if (log.next == 0 || (record && hex_of(tlog::leaf_hash(record->leaf)) == last[name])) continue;
    MC_TRY_OK(drop_strange(name, log));
  }
  return ok();
}

Status Index::drop_strange(const std::string& name, Log& log) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY([[maybe_unused]] const std::int64_t gone,
         connection_->execute("DELETE FROM entry WHERE log = ?1", {log.id}));
  MC_TRY([[maybe_unused]] const std::int64_t reset,
         connection_->execute("UPDATE log SET next = 0, last = '' WHERE name = ?1", {name}));
  MC_TRY_OK(transaction.commit());
  log.next = 0;
  return ok();
}

Result<Index::Log*> Index::log_of(const std::string& name) {
  const auto found = logs_.find(name);
  if (found != logs_.end()) return &found->second;
  const auto id = static_cast<std::int64_t>(logs_.size()) + 1;
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_->execute("INSERT INTO log (id, name, next, last) VALUES (?1, ?2, 0, '')",
                              {id, name}));
  return &logs_.emplace(name, Log{id, 0}).first->second;
}

Status Index::insert(const Log& log, const ledger::ReadRecord& record,
                     const ledger::Header& header) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_->execute(
             "INSERT INTO entry (log, seq, at, type, actor, action, purpose, warrant, reason) "
             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
             {log.id, static_cast<std::int64_t>(header.seq), to_unix_ms(header.time), header.type,
              header.actor, header.action, header.purpose, header.warrant,
              reason_in(record, header)}));
  const std::optional<std::uint64_t> erased = ledger::redaction_target(record.leaf);
  if (!erased) return ok();
  MC_TRY([[maybe_unused]] const std::int64_t emptied,
         connection_->execute("UPDATE entry SET reason = '' WHERE log = ?1 AND seq = ?2",
                              {log.id, static_cast<std::int64_t>(*erased)}));
  return ok();
}

Status Index::take_in(const std::string& name, Log& log, std::uint64_t end) {
  while (log.next < end) {
    const std::uint64_t stop = std::min(end, log.next + kTransactionRecords);
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
    tlog::Hash last = {};
    for (std::uint64_t seq = log.next; seq < stop; ++seq) {
      MC_TRY(const ledger::ReadRecord record, store_.read(name, seq));
      MC_TRY(const ledger::Header header, ledger::parse_leaf(record.leaf));
      last = tlog::leaf_hash(record.leaf);
      MC_TRY_OK(insert(log, record, header));
    }
    MC_TRY([[maybe_unused]] const std::int64_t moved,
           connection_->execute("UPDATE log SET next = ?2, last = ?3 WHERE id = ?1",
                                {log.id, static_cast<std::int64_t>(stop), hex_of(last)}));
    MC_TRY_OK(transaction.commit());
    log.next = stop;
  }
  return ok();
}

Result<bool> Index::follow(std::size_t records) {
  const std::lock_guard lock(mutex_);
  std::size_t left = records;
  for (const std::string& name : store_.logs()) {
    if (!has_records(name)) continue;
    MC_TRY(const tlog::TreeHead head, store_.head(name));
    MC_TRY(Log * log, log_of(name));
    const std::uint64_t end = std::min<std::uint64_t>(head.size, log->next + left);
    left -= static_cast<std::size_t>(end - log->next);
    MC_TRY_OK(take_in(name, *log, end));
    if (end < head.size) return false;
  }
  return true;
}

Result<Found> Index::find(const std::string& log, const Query& query) {
  MC_TRY_OK(check(query));
  if (!has_records(log)) return fail(Code::not_found, "search: '" + log + "' has no records");
  MC_TRY(const tlog::TreeHead head, store_.head(log));
  const std::lock_guard lock(mutex_);
  MC_TRY(Log * known, log_of(log));
  MC_TRY_OK(take_in(log, *known, std::max(head.size, known->next)));
  Condition condition = condition_of(known->id, query);
  const std::string limit = condition.bind(query.limit + 1);
  const std::string order = query.after ? " ORDER BY seq LIMIT " : " ORDER BY seq DESC LIMIT ";
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query("SELECT seq FROM entry WHERE " + condition.text + order + limit,
                            std::span<const sql::Param>(condition.values)));
  Found out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    if (out.records.size() == static_cast<std::size_t>(query.limit)) {
      out.more = true;
      return out;
    }
    out.records.push_back(static_cast<std::uint64_t>(rows->integer(0)));
  }
}

}  // namespace mc::search
