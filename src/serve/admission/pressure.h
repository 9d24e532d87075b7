// What else is short than seats: the event loops, processors, memory, what stands behind.
//
// Only what shedding would help against is told here, and only what lasts: Pressures have been
// weighed by whoever measured them (docs/adr/0029), and PressureWatch wants some in a row.
//
// Processors say nothing by themselves, as one that is used to the full is not overloaded. While
// they are, delays count twice: those of the loops here, those of the queues in the Cursor.
//
// Pure; of one thread.
#pragma once

#include <cstdint>

#include "base/base.h"

namespace mc::admission {

// Shares are in thousandths.
struct Pressures {
  Nanos loop_lag{};
  std::int64_t cpu = 0;     // of the processors that may be used
  std::int64_t memory = 0;  // of the control group's limit
  std::int64_t failed = 0;  // of what was sent to the services behind, to the best of them
};
struct PressureLimits {
  Nanos loop_lag = millis(20);
  std::int64_t cpu = 950, memory = 900, failed = 500;
};

// Each in parts of its limit; from 1 on it is overload, but for that of processors. Absurd values
// are 0 or a lot.
struct PressureParts {
  double loop_lag = 0, cpu = 0, memory = 0, failed = 0;
  bool all_cpu() const { return cpu >= 1; }
  // The nearest to its limit.
  double most() const;
};
PressureParts parts_of(const Pressures& pressures, const PressureLimits& limits = {});

// Overload by pressure begins with the third look in a row that finds some, and ends with the third
// that finds clearly none.
//
// What does not fall by a tenth in 15 looks, nor below 1, is not made by those who are shed: then
// nobody is for 60 looks, after which it is tried again.
class PressureWatch {
 public:
  void look(double most);
  bool on() const { return on_; }
  bool in_vain() const { return rest_ > 0; }  // it is on, and nobody is to be shed for it

 private:
  void turn(bool on, double most);
  void judge(double most);

  int row_ = 0;
  bool on_ = false;
  double from_ = 0;           // what it is to fall from
  int looks_ = 0, rest_ = 0;  // since then; until it is tried again
};

}  // namespace mc::admission
