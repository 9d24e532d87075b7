// Warrants: what opens a tenant's data to the operator's people, and whether the tenant is asked.
#include "api/handlers.h"
#include "api/warrant_wire.h"

namespace mc::api {
namespace {

using transparency::AccessSetting;
using transparency::Warrant;
using transparency::Warrants;
using transparency::WarrantState;

// What `use` gives of the warrants, which are lent for as long.
template <class T, class Use>
Result<T> with_warrants(const AdminWorld& world, const Use& use) {
  if (world.gate == nullptr) return fail(Code::unavailable, "there are no warrants here");
  std::optional<Result<T>> out;
  MC_TRY_OK(world.gate->lend([&](Warrants& warrants) -> Status {
    out.emplace(use(warrants));
    return ok();
  }));
  return std::move(*out);
}

Result<TenantId> tenant_in(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY([[maybe_unused]] const identity::Tenant held, world.directory.tenant(tenant));
  return tenant;
}

// Of what the tenant alone decides.
Result<TenantId> own_tenant_in(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(TenantId tenant, tenant_in(world, request));
  MC_TRY_OK(check_writes(request, tenant));
  if (request.caller->tenant == tenant && request.caller->roles.has(identity::Role::tenant_admin)) {
    return tenant;
  }
  return fail(Code::denied, "only the tenant's own administrators decide that");
}

std::string name_of(const identity::Caller& caller) {
  return caller.principal.get() + "@" + caller.tenant.get();
}

net::Response warrant_reply(int status, const Warrant& warrant) {
  net::Response out = json_reply(status, json::Value(to_json(warrant)));
  out.headers.emplace_back("ETag", "\"" + std::to_string(warrant.version) + "\"");
  return out;
}

Reply decided(const AdminWorld& world, const AdminRequest& request, const TenantId& tenant,
              transparency::Verdict verdict) {
  verdict.by = name_of(*request.caller);
  verdict.dry_run = request.dry_run;
  MC_TRY(const Warrant done, with_warrants<Warrant>(world, [&](Warrants& warrants) {
           return warrants.decide(tenant, request.path[3], verdict);
         }));
  return warrant_reply(200, done);
}

net::Response setting_reply(const AccessSetting& setting) {
  json::Object out;
  out.set("approval_required", setting.approval_required);
  out.set("version", setting.version);
  net::Response reply = json_reply(200, json::Value(std::move(out)));
  reply.headers.emplace_back("ETag", "\"" + std::to_string(setting.version) + "\"");
  return reply;
}

Result<AccessSetting> setting_of(const AdminWorld& world, const TenantId& tenant) {
  return with_warrants<AccessSetting>(world,
                                      [&](Warrants& warrants) { return warrants.setting(tenant); });
}

Result<transparency::NewWarrant> read_wanted(const AdminRequest& request, const TenantId& tenant) {
  MC_TRY(const WarrantBody body, read_body<WarrantBody>(request));
  transparency::NewWarrant out;
  out.tenant = tenant;
  MC_TRY(out.kind, transparency::parse_class(body.kind));
  out.reference = body.reference;
  out.reason = body.reason;
  out.principals = body.principals;
  out.actions = body.actions;
  out.lifetime = body.lifetime;
  out.deadline = body.deadline;
  out.issued_by = name_of(*request.caller);
  MC_TRY_OK(transparency::check_warrant(out));
  return out;
}

}  // namespace

Reply list_warrants(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, tenant_in(world, request));
  MC_TRY(const std::vector<Warrant> all,
         with_warrants<std::vector<Warrant>>(
             world, [&](Warrants& warrants) { return warrants.list(tenant); }));
  return json_reply(200, page(all));
}

Reply create_warrant(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, tenant_in(world, request));
  MC_TRY_OK(check_writes(request, tenant));
  if (!request.caller->reads_other_tenants()) {
    return fail(Code::denied, "only the operator's people ask for warrants");
  }
  if (tenant.get() == identity::kSystemTenant) {
    return fail(Code::invalid, "tenant: the operator's own needs no warrant");
  }
  MC_TRY(const transparency::NewWarrant wanted, read_wanted(request, tenant));
  MC_TRY(const Warrant made, with_warrants<Warrant>(world, [&](Warrants& warrants) {
           return warrants.create(wanted, request.dry_run);
         }));
  return warrant_reply(request.dry_run ? 200 : 201, made);
}

Reply approve_warrant(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, own_tenant_in(world, request));
  MC_TRY(const ApproveBody body, read_body<ApproveBody>(request));
  transparency::Verdict verdict{.to = WarrantState::active, .actions = body.actions};
  if (!body.expires_at.empty()) {
    const Result<WallTime> expires = parse_rfc3339(body.expires_at);
    if (!expires) return fail(Code::invalid, "expires_at: " + expires.error().what);
    verdict.expires = *expires;
  }
  return decided(world, request, tenant, std::move(verdict));
}

Reply deny_warrant(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, own_tenant_in(world, request));
  return decided(world, request, tenant, {.to = WarrantState::denied});
}

Reply revoke_warrant(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, tenant_in(world, request));
  MC_TRY_OK(check_writes(request, tenant));
  return decided(world, request, tenant, {.to = WarrantState::revoked});
}

Reply get_access(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, tenant_in(world, request));
  MC_TRY(const AccessSetting setting, setting_of(world, tenant));
  return setting_reply(setting);
}

Reply set_access(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const TenantId tenant, own_tenant_in(world, request));
  MC_TRY(const AccessBody body, read_body<AccessBody>(request));
  MC_TRY(AccessSetting setting, setting_of(world, tenant));
  MC_TRY_OK(check_match(request, "setting", setting.version));
  setting.approval_required = body.approval_required;
  if (request.dry_run) return setting_reply(setting);
  MC_TRY(const AccessSetting changed, with_warrants<AccessSetting>(world, [&](Warrants& warrants) {
           return warrants.change(tenant, setting);
         }));
  return setting_reply(changed);
}

json::Object to_json(const Warrant& warrant) {
  const auto time_or_null = [](const std::optional<WallTime>& time) {
    return time ? json::Value(format_rfc3339(*time)) : json::Value();
  };
  json::Object out;
  out.set("id", warrant.id);
  out.set("class", transparency::class_name(warrant.kind));
  out.set("reference", warrant.reference);
  out.set("reason", warrant.reason);
  out.set("principals", warrant.principals);
  out.set("actions", warrant.actions);
  out.set("state", transparency::state_name(warrant.state));
  out.set("issued_by", warrant.issued_by);
  out.set("issued_at", format_rfc3339(warrant.issued));
  out.set("expires_at", format_rfc3339(warrant.expires));
  out.set("deadline_at", format_rfc3339(warrant.deadline));
  out.set("decided_by",
          warrant.decided_by.empty() ? json::Value() : json::Value(warrant.decided_by));
  out.set("decided_at", time_or_null(warrant.decided));
  out.set("uses", warrant.uses);
  out.set("used_at", time_or_null(warrant.used));
  out.set("version", warrant.version);
  return out;
}

}  // namespace mc::api
