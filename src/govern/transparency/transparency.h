// Access transparency: what the operator's people look at or change of a tenant, and what a
// tenant's administrators change, stands in that tenant's own log before it is served. What cannot
// be recorded is not served.
//
// All members are thread-safe; record() blocks for about one sync of the disk.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/identity.h"
#include "ledger/ledger.h"

namespace mc::transparency {

enum class Kind : std::uint8_t {
  access,  // the operator's people read a tenant's data
  change,  // anybody changes something of a tenant
};
std::string_view kind_name(Kind kind);

// What is about to be done.
struct Access {
  Kind kind = Kind::access;
  TenantId tenant;                 // whose data
  const identity::Caller& caller;  // who
  std::string action;              // "GET /v1/tenants/{tenant}/tokens"
  std::string object;              // the path itself
  std::string request_id;
  std::string warrant;  // "" without one
};

// The log that holds a tenant's records: "audit/alpha".
std::string log_of(const TenantId& tenant);

class Recorder {
 public:
  explicit Recorder(ledger::Ledger& ledger) : ledger_(ledger) {}

  // Durable when it returns. `unavailable` when the ledger does not record: refuse what was asked.
  Result<ledger::Recorded> record(const Access& access);
  // What came of a recorded change, as HTTP's status; not waited for.
  void record_outcome(const Access& access, const ledger::Recorded& recorded, int status);

  // Erases the payload of a record of the tenant's log; `why` stands in the redaction.
  Result<ledger::Recorded> redact(const Access& access, std::uint64_t seq, const std::string& why);

  ledger::Ledger& ledger() { return ledger_; }

 private:
  ledger::Ledger& ledger_;
};

}  // namespace mc::transparency
