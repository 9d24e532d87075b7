// maestro tenant | principal | token: the admin API as commands.
#include <CLI/CLI.hpp>
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

Status update_tenant(Context& context, const std::string& id, const Fields& fields) {
  MC_TRY(const json::Value held, call_admin(context, {.path = "/v1/tenants/" + id}));
  return show_one(context,
                  {.method = "PATCH",
                   .path = "/v1/tenants/" + id,
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

void add_tenant_flags(CLI::App& command, TenantFlags& flags) {
  command.add_option("ID", flags.id, "Tenant")->required();
  command.add_option("--region", flags.region, "Region of its data");
  command.add_option("--plan", flags.plan, "starter, pro or enterprise");
  command.add_option("--retention-tier", flags.retention, "Such as standard-365d");
  command.add_option("--licence-class", flags.licence, "Such as Open-Data-OK");
}

void add_tenant_commands(CLI::App& app, Context& context, Action& action) {
  CLI::App* tenant = app.add_subcommand("tenant", "Tenants");
  tenant->require_subcommand(1);
  tenant->add_subcommand("list", "All tenants")->callback([&] {
    action = [&] {
      return show_list(context, "/v1/tenants",
                       {"id", "region", "plan", "retention_tier", "licence_class", "state"});
    };
  });
  auto flags = std::make_shared<TenantFlags>();
  CLI::App* create = tenant->add_subcommand("create", "Add a tenant");
  add_tenant_flags(*create, *flags);
  create->callback([&, flags] {
    action = [&context, flags] {
      return show_one(context, {"POST", "/v1/tenants", to_body(flags->fields(true)), {}},
                      "tenant created");
    };
  });
  CLI::App* update = tenant->add_subcommand("update", "Change a tenant");
  add_tenant_flags(*update, *flags);
  update->add_option("--state", flags->state, "active or suspended");
  update->callback([&, flags] {
    action = [&context, flags] { return update_tenant(context, flags->id, flags->fields(false)); };
  });
  CLI::App* show = tenant->add_subcommand("show", "One tenant");
  show->add_option("ID", flags->id, "Tenant")->required();
  show->callback([&, flags] {
    action = [&context, flags] {
      return show_one(context, {.path = "/v1/tenants/" + flags->id}, "");
    };
  });
}

struct PrincipalFlags {
  std::string tenant, id, name, roles;
};

void add_principal_commands(CLI::App& app, Context& context, Action& action) {
  CLI::App* principal = app.add_subcommand("principal", "People and machines of a tenant");
  principal->require_subcommand(1);
  auto flags = std::make_shared<PrincipalFlags>();
  CLI::App* list = principal->add_subcommand("list", "All principals of a tenant");
  list->add_option("--tenant", flags->tenant, "Tenant")->required();
  list->callback([&, flags] {
    action = [&context, flags] {
      return show_list(context, "/v1/tenants/" + flags->tenant + "/principals",
                       {"id", "name", "roles", "state", "created_at"});
    };
  });
  CLI::App* create = principal->add_subcommand("create", "Add a principal");
  create->add_option("ID", flags->id, "Principal")->required();
  create->add_option("--tenant", flags->tenant, "Tenant")->required();
  create->add_option("--name", flags->name, "For people");
  create->add_option("--roles", flags->roles, "Comma separated")->required();
  create->callback([&, flags] {
    action = [&context, flags] {
      const Fields fields = {{"id", flags->id}, {"name", flags->name}, {"roles", flags->roles}};
      return show_one(context,
                      {"POST", "/v1/tenants/" + flags->tenant + "/principals", to_body(fields), {}},
                      "principal created");
    };
  });
}

struct TokenFlags {
  std::string tenant, id, principal, scopes, purposes, lifetime, note;
};

void add_token_commands(CLI::App& app, Context& context, Action& action) {
  CLI::App* token = app.add_subcommand("token", "Bearer tokens");
  token->require_subcommand(1);
  auto flags = std::make_shared<TokenFlags>();
  CLI::App* list = token->add_subcommand("list", "All tokens of a tenant, without their text");
  list->add_option("--tenant", flags->tenant, "Tenant")->required();
  list->callback([&, flags] {
    action = [&context, flags] {
      return show_list(
          context, "/v1/tenants/" + flags->tenant + "/tokens",
          {"id", "principal", "scopes", "expires_at", "revoked_at", "last_used_at", "note"});
    };
  });
  CLI::App* create = token->add_subcommand("create", "Make a token; its text is shown once");
  create->add_option("--tenant", flags->tenant, "Tenant")->required();
  create->add_option("--principal", flags->principal, "Whom it stands for")->required();
  create->add_option("--scopes", flags->scopes,
                     "query, mutate, introspect, admin:read, admin:write, metrics");
  create->add_option("--purposes", flags->purposes, "The first is the default");
  create->add_option("--lifetime", flags->lifetime, "Such as 90d");
  create->add_option("--note", flags->note, "For people");
  create->callback([&, flags] {
    action = [&context, flags] {
      const Fields fields = {{"principal", flags->principal},
                             {"scopes", flags->scopes},
                             {"purposes", flags->purposes},
                             {"lifetime", flags->lifetime},
                             {"note", flags->note}};
      return show_one(context,
                      {"POST", "/v1/tenants/" + flags->tenant + "/tokens", to_body(fields), {}},
                      "token created; its text is not shown again");
    };
  });
  CLI::App* revoke = token->add_subcommand("revoke", "End a token now");
  revoke->add_option("TOKEN_ID", flags->id, "tok_...")->required();
  revoke->add_option("--tenant", flags->tenant, "Tenant")->required();
  revoke->callback([&, flags] {
    action = [&context, flags] {
      return show_one(context,
                      {"DELETE", "/v1/tenants/" + flags->tenant + "/tokens/" + flags->id, "", {}},
                      "token revoked");
    };
  });
}

}  // namespace

void add_tenants(CLI::App& app, Context& context, Action& action) {
  add_tenant_commands(app, context, action);
  add_principal_commands(app, context, action);
  add_token_commands(app, context, action);
}

}  // namespace mc::app
