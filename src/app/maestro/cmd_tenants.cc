// maestro tenant | principal | token: the admin API as commands.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

Status update_tenant(Context& context, const std::string& id, const Fields& fields) {
  const std::string path = v1_path({"tenants", id});
  MC_TRY(const json::Value held, call_admin(context, {.path = path}));
  return show_one(context,
                  {.method = "PATCH",
                   .path = path,
                   .body = to_body(fields),
                   .headers = {{"If-Match", "\"" + text_of(held, "version") + "\""}}},
                  "tenant changed");
}

struct TenantFlags {
  std::string id, region, plan, retention, licence, state;
  Fields fields(bool with_id) const {
    return {{"id", with_id ? id : ""},     {"region", region},         {"plan", plan},
            {"retention_tier", retention}, {"licence_class", licence}, {"state", state}};
  }
};

void add_tenant_flags(cli::Command& command, TenantFlags& flags) {
  command.option("ID", flags.id, "Tenant").required();
  command.option("--region", flags.region, "Region of its data");
  command.option("--plan", flags.plan, "starter, pro or enterprise");
  command.option("--retention-tier", flags.retention, "Such as standard-365d");
  command.option("--licence-class", flags.licence, "Such as Open-Data-OK");
}

void add_tenant_commands(cli::Command& app, Context& context) {
  cli::Command& tenant = app.add("tenant", "Tenants");
  tenant.add("list", "All tenants").runs([&context] {
    return show_list(context, "/v1/tenants",
                     {"id", "region", "plan", "retention_tier", "licence_class", "state"});
  });
  auto flags = std::make_shared<TenantFlags>();
  cli::Command& create = tenant.add("create", "Add a tenant");
  add_tenant_flags(create, *flags);
  create.runs([&context, flags] {
    return show_one(context, {"POST", "/v1/tenants", to_body(flags->fields(true)), {}},
                    "tenant created");
  });
  cli::Command& update = tenant.add("update", "Change a tenant");
  add_tenant_flags(update, *flags);
  update.option("--state", flags->state, "active or suspended");
  update.runs(
      [&context, flags] { return update_tenant(context, flags->id, flags->fields(false)); });
  cli::Command& show = tenant.add("show", "One tenant");
  show.option("ID", flags->id, "Tenant").required();
  show.runs([&context, flags] {
    return show_one(context, {.path = v1_path({"tenants", flags->id})}, "");
  });
}

struct PrincipalFlags {
  std::string tenant, id, name, roles;
};

void add_principal_commands(cli::Command& app, Context& context) {
  cli::Command& principal = app.add("principal", "People and machines of a tenant");
  auto flags = std::make_shared<PrincipalFlags>();
  cli::Command& list = principal.add("list", "All principals of a tenant");
  list.option("--tenant", flags->tenant, "Tenant").required();
  list.runs([&context, flags] {
    return show_list(context, v1_path({"tenants", flags->tenant, "principals"}),
                     {"id", "name", "roles", "state", "created_at"});
  });
  cli::Command& create = principal.add("create", "Add a principal");
  create.option("ID", flags->id, "Principal").required();
  create.option("--tenant", flags->tenant, "Tenant").required();
  create.option("--name", flags->name, "For people");
  create.option("--roles", flags->roles, "Comma separated").required();
  create.runs([&context, flags] {
    const Fields fields = {{"id", flags->id}, {"name", flags->name}, {"roles", flags->roles}};
    return show_one(
        context, {"POST", v1_path({"tenants", flags->tenant, "principals"}), to_body(fields), {}},
        "principal created");
  });
}

struct TokenFlags {
  std::string tenant, id, principal, scopes, purposes, lifetime, note;
};

void add_token_commands(cli::Command& app, Context& context) {
  cli::Command& token = app.add("token", "Bearer tokens");
  auto flags = std::make_shared<TokenFlags>();
  cli::Command& list = token.add("list", "All tokens of a tenant, without their text");
  list.option("--tenant", flags->tenant, "Tenant").required();
  list.runs([&context, flags] {
    return show_list(
        context, v1_path({"tenants", flags->tenant, "tokens"}),
        {"id", "principal", "scopes", "expires_at", "revoked_at", "last_used_at", "note"});
  });
  cli::Command& create = token.add("create", "Make a token; its text is shown once");
  create.option("--tenant", flags->tenant, "Tenant").required();
  create.option("--principal", flags->principal, "Whom it stands for").required();
  create.option("--scopes", flags->scopes,
                "query, mutate, introspect, admin:read, admin:write, metrics");
  create.option("--purposes", flags->purposes, "The first is the default");
  create.option("--lifetime", flags->lifetime, "Such as 90d");
  create.option("--note", flags->note, "For people");
  create.runs([&context, flags] {
    const Fields fields = {{"principal", flags->principal},
                           {"scopes", flags->scopes},
                           {"purposes", flags->purposes},
                           {"lifetime", flags->lifetime},
                           {"note", flags->note}};
    return show_one(context,
                    {"POST", v1_path({"tenants", flags->tenant, "tokens"}), to_body(fields), {}},
                    "token created; its text is not shown again");
  });
  cli::Command& revoke = token.add("revoke", "End a token now");
  revoke.option("TOKEN_ID", flags->id, "tok_...").required();
  revoke.option("--tenant", flags->tenant, "Tenant").required();
  revoke.runs([&context, flags] {
    return show_one(context,
                    {"DELETE", v1_path({"tenants", flags->tenant, "tokens", flags->id}), "", {}},
                    "token revoked");
  });
}

}  // namespace

void add_tenants(cli::Command& app, Context& context) {
  add_tenant_commands(app, context);
  add_principal_commands(app, context);
  add_token_commands(app, context);
}

}  // namespace mc::app
