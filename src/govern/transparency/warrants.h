// Warrants: what opens a tenant's data to the operator's people. Part of transparency.h.
//
// An operator gives one with a class and a reference. When the tenant wants to be asked, it is a
// request until an administrator of the tenant approves it, as it is or narrower; silence until its
// deadline is a denial. An expired warrant opens nothing. Where the tenant wants to be asked, a
// warrant from before that opens nothing either, as the tenant never decided about it.
//
// An end that was seen stays, also when the clock goes back. The tenant's endpoints are told of
// each warrant that is made, and of each decision, in the transaction that does it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::transparency {

inline constexpr std::size_t kReferenceBytesMax = 64;
inline constexpr std::size_t kReasonBytesMax = 300;
inline constexpr std::size_t kPrincipalsMax = 50;
inline constexpr Nanos kWarrantLifetimeMax = seconds(90LL * 24 * 3600);
inline constexpr Nanos kDeadlineMax = seconds(7LL * 24 * 3600);
inline constexpr std::int64_t kWarrantsShownMax = 200;
inline constexpr std::int64_t kOpenWarrantsMax = 100;  // of a tenant, so that all of them are shown

enum class WarrantClass : std::uint8_t { legal, support_ticket, incident, approval };
std::string_view class_name(WarrantClass value);
Result<WarrantClass> parse_class(std::string_view name);

// `expired` and `lapsed` follow from the time: of an active one, and of a request nobody decided.
enum class WarrantState : std::uint8_t { requested, active, denied, revoked, expired, lapsed };
std::string_view state_name(WarrantState state);

struct Warrant {
  TenantId tenant;  // whose data it opens
  std::string id;   // "wrt_..."
  WarrantClass kind = WarrantClass::support_ticket;
  std::string reference;   // "TKT-123"
  std::string reason;      // one line
  std::string principals;  // of the operator's tenant, comma separated; "*" is any of them
  std::string actions;     // "read", "change" or "read,change"
  WarrantState state = WarrantState::requested;
  std::string issued_by;  // principal@tenant
  WallTime issued;
  WallTime expires;
  WallTime deadline;       // of a request; not after `expires`
  std::string decided_by;  // who approved, denied or revoked it
  std::optional<WallTime> decided;
  std::int64_t uses = 0;
  std::optional<WallTime> used;
  std::int64_t version = 1;
};

struct NewWarrant {
  TenantId tenant;
  WarrantClass kind = WarrantClass::support_ticket;
  std::string reference;
  std::string reason;
  std::string principals = "*";
  std::string actions = "read";
  Nanos lifetime = seconds(4LL * 3600);
  Nanos deadline = seconds(24LL * 3600);
  std::string issued_by;
};
// `invalid` names the field.
Status check_warrant(const NewWarrant& wanted);

// Which warrants open.
enum class Opens : std::uint8_t {
  any,
  approval,  // of that class alone, which no tenant has without having approved it
};

// What somebody decides about a warrant.
struct Verdict {
  WarrantState to = WarrantState::active;  // active, denied (both of a request), revoked
  std::string by = {};                     // principal@tenant
  std::string actions = {};                // of an approval: "" as asked, otherwise fewer
  std::optional<WallTime> expires = {};    // none as asked, otherwise earlier
  bool dry_run = false;                    // check, and change nothing
};

struct AccessSetting {
  bool approval_required = false;
  std::int64_t version = 0;
};

// Works on a connection lent by its owner. Functions that change something are one transaction.
class Warrants {
 public:
  Warrants(sql::Connection& connection, sys::Clock& clock, sys::Random& random)
      : connection_(connection), clock_(clock), random_(random) {}

  // Active, or a request when the tenant wants to be asked. A dry run makes nothing. `exhausted`
  // past kOpenWarrantsMax.
  Result<Warrant> create(const NewWarrant& wanted, bool dry_run = false);
  // Open ones (active, requested) first, then the newest; kWarrantsShownMax.
  Result<std::vector<Warrant>> list(const TenantId& tenant);
  Result<Warrant> find(const TenantId& tenant, const std::string& id);
  // `conflict` unless it is open for that, or when what an approval would open has ended; `invalid`
  // when an approval is wider than what was asked.
  Result<Warrant> decide(const TenantId& tenant, const std::string& id, const Verdict& verdict);

  // The warrant that opens the tenant to this principal for the action, and counts the use: `named`
  // when it is not empty, otherwise the newest that does. Only one that the tenant approved, when
  // it wants to be asked.
  Result<std::optional<Warrant>> use(const TenantId& tenant, const std::string& principal,
                                     std::string_view action, const std::string& named,
                                     Opens opens = Opens::any);

  Result<AccessSetting> setting(const TenantId& tenant);
  // When `version` still holds; `conflict` otherwise.
  Result<AccessSetting> change(const TenantId& tenant, const AccessSetting& setting);

 private:
  Result<std::vector<Warrant>> active(const TenantId& tenant);  // newest first
  // Writes down which have ended by now. Before a transaction that may be rolled back.
  Result<WallTime> note_ends(const TenantId& tenant);  // gives that now
  Result<Warrant> read(const TenantId& tenant, const std::string& id, WallTime now);
  Status check_room(const TenantId& tenant);
  Status insert(const Warrant& warrant);
  Status write(Warrant& warrant);  // `conflict` when it was changed meanwhile
  Status tell(const Warrant& warrant);

  sql::Connection& connection_;
  sys::Clock& clock_;
  sys::Random& random_;
};

}  // namespace mc::transparency
