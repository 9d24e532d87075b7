#include "gateway/gateway.h"

#include <algorithm>
#include <charconv>

#include "gateway/call.h"
#include "share/share.h"

namespace mc::gateway {
namespace {

constexpr std::size_t kSchemaBytesMax = 16 << 20;

// "http://host:port/path"
Status read_url(Route& route) {
  const std::string_view url = route.config.url;
  constexpr std::string_view kScheme = "http://";
  const std::string where = "route " + route.config.path + ": url '" + excerpt(url) + "' ";
  if (!url.starts_with(kScheme)) return fail(Code::invalid, where + "must begin with http://");
  const std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  const std::size_t colon = authority.rfind(':');
  route.host = authority.substr(0, colon);
  route.port = 80;
  if (colon != std::string_view::npos) {
    const Result<std::int64_t> port = parse_int(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return fail(Code::invalid, where + "has a bad port");
    route.port = static_cast<std::uint16_t>(*port);
  }
  route.target = slash == rest.size() ? "/" : std::string(rest.substr(slash));
  if (route.host.empty()) return fail(Code::invalid, where + "has no host");
  return ok();
}

// A model that cannot be made is an error when somebody's credits are counted by it.
Status load_costs(Route& route, const GatewayWorld& world) {
  if (route.schema == nullptr) return ok();
  auto model = cost::CostModel::make(*route.schema, {.list_size = route.config.list_size});
  if (model) {
    route.costs = std::move(*model);
    return ok();
  }
  const std::string where = route.config.path + ": " + route.config.schema_file + ": ";
  if (Budgets(world).limits_costs()) {
    return fail(Code::invalid, "route " + where + model.error().what);
  }
  world.log.warn("cost.no_model", {{"route", route.config.path}, {"what", model.error().what}});
  return ok();
}

Status load_route(Route& route, const GatewayConfig& config, const GatewayWorld& world) {
  const std::string where = "route " + route.config.path + ": ";
  if (route.config.kind == RouteKind::datasets) {
    // Without datasets the server still starts; the route says what is missing.
    if (world.catalog != nullptr) route.schema = &world.catalog->schema();
  } else {
    MC_TRY_OK(read_url(route));
    route.breaker = std::make_unique<net::Breaker>(config.breaker_failures, config.breaker_pause);
  }
  if (!route.config.schema_file.empty()) {
    MC_TRY(const std::string sdl, world.files.read_all(route.config.schema_file, kSchemaBytesMax));
    Result<std::unique_ptr<graphql::Schema>> schema = graphql::Schema::build({sdl});
    if (!schema) {
      return fail(Code::invalid, where + route.config.schema_file + ": " + schema.error().what);
    }
    route.own_schema = std::move(*schema);
    route.schema = route.own_schema.get();
  }
  MC_TRY_OK(load_costs(route, world));
  if (!route.config.fields.empty()) {
    Result<ListedFields> listed = ListedFields::make(*route.own_schema, route.config.fields);
    if (!listed) return fail(Code::invalid, where + listed.error().what);
    route.listed = std::move(*listed);
  }
  MC_TRY(route.registered, Registered::load(world.files, route.config.documents_file));
  route.cache = std::make_unique<DocumentCache>(config.limits, world.random.next_u64());
  return ok();
}

// Paths that the server answers itself, and those that no request can have.
bool is_reserved(std::string_view path) {
  for (const std::string_view own :
       {"/", "/v1", "/livez", "/readyz", "/version", "/metrics", "/status.css"}) {
    if (path == own) return true;
  }
  return path.starts_with("/v1/") || path.find_first_of("?#") != std::string_view::npos;
}

}  // namespace

Status GatewayConfig::check() const {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const RouteConfig& route = routes[i];
    const std::string where = "routes[" + std::to_string(i) + "]";
    if (!route.path.starts_with('/')) {
      return fail(Code::invalid, where + ".path must begin with /");
    }
    if (is_reserved(route.path)) {
      return fail(Code::invalid, where + ".path must not be one of the server's own, like /v1/ " +
                                     "and /livez, and must not hold ? or #");
    }
    if (route.kind == RouteKind::datasets && !route.schema_file.empty()) {
      return fail(Code::invalid, where + ".schema_file belongs to kind upstream");
    }
    if (!route.fields.empty() && route.schema_file.empty()) {
      return fail(Code::invalid, where + ".fields are fields of the schema_file, which is empty");
    }
    if ((route.kind == RouteKind::upstream) == route.url.empty()) {
      return fail(Code::invalid, where + ".url belongs to kind upstream, and is required there");
    }
    if (route.documents == DocumentMode::allow_list && route.documents_file.empty()) {
      return fail(Code::invalid, where + ".documents_file is required by documents: allow-list");
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (routes[k].path == route.path) {
        return fail(Code::invalid, where + ".path " + route.path + " is given twice");
      }
    }
  }
  return ok();
}

Gateway::Core::Core(const GatewayConfig& gateway_config, const GatewayWorld& gateway_world)
    : config(gateway_config),
      world(gateway_world),
      masked_bytes(gateway_config.masked_bytes_max),
      meters(gateway_world.metrics),
      budgets(gateway_world),
      terms_failures(gateway_world.metrics, gateway_world.log),
      entrance(
          gateway_world.seats == nullptr ? admission::Settings() : *gateway_world.seats,
          gateway_world.clock,
          {.start = [this](const CallPtr& call) { start_waited(call); },
           .turn_away = [this](const CallPtr& call, admission::Why why) { turn_away(call, why); },
           .left = [this](const CallPtr& call) { drop_waiting(call); }}),
      parse_line({static_cast<std::size_t>(gateway_config.parser_queue_max),
                  static_cast<std::size_t>(gateway_config.parsers)}),
      traffic(gateway_world.clock),
      request_ids(gateway_world.clock, gateway_world.random.next_u64()) {}

std::unique_ptr<dataset::ConnectionSet> Gateway::Core::make_connections() {
  return std::make_unique<dataset::ConnectionSet>(*world.drivers, world.catalog->model(), *writers);
}

Result<std::unique_ptr<Gateway>> Gateway::make(const GatewayConfig& config,
                                               const GatewayWorld& world) {
  MC_TRY_OK(config.check());
  if (world.seats != nullptr) MC_TRY_OK(admission::check(*world.seats));
  auto core = std::make_unique<Core>(config, world);
  for (const RouteConfig& route_config : config.routes) {
    auto route = std::make_unique<Route>();
    route->config = route_config;
    MC_TRY_OK(load_route(*route, config, world));
    route->meters.emplace(core->meters, route->config);
    route->resource.emplace(resource_of(route->config));
    core->routes.push_back(std::move(route));
  }
  if (world.catalog != nullptr) {
    const dataset::Model& model = world.catalog->model();
    core->writers = std::make_unique<dataset::Writers>(*world.drivers, model, false);
    for (std::int64_t i = 0; i < config.workers; ++i) {
      core->connections.push_back(core->make_connections());
    }
  }
  if (world.policy != nullptr) {
    if (world.catalog != nullptr) core->resources = resources_of(world.catalog->model());
    const auto decider = [&] {
      return std::make_unique<Decider>(core->world, *core->world.policy);
    };
    for (std::int64_t i = 0; i < config.workers; ++i) core->deciders.push_back(decider());
    // One more than there are parsers, for the resumer.
    for (std::int64_t i = 0; i <= config.parsers; ++i) core->parser_deciders.push_back(decider());
  }
  core->workers = net::Workers::start(static_cast<int>(config.workers),
                                      static_cast<std::size_t>(config.worker_queue_max));
  core->parsers = net::Workers::start(static_cast<int>(config.parsers),
                                      static_cast<std::size_t>(config.parsers));
  if (world.share != nullptr) core->resumer = net::Workers::start(1, share::kWaitersMax);
  return std::unique_ptr<Gateway>(new Gateway(std::move(core)));
}

Gateway::Gateway(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Gateway::~Gateway() {
  stop();
}

const access::Resource* Gateway::find_resource(std::string_view kind, std::string_view name) const {
  const auto is_it = [&](const access::Resource& resource) {
    return resource.facts().kind == kind && resource.facts().name == name;
  };
  if (core_->world.policy == nullptr) return nullptr;
  for (const access::Resource& resource : core_->resources) {
    if (is_it(resource)) return &resource;
  }
  for (const std::unique_ptr<Route>& route : core_->routes) {
    if (is_it(*route->resource)) return &*route->resource;
  }
  return nullptr;
}

void Gateway::attach(net::Server& server) {
  for (const std::unique_ptr<Route>& route : core_->routes) {
    if (route->config.kind != RouteKind::upstream) continue;
    net::UpstreamConfig upstream;
    upstream.host = route->host;
    upstream.port = route->port;
    upstream.first_byte_timeout = route->config.timeout;
    upstream.idle_read_timeout = route->config.timeout;
    route->upstream = server.upstream(upstream);
  }
  for (std::size_t i = 0; core_->writers != nullptr && i < server.loops(); ++i) {
    core_->loop_connections.push_back(core_->make_connections());
  }
  for (std::size_t i = 0; core_->world.policy != nullptr && i < server.loops(); ++i) {
    core_->loop_deciders.push_back(std::make_unique<Decider>(core_->world, *core_->world.policy));
  }
  core_->server = &server;
  core_->entrance.attach(server);
  core_->attached.store(true, std::memory_order_release);
}

bool Gateway::owns(std::string_view path) const {
  return core_->find_route(path) != nullptr;
}

void Gateway::handle(std::shared_ptr<net::Exchange> exchange) {
  auto call = std::make_shared<Call>();
  call->exchange = std::move(exchange);
  core_->begin(call);
}

void Gateway::stop() {
  if (core_->resumer != nullptr) core_->resumer->stop();
  core_->parsers->stop();
  core_->workers->stop();
}

void Gateway::check_health() {
  const std::unique_ptr<net::Client> client = net::Client::make();
  for (const std::unique_ptr<Route>& route : core_->routes) {
    if (route->breaker == nullptr || route->config.health_path.empty()) continue;
    net::ClientRequest request;
    request.url =
        "http://" + route->host + ":" + std::to_string(route->port) + route->config.health_path;
    request.timeout = seconds(1);
    const Result<net::Response> response = client->fetch(request);
    if (response && response->status / 100 == 2) {
      route->breaker->succeeded();
    } else {
      route->breaker->failed(core_->world.clock.mono(),
                             response ? "health check answered " + std::to_string(response->status)
                                      : response.error().what);
    }
  }
}

void Gateway::set_browsers(FindCaller find) {
  core_->find_browser = std::move(find);
}

dataset::Writers* Gateway::writers() const {
  return core_->writers.get();
}

void Gateway::set_residency(residency::Residency& residency) {
  core_->residency = &residency;
}

admission::Snapshot Gateway::admission() const {
  return core_->entrance.controller().snapshot();
}

void Gateway::set_slo_guard(bool on) {
  core_->entrance.controller().set_slo_guard(on);
}

void Gateway::report(const admission::Pressures& pressures) {
  core_->entrance.controller().report(pressures, core_->world.clock.mono());
}

Traffic& Gateway::traffic() {
  return core_->traffic;
}

std::vector<RouteStatus> Gateway::status() const {
  std::vector<RouteStatus> out;
  for (const std::unique_ptr<Route>& route : core_->routes) {
    RouteStatus status;
    status.path = route->config.path;
    status.kind = route->config.kind == RouteKind::datasets ? "datasets" : "upstream";
    if (route->config.kind == RouteKind::datasets && route->schema == nullptr) {
      status.healthy = false;
      status.why = "no datasets_file is configured";
    }
    const RouteMeters& meters = *route->meters;
    status.asked = meters.known.value() + meters.novel.value();
    if (route->breaker != nullptr) {
      status.failed = meters.failed->value();
      status.asked = meters.forwarded->value() + status.failed;
      status.upstream = route->host + ":" + std::to_string(route->port);
      status.healthy = !route->breaker->open(status.why);
    }
    out.push_back(std::move(status));
  }
  return out;
}

Route* Gateway::Core::find_route(std::string_view path) {
  for (const std::unique_ptr<Route>& route : routes) {
    if (route->config.path == path) return route.get();
  }
  return nullptr;
}

}  // namespace mc::gateway
