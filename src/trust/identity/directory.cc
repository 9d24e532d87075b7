#include <algorithm>
#include <array>

#include "identity/identity.h"

namespace mc::identity {
namespace {

constexpr std::string_view kTokenPrefix = "mct_";
constexpr std::size_t kTokenSecretBytes = 32;
constexpr std::size_t kTokenLength = 4 + 43;

constexpr std::string_view kTenantColumns =
    "tenant_id, region, plan, retention_tier, licence_class, state, created_at, version";
constexpr std::string_view kTokenColumns =
    "tenant_id, token_id, principal_id, scopes, purposes, created_at, expires_at, revoked_at, "
    "last_used_at, note";

std::int64_t to_ms(WallTime time) {
  return time.nanos / 1'000'000;
}
WallTime from_ms(std::int64_t ms) {
  return {ms * 1'000'000};
}

Status check_name(std::string_view field, std::string_view name, std::size_t length_max) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (name.empty() || name.size() > length_max || name[0] < 'a' || name[0] > 'z' ||
      !std::all_of(name.begin(), name.end(), good)) {
    return fail(Code::invalid, std::string(field) + " '" + excerpt(name) +
                                   "' must begin with a letter a-z and have at most " +
                                   std::to_string(length_max) + " of a-z 0-9 - . _");
  }
  return ok();
}

Status check_choice(std::string_view field, std::string_view value,
                    std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return ok();
  std::string list;
  for (const std::string_view choice : allowed)
    list.append(list.empty() ? "" : ", ").append(choice);
  return fail(Code::invalid, std::string(field) + " '" + excerpt(value) + "' is none of " + list);
}

Status check_tenant(const Tenant& tenant) {
  MC_TRY_OK(check_name("tenant", tenant.id.get(), 63));
  MC_TRY_OK(check_name("region", tenant.region, 63));
  MC_TRY_OK(check_choice("plan", tenant.plan, {"starter", "pro", "enterprise"}));
  MC_TRY_OK(
      check_choice("retention_tier", tenant.retention_tier,
                   {"ephemeral-7d", "short-30d", "standard-365d", "long-1825d", "legal-hold"}));
  MC_TRY_OK(check_choice(
      "licence_class", tenant.licence_class,
      {"MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed"}));
  return check_choice("state", tenant.state, {"active", "suspended"});
}

Tenant read_tenant(const sql::Rows& row) {
  Tenant tenant;
  tenant.id = TenantId(std::string(row.text(0)));
  tenant.region = row.text(1);
  tenant.plan = row.text(2);
  tenant.retention_tier = row.text(3);
  tenant.licence_class = row.text(4);
  tenant.state = row.text(5);
  tenant.created = from_ms(row.integer(6));
  tenant.version = row.integer(7);
  return tenant;
}

std::optional<WallTime> read_time(const sql::Rows& row, int column) {
  if (row.type(column) == sql::Type::null) return std::nullopt;
  return from_ms(row.integer(column));
}

Result<Token> read_token(const sql::Rows& row) {
  Token token;
  token.tenant = TenantId(std::string(row.text(0)));
  token.id = row.text(1);
  token.principal = PrincipalId(std::string(row.text(2)));
  MC_TRY(token.scopes, parse_scopes(row.text(3)));
  token.purposes = row.text(4);
  token.created = from_ms(row.integer(5));
  token.expires = from_ms(row.integer(6));
  token.revoked = read_time(row, 7);
  token.last_used = read_time(row, 8);
  token.note = row.text(9);
  return token;
}

std::string select(std::string_view columns, std::string_view rest) {
  return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(std::unique_ptr<sql::Connection> connection,
                                                   sys::Clock& clock, sys::Random& random) {
  std::unique_ptr<Directory> directory(new Directory(std::move(connection), clock, random));
  MC_TRY_OK(directory->rebuild_index());
  return directory;
}

std::shared_ptr<const Caller> Directory::check(std::string_view token) const {
  if (token.size() != kTokenLength || !token.starts_with(kTokenPrefix)) return nullptr;
  const std::shared_ptr<const Index> index = index_.load(std::memory_order_acquire);
  const auto found = index->by_hash.find(sys::sha256(token));
  if (found == index->by_hash.end()) return nullptr;
  const WallTime now = clock_.wall();
  if (now >= found->second->expires) return nullptr;
  found->second->last_used_ms.store(to_ms(now), std::memory_order_relaxed);
  return found->second;
}

Status Directory::rebuild_index() {
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  index_.store(std::move(fresh), std::memory_order_release);
  return ok();
}

Result<std::shared_ptr<const Directory::Index>> Directory::read_index() {
  const std::shared_ptr<const Index> old = index_.load();
  std::unordered_map<std::string, std::int64_t> last_used;
  if (old) {
    for (const auto& [hash, caller] : old->by_hash) last_used[hash] = caller->last_used_ms.load();
  }
  auto fresh = std::make_shared<Index>();
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "SELECT k.hash, k.tenant_id, k.principal_id, k.token_id, t.plan, t.region, "
             "k.purposes, p.roles, k.scopes, k.expires_at FROM token k "
             "JOIN tenant t ON t.tenant_id = k.tenant_id "
             "JOIN principal p ON p.tenant_id = k.tenant_id AND p.principal_id = k.principal_id "
             "WHERE k.revoked_at IS NULL AND k.expires_at > ?1 AND t.state = 'active' "
             "AND p.state = 'active'",
             {to_ms(clock_.wall())}));
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) break;
    auto caller = std::make_shared<Caller>();
    caller->tenant = TenantId(std::string(rows->text(1)));
    caller->principal = PrincipalId(std::string(rows->text(2)));
    caller->token_id = rows->text(3);
    caller->plan = rows->text(4);
    caller->region = rows->text(5);
    caller->purpose = split(rows->text(6), ',').front();
    MC_TRY(caller->roles, parse_roles(rows->text(7)));
    MC_TRY(caller->scopes, parse_scopes(rows->text(8)));
    caller->expires = from_ms(rows->integer(9));
    MC_TRY(const std::string hash, from_hex(rows->text(0)));
    if (const auto used = last_used.find(hash); used != last_used.end()) {
      caller->last_used_ms.store(used->second);
    }
    fresh->by_hash.emplace(hash, std::move(caller));
  }
  return std::shared_ptr<const Index>(std::move(fresh));
}

template <class Gone>
void Directory::drop_from_index(const Gone& gone) {
  auto fresh = std::make_shared<Index>(*index_.load());
  std::erase_if(fresh->by_hash, [&](const auto& held) { return gone(*held.second); });
  index_.store(std::move(fresh), std::memory_order_release);
}

Result<Tenant> Directory::create_tenant(Tenant tenant) {
  MC_TRY_OK(check_tenant(tenant));
  const std::lock_guard lock(mutex_);
  tenant.created = from_ms(to_ms(clock_.wall()));
  tenant.version = 1;
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO tenant (" + std::string(kTenantColumns) +
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
             {tenant.id.get(), tenant.region, tenant.plan, tenant.retention_tier,
              tenant.licence_class, tenant.state, to_ms(tenant.created), tenant.version}));
  return tenant;
}

Result<Tenant> Directory::update_tenant(const Tenant& tenant) {
  MC_TRY_OK(check_tenant(tenant));
  if (tenant.id.get() == kSystemTenant && tenant.state != "active") {
    return fail(Code::invalid, "the tenant 'system' cannot be suspended");
  }
  MC_TRY([[maybe_unused]] const Tenant held, this->tenant(tenant.id));
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::int64_t changed,
         connection_->execute(
             "UPDATE tenant SET region = ?2, plan = ?3, retention_tier = ?4, licence_class = ?5, "
             "state = ?6, version = version + 1 WHERE tenant_id = ?1 AND version = ?7",
             {tenant.id.get(), tenant.region, tenant.plan, tenant.retention_tier,
              tenant.licence_class, tenant.state, tenant.version}));
  if (changed == 0) {
    // Perhaps by an earlier attempt of this very change, reported as failed.
    MC_TRY_OK(rebuild_index());
    return fail(Code::conflict, "tenant " + tenant.id.get() + " has another version than " +
                                    std::to_string(tenant.version));
  }
  if (tenant.state != "active") {
    drop_from_index([&](const Caller& caller) { return caller.tenant == tenant.id; });
  }
  MC_TRY_OK(rebuild_index());
  Tenant next = tenant;
  ++next.version;
  return next;
}

Result<Tenant> Directory::tenant(const TenantId& id) {
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(select(kTenantColumns, "tenant WHERE tenant_id = ?1"), {id.get()}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "no tenant '" + excerpt(id.get()) + "'");
  return read_tenant(*rows);
}

Result<std::vector<Tenant>> Directory::tenants() {
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(select(kTenantColumns, "tenant ORDER BY tenant_id"), {}));
  std::vector<Tenant> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.push_back(read_tenant(*rows));
  }
}

Result<Principal> Directory::create_principal(Principal principal) {
  MC_TRY_OK(check_name("principal", principal.id.get(), 63));
  if (principal.roles.empty()) return fail(Code::invalid, "a principal needs at least one role");
  if (principal.name.size() > 200 || !is_valid_utf8(principal.name)) {
    return fail(Code::invalid, "name must be UTF-8 of at most 200 bytes");
  }
  MC_TRY([[maybe_unused]] const Tenant held, tenant(principal.tenant));
  const std::lock_guard lock(mutex_);
  principal.created = from_ms(to_ms(clock_.wall()));
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute("INSERT INTO principal (tenant_id, principal_id, name, roles, state, "
                              "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                              {principal.tenant.get(), principal.id.get(), principal.name,
                               join(principal.roles), principal.state, to_ms(principal.created)}));
  return principal;
}

Result<std::vector<Principal>> Directory::principals(const TenantId& tenant) {
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query("SELECT tenant_id, principal_id, name, roles, state, created_at FROM "
                            "principal WHERE tenant_id = ?1 ORDER BY principal_id",
                            {tenant.get()}));
  std::vector<Principal> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(const Flags<Role> roles, parse_roles(rows->text(3)));
    out.push_back({TenantId(std::string(rows->text(0))), PrincipalId(std::string(rows->text(1))),
                   std::string(rows->text(2)), roles, std::string(rows->text(4)),
                   from_ms(rows->integer(5))});
  }
}

Status Directory::insert_token(const std::string& hash, const Token& token) {
  {
    MC_TRY(
        const std::unique_ptr<sql::Rows> rows,
        connection_->query("SELECT COUNT(*) FROM token WHERE tenant_id = ?1 AND revoked_at IS NULL "
                           "AND expires_at > ?2",
                           {token.tenant.get(), to_ms(token.created)}));
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
              token.purposes, to_ms(token.created), to_ms(token.expires), token.note}));
  return ok();
}

Result<IssuedToken> Directory::issue(const NewToken& request) {
  if (request.scopes.empty()) return fail(Code::invalid, "a token needs at least one scope");
  if (request.lifetime.count <= 0 || request.lifetime > kTokenLifetimeMax) {
    return fail(Code::invalid,
                "lifetime must be over 0 and at most " + format_duration(kTokenLifetimeMax));
  }
  if (request.note.size() > 200 || !is_valid_utf8(request.note)) {
    return fail(Code::invalid, "note must be UTF-8 of at most 200 bytes");
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
  std::array<std::uint8_t, kTokenSecretBytes> bytes{};
  random_.fill(bytes);
  std::string text(kTokenPrefix);
  text += to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const WallTime now = from_ms(to_ms(clock_.wall()));
  IssuedToken issued;
  issued.info = {request.tenant,
                 sys::make_id("tok", clock_, random_),
                 request.principal,
                 request.scopes,
                 request.purposes,
                 now,
                 from_ms(to_ms(now + request.lifetime)),
                 std::nullopt,
                 std::nullopt,
                 request.note};
  const std::lock_guard lock(mutex_);
  // One transaction with the reading of the index: a token that cannot be shown is not stored.
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY_OK(insert_token(sys::sha256(text), issued.info));
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
  MC_TRY(const std::int64_t changed,
         connection_->execute("UPDATE token SET revoked_at = ?3 WHERE tenant_id = ?1 AND "
                              "token_id = ?2 AND revoked_at IS NULL",
                              {tenant.get(), token_id, to_ms(clock_.wall())}));
  // Also when nothing changed: an earlier attempt may have been stored and reported as failed.
  drop_from_index(
      [&](const Caller& caller) { return caller.tenant == tenant && caller.token_id == token_id; });
  if (changed == 0) {
    return fail(Code::not_found, "no live token '" + excerpt(token_id) + "' in tenant '" +
                                     excerpt(tenant.get()) + "'");
  }
  return ok();
}

Status Directory::save_last_use() {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<const Index> index = index_.load();
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  for (const auto& [hash, caller] : index->by_hash) {
    const std::int64_t used = caller->last_used_ms.load(std::memory_order_relaxed);
    if (used == 0) continue;
    MC_TRY([[maybe_unused]] const std::int64_t changed,
           connection_->execute("UPDATE token SET last_used_at = ?3 WHERE tenant_id = ?1 AND "
                                "token_id = ?2 AND (last_used_at IS NULL OR last_used_at < ?3)",
                                {caller->tenant.get(), caller->token_id, used}));
  }
  return transaction.commit();
}

Result<std::optional<IssuedToken>> Directory::bootstrap() {
  {
    const std::lock_guard lock(mutex_);
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query("SELECT 1 FROM token LIMIT 1", {}));
    MC_TRY(const bool somebody, rows->next());
    if (somebody) return std::optional<IssuedToken>();
  }
  const TenantId system(kSystemTenant);
  const auto tolerate = [](const auto& result) -> Status {
    if (result || result.error().code == Code::conflict) return ok();
    return tl::unexpected<Error>(result.error());
  };
  Tenant tenant;
  tenant.id = system;
  tenant.region = "local";
  tenant.plan = "enterprise";
  MC_TRY_OK(tolerate(create_tenant(tenant)));
  MC_TRY_OK(tolerate(create_principal(
      {system, PrincipalId("root"), "First operator", {Role::operator_}, "active", {}})));
  MC_TRY(IssuedToken issued, issue({system,
                                    PrincipalId("root"),
                                    {Scope::query, Scope::mutate, Scope::introspect,
                                     Scope::admin_read, Scope::admin_write, Scope::metrics},
                                    "support",
                                    seconds(30LL * 24 * 3600),
                                    "bootstrap"}));
  return std::optional<IssuedToken>(std::move(issued));
}

}  // namespace mc::identity
