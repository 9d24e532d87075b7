#include "accountant/charge_json.h"

#include "accountant/replay.h"
#include "json/json.h"

namespace mc::accountant {
namespace {

// Members in the order of their names, as RFC 8785 wants them; names of charges are one line, so
// their quoting is the canonical one.
void add_cost(json::Writer& out, const Cost& cost) {
  out.key("cost").begin_object();
  out.member("delta", to_decimal(cost.delta));
  out.member("epsilon", to_decimal(cost.epsilon));
  out.member("rho", to_decimal(cost.rho));
  out.end_object();
}

void add_events(json::Writer& out, const std::optional<Window>& events) {
  out.key("events");
  if (!events) {
    out.null();
    return;
  }
  out.begin_object();
  out.member("from", format_rfc3339(events->start));
  out.member("to", format_rfc3339(events->end));
  out.end_object();
}

const json::Value& at(const json::Value& value, std::string_view name) {
  static const json::Value kNull;
  const json::Value* found = value.find(name);
  return found == nullptr ? kNull : *found;
}

std::string text_at(const json::Value& value, std::string_view name) {
  const std::string* text = at(value, name).as_string();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

std::string settled_json(const ChargeRecord& record) {
  const Charge& charge = record.charge;
  const bool committed = record.state == State::committed;
  std::string text;
  text.reserve(900);
  json::Writer out(text);
  out.begin_object();
  out.member("analyst", charge.analyst.get());
  add_cost(out, charge.cost);
  out.member("dataset", charge.dataset);
  add_events(out, charge.events);
  out.member("id", record.id.get());
  out.member("kind", "mc.dp-charge/v1");
  out.member("mechanism", charge.mechanism);
  out.member("outcome", name_of(record.state));
  out.member("purpose", charge.purpose);
  out.member("query", charge.query);
  out.member("query_type", charge.query_type);
  out.member("reach", name_of(charge.reach));
  out.member("reserved_at", format_rfc3339(record.reserved_at));
  out.key("result");
  if (committed) {
    out.value(digest_text(record.result_hash));
  } else {
    out.null();
  }
  out.member("seq", record.seq);
  out.member("settled_at", format_rfc3339(record.settled_at));
  out.member("tenant", charge.tenant.get());
  out.member("window_start", format_rfc3339(record.window.start));
  out.end_object();
  return text;
}

Result<ChargeRecord> parse_settled(const json::Value& value) {
  ChargeRecord out;
  Charge& charge = out.charge;
  charge.analyst = PrincipalId(text_at(value, "analyst"));
  const json::Value& cost = at(value, "cost");
  MC_TRY(charge.cost.delta, parse_delta(text_at(cost, "delta")));
  MC_TRY(charge.cost.epsilon, parse_epsilon(text_at(cost, "epsilon")));
  MC_TRY(charge.cost.rho, parse_rho(text_at(cost, "rho")));
  charge.dataset = text_at(value, "dataset");
  const json::Value& events = at(value, "events");
  if (!events.is_null()) {
    charge.events.emplace();
    MC_TRY(charge.events->start, parse_rfc3339(text_at(events, "from")));
    MC_TRY(charge.events->end, parse_rfc3339(text_at(events, "to")));
  }
  out.id = ChargeId(text_at(value, "id"));
  charge.mechanism = text_at(value, "mechanism");
  MC_TRY(out.state, parse_state(text_at(value, "outcome")));
  charge.purpose = text_at(value, "purpose");
  charge.query = text_at(value, "query");
  charge.query_type = text_at(value, "query_type");
  MC_TRY(charge.reach, parse_reach(text_at(value, "reach")));
  MC_TRY(out.reserved_at, parse_rfc3339(text_at(value, "reserved_at")));
  if (out.state == State::committed) {
    MC_TRY(out.result_hash, parse_digest(text_at(value, "result")));
  }
  const std::int64_t* seq = at(value, "seq").as_int();
  out.seq = seq == nullptr ? 0 : *seq;
  MC_TRY(out.settled_at, parse_rfc3339(text_at(value, "settled_at")));
  charge.tenant = TenantId(text_at(value, "tenant"));
  MC_TRY(out.window.start, parse_rfc3339(text_at(value, "window_start")));
  return out;
}

}  // namespace mc::accountant
