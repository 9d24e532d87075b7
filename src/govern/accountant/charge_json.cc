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

std::string_view reach_name(Reach reach) {
  return reach == Reach::tenant ? "tenant" : "tenant_and_dataset";
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
  out.member("reach", reach_name(charge.reach));
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

}  // namespace mc::accountant
