#include "api/api.h"

#include <algorithm>

#include "api/admin.h"
#include "api/assets.h"
#include "api/browser.h"
#include "api/first_page.h"
#include "api/log_files.h"
#include "api/signing.h"
#include "json/json.h"

namespace mc::api {
namespace {

constexpr std::string_view kWitnessPath = "/witness/add-checkpoint";

constexpr int kAdminThreads = 2;
constexpr std::size_t kAdminQueueMax = 128;
constexpr int kProviderThreads = 2;
constexpr std::size_t kProviderQueueMax = 64;
constexpr int kSigningThreads = 2;
constexpr std::size_t kSigningQueueMax = 64;
constexpr std::string_view kBearer = "Bearer ";

net::Response text(int status, std::string_view type, std::string body) {
  net::Response out;
  out.status = status;
  out.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}};
  out.body = std::move(body);
  return out;
}

std::shared_ptr<const identity::Caller> caller_of(const identity::Directory& directory,
                                                  const net::Request& request) {
  const std::string_view authorization = request.header("authorization");
  if (authorization.size() <= kBearer.size() ||
      !equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) {
    return nullptr;
  }
  return directory.check(trim(authorization.substr(kBearer.size())));
}

net::Response unauthenticated(std::string_view request_id) {
  net::Response out =
      problem(401, {Code::denied, "a valid bearer token or session is required"}, request_id);
  out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

}  // namespace

int http_status(Code code) {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::exhausted:
      return 429;
    case Code::corrupt:
      return 500;
    case Code::unavailable:
      return 503;
  }
  return 500;
}

net::Response problem(const Error& error, std::string_view request_id) {
  return problem(http_status(error.code), error, request_id);
}

net::Response problem(int status, const Error& error, std::string_view request_id) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("type", "about:blank").member("title", code_name(error.code));
  writer.member("status", status).member("detail", error.what);
  writer.member("code", code_name(error.code)).member("request_id", request_id);
  if (error.retry_after_s) writer.member("retry_after_s", *error.retry_after_s);
  writer.end_object();
  net::Response out = text(status, "application/problem+json", std::move(body));
  if (status == 429 || status == 503) {
    out.headers.emplace_back("Retry-After", std::to_string(error.retry_after_s.value_or(1)));
  }
  return out;
}

Api::Api(ApiWorld world)
    : world_(std::move(world)),
      started_(world_.clock.mono()),
      request_ids_(world_.clock, world_.random == nullptr ? 0 : world_.random->next_u64()),
      workers_(net::Workers::start(kAdminThreads, kAdminQueueMax)),
      provider_workers_(net::Workers::start(kProviderThreads, kProviderQueueMax)),
      signing_workers_(net::Workers::start(kSigningThreads, kSigningQueueMax)) {
  world_.gateway.set_browsers([this](const net::Request& request) { return browser_of(request); });
}

Api::~Api() {
  stop();
}
void Api::stop() {
  workers_->stop();
  provider_workers_->stop();
  signing_workers_->stop();
}

void Api::reply(net::Exchange& exchange, net::Response response, std::string_view request_id) {
  response.headers.emplace_back("X-Request-Id", request_id);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  exchange.reply(std::move(response));
}

void Api::refuse(net::Exchange& exchange, const Error& error, std::string_view request_id) {
  refuse(exchange, problem(error, request_id), request_id);
}

void Api::refuse(net::Exchange& exchange, net::Response problem, std::string_view request_id) {
  const net::Request& request = exchange.request();
  world_.log.event("http.refused", {{"request_id", request_id},
                                    {"method", request.method},
                                    {"path", request.path},
                                    {"status", problem.status},
                                    {"peer", request.peer}});
  reply(exchange, std::move(problem), request_id);
}

void Api::refuse_outside(net::Exchange& exchange, const Error& error, std::string_view request_id) {
  const ledger::Ledger* ledger = world_.recorder == nullptr ? nullptr : &world_.recorder->ledger();
  const Error told = told_outside(ledger, error);
  if (told.what != error.what) {
    world_.log.event("ledger.failed", {{"request_id", request_id}, {"why", error.what}});
  }
  refuse(exchange, told, request_id);
}

net::Response Api::status_reply() const {
  net::Response out = text(200, "text/html; charset=utf-8", status_page());
  out.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");
  return out;
}

// Endpoints that need neither a token nor a thread.
bool Api::simple(const net::Request& request, net::Response& out) const {
  if (request.path == "/livez") {
    out = text(200, "text/plain; charset=utf-8", "ok\n");
  } else if (request.path == "/readyz") {
    const bool ready = ready_.load(std::memory_order_relaxed);
    out = text(ready ? 200 : 503, "text/plain; charset=utf-8", ready ? "ok\n" : "not ready\n");
    if (!ready) out.headers.emplace_back("Retry-After", "1");
  } else if (request.path == "/version") {
    std::string body;
    json::Writer writer(body);
    writer.begin_object().member("version", world_.build.version);
    writer.member("database", world_.build.database);
    writer.end_object();
    out = text(200, "application/json", std::move(body));
  } else if (request.path == "/status") {
    out = status_reply();
  } else if (request.path == "/status.css") {
    out = text(200, "text/css; charset=utf-8", std::string(status_css()));
  } else {
    return false;
  }
  return true;
}

void Api::serve_metrics(const std::shared_ptr<net::Exchange>& exchange) {
  const std::string request_id = request_ids_.make("req_");
  if (!world_.metrics_public) {
    const auto caller = caller_of(world_.directory, exchange->request());
    if (caller == nullptr) return refuse(*exchange, unauthenticated(request_id), request_id);
    if (!caller->may(identity::Scope::metrics)) {
      return refuse(*exchange, {Code::denied, "the token lacks the scope 'metrics'"}, request_id);
    }
    if (caller->tenant.get() != identity::kSystemTenant) {
      return refuse(*exchange,
                    {Code::denied, "metrics are of all tenants: for the operator's people alone"},
                    request_id);
    }
  }
  const bool queued = workers_->submit([this, exchange, request_id](int) {
    reply(*exchange, text(200, metric::Registry::kContentType, world_.metrics.text()), request_id);
  });
  if (!queued) refuse(*exchange, {Code::unavailable, "busy"}, request_id);
}

void Api::serve_ledger(const std::shared_ptr<net::Exchange>& exchange) {
  const std::string request_id = request_ids_.make("req_");
  if (world_.recorder == nullptr) {
    return refuse(*exchange, {Code::not_found, "no such endpoint"}, request_id);
  }
  if (const std::string_view method = exchange->request().method;
      method != "GET" && method != "HEAD") {
    net::Response out = problem(405, {Code::invalid, "the ledger's files are read"}, request_id);
    out.headers.emplace_back("Allow", "GET, HEAD");
    return refuse(*exchange, std::move(out), request_id);
  }
  const bool queued = workers_->submit([this, exchange, request_id](int) {
    Result<net::Response> file = serve_log_file(world_.recorder->ledger(), exchange->request());
    if (!file) return refuse_outside(*exchange, file.error(), request_id);
    reply(*exchange, std::move(*file), request_id);
  });
  if (!queued) refuse(*exchange, {Code::unavailable, "busy"}, request_id);
}

void Api::serve_witness(const std::shared_ptr<net::Exchange>& exchange) {
  const std::string request_id = request_ids_.make("req_");
  if (world_.witness == nullptr) {
    return refuse(*exchange, {Code::not_found, "no log is witnessed here"}, request_id);
  }
  const bool queued = workers_->submit([this, exchange, request_id](int) {
    witness::Answer answer =
        world_.witness->add_checkpoint(exchange->request().body, world_.clock.wall());
    world_.log.event("witness.asked", {{"request_id", request_id}, {"status", answer.status}});
    reply(*exchange, text(answer.status, answer.content_type, std::move(answer.body)), request_id);
  });
  if (!queued) refuse(*exchange, {Code::unavailable, "busy"}, request_id);
}

// Who reads needs no token: logs and trusted roots are there to be checked by anybody.
void Api::serve_signatures(const std::shared_ptr<net::Exchange>& exchange) {
  const std::string request_id = request_ids_.make("req_");
  const net::Request& request = exchange->request();
  if (world_.signing == nullptr) {
    return refuse(*exchange, {Code::not_found, "no such endpoint"}, request_id);
  }
  if (request.method == "POST" && !world_.signing_open) {
    const auto caller = caller_of(world_.directory, request);
    if (caller == nullptr) return refuse(*exchange, unauthenticated(request_id), request_id);
    if (!caller->may(identity::Scope::signatures)) {
      return refuse(*exchange, {Code::denied, "the token lacks the scope 'signatures:write'"},
                    request_id);
    }
  }
  const bool queued = signing_workers_->submit([this, exchange, request_id](int) {
    Result<net::Response> answer = serve_signing(*world_.signing, exchange->request());
    if (!answer) return refuse_outside(*exchange, answer.error(), request_id);
    reply(*exchange, std::move(*answer), request_id);
  });
  if (!queued) refuse(*exchange, {Code::unavailable, "busy"}, request_id);
}

struct Api::Identified {
  std::shared_ptr<const identity::Caller> caller;
  std::string cookie;  // of a session
  std::string request_id;
};

std::string_view Api::cookie_of(const net::Request& request) const {
  return read_cookie(request, Cookie::session, is_secure(request, world_.portal.public_url));
}

// Any operation may cost something, so a query by GET needs the page's token too.
Result<std::shared_ptr<const identity::Caller>> Api::browser_of(const net::Request& request) const {
  const std::string_view cookie = cookie_of(request);
  std::shared_ptr<const identity::Caller> caller = world_.directory.check_session(cookie);
  if (caller != nullptr) MC_TRY_OK(check_csrf(request, cookie));
  return caller;
}

void Api::serve_admin(const std::shared_ptr<net::Exchange>& exchange) {
  const net::Request& request = exchange->request();
  Identified who{nullptr, "", request_ids_.make("req_")};
  const Endpoint* open = find_anonymous(request);
  if (open == nullptr) {
    who.caller = caller_of(world_.directory, request);
    if (who.caller == nullptr && request.header("authorization").empty()) {
      who.cookie = cookie_of(request);
      who.caller = world_.directory.check_session(who.cookie);
    }
    if (who.caller == nullptr) {
      return refuse(*exchange, unauthenticated(who.request_id), who.request_id);
    }
    if (!who.cookie.empty() && request.method != "GET" && request.method != "HEAD") {
      const Status own = check_csrf(request, who.cookie);
      if (!own) return refuse(*exchange, own.error(), who.request_id);
    }
  }
  const std::string request_id = who.request_id;
  const bool slow = open != nullptr && open->calls_provider;
  const bool queued =
      (slow ? provider_workers_ : workers_)->submit([this, exchange, who = std::move(who)](int) {
        run_admin(exchange, who);
      });
  if (!queued) {
    refuse(*exchange, {Code::unavailable, "the queue of admin requests is full"}, request_id);
  }
}

AdminWorld Api::admin_world() const {
  return {world_.clock,         world_.directory, world_.catalog, &world_.gateway,
          world_.build.version, world_.demo,      world_.oidc,    world_.code_login,
          &world_.portal,       world_.secrets,   world_.random,  world_.recorder,
          world_.witness,       world_.signing,   world_.gate,    world_.index,
          world_.policy,        world_.residency, world_.budgets, world_.taps,
          world_.privacy,       world_.exports};
}

void Api::log_done(const net::Request& request, const Identified& who, int status,
                   std::string_view hidden) {
  const identity::Caller* caller = who.caller.get();
  if (!hidden.empty()) {
    world_.log.event("admin.failed", {{"request_id", who.request_id}, {"why", hidden}});
  }
  world_.log.event("admin.done", {{"request_id", who.request_id},
                                  {"tenant", caller ? caller->tenant.get() : ""},
                                  {"principal", caller ? caller->principal.get() : ""},
                                  {"method", request.method},
                                  {"path", request.path},
                                  {"status", status}});
}

void Api::run_admin(const std::shared_ptr<net::Exchange>& exchange, const Identified& who) {
  const net::Request& http = exchange->request();
  AdminRequest request{http, who.caller.get(), who.request_id, who.cookie};
  net::Response response = serve_v1(admin_world(), request);
  log_done(http, who, response.status, request.hidden);
  reply(*exchange, std::move(response), who.request_id);
}

bool Api::serve_first_page(const std::shared_ptr<net::Exchange>& exchange, const Asset& page) {
  const net::Request& http = exchange->request();
  if (!wants_first_page(http)) return false;
  Identified who{nullptr, std::string(cookie_of(http)), request_ids_.make("req_")};
  who.caller = world_.directory.check_session(who.cookie);
  if (who.caller == nullptr) return false;
  return workers_->submit([this, exchange, &page, who = std::move(who)](int) {
    const net::Request& request = exchange->request();
    net::Response response =
        first_page(admin_world(), {request, who.caller.get(), who.request_id, who.cookie}, page);
    log_done(request, who, response.status, "");
    reply(*exchange, std::move(response), who.request_id);
  });
}

void Api::handle(std::shared_ptr<net::Exchange> exchange) {
  const net::Request& request = exchange->request();
  if (world_.gateway.owns(request.path)) return world_.gateway.handle(std::move(exchange));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const Asset* asset = reads ? find_asset(request.path) : nullptr;
  const bool admin = request.path.starts_with("/v1/") || request.path == kTransparencyReceipts;
  if (asset == nullptr && admin) return serve_admin(exchange);
  if (reads && request.path == "/metrics") return serve_metrics(exchange);
  if (request.path.starts_with(kLogFiles)) return serve_ledger(exchange);
  if (request.method == "POST" && request.path == kWitnessPath) return serve_witness(exchange);
  if (is_signing_path(request.path)) return serve_signatures(exchange);
  const std::string request_id = request_ids_.make("req_");
  net::Response response;
  if (asset == nullptr && reads && !simple(request, response)) asset = find_page(request);
  if (asset != nullptr) {
    if (serve_first_page(exchange, *asset)) return;
    response = serve_asset(request, *asset);
  } else if (reads && request.path == "/") {
    response = status_reply();
  } else if (response.body.empty()) {
    return refuse(*exchange, {Code::not_found, "no such endpoint"}, request_id);
  }
  reply(*exchange, std::move(response), request_id);
}

}  // namespace mc::api
