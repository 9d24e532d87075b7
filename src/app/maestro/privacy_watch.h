// What the ledger has of privacy budgets, and who is told when one nears its end.
//
// Each settled charge becomes a record of the tenant's log, in the order of its journal, with the
// very text that the accountant hash is made of (docs/formats/accountant.md): whoever has the log
// can count again what was spent. A charge is durable before it is recorded, so a crash in between
// loses nothing: the next step goes on behind the last record.
//
// When a fifth of a window's budget is left, and when a tenth, the tenant's endpoints are told
// (mc.privacy.low), once in a window; it is a record too. A fall past both tells of the tenth
// alone, and after that nothing is told of the fifth. A top-up that lifts a budget above a level
// again changes none of this: who asked for it knows. After a restart the fifth may be told once
// more where only the tenth was. A crash between record and notice loses the notice.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "dataset/model.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "search/search.h"
#include "sys/sys.h"

namespace mc::app {

inline constexpr std::int64_t kPrivacyLevels[] = {10, 20};  // percent left

class PrivacyWatch {
 public:
  // All outlive it.
  struct World {
    accountant::Accountant& accountant;
    ledger::Ledger& ledger;
    search::Index& index;
    identity::Directory& directory;
    sys::Clock& clock;
    log::Log& log;
  };
  explicit PrivacyWatch(World world) : world_(world) {}

  // A charge of these was settled, or may have been. Any thread; takes a lock, no more.
  void touch(const TenantId& tenant, const std::string& dataset, const std::string& purpose);
  // Records and tells what is new. One thread; blocks for the ledger. What fails is tried again by
  // the next one.
  Status step();

  // What is left of the windows that were touched since the start, in permille of limit and
  // top-ups; any thread.
  struct Left {
    std::string tenant, dataset, purpose;
    std::int64_t permille = 0;
    double epsilon_limit = 0, epsilon_spent = 0, epsilon_reserved = 0, epsilon_top_up = 0;
  };
  std::vector<Left> left() const;

 private:
  using Journal = std::pair<std::string, std::string>;               // tenant, dataset
  using Budget = std::tuple<std::string, std::string, std::string>;  // and purpose
  Result<std::int64_t> recorded(const Journal& journal);
  Status record(const Journal& journal);
  Status look(const Budget& budget);
  Status tell(const accountant::Standing& standing, std::int64_t level, std::int64_t permille);

  const World world_;
  std::map<Journal, std::int64_t> recorded_;                  // the last seq, by journal
  std::map<std::pair<Budget, WallTime>, std::int64_t> told_;  // the lowest level, by window
  // Recorded, and not told yet: the account and its level.
  std::set<std::tuple<accountant::AccountKey, std::int64_t>> untold_;
  mutable std::mutex mutex_;  // of both below
  std::set<Budget> touched_;
  std::map<Budget, Left> left_;
};

}  // namespace mc::app
