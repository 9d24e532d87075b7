// Who may act: tenants, principals with roles, and `mct_` bearer tokens.
//
// The Directory keeps all three in the state database and answers check() from an immutable index
// in memory, so the hot path reads no database. Every change is durable before the index shows it.
// A token is shown once, at creation; only its SHA-256 is stored. All members are thread-safe;
// changes are serialised and may block on the database, check() never does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::identity {

// Overview section 6. An auditor is read-only whatever scopes its token has.
enum class Role : std::uint8_t { operator_, oncall, tenant_admin, analyst, dpo, platform, auditor };
std::string_view role_name(Role role);
Result<Role> parse_role(std::string_view name);

enum class Scope : std::uint8_t { query, mutate, introspect, admin_read, admin_write, metrics };
std::string_view scope_name(Scope scope);
Result<Scope> parse_scope(std::string_view name);

// A small set of an enum with at most 32 values.
template <class E>
class Flags {
 public:
  Flags() = default;
  Flags(std::initializer_list<E> values) {
    for (const E value : values) add(value);
  }
  void add(E value) { bits_ |= bit(value); }
  bool has(E value) const { return (bits_ & bit(value)) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const Flags&) const = default;

 private:
  static std::uint32_t bit(E value) { return 1U << static_cast<unsigned>(value); }
  std::uint32_t bits_ = 0;
};
std::string join(const Flags<Role>& roles);  // "analyst,dpo", in declaration order
std::string join(const Flags<Scope>& scopes);
Result<Flags<Role>> parse_roles(std::string_view text);  // comma separated, not empty
Result<Flags<Scope>> parse_scopes(std::string_view text);

struct Tenant {
  TenantId id;                   // [a-z][a-z0-9-]{0,62}; "system" is the operator's own
  std::string region;            // "eu-west-1"
  std::string plan = "starter";  // starter, pro, enterprise
  std::string retention_tier = "standard-365d";
  std::string licence_class = "Open-Data-OK";
  std::string state = "active";  // active, suspended
  WallTime created;
  std::int64_t version = 1;
  bool operator==(const Tenant&) const = default;
};

struct Principal {
  TenantId tenant;
  PrincipalId id;
  std::string name;
  Flags<Role> roles;
  std::string state = "active";
  WallTime created;
};

struct Token {
  TenantId tenant;
  std::string id;  // "tok_..."
  PrincipalId principal;
  Flags<Scope> scopes;
  std::string purposes;  // comma separated; the first is the default of a request
  WallTime created;
  WallTime expires;
  std::optional<WallTime> revoked;
  std::optional<WallTime> last_used;
  std::string note;
};

// A resolved token. Lives as long as somebody holds it, also after a revocation.
struct Caller {
  TenantId tenant;
  PrincipalId principal;
  std::string token_id;
  std::string plan;
  std::string region;
  std::string purpose;
  Flags<Role> roles;
  Flags<Scope> scopes;
  WallTime expires;
  mutable std::atomic<std::int64_t> last_used_ms{0};

  bool may(Scope scope) const;       // auditors never write
  bool reads_other_tenants() const;  // operator and platform roles of the system tenant
};

struct NewToken {
  TenantId tenant;
  PrincipalId principal;
  Flags<Scope> scopes;
  std::string purposes = "investigation";
  Nanos lifetime = seconds(90LL * 24 * 3600);
  std::string note;
};
struct IssuedToken {
  Secret token;  // "mct_" + 43 characters of base64url
  Token info;
};

inline const std::string kSystemTenant = "system";
inline constexpr Nanos kTokenLifetimeMax = seconds(366LL * 24 * 3600);
inline constexpr std::size_t kTokensPerTenantMax = 1'000;

class Directory {
 public:
  // Takes over a migrated writing connection.
  static Result<std::unique_ptr<Directory>> open(std::unique_ptr<sql::Connection> connection,
                                                 sys::Clock& clock, sys::Random& random);

  // Null for an unknown, expired or revoked token, or a suspended tenant or principal.
  std::shared_ptr<const Caller> check(std::string_view token) const;

  Result<Tenant> create_tenant(Tenant tenant);  // `conflict` when it exists
  // Replaces region, plan, retention tier, licence class and state when `version` still holds.
  Result<Tenant> update_tenant(const Tenant& tenant);
  Result<Tenant> tenant(const TenantId& id);
  Result<std::vector<Tenant>> tenants();

  Result<Principal> create_principal(Principal principal);
  Result<std::vector<Principal>> principals(const TenantId& tenant);

  Result<IssuedToken> issue(const NewToken& request);
  Result<std::vector<Token>> tokens(const TenantId& tenant);
  Status revoke(const TenantId& tenant, const std::string& token_id);
  // Writes the last-use times noted by check() since the last call. For a timer, and at the end.
  Status save_last_use();

  // The first start: when no principal exists at all, makes tenant `system`, principal `root`
  // with role operator, and one token with every scope. Nothing when somebody is there already.
  Result<std::optional<IssuedToken>> bootstrap();

 private:
  struct Index {
    std::unordered_map<std::string, std::shared_ptr<const Caller>> by_hash;  // raw SHA-256
  };
  Directory(std::unique_ptr<sql::Connection> connection, sys::Clock& clock, sys::Random& random)
      : connection_(std::move(connection)), clock_(clock), random_(random) {}
  // Both with mutex_ held, or before the directory is shared.
  Result<std::shared_ptr<const Index>> read_index();
  Status rebuild_index();
  // Takes callers out of the index without the database, so it cannot fail. mutex_ held.
  template <class Gone>
  void drop_from_index(const Gone& gone);
  Status insert_token(const std::string& hash, const Token& token);  // mutex_ held

  std::mutex mutex_;  // guards connection_ and the order of index swaps
  std::unique_ptr<sql::Connection> connection_;
  sys::Clock& clock_;
  sys::Random& random_;
  std::atomic<std::shared_ptr<const Index>> index_;
};

}  // namespace mc::identity
