// The proofs of where tenants' data lie.
#include "residency/residency.h"

#include <algorithm>

#include "api/handlers.h"
#include "api/receipt_forms.h"

namespace mc::api {
namespace {

constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

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
  out.set("violations", summary.violations);
  out.set("sha256", summary.sha256);
  return out;
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
      const Result<std::int64_t> number = parse_int(value);
      if (!number || *number < 1 ||
          *number > static_cast<std::int64_t>(residency::kProofsListedMax)) {
        return fail(Code::invalid,
                    "limit: it is 1 to " + std::to_string(residency::kProofsListedMax));
      }
      out.limit = static_cast<std::size_t>(*number);
    } else {
      return fail(Code::invalid,
                  "the query has tenant, limit and cursor, not '" + excerpt(name) + "'");
    }
  }
  if (out.tenants.empty()) {
    MC_TRY(out.tenants, visible_tenants(world, *request.caller));
  }
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
