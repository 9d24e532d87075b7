// Exports of a tenant: asked for, looked at, steered, downloaded.
//
// Rows leave to the tenant's own people alone, whatever a warrant opens; the operator's see what
// was exported, and the proofs of it. An auditor sees that too, and no rows.
#include "api/exports_wire.h"
#include "api/handlers.h"
#include "api/receipt_forms.h"
#include "export/export.h"

namespace mc::api {
namespace {

using exporting::Exports;
using exporting::Shown;
using identity::Role;

Result<Exports*> exports_of(const AdminWorld& world) {
  if (world.exports != nullptr) return world.exports;
  return fail(Code::unavailable, "only a running server with datasets has exports");
}

std::string name_of(const identity::Caller& caller) {
  return caller.principal.get() + "@" + caller.tenant.get();
}

// Of a tenant's own people, those who may change something.
Status check_own_writes(const AdminRequest& request, const TenantId& tenant) {
  MC_TRY_OK(check_reads(request, tenant));
  if (!request.caller->may(identity::Scope::admin_write)) {
    return fail(Code::denied, "the token lacks the scope 'admin:write'");
  }
  if (request.caller->tenant == tenant) return ok();
  return fail(Code::denied, "rows leave a tenant by its own people alone");
}

// Who asked for it, and who answers for the tenant's data.
Status check_concerned(const AdminRequest& request, const exporting::Run& run) {
  const identity::Caller& caller = *request.caller;
  const bool concerned = run.requester == name_of(caller) || caller.roles.has(Role::tenant_admin) ||
                         caller.roles.has(Role::dpo);
  if (caller.tenant == run.tenant && concerned && !caller.roles.has(Role::auditor)) return ok();
  return fail(Code::denied,
              "it is for who asked for the export, and for the tenant's tenant-admin and dpo");
}

// An auditor has no rows, whatever other roles they have.
Status check_reader(const AdminRequest& request) {
  if (!request.caller->roles.has(Role::auditor)) return ok();
  return fail(Code::denied, "an auditor sees what was exported, and no rows");
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

json::Object to_json(const exporting::Item& item) {
  json::Object out;
  out.set("name", item.name);
  out.set("media_type", item.media_type);
  out.set("bytes", item.bytes);
  out.set("rows", item.rows ? json::Value(*item.rows) : json::Value());
  out.set("sha256", item.sha256);
  return out;
}

json::Value job_of(const Shown& shown) {
  if (shown.run.job.empty()) return json::Value();
  json::Object out;
  out.set("id", shown.run.job);
  out.set("state", shown.job_state);
  out.set("done", shown.progress.done);
  out.set("total", shown.progress.total == 0 ? json::Value() : json::Value(shown.progress.total));
  out.set("unit", shown.progress.unit);
  out.set("message", shown.progress.message);
  return json::Value(std::move(out));
}

json::Value hold_of(const exporting::Run& run) {
  if (!run.hold) return json::Value();
  const exporting::Hold& hold = *run.hold;
  json::Array columns;
  for (const std::string& each : hold.columns) columns.emplace_back(each);
  json::Object out;
  out.set("pet", exporting::kNoPet);
  out.set("reference", hold.reference);
  out.set("reason", hold.reason);
  out.set("columns", std::move(columns));
  out.set("approved_by", text_or_null(hold.approved_by));
  out.set("approved_at", hold.approved_by.empty()
                             ? json::Value()
                             : json::Value(format_rfc3339(from_unix_ms(hold.approved_ms))));
  out.set("exception",
          run.outcome.exception == 0 ? json::Value() : json::Value(run.outcome.exception));
  return json::Value(std::move(out));
}

json::Object to_json(const Shown& shown) {
  const exporting::Run& run = shown.run;
  const bool has_outcome = !run.outcome.items.empty();
  const auto known = [&](std::int64_t number) {
    return has_outcome ? json::Value(number) : json::Value();
  };
  json::Array items;
  for (const exporting::Item& item : run.outcome.items) items.emplace_back(to_json(item));
  json::Object out;
  out.set("id", run.id);
  out.set("tenant", run.tenant.get());
  out.set("kind", exporting::kind_name(run.kind));
  out.set("dataset", run.dataset);
  out.set("profile", text_or_null(run.profile));
  out.set("format", exporting::format_name(run.format));
  out.set("purpose", run.purpose);
  out.set("requester", run.requester);
  out.set("state", exporting::state_name(run.state));
  out.set("reason", text_or_null(run.reason));
  out.set("asked_at", format_rfc3339(run.asked));
  out.set("changed_at", format_rfc3339(run.changed));
  out.set("expires_at", format_rfc3339(run.expires));
  out.set("decision", text_or_null(run.decision));
  out.set("job", job_of(shown));
  out.set("items", std::move(items));
  out.set("manifest", text_or_null(run.outcome.manifest));
  out.set("snapshot", text_or_null(run.outcome.snapshot));
  out.set("rows_in", run.kind == exporting::Kind::dp ? json::Value() : known(run.outcome.rows_in));
  out.set("rows_out", known(run.outcome.rows_out));
  out.set("suppressed",
          run.kind == exporting::Kind::kanon ? known(run.outcome.suppressed) : json::Value());
  out.set("record", run.record == 0 ? json::Value() : json::Value(run.record));
  out.set("legal_hold", hold_of(run));
  return out;
}

Result<exporting::Ask> read_ask(const AdminRequest& request, const TenantId& tenant) {
  MC_TRY(const ExportBody body, read_body<ExportBody>(request));
  exporting::Ask out{.caller = *request.caller, .tenant = tenant};
  if (body.kind == "dp") out.kind = exporting::Kind::dp;
  if (body.kind == "hold") out.kind = exporting::Kind::hold;
  if (body.legal_hold) {
    out.hold = {body.legal_hold->reference, body.legal_hold->reason, body.legal_hold->columns};
  }
  out.profile = body.profile;
  out.dataset = body.dataset;
  if (!body.format.empty()) {
    out.format = body.format == "jsonl" ? exporting::Format::jsonl : exporting::Format::csv;
  }
  if (out.kind == exporting::Kind::kanon && body.profile.empty()) {
    return fail(Code::invalid, "profile: it is missing");
  }
  out.releases = body.releases;
  out.purpose = body.purpose;
  out.idempotency_key = std::string(request.http.header("idempotency-key"));
  out.request_id = std::string(request.request_id);
  return out;
}

Reply steer_export(const AdminWorld& world, const AdminRequest& request, exporting::Steer steer) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_own_writes(request, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  MC_TRY(Shown shown, exports->find(tenant, request.path[3]));
  MC_TRY_OK(check_concerned(request, shown.run));
  if (!request.dry_run) {
    MC_TRY(shown, exports->steer(*request.caller, tenant, request.path[3], steer));
  }
  return json_reply(200, json::Value(to_json(shown)));
}

}  // namespace

Reply list_exports(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  std::string cursor;
  std::int64_t limit = 50;
  for (const auto& [name, value] : request.query) {
    if (name == "cursor") {
      cursor = value;
    } else if (name == "limit") {
      const Result<std::int64_t> number = parse_int(value);
      limit = number ? *number : 0;
    } else {
      return fail(Code::invalid, "the query has limit and cursor, not '" + excerpt(name) + "'");
    }
  }
  MC_TRY(const Exports::Page found, exports->list(tenant, cursor, limit));
  json::Array items;
  for (const Shown& each : found.items) items.emplace_back(to_json(each));
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", text_or_null(found.next));
  return json_reply(200, json::Value(std::move(out)));
}

Reply create_export(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_own_writes(request, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  MC_TRY(const exporting::Ask ask, read_ask(request, tenant));
  if (ask.hold) {
    if (auto refused = challenge(world, request)) return std::move(*refused);
  }
  MC_TRY(const Shown asked,
         exports->request(ask, request.dry_run ? exporting::Trial::dry : exporting::Trial::real));
  net::Response out = json_reply(request.dry_run ? 200 : 202, json::Value(to_json(asked)));
  if (!request.dry_run) {
    out.headers.emplace_back("Location",
                             "/v1/tenants/" + tenant.get() + "/exports/" + asked.run.id);
  }
  return out;
}

Reply get_export(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  MC_TRY(const Shown shown, exports->find(tenant, request.path[3]));
  return json_reply(200, json::Value(to_json(shown)));
}

Reply get_export_file(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  const std::string& name = request.path[5];
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  MC_TRY(const Shown shown, exports->find(tenant, request.path[3]));
  const bool proof = name == exporting::kBundleFile || name == exporting::kReleaseFile;
  if (!proof && shown.run.hold) {
    MC_TRY_OK(check_reader(request));
    MC_TRY_OK(exports->check_taker(*request.caller, shown.run, std::string(request.request_id)));
  }
  if (!proof && !shown.run.hold) MC_TRY_OK(check_concerned(request, shown.run));
  MC_TRY(Exports::File file, exports->file(tenant, request.path[3], name));
  const std::string as = shown.run.id + "-" + file.name;
  return as_file(std::move(file.bytes), as,
                 name == exporting::kBundleFile ? kBundleType : file.media_type);
}

Reply approve_export(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_own_writes(request, tenant));
  MC_TRY(Exports * exports, exports_of(world));
  if (auto refused = challenge(world, request)) return std::move(*refused);
  MC_TRY(
      const Shown shown,
      exports->approve({*request.caller, std::string(request.request_id)}, tenant, request.path[3],
                       request.dry_run ? exporting::Trial::dry : exporting::Trial::real));
  return json_reply(200, json::Value(to_json(shown)));
}

Reply cancel_export(const AdminWorld& world, const AdminRequest& request) {
  return steer_export(world, request, exporting::Steer::cancel);
}
Reply pause_export(const AdminWorld& world, const AdminRequest& request) {
  return steer_export(world, request, exporting::Steer::pause);
}
Reply resume_export(const AdminWorld& world, const AdminRequest& request) {
  return steer_export(world, request, exporting::Steer::resume);
}

}  // namespace mc::api
