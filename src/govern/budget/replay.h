// Admission logs, run through a book again.
//
//   Rerun        a fresh book at the logged times: what it says to each decision
//   Verifier     with the settings of the log: every decision is the one in the log, byte for byte
//   Comparison   with other settings: what they would have let through and refused, and whose
//
// All three take events in the order of their sequence numbers, as JournalReader gives them. Pure.
// Memory: what is open at a time, and the names of tenants and routes.
//
// A log that does not begin with its run starts with full budgets and nothing held, which the book
// of then had not: until the largest burst has grown back (warm_up) its decisions are run, and
// neither compared nor counted. What is held and the credits of a day and a month from before stay
// unknown.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/base.h"
#include "budget/book.h"
#include "budget/journal_line.h"

namespace mc::budget {

class Rerun {
 public:
  // `invalid` names the setting (Book::make).
  static Result<Rerun> make(const BudgetSettings& settings, const JournalHeader& header);

  // What the book says to it now. When it is admitted it is open until settle() names it.
  // `invalid`: its times are further from the start of the log than any log's are.
  Result<Decision> decide(const Decision& logged);
  // False when it is not open: it was denied here.
  bool settle(std::int64_t of, const Amounts& used, Nanos at);
  void override_limits(const Overridden& overridden);
  Status restore(const Restored& restored);  // `invalid` as of decide()

 private:
  Status check_times(Nanos at, WallTime wall) const;
  std::unique_ptr<Book> book_;
  WallTime started_;
  std::unordered_map<std::string, std::size_t> routes_;
  std::size_t no_route_ = 0;
  std::unordered_map<std::int64_t, Reservation> open_;  // by the decision
};

// The longest that a burst of these settings takes to grow back.
Nanos warm_up_of(const BudgetSettings& settings);

// When decisions are looked at; those before are run as well.
struct Between {
  WallTime since{}, until{INT64_MAX};
  bool has(WallTime time) const { return since <= time && time < until; }
};

class Verifier {
 public:
  explicit Verifier(Between between = {}) : between_(between) {}

  struct Report {
    std::int64_t runs = 0, decisions = 0, settlements = 0, differences = 0;
    std::int64_t not_compared = 0;  // in the warm-up of a log that does not begin with its run
    // The first decision that differs, as lines; "" = none.
    std::string logged, replayed;
    bool same() const { return differences == 0; }
  };
  // True when it is a decision that differs from what the book says now.
  Result<bool> run(const JournalEvent& event);
  const Report& report() const { return report_; }

 private:
  Between between_;
  std::string run_;
  std::optional<Rerun> book_;
  std::optional<Nanos> warm_until_;  // of a partial run, once its first decision has come
  Nanos warm_up_;
  Report report_;
};

class Comparison {
 public:
  struct Options {
    BudgetSettings settings;  // the new ones
    std::string tenant = {};  // counted alone; "" = all
    Between between = {};
    // On top of those of the log, all the time that its from and until say.
    std::optional<Override> added = {};
  };
  explicit Comparison(Options options) : options_(std::move(options)) {}

  struct Counts {
    std::int64_t decisions = 0;
    std::int64_t denied = 0;             // in the log
    std::int64_t passes = 0;             // of those: they would be let through
    std::int64_t refused = 0;            // admitted in the log, and would be denied
    std::int64_t refused_by_shared = 0;  // of those: by a limit that tenants share
    std::int64_t warned = 0, would_warn = 0;
    std::int64_t not_reached = 0;  // later steps of a request whose earlier one would be denied
  };
  struct ByPolicy {
    std::int64_t passes = 0;   // it stood against them in the log
    std::int64_t refused = 0;  // it would stand against them
  };
  struct Report {
    std::int64_t runs = 0, not_compared = 0;
    Counts total;                           // of what is counted
    std::map<std::string, Counts> tenants;  // the same
    std::map<std::string, ByPolicy> policies;
    // Who would be refused what it got, and how often: of all tenants, whatever is counted.
    std::map<std::string, Counts> losers;
    // Requests that would pass were settled with the tenant's averages on the route so far, as the
    // log cannot know what they would have used; without any: as they asked, at once.
    std::int64_t assumed = 0, assumed_without_any = 0;
  };
  // `invalid`: the settings do not fit the routes of the log, or as Rerun::decide().
  Status run(const JournalEvent& event);
  const Report& report() const { return report_; }

 private:
  // Of a tenant on a route, of what the log has settled.
  struct History {
    Amounts asked, used;  // sums
    Nanos took;           // sum
    std::int64_t count = 0;
  };
  struct Open {
    History* history = nullptr;
    Nanos at;
    Amounts asked;
    std::string request;  // and its tenant, when it is denied here
  };
  Status begin(const JournalHeader& header);
  void override_limits(Overridden overridden);
  Status decide(const Decision& logged);
  void settle(const Settlement& settlement);
  void assume(const Decision& logged, History& history);
  void settle_assumed(Nanos until);
  bool between_has(const Decision& logged);  // counts those of the warm-up
  void count(const Decision& logged, const Decision& now);
  template <class F>
  void count_in(const std::string& tenant, F&& change);

  Options options_;
  std::string run_;
  std::optional<Rerun> book_;
  std::optional<Nanos> warm_until_;
  Nanos warm_up_;
  std::map<std::string, History> history_;       // by tenant and route
  std::unordered_map<std::int64_t, Open> open_;  // admitted in the log, by the decision
  std::unordered_set<std::string> refused_;      // requests that are open and denied here
  std::map<std::pair<Nanos, std::int64_t>, Amounts> assumed_;  // when they end, and of which
  Report report_;
};

}  // namespace mc::budget
