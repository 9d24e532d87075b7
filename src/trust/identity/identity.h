// Who may act: tenants, principals with roles, their `mct_` bearer tokens and browser sessions, and
// the bearers of an OpenID provider's access tokens.
//
// The Directory keeps them in the state database and answers check() and check_session() from an
// immutable index in memory, so the hot path reads no database. Every change is durable before the
// index shows it. A secret is shown once, at creation; only its SHA-256 is stored. All members are
// thread-safe; changes are serialised and may block on the database, the checks never do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "identity/code_login.h"    // IWYU pragma: export
#include "identity/device_login.h"  // IWYU pragma: export
#include "identity/issuer.h"        // IWYU pragma: export
#include "identity/names.h"         // IWYU pragma: export
#include "identity/sign_in.h"       // IWYU pragma: export
#include "json/json.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::identity {

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

// A resolved token or session. Lives as long as somebody holds it, also after a revocation.
struct Caller {
  TenantId tenant;
  PrincipalId principal;
  std::string name;  // of the principal, for people
  std::string token_id;
  std::string session_id;  // instead of token_id: a person with a browser
  std::string plan;
  std::string region;
  std::string purpose;                // of a request that states none
  std::vector<std::string> purposes;  // it may state
  Flags<Role> roles;
  Flags<Scope> scopes;
  WallTime expires;
  std::optional<SignInProof> proof;                   // of a person; machines and `mct_` have none
  mutable std::atomic<std::int64_t> last_used_ms{0};  // 0 = never

  bool may(Scope scope) const;       // auditors never write
  bool reads_other_tenants() const;  // operator and platform roles of the system tenant
};

struct NewToken {
  TenantId tenant;
  PrincipalId principal;
  Flags<Scope> scopes;
  std::string purposes{kDefaultPurpose};
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
class Bearers;
struct Index;

class Directory {
 public:
  ~Directory();
  // Takes over a migrated writing connection.
  static Result<std::unique_ptr<Directory>> open(std::unique_ptr<sql::Connection> connection,
                                                 sys::Clock& clock, sys::Random& random);

  // Access tokens of this provider are good from now on. Before the directory is shared.
  void trust(std::shared_ptr<const Issuer> issuer);

  // Null for an unknown, expired or revoked token, or a suspended tenant or principal.
  std::shared_ptr<const Caller> check(std::string_view token) const;

  Result<Tenant> create_tenant(Tenant tenant);  // `conflict` when it exists
  // Replaces region, plan, retention tier, licence class and state when `version` still holds.
  Result<Tenant> update_tenant(const Tenant& tenant);
  Result<Tenant> tenant(const TenantId& id);
  Result<std::vector<Tenant>> tenants();

  Result<Principal> create_principal(Principal principal);
  Result<std::vector<Principal>> principals(const TenantId& tenant);
  // Whether an active principal with role tenant-admin can act: it has a live token that writes, or
  // had a session. Whether the tenant itself is suspended does not matter.
  Result<bool> has_administrator(const TenantId& tenant);

  Result<IssuedToken> issue(const NewToken& request);
  Result<std::vector<Token>> tokens(const TenantId& tenant);
  Status revoke(const TenantId& tenant, const std::string& token_id);

  // `not_found` for a principal that is not there.
  Result<IssuedLink> issue_link(const TenantId& tenant, const PrincipalId& principal,
                                Nanos lifetime);
  // Uses the link up. `denied` when it is unknown, used or expired, or stands for somebody who was
  // suspended since; which of these is not told.
  Result<IssuedSession> sign_in(std::string_view link, const SignInFrom& from);
  // A session for whom the provider vouches. Its principal is made, or renamed and given these
  // roles, as the provider leads in both. `denied` for an unknown tenant, or when the tenant or the
  // principal is suspended.
  Result<IssuedSession> sign_in(const Bearer& bearer, const SignInFrom& from);
  // Null for an unknown, ended, expired or idle session, or a suspended tenant or principal.
  std::shared_ptr<const Caller> check_session(std::string_view cookie) const;
  // The live ones, newest first.
  Result<std::vector<Session>> sessions(const TenantId& tenant, const PrincipalId& principal);
  Status end_session(const TenantId& tenant, const PrincipalId& principal,
                     const std::string& session_id);

  // Lends the state database's one writing connection, for what else is kept there. Not for
  // statements that change what this module keeps.
  Status lend(const std::function<Status(sql::Connection&)>& use);

  // Puts an event of a tenant into the outbox; durable when it returns.
  Status announce(const TenantId& tenant, std::string_view type, const std::string& subject,
                  json::Object data);

  // Writes the last-use times noted by the checks since the last call. For a timer, and at the end.
  Status save_last_use();

  // The first start: when no principal exists at all, makes tenant `system`, principal `root`
  // with role operator, and one token with every scope. Nothing when somebody is there already.
  Result<std::optional<IssuedToken>> bootstrap();

 private:
  Directory(std::unique_ptr<sql::Connection> connection, sys::Clock& clock, sys::Random& random);
  // Both with mutex_ held, or before the directory is shared.
  Result<std::shared_ptr<const Index>> read_index();
  Status rebuild_index();
  // All below with mutex_ held.
  // Puts an event into the outbox, as part of the running transaction.
  Status tell(const TenantId& tenant, std::string_view type, const std::string& subject,
              json::Object data);
  Status read_tokens(Index& index);
  Status read_sessions(Index& index);
  Status read_states(Index& index);
  // Both change the index without the database, so they cannot fail.
  void drop_from_index(const std::function<bool(const Caller&)>& gone);
  void drop_tenant(const TenantId& tenant);
  std::shared_ptr<const Caller> find(std::string_view secret) const;
  Status insert_token(const std::string& hash, const Token& token);
  Result<Session> redeem(const std::string& link_hash);
  Status provision(const Bearer& bearer);
  // Makes the session of `who` durable and live, with the changes that `before` makes.
  using Prepare = std::function<Result<Session>()>;
  Result<IssuedSession> begin_session(const SignInFrom& from, const Prepare& who);
  Status insert_session(const Session& session, const std::string& cookie_hash);
  Status end_surplus_sessions(const Session& next);

  std::mutex mutex_;  // guards connection_ and the order of index swaps
  std::unique_ptr<sql::Connection> connection_;
  sys::Clock& clock_;
  sys::Random& random_;
  std::atomic<std::shared_ptr<const Index>> index_;
  std::unique_ptr<Bearers> bearers_;  // null without a provider
};

}  // namespace mc::identity
