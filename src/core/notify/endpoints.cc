#include <algorithm>

#include "notify/notify.h"
#include "notify/stored.h"

namespace mc::notify {
namespace {

constexpr std::size_t kMailBytesMax = 254;  // RFC 5321 section 4.5.3.1.3
constexpr std::size_t kNoteBytesMax = 200;
constexpr std::size_t kEventsBytesMax = 1'000;

bool printable(char c) {
  return c > ' ' && c < 0x7f;
}

Status check_webhook(const std::string& target) {
  if (target.size() > kTargetBytesMax) {
    return fail(Code::invalid,
                "target has more than " + std::to_string(kTargetBytesMax) + " bytes");
  }
  return net::check_outbound_url("target", target);
}

Status check_mail(const std::string& target) {
  const std::size_t at = target.find('@');
  const auto plain = [](char c) {
    return printable(c) && std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos;
  };
  const bool good = target.size() <= kMailBytesMax && at != std::string::npos && at > 0 &&
                    at + 1 < target.size() && target.find('@', at + 1) == std::string::npos &&
                    std::all_of(target.begin(), target.end(), plain);
  return good ? ok() : fail(Code::invalid, "target must be one mail address, as ops@example.org");
}

// "*", or names of letters, digits, dots, "-" and "_", perhaps with ".*" at the end.
bool is_pattern(std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.ends_with(".*")) pattern.remove_suffix(2);
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !pattern.empty() && std::all_of(pattern.begin(), pattern.end(), good);
}

Error unknown(const std::string& id) {
  return {Code::not_found, "no endpoint '" + excerpt(id) + "'"};
}

}  // namespace

Status check_endpoint(const NewEndpoint& wanted) {
  MC_TRY_OK(wanted.kind == Kind::webhook ? check_webhook(wanted.target)
                                         : check_mail(wanted.target));
  if (wanted.kind != Kind::webhook && wanted.form != Form::cloudevents) {
    return fail(Code::invalid, "form: mail has none, ocsf is for webhooks");
  }
  const std::vector<std::string_view> patterns = split(wanted.events, ',');
  if (wanted.events.size() > kEventsBytesMax ||
      !std::all_of(patterns.begin(), patterns.end(), is_pattern)) {
    return fail(Code::invalid,
                "events must be types as mc.token.created, mc.token.* or *, comma separated, at "
                "most " +
                    std::to_string(kEventsBytesMax) + " bytes");
  }
  const auto names_record = [](std::string_view pattern) {
    return pattern.starts_with(kRecordEvents);
  };
  if (wanted.form == Form::ocsf && !std::all_of(patterns.begin(), patterns.end(), names_record)) {
    return fail(Code::invalid,
                "events: in form ocsf they are mc.access.*, or of those: others name no record");
  }
  if (wanted.note.size() > kNoteBytesMax || !is_readable_line(wanted.note)) {
    return fail(Code::invalid,
                "note must be UTF-8 of at most 200 bytes, in one line, "
                "without direction marks");
  }
  return ok();
}

std::string_view kind_name(Kind kind) {
  return kind == Kind::webhook ? "webhook" : "mail";
}

Result<Kind> parse_kind(std::string_view name) {
  if (name == "webhook") return Kind::webhook;
  if (name == "mail") return Kind::mail;
  return fail(Code::invalid, "kind '" + excerpt(name) + "' is neither webhook nor mail");
}

std::string_view form_name(Form form) {
  return form == Form::ocsf ? "ocsf" : "cloudevents";
}

Result<Form> parse_form(std::string_view name) {
  if (name == "cloudevents") return Form::cloudevents;
  if (name == "ocsf") return Form::ocsf;
  return fail(Code::invalid, "form: '" + excerpt(name) + "' is neither cloudevents nor ocsf");
}

bool subscribes(std::string_view events, std::string_view type) {
  for (const std::string_view pattern : split(events, ',')) {
    if (pattern == "*" || pattern == type) return true;
    // With its dot, so that "mc.token.*" is not for "mc.tokens".
    if (pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1))) {
      return true;
    }
  }
  return false;
}

std::optional<WallTime> read_time(const sql::Rows& row, int column) {
  if (row.type(column) == sql::Type::null) return std::nullopt;
  return from_unix_ms(row.integer(column));
}

Result<Endpoint> read_endpoint(const sql::Rows& row) {
  Endpoint out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.id = row.text(1);
  MC_TRY(out.kind, parse_kind(row.text(2)));
  out.target = row.text(3);
  out.events = row.text(4);
  out.note = row.text(5);
  out.active = row.text(6) == "active";
  out.reason = row.text(7);
  out.generation = row.integer(8);
  out.former_until = read_time(row, 9);
  out.created = from_unix_ms(row.integer(10));
  out.version = row.integer(11);
  MC_TRY(out.form, parse_form(row.text(12)));
  return out;
}

Result<Endpoint> Store::create(const NewEndpoint& wanted) {
  MC_TRY_OK(check_endpoint(wanted));
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const std::vector<Endpoint> all, endpoints(wanted.tenant));
  if (all.size() >= kEndpointsPerTenantMax) {
    return fail(Code::conflict, "tenant " + wanted.tenant.get() + " has the limit of " +
                                    std::to_string(kEndpointsPerTenantMax) + " endpoints");
  }
  Endpoint out;
  out.tenant = wanted.tenant;
  out.id = sys::make_id("nep", clock_, random_);
  out.kind = wanted.kind;
  out.target = wanted.target;
  out.events = wanted.events;
  out.note = wanted.note;
  out.form = wanted.form;
  out.created = whole_ms(clock_.wall());
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO notify_endpoint (tenant_id, endpoint_id, kind, target, events, note, "
             "state, generation, created_at, version, form) "
             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', 1, ?7, 1, ?8)",
             {out.tenant.get(), out.id, std::string(kind_name(out.kind)), out.target, out.events,
              out.note, to_unix_ms(out.created), std::string(form_name(out.form))}));
  MC_TRY_OK(transaction.commit());
  return out;
}

Result<std::vector<Endpoint>> Store::endpoints(const TenantId& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + std::string(kEndpointColumns) +
                               " FROM notify_endpoint e WHERE e.tenant_id = ?1 AND "
                               "e.state <> 'deleted' ORDER BY e.endpoint_id",
                           {tenant.get()}));
  std::vector<Endpoint> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(Endpoint endpoint, read_endpoint(*rows));
    out.push_back(std::move(endpoint));
  }
}

Result<Endpoint> Store::endpoint(const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::vector<Endpoint> all, endpoints(tenant));
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Endpoint& each) { return each.id == id; });
  if (found == all.end()) return tl::unexpected<Error>(unknown(id));
  return *found;
}

Result<Endpoint> Store::update(const Endpoint& endpoint) {
  MC_TRY_OK(check_endpoint({endpoint.tenant, endpoint.kind, endpoint.target, endpoint.events,
                            endpoint.note, endpoint.form}));
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const Endpoint held, this->endpoint(endpoint.tenant, endpoint.id));
  if (held.version != endpoint.version) {
    return fail(Code::conflict, "endpoint " + endpoint.id + " has another version than " +
                                    std::to_string(endpoint.version));
  }
  Endpoint out = held;
  out.target = endpoint.target;
  out.events = endpoint.events;
  out.note = endpoint.note;
  out.form = endpoint.form;
  out.active = endpoint.active;
  out.reason = endpoint.active ? "" : held.reason;
  ++out.version;
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute(
             "UPDATE notify_endpoint SET target = ?3, events = ?4, note = ?5, state = ?6, "
             "reason = ?7, version = ?8, form = ?9 WHERE tenant_id = ?1 AND endpoint_id = ?2",
             {out.tenant.get(), out.id, out.target, out.events, out.note,
              std::string(out.active ? "active" : "disabled"), out.reason, out.version,
              std::string(form_name(out.form))}));
  if (!out.active) MC_TRY_OK(fail_open(out.tenant, out.id, "the endpoint was disabled"));
  MC_TRY_OK(transaction.commit());
  return out;
}

Status Store::fail_open(const TenantId& tenant, const std::string& endpoint,
                        std::string_view reason) {
  MC_TRY([[maybe_unused]] const std::int64_t ended,
         connection_.execute(
             "UPDATE notify_delivery SET state = 'failed', ended_at = ?3, leased_until = 0, "
             "last_error = ?4 WHERE tenant_id = ?1 AND endpoint_id = ?2 AND state = 'pending'",
             {tenant.get(), endpoint, to_unix_ms(clock_.wall()), std::string(reason)}));
  return ok();
}

Status Store::remove(const TenantId& tenant, const std::string& id) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(const std::int64_t changed,
         connection_.execute("UPDATE notify_endpoint SET state = 'deleted', version = version + 1 "
                             "WHERE tenant_id = ?1 AND endpoint_id = ?2 AND state <> 'deleted'",
                             {tenant.get(), id}));
  if (changed == 0) return tl::unexpected<Error>(unknown(id));
  MC_TRY_OK(fail_open(tenant, id, "the endpoint was deleted"));
  return transaction.commit();
}

Result<Endpoint> Store::rotate_secret(const TenantId& tenant, const std::string& id,
                                      Nanos overlap) {
  if (overlap.count < 0 || overlap > kSecretOverlapMax) {
    return fail(Code::invalid, "overlap must be 0 s to 7 days");
  }
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(Endpoint out, endpoint(tenant, id));
  ++out.generation;
  ++out.version;
  out.former_until = whole_ms(clock_.wall() + overlap);
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute(
             "UPDATE notify_endpoint SET generation = ?3, former_until = ?4, "
             "version = ?5 WHERE tenant_id = ?1 AND endpoint_id = ?2",
             {tenant.get(), id, out.generation, to_unix_ms(*out.former_until), out.version}));
  MC_TRY_OK(transaction.commit());
  return out;
}

}  // namespace mc::notify
