#include <algorithm>
#include <array>

#include "identity/bearers.h"
#include "identity/identity.h"
#include "identity/index.h"
#include "identity/stored.h"

namespace mc::identity {
namespace {

constexpr std::string_view kTokenPrefix = "mct_";
constexpr std::string_view kJwtPrefix = "ey";  // base64url of {"

constexpr std::string_view kTokenColumns =
    "tenant_id, token_id, principal_id, scopes, purposes, created_at, expires_at, revoked_at, "
    "last_used_at, note";

Result<Token> read_token(const sql::Rows& row) {
  Token token;
  token.tenant = TenantId(std::string(row.text(0)));
  token.id = row.text(1);
  token.principal = PrincipalId(std::string(row.text(2)));
  MC_TRY(token.scopes, parse_scopes(row.text(3)));
  token.purposes = row.text(4);
  token.created = from_unix_ms(row.integer(5));
  token.expires = from_unix_ms(row.integer(6));
  token.revoked = read_time(row, 7);
  token.last_used = read_time(row, 8);
  token.note = row.text(9);
  return token;
}

}  // namespace

std::optional<WallTime> read_time(const sql::Rows& row, int column) {
  if (row.type(column) == sql::Type::null) return std::nullopt;
  return from_unix_ms(row.integer(column));
}

Status check_choice(std::string_view field, std::string_view value,
                    std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return ok();
  std::string list;
  for (const std::string_view choice : allowed)
    list.append(list.empty() ? "" : ", ").append(choice);
  return fail(Code::invalid, std::string(field) + " '" + excerpt(value) + "' is none of " + list);
}

Status check_lifetime(Nanos lifetime, Nanos max) {
  if (lifetime.count > 0 && lifetime <= max) return ok();
  return fail(Code::invalid, "lifetime must be over 0 and at most " + format_duration(max));
}

std::string make_secret(std::string_view prefix, sys::Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  std::string out(prefix);
  out += to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return out;
}

std::shared_ptr<const Caller> Directory::find(std::string_view secret) const {
  const std::shared_ptr<const Index> index = index_.load(std::memory_order_acquire);
  const auto found = index->by_hash.find(sys::sha256(secret));
  return found == index->by_hash.end() ? nullptr : found->second;
}

std::shared_ptr<const Caller> Directory::check(std::string_view token) const {
  if (bearers_ != nullptr && token.starts_with(kJwtPrefix)) {
    return bearers_->check(token, index_.load(std::memory_order_acquire), clock_.wall());
  }
  if (token.size() != kSecretLength || !token.starts_with(kTokenPrefix)) return nullptr;
  std::shared_ptr<const Caller> caller = find(token);
  if (caller == nullptr) return nullptr;
  const WallTime now = clock_.wall();
  if (now >= caller->expires) return nullptr;
  caller->last_used_ms.store(to_unix_ms(now), std::memory_order_relaxed);
  return caller;
}

Status Directory::read_tokens(Index& index) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "SELECT k.hash, k.tenant_id, k.principal_id, k.token_id, t.plan, t.region, "
             "k.purposes, p.roles, k.scopes, k.expires_at, p.name FROM token k "
             "JOIN tenant t ON t.tenant_id = k.tenant_id "
             "JOIN principal p ON p.tenant_id = k.tenant_id AND p.principal_id = k.principal_id "
             "WHERE k.revoked_at IS NULL AND k.expires_at > ?1 AND t.state = 'active' "
             "AND p.state = 'active'",
             {to_unix_ms(clock_.wall())}));
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return ok();
    auto caller = std::make_shared<Caller>();
    caller->tenant = TenantId(std::string(rows->text(1)));
    caller->principal = PrincipalId(std::string(rows->text(2)));
    caller->token_id = rows->text(3);
    caller->plan = rows->text(4);
    caller->region = rows->text(5);
    for (const std::string_view purpose : split(rows->text(6), ',')) {
      caller->purposes.emplace_back(purpose);
    }
    caller->purpose = caller->purposes.front();
    MC_TRY(caller->roles, parse_roles(rows->text(7)));
    MC_TRY(caller->scopes, parse_scopes(rows->text(8)));
    caller->expires = from_unix_ms(rows->integer(9));
    caller->name = rows->text(10);
    MC_TRY(const std::string hash, from_hex(rows->text(0)));
    index.by_hash.emplace(hash, std::move(caller));
  }
}

Status Directory::insert_token(const std::string& hash, const Token& token) {
  {
    MC_TRY(
        const std::unique_ptr<sql::Rows> rows,
        connection_->query("SELECT COUNT(*) FROM token WHERE tenant_id = ?1 AND revoked_at IS NULL "
                           "AND expires_at > ?2",
                           {token.tenant.get(), to_unix_ms(token.created)}));
    MC_TRY([[maybe_unused]] const bool found, rows->next());
    if (rows->integer(0) >= static_cast<std::int64_t>(kTokensPerTenantMax)) {
      return fail(Code::conflict, "tenant " + token.tenant.get() + " has the limit of " +
                                      std::to_string(kTokensPerTenantMax) + " tokens");
    }
  }
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO token (hash, tenant_id, token_id, principal_id, scopes, purposes, "
             "created_at, expires_at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
             {to_hex(hash), token.tenant.get(), token.id, token.principal.get(), join(token.scopes),
              token.purposes, to_unix_ms(token.created), to_unix_ms(token.expires), token.note}));
  return ok();
}

Result<IssuedToken> Directory::issue(const NewToken& request) {
  if (request.scopes.empty()) return fail(Code::invalid, "a token needs at least one scope");
  MC_TRY_OK(check_lifetime(request.lifetime, kTokenLifetimeMax));
  if (request.note.size() > 200 || !is_readable_line(request.note)) {
    return fail(Code::invalid,
                "note must be UTF-8 of at most 200 bytes, in one line, "
                "without direction marks");
  }
  for (const std::string_view purpose : split(request.purposes, ',')) {
    MC_TRY_OK(check_choice("purpose", purpose,
                           {"investigation", "threat-intel", "fraud-risk", "t&s", "benchmarking",
                            "training", "demo", "support", "export"}));
  }
  MC_TRY(const std::vector<Principal> people, principals(request.tenant));
  const bool known = std::any_of(people.begin(), people.end(),
                                 [&](const Principal& p) { return p.id == request.principal; });
  if (!known) {
    return fail(Code::not_found, "no principal '" + excerpt(request.principal.get()) +
                                     "' in tenant '" + excerpt(request.tenant.get()) + "'");
  }
  std::string text = make_secret(kTokenPrefix, random_);
  const WallTime now = whole_ms(clock_.wall());
  IssuedToken issued;
  issued.info = {request.tenant,
                 sys::make_id("tok", clock_, random_),
                 request.principal,
                 request.scopes,
                 request.purposes,
                 now,
                 whole_ms(now + request.lifetime),
                 std::nullopt,
                 std::nullopt,
                 request.note};
  const std::lock_guard lock(mutex_);
  // One transaction with the reading of the index: a token that cannot be shown is not stored.
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY_OK(insert_token(sys::sha256(text), issued.info));
  json::Object data;
  data.set("principal", request.principal.get());
  data.set("scopes", join(request.scopes));
  data.set("expires_at", format_rfc3339(issued.info.expires));
  MC_TRY_OK(tell(request.tenant, "mc.token.created", issued.info.id, std::move(data)));
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  MC_TRY_OK(transaction.commit());
  index_.store(std::move(fresh), std::memory_order_release);
  issued.token = Secret(std::move(text));
  return issued;
}

Result<std::vector<Token>> Directory::tokens(const TenantId& tenant) {
  MC_TRY_OK(save_last_use());
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             select(kTokenColumns, "token WHERE tenant_id = ?1 ORDER BY created_at, token_id"),
             {tenant.get()}));
  std::vector<Token> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(Token token, read_token(*rows));
    out.push_back(std::move(token));
  }
}

Status Directory::revoke(const TenantId& tenant, const std::string& token_id) {
  const std::lock_guard lock(mutex_);
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY(const std::int64_t changed,
         connection_->execute("UPDATE token SET revoked_at = ?3 WHERE tenant_id = ?1 AND "
                              "token_id = ?2 AND revoked_at IS NULL",
                              {tenant.get(), token_id, to_unix_ms(clock_.wall())}));
  if (changed > 0) MC_TRY_OK(tell(tenant, "mc.token.revoked", token_id, {}));
  MC_TRY_OK(transaction.commit());
  // Also when nothing changed: an earlier attempt may have been stored and reported as failed.
  drop_from_index(
      [&](const Caller& caller) { return caller.tenant == tenant && caller.token_id == token_id; });
  if (changed == 0) {
    return fail(Code::not_found, "no live token '" + excerpt(token_id) + "' in tenant '" +
                                     excerpt(tenant.get()) + "'");
  }
  return ok();
}

}  // namespace mc::identity
