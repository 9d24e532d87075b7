#include "demo/demo.h"
#include "maestro/demo_world.h"

namespace mc::app {
namespace {

constexpr Nanos kDemoTokenLifetime = seconds(7LL * 24 * 3600);

Status tolerate_conflict(const Status& status) {
  if (status || status.error().code == Code::conflict) return ok();
  return status;
}

template <class T>
Status outcome(const Result<T>& result) {
  if (result) return ok();
  return tl::unexpected<Error>(result.error());
}

Status make_tenant(identity::Directory& directory, const std::string& id, const std::string& region,
                   const std::string& plan) {
  identity::Tenant tenant;
  tenant.id = TenantId(id);
  tenant.region = region;
  tenant.plan = plan;
  return tolerate_conflict(outcome(directory.create_tenant(tenant)));
}

// The generator names deployment profiles too; budgets know three plans.
std::string plan_of(std::string_view plan) {
  if (plan == "starter" || plan == "pro") return std::string(plan);
  return "enterprise";
}

}  // namespace

const std::vector<Persona>& demo_personas() {
  static const std::vector<Persona> people = {
      {"alpha", "ada", "Ada Lindqvist", "tenant-admin",
       "query,mutate,introspect,admin:read,admin:write"},
      {"alpha", "ben", "Ben Okafor", "analyst", "query,introspect"},
      {"alpha", "dora", "Dora Meier", "dpo", "query,introspect,admin:read,admin:write"},
      {"alpha", "aron", "Aron Castillo", "auditor", "query,admin:read"},
      {"bravo", "bea", "Bea Novak", "analyst", "query,introspect"},
      {"cosmos", "cai", "Cai Hughes", "analyst", "query,introspect"},
      {"nimbus", "noor", "Noor Rahman", "analyst", "query,introspect"},
      {"system", "otto", "Otto Brandt", "operator",
       "query,mutate,introspect,admin:read,admin:write,metrics,signatures:write"},
      {"system", "sam", "Sam Ferreira", "oncall", "query,admin:read,metrics"},
      {"system", "petra", "Petra Jansen", "platform", "query,introspect,admin:read,metrics"},
      {"system", "carl", "Carl Nyman (clumsy)", "operator", "query,admin:read"},
  };
  return people;
}

Result<std::vector<PersonaToken>> make_demo_people(identity::Directory& directory) {
  MC_TRY_OK(make_tenant(directory, identity::kSystemTenant, "local", "enterprise"));
  for (const demo::DemoTenant& tenant : demo::demo_tenants()) {
    MC_TRY_OK(make_tenant(directory, std::string(tenant.name), std::string(tenant.region),
                          plan_of(tenant.plan)));
  }
  std::vector<PersonaToken> out;
  for (const Persona& persona : demo_personas()) {
    const TenantId tenant(persona.tenant);
    const PrincipalId principal(persona.id);
    MC_TRY(const auto roles, identity::parse_roles(persona.roles));
    MC_TRY(const auto scopes, identity::parse_scopes(persona.scopes));
    MC_TRY_OK(tolerate_conflict(outcome(
        directory.create_principal({tenant, principal, persona.name, roles, "active", {}}))));
    MC_TRY(identity::IssuedToken issued,
           directory.issue(
               {tenant, principal, scopes, "demo,investigation", kDemoTokenLifetime, "demo"}));
    MC_TRY(identity::IssuedLink link, directory.issue_link(tenant, principal, kDemoTokenLifetime));
    out.push_back({persona, std::move(issued.token), std::move(link.link)});
  }
  return out;
}

}  // namespace mc::app
