// Signs of overload, and who is turned away then.
//
//   StandingQueue   CoDel (Nichols, Jacobson 2012), as of requests: a queue that does not empty
//   Cursor          DAGOR (Zhou et al. 2018): below which importance nobody is let in
//
// Pure; of one thread each; time is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::admission {

// A queue is standing when for `after` nobody left it in less than `wait`; until it is empty.
struct StandingLimits {
  Nanos wait = millis(5);
  Nanos after = millis(100);
};
class StandingQueue {
 public:
  bool standing() const { return standing_; }
  // One has left it to be served after `waited`, or is still there.
  void served(Nanos waited, MonoTime now, const StandingLimits& limits) {
    if (waited <= limits.wait && !standing_) above_ = false;
    waits(waited, now, limits);
  }
  void waits(Nanos waited, MonoTime now, const StandingLimits& limits) {
    if (waited <= limits.wait) return;
    if (!above_) since_ = now;
    above_ = true;
    if (now - since_ >= limits.after) standing_ = true;
  }
  void emptied() { above_ = standing_ = false; }

 private:
  MonoTime since_;
  bool above_ = false, standing_ = false;
};

inline constexpr std::uint32_t kPriorityMax = 63;  // of the plan; the highest is shed last
inline constexpr std::uint32_t kTenantHashes = 128;
inline constexpr std::uint32_t kLevels = (kPriorityMax + 1) * kTenantHashes;
// Where a request stands: by its priority, and inside by its tenant, which changes places with the
// others each hour.
std::uint32_t level_of(std::uint32_t priority, std::uint64_t tenant_hash, MonoTime now);

struct CursorSettings {
  Nanos window = seconds(1);
  std::int64_t window_requests = 2'000;  // whichever comes first
  Nanos wait = millis(20);               // a mean wait above it is overload
};

// In each window with waits that are overload 5 % fewer are let in, up to half when that is what
// could run; else 1 % more, in calm windows 10 %, 20 %, 40 % and so on: a surge that has passed is
// forgotten in seconds. The level at the cursor is shed in part, so that one large tenant is not
// switched on and off.
//
// Who uses no more than its share (`within`) is shed only for waits, and then only when 95 % are
// like that, or when to shed all others was not enough (`strict`); until the cursor is back at 0,
// or many use more.
//
// Pressure is another matter: whoever makes it need not be here at all, as one whose requests are
// all refused before. Without waits it lets in 5 % fewer each second, until half of those that
// come are shed, but only of those who use more than their share; from 0.9 on no window is calm.
class Cursor {
 public:
  explicit Cursor(const CursorSettings& settings = {});

  // Of every request that comes; whether it is let in.
  bool admit(std::uint32_t level, bool within);
  // Of every one that was let in: that it runs now, or that it waits no longer.
  void started(Nanos waited) {
    ++started_;
    ended(waited);
  }
  void ended(Nanos waited) {
    waited_ += waited.count > 0 ? waited.count : 0;
    ++ended_;
  }
  // Closes the window when it is over. What else is short, see pressure.h: from a `pressure` of 1
  // on it is overload.
  void roll(MonoTime now, double pressure);
  // Overload begins at half of the mean wait.
  void set_guarded(bool guarded) { guarded_ = guarded; }

  // 0 = everybody is let in; kLevels = nobody.
  double at() const { return static_cast<double>(level_) + part_; }
  bool strict() const { return strict_; }
  bool overloaded() const { return overloaded_; }

 private:
  void move(MonoTime now, double pressure);
  void shed_for_waits();
  void shed_for_pressure(MonoTime now);
  void recover(bool calm);
  void place(double shed);
  double let_in() const { return static_cast<double>(sheddable_ - shed_); }

  CursorSettings settings_;
  std::vector<std::uint32_t> seen_;  // by level, of those that may be shed
  std::uint32_t level_ = 0;
  double part_ = 0, carry_ = 0;  // of the level at the cursor; what of it is owed
  bool strict_ = false, guarded_ = false, overloaded_ = false;
  double calm_step_ = 0;
  std::optional<MonoTime> begin_, pressed_;  // of the window; of the last step for pressure
  int full_windows_ = 0;                     // with overload, in which all that may be shed were
  std::int64_t arrived_ = 0, over_ = 0, sheddable_ = 0, shed_ = 0;
  std::int64_t started_ = 0, ended_ = 0, waited_ = 0;
};

}  // namespace mc::admission
