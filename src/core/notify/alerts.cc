#include "notify/alerts.h"

#include "notify/notify.h"
#include "notify/stored.h"

namespace mc::notify {
namespace {

constexpr std::size_t kFingerprintBytesMax = 64;

Result<std::string> text_in(const json::Value& object, const std::string& where,
                            const std::string& name, std::size_t max) {
  const json::Value* value = object.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return fail(Code::invalid, where + name + " must be a text");
  if (text->size() > max) {
    return fail(Code::invalid, where + name + " has more than " + std::to_string(max) + " bytes");
  }
  return *text;
}

Result<json::Object> texts_in(const json::Value& object, const std::string& where,
                              const std::string& name) {
  const json::Value* value = object.find(name);
  if (value == nullptr || value->as_object() == nullptr) {
    return fail(Code::invalid, where + name + " must be an object");
  }
  const json::Object& texts = *value->as_object();
  if (texts.members().size() > kAlertLabelsMax) {
    return fail(Code::invalid,
                where + name + " has more than " + std::to_string(kAlertLabelsMax) + " members");
  }
  for (const json::Member& member : texts.members()) {
    MC_TRY([[maybe_unused]] const std::string text,
           text_in(*value, where + name + ".", member.name, kAlertTextBytesMax));
  }
  return texts;
}

std::string label(const json::Object& labels, std::string_view name) {
  const json::Value* value = labels.find(name);
  return value == nullptr ? "" : *value->as_string();
}

Result<Alert> parse_alert(const json::Value& value, const std::string& where) {
  if (value.as_object() == nullptr) return fail(Code::invalid, where + " must be an object");
  const std::string member = where + ".";
  Alert out;
  MC_TRY(out.fingerprint, text_in(value, member, "fingerprint", kFingerprintBytesMax));
  MC_TRY(const std::string status, text_in(value, member, "status", kAlertTextBytesMax));
  if (status != "firing" && status != "resolved") {
    return fail(Code::invalid, member + "status must be firing or resolved");
  }
  out.firing = status == "firing";
  MC_TRY(out.labels, texts_in(value, member, "labels"));
  MC_TRY(out.annotations, texts_in(value, member, "annotations"));
  out.name = label(out.labels, "alertname");
  out.severity = label(out.labels, "severity");
  if (out.fingerprint.empty() || out.name.empty()) {
    return fail(Code::invalid, where + " needs a fingerprint and the label alertname");
  }
  MC_TRY(const std::string starts, text_in(value, member, "startsAt", kFingerprintBytesMax));
  MC_TRY(out.starts, parse_rfc3339(starts));
  if (out.firing) return out;
  MC_TRY(const std::string ends, text_in(value, member, "endsAt", kFingerprintBytesMax));
  MC_TRY(out.ends, parse_rfc3339(ends));
  return out;
}

Result<json::Object> read_object(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text));
  if (value.as_object() == nullptr) return fail(Code::corrupt, "a stored alert is no JSON object");
  return *value.as_object();
}

}  // namespace

Result<std::vector<Alert>> parse_alertmanager(const json::Value& body) {
  MC_TRY(const std::string version, text_in(body, "", "version", kFingerprintBytesMax));
  if (version != "4") return fail(Code::invalid, "version must be \"4\", as of Alertmanager");
  const json::Value* list = body.find("alerts");
  if (list == nullptr || list->as_array() == nullptr) {
    return fail(Code::invalid, "alerts must be a list");
  }
  if (list->as_array()->size() > kAlertsPerCallMax) {
    return fail(Code::invalid, "alerts has more than " + std::to_string(kAlertsPerCallMax) +
                                   " members; set max_alerts at the Alertmanager");
  }
  std::vector<Alert> out;
  for (const json::Value& each : *list->as_array()) {
    MC_TRY(Alert alert, parse_alert(each, "alerts[" + std::to_string(out.size()) + "]"));
    out.push_back(std::move(alert));
  }
  return out;
}

Status AlertInbox::check_room(const TenantId& tenant) {
  MC_TRY([[maybe_unused]] const std::int64_t forgotten,
         connection_.execute(
             "DELETE FROM alert WHERE tenant_id = ?1 AND state = 'resolved' AND received_at < ?2",
             {tenant.get(), to_unix_ms(clock_.wall() - kResolvedKept)}));
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT COUNT(*) FROM alert WHERE tenant_id = ?1", {tenant.get()}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  if (rows->integer(0) < static_cast<std::int64_t>(kAlertsPerTenantMax)) return ok();
  return fail(Code::exhausted, "tenant " + tenant.get() + " has the limit of " +
                                   std::to_string(kAlertsPerTenantMax) + " alerts");
}

// True when its state is new.
Result<bool> AlertInbox::upsert(const TenantId& tenant, const Alert& alert) {
  const std::string state = alert.firing ? "firing" : "resolved";
  std::string before;
  {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection_.query("SELECT state FROM alert WHERE tenant_id = ?1 AND fingerprint = ?2",
                             {tenant.get(), alert.fingerprint}));
    MC_TRY(const bool known, rows->next());
    if (known) before = rows->text(0);
  }
  if (before.empty()) MC_TRY_OK(check_room(tenant));
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute(
             "INSERT INTO alert (tenant_id, fingerprint, name, severity, state, labels, "
             "annotations, starts_at, ends_at, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
             "?8, ?9, ?10) ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET "
             "name = excluded.name, severity = excluded.severity, state = excluded.state, "
             "labels = excluded.labels, annotations = excluded.annotations, "
             "starts_at = excluded.starts_at, ends_at = excluded.ends_at, "
             "received_at = excluded.received_at",
             {tenant.get(), alert.fingerprint, alert.name, alert.severity, state,
              json::print(json::Value(alert.labels)), json::print(json::Value(alert.annotations)),
              to_unix_ms(alert.starts),
              alert.ends ? sql::Param(to_unix_ms(*alert.ends)) : sql::Param(),
              to_unix_ms(clock_.wall())}));
  return before != state;
}

Result<std::int64_t> AlertInbox::receive(const TenantId& tenant, const std::vector<Alert>& alerts) {
  std::int64_t changed = 0;
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  for (const Alert& alert : alerts) {
    MC_TRY(const bool is_new, upsert(tenant, alert));
    if (!is_new) continue;
    ++changed;
    json::Object data;
    data.set("alert", alert.name);
    data.set("severity", alert.severity);
    data.set("labels", json::Value(alert.labels));
    data.set("annotations", json::Value(alert.annotations));
    data.set("starts_at", format_rfc3339(alert.starts));
    MC_TRY([[maybe_unused]] const std::string event,
           Store(connection_, clock_, random_)
               .append({tenant, alert.firing ? "mc.alert.firing" : "mc.alert.resolved",
                        alert.fingerprint, std::move(data)}));
  }
  MC_TRY_OK(transaction.commit());
  return changed;
}

Result<std::vector<Alert>> AlertInbox::alerts(const TenantId& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT fingerprint, name, severity, state, labels, annotations, starts_at, ends_at, "
             "received_at FROM alert WHERE tenant_id = ?1 ORDER BY state, starts_at DESC, "
             "fingerprint",
             {tenant.get()}));
  std::vector<Alert> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    Alert alert;
    alert.fingerprint = rows->text(0);
    alert.name = rows->text(1);
    alert.severity = rows->text(2);
    alert.firing = rows->text(3) == "firing";
    MC_TRY(alert.labels, read_object(rows->text(4)));
    MC_TRY(alert.annotations, read_object(rows->text(5)));
    alert.starts = from_unix_ms(rows->integer(6));
    alert.ends = read_time(*rows, 7);
    alert.received = from_unix_ms(rows->integer(8));
    out.push_back(std::move(alert));
  }
}

}  // namespace mc::notify
