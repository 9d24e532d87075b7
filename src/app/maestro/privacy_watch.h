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
//
// A refused query is a record as well (dp.refusal), the same question of the same person once in a
// window, and no more than kRefusalsRecorded of a window, so that who asks on and on fills no log.
//
// When a budget is used up, the tenant's endpoints get a notice in words (mc.privacy.exhausted),
// once in a window: when a query was refused while less was left than a query costs that says
// nothing of epsilon (query_default), when nothing is left, or when the rest will be gone within a
// day at the rate of the window, once half of it is. Formats: docs/formats/dp-notices.md.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "dataset/private.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "maestro/privacy_notice.h"
#include "search/search.h"
#include "sys/sys.h"

namespace mc::app {

inline constexpr std::int64_t kPrivacyLevels[] = {10, 20};  // percent left
inline constexpr std::int64_t kForecastPermille = 500;  // left, at most, for a forecast to be told
inline constexpr Nanos kForecastTold = seconds(24LL * 3'600);
inline constexpr std::size_t kRefusalsQueued = 1'000;  // between two steps; what is more is dropped
inline constexpr std::int64_t kRefusalsRecorded = 200;

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
  PrivacyWatch(World world, ExhaustionNotice notice) : world_(world), notice_(std::move(notice)) {}

  // A charge of these was settled, or may have been. Any thread; takes a lock, no more.
  void touch(const TenantId& tenant, const std::string& dataset, const std::string& purpose);
  // As planner::Planner::World::refused. Any thread; takes a lock, no more.
  void refused(const accountant::Charge& charge, const accountant::Refusal& by,
               const dataset::PrivateRefusal& told);
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
  struct Refused {
    accountant::Charge charge;
    accountant::Refusal by;
    std::string message;
    json::Object told;
  };
  // A record, and the event of it.
  struct Notice {
    std::string_view type, action, event;
    log::Event log;
    std::string key;  // of the record: it is made, and told, once
    Budget budget;
    std::int64_t left_permille = 0;
    json::Object data;
  };
  // What a notice in words is about.
  struct Exhausted {
    const accountant::Standing& standing;
    const Budget& budget;
    std::string why;
    std::optional<accountant::BurnDown> burn;  // of a window
    const json::Value* nearest = nullptr;      // epsilon and rmse, of a refusal
  };
  Result<std::int64_t> recorded(const Journal& journal);
  Status record(const Journal& journal);
  Status record(const Refused& one);
  Status look(const Budget& budget);
  Status look_at_refused(const Refused& one);
  Status tell_level(const accountant::Standing& standing, std::int64_t permille);
  Status foresee(const Budget& budget, const accountant::Standing& standing,
                 const std::string& plan);
  NoticeValues words_of(const Exhausted& what, std::optional<WallTime> gone) const;
  Status tell(const Exhausted& what);
  Status tell(Notice notice);

  const World world_;
  const ExhaustionNotice notice_;
  std::map<Journal, std::int64_t> recorded_;                      // the last seq, by journal
  std::map<std::pair<Budget, WallTime>, std::int64_t> told_;      // the lowest level, by window
  std::map<std::pair<Budget, WallTime>, std::int64_t> refusals_;  // recorded, by window
  std::set<std::pair<Budget, WallTime>> noticed_;                 // in words, by window
  std::set<std::string> untold_;  // keys of what is recorded, and not told yet
  mutable std::mutex mutex_;      // of all below
  std::set<Budget> touched_;
  std::vector<Refused> refused_;
  std::map<Budget, Left> left_;
};

}  // namespace mc::app
