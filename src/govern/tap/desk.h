// Where taps are set, listed and lifted, by whatever way (API, socket, signed file).
//
// What is asked for is in force on the board before anything is written. Then it goes into the
// desk's own file, which needs neither the state database nor the ledger; when that fails too the
// tap holds nevertheless, is told as not `stored`, and tick() tries again. A desk that is opened
// finds the taps of its file in force.
//
// Each change is an event for the ledger, in the log of the tenant "system": type "tap", action
// "tap.set", "tap.lift" or "tap.expire", with when it took effect and when it was recorded. Events
// wait in the same file, in their order, until the ledger takes them; each is recorded once, also
// after a crash in between. What waits is bounded by kSpoolMax (state.h): past it no tap is set,
// while those that there are can be lifted and end.
//
// Thread-safe. set(), lift() and take() block for a sync of the desk's file, record() for the
// ledger.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "sys/sys.h"
#include "tap/board.h"
#include "tap/order.h"
#include "tap/tap.h"

namespace mc::tap {

struct State;
struct Event;
enum class Act : std::uint8_t;

struct Actor {
  std::string name;             // "otto@system", "uid:0", "key:3f0a..."
  std::string way;              // "api", "socket", "file"
  std::string purpose = {};     // "" = not stated
  std::string request_id = {};  // "" = none
};

// A tap as it is told to the operator's people.
struct Shown {
  Tap tap;
  bool stored = false;  // it is in the file: a restart finds it as it is here
  Affected affected;
};
json::Object to_json(const Shown& shown);

enum class Run : std::uint8_t { real, dry };

class Desk {
 public:
  // All outlive it.
  struct World {
    sys::Files& files;
    sys::Clock& clock;
    sys::Random& random;
    log::Log& log;
    ledger::Ledger& ledger;
    Board& board;
  };
  struct Config {
    std::string file;
    // That there are: a tap for another one would do nothing, and is a slip of the hand.
    std::vector<std::string> routes, upstreams;
  };
  // `corrupt` when the file is there and is not one of a desk's, which names it.
  static Result<std::unique_ptr<Desk>> open(World world, Config config);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // In force when it returns. `invalid` names the member, `exhausted` past kTapsMax or kSpoolMax.
  Result<Shown> set(const Wanted& wanted, const Actor& by, Run run = Run::real);
  // No longer in force when it returns; gives it as it was. `not_found` without it.
  Result<Shown> lift(const std::string& id, const Actor& by, Run run = Run::real);
  // A signed order whose signature was checked. `conflict` when its serial number is not above that
  // of the last one of its key, `invalid` when it is too old.
  Result<Shown> take(const SignedOrder& order);
  Result<Shown> find(const std::string& id) const;
  std::vector<Shown> list() const;  // in force now, the newest first

  // Several times a second: takes off what has ended, and writes what could not be written.
  Status tick();
  // Gives the ledger what waits, until it is done or one fails.
  Status record();
  std::size_t unrecorded() const;

 private:
  Desk(World world, Config config);
  WallTime now();
  MonoTime end_of(const Tap& tap);
  Status check_places(const Terms& terms) const;
  Status check_room() const;
  Result<Tap> made(const Wanted& wanted, const Actor& by);
  void change(Act act, const Tap& tap, WallTime effective, const Actor& by);
  void put_on_board();
  bool save();
  Shown shown(Tap tap, bool stored) const;
  Result<std::int64_t> append(const Event& event);

  const World world_;
  const Config config_;
  mutable std::mutex mutex_;  // of those below
  WallTime latest_;           // a clock that is set back brings nothing back
  std::unique_ptr<State> state_;
  std::vector<Board::Entry> entries_;  // as state_ has them
  std::uint64_t version_ = 0;          // of state_
  std::uint64_t saved_ = 0;            // the version that the file has
  std::mutex writing_;                 // the file; taken before mutex_
  std::mutex recording_;               // taken before both
  bool unsaved_told_ = false;
};

}  // namespace mc::tap
