// A timer wheel for deadlines that move often and expire rarely: arming is O(1) and costs no
// system call. Deadlines expire at most one tick (2^24 ns, 17 ms) late, never early. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/base.h"

namespace mc::net {

class Wheel;

// Something with a deadline. Leaves its wheel when destroyed.
class WheelEntry {
 public:
  WheelEntry() = default;
  WheelEntry(const WheelEntry&) = delete;
  WheelEntry& operator=(const WheelEntry&) = delete;
  virtual ~WheelEntry();

 protected:
  // Called once a deadline; may arm or destroy any entry.
  virtual void expired() = 0;

 private:
  friend class Wheel;
  void unlink();
  MonoTime deadline_{INT64_MAX};
  std::int64_t tick_ = -1;  // of the slot it is linked in; -1 = in none
  WheelEntry* next_ = nullptr;
  WheelEntry** link_ = nullptr;  // the pointer that points here
};

class Wheel {
 public:
  static constexpr int kTickBits = 24;
  explicit Wheel(MonoTime now) : current_(tick_of(now)) {}
  Wheel(const Wheel&) = delete;
  Wheel& operator=(const Wheel&) = delete;
  ~Wheel();

  // Replaces the entry's deadline. Moving it later only writes a field.
  void arm(WheelEntry& entry, MonoTime deadline);
  void disarm(WheelEntry& entry) { entry.deadline_ = MonoTime{INT64_MAX}; }
  // Expires what is due.
  void advance(MonoTime now);
  // When advance() should be called next; nothing when no entry is linked.
  std::optional<MonoTime> next() const;

 private:
  static constexpr std::int64_t kSlots = 512;  // a horizon of 8.6 s; later ones go round again
  static std::int64_t tick_of(MonoTime time) { return time.nanos >> kTickBits; }
  void link(WheelEntry& entry);

  std::array<WheelEntry*, kSlots> slots_{};
  std::int64_t current_;  // ticks up to and including this one have been expired
};

}  // namespace mc::net
