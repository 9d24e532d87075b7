#include "identity/identity.h"
#include "identity/index.h"
#include "identity/stored.h"

namespace mc::identity {
namespace {

constexpr std::string_view kLinkPrefix = "mcl_";
constexpr std::string_view kCookiePrefix = "mcs_";

constexpr std::string_view kSessionColumns =
    "tenant_id, principal_id, session_id, method, created_at, last_seen_at, expires_at, peer, "
    "user_agent, proved_at, acr";

bool looks_like(std::string_view secret, std::string_view prefix) {
  return secret.size() == kSecretLength && secret.starts_with(prefix);
}

Session read_session(const sql::Rows& row) {
  Session session;
  session.tenant = TenantId(std::string(row.text(0)));
  session.principal = PrincipalId(std::string(row.text(1)));
  session.id = row.text(2);
  session.method = row.text(3) == "oidc" ? SignInMethod::oidc : SignInMethod::link;
  session.created = from_unix_ms(row.integer(4));
  session.last_seen = from_unix_ms(row.integer(5));
  session.expires = from_unix_ms(row.integer(6));
  session.peer = row.text(7);
  session.user_agent = row.text(8);
  session.proof.time = read_time(row, 9);
  session.proof.acr = row.text(10);
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

Status check_proof(const SignInProof& proof, const StepUp& rule, WallTime now) {
  if (rule.max_age.count > 0) {
    if (!proof.time) return fail(Code::denied, "nobody knows when this person last signed in");
    const bool ahead = *proof.time - now > kIssuerClockSkewMax;
    if (ahead || now - *proof.time > rule.max_age) {
      return fail(Code::denied, "this needs a sign-in that is not older than " +
                                    std::to_string(rule.max_age.count / 1'000'000'000) + " s");
    }
  }
  if (rule.acr.empty()) return ok();
  const bool strong = std::find(rule.acr.begin(), rule.acr.end(), proof.acr) != rule.acr.end();
  return strong ? ok() : fail(Code::denied, "this needs a stronger way to sign in");
}

Result<IssuedLink> Directory::issue_link(const TenantId& tenant, const PrincipalId& principal,
                                         Nanos lifetime) {
  MC_TRY_OK(check_lifetime(lifetime, kLinkLifetimeMax));
  const std::lock_guard lock(mutex_);
  const WallTime now = whole_ms(clock_.wall());
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
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
             {tenant.get(), principal.get(), to_unix_ms(now),
              static_cast<std::int64_t>(kLinksPerPrincipalMax) - 1}));
  std::string text = make_secret(kLinkPrefix, random_);
  const WallTime expires = whole_ms(now + lifetime);
  json::Object data;
  data.set("expires_at", format_rfc3339(expires));
  MC_TRY_OK(tell(tenant, "mc.sign_in_link.created", principal.get(), std::move(data)));
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO sign_in_link (hash, tenant_id, principal_id, created_at, expires_at) "
             "VALUES (?1, ?2, ?3, ?4, ?5)",
             {to_hex(sys::sha256(text)), tenant.get(), principal.get(), to_unix_ms(now),
              to_unix_ms(expires)}));
  MC_TRY_OK(transaction.commit());
  return IssuedLink{Secret(std::move(text)), tenant, principal, expires};
}

Result<Session> Directory::redeem(const std::string& link_hash) {
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
               {link_hash, to_unix_ms(now)}));
    MC_TRY(const bool good, rows->next());
    if (!good) return fail(Code::denied, "this sign-in link is unknown, used or expired");
    session.tenant = TenantId(std::string(rows->text(0)));
    session.principal = PrincipalId(std::string(rows->text(1)));
  }
  session.proof.time = now;
  MC_TRY([[maybe_unused]] const std::int64_t used,
         connection_->execute("UPDATE sign_in_link SET used_at = ?2 WHERE hash = ?1",
                              {link_hash, to_unix_ms(now)}));
  return session;
}

Status Directory::provision(const Bearer& bearer) {
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query(
               "SELECT t.state, p.state FROM tenant t LEFT JOIN principal p ON "
               "p.tenant_id = t.tenant_id AND p.principal_id = ?2 WHERE t.tenant_id = ?1",
               {bearer.tenant.get(), bearer.principal.get()}));
    MC_TRY(const bool known, rows->next());
    if (!known || rows->text(0) != "active") {
      return fail(Code::denied, "no active tenant '" + excerpt(bearer.tenant.get()) + "'");
    }
    if (!rows->text(1).empty() && rows->text(1) != "active") {
      return fail(Code::denied, "this person is suspended");
    }
  }
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO principal (tenant_id, principal_id, name, roles, state, created_at) "
             "VALUES (?1, ?2, ?3, ?4, 'active', ?5) ON CONFLICT (tenant_id, principal_id) "
             "DO UPDATE SET name = excluded.name, roles = excluded.roles",
             {bearer.tenant.get(), bearer.principal.get(), bearer.name, join(bearer.roles),
              to_unix_ms(clock_.wall())}));
  return ok();
}

Status Directory::end_surplus_sessions(const Session& next) {
  MC_TRY([[maybe_unused]] const std::int64_t ended,
         connection_->execute(
             "UPDATE session SET ended_at = ?3 WHERE tenant_id = ?1 AND principal_id = ?2 AND "
             "ended_at IS NULL AND session_id NOT IN (SELECT session_id FROM session WHERE "
             "tenant_id = ?1 AND principal_id = ?2 AND ended_at IS NULL AND expires_at > ?3 "
             "ORDER BY created_at DESC, session_id DESC LIMIT ?4)",
             {next.tenant.get(), next.principal.get(), to_unix_ms(next.created),
              static_cast<std::int64_t>(kSessionsPerPrincipalMax) - 1}));
  return ok();
}

Status Directory::insert_session(const Session& session, const std::string& cookie_hash) {
  MC_TRY_OK(end_surplus_sessions(session));
  const sql::Param proved =
      session.proof.time ? sql::Param(to_unix_ms(*session.proof.time)) : sql::Param();
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_->execute(
             "INSERT INTO session (" + std::string(kSessionColumns) +
                 ", hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
             {session.tenant.get(), session.principal.get(), session.id,
              std::string(sign_in_method_name(session.method)), to_unix_ms(session.created),
              to_unix_ms(session.last_seen), to_unix_ms(session.expires), session.peer,
              session.user_agent, proved, session.proof.acr, cookie_hash}));
  return ok();
}

Result<IssuedSession> Directory::begin_session(const SignInFrom& from, const Prepare& who) {
  std::string cookie = make_secret(kCookiePrefix, random_);
  const std::lock_guard lock(mutex_);
  // One transaction with the reading of the index: a failure leaves the link unused.
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY(Session session, who());
  session.id = sys::make_id("ses", clock_, random_);
  session.created = session.last_seen = whole_ms(clock_.wall());
  session.expires = session.created + kSessionLifetime;
  session.peer = from.peer;
  session.user_agent = tidy_user_agent(from.user_agent);
  MC_TRY_OK(insert_session(session, to_hex(sys::sha256(cookie))));
  json::Object data;
  data.set("principal", session.principal.get());
  data.set("method", sign_in_method_name(session.method));
  data.set("peer", session.peer);
  MC_TRY_OK(tell(session.tenant, "mc.session.started", session.id, std::move(data)));
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  MC_TRY_OK(transaction.commit());
  index_.store(std::move(fresh), std::memory_order_release);
  return IssuedSession{Secret(std::move(cookie)), std::move(session)};
}

Result<IssuedSession> Directory::sign_in(std::string_view link, const SignInFrom& from) {
  if (!looks_like(link, kLinkPrefix)) {
    return fail(Code::denied, "this sign-in link is unknown, used or expired");
  }
  return begin_session(from, [&] { return redeem(to_hex(sys::sha256(link))); });
}

Result<IssuedSession> Directory::sign_in(const Bearer& bearer, const SignInFrom& from) {
  return begin_session(from, [&]() -> Result<Session> {
    MC_TRY_OK(provision(bearer));
    Session session;
    session.tenant = bearer.tenant;
    session.principal = bearer.principal;
    session.method = SignInMethod::oidc;
    session.proof = bearer.proof;
    return session;
  });
}

Status Directory::read_sessions(Index& index) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "SELECT s.hash, s.tenant_id, s.principal_id, s.session_id, t.plan, t.region, p.roles, "
             "p.name, s.expires_at, s.last_seen_at, s.proved_at, s.acr FROM session s "
             "JOIN tenant t ON t.tenant_id = s.tenant_id "
             "JOIN principal p ON p.tenant_id = s.tenant_id AND p.principal_id = s.principal_id "
             "WHERE s.ended_at IS NULL AND s.expires_at > ?1 AND t.state = 'active' "
             "AND p.state = 'active'",
             {to_unix_ms(clock_.wall())}));
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
    caller->purposes = {caller->purpose};
    MC_TRY(caller->roles, parse_roles(rows->text(6)));
    caller->scopes = scopes_of(caller->roles);
    caller->name = rows->text(7);
    caller->expires = from_unix_ms(rows->integer(8));
    caller->last_used_ms.store(rows->integer(9));
    caller->proof = SignInProof{read_time(*rows, 10), std::string(rows->text(11))};
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
  if (now >= caller->expires || now >= from_unix_ms(seen) + kSessionIdle) return nullptr;
  caller->last_used_ms.store(std::max(to_unix_ms(now), seen), std::memory_order_relaxed);
  return caller;
}

Result<std::vector<Session>> Directory::sessions(const TenantId& tenant,
                                                 const PrincipalId& principal) {
  MC_TRY_OK(save_last_use());
  const std::lock_guard lock(mutex_);
  const WallTime now = clock_.wall();
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             select(kSessionColumns,
                    "session WHERE tenant_id = ?1 AND principal_id = ?2 AND "
                    "ended_at IS NULL AND expires_at > ?3 AND last_seen_at > ?4 "
                    "ORDER BY created_at DESC, session_id DESC"),
             {tenant.get(), principal.get(), to_unix_ms(now), to_unix_ms(now - kSessionIdle)}));
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
  MC_TRY(
      const std::int64_t changed,
      connection_->execute("UPDATE session SET ended_at = ?4 WHERE tenant_id = ?1 AND "
                           "principal_id = ?2 AND session_id = ?3 AND ended_at IS NULL",
                           {tenant.get(), principal.get(), session_id, to_unix_ms(clock_.wall())}));
  // Also when nothing changed, as with tokens.
  drop_from_index([&](const Caller& caller) {
    return caller.tenant == tenant && caller.principal == principal &&
           caller.session_id == session_id;
  });
  if (changed == 0) return fail(Code::not_found, "no live session '" + excerpt(session_id) + "'");
  return ok();
}

}  // namespace mc::identity
