// Access transparency: what the operator's people look at or change of a tenant, and what a
// tenant's administrators change, stands in that tenant's own log before it is served. What cannot
// be recorded is not served. A gate asks for a warrant before the operator's people reach for a
// tenant's data.
//
// All members are thread-safe; Recorder::record() blocks for about one sync of the disk.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "transparency/access_policy.h"  // IWYU pragma: export
#include "transparency/documents.h"      // IWYU pragma: export
#include "transparency/exports.h"        // IWYU pragma: export
#include "transparency/pages.h"          // IWYU pragma: export
#include "transparency/warrants.h"       // IWYU pragma: export

namespace mc::transparency {

enum class Kind : std::uint8_t {
  access,  // somebody reads a tenant's data
  change,  // anybody changes something of a tenant
  denied,  // neither was done: the gate was shut
};
std::string_view kind_name(Kind kind);

// Why somebody may reach for a tenant's data, or may not.
struct Passage {
  bool allowed = true;
  std::string reason = {};     // a code of access_policy.h; "" where no gate was asked
  std::string warrant = {};    // its id, also of a named one that opens nothing
  std::string reference = {};  // "TKT-123"
};

// Somebody of the operator's who reaches for a tenant's data.
struct Reaching {
  const identity::Caller& caller;
  TenantId tenant;
  Kind kind = Kind::access;
  std::string_view action;  // "GET /v1/tenants/{tenant}/tokens"
  std::string named = {};   // the warrant that the caller gives, "" for the newest that fits
  // Somebody would have rights in the tenant by it: who has them acts as the tenant's own, past
  // this gate. Of a tenant with an administrator of its own only that one opens it, by a warrant.
  bool gives_rights = false;
  bool needs_warrant = false;  // nothing but a warrant opens this: the tenant's rows
};

// What was served, as far as it can be told from the answer.
struct Served {
  int status = 0;  // HTTP's
  std::int64_t rows = 0;
  std::string fields = {};  // their names, comma separated
};

// What is done, or is about to be.
struct Access {
  Kind kind = Kind::access;
  TenantId tenant;                 // whose data
  const identity::Caller& caller;  // who
  std::string action;              // "GET /v1/tenants/{tenant}/tokens"
  std::string object;              // the path itself, with its query
  std::string request_id;
  std::string purpose = {};  // that the request states; "" = that of the caller's token
  std::string peer = {};     // address of who asked, "" without a network
  Passage passage = {};
  std::optional<Served> served = {};  // of a read that was made before it is recorded
  bool takes_away = false;            // records, as a file

  const std::string& stated() const { return purpose.empty() ? caller.purpose : purpose; }
};

// The log that holds a tenant's records: "audit/alpha".
std::string log_of(const TenantId& tenant);

class Recorder {
 public:
  explicit Recorder(ledger::Ledger& ledger) : ledger_(ledger) {}

  // Durable when it returns. `unavailable` when the ledger does not record: refuse what was asked.
  Result<ledger::Recorded> record(const Access& access);
  // What came of a recorded change; not waited for.
  void record_outcome(const Access& access, const ledger::Recorded& recorded, const Served& served);

  // Erases the payload of a record of the tenant's log; `why` stands in the redaction.
  Result<ledger::Recorded> redact(const Access& access, std::uint64_t seq, const std::string& why);

  ledger::Ledger& ledger() { return ledger_; }
  // Files of records that were asked for, by tenant, since the start.
  std::map<std::string, std::uint64_t> downloads() const;

 private:
  ledger::Ledger& ledger_;
  mutable std::mutex mutex_;  // of the next
  std::map<std::string, std::uint64_t> downloads_;
};

// Where the operator's people reach for a tenant's data.
class Gate {
 public:
  struct World {
    identity::Directory& directory;
    sys::Clock& clock;
    sys::Random& random;
  };
  Gate(World world, AccessPolicy policy) : world_(world), policy_(std::move(policy)) {}

  // The use of a warrant is counted. A named one that does not open shuts the gate.
  // `not_found` without such a tenant.
  Result<Passage> pass(const Reaching& reaching);
  // Tells the tenant's endpoints: mc.access.read, .change, .unwarranted or .denied.
  Status tell(const Access& access, const ledger::Recorded& recorded);
  // Lends the warrants, on the state database.
  Status lend(const std::function<Status(Warrants&)>& use);
  // Accesses without a warrant that were allowed, by tenant, since the start.
  std::map<std::string, std::uint64_t> unwarranted() const;

 private:
  World world_;
  AccessPolicy policy_;
  mutable std::mutex mutex_;  // of the next
  std::map<std::string, std::uint64_t> unwarranted_;
};

}  // namespace mc::transparency
