#include "maestro/settings.h"

#include <algorithm>
#include <thread>

#include "maestro/command.h"
#include "maestro/own_budgets.h"

namespace mc::app {

Status PolicySettings::check() const {
  MC_TRY_OK(source.check());
  if (source.require_pack && keys.empty()) {
    return fail(Code::invalid,
                "policy.source.require_pack needs a key in policy.keys that packs are signed with");
  }
  MC_TRY_OK(opa.check());
  if (opa.enabled() && (!source.location.empty() || !keys.empty())) {
    return fail(Code::invalid,
                "policy.opa.url and policy.source.location, or policy.keys: one decides; with an "
                "OPA server elsewhere this one loads no policies");
  }
  if (opa.enabled() && source.expired != policy::Expired::serve) {
    return fail(Code::invalid,
                "policy.opa.url and policy.source.expired: with an OPA server elsewhere this one "
                "loads no policies, so it cannot deny when they expire");
  }
  return decisions.check();
}

Status Settings::check() const {
  if (server.tls_certificate_file.empty() != server.tls_key_file.empty()) {
    return fail(Code::invalid,
                "server.tls_certificate_file and server.tls_key_file belong together");
  }
  if (!trace.otlp_url.empty() && !trace.otlp_url.starts_with("http")) {
    return fail(Code::invalid, "trace.otlp_url must begin with http:// or https://");
  }
  MC_TRY_OK(policy.check());
  MC_TRY_OK(opa.check());
  if (policy.opa.enabled() && opa.enabled) {
    return fail(Code::invalid,
                "opa.enabled serves the policies of this server, and with policy.opa.url it has "
                "none; ask the OPA server itself");
  }
  MC_TRY_OK(exports.check());
  MC_TRY_OK(residency.check());
  MC_TRY_OK(oidc.check());
  MC_TRY_OK(portal.check());
  MC_TRY_OK(smtp.check());
  if (const auto rule = net::AddressRule::make(notify.allowed_networks); !rule) {
    return fail(Code::invalid, "notify.allowed_networks: " + rule.error().what);
  }
  if (!oidc.client_id.empty() && portal.public_url.empty()) {
    return fail(Code::invalid,
                "portal.public_url is needed for oidc.client_id: the provider sends browsers back "
                "there");
  }
  MC_TRY_OK(gateway.check());
  MC_TRY_OK(make_book(*this));
  MC_TRY_OK(make_admission(*this));
  MC_TRY_OK(budget_store.check());
  MC_TRY_OK(privacy.check());
  return ok();
}

Result<std::unique_ptr<budget::Book>> make_book(const Settings& settings) {
  std::vector<std::string> paths;
  for (const gateway::RouteConfig& route : settings.gateway.routes) paths.push_back(route.path);
  return budget::Book::make({settings.budgets, settings.admission}, paths);
}

Result<OwnAdmission> make_admission(const Settings& settings) {
  OwnAdmission out;
  const budget::AdmissionSettings& from = settings.admission;
  if (from.seats_max < from.seats_min) {
    return fail(Code::invalid, "admission.seats_max must be at least admission.seats_min");
  }
  if (from.log_files_max == 1) {
    return fail(Code::invalid, "admission.log_files_max must be 0, or 2 at least");
  }
  admission::LimiterSettings& limiter = out.seats.limiter;
  limiter.seats_min = from.seats_min;
  limiter.seats_max = from.seats_max;
  limiter.seats_start = std::clamp(limiter.seats_start, from.seats_min, from.seats_max);
  out.seats.queue.waiting_max = static_cast<std::size_t>(from.waiting_max);
  out.seats.queue.of_tenant_max = static_cast<std::size_t>(from.waiting_of_tenant_max);
  out.seats.queue.wait_max = from.wait_max;
  // What is shorter than a usual standing queue's wait is the wait of any.
  out.seats.queue.standing.wait = std::min(out.seats.queue.standing.wait, from.wait_max);
  for (const auto& [name, plan] : settings.budgets) {
    gateway::PlanShare& share = out.shares[name];
    share.weight = static_cast<std::uint32_t>(plan.weight);
    share.priority = static_cast<std::uint32_t>(plan.priority);
    for (const auto& [of_class, one] : plan.classes) {
      if (one.priority)
        share.priority_of_class[of_class] = static_cast<std::uint32_t>(*one.priority);
    }
  }
  const Status checked = admission::check(out.seats);
  if (!checked) return fail(Code::invalid, "admission: " + checked.error().what);
  return out;
}

net::ServerConfig to_server_config(const ServerSettings& settings) {
  net::ServerConfig out;
  out.host = settings.host;
  out.port = settings.port;
  out.threads = settings.threads > 0
                    ? static_cast<int>(settings.threads)
                    : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  out.tls_certificate_file = settings.tls_certificate_file;
  out.tls_key_file = settings.tls_key_file;
  out.head_bytes_max = settings.head_bytes_max;
  out.body_bytes_max = settings.body_bytes_max;
  out.connections_max = static_cast<int>(settings.connections_max);
  out.head_timeout = settings.head_timeout;
  out.body_timeout = settings.body_timeout;
  out.idle_timeout = settings.idle_timeout;
  out.write_timeout = settings.write_timeout;
  return out;
}

Result<config::Loaded<Settings>> load_settings(const Context& context) {
  config::Sources sources;
  sources.file = context.config_file;
  if (!context.config_file.empty()) {
    const std::size_t slash = context.config_file.rfind('/');
    sources.folder =
        (slash == std::string::npos ? "." : context.config_file.substr(0, slash)) + "/conf.d";
  }
  sources.environment = context.environment;
  for (const std::string& set : context.sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return fail(Code::invalid, "--set takes key=value, not '" + excerpt(set) + "'");
    }
    sources.flags.push_back({set.substr(0, equals), set.substr(equals + 1)});
  }
  if (!context.data_dir.empty()) sources.flags.push_back({"data_dir", context.data_dir});
  return config::load<Settings>(sources, *context.machine.files);
}

}  // namespace mc::app
