// The taps in force, as each request meets them: an immutable list that is swapped as a whole.
//
// A request without any taps pays one atomic load; with some it takes a lock to copy a pointer
// (that of std::atomic<std::shared_ptr> is one too, and spins). It is tested at up to five stages,
// each as soon as is known what that takes, and each tap at one stage only. A tap ends by the
// monotonic clock, whether anybody takes it off the board or not. Counts of rates and of seats, and
// of who is affected, live as long as the tap does, whatever else is set or lifted meanwhile.
//
// Board: any thread; it outlives what has begun with it. Pass: of one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "tap/tap.h"

namespace mc::tap {

inline constexpr std::size_t kTenantsTold = 20;  // of those that a tap affects

// What is known of a request, from which stage on.
enum class Stage : std::uint8_t {
  head,       // route and upstream
  caller,     // tenant and client
  read,       // how many operations it has
  text,       // its documents, not parsed
  operation,  // what they do
};
inline constexpr std::size_t kStages = 5;
// The first stage at which it can be told whether a tap of these terms refuses.
Stage stage_of(const Terms& terms);

struct Facts {
  std::string_view route, upstream, tenant, client;
  std::int64_t operations = 1;
  std::vector<std::string> documents = {};                     // "sha256:<hex>", one an operation
  bool registered = true;                                      // all of them are
  bool queries = false, mutates = false, introspects = false;  // any of them does
};
bool matches(const Terms& terms, const Facts& facts);

// Of the requests that fit a tap: all, and those that it refused.
struct Affected {
  std::int64_t last_second = 0, last_minute = 0, total = 0;
  std::int64_t refused_last_second = 0, refused_last_minute = 0, refused_total = 0;
  // Of the last minute, the most affected first; at most kTenantsTold. "" are all others, and
  // requests that were refused before anybody knew whose they are.
  struct Of {
    std::string tenant;
    std::int64_t last_minute = 0;
  };
  std::vector<Of> tenants;
};

class Active;  // a tap with its counts; private to the module

struct Refused {
  Action action = Action::block;
  std::string_view tap;  // its id; as long as the pass
  Nanos wait;            // before it makes sense to come again; 0 = that does not help
};

class Board {
 public:
  explicit Board(MonoTime start);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  struct Entry {
    Tap tap;
    MonoTime ends;
  };
  // These from now on, and no others: at most kTapsMax. One with the id of a former one is that.
  void put(const std::vector<Entry>& entries);
  std::size_t active(MonoTime now) const;
  Affected affected(std::string_view id, MonoTime now) const;
  std::int64_t matched(Action action) const {  // by all taps so far
    return matched_[static_cast<std::size_t>(action)].load(std::memory_order_relaxed);
  }

 private:
  friend class Pass;
  struct Snapshot {
    std::array<std::vector<std::shared_ptr<Active>>, kStages> by_stage;
  };
  std::shared_ptr<const Snapshot> look() const;

  const MonoTime start_;
  std::atomic<bool> any_ = false;
  std::array<std::atomic<std::int64_t>, kActions> matched_{};
  mutable std::mutex mutex_;                   // of those below
  std::shared_ptr<const Snapshot> snapshot_;   // held by the requests that have begun with it
  std::vector<std::shared_ptr<Active>> taps_;  // shared with the snapshots that requests hold
};

// One request on its way past the taps that were in force when it came.
class Pass {
 public:
  Pass() = default;
  ~Pass() { end(); }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void begin(Board& board);
  bool is_tested(Stage stage) const {
    return snapshot_ != nullptr && !snapshot_->by_stage[static_cast<std::size_t>(stage)].empty();
  }
  // `draw`: 64 random bits. What refuses has taken nothing of rates and seats.
  struct Moment {
    MonoTime now;
    std::uint64_t draw = 0;
  };
  std::optional<Refused> test(Stage stage, const Facts& facts, const Moment& at);
  std::string_view refused_by() const { return refused_by_; }  // id of the tap; "" = none
  // Gives back the seats that it holds; again: nothing happens.
  void end();

 private:
  std::optional<Refused> take(const std::vector<Active*>& clamps, const Facts& facts,
                              const Moment& at);
  Board* board_ = nullptr;
  std::shared_ptr<const Board::Snapshot> snapshot_;
  std::vector<std::shared_ptr<Active>> seats_;
  std::string refused_by_;
};

}  // namespace mc::tap
