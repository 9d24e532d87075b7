// Where tenants' data lie: as it is configured, as it is proven, and what was tried against it.
#include "residency/residency.h"

#include <algorithm>

#include "api/handlers.h"
#include "api/receipt_forms.h"

namespace mc::api {
namespace {

Result<residency::Residency*> residency_of(const AdminWorld& world) {
  if (world.residency != nullptr) return world.residency;
  return fail(Code::unavailable, "only a running server with datasets proves where data lie");
}

json::Object to_json(const residency::Summary& summary) {
  json::Object out;
  out.set("tenant", summary.tenant);
  out.set("period", summary.period);
  out.set("region", summary.region);
  out.set("node", summary.node);
  out.set("node_region", summary.node_region);
  out.set("from", summary.from);
  out.set("to", summary.to);
  out.set("at", summary.at);
  out.set("ok", summary.ok);
  out.set("reads", summary.reads);
  out.set("writes", summary.writes);
  out.set("probes", summary.probes);
  out.set("probes_ok", summary.probes_ok);
  out.set("violations", summary.violations);
  out.set("sha256", summary.sha256);
  return out;
}

Result<std::size_t> limit_in(const std::string& value) {
  const Result<std::int64_t> number = parse_int(value);
  if (!number || *number < 1 || *number > static_cast<std::int64_t>(residency::kProofsListedMax)) {
    return fail(Code::invalid, "limit: it is 1 to " + std::to_string(residency::kProofsListedMax));
  }
  return static_cast<std::size_t>(*number);
}

Result<residency::Residency::Question> read_question(const AdminWorld& world,
                                                     const AdminRequest& request) {
  residency::Residency::Question out;
  for (const auto& [name, value] : request.query) {
    if (name == "tenant") {
      MC_TRY_OK(check_reads(request, TenantId(value)));
      MC_TRY_OK(check_known(world, TenantId(value)));
      out.tenants = {value};
    } else if (name == "cursor") {
      out.cursor = value;
    } else if (name == "limit") {
      MC_TRY(out.limit, limit_in(value));
    } else if (name == "from") {
      MC_TRY(out.from, time_in(name, value));
    } else if (name == "to") {
      MC_TRY(out.to, time_in(name, value));
    } else if (name == "ok") {
      if (value != "true" && value != "false") {
        return fail(Code::invalid, "ok: it is true or false");
      }
      out.ok = value == "true";
    } else {
      return fail(Code::invalid, "the query has tenant, from, to, ok, limit and cursor, not '" +
                                     excerpt(name) + "'");
    }
  }
  if (out.from && out.to && *out.from >= *out.to) {
    return fail(Code::invalid, "from: it is not before to");
  }
  if (out.tenants.empty()) {
    MC_TRY(out.tenants, visible_tenants(world, *request.caller));
  }
  return out;
}

json::Array texts(const std::vector<std::string>& list) {
  json::Array out;
  for (const std::string& each : list) out.emplace_back(each);
  return out;
}

json::Object to_json(const residency::Residency::Located::Place& place) {
  json::Object out;
  out.set("source", place.source);
  out.set("region", place.region);
  out.set("datasets", texts(place.datasets));
  out.set("verdict", residency::answer_name(place.answer));
  return out;
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

json::Object to_json(const residency::Tried& tried) {
  json::Object out;
  out.set("record", static_cast<std::int64_t>(tried.record));
  out.set("at", format_rfc3339(tried.at));
  out.set("denied", tried.denied);
  out.set("actor", tried.actor);
  out.set("purpose", tried.purpose);
  out.set("erased", tried.erased);
  out.set("code", text_or_null(tried.code));
  out.set("action", text_or_null(tried.action));
  out.set("dataset", text_or_null(tried.dataset));
  out.set("source", text_or_null(tried.source));
  out.set("src", tried.erased ? json::Value() : json::Value(tried.src));
  out.set("dst", tried.erased ? json::Value() : json::Value(tried.dst));
  out.set("count", tried.count ? json::Value(*tried.count) : json::Value());
  out.set("period", text_or_null(tried.period));
  out.set("request_id", text_or_null(tried.request_id));
  return out;
}

Result<search::Query> read_attempt_query(const AdminRequest& request) {
  search::Query out;
  for (const auto& [name, value] : request.query) {
    if (name == "code") {
      out.reason = value;
    } else if (name == "actor") {
      out.actor = value;
    } else if (name == "from") {
      MC_TRY(out.from, time_in(name, value));
    } else if (name == "to") {
      MC_TRY(out.to, time_in(name, value));
    } else if (name == "limit") {
      MC_TRY(const std::size_t limit, limit_in(value));
      out.limit = static_cast<std::int64_t>(limit);
    } else if (name == "cursor") {
      const Result<std::int64_t> number = parse_int(value);
      if (!number || *number < 0) return fail(Code::invalid, "cursor: it is not of a page");
      out.before = static_cast<std::uint64_t>(*number);
    } else {
      return fail(Code::invalid, "the query has code, actor, from, to, limit and cursor, not '" +
                                     excerpt(name) + "'");
    }
  }
  if (out.from && out.to && *out.from >= *out.to) {
    return fail(Code::invalid, "from: it is not before to");
  }
  return out;
}

// The denials and the finds of a log, the newest first; `more` when there are others.
Result<search::Found> find_tried(search::Index& index, const std::string& log,
                                 search::Query query) {
  query.type = transparency::kind_name(transparency::Kind::denied);
  query.action = std::string(residency::kRecordAction) + "*";
  MC_TRY(search::Found out, index.find(log, query));
  query.type = residency::kViolationType;
  MC_TRY(const search::Found found, index.find(log, query));
  out.records.insert(out.records.end(), found.records.begin(), found.records.end());
  std::sort(out.records.rbegin(), out.records.rend());
  const auto limit = static_cast<std::size_t>(query.limit);
  out.more = out.more || found.more || out.records.size() > limit;
  out.records.resize(std::min(out.records.size(), limit));
  return out;
}

enum class ProofForm : std::uint8_t { bundle, document };

Result<ProofForm> proof_form_in(const AdminRequest& request) {
  ProofForm out = ProofForm::bundle;
  for (const auto& [name, value] : request.query) {
    if (name != "form") {
      return fail(Code::invalid, "the query has form, not '" + excerpt(name) + "'");
    }
    if (value != "bundle" && value != "document") {
      return fail(Code::invalid, "form: it is bundle or document");
    }
    out = value == "document" ? ProofForm::document : ProofForm::bundle;
  }
  return out;
}

}  // namespace

Reply list_residency(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  MC_TRY(const residency::Residency::Question question, read_question(world, request));
  MC_TRY(const residency::Residency* residency, residency_of(world));
  MC_TRY(const residency::Residency::Listed listed, residency->list(question));
  json::Array items;
  for (const residency::Summary& each : listed.items) items.emplace_back(to_json(each));
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor",
          listed.next_cursor.empty() ? json::Value() : json::Value(listed.next_cursor));
  return json_reply(200, json::Value(std::move(out)));
}

Reply locate_residency(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  if (!request.query.empty()) {
    return fail(Code::invalid, "there is no query here, not '" +
                                   excerpt(request.query.front().first) + "' either");
  }
  MC_TRY(const residency::Residency* residency, residency_of(world));
  MC_TRY(const residency::Residency::Located located, residency->locate(tenant));
  const residency::Regions& regions = residency->regions();
  const auto permitted = regions.permitted(tenant);
  json::Object node;
  node.set("name", residency->node());
  node.set("region", regions.node());
  json::Array places;
  for (const auto& each : located.places) places.emplace_back(to_json(each));
  json::Object out;
  out.set("tenant", tenant.get());
  out.set("region", located.region);
  out.set("permitted", texts({permitted.begin(), permitted.end()}));
  out.set("unstated", regions.unstated() == residency::Unstated::deny ? "deny" : "allow");
  out.set("node", std::move(node));
  out.set("proven", residency->proves());
  out.set("places", std::move(places));
  out.set("absent", texts(located.absent));
  return json_reply(200, json::Value(std::move(out)));
}

Reply list_attempts(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(const search::Query query, read_attempt_query(request));
  MC_TRY(const ledger::Ledger* ledger, ledger_of(world));
  if (world.index == nullptr) return fail(Code::unavailable, "only a running server searches");
  const std::string log = transparency::log_of(tenant);
  const bool begun = ledger->store().head(log).has_value();
  search::Found found;
  if (begun) {
    MC_TRY(found, find_tried(*world.index, log, query));
  }
  json::Array items;
  for (const std::uint64_t seq : found.records) {
    MC_TRY(const transparency::ReadableRecord record,
           transparency::read_record(ledger->store(), log, seq));
    const std::optional<residency::Tried> tried = residency::read_tried(record);
    if (tried) items.emplace_back(to_json(*tried));
  }
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor",
          found.more ? json::Value(std::to_string(found.records.back())) : json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

// Its bytes, as they were signed; the document is the artifact of the bundle.
Reply get_residency(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  const std::string& period = request.path[2];
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(const ProofForm form, proof_form_in(request));
  MC_TRY(const residency::Residency* residency, residency_of(world));
  MC_TRY(residency::Residency::Proof proof, residency->read(tenant, period));
  const std::string name = "residency-" + tenant.get() + "-" + period;
  if (form == ProofForm::document) return as_file(std::move(proof.document), name + ".json");
  return as_file(std::move(proof.bundle), name + ".sigstore.json", kBundleType);
}

Reply probe_residency(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(residency::Residency * residency, residency_of(world));
  if (request.dry_run) return json_reply(200, json::Value(json::Object()));
  MC_TRY(const residency::Summary made, residency->prove_now(tenant));
  return json_reply(201, json::Value(to_json(made)));
}

}  // namespace mc::api
