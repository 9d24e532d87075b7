#include "api/policy_wire.h"

namespace mc::api {
namespace {

json::Object resource_of(const access::DecisionFacts& decision) {
  json::Object out;
  out.set("kind", decision.resource_kind);
  out.set("name", decision.resource_name);
  return out;
}

json::Object to_json(const access::Explanation::Rule& rule) {
  json::Object out;
  out.set("id", rule.id);
  out.set("effect", rule.denies ? "deny" : "other");
  out.set("title", text_or_null(rule.note == nullptr ? "" : rule.note->title));
  out.set("description", text_or_null(rule.note == nullptr ? "" : rule.note->description));
  out.set("file", text_or_null(rule.note == nullptr ? "" : rule.note->file));
  out.set("row", rule.note == nullptr ? json::Value() : json::Value(std::int64_t{rule.note->row}));
  return out;
}

json::Object to_json(const access::Explanation::Input& input) {
  json::Object out;
  out.set("name", input.name);
  json::Value value;
  if (input.json) {
    auto read = json::parse(*input.json);
    if (read) value = std::move(*read);
  }
  out.set("value", std::move(value));
  out.set("rules", texts(input.rules));
  return out;
}

json::Object to_json(const access::Explanation::MaskedColumn& masked) {
  json::Object out;
  out.set("column", masked.column);
  out.set("mask", masked.mask);
  out.set("sensitivity", text_or_null(masked.sensitivity.value_or("")));
  return out;
}

json::Object to_json(const access::Explanation::Changes& changes) {
  json::Array list;
  for (const access::Explanation::Change& change : changes) {
    json::Object one;
    one.set("what", change.what);
    one.set("from", change.from);
    one.set("to", change.to);
    one.set("text", change.text);
    list.emplace_back(std::move(one));
  }
  json::Object out;
  out.set("changes", std::move(list));
  return out;
}

json::Object now_json(const access::Explanation& explanation) {
  const access::Explanation::Now& now = *explanation.now;
  json::Object out;
  out.set("revision", now.revision);
  out.set("policies_changed", now.policies_changed);
  out.set("outcome", now.outcome ? json::Value(api::to_json(*now.outcome)) : json::Value());
  out.set("same", explanation.same);
  return out;
}

template <class T>
json::Value list_of(const std::vector<T>& items) {
  json::Array out;
  for (const T& item : items) out.emplace_back(to_json(item));
  return json::Value(std::move(out));
}

}  // namespace

Result<const PolicyDesk*> desk_of(const AdminWorld& world) {
  if (world.policy != nullptr) return world.policy;
  return fail(Code::unavailable, "only a running server has policies that decide");
}

json::Value text_or_null(std::string_view text) {
  return text.empty() ? json::Value() : json::Value(text);
}

json::Value texts(const std::vector<std::string>& list) {
  return json::Value(json::Array(list.begin(), list.end()));
}

json::Object to_json(const access::Outcome& outcome) {
  json::Object out;
  out.set("allow", outcome.allow);
  out.set("reasons", texts(outcome.reasons));
  json::Object masked;
  for (const auto& [column, mask] : outcome.masked) masked.set(column, mask);
  out.set("masked", std::move(masked));
  return out;
}

json::Object to_json(const access::DecisionFacts& decision) {
  json::Object outcome = to_json(decision.outcome);
  json::Object out;
  out.set("id", decision.id);
  out.set("at", format_rfc3339(decision.at));
  out.set("tenant", decision.tenant);
  out.set("principal", decision.principal);
  out.set("action", decision.action);
  out.set("purpose", decision.purpose);
  out.set("resource", resource_of(decision));
  out.set("allowed", decision.outcome.allow);
  out.set("rules", texts(decision.rules));
  out.set("reasons", std::move(*outcome.find("reasons")));
  out.set("masked", std::move(*outcome.find("masked")));
  out.set("revision", decision.revision);
  out.set("request_id", decision.request_id);
  out.set("warrant", text_or_null(decision.warrant));
  out.set("rate", decision.rate);
  return out;
}

json::Object to_json(const access::Explanation& explanation) {
  json::Object out;
  out.set("summary", explanation.summary);
  out.set("rules", list_of(explanation.rules));
  out.set("inputs", list_of(explanation.inputs));
  out.set("masks", list_of(explanation.masks));
  out.set("now", explanation.now ? json::Value(now_json(explanation)) : json::Value());
  out.set("would_allow", list_of(explanation.would_allow));
  out.set("tried", static_cast<std::int64_t>(explanation.tried));
  return out;
}

json::Object to_json(const access::WhatIf& result) {
  json::Array changed;
  for (const access::WhatIf::Changed& each : result.changed) {
    json::Object one;
    one.set("decision_id", each.decision.id);
    one.set("at", format_rfc3339(each.decision.at));
    one.set("tenant", each.decision.tenant);
    one.set("principal", each.decision.principal);
    one.set("action", each.decision.action);
    one.set("resource", resource_of(each.decision));
    one.set("before", to_json(each.decision.outcome));
    one.set("after", to_json(each.after));
    changed.emplace_back(std::move(one));
  }
  json::Array skipped;
  for (const auto& [reason, count] : result.skipped) {
    json::Object one;
    one.set("reason", reason);
    one.set("count", static_cast<std::int64_t>(count));
    skipped.emplace_back(std::move(one));
  }
  json::Object out;
  out.set("revision", result.revision);
  out.set("decisions", static_cast<std::int64_t>(result.decisions));
  out.set("unchanged", static_cast<std::int64_t>(result.unchanged));
  out.set("changed", std::move(changed));
  out.set("skipped", std::move(skipped));
  out.set("complete", result.complete);
  out.set("sampled", result.sampled);
  out.set("estimated", result.estimated.rounded());
  out.set("estimated_to_change", result.estimated_to_change.rounded());
  return out;
}

}  // namespace mc::api
