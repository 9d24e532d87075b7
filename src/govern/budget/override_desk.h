// Overrides of budgets, from asking for one to its end: nothing takes effect that the ledger does
// not have first.
//
// Whoever asks, approves, refuses or revokes is recorded in the tenant's log, with the limit before
// and after, the reason and the ticket; then the state database is written, then the book. Without
// a ledger there is no override (`unavailable`), and none is revoked either. What makes a limit
// more than kAloneTimes as large waits until somebody else approves it.
//
// After a restart the overrides of the database are in force again, those whose record the ledger
// has: a row that nobody recorded is told (budget.override_unrecorded) and changes nothing. The
// book ends an override by itself; tick() records that.
//
// Moments count from when this is made. A gateway that is made before it has a little more left
// than effective() says, never less.
//
// Thread-safe. What changes something blocks for a sync of the ledger.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/base.h"
#include "budget/book.h"
#include "budget/journal.h"
#include "budget/override.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "sys/sys.h"

namespace mc::budget {

// Who does it, for the record.
struct OverrideActor {
  std::string name;     // principal@tenant
  std::string purpose;  // "" = not stated
  std::string request_id;
};

class OverrideDesk {
 public:
  // All outlive it.
  struct World {
    identity::Directory& directory;
    ledger::Ledger& ledger;
    sys::Clock& clock;
    sys::Random& random;
    log::Log& log;
    Book& book;
    Journal* journal = nullptr;  // of the book; null = what changes it is not kept
  };
  explicit OverrideDesk(World world) : world_(world), start_(world.clock.mono()) {}

  // At the start, and then each second: takes over what is in the database, also what another
  // server has changed, and records what has ended. What fails is tried again by the next one.
  Status tick();

  // Of `wanted` are used: tenant, scope, route, dimension, amount or factor, from (none = now),
  // until, reason, note and ticket. Active, or pending when it takes two. `invalid` names the
  // field, `not_found` without the tenant, `exhausted` past kOverridesOpenMax. A dry run changes
  // nothing.
  enum class Run : std::uint8_t { real, dry };
  Result<Override> create(Override wanted, const OverrideActor& by, Run run = Run::real);
  // What one would change now; `invalid` names the field, `not_found` without the tenant. Of
  // `wanted` are used: tenant, scope, route, dimension, amount or factor.
  Result<Book::Change> change_by(const Override& wanted);
  // Whether it waits for somebody else: it is far more than there is, or it is more at all while
  // an error budget burns (set_slo_guard).
  bool takes_two(const Book::Change& change) const;
  void set_slo_guard(bool on) { slo_guard_.store(on, std::memory_order_relaxed); }
  // Open ones first, then the newest; kOverridesShownMax.
  Result<std::vector<Override>> list(const TenantId& tenant);

  // Of a pending one: active, which only somebody else than who asked may say (`denied`), or
  // refused. Of an open one: revoked. `conflict` when it is not open for that.
  struct Verdict {
    OverrideState to = OverrideState::active;
    Run run = Run::real;
  };
  Result<Override> decide(const TenantId& tenant, const std::string& id, const Verdict& verdict,
                          const OverrideActor& by);

  // Book::effective() as it is now; `path` "" = all routes. `invalid` for a route that is none.
  Result<std::vector<Book::Line>> effective(const TenantId& tenant, const std::string& path,
                                            const std::string& user);

 private:
  enum class Act : std::uint8_t { ask, begin, approve, refuse, revoke, expire };
  WallTime now();
  Moment moment() const;
  Result<std::string> plan_of(const std::string& tenant);
  Status record(Act act, const OverrideActor& by, Override& one);
  // What was written with an unknown outcome is read again.
  template <class Write>
  Status write(const Override& one, const Write& write);
  Status expire(Override& one);
  Status withdraw(Override& one);
  bool is_recorded(const Override& one);
  Result<Override> decided(Override one, const Verdict& verdict, const OverrideActor& by);
  void hold(const Override& one);  // in the book, when it is active; else it leaves it
  void put(const std::string& tenant, std::vector<Override> rules);  // in the book and the journal
  void take_over(std::vector<Override> open);

  const World world_;
  std::atomic<bool> slo_guard_ = false;
  const MonoTime start_;  // that the book's Moments count from
  std::mutex mutex_;      // of all below; whoever changes something holds it from check to effect
  WallTime latest_;       // a clock that is set back brings nothing back
  std::map<std::string, std::vector<Override>> active_;  // by tenant; as the book has them
  std::map<std::string, std::int64_t> recorded_;  // ids whose record was found, of this version
  std::set<std::string> unrecorded_;              // ids that were told
  std::set<std::string> failed_;  // ids that were answered with a failure, and may yet be stored
};

}  // namespace mc::budget
