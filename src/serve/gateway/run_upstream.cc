// Operations for an upstream GraphQL server: governed here, answered there, streamed through.
#include <algorithm>
#include <array>

#include "gateway/call.h"
#include "gateway/costs.h"

namespace mc::gateway {
namespace {

// CGI-like upstreams read "X_MC_Tenant" as X-MC-Tenant.
constexpr char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '_' ? '-' : c;
}

bool same_name(std::string_view name, std::string_view reserved) {
  return std::equal(name.begin(), name.end(), reserved.begin(), reserved.end(),
                    [](char a, char b) { return folded(a) == b; });
}

constexpr std::array<std::string_view, 4> kReservedPrefixes = {"x-mc-", "x-ig-", "x-maestro-",
                                                               "x-forwarded-"};
constexpr std::array<std::string_view, 22> kReservedNames = {"authorization",
                                                             "cookie",
                                                             "host",
                                                             "content-length",
                                                             "content-type",
                                                             "content-encoding",
                                                             "forwarded",
                                                             "x-real-ip",
                                                             "x-client-ip",
                                                             "true-client-ip",
                                                             "cf-connecting-ip",
                                                             "x-request-id",
                                                             "x-tenant-id",
                                                             "x-original-url",
                                                             "x-rewrite-url",
                                                             "x-http-method",
                                                             "x-http-method-override",
                                                             "x-method-override",
                                                             "traceparent",
                                                             "tracestate",
                                                             "x-csrf-token",
                                                             "proxy-authorization"};

// By the first letter, the lengths that reserved names with it have, one bit each.
constexpr std::array<std::uint32_t, 128> lengths_by_letter() {
  std::array<std::uint32_t, 128> out{};
  for (const std::string_view name : kReservedNames) {
    out[static_cast<std::size_t>(name[0])] |= 1U << name.size();
  }
  return out;
}

// Never passed on from a client: ours to set, or a claim of who or what the request is that an
// upstream might believe. What ends at every hop is dropped by net.
bool is_ours(std::string_view name) {
  static constexpr std::array<std::uint32_t, 128> kLengths = lengths_by_letter();
  const char letter = folded(name[0]);
  const auto is_prefix = [name](std::string_view prefix) {
    return same_name(name.substr(0, prefix.size()), prefix);
  };
  if (letter == 'x' && std::any_of(kReservedPrefixes.begin(), kReservedPrefixes.end(), is_prefix)) {
    return true;
  }
  const auto index = static_cast<unsigned char>(letter);
  if (index >= kLengths.size() || name.size() > 31 || (kLengths[index] >> name.size() & 1) == 0) {
    return false;
  }
  return std::any_of(kReservedNames.begin(), kReservedNames.end(),
                     [&](std::string_view reserved) { return same_name(name, reserved); });
}

constexpr std::string_view kGraphqlOrJson =
    "application/graphql-response+json, application/json;q=0.9";

// What of a client's request would make a reply something else than all of the answer, in a form
// that can be read here.
bool shapes_reply(std::string_view name) {
  return same_name(name, "accept") || same_name(name, "accept-encoding") ||
         same_name(name, "range") || same_name(name.substr(0, 3), "if-");
}

// The operation as JSON when the client's own bytes cannot be sent on: GET, document ids, members
// that were not governed here.
std::string rewritten_body(const GraphqlRequest& request) {
  std::string out;
  json::Writer writer(out);
  if (request.batch) writer.begin_array();
  for (const Params& params : request.items) {
    writer.begin_object().member("query", params.query);
    if (!params.operation_name.empty()) writer.member("operationName", params.operation_name);
    if (!params.variables.empty()) writer.member("variables", json::Value(params.variables));
    writer.end_object();
  }
  if (request.batch) writer.end_array();
  return out;
}

bool same_bytes_will_do(const GraphqlRequest& request) {
  return std::all_of(request.items.begin(), request.items.end(),
                     [](const Params& params) { return params.exact; });
}

struct Failure {
  int status;
  std::string_view code;
};

Failure classify(const net::ForwardResult& result) {
  const std::string_view error = result.error;
  if (error.find("timed out") != std::string_view::npos ||
      error.find("deadline") != std::string_view::npos) {
    return {504, "UPSTREAM_TIMEOUT"};
  }
  // First: a head that is too large is bad framing too.
  if (error.find("framing") != std::string_view::npos) return {502, "UPSTREAM_PROTOCOL_ERROR"};
  if (error.find("too large") != std::string_view::npos) return {502, "RESPONSE_TOO_LARGE"};
  return {502, "UPSTREAM_UNAVAILABLE"};
}

}  // namespace

net::FieldLines Gateway::Core::upstream_fields(const Call& call, MonoTime now) const {
  constexpr std::size_t kUsualBytes = 700;
  const net::Request& request = call.exchange->request();
  net::FieldLines out;
  out.reserve(kUsualBytes);
  if (call.masking) {
    out.pass_on(request.headers,
                [](std::string_view name) { return is_ours(name) || shapes_reply(name); });
    out.add("Accept", call.media_type == kJsonType ? kJsonType : kGraphqlOrJson);
    out.add("Accept-Encoding", "identity");
  } else {
    out.pass_on(request.headers, is_ours);
  }
  out.add("Content-Type", kJsonType);
  out.add("X-Request-Id", call.request_id);
  out.add("X-MC-Tenant", call.caller->tenant.get());
  out.add("X-MC-Principal", call.caller->principal.get());
  out.add("X-MC-Purpose", call.purpose);
  out.add("X-Forwarded-For", request.peer.substr(0, request.peer.rfind(':')));
  out.add("X-Forwarded-Proto", request.tls ? "https" : "http");
  const std::int64_t left_ms = to_millis(call.deadline - now);
  out.add("X-MC-Deadline-Ms", std::max<std::int64_t>(0, left_ms));
  const trace::Context* context = call.span     ? &call.span->context()
                                  : call.parent ? &*call.parent
                                                : nullptr;
  if (context != nullptr) {
    out.add("traceparent", trace::format_traceparent(*context));
    if (!context->state.empty()) out.add("tracestate", context->state);
  }
  return out;
}

net::Response Gateway::Core::upstream_failure(Call& call, const net::ForwardResult& result) {
  const Failure failure = classify(result);
  call.code = failure.code;
  net::Response response;
  response.status = failure.status;
  response.headers = {{"Content-Type", std::string(content_type(call.media_type))},
                      {"X-Request-Id", call.request_id}};
  call.budget.add_to(response.fields);
  response.body = error_body({.status = failure.status,
                              .code = std::string(failure.code),
                              .message = "the upstream did not answer: " + result.error},
                             call.request_id);
  return response;
}

void Gateway::Core::forward(const CallPtr& call) {
  Route& route = *call->route;
  // First: an open circuit may let this one through as its trial.
  if (call->masking && !reserve_room(call)) return;
  const MonoTime now = world.clock.mono();
  Nanos wait;
  if (!route.breaker->allow(now, wait)) {
    const std::int64_t wait_s =
        std::max<std::int64_t>(1, (wait.count + 999'999'999) / 1'000'000'000);
    return refuse(call,
                  {503, "UPSTREAM_CIRCUIT_OPEN", "the upstream failed repeatedly; retry later"},
                  {{"Retry-After", std::to_string(wait_s)}});
  }
  net::Forward forward;
  forward.target = route.target;
  forward.fields = upstream_fields(*call, now);
  if (!same_bytes_will_do(call->graphql)) forward.body = rewritten_body(call->graphql);
  forward.idempotent = !call->mutates;
  forward.deadline = call->deadline;
  forward.response_bytes_max = route.config.response_bytes_max;
  forward.response_fields.add("X-Request-Id", call->request_id);
  add_decisions(*call, forward.response_fields);
  call->budget.add_to(forward.response_fields);
  add_cost(*call, forward.response_fields);
  call->began = true;
  // on_done keeps the call; on_failure comes before it, so a plain pointer will do.
  forward.on_failure = [this, held = call.get()](const net::ForwardResult& result) {
    return upstream_failure(*held, result);
  };
  if (call->masking) take_whole(call, forward);
  forward.on_done = [this, call](const net::ForwardResult& result) {
    const Route& answering = *call->route;
    const bool gone = call->exchange->cancelled();
    // One that was taken whole is recorded with the answer that is made of it.
    const bool whole = call->masking && call->masking->answering;
    const bool good = result.status != 0 && result.status < 500 && (whole || result.error.empty());
    if (good) {
      answering.breaker->succeeded();
    } else if (!gone) {
      answering.breaker->failed(
          world.clock.mono(),
          result.error.empty() ? "answered " + std::to_string(result.status) : result.error);
    }
    const RouteMeters& meter = *answering.meters;
    (gone ? meter.cancelled : good ? meter.forwarded : meter.failed)->add();
    if (whole) return;
    // A head that came may still not have been passed on: then upstream_failure() has answered.
    // A reply cut in the middle keeps its status and is logged with the reason.
    const bool replaced = !call->code.empty() || result.status == 0;
    const int status = gone ? 499 : replaced ? classify(result).status : result.status;
    if (!gone && !result.error.empty()) call->code = classify(result).code;
    record(*call, status, result.bytes);
  };
  call->exchange->forward(route.upstream, std::move(forward));
}

}  // namespace mc::gateway
