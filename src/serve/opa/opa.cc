#include "opa/opa.h"

#include <algorithm>

#include "opa/core.h"

namespace mc::opa {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// 127.0.0.0/8 or ::1, written as an address: what a name leads to may change.
bool is_loopback(std::string_view host) {
  const auto address = net::parse_address(host);
  if (!address) return false;
  net::IpAddress six{};
  six[15] = 1;
  if (*address == six) return true;
  const bool is_four = std::all_of(address->begin(), address->begin() + 10,
                                   [](std::uint8_t byte) { return byte == 0; }) &&
                       (*address)[10] == 0xff && (*address)[11] == 0xff;
  return is_four && (*address)[12] == 127;
}

// A page in a browser may ask what its name leads to, also when that is this machine (DNS
// rebinding); such a request carries the page's name.
bool names_this_machine(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && is_loopback(host.substr(1, end - 1));
  }
  host = host.substr(0, host.find(':'));
  return equals_ignoring_case(host, "localhost") || is_loopback(host);
}

Refusal not_served(std::string_view what) {
  return {501, "invalid_operation", std::string(what)};
}

}  // namespace

Status OpaConfig::check() const {
  if (authentication == Authentication::none && !is_loopback(host)) {
    return fail(Code::invalid,
                "opa.authentication: none is for a loopback address only (opa.host is '" +
                    excerpt(host) + "', not 127.0.0.1 or ::1)");
  }
  if (tls_certificate_file.empty() != tls_key_file.empty()) {
    return fail(Code::invalid,
                "opa.tls_certificate_file and opa.tls_key_file are set together or not at all");
  }
  if (!default_decision.starts_with('/')) {
    return fail(Code::invalid, "opa.default_decision begins with '/'");
  }
  return ok();
}

net::ServerConfig to_server_config(const OpaConfig& config) {
  net::ServerConfig out;
  out.host = config.host;
  out.port = config.port;
  out.threads = static_cast<int>(config.threads);
  out.tls_certificate_file = config.tls_certificate_file;
  out.tls_key_file = config.tls_key_file;
  out.body_bytes_max = config.body_bytes_max;
  out.connections_max = static_cast<int>(config.connections_max);
  return out;
}

Meters::Meters(metric::Registry& registry)
    : decisions(registry.counters({.name = "mc_opa_decisions_total",
                                   .help = "Decisions asked for over OPA's API",
                                   .labels = {"outcome"}})),
      with_result(decisions.at({"result"})),
      undefined(decisions.at({"undefined"})),
      failed(decisions.at({"error"})),
      refused(registry.counters({.name = "mc_opa_refused_total",
                                 .help = "Requests of OPA's API that were refused",
                                 .labels = {"status"}})),
      duration(registry.histogram(
          {.name = "mc_opa_request_duration_seconds",
           .help = "From the head of a request to its answer",
           .buckets = {0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.02, 0.1}})) {}

DataApi::DataApi(std::unique_ptr<Core> core) : core_(std::move(core)) {}
DataApi::~DataApi() = default;

Result<std::unique_ptr<DataApi>> DataApi::make(const DataWorld& world, const OpaConfig& config) {
  MC_TRY_OK(config.check());
  PathNames names;
  if (const auto path = names.read(config.default_decision); !path) {
    return fail(Code::invalid, "opa.default_decision: " + path.error().message);
  }
  return std::unique_ptr<DataApi>(new DataApi(std::make_unique<Core>(world, config)));
}

void DataApi::on_decision(OnDecision hook) {
  core_->told = std::move(hook);
}

void DataApi::handle(std::shared_ptr<net::Exchange> exchange) {
  core_->handle(*exchange);
}

DataApi::Core::Core(const DataWorld& data_world, const OpaConfig& opa_config)
    : world(data_world), config(opa_config), meters(data_world.metrics) {
  json_fields.add("Content-Type", "application/json");
  json_fields.add("X-Content-Type-Options", "nosniff");
}

LoopState& DataApi::Core::loop_state(std::size_t index) {
  MC_CHECK(index < loops.size());
  if (loops[index] == nullptr) loops[index] = std::make_unique<LoopState>(world);
  return *loops[index];
}

// Whose token it is decides, and for what lies behind the decisions, whether it may administer.
Read<std::monostate> DataApi::Core::admit(Ask& ask) const {
  if (config.authentication == Authentication::none) {
    if (names_this_machine(ask.request.header("host"))) return {};
    return tl::unexpected(Refusal{421, "unauthorized", "the Host of the request is not this one"});
  }
  const std::string_view field = ask.request.header("authorization");
  if (field.size() > kBearer.size() &&
      equals_ignoring_case(field.substr(0, kBearer.size()), kBearer)) {
    ask.caller = world.directory.check(trim(field.substr(kBearer.size())));
  }
  if (ask.caller == nullptr) {
    return tl::unexpected(Refusal{401, "unauthorized", "a valid bearer token is required"});
  }
  const auto& tenants = config.tenants;
  if (!tenants.empty() &&
      std::find(tenants.begin(), tenants.end(), ask.caller->tenant.get()) == tenants.end()) {
    return tl::unexpected(
        Refusal{403, "unauthorized", "the token's tenant is none of opa.tenants"});
  }
  const Resource resource = ask.route.resource;
  const bool is_behind = resource == Resource::policies || resource == Resource::status ||
                         resource == Resource::config;
  const identity::Scope needed = is_behind ? identity::Scope::admin_read : identity::Scope::query;
  if (ask.caller->may(needed)) return {};
  return tl::unexpected(
      Refusal{403, "unauthorized",
              "the token lacks the scope '" + std::string(identity::scope_name(needed)) + "'"});
}

void DataApi::Core::handle(net::Exchange& exchange) {
  const net::Request& request = exchange.request();
  Ask ask{exchange, request, find_route(request.path), loop_state(exchange.loop())};
  // Whether it is up is nobody's secret, and probes have no token.
  const bool is_open = ask.route.resource == Resource::health && ask.route.rest.empty();
  if (!is_open) {
    if (const auto admitted = admit(ask); !admitted) {
      const bool is_unknown = admitted.error().status == 401;
      return refuse(ask, admitted.error(),
                    is_unknown ? net::Headers{{"WWW-Authenticate", "Bearer"}} : net::Headers{});
    }
  }
  Read<Flags> flags = read_flags(request.query);
  if (!flags) return refuse(ask, flags.error());
  ask.flags = std::move(*flags);
  serve(ask);
}

void DataApi::Core::serve(Ask& ask) {
  const std::string_view method = ask.request.method;
  const bool is_get = method == "GET";
  const bool is_post = method == "POST";
  switch (ask.route.resource) {
    case Resource::data_v1:
      return is_get || is_post ? serve_data(ask) : refuse_change(ask);
    case Resource::data_v0:
      return is_get || is_post ? serve_value(ask, ask.route.rest) : refuse_change(ask);
    case Resource::index:
      if (!is_post) return refuse_method(ask, "POST");
      return serve_value(ask, std::string_view(config.default_decision).substr(1));
    case Resource::batch:
      return is_post ? serve_batch(ask) : refuse_method(ask, "POST");
    case Resource::policies:
      return is_get ? serve_policies(ask) : refuse_change(ask);
    case Resource::health:
      return is_get || method == "HEAD" ? serve_health(ask) : refuse_method(ask, "GET, HEAD");
    case Resource::status:
      return is_get ? serve_status(ask) : refuse_method(ask, "GET");
    case Resource::config:
      return is_get ? serve_config(ask) : refuse_method(ask, "GET");
    case Resource::compile:
      return refuse(ask, not_served("partial evaluation is not served here"));
    case Resource::query:
      return refuse(ask, not_served("queries that the caller writes are not served here"));
    case Resource::unknown:
      break;
  }
  refuse(ask, {404, "resource_not_found", "no such endpoint"});
}

void DataApi::Core::reply(const Ask& ask, int status, std::string body) {
  net::Response response;
  response.status = status;
  response.fields = json_fields;
  response.body = ask.flags.pretty ? indented(body) : std::move(body);
  response.body += '\n';
  meters.duration.observe(world.clock.mono() - ask.request.received);
  ask.exchange.reply(std::move(response));
}

void DataApi::Core::refuse_method(const Ask& ask, std::string_view allowed) {
  refuse(ask, {405, "invalid_operation", "use " + std::string(allowed)},
         {{"Allow", std::string(allowed)}});
}

void DataApi::Core::refuse(const Ask& ask, const Refusal& refusal, net::Headers headers) {
  meters.refused.at({std::to_string(refusal.status)}).add();
  world.log.event("opa.refused", {{"method", ask.request.method},
                                  {"path", ask.request.path},
                                  {"status", refusal.status},
                                  {"code", refusal.code},
                                  {"peer", ask.request.peer}});
  net::Response response;
  response.status = refusal.status;
  response.headers = std::move(headers);
  response.fields = json_fields;
  response.body = indented(error_body(refusal.code, refusal.message)) + "\n";
  ask.exchange.reply(std::move(response));
}

}  // namespace mc::opa
