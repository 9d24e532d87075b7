// Another tenant's data: asked for by X-MC-Tenant, opened by a warrant, and recorded in that
// tenant's own log before anything of it is served. The policies decide about each dataset on top
// of that (session_gate.h).
#include "gateway/reach.h"

#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

constexpr std::size_t kFieldsRecorded = 50;  // names of one request
constexpr std::string_view kQuery = "GraphQL query";
constexpr std::string_view kMutation = "GraphQL mutation";

HttpError denied(std::string_view reason, const std::string& message) {
  return {403, "FORBIDDEN", std::string(reason) + ": " + message};
}

HttpError unavailable(std::string_view what) {
  return {503, "UNAVAILABLE", std::string(what) + "; nothing of another tenant's is served"};
}

// What a warrant allows, in the words of the policies.
std::vector<std::string> actions_of(const transparency::Warrant& warrant) {
  std::vector<std::string> out;
  for (const std::string_view action : split(warrant.actions, ',')) {
    if (action == "read") out.insert(out.end(), {"read", "aggregate"});
    if (action == "change") out.emplace_back("write");
  }
  return out;
}

access::WarrantFacts facts_of(const transparency::Warrant& warrant,
                              const identity::Caller& caller) {
  access::WarrantFacts out;
  out.id = warrant.id;
  out.kind = transparency::class_name(warrant.kind);
  out.reference = warrant.reference;
  out.status = transparency::state_name(warrant.state);
  out.actions = actions_of(warrant);
  // Of those whom it names this is one, as the gate has found.
  if (warrant.principals != "*") out.bound_to = caller.principal.get() + "@" + caller.tenant.get();
  out.expires = warrant.expires;
  out.tenant = warrant.tenant.get();
  out.effective = warrant.decided.value_or(warrant.issued);
  return out;
}

// The names of the values that are asked for, as far as documents say.
std::string fields_of(const Call& call) {
  std::vector<std::string_view> names;
  for (const auto& compiled : call.documents) {
    const graphql::Document& document = *compiled->document;
    for (const graphql::SelectionNode& selection : document.selections) {
      if (selection.kind != graphql::SelectionKind::field || selection.has_selections) continue;
      const std::string_view name = document.name(selection.name);
      if (name.starts_with("__") || names.size() >= kFieldsRecorded) continue;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::string out;
  for (const std::string_view name : names) out.append(out.empty() ? "" : ",").append(name);
  return out;
}

std::string object_of(const Call& call) {
  std::string out = call.route->config.path;
  const std::string_view name = call.documents.front()->document->name(call.operation->name);
  if (!name.empty()) out.append(" ").append(name);
  return out;
}

transparency::Access access_of(const Call& call) {
  const std::string_view peer = call.exchange->request().peer;
  return {.kind = call.mutates ? transparency::Kind::change : transparency::Kind::access,
          .tenant = call.reach->tenant,
          .caller = *call.caller,
          .action = std::string(call.mutates ? kMutation : kQuery),
          .object = object_of(call),
          .request_id = call.request_id,
          .purpose = call.purpose,
          .peer = std::string(peer.substr(0, peer.rfind(':')))};
}

std::string shut_by(const transparency::Passage& passage, const TenantId& tenant) {
  if (passage.reason == transparency::kWarrantInvalid) {
    return "the named warrant does not open tenant " + tenant.get() + " for this";
  }
  return "rows of tenant " + tenant.get() + " are opened by a warrant; see /v1/tenants/" +
         tenant.get() + "/warrants";
}

// Recorded, and told to the tenant.
Result<ledger::Recorded> note(const GatewayWorld& world, const transparency::Access& access) {
  MC_TRY(const ledger::Recorded recorded, world.recorder->record(access));
  MC_TRY_OK(world.gate->tell(access, recorded));
  return recorded;
}

}  // namespace

Gateway::Core::Opened Gateway::Core::open_reach(Call& call, std::size_t worker) {
  using Shut = tl::unexpected<HttpError>;
  Reach& reach = *call.reach;
  if (world.policy == nullptr || world.gate == nullptr || world.recorder == nullptr) {
    return Shut(denied("cross-tenant", "this server opens no other tenant's data"));
  }
  if (!call.caller->reads_other_tenants()) {
    // Whether there is such a tenant, and where, is not told; the decision says why not.
    reach.region = residency::kAnywhere;
    const access::Verdict& verdict =
        deciders[worker]->decide(call, *call.route->resource, access::Action::read);
    if (!verdict.allow) return Shut(denial_of(verdict));
    return Shut(denied("cross-tenant", "only the operator's people reach other tenants"));
  }
  const Result<identity::Tenant> tenant = world.directory.tenant(reach.tenant);
  if (!tenant && tenant.error().code == Code::not_found) {
    return Shut(HttpError{404, "NOT_FOUND", "X-MC-Tenant: no such tenant"});
  }
  if (!tenant) return Shut(unavailable("whether there is such a tenant is not known"));
  reach.region = tenant->region;
  reach.access.emplace(access_of(call));
  Result<transparency::Passage> passed = world.gate->pass({.caller = *call.caller,
                                                           .tenant = reach.tenant,
                                                           .kind = reach.access->kind,
                                                           .action = reach.access->action,
                                                           .named = reach.named,
                                                           .needs_warrant = true});
  if (!passed) return Shut(unavailable("warrants cannot be read"));
  transparency::Passage& passage = reach.access->passage;
  passage = std::move(*passed);
  if (!passage.allowed) {
    reach.access->kind = transparency::Kind::denied;
    if (!note(world, *reach.access)) return Shut(unavailable("the ledger does not record"));
    return Shut(denied(passage.reason, shut_by(passage, reach.tenant)));
  }
  const Status found = world.gate->lend([&](transparency::Warrants& warrants) -> Status {
    MC_TRY(const transparency::Warrant warrant, warrants.find(reach.tenant, passage.warrant));
    reach.warrant = facts_of(warrant, *call.caller);
    return ok();
  });
  if (!found) return Shut(unavailable("warrants cannot be read"));
  if (!call.mutates) return {};
  Result<ledger::Recorded> recorded = note(world, *reach.access);
  if (!recorded) return Shut(unavailable("the ledger does not record"));
  reach.recorded = std::move(*recorded);
  return {};
}

Gateway::Core::Opened Gateway::Core::record_reach(Call& call, const dataset::SessionReport& report,
                                                  int status) {
  transparency::Access& access = *call.reach->access;
  const bool refused =
      !call.decided.empty() &&
      std::all_of(call.decided.begin(), call.decided.end(), [](const Decided& decided) {
        return !decided.verdict.allow || decided.verdict.obligations.step_up;
      });
  const transparency::Served served{refused ? 403 : status, static_cast<std::int64_t>(report.rows),
                                    fields_of(call)};
  if (call.reach->recorded) {
    world.recorder->record_outcome(access, *call.reach->recorded, served);
    return {};
  }
  access.served = served;
  if (refused) access.kind = transparency::Kind::denied;
  if (note(world, access)) return {};
  return tl::unexpected<HttpError>(unavailable("the ledger does not record"));
}

}  // namespace mc::gateway
