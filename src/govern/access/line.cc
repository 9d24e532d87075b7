#include "access/line.h"

#include "access/input.h"
#include "json/json.h"

namespace mc::access {
namespace {

constexpr std::string_view kBegin = "{\"decision_id\":\"";
constexpr std::size_t kVaryingBytes = 160;  // ids and times, about

void write_verdict(json::Writer& writer, const Request& request, const Verdict& verdict,
                   double rate) {
  writer.member("allowed", verdict.allow).member("rate", rate).member("tenant", request.tenant);
  writer.member("principal", request.caller.principal.get()).key("rules").begin_array();
  for (const std::string& rule : verdict.rule_ids) writer.value(rule);
  writer.end_array().key("reasons").begin_array();
  for (const std::string& reason : verdict.reasons) writer.value(reason);
  writer.end_array().key("masked").begin_object();
  const auto& columns = request.resource.facts().columns;
  for (std::size_t i = 0; i < verdict.obligations.masks.size(); ++i) {
    const mask::Mask& mask = verdict.obligations.masks[i];
    if (mask.masks()) writer.member(columns[i].name, mask::to_text(mask));
  }
  writer.end_object();
}

// But for the time and what follows it. The resource stands there by name; its columns are those
// of the model.
void write_input(json::Writer& writer, const Request& request) {
  const identity::Caller& caller = request.caller;
  writer.member("action", action_name(request.action)).member("purpose", request.purpose);
  writer.key("principal").begin_object().member("id", caller.principal.get());
  writer.member("tenant", caller.tenant.get()).member("region", caller.region);
  writer.key("roles").begin_array();
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) writer.value(identity::role_name(role));
  }
  writer.end_array().key("purposes").begin_array();
  for (const std::string& purpose : caller.purposes) writer.value(purpose);
  writer.end_array().member("kind", is_person(caller) ? "person" : "machine").end_object();
  writer.key("tenant").begin_object().member("id", request.tenant);
  writer.member("region", request.tenant_region).end_object();
  writer.key("node").begin_object().member("region", request.node_region).end_object();
  writer.key("resource").begin_object().member("kind", request.resource.facts().kind);
  writer.member("name", request.resource.facts().name).end_object();
}

}  // namespace

LinePattern make_pattern(const Request& request, const Verdict& verdict, double rate) {
  std::string text;
  json::Writer writer(text);
  std::size_t begin = 0;
  // What was written since the last value that differs, up to one that is left out.
  const auto cut = [&](std::string_view name) {
    writer.key(name);
    std::string part = text.substr(begin);
    writer.value(0);
    begin = text.size();
    return part;
  };
  LinePattern out;
  writer.begin_object().member("decision_id", "");
  begin = text.size();
  writer.member("path", kDecisionPath).member("revision", verdict.revision);
  if (!verdict.opa_decision_id.empty()) writer.member("opa_decision_id", verdict.opa_decision_id);
  out.path = cut("at_ms");
  out.request_id = cut("request_id");
  write_verdict(writer, request, verdict, rate);
  writer.key("input").begin_object();
  write_input(writer, request);
  out.verdict = cut("time_ms");
  writer.member("stepped_up", request.stepped_up);
  if (request.warrant != nullptr) {
    term::Arena arena;
    writer.key("warrant").raw(term::to_json(warrant_input(arena, *request.warrant)));
  }
  writer.end_object().end_object();
  out.rest = text.substr(begin);
  return out;
}

void print_line(const LinePattern& pattern, const LineFacts& facts, std::string& out) {
  const std::string time = std::to_string(to_unix_ms(facts.at));
  out.clear();
  out.reserve(pattern.path.size() + pattern.request_id.size() + pattern.verdict.size() +
              pattern.rest.size() + kVaryingBytes);
  out.append(kBegin).append(facts.id).append("\"").append(pattern.path).append(time);
  out.append(pattern.request_id);
  json::Writer(out).value(facts.request_id);
  out.append(pattern.verdict).append(time).append(pattern.rest);
}

}  // namespace mc::access
