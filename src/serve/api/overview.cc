// GET /v1/overview: what the gateway counted, of the tenants that the caller may see.
#include <algorithm>
#include <cmath>

#include "api/handlers.h"

namespace mc::api {
namespace {

using gateway::TrafficStep;
using gateway::TrafficWindow;

struct Asked {
  std::string tenant;  // "" = all
  TrafficWindow window = TrafficWindow::minutes_15;
};

Result<TrafficWindow> parse_window(std::string_view text) {
  if (text == "15m") return TrafficWindow::minutes_15;
  if (text == "1h") return TrafficWindow::hour;
  if (text == "24h") return TrafficWindow::day;
  return fail(Code::invalid, "window '" + excerpt(text) + "' is none of 15m, 1h, 24h");
}

Result<Asked> read_asked(const AdminRequest& request) {
  Asked out;
  for (const auto& [name, value] : request.query) {
    if (name == "tenant") {
      out.tenant = value;
    } else if (name == "window") {
      MC_TRY(out.window, parse_window(value));
    } else {
      return fail(Code::invalid, "query parameter '" + excerpt(name) + "' is unknown");
    }
  }
  return out;
}

double to_hundredths(double ms) {
  return std::round(ms * 100) / 100;
}

json::Value latency(const TrafficStep& step) {
  const std::optional<gateway::Latency> found = step.percentiles();
  if (!found) return {};
  json::Object out;
  out.set("p50", to_hundredths(found->p50_ms));
  out.set("p95", to_hundredths(found->p95_ms));
  out.set("p99", to_hundredths(found->p99_ms));
  return json::Value(std::move(out));
}

template <class Pick>
json::Value series(const gateway::TenantTraffic& traffic, Pick pick) {
  json::Array out;
  for (const std::optional<TrafficStep>& step : traffic.steps) {
    out.push_back(step ? pick(*step) : json::Value());
  }
  return json::Value(std::move(out));
}

template <class Pick>
json::Value latency_series(const gateway::TenantTraffic& traffic, Pick pick) {
  return series(traffic, [&](const TrafficStep& step) {
    const std::optional<gateway::Latency> found = step.percentiles();
    return found ? json::Value(to_hundredths(pick(*found))) : json::Value();
  });
}

json::Object to_json(const gateway::TenantTraffic& traffic) {
  json::Object out;
  const bool known = std::any_of(traffic.steps.begin(), traffic.steps.end(),
                                 [](const auto& step) { return step.has_value(); });
  const auto count = [&](std::int64_t n) { return known ? json::Value(n) : json::Value(); };
  out.set("requests", count(traffic.total.requests));
  out.set("refused", count(traffic.total.refused));
  out.set("failed", count(traffic.total.failed));
  out.set("latency_ms", latency(traffic.total));
  json::Object all;
  all.set("requests",
          series(traffic, [](const TrafficStep& s) { return json::Value(s.requests); }));
  all.set("refused", series(traffic, [](const TrafficStep& s) { return json::Value(s.refused); }));
  all.set("failed", series(traffic, [](const TrafficStep& s) { return json::Value(s.failed); }));
  all.set("p50_ms", latency_series(traffic, [](const gateway::Latency& l) { return l.p50_ms; }));
  all.set("p99_ms", latency_series(traffic, [](const gateway::Latency& l) { return l.p99_ms; }));
  out.set("series", json::Value(std::move(all)));
  return out;
}

gateway::TenantTraffic sum(const std::vector<gateway::TenantTraffic>& tenants) {
  gateway::TenantTraffic out;
  for (const gateway::TenantTraffic& traffic : tenants) {
    out.total.add(traffic.total);
    out.steps.resize(traffic.steps.size());
    for (std::size_t i = 0; i < traffic.steps.size(); ++i) {
      if (!traffic.steps[i]) continue;
      if (!out.steps[i]) out.steps[i].emplace();
      out.steps[i]->add(*traffic.steps[i]);
    }
  }
  return out;
}

}  // namespace

Reply get_overview(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Asked asked, read_asked(request));
  MC_TRY_OK(
      check_reads(request, asked.tenant.empty() ? request.caller->tenant : TenantId(asked.tenant)));
  if (world.gateway == nullptr) {
    return fail(Code::unavailable, "only a running server has figures");
  }
  MC_TRY(std::vector<std::string> tenants, visible_tenants(world, *request.caller));
  if (!asked.tenant.empty()) {
    if (std::find(tenants.begin(), tenants.end(), asked.tenant) == tenants.end()) {
      return fail(Code::not_found, "no tenant '" + excerpt(asked.tenant) + "'");
    }
    tenants = {asked.tenant};
  }
  std::sort(tenants.begin(), tenants.end());
  const gateway::TrafficReport report = world.gateway->traffic().report(tenants, asked.window);
  json::Object out;
  out.set("from", format_rfc3339(report.from));
  out.set("to", format_rfc3339(report.to));
  out.set("step_s", report.step.count / 1'000'000'000);
  out.set("total", json::Value(to_json(sum(report.tenants))));
  json::Array list;
  for (const gateway::TenantTraffic& traffic : report.tenants) {
    json::Object item = to_json(traffic);
    item.set("tenant", traffic.tenant);
    list.emplace_back(std::move(item));
  }
  out.set("tenants", json::Value(std::move(list)));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
