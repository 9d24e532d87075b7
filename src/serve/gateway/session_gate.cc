#include "gateway/session_gate.h"

#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

constexpr std::size_t kKeysMax = 4'096;  // of masked columns, remembered by a thread

// Where all rows of a dataset lie; "" when the tenant's region chooses.
std::string region_of(const dataset::Model& model, const dataset::Dataset& dataset) {
  if (model.placed(dataset.source)) return "";
  const dataset::Source* const source = model.source(dataset.source);
  return source == nullptr ? "" : source->region;
}

access::Action action_of(dataset::Use use) {
  switch (use) {
    case dataset::Use::read:
      return access::Action::read;
    case dataset::Use::aggregate:
      return access::Action::aggregate;
    case dataset::Use::write:
      return access::Action::write;
    case dataset::Use::noised:
      return access::Action::noised;
  }
  return access::Action::admin;
}

}  // namespace

std::vector<access::Resource> resources_of(const dataset::Model& model) {
  std::vector<access::Resource> out;
  for (const dataset::Dataset& dataset : model.datasets) {
    access::Resource::Facts facts;
    facts.kind = "dataset";
    facts.name = dataset.name;
    facts.purposes = dataset.purposes;
    facts.licence_class = dataset.licence_class;
    facts.region = region_of(model, dataset);
    for (const dataset::Column& column : dataset.columns) {
      facts.columns.push_back(
          {column.name, std::string(sensitivity_name(column.sensitivity)),
           column.licence_class.empty() ? dataset.licence_class : column.licence_class,
           column.quasi_identifier});
    }
    out.emplace_back(std::move(facts));
  }
  return out;
}

access::Resource resource_of(const RouteConfig& route) {
  access::Resource::Facts facts;
  facts.kind = "route";
  facts.name = route.path;
  for (const FieldConfig& field : route.fields) {
    facts.columns.push_back({field.field, std::string(sensitivity_name(field.sensitivity)),
                             field.licence_class, field.quasi_identifier});
  }
  return access::Resource(std::move(facts));
}

Decider::Decider(const GatewayWorld& world, const PolicyWorld& policy)
    : world_(world),
      policy_(policy),
      gate_({policy.engine, world.clock, world.random, policy.decisions, policy.remote}),
      terms_gate_({policy.engine, world.clock, world.random}) {}

access::Request Decider::request_of(const Call& call, const access::Resource& resource,
                                    access::Action action) const {
  return {.caller = *call.caller,
          .purpose = call.purpose,
          .action = action,
          .resource = resource,
          .tenant = call.tenant().get(),
          .tenant_region = call.region(),
          .node_region = policy_.region,
          .warrant = call.reach && call.reach->warrant ? &*call.reach->warrant : nullptr,
          .stepped_up = has_fresh_proof(*call.caller),
          .request_id = call.request_id};
}

Result<access::TermsPtr> Decider::terms(const Call& call) {
  if (policy_.remote != nullptr || !terms_gate_.applies()) return access::TermsPtr();
  access::Request asked = request_of(call, *call.route->resource, access::Action::admit);
  // Whoever's data it is about, which nobody has looked at yet: the caller's own tenant pays.
  asked.tenant = call.caller->tenant.get();
  asked.tenant_region = call.caller->region;
  return terms_gate_.ask(asked);
}

const access::Verdict& Decider::decide(Call& call, const access::Resource& resource,
                                       access::Action action) {
  for (const Decided& made : call.decided) {
    if (made.resource == &resource && made.action == action) return made.verdict;
  }
  const identity::Caller& caller = *call.caller;
  call.decided.push_back({&resource, action, gate_.decide(request_of(call, resource, action))});
  const access::Verdict& verdict = call.decided.back().verdict;
  if (verdict.obligations.alert) {
    world_.log.event("access.alert", {{"request_id", call.request_id},
                                      {"tenant", caller.tenant},
                                      {"principal", caller.principal},
                                      {"decision", verdict.decision_id}});
  }
  return verdict;
}

bool Decider::has_fresh_proof(const identity::Caller& caller) const {
  return caller.proof && check_proof(*caller.proof, policy_.step_up, world_.clock.wall());
}

const mask::ColumnKey& Decider::key(std::string_view tenant, const access::Resource& resource,
                                    int column) {
  const auto& facts = resource.facts();
  const std::string& name = facts.columns[static_cast<std::size_t>(column)].name;
  const std::string id = std::string(tenant) + '\0' + facts.name + '\0' + name;
  const auto found = keys_.find(id);
  if (found != keys_.end()) return found->second;
  if (keys_.size() >= kKeysMax) keys_.clear();
  return keys_.emplace(id, policy_.mask_keys.column(tenant, facts.name, name)).first->second;
}

HttpError denial_of(const access::Verdict& verdict) {
  if (verdict.allow) {
    return {401, "STEP_UP_REQUIRED",
            "this takes a person who has just signed in (decision " + verdict.decision_id + ")"};
  }
  std::string reasons;
  for (const std::string& reason : verdict.reasons) {
    reasons += (reasons.empty() ? "" : ", ") + reason;
  }
  return {403, "FORBIDDEN",
          "denied by policy: " + reasons + " (decision " + verdict.decision_id + ")"};
}

// RFC 9470 section 3.
net::Headers step_up_challenge(const identity::StepUp& rule) {
  std::string header = "Bearer error=\"insufficient_user_authentication\"";
  if (rule.max_age.count > 0) {
    header.append(", max_age=\"").append(std::to_string(to_millis(rule.max_age) / 1'000)) += '"';
  }
  std::string acr;
  for (const std::string& each : rule.acr) acr.append(acr.empty() ? "" : " ").append(each);
  if (!acr.empty()) header.append(", acr_values=\"").append(acr) += '"';
  return {{"WWW-Authenticate", std::move(header)}};
}

Result<dataset::DatasetAccess> SessionGate::enter(int dataset, dataset::Use use) {
  const auto index = static_cast<std::size_t>(dataset);
  if (world_.residency != nullptr) {
    MC_TRY_OK(world_.residency->admit(
        {*call_.caller, call_.tenant(), call_.region(), world_.model.datasets[index],
         use == dataset::Use::write ? "write" : "read", call_.purpose, call_.request_id}));
  }
  const access::Resource& resource = world_.resources[index];
  const access::Verdict& verdict = decider_.decide(call_, resource, action_of(use));
  if (!verdict.allow || verdict.obligations.step_up) {
    return fail(Code::denied, denial_of(verdict).message);
  }
  dataset::DatasetAccess access;
  access.may.aggregates = use == dataset::Use::aggregate;
  access.may.noised = use == dataset::Use::noised;
  access.may.writes = use == dataset::Use::write && call_.caller->may(identity::Scope::mutate);
  access.masks = verdict.obligations.masks;
  if (!verdict.obligations.filterable.empty()) {
    access.filterable.resize(resource.facts().columns.size());
    for (const int column : verdict.obligations.filterable) {
      access.filterable[static_cast<std::size_t>(column)] = true;
    }
  }
  return access;
}

mask::ColumnKey SessionGate::key(int dataset, int column) {
  return decider_.key(call_.tenant().get(), world_.resources[static_cast<std::size_t>(dataset)],
                      column);
}

}  // namespace mc::gateway
