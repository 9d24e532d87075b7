#include "api/handlers.h"
#include "api/wire.h"

namespace mc::api {
namespace {

void apply(const TenantBody& body, identity::Tenant& tenant) {
  tenant.region = body.region;
  tenant.plan = body.plan;
  tenant.retention_tier = body.retention_tier;
  tenant.licence_class = body.licence_class;
  tenant.state = body.state;
}

// Regions decide who may reach for a tenant's data, so who asks over HTTP cannot move a tenant out
// of the way, nor the own one to it. On the machine itself there is no server.
Status check_region(const AdminWorld& world, const identity::Caller& caller,
                    const identity::Tenant& held, const std::string& region) {
  if (region == held.region || world.portal == nullptr) return ok();
  const std::string reason = std::string(transparency::kCrossRegion) + ": ";
  if (caller.tenant == held.id) {
    return fail(Code::denied, reason +
                                  "the region of your own tenant changes only on the machine, "
                                  "with maestro tenant update");
  }
  if (!transparency::crosses_regions(caller.region, held.region)) return ok();
  return fail(Code::denied, reason + "you are of region " + caller.region + ", and tenant " +
                                held.id.get() + " is of " + held.region +
                                ", whose people alone change that");
}

net::Response tenant_reply(const identity::Tenant& tenant) {
  net::Response out = json_reply(200, json::Value(to_json(tenant)));
  out.headers.emplace_back("ETag", "\"" + std::to_string(tenant.version) + "\"");
  return out;
}

}  // namespace

Reply list_tenants(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  if (request.caller->reads_other_tenants()) {
    MC_TRY(const std::vector<identity::Tenant> all, world.directory.tenants());
    return json_reply(200, page(all));
  }
  MC_TRY(const identity::Tenant own, world.directory.tenant(request.caller->tenant));
  return json_reply(200, page(std::vector{own}));
}

Reply create_tenant(const AdminWorld& world, const AdminRequest& request) {
  if (!request.caller->reads_other_tenants() ||
      !request.caller->may(identity::Scope::admin_write)) {
    return fail(Code::denied, "only an operator of tenant system creates tenants");
  }
  MC_TRY(const TenantBody body, read_body<TenantBody>(request));
  identity::Tenant tenant;
  tenant.id = TenantId(body.id);
  apply(body, tenant);
  if (request.dry_run) return json_reply(200, json::Value(to_json(tenant)));
  MC_TRY(const identity::Tenant created, world.directory.create_tenant(tenant));
  net::Response out = tenant_reply(created);
  out.status = 201;
  out.headers.emplace_back("Location", "/v1/tenants/" + created.id.get());
  return out;
}

Reply get_tenant(const AdminWorld& world, const AdminRequest& request) {
  const TenantId id(request.path[1]);
  MC_TRY_OK(check_reads(request, id));
  MC_TRY(const identity::Tenant found, world.directory.tenant(id));
  return tenant_reply(found);
}

// A PUT-like replacement: absent fields keep their value; If-Match carries the version read.
Reply update_tenant(const AdminWorld& world, const AdminRequest& request) {
  const TenantId id(request.path[1]);
  MC_TRY_OK(check_reads(request, id));
  if (!request.caller->reads_other_tenants() ||
      !request.caller->may(identity::Scope::admin_write)) {
    return fail(Code::denied, "only an operator of tenant system changes tenants");
  }
  MC_TRY(identity::Tenant tenant, world.directory.tenant(id));
  json::Object held = to_json(tenant);
  for (const char* fixed : {"id", "created_at", "version"}) held.erase(fixed);
  MC_TRY(const json::Value merged, patched(request, std::move(held)));
  MC_TRY(const TenantBody body, json::read<TenantBody>(merged));
  if (!body.id.empty() && body.id != id.get()) return fail(Code::invalid, "id cannot change");
  MC_TRY_OK(check_match(request, "tenant", tenant.version));
  MC_TRY_OK(check_region(world, *request.caller, tenant, body.region));
  apply(body, tenant);
  if (request.dry_run) return json_reply(200, json::Value(to_json(tenant)));
  MC_TRY(const identity::Tenant updated, world.directory.update_tenant(tenant));
  return tenant_reply(updated);
}

json::Object to_json(const identity::Tenant& tenant) {
  json::Object out;
  out.set("id", tenant.id.get());
  out.set("region", tenant.region);
  out.set("plan", tenant.plan);
  out.set("retention_tier", tenant.retention_tier);
  out.set("licence_class", tenant.licence_class);
  out.set("state", tenant.state);
  out.set("created_at", format_rfc3339(tenant.created));
  out.set("version", tenant.version);
  return out;
}

}  // namespace mc::api
