// What a node knows of one key: what it holds, what it has used, and how it decides without the
// store. Of any threads, one short lock.
//
//   held   of the lease, may be taken          open   taken, and its use is not known yet; seats
//   used   since the node started              acked  of that, known to the store
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/base.h"
#include "budget/gcra.h"
#include "share/share.h"
#include "share/store.h"

namespace mc::share {

inline constexpr Nanos kOpen = millis(250);        // an estimate may be settled this long, or twice
inline constexpr Nanos kKnown = seconds(2);        // in which the last known rate is counted
inline constexpr Nanos kRefillAgain = millis(20);  // when the store had less than was wanted
inline constexpr Nanos kDeniedMax = millis(100);   // a denial holds without asking again
inline constexpr Nanos kReport = millis(250);      // use is told, when nothing else is to be
inline constexpr Nanos kBeat = seconds(1);         // of seats in use
inline constexpr Nanos kAloneAgain = seconds(1);   // when who waits has nothing to wait for

class Line {
 public:
  Line(std::string key, Mode mode, const Spec& spec, const Shape& shape);

  const std::string& key() const { return key_; }
  void change(const Spec& spec, const Shape& shape);

  enum class Step : std::uint8_t { taken, denied, missing };
  struct Take {
    Step step = Step::taken;
    Nanos eligible_in = {};
    bool ask = false;    // the store should hear of it soon
    bool alone = false;  // decided without the store
  };
  // `loss` names the loss of the store that it decides in, of `nodes` live ones; 0 = none.
  Take take(std::int64_t amount, MonoTime now, std::int64_t loss, std::int64_t nodes);
  void undo(std::int64_t amount, MonoTime now, bool alone);  // of a moment ago: another one denied
  bool settle(std::int64_t taken, std::int64_t used, MonoTime taken_at, MonoTime now);  // ask soon

  // Of a call of this turn: none when there is nothing to say.
  void add_waiting(std::int64_t amount);
  std::optional<Ask> ask(MonoTime now);
  bool answered(const Reply& reply, MonoTime now);  // ask soon
  void failed();

  struct Look {
    bool ask = false;
    bool idle = false;  // nothing to be remembered
  };
  Look look(MonoTime now);
  bool is_forgotten(MonoTime now) const;  // the store does not know this node on the key any more
  std::int64_t forget_alone();            // what was admitted alone since the last time
  OnLoss on_loss() const;
  bool is_of(const Spec& spec) const;
  // A window's use, to a store that has lost its memory; false when there is nothing to tell.
  bool tell_again();
  bool was_emptied() const { return emptied_.exchange(false); }

  // Of the owner.
  std::atomic<bool> queued = false;
  bool live = false;

 private:
  struct Sent {
    std::int64_t held = 0, used = 0, alone = 0, least = 0;
    MonoTime at;
    Nanos ttl;
  };
  bool is_seats() const { return spec_.kind == Kind::seats; }
  bool is_idle(MonoTime now) const { return now - taken_at_ >= kIdle; }
  std::int64_t open() const { return open_[0] + open_[1]; }
  std::int64_t chunk() const;
  void pass(MonoTime now);
  void put(std::int64_t amount, MonoTime now);
  Take take_alone(std::int64_t amount, MonoTime now, std::int64_t loss, std::int64_t nodes);
  void begin_alone(MonoTime now, std::int64_t loss, std::int64_t nodes);
  std::int64_t fresh_charge(MonoTime now) const;
  budget::Ticks ticks(MonoTime at) const;

  const std::string key_;
  const Mode mode_;
  mutable std::mutex mutex_;
  Spec spec_;
  Shape shape_;

  std::int64_t held_ = 0, open_[2] = {}, used_ = 0, acked_ = 0;
  MonoTime until_;  // of the lease
  std::int64_t generation_ = 0;
  MonoTime lapsed_at_;  // what was open then counts as used
  MonoTime taken_at_, asked_at_, refill_at_, denied_until_, eligible_at_, acked_at_;
  bool never_ = false, unknown_ = false;  // no time helps; nobody knows
  std::int64_t denied_least_ = 0, left_ = 0;

  std::int64_t seq_ = 0, waiting_ = 0, least_ = 0;
  std::optional<Sent> sent_;
  bool tell_ = false;  // at the next ask, whatever there is to say
  mutable std::atomic<bool> emptied_ = false;

  // Without the store.
  std::int64_t loss_ = 0;                    // in which it began
  std::int64_t alone_ = 0, alone_told_ = 0;  // admitted: not posted yet; not told yet
  std::int64_t alone_left_ = 0;              // of a window or of seats
  std::optional<budget::Rate> rate_;
  std::optional<budget::Bucket> bucket_;
  MonoTime alone_since_;
  // For the last known rate.
  MonoTime known_since_;
  std::int64_t known_[2] = {};  // of now and of the kKnown before
};

}  // namespace mc::share
