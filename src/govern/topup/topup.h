// Top-ups of privacy budgets: more of epsilon for one window, asked for by one person and approved
// by another, under a warrant.
//
// Whoever asks, approves, refuses or revokes is recorded in the tenant's log first; then the state
// database is written, then the accountant. Without a ledger nothing is approved, and nothing
// revoked. The one who asked never approves, whatever token they come with: it is the principal
// that counts. A request that nobody decides ends with its time. What is approved is good for the
// window in which it was approved, until its end or `expires`, whichever is first; the unspent part
// of it can be revoked.
//
// After a restart, or a crash between the record and the accountant, tick() goes on where it
// stopped: an approval that is stored reaches the accountant, once, and so does a revocation. An
// approval that the accountant does not take, since a cap is reached, is refused.
//
// Thread-safe. What changes something blocks for a sync of the ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "sys/sys.h"
#include "topup/preview.h"

namespace mc::topup {

inline constexpr std::size_t kReasonBytesMin = 20, kReasonBytesMax = 500;
inline constexpr std::size_t kTicketBytesMax = 64;
inline constexpr Nanos kLifetimeMax = seconds(31LL * 86'400);  // from asking to its end
inline constexpr std::int64_t kOpenMax = 50;                   // pending and active, of a tenant
inline constexpr std::int64_t kShownMax = 200;                 // of a tenant, open ones first

enum class State : std::uint8_t { pending, active, refused, revoked, expired };
std::string_view name_of(State state);
std::optional<State> state_of(std::string_view name);

struct Request {
  std::string tenant;
  std::string id;  // "top_..."
  std::string dataset;
  std::string purpose;
  accountant::NanoEpsilon epsilon{};
  WallTime expires{};
  std::string warrant;  // "wrt_...", active when it is asked for and when it is approved
  std::string ticket;
  std::string reason;  // in words, one line
  State state = State::pending;
  std::string asked_by;  // principal@tenant
  WallTime asked{};
  std::string approved_by;                    // "" until then
  std::string ended_by;                       // who refused or revoked it
  WallTime changed{};                         // when its state was last changed
  std::optional<WallTime> window_start = {};  // of the window that it is good for, once approved
  // By the revocation: nothing until it is done, 0 too when a try before a crash took it.
  std::optional<accountant::NanoEpsilon> taken = {};
  std::int64_t record = 0;  // of its newest act, in the tenant's log
  std::int64_t version = 1;
  bool operator==(const Request&) const = default;
};

// `invalid` names the field and its limit.
Status check(const Request& wanted, WallTime now);

struct Actor {
  std::string name;     // principal@tenant
  std::string purpose;  // "" = not stated
  std::string request_id;
};

class Desk {
 public:
  // All outlive it.
  struct World {
    identity::Directory& directory;
    ledger::Ledger& ledger;
    accountant::Accountant& accountant;
    sys::Clock& clock;
    sys::Random& random;
    log::Log& log;
  };
  explicit Desk(World world) : world_(world) {}

  enum class Run : std::uint8_t { real, dry };
  // Of `wanted` are used: tenant, dataset, purpose, epsilon, expires, warrant, ticket, reason.
  // `invalid` names the field; `denied` when the warrant is not active, or a cap of the plan is
  // passed; `exhausted` past kOpenMax. A dry run changes nothing.
  Result<Request> ask(Request wanted, const Actor& by, Run run = Run::real);
  // Of a pending one: active, which only somebody else than who asked may say (`denied`), or
  // refused. Of an open one: revoked. `conflict` when it is not open for that.
  struct Verdict {
    State to = State::active;
    Run run = Run::real;
  };
  Result<Request> decide(const TenantId& tenant, const std::string& id, const Verdict& verdict,
                         const Actor& by);
  // What it changes, for whoever asks and whoever approves the same.
  Result<Preview> preview(const Request& wanted);
  Result<std::vector<Request>> list(const TenantId& tenant);
  Result<Request> find(const TenantId& tenant, const std::string& id);

  // At the start, and then each second: ends what has expired, and hands to the accountant what is
  // approved and not there. What fails is tried again by the next one.
  Status tick();

 private:
  enum class Act : std::uint8_t { ask, approve, refuse, revoke, expire };
  WallTime now() { return whole_ms(world_.clock.wall()); }
  Result<std::string> plan_of(const std::string& tenant);
  Status check_warrant(const Request& one);
  Status check_caps(const Request& one);
  Status record(Act act, const Actor& by, Request& one);
  Status store(const Request& one);
  Result<Request> approved(Request one, const Actor& by, Run run);
  Result<Request> ended(Request one, State to, const Actor& by, Run run);
  Status hand_over(const Request& one);
  Status take_away(Request& one);
  Status expire(Request& one);
  Status go_on(Request& one);

  const World world_;
  std::mutex mutex_;  // whoever changes something holds it from check to effect
};

}  // namespace mc::topup
