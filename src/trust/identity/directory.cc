#include <algorithm>

#include "identity/bearers.h"
#include "identity/identity.h"
#include "identity/index.h"
#include "identity/stored.h"
#include "notify/notify.h"

namespace mc::identity {
namespace {

constexpr std::string_view kTenantColumns =
    "tenant_id, region, plan, retention_tier, licence_class, state, created_at, version";

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
  tenant.created = from_unix_ms(row.integer(6));
  tenant.version = row.integer(7);
  return tenant;
}

}  // namespace

Directory::Directory(std::unique_ptr<sql::Connection> connection, sys::Clock& clock,
                     sys::Random& random)
    : connection_(std::move(connection)), clock_(clock), random_(random) {}
Directory::~Directory() = default;

void Directory::trust(std::shared_ptr<const Issuer> issuer) {
  bearers_ = std::make_unique<Bearers>(std::move(issuer));
}

Result<std::unique_ptr<Directory>> Directory::open(std::unique_ptr<sql::Connection> connection,
                                                   sys::Clock& clock, sys::Random& random) {
  std::unique_ptr<Directory> directory(new Directory(std::move(connection), clock, random));
  MC_TRY_OK(directory->rebuild_index());
  return directory;
}

Status Directory::lend(const std::function<Status(sql::Connection&)>& use) {
  const std::lock_guard lock(mutex_);
  return use(*connection_);
}

Status Directory::announce(const TenantId& tenant, std::string_view type,
                           const std::string& subject, json::Object data) {
  const std::lock_guard lock(mutex_);
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY_OK(tell(tenant, type, subject, std::move(data)));
  return transaction.commit();
}

Status Directory::tell(const TenantId& tenant, std::string_view type, const std::string& subject,
                       json::Object data) {
  MC_TRY([[maybe_unused]] const std::string id,
         notify::Store(*connection_, clock_, random_)
             .append({tenant, std::string(type), subject, std::move(data)}));
  return ok();
}

Status Directory::rebuild_index() {
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  index_.store(std::move(fresh), std::memory_order_release);
  return ok();
}

Result<std::shared_ptr<const Index>> Directory::read_index() {
  const std::shared_ptr<const Index> old = index_.load();
  std::unordered_map<std::string, std::int64_t> last_used;
  if (old) {
    for (const auto& [hash, caller] : old->by_hash) last_used[hash] = caller->last_used_ms.load();
  }
  auto fresh = std::make_shared<Index>();
  MC_TRY_OK(read_tokens(*fresh));
  MC_TRY_OK(read_sessions(*fresh));
  MC_TRY_OK(read_states(*fresh));
  for (const auto& [hash, caller] : fresh->by_hash) {
    const auto used = last_used.find(hash);
    if (used == last_used.end()) continue;
    caller->last_used_ms.store(std::max(caller->last_used_ms.load(), used->second));
  }
  return std::shared_ptr<const Index>(std::move(fresh));
}

Status Directory::read_states(Index& index) {
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_->query("SELECT tenant_id, plan, region FROM tenant WHERE state = 'active'",
                              {}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) break;
      index.tenants[std::string(rows->text(0))] = {std::string(rows->text(1)),
                                                   std::string(rows->text(2))};
    }
  }
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query("SELECT tenant_id, principal_id FROM principal WHERE state <> 'active'",
                            {}));
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return ok();
    index.suspended.insert(std::string(rows->text(0)) + " " + std::string(rows->text(1)));
  }
}

void Directory::drop_from_index(const std::function<bool(const Caller&)>& gone) {
  auto fresh = std::make_shared<Index>(*index_.load());
  std::erase_if(fresh->by_hash, [&](const auto& held) { return gone(*held.second); });
  index_.store(std::move(fresh), std::memory_order_release);
}

void Directory::drop_tenant(const TenantId& tenant) {
  auto fresh = std::make_shared<Index>(*index_.load());
  std::erase_if(fresh->by_hash, [&](const auto& held) { return held.second->tenant == tenant; });
  fresh->tenants.erase(tenant.get());
  index_.store(std::move(fresh), std::memory_order_release);
}

Result<Tenant> Directory::create_tenant(Tenant tenant) {
  MC_TRY_OK(check_tenant(tenant));
  const std::lock_guard lock(mutex_);
  tenant.created = whole_ms(clock_.wall());
  tenant.version = 1;
  // One transaction with the reading of the index, as with tokens.
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO tenant (" + std::string(kTenantColumns) +
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
             {tenant.id.get(), tenant.region, tenant.plan, tenant.retention_tier,
              tenant.licence_class, tenant.state, to_unix_ms(tenant.created), tenant.version}));
  MC_TRY(std::shared_ptr<const Index> fresh, read_index());
  MC_TRY_OK(transaction.commit());
  index_.store(std::move(fresh), std::memory_order_release);
  return tenant;
}

Result<Tenant> Directory::update_tenant(const Tenant& tenant) {
  MC_TRY_OK(check_tenant(tenant));
  if (tenant.id.get() == kSystemTenant && tenant.state != "active") {
    return fail(Code::invalid, "the tenant 'system' cannot be suspended");
  }
  MC_TRY([[maybe_unused]] const Tenant held, this->tenant(tenant.id));
  const std::lock_guard lock(mutex_);
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
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
  json::Object data;
  data.set("plan", tenant.plan);
  data.set("region", tenant.region);
  data.set("state", tenant.state);
  data.set("version", tenant.version + 1);
  MC_TRY_OK(tell(tenant.id, "mc.tenant.updated", tenant.id.get(), std::move(data)));
  MC_TRY_OK(transaction.commit());
  if (tenant.state != "active") {
    drop_tenant(tenant.id);
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
  if (principal.name.size() > 200 || !is_readable_line(principal.name)) {
    return fail(Code::invalid,
                "name must be UTF-8 of at most 200 bytes, in one line, "
                "without direction marks");
  }
  MC_TRY([[maybe_unused]] const Tenant held, tenant(principal.tenant));
  const std::lock_guard lock(mutex_);
  principal.created = whole_ms(clock_.wall());
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_->execute(
             "INSERT INTO principal (tenant_id, principal_id, name, roles, state, "
             "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
             {principal.tenant.get(), principal.id.get(), principal.name, join(principal.roles),
              principal.state, to_unix_ms(principal.created)}));
  json::Object data;
  data.set("roles", join(principal.roles));
  MC_TRY_OK(tell(principal.tenant, "mc.principal.created", principal.id.get(), std::move(data)));
  MC_TRY_OK(transaction.commit());
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
                   from_unix_ms(rows->integer(5))});
  }
}

Result<bool> Directory::has_administrator(const TenantId& tenant) {
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "SELECT p.roles FROM principal p WHERE p.tenant_id = ?1 AND p.state = 'active' AND "
             "(EXISTS (SELECT 1 FROM token k WHERE k.tenant_id = p.tenant_id AND "
             "k.principal_id = p.principal_id AND k.revoked_at IS NULL AND k.expires_at > ?2 AND "
             "',' || k.scopes || ',' LIKE '%,admin:write,%') OR "
             "EXISTS (SELECT 1 FROM session s WHERE s.tenant_id = p.tenant_id AND "
             "s.principal_id = p.principal_id))",
             {tenant.get(), to_unix_ms(clock_.wall())}));
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return false;
    MC_TRY(const Flags<Role> roles, parse_roles(rows->text(0)));
    // An auditor never writes.
    if (roles.has(Role::tenant_admin) && !roles.has(Role::auditor)) return true;
  }
}

Status Directory::save_last_use() {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<const Index> index = index_.load();
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*connection_));
  for (const auto& [hash, caller] : index->by_hash) {
    const std::int64_t used = caller->last_used_ms.load(std::memory_order_relaxed);
    if (used == 0) continue;
    const bool session = !caller->session_id.empty();
    const std::string_view statement =
        session ? "UPDATE session SET last_seen_at = ?4 WHERE tenant_id = ?1 AND principal_id = ?2 "
                  "AND session_id = ?3 AND last_seen_at < ?4"
                : "UPDATE token SET last_used_at = ?4 WHERE tenant_id = ?1 AND principal_id = ?2 "
                  "AND token_id = ?3 AND (last_used_at IS NULL OR last_used_at < ?4)";
    MC_TRY(
        [[maybe_unused]] const std::int64_t changed,
        connection_->execute(statement, {caller->tenant.get(), caller->principal.get(),
                                         session ? caller->session_id : caller->token_id, used}));
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
  MC_TRY(IssuedToken issued,
         issue({system,
                PrincipalId("root"),
                {Scope::query, Scope::mutate, Scope::introspect, Scope::admin_read,
                 Scope::admin_write, Scope::metrics, Scope::alerts, Scope::signatures},
                "support",
                seconds(30LL * 24 * 3600),
                "bootstrap"}));
  return std::optional<IssuedToken>(std::move(issued));
}

}  // namespace mc::identity
