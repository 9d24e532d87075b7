// The lines of an admission log, mc.admission/v1 (docs/formats/admission-log.md): what was asked of
// a book of budgets, what it said, and what was used at the end, in the order in which it happened.
//
// A line that parse_line() takes is within all limits below, and print_line() gives it again byte
// for byte. Pure; of any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "budget/override.h"
#include "budget/reserve.h"
#include "budget/settings.h"
#include "budget/window_count.h"

namespace mc::budget {

inline constexpr std::string_view kJournalKind = "mc.admission/v1";

inline constexpr std::size_t kJournalLineMax = 256 << 10;  // without its line feed
inline constexpr std::size_t kJournalHeaderMax = 4 << 20;  // of a header
inline constexpr std::size_t kJournalNameMax = 256;        // a tenant, user, request, route ...
inline constexpr std::size_t kJournalMarksMax = kChargesMax * kDimensions;
inline constexpr std::size_t kJournalCountsMax = 64;  // of one event
inline constexpr std::int64_t kJournalAmountMax = 1'000'000'000'000'000;
inline constexpr std::int64_t kJournalStepMax = 16;
inline constexpr Nanos kJournalAgeMax = seconds(4 * 365 * 86'400);     // since the start
inline constexpr WallTime kJournalWallMax{7'258'118'400'000'000'000};  // 2200
// How far the calendar may be from that of the start and the time since.
inline constexpr Nanos kJournalDriftMax = seconds(366 * 86'400);

// `budgets` and `admission`, as the configuration has them, and nothing else.
struct BudgetFile : BudgetSettings {};
std::string canonical(const BudgetSettings& settings);  // RFC 8785
std::string hash_of(const BudgetSettings& settings);    // "sha256:..." of that

// The first line of a file. The book was made of `settings` over `paths` when `run` began.
struct JournalHeader {
  std::string run;         // of one book; names of runs grow with time
  WallTime started;        // when the time since the start was zero
  std::int64_t file = 1;   // of the run
  std::int64_t first = 1;  // the sequence number of the first event that is here
  BudgetSettings settings;
  std::vector<std::string> paths;  // of routes
  // The settings as the log has them, in canonical form: a version that knows more settings prints
  // and hashes what another one wrote. "" = those above.
  std::string settings_text = {};
};

// Sequence numbers grow by one with each event of a run, whatever it is; a gap is a loss.
struct Decision {
  std::int64_t seq = 0;
  Nanos at;       // since the start
  WallTime wall;  // by the calendar, which may be set back
  std::string request;
  std::int64_t step = 1;  // of the request, which may ask more than once
  std::string tenant, plan, user;
  std::string route;       // its path; "" = none
  std::string class_name;  // as the policies say; "" = none
  DimensionSet exempt;     // from limits of the tenant's own
  Amounts asked;
  bool admitted = false;
  bool warned = false;
  bool shared = false;    // denied by what nodes share: the book was not asked
  Ticks eligible_at = 0;  // as in Answer
  std::vector<Mark> against;
  bool has_nearest = false;
  Mark nearest;
};

// What was admitted has ended.
struct Settlement {
  std::int64_t seq = 0;
  std::int64_t of = 0;  // the decision's
  Nanos at;
  Amounts used;
};

// What became of a request in the queue for seats; changes no budget.
struct QueueFact {
  std::int64_t seq = 0;
  std::int64_t of = 0;  // the decision's; 0 = it never came to one
  Nanos at;
  std::string request, tenant;
  Nanos waited;
  std::int64_t seats = 0, in_use = 0;  // of all
  std::int64_t position = 0;           // when it came; 0 = it did not wait
  std::string shed;                    // why it was turned away; "" = it was served
};

// All overrides of a tenant from here on, as Book::set_overrides() was given them; of each only
// what the book goes by: id, scope, route, dimension, amount or factor, from, until, asked.
struct Overridden {
  std::int64_t seq = 0;
  Nanos at;
  std::string tenant;
  std::vector<Override> rules;
};

// Counts of a day or a month that the book was given back, as Book::restore_windows() was.
struct Restored {
  std::int64_t seq = 0;
  Nanos at;
  WallTime wall;
  std::vector<WindowCount> counts;
};

// `count` events from `seq` on could not be written.
struct Loss {
  std::int64_t seq = 0;
  std::int64_t count = 0;
};

using JournalEvent =
    std::variant<JournalHeader, Decision, Settlement, QueueFact, Overridden, Restored, Loss>;

// The sequence number of an event; of a header `first`.
std::int64_t seq_of(const JournalEvent& event);

// Without a line feed. Names that are no UTF-8 are written in hexadecimal, after a "~".
std::string print_line(const JournalEvent& event);
void append_line(std::string& out, const JournalEvent& event);

// `invalid` names the member and its bounds. Unknown members are refused, and headers whose hash is
// not that of their settings.
Result<JournalEvent> parse_line(std::string_view line);

// The clocks of a decision, for the book, and back.
Moment moment_of(const Decision& decision);
Moment moment_of(const Restored& restored);
Moment moment_of(const Settlement& settlement);  // its calendar means nothing
WallTime wall_time_of(const Moment& at);
// "admitted", "warned", "denied", "denied_shared".
std::string_view outcome_of(const Decision& decision);

}  // namespace mc::budget

template <>
struct mc::json::Describe<mc::budget::BudgetFile> {
  using T = mc::budget::BudgetFile;
  static constexpr auto fields = std::tuple{
      Field<T, std::map<std::string, mc::budget::PlanSettings>>{
          "budgets", &T::plans, "What each tenant of a plan may use, by the plan's name"},
      Field<T, mc::budget::AdmissionSettings>{"admission", &T::admission,
                                              "What all tenants together may use"}};
};
