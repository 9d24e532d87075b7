// Tells when a tenant has used 80 and 90 % of a budget of its own.
//
// Of a day or a month: what is used of it. Of a rate: what was asked for in the last five minutes,
// admitted or not, of what five minutes give; so it goes over 1. An event comes once when a level
// is reached, and again only after the burn has fallen five points below it, and in another
// window (a day, a month, five minutes).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "budget/book.h"
#include "burn/usage.h"

namespace mc::burn {

inline constexpr double kFirstLevel = 0.8, kSecondLevel = 0.9;
inline constexpr double kHysteresis = 0.05;

// Of a day or a month, which outlive the process.
bool is_window(budget::Dimension dimension);

struct QuotaBurn {
  std::string tenant;
  budget::Dimension dimension = budget::Dimension::requests;
  std::int64_t quota = 0;
  std::int64_t used = 0;  // of a day or month; of a rate what was asked for
  WallTime from, until;   // in this time
  double burn = 0;
  int level = 0;                         // 0, 80 or 90
  std::optional<WallTime> exhausted_at;  // of a day or month, at the pace of the last hour, when
                                         // that is before its end
};

struct QuotaEvent {
  QuotaBurn of;
  WallTime at;
};

class QuotaWatch {
 public:
  // Looks at all tenants; gives what is new. `book` has their limits, which `at` is a time of, as
  // `now` is of the usage.
  std::vector<QuotaEvent> look(const Usage& usage, const budget::Book& book,
                               const budget::Moment& at, MonoTime now, WallTime wall);
  // As the last look found them; of one tenant when it is named.
  std::vector<QuotaBurn> burns(std::optional<std::string_view> tenant) const;

 private:
  using Key = std::pair<std::string, budget::Dimension>;
  struct Held {
    QuotaBurn burn;
    std::int64_t told_80 = -1, told_90 = -1;  // windows in which the events came
    bool seen = false;                        // by the last look
  };
  // With the mutex held.
  void forget(const budget::Moment& at);
  void judge(const Key& key, QuotaBurn burn, std::int64_t window, WallTime wall,
             std::vector<QuotaEvent>& events);

  mutable std::mutex mutex_;
  std::map<Key, Held> held_;
};

}  // namespace mc::burn
