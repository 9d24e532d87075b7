// The end of every call: the answer, one log line, the metrics, the span.
#include <algorithm>
#include <array>
#include <charconv>

#include "burn/usage.h"
#include "gateway/call.h"

namespace mc::gateway {
namespace {

// What became of a request, as its tenant's objective sees it; nothing of one whose client left.
std::optional<burn::Outcome> outcome_of(const Call& call, int status) {
  if (status == 499) return std::nullopt;
  if (call.code.starts_with("BUDGET_")) return burn::Outcome::rejected;
  if (status < 500) return burn::Outcome::served;
  return call.began ? burn::Outcome::failed : burn::Outcome::shed;
}

}  // namespace

Meters::Meters(metric::Registry& registry)
    : requests(registry.counters({.name = "mc_requests_total",
                                  .help = "GraphQL requests answered.",
                                  .labels = {{"tenant", 200}, {"route", 64}, {"status", 40}},
                                  .series_max = 4'000})),
      duration(registry.histograms({.name = "mc_request_duration_seconds",
                                    .help = "From the head of a request to its answer.",
                                    .labels = {{"route", 64}}})),
      documents(
          registry.counters({.name = "mc_documents_total",
                             .help = "Requests by whether their documents were parsed already.",
                             .labels = {{"route", 64}, {"result", 8}}})),
      refused(registry.counters({.name = "mc_requests_refused_total",
                                 .help = "GraphQL requests refused before execution, by code.",
                                 .labels = {{"code", 64}}})),
      turned_away(registry.counters({.name = "mc_admission_turned_away_total",
                                     .help = "Requests that got no seat, by why.",
                                     .labels = {{"why", 8}}})),
      upstream(registry.counters({.name = "mc_upstream_requests_total",
                                  .help = "Requests forwarded to an upstream, by outcome.",
                                  .labels = {{"route", 64}, {"result", 8}}})),
      reply_bytes(registry.counter(
          {.name = "mc_reply_bytes_total", .help = "Bytes of GraphQL reply bodies."})),
      runs(registry.counters({.name = "mc_dataset_runs_total",
                              .help = "Runs of dataset operations, by where; moved ones are begun "
                                      "on the event loop and run again on a worker.",
                              .labels = {{"place", 3}}})),
      runs_on_loop(runs.at({"loop"})),
      runs_on_worker(runs.at({"worker"})),
      runs_moved(runs.at({"moved"})) {}

RouteMeters::RouteMeters(const Meters& meters, const RouteConfig& route)
    : duration(meters.duration.at({route.path})),
      known(meters.documents.at({route.path, "hit"})),
      novel(meters.documents.at({route.path, "miss"})) {
  if (route.kind != RouteKind::upstream) return;
  forwarded = &meters.upstream.at({route.path, "ok"});
  failed = &meters.upstream.at({route.path, "failed"});
  cancelled = &meters.upstream.at({route.path, "cancelled"});
}

void Gateway::Core::record(Call& call, int status, std::int64_t bytes) {
  // What was refused before it ran has cost the look at it.
  if (!call.began) {
    const auto items = static_cast<std::int64_t>(call.graphql.items.size());
    call.budget.used = Costs{std::min(call.budget.priced.credits, items), 0};
  }
  const net::Request& request = call.exchange->request();
  const MonoTime now = call.released.value_or(world.clock.mono());
  const Nanos spent = now - request.received;
  if (call.caller && call.route != nullptr) {
    const Payer payer = payer_of(call);
    budgets.settle(payer, call.budget, bytes);
    const auto outcome = outcome_of(call, status);
    if (world.usage != nullptr && outcome) {
      world.usage->ended({payer.who.tenant, payer.who.plan, payer.who.route},
                         {*outcome, spent, call.waited}, now);
    }
  }
  give_seat_back(call, status);
  call.taps.end();
  const std::string_view tap = call.taps.refused_by();
  const std::string_view tenant = call.caller ? std::string_view(call.caller->tenant.get()) : "";
  const std::string_view route = call.route ? std::string_view(call.route->config.path) : "";
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), status).ptr;
  meters.requests.at({tenant, route, std::string_view(digits.data(), end)}).add();
  (call.route ? call.route->meters->duration : meters.duration.at({route})).observe(spent);
  if (call.caller) traffic.note(tenant, status, spent);
  meters.reply_bytes.add(bytes);
  if (!call.code.empty()) meters.refused.at({call.code}).add();
  std::string_view operation;
  if (call.operation != nullptr) {
    operation = call.documents.front()->document->name(call.operation->name);
  }
  const bool reads = call.route && call.route->config.kind == RouteKind::datasets;
  const std::string trace_id = call.span     ? call.span->context().trace_id_hex()
                               : call.parent ? call.parent->trace_id_hex()
                                             : std::string();
  world.log.event("request.done",
                  {{"request_id", call.request_id},
                   {"tenant", tenant},
                   {"principal", call.caller ? std::string_view(call.caller->principal.get()) : ""},
                   {"route", route},
                   {"method", request.method},
                   {"operation", operation},
                   {"status", status},
                   {call.code.empty() ? "" : "code", call.code},
                   {tap.empty() ? "" : "tap", tap},
                   {call.reach ? "of_tenant" : "", call.reach ? call.reach->tenant.get() : ""},
                   {"us", spent.count / 1'000},
                   {call.waited.count > 0 ? "waited_us" : "", call.waited.count / 1'000},
                   {"bytes", bytes},
                   {reads ? "statements" : "", call.statements},
                   {reads && !call.released ? "rows" : "", call.rows},
                   {"known", call.cache_hit},
                   {"peer", request.peer},
                   {trace_id.empty() ? "" : "trace_id", trace_id}});
  if (call.span) {
    call.span->set("http.response.status_code", status);
    call.span->set("mc.tenant", tenant);
    if (!operation.empty()) call.span->set("graphql.operation.name", operation);
    call.span->status(status >= 500 ? trace::Outcome::error : trace::Outcome::ok, call.code);
    call.span->end();
  }
}

// Who was denied, or got masked values, can ask for the reason by these.
void Gateway::Core::add_decisions(const Call& call, net::FieldLines& fields) {
  if (call.decided.empty()) return;
  std::string ids, rules;
  std::vector<std::string_view> named;
  for (const Decided& decided : call.decided) {
    ids += (ids.empty() ? "" : ", ") + decided.verdict.decision_id;
    for (const std::string& rule : decided.verdict.rule_ids) {
      if (std::find(named.begin(), named.end(), rule) != named.end()) continue;
      named.push_back(rule);
      rules += (rules.empty() ? "" : ", ") + rule;
    }
  }
  fields.add("X-IG-Decision-Id", ids);
  fields.add("X-IG-Rule-Id", rules);
}

void Gateway::Core::finish(const CallPtr& call, int status, std::string body, net::Headers extra) {
  record(*call, status, static_cast<std::int64_t>(body.size()));
  net::Response response;
  response.status = status;
  constexpr std::size_t kUsualBytes = 160;
  response.headers = std::move(extra);
  response.fields.reserve(kUsualBytes);
  response.fields.add("Content-Type", content_type(call->media_type));
  response.fields.add("X-Request-Id", call->request_id);
  response.fields.add("Cache-Control", "no-store");
  add_decisions(*call, response.fields);
  call->budget.add_to(response.fields);
  response.body = std::move(body);
  call->exchange->reply(std::move(response));
}

void Gateway::Core::refuse(const CallPtr& call, const HttpError& error, net::Headers extra) {
  call->code = error.code;
  finish(call, error.status, error_body(error, call->request_id), std::move(extra));
}

void Gateway::Core::refuse(const CallPtr& call, Stage stage,
                           const std::vector<graphql::GraphqlError>& errors) {
  call->code = errors.front().code;
  finish(call, status_for(stage, call->media_type, config.http_profile),
         error_body(errors, call->request_id));
}

}  // namespace mc::gateway
