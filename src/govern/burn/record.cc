#include "burn/record.h"

#include <algorithm>
#include <cmath>

#include "crypto/crypto.h"
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
  out.set("burn_millionths", millionths(burn));
  return out;
}

json::Object window_of(const QuotaBurn& burn) {
  json::Object out;
  out.set("from", format_rfc3339(burn.from));
  out.set("until", format_rfc3339(burn.until));
  return out;
}

ledger::RepeatKey key_of(const QuotaBurn& burn, std::string_view node) {
  crypto::Sha256 hash;
  for (const std::string& part : {std::string(kBurnAction), std::string(node), burn.tenant,
                                  std::string(budget::name_of(burn.dimension)),
                                  std::to_string(burn.level), format_rfc3339(burn.from)}) {
    hash.add(part).add("\n");
  }
  const crypto::Digest digest = hash.finish();
  ledger::RepeatKey out = {};
  std::transform(digest.begin(), digest.begin() + out.size(), out.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return out;
}

}  // namespace

std::int64_t millionths(double number) {
  constexpr double kMost = 9'007'199'254'740'991;  // what JSON holds exactly
  return std::llround(std::clamp(number * 1e6, 0.0, kMost));
}

ledger::Entry record_of(const QuotaEvent& event, std::string_view node) {
  const QuotaBurn& burn = event.of;
  json::Object out;
  out.set("at", format_rfc3339(event.at));
  out.set("node", node);
  out.set("dimension", budget::name_of(burn.dimension));
  out.set("level", burn.level);
  out.set("burn_millionths", millionths(burn.burn));
  out.set("limit", burn.quota);
  out.set("used", burn.used);
  out.set("window", window_of(burn));
  out.set("exhausted_at",
          burn.exhausted_at ? json::Value(format_rfc3339(*burn.exhausted_at)) : json::Value());
  ledger::Entry entry = entry_of(burn.tenant, std::string(kBurnAction), std::move(out));
  if (is_window(burn.dimension)) entry.key = key_of(burn, node);
  return entry;
}

ledger::Entry record_of(const SloEvent& event, const Objective& objective, std::string_view node) {
  const SloSpans spans = spans_of(event.pair);
  json::Object promise;
  promise.set("good_millionths", millionths(objective.good));
  promise.set("latency_ms", objective.latency.count / 1'000'000);
  json::Object out;
  out.set("at", format_rfc3339(event.at));
  out.set("node", node);
  out.set("of", event.tenant.empty() ? "all" : "tenant");
  out.set("pair", name_of(event.pair));
  out.set("severity", is_page(event.pair) ? "page" : "ticket");
  out.set("objective", std::move(promise));
  out.set("threshold_millionths", millionths(threshold_of(event.pair)));
  out.set("long", window_of(event.of_long, event.at, spans.of_long, event.burn_long));
  out.set("short", window_of(event.of_short, event.at, spans.of_short, event.burn_short));
  return entry_of(event.tenant.empty() ? kSystem : event.tenant,
                  event.firing ? "budget.slo_burn.begin" : "budget.slo_burn.end", std::move(out));
}

bool tells(std::string_view payload, const QuotaEvent& event, std::string_view node) {
  const Result<json::Value> value = json::parse(payload);
  if (!value || !is_window(event.of.dimension)) return false;
  const auto says = [](const json::Value* member, std::string_view text) {
    return member != nullptr && member->as_string() != nullptr && *member->as_string() == text;
  };
  const json::Value* const window = value->find("window");
  const json::Value* const level = value->find("level");
  return says(value->find("node"), node) &&
         says(value->find("dimension"), budget::name_of(event.of.dimension)) && window != nullptr &&
         says(window->find("from"), format_rfc3339(event.of.from)) && level != nullptr &&
         level->as_int() != nullptr && *level->as_int() >= event.of.level;
}

}  // namespace mc::burn
