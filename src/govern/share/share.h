// Budgets that many nodes share: a node leases a part of a limit from the store, decides by itself
// from what it holds, asks for more before that is used up and gives back what it does not use.
//
// With B = burst, r = rate, over any time w all N nodes together admit at most B + r * w, and more
// than that by at most (windows: B = what there is for the day, r = 0; seats: B = seats, r = 0):
//
//   | the store                    | lease                            | exact          |
//   |------------------------------|----------------------------------|----------------|
//   | answers                      | 0                                | 0              |
//   | restarts empty               | N * max(1, r * 100 ms): what nodes hold | 0       |
//   | fails over to a replica      | what was asked in the lag, at most B | the same   |
//   | its clock jumps ahead by t   | min(B, r * t)                    | the same       |
//   | has a key taken from it      | B                                | the same       |
//
//   | on_store_loss | M of N nodes do not reach the store for t                                |
//   |---------------|--------------------------------------------------------------------------|
//   | closed        | 0: a node uses up what it holds, 2 s at most                             |
//   | local_share   | M * max(1, B / N) + (M / N) * r * t; N: live nodes as last told          |
//   | last_known    | for each of M: a * (t + 1 s), a = its own rate in the 2 to 4 s before    |
//   | open          | whatever comes                                                           |
//
// Also one request that has waited op_timeout for an answer is decided as in a loss.
// Windows and seats have no rate: with local_share M * (left / N), of seats M * max(1, B / N); with
// last_known M times what was left as last told. Seats in use go on being used when their lease has
// ended: that many more. A store that loses its memory knows of a window what live nodes tell it
// within a second. What nodes admit on their own is posted when the store answers again, of a rate
// as much as has not grown back.
//
// The price is what others hold without using it: at most N * max(1, r * 100 ms), for 300 ms; of a
// node that dies for 2 s, of its seats for 4.5 s. Only exact mode asks for each request.
//
// Pure: time is given. take(), wait() and settle() are of any threads; turn() of one at a time.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/base.h"
#include "share/spec.h"
#include "share/store.h"

namespace mc::share {

inline constexpr Nanos kChunk = millis(100);  // of a rate that a node holds
inline constexpr Nanos kLeaseTtl = seconds(2), kSeatTtl = millis(4'500);
inline constexpr Nanos kIdle = millis(300);   // then what is held is given back
inline constexpr Nanos kProbe = millis(100);  // between attempts while the store is lost
inline constexpr int kFailuresToLose = 2;     // in a row
inline constexpr std::size_t kLinesMax = 200'000;
inline constexpr std::size_t kWaitersMax = 10'000;
inline constexpr std::size_t kEventLinesMax = 100;

class Line;  // what this node knows of one key

struct Need {
  std::shared_ptr<Line> line;  // shared with whoever asks for the same key
  std::int64_t amount = 0;
};

struct Outcome {
  enum class State : std::uint8_t { admitted, denied, wait };
  State state = State::admitted;
  // Denied: never earlier than this it is let in; 0 = as soon as somebody lets go; kNever.
  Nanos eligible_in = {};
  std::size_t by = 0;  // the need that stood against it
  bool alone = false;  // decided without the store
  bool full = false;   // denied as too many wait (kWaitersMax), or since it is closed; by nobody
  std::uint32_t needs_alone = 0;  // a bit for each need that was
  bool ok() const { return state == State::admitted; }
};
inline constexpr Nanos kNever = {INT64_MAX};

// For the ledger and the log. Called by turn().
struct Event {
  enum class Kind : std::uint8_t { store_lost, store_back, store_emptied };
  Kind kind = Kind::store_lost;
  MonoTime at;
  std::string why = {};                               // of the loss
  std::array<std::int64_t, kOnLosses> admitted = {};  // store_back: alone, by OnLoss, amounts
  std::vector<std::pair<std::string, std::int64_t>> keys = {};  // of these, those with the most
};

struct Stats {
  std::int64_t asks = 0, calls = 0, failed_calls = 0;
  std::int64_t waited = 0, alone = 0;  // requests
  std::int64_t nodes = 1;              // live, as last told
  std::int64_t lines = 0;              // keys that are counted, at most kLinesMax
  bool lost = false;
};

class Share {
 public:
  struct Options {
    Mode mode = Mode::lease;
    Nanos op_timeout = millis(10);  // 1 ms to 1 s; also how long a request waits at most
    std::int64_t nodes_min = 1;     // there are at least so many, whatever the store last told
    std::string node = {};          // of this process, never used before: 8 to 64 of [a-z0-9]
  };
  struct Hooks {
    std::function<void(const Event&)> on_event = {};
    std::function<void()> wake = {};  // turn() is due now; from any thread
  };
  using Later = std::function<void(const Outcome&)>;

  // `invalid` names the option. The store outlives this, and what `wake` uses the store.
  static Result<std::unique_ptr<Share>> make(Options options, Store& store, Hooks hooks);
  ~Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  // The line of a key; another spec changes it. `exhausted`: kLinesMax are in use.
  Result<std::shared_ptr<Line>> line(std::string_view key, const Spec& spec);

  // All of them or none. `wait`: what this node holds is not enough, and only the store knows.
  Outcome take(std::span<const Need> needs, MonoTime now);
  // After `wait`: `later` is called once, by a turn(), within op_timeout.
  void wait(std::vector<Need> needs, MonoTime now, Later later);
  // Of a moment ago, as another limit has denied it: as if it had not been taken.
  void undo(std::span<const Need> needs, const Outcome& taken, MonoTime now);
  // Who waits is denied, and so is everybody who would wait from then on.
  void close();
  // At the end, of seats and of what settles: seats are let go; what was not used may be used again
  // when that is within 250 ms (docs/adr/0024), what was used beyond is owed.
  void settle(const Need& taken, std::int64_t used, MonoTime taken_at, MonoTime now);
  // Sends what is to be asked, hears answers, ends waiting. Gives the time until the next one.
  Nanos turn(MonoTime now);

  Stats stats() const;
  std::int64_t lines() const { return count_.load(std::memory_order_relaxed); }  // of stats()

 private:
  struct Waiter {
    std::vector<Need> needs;
    Later later;
    MonoTime since;
    std::int64_t round = 0;  // of the call that asks for it; 0 = none yet
    bool heard = false;      // the store has answered
  };
  struct Flight {
    std::int64_t round = 0;
    MonoTime sent;
    std::vector<std::shared_ptr<Line>> lines;
  };
  struct Inbox;  // where the store puts its answers
  struct Finished;

  Share(Options options, Store& store, Hooks hooks);
  // `alone` names a loss of the store; 0 = it decides.
  Outcome try_take(std::span<const Need> needs, MonoTime now, std::int64_t alone);
  void queue(const std::shared_ptr<Line>& line);
  void enlist(const std::shared_ptr<Line>& line);
  void hear(MonoTime now);
  void answered(const std::vector<Reply>& replies, MonoTime now);
  void failed(std::string why, MonoTime now);
  void end_waits(MonoTime now, std::vector<Finished>& done);
  void look_at_lines(MonoTime now);
  void reap(MonoTime now);
  void gather_waiting(std::int64_t round);
  Nanos next_turn(MonoTime now) const;
  std::vector<Ask> compose(MonoTime now);
  Event note_back(MonoTime now);

  const Options options_;
  Store& store_;
  const Hooks hooks_;
  const std::shared_ptr<Inbox> inbox_;  // shared with answers that come late
  std::shared_ptr<Line> self_;          // a seat of each node: how many there are

  mutable std::mutex mutex_;  // of all below; a line's lock may be taken with it, not the reverse
  std::map<std::string, std::shared_ptr<Line>, std::less<>> lines_;
  std::unordered_map<std::string_view, std::shared_ptr<Line>> by_key_;  // the same; keys of lines_
  std::vector<std::shared_ptr<Line>> dirty_, live_;
  std::deque<Waiter> waiters_;
  std::vector<Event> events_;
  std::optional<Flight> flight_;
  std::string reaped_;  // the last key that was looked at
  std::int64_t calls_ = 0, failed_calls_ = 0, asks_ = 0, waited_ = 0;
  std::int64_t round_ = 0, losses_ = 1;  // calls sent; losses of the store, begun or to come
  int failures_ = 0;
  bool decide_all_ = false;  // who waits, at the next end_waits()
  bool has_seat_ = false;    // self_ is counted
  bool closed_ = false;
  MonoTime next_look_, next_call_;
  std::atomic<std::int64_t> lost_ = 0;                           // the loss that is; 0 = none
  std::atomic<std::int64_t> alone_ = 0, nodes_ = 1, count_ = 0;  // count_: of lines_
};

}  // namespace mc::share
