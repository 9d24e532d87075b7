#include "admission/overload.h"

#include <algorithm>
#include <cmath>

namespace mc::admission {
namespace {

constexpr double kLess = 0.95, kMore = 0.01;  // of those let in, of those that came
constexpr double kOfStarted = 1.05;
constexpr double kCalmFirst = 0.10;  // of those that came; doubled each time
constexpr double kCalmWait = 0.1;    // of the wait that is overload
constexpr double kLessMost = 0.5;
constexpr double kPressureNear = 0.9;
constexpr double kPressedMost = 0.5;  // of those that came, that are shed for pressure
// Of those that came, such as use more than their share: too few to shed, and enough again.
constexpr double kOverFew = 0.05, kOverMany = 0.2;
constexpr int kFullWindows = 2;  // in which all of them were shed
constexpr std::int64_t kHour = 3'600'000'000'000;

}  // namespace

std::uint32_t level_of(std::uint32_t priority, std::uint64_t tenant_hash, MonoTime now) {
  // The finisher of splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t mixed =
      tenant_hash + static_cast<std::uint64_t>(now.nanos / kHour) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  const auto hash = static_cast<std::uint32_t>((mixed ^ (mixed >> 31)) % kTenantHashes);
  return std::min(priority, kPriorityMax) * kTenantHashes + hash;
}

Cursor::Cursor(const CursorSettings& settings) : settings_(settings), seen_(kLevels) {}

bool Cursor::admit(std::uint32_t level, bool within) {
  ++arrived_;
  if (!within) ++over_;
  if (within && !strict_) return true;
  level = std::min(level, kLevels - 1);
  ++sheddable_;
  ++seen_[level];
  bool sheds = level < level_;
  if (level == level_ && part_ > 0) {
    carry_ += part_;
    sheds = carry_ >= 1;
    if (sheds) carry_ -= 1;
  }
  if (sheds) ++shed_;
  return !sheds;
}

void Cursor::roll(MonoTime now, double pressure) {
  if (!begin_) begin_ = now;
  if (arrived_ < settings_.window_requests && now - *begin_ < settings_.window) return;
  move(now, pressure);
  std::ranges::fill(seen_, 0);
  begin_ = now;
  arrived_ = over_ = sheddable_ = shed_ = started_ = ended_ = waited_ = 0;
}

void Cursor::move(MonoTime now, double pressure) {
  const double limit = static_cast<double>(settings_.wait.count) * (guarded_ ? 0.5 : 1);
  const double mean = ended_ == 0 ? 0 : static_cast<double>(waited_) / static_cast<double>(ended_);
  const bool waits = mean > limit;
  overloaded_ = waits || pressure >= 1;
  if (static_cast<double>(over_) > kOverMany * static_cast<double>(arrived_)) strict_ = false;
  if (waits) return shed_for_waits();
  if (pressure >= 1 && !strict_) return shed_for_pressure(now);
  recover(mean <= kCalmWait * limit && (strict_ || pressure < kPressureNear));
}

void Cursor::shed_for_waits() {
  calm_step_ = 0;
  if (arrived_ == 0) return;  // nobody to choose among
  const bool enough = static_cast<double>(over_) > kOverFew * static_cast<double>(arrived_);
  full_windows_ = let_in() == 0 ? full_windows_ + 1 : 0;
  if (!strict_ && (!enough || full_windows_ >= kFullWindows)) {
    strict_ = true;  // whom to shed is known after the next window
    full_windows_ = 0;
    return;
  }
  const auto others = static_cast<double>(arrived_ - sheddable_);
  const double could = kOfStarted * static_cast<double>(started_) - others;
  const double least = std::min(kLess * let_in(), let_in() - 1);
  place(static_cast<double>(sheddable_) -
        std::clamp(could, std::min(kLessMost * let_in(), least), least));
}

// A window may be much shorter than the time from one look at what is short to the next.
void Cursor::shed_for_pressure(MonoTime now) {
  calm_step_ = 0;
  if (sheddable_ == 0 || (pressed_ && now - *pressed_ < settings_.window)) return;
  pressed_ = now;
  const double least = std::min(kLess * let_in(), let_in() - 1);
  place(std::min(static_cast<double>(sheddable_) - least,
                 kPressedMost * static_cast<double>(arrived_)));
}

void Cursor::recover(bool calm) {
  if (at() == 0) {
    strict_ = false;
    calm_step_ = 0;
    return;
  }
  calm_step_ = calm ? std::max(kCalmFirst, 2 * calm_step_) : 0;
  const double step = std::max(kMore, calm_step_) * static_cast<double>(sheddable_);
  place(static_cast<double>(shed_) - std::max(1.0, step));
}

// Where of those that came in this window so many would have been shed, from the lowest on.
void Cursor::place(double shed) {
  level_ = 0;
  part_ = carry_ = 0;
  if (shed <= 0) {
    strict_ = false;
    return;
  }
  for (; level_ < kLevels; ++level_) {
    const double here = seen_[level_];
    if (shed < here) {
      part_ = shed / here;
      return;
    }
    shed -= here;
  }
}

}  // namespace mc::admission
