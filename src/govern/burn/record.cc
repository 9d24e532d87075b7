#include "burn/record.h"

#include "json/json.h"

namespace mc::burn {
namespace {

constexpr std::string_view kSystem = "system";

ledger::Entry entry_of(std::string_view tenant, std::string action, json::Object payload) {
  ledger::Entry out;
  out.log = "audit/" + std::string(tenant);  // as transparency::log_of()
  out.type = "budget";
  out.actor = "node@system";
  out.tenant = tenant;
  out.action = std::move(action);
  out.purpose = "not stated";
  out.payload = json::canonical(json::Value(std::move(payload)));
  return out;
}

json::Object window_of(const Counts& counts, WallTime at, Nanos length, double burn) {
  json::Object out;
  out.set("from", format_rfc3339(at - length));
  out.set("until", format_rfc3339(at));
  out.set("good", counts.events() - counts.bad());
  out.set("bad", counts.bad());
  out.set("shed", counts.shed);
  out.set("failed", counts.failed);
  out.set("slow", counts.slow);
  out.set("burn", burn);
  return out;
}

}  // namespace

ledger::Entry record_of(const QuotaEvent& event) {
  const QuotaBurn& burn = event.of;
  json::Object window;
  window.set("from", format_rfc3339(burn.from));
  window.set("until", format_rfc3339(burn.until));
  json::Object out;
  out.set("at", format_rfc3339(event.at));
  out.set("dimension", budget::name_of(burn.dimension));
  out.set("level", burn.level);
  out.set("burn", burn.burn);
  out.set("limit", burn.quota);
  out.set("used", burn.used);
  out.set("window", std::move(window));
  out.set("exhausted_at",
          burn.exhausted_at ? json::Value(format_rfc3339(*burn.exhausted_at)) : json::Value());
  return entry_of(burn.tenant, "budget.burn", std::move(out));
}

ledger::Entry record_of(const SloEvent& event, const Objective& objective) {
  const SloSpans spans = spans_of(event.pair);
  json::Object promise;
  promise.set("good", objective.good);
  promise.set("latency_ms", objective.latency.count / 1'000'000);
  json::Object out;
  out.set("at", format_rfc3339(event.at));
  out.set("of", event.tenant.empty() ? "all" : "tenant");
  out.set("pair", name_of(event.pair));
  out.set("severity", is_page(event.pair) ? "page" : "ticket");
  out.set("objective", std::move(promise));
  out.set("threshold", threshold_of(event.pair));
  out.set("long", window_of(event.of_long, event.at, spans.of_long, event.burn_long));
  out.set("short", window_of(event.of_short, event.at, spans.of_short, event.burn_short));
  return entry_of(event.tenant.empty() ? kSystem : event.tenant,
                  event.firing ? "budget.slo_burn.begin" : "budget.slo_burn.end", std::move(out));
}

}  // namespace mc::burn
