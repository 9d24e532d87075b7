#include "identity/identity.h"
#include "identity/index.h"
#include "identity/stored.h"

namespace mc::identity {
namespace {

constexpr std::string_view kLinkPrefix = "mcl_";
constexpr std::string_view kCookiePrefix = "mcs_";

constexpr std::string_view kSessionColumns =
    "tenant_id, principal_id, session_id, method, created_at, last_seen_at, expires_at, peer, "
    "user_agent";

bool looks_like(std::string_view secret, std::string_view prefix) {
  return secret.size() == kSecretLength && secret.starts_with(prefix);
}

Session read_session(const sql::Rows& row) {
  Session session;
  session.tenant = TenantId(std::string(row.text(0)));
  session.principal = PrincipalId(std::string(row.text(1)));
  session.id = row.text(2);
  session.method = row.text(3) == "oidc" ? SignInMethod::oidc : SignInMethod::link;
  session.created = from_ms(row.integer(4));
  session.last_seen = from_ms(row.integer(5));
  session.expires = from_ms(row.integer(6));
  session.peer = row.text(7);
  session.user_agent = row.text(8);
  return session;
}

// What a browser says of itself, cut; what is not text is dropped.
std::string tidy_user_agent(std::string_view text) {
  std::string out(text.substr(0, kUserAgentBytesMax));
  while (!out.empty() && !is_valid_utf8(out)) out.pop_back();
  return out;
}

}  // namespace

std::string csrf_token(std::string_view cookie) {
  return to_base64url(sys::sha256("maestro csrf\n" + std::string(cookie)));
}

Result<IssuedLink> Directory::issue_link(const TenantId& tenant, const PrincipalId& principal,
                                         Nanos lifetime) {
  MC_TRY_OK(check_lifetime(lifetime, kLinkLifetimeMax));
  const std::lock_guard lock(mutex_);
  const WallTime now = whole_ms(clock_.wall());
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query("SELECT 1 FROM principal WHERE tenant_id = ?1 AND principal_id = ?2",
                              {tenant.get(), principal.get()}));
    MC_TRY(const bool known, rows->next());
    if (!known) {
      return fail(Code::not_found, "no principal '" + excerpt(principal.get()) + "' in tenant '" +
                                       excerpt(tenant.get()) + "'");
    }
  }
  MC_TRY([[maybe_unused]] const std::int64_t closed,
         connection_->execute(
             "UPDATE sign_in_link SET expires_at = ?3 WHERE tenant_id = ?1 AND principal_id = ?2 "
             "AND used_at IS NULL AND expires_at > ?3 AND hash NOT IN (SELECT hash FROM "
             "sign_in_link WHERE tenant_id = ?1 AND principal_id = ?2 AND used_at IS NULL AND "
             "expires_at > ?3 ORDER BY created_at DESC, hash LIMIT ?4)",
             {tenant.get(), principal.get(), to_ms(now),
              static_cast<std::int64_t>(kLinksPerPrincipalMax) - 1}));
  std::string text = make_secret(kLinkPrefix, random_);
  const WallTime expires = whole_ms(now + lifetime);
  MC_TRY(
      [[maybe_unused]] const std::int64_t changed,
      connection_->execute(
          "INSERT INTO sign_in_link (hash, tenant_id, principal_id, created_at, expires_at) "
          "VALUES (?1, ?2, ?3, ?4, ?5)",
          {to_hex(sys::sha256(text)), tenant.get(), principal.get(), to_ms(now), to_ms(expires)}));
  return IssuedLink{Secret(std::move(text)), tenant, principal, expires};
}

Result<Session> Directory::redeem(const std::string& link_hash, const std::string& cookie_hash,
                                  const SignInFrom& from) {
  const WallTime now = whole_ms(clock_.wall());
  Session session;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query(
               "SELECT l.tenant_id, l.principal_id FROM sign_in_link l "
               "JOIN tenant t ON t.tenant_id = l.tenant_id "
               "JOIN principal p ON p.tenant_id = l.tenant_id AND p.principal_id = l.principal_id "
               "WHERE l.hash = ?1 AND l.used_at IS NULL AND l.expires_at > ?2 "
               "AND t.state = 'active' AND p.state = 'active'",
               {link_hash, to_ms(now)}));
    MC_TRY(const bool good, rows->next());
    if (!good) return fail(Code::denied, "this sign-in link is unknown, used or expired");
    session.tenant = TenantId(std::string(rows->text(0)));
    session.principal = PrincipalId(std::string(rows->text(1)));
  }
  session.id = sys::make_id("ses", clock_, random_);
  session.created = session.last_seen = now;
  session.expires = now + kSessionLifetime;
  session.peer = from.peer;
  session.user_agent = tidy_user_agent(from.user_agent);
  MC_TRY([[maybe_unused]] const std::int64_t used,
         connection_->execute("UPDATE sign_in_link SET used_at = ?2 WHERE hash = ?1",
                              {link_hash, to_ms(now)}));
  MC_TRY_OK(end_surplus_sessions(session));
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_->execute(
             "INSERT INTO session (" + std::string(kSessionColumns) +
                 ", hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
             {session.tenant.get(), session.principal.get(), session.id,
              std::string(sign_in_method_name(session.method)), to_ms(session.created),
              to_ms(session.last_seen), to_ms(session.expires), session.peer, session.user_agent,
              cookie_hash}));
  return session;
}

Status Directory::end_surplus_sessions(const Session& next) {
  MC_TRY([[maybe_unused]] const std::int64_t ended,
         connection_->execute(
             "UPDATE session SET ended_at = ?3 WHERE tenant_id = ?1 AND principal_id = ?2 AND "
             "ended_at IS NULL AND session_id NOT IN (SELECT session_id FROM session WHERE "
             "tenant_id = ?1 AND principal_id = ?2 AND ended_at IS NULL AND expires_at > ?3 "
             "ORDER BY created_at DESC, session_id DESC LIMIT ?4)",
             {next.tenant.get(), next.principal.get(), to_ms(next.created),
              static_cast<std::int64_t>(kSessionsPerPrincipalMax) - 1}));
  return ok();
}

Result<IssuedSession> Directory::sign_in(std::string_view link, const SignInFrom& from) {
  if (!looks_like(link, kLinkPrefix)) {
    return fail(Code::denied, "this sign-in link is unknown, used or expired");
  }
  std::string cookie = make_secret(kCookiePrefix, random_);
  const std::lock_guard lock(mutex_);
  // One transaction with the reading of the index: a failure leaves the link unused.
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY(Session session, redeem(to_hex(sys::sha256(link)), to_hex(sys::sha256(cookie)), from));
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  MC_TRY_OK(transaction.commit());
  index_.store(std::move(fresh), std::memory_order_release);
  return IssuedSession{Secret(std::move(cookie)), std::move(session)};
}

Status Directory::read_sessions(Index& index) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "SELECT s.hash, s.tenant_id, s.principal_id, s.session_id, t.plan, t.region, p.roles, "
             "p.name, s.expires_at, s.last_seen_at FROM session s "
             "JOIN tenant t ON t.tenant_id = s.tenant_id "
             "JOIN principal p ON p.tenant_id = s.tenant_id AND p.principal_id = s.principal_id "
             "WHERE s.ended_at IS NULL AND s.expires_at > ?1 AND t.state = 'active' "
             "AND p.state = 'active'",
             {to_ms(clock_.wall())}));
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return ok();
    auto caller = std::make_shared<Caller>();
    caller->tenant = TenantId(std::string(rows->text(1)));
    caller->principal = PrincipalId(std::string(rows->text(2)));
    caller->session_id = rows->text(3);
    caller->plan = rows->text(4);
    caller->region = rows->text(5);
    caller->purpose = kDefaultPurpose;
    MC_TRY(caller->roles, parse_roles(rows->text(6)));
    caller->scopes = scopes_of(caller->roles);
    caller->name = rows->text(7);
    caller->expires = from_ms(rows->integer(8));
    caller->last_used_ms.store(rows->integer(9));
    MC_TRY(const std::string hash, from_hex(rows->text(0)));
    index.by_hash.emplace(hash, std::move(caller));
  }
}

std::shared_ptr<const Caller> Directory::check_session(std::string_view cookie) const {
  if (!looks_like(cookie, kCookiePrefix)) return nullptr;
  std::shared_ptr<const Caller> caller = find(cookie);
  if (caller == nullptr) return nullptr;
  const WallTime now = clock_.wall();
  const std::int64_t seen = caller->last_used_ms.load(std::memory_order_relaxed);
  if (now >= caller->expires || now >= from_ms(seen) + kSessionIdle) return nullptr;
  caller->last_used_ms.store(std::max(to_ms(now), seen), std::memory_order_relaxed);
  return caller;
}

Result<std::vector<Session>> Directory::sessions(const TenantId& tenant,
                                                 const PrincipalId& principal) {
  MC_TRY_OK(save_last_use());
  const std::lock_guard lock(mutex_);
  const WallTime now = clock_.wall();
  MC_TRY(
      const std::unique_ptr<sql::Rows> rows,
      connection_->query(select(kSessionColumns,
                                "session WHERE tenant_id = ?1 AND principal_id = ?2 AND "
                                "ended_at IS NULL AND expires_at > ?3 AND last_seen_at > ?4 "
                                "ORDER BY created_at DESC, session_id DESC"),
                         {tenant.get(), principal.get(), to_ms(now), to_ms(now - kSessionIdle)}));
  std::vector<Session> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.push_back(read_session(*rows));
  }
}

Status Directory::end_session(const TenantId& tenant, const PrincipalId& principal,
                              const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::int64_t changed,
         connection_->execute("UPDATE session SET ended_at = ?4 WHERE tenant_id = ?1 AND "
                              "principal_id = ?2 AND session_id = ?3 AND ended_at IS NULL",
                              {tenant.get(), principal.get(), session_id, to_ms(clock_.wall())}));
  // Also when nothing changed, as with tokens.
  drop_from_index([&](const Caller& caller) {
    return caller.tenant == tenant && caller.principal == principal &&
           caller.session_id == session_id;
  });
  if (changed == 0) return fail(Code::not_found, "no live session '" + excerpt(session_id) + "'");
  return ok();
}

}  // namespace mc::identity
