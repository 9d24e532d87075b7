// The accountant: nobody spends more privacy than there is, whatever races, crashes or is repeated.
//
//   quote()    what would be decided now, and what would be left; writes nothing
//   reserve()  1 durably sets a charge's cost aside, on all of its accounts or none
//   execute()  2 durably marks that data is about to be read: from here a crash burns the charge;
//              reserve(charge, Then::execute) does both in one step
//   commit()   3 durably stores the noisy result; only what it returns may be shown to anyone
//   release(), refund(), abandon()    the ways out that have no result
//
// Exactly one caller gets a charge into EXECUTING: whose execute() succeeded, or whose reservation
// is EXECUTING and not an earlier one. Only the one result that was committed is ever given for it:
// noise is never drawn twice. A second request under the same idempotency key
// gets the first one's charge and its stored result, whoever asks and whatever it would cost now;
// when it asks something else (Charge::asks_same) it is `conflict`.
//
// SQLite: one accountant with the file (one writing connection), all accounts in memory.
// PostgreSQL: any number of servers; each operation locks the rows that it goes by. Both group:
// whoever comes while a transaction is being written waits for the next one together with all
// others.
//
// Errors: `invalid` for what no retry helps; `conflict` for a state that forbids it; `unavailable`
// when the database fails or the clock has gone back. After `unavailable` the outcome is unknown:
// reserve() and commit() may be given again with the same content, and abandon() ends a charge
// whatever was stored. Thread-safe. Blocks, but for submit().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "accountant/account.h"   // IWYU pragma: export
#include "accountant/charge.h"    // IWYU pragma: export
#include "accountant/grant.h"     // IWYU pragma: export
#include "accountant/report.h"    // IWYU pragma: export
#include "accountant/settings.h"  // IWYU pragma: export
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::accountant {

// The budget that is short, the first in the order of Scope.
struct Refusal {
  AccountKey account;
  Account::Short what = Account::Short::epsilon;
  NanoEpsilon requested{}, epsilon_left{};
  PicoRho rho_left{};  // zcdp
  // When more may be there again: the window's end. Nothing: no waiting helps.
  std::optional<WallTime> resets_at = std::nullopt;
  bool operator==(const Refusal&) const = default;
  // Whether the account is the tenant's. One over all tenants tells by `epsilon_left` and
  // `rho_left` what others spent: they are for the operator's eyes only.
  bool own() const { return !account.tenant.empty(); }
  // `exhausted`, and when it resets; of the tenant's own with what is short, requested and left.
  Error error() const;
};

struct Reservation {
  ChargeRef charge;
  State state = State::reserved;
  bool earlier = false;  // made by an earlier request under the same key
  Window window{};
  std::string result{};  // COMMITTED
  crypto::Digest result_hash{};
  std::string why{};  // RELEASED
  bool operator==(const Reservation&) const = default;
};
using Reply = std::variant<Reservation, Refusal>;

struct Quote {
  std::optional<Refusal> refusal = std::nullopt;
  std::vector<Standing> accounts;  // as they are, before the charge; in the order of Scope
  std::int64_t charges_left = 0;   // about so many such charges fit; INT64_MAX without limits
};

struct ReleasedResult {
  std::string bytes;
  crypto::Digest hash{};
  std::int64_t seq = 0;  // in the journal of tenant x dataset
  bool operator==(const ReleasedResult&) const = default;
};

enum class Then : std::uint8_t { wait, execute };

// What submit() takes. Members as the calls below have them.
struct Reserve {
  Charge charge;
  Then then = Then::wait;
};
struct Execute {
  ChargeRef charge;
};
struct Commit {
  ChargeRef charge;
  std::string result;
};
struct Release {
  ChargeRef charge;
  std::string why;
};
struct Refund {
  ChargeRef charge;
  DataIndependent why = DataIndependent::source_unreachable;
};
struct Abandon {
  ChargeRef charge;
};
struct AddTopUp {
  TopUp top_up;
};
struct RevokeTopUp {
  TenantId tenant;
  std::string id;
};
using Operation = std::variant<Reserve, Execute, Commit, Release, Refund, Abandon, AddTopUp,
                               RevokeTopUp, OpenShard, EndShard, MergeShard>;
// Of Reserve (and of OpenShard that is refused), of Commit and shards, of RevokeTopUp (what it took
// away), of the others.
using Outcome = std::variant<std::monostate, Reply, ReleasedResult, NanoEpsilon>;

class Accountant {
 public:
  struct World {
    // Two connections to one database whose migrations are applied: for writing, and for reports
    // (read-only; SQLite in memory has none: then null, and reports use the other one).
    std::unique_ptr<sql::Connection> writer;
    std::unique_ptr<sql::Connection> reader;
    sys::Clock& clock;    // outlives it
    sys::Random& random;  // outlives it
  };
  // `node` names this server among those of one database, the same after a restart. What it left
  // open is settled first: RESERVED is released, EXECUTING is burned.
  static Result<std::unique_ptr<Accountant>> open(World world, const Settings& settings,
                                                  const std::string& node);
  ~Accountant();
  Accountant(const Accountant&) = delete;
  Accountant& operator=(const Accountant&) = delete;

  Result<Quote> quote(const Charge& charge);
  // Whether a charge would fit into the next window, after those `before` it, which are of the same
  // tenant and dataset. As of now: what others will do is not known, and nothing is set aside.
  Result<bool> fits_next(const Charge& charge, const std::vector<Charge>& before);
  Result<Reply> reserve(const Charge& charge, Then then = Then::wait);
  // `conflict` unless it was RESERVED: somebody else has it, or it is over.
  Status execute(const ChargeRef& charge);
  // `conflict` unless it is EXECUTING, or COMMITTED with these very bytes.
  Result<ReleasedResult> commit(const ChargeRef& charge, std::string result);
  Status release(const ChargeRef& charge, const std::string& why);  // RESERVED only
  Status refund(const ChargeRef& charge, DataIndependent why);      // EXECUTING too
  // RESERVED is released, EXECUTING burned; nothing when it is over.
  Status abandon(const ChargeRef& charge);

  // `conflict`: its id or record was used before; `denied`: it has expired, its window is not the
  // present one, or it is over the plan's caps.
  Status add_top_up(const TopUp& top_up);
  // Takes away what is not spent or reserved, and says how much. `not_found`, or `conflict` when it
  // is not active any more.
  Result<NanoEpsilon> revoke_top_up(const TenantId& tenant, const std::string& id);

  // Any of them, as the calls above; those of shards are called by shard.h.
  Result<Outcome> perform(Operation operation);

  // The COMMITTED charge of the tenant with this query that has the greatest epsilon (of equal ones
  // the newest), with its result: what any server has stored until now. Nothing: there is none.
  Result<std::optional<ChargeRecord>> released(const TenantId& tenant, const std::string& query);
  // The charge of the tenant under this idempotency key, with its result. Nothing: there is none.
  Result<std::optional<ChargeRecord>> by_key(const TenantId& tenant, const std::string& key);

  // For callers that must not block: `done` is called once, on a thread in turn(). `exhausted` at
  // once when queue_max wait.
  using Done = std::function<void(Result<Outcome>)>;
  void submit(Operation operation, Done done);
  // The loop of a thread of the caller's: `while (accountant.turn()) {}`. Waits for operations and
  // writes all that wait in one transaction; false after stop(). Without such a thread, blocking
  // calls take turns by themselves.
  bool turn();
  void stop();  // turn() gives false; what waits, and what comes, fails with `unavailable`

  // Lends the writing connection between two turns, for what else is kept in this database. Not for
  // statements that change what this module keeps, and not to be called from within.
  Status lend(const std::function<Status(sql::Connection&)>& use);

  // Settles what was left open for longer than open_max, as after a crash, and ends top-ups that
  // have expired. To be called about once a minute. Gives the number of charges settled.
  Result<std::int64_t> settle_left_open();

  // Reports, as of now (report.h).
  Reports& reports();
  const Settings& settings() const;

 private:
  struct Parts;
  explicit Accountant(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace mc::accountant
