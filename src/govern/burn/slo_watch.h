// Tells when requests fail so fast that an objective of 30 days will not hold, by pairs of windows
// (The Site Reliability Workbook, chapter 5): the long one says that it matters, the short one that
// it still goes on.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "burn/usage.h"

namespace mc::burn {

struct Objective {
  double good = 0.999;         // of requests, in 30 days
  Nanos latency = seconds(1);  // those over it are not good
};

// In 1 h and 5 min 14.4 times the pace that the objective allows; 6 times in 6 h and 30 min; its
// pace in 3 d and 6 h.
enum class SloPair : std::uint8_t { fast, slow, creeping };
inline constexpr int kSloPairs = 3;
std::string_view name_of(SloPair pair);
bool is_page(SloPair pair);  // else a ticket
struct SloSpans {
  Nanos of_long, of_short;
};
SloSpans spans_of(SloPair pair);
double threshold_of(SloPair pair);  // times the pace that the objective allows

// With fewer bad ones in the long window nothing is told: one failure of ten requests is no pace.
inline constexpr std::int64_t kBadMin = 10;

struct SloEvent {
  std::string tenant;  // "" = all together
  SloPair pair = SloPair::fast;
  bool firing = false;  // or over
  double burn_long = 0, burn_short = 0;
  WallTime at;
  Counts of_long, of_short;  // that they are made of
};

class SloWatch {
 public:
  explicit SloWatch(Objective objective) : objective_(objective) {}
  // Looks at all tenants and at all together; gives what is new.
  std::vector<SloEvent> look(const Usage& usage, MonoTime now, WallTime wall);
  // Whether all together burn so fast that somebody is to be woken: then nobody gets more.
  bool guards() const;
  const Objective& objective() const { return objective_; }

 private:
  void judge(const Usage::Sums& sums, SloPair pair, WallTime wall, std::vector<SloEvent>& events);

  const Objective objective_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, SloPair>, bool> firing_;
};

}  // namespace mc::burn
