#include "net/wheel.h"

#include <algorithm>
#include <utility>

namespace mc::net {

WheelEntry::~WheelEntry() {
  unlink();
}

void WheelEntry::unlink() {
  if (tick_ < 0) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  tick_ = -1;
}

Wheel::~Wheel() {
  for (WheelEntry* entry : slots_) {
    while (entry != nullptr) {
      WheelEntry* next = entry->next_;
      entry->tick_ = -1;
      entry = next;
    }
  }
}

void Wheel::arm(WheelEntry& entry, MonoTime deadline) {
  entry.deadline_ = deadline;
  // A slot is visited when its whole tick has passed, so one at or before the deadline's tick
  // will look at the deadline again in time.
  if (entry.tick_ >= 0 && entry.tick_ <= tick_of(deadline)) return;
  entry.unlink();
  link(entry);
}

void Wheel::link(WheelEntry& entry) {
  entry.tick_ = std::clamp(tick_of(entry.deadline_), current_ + 1, current_ + kSlots - 1);
  WheelEntry*& head = slots_[static_cast<std::size_t>(entry.tick_ % kSlots)];
  entry.next_ = head;
  entry.link_ = &head;
  if (head != nullptr) head->link_ = &entry.next_;
  head = &entry;
}

void Wheel::advance(MonoTime now) {
  const std::int64_t last = tick_of(now) - 1;  // the last tick that is over
  // After a long pause every slot is visited once, not once a lap.
  if (last - current_ > kSlots) current_ = last - kSlots;
  while (current_ < last) {
    ++current_;
    // The list moves to a local head, so that expired() may arm or destroy any entry.
    WheelEntry* due = std::exchange(slots_[static_cast<std::size_t>(current_ % kSlots)], nullptr);
    if (due != nullptr) due->link_ = &due;
    while (due != nullptr) {
      WheelEntry& entry = *due;
      entry.unlink();
      if (entry.deadline_ <= now) {
        entry.deadline_ = MonoTime{INT64_MAX};
        entry.expired();
      } else if (entry.deadline_.nanos != INT64_MAX) {
        link(entry);
      }
    }
  }
}

std::optional<MonoTime> Wheel::next() const {
  for (std::int64_t tick = current_ + 1; tick < current_ + kSlots; ++tick) {
    if (slots_[static_cast<std::size_t>(tick % kSlots)] != nullptr) {
      return MonoTime{(tick + 1) << kTickBits};
    }
  }
  return std::nullopt;
}

}  // namespace mc::net
