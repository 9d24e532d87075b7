// Search in the ledger's records by what their leaves say.
//
// An index in a database of its own, derived and never trusted: whoever finds something reads the
// record from the ledger, which proves it. It is made again when it is gone, damaged, of another
// format, or not of this ledger. Of payloads it has the code of the reason alone ("no-warrant"),
// and no longer once the payload is erased.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "ledger/ledger.h"
#include "sql/sql.h"

namespace mc::search {

inline constexpr std::int64_t kHitsMax = 10'000;
inline constexpr std::size_t kTextBytesMax = ledger::kTextBytesMax;

// Empty texts ask nothing; one that ends with * is the beginning of what is looked for.
struct Query {
  std::string type = {};
  std::string actor = {};
  std::string action = {};
  std::string purpose = {};
  std::string warrant = {};
  std::string reason = {};            // of accesses, changes, denials, violations: "no-warrant"
  std::optional<WallTime> from = {};  // inside
  std::optional<WallTime> to = {};    // not inside
  std::uint64_t before = UINT64_MAX;  // only records before this number
  // Only records behind this number, oldest first; -1 is before the first one.
  std::optional<std::int64_t> after = {};
  std::int64_t limit = 50;  // 1 to kHitsMax
};

struct Found {
  std::vector<std::uint64_t> records;  // their numbers, newest first; with `after` oldest first
  bool more = false;                   // there are others past the last
};

// Thread-safe; one call at a time.
class Index {
 public:
  // An empty database, or one that this class has made.
  static Result<std::unique_ptr<Index>> open(std::unique_ptr<sql::Connection> connection,
                                             const ledger::Store& store);

  // Takes in up to `records` that were recorded since, of any log; whether it has them all.
  Result<bool> follow(std::size_t records);
  // All that is in the log, also what was recorded just now. `invalid` names what cannot be asked;
  // `not_found` without such a log.
  Result<Found> find(const std::string& log, const Query& query);

 private:
  struct Log {
    std::int64_t id = 0;
    std::uint64_t next = 0;  // the first record that is not in it
  };
  Index(std::unique_ptr<sql::Connection> connection, const ledger::Store& store)
      : connection_(std::move(connection)), store_(store) {}
  Status make_tables();
  Status prepare();
  Result<Log*> log_of(const std::string& name);
  Status drop_strange(const std::string& name, Log& log);
  // Up to `end`, at most `records`.
  Status take_in(const std::string& name, Log& log, std::uint64_t end);
  Status insert(const Log& log, const ledger::ReadRecord& record, const ledger::Header& header);

  std::mutex mutex_;
  std::unique_ptr<sql::Connection> connection_;
  const ledger::Store& store_;
  std::map<std::string, Log> logs_;
};

}  // namespace mc::search
