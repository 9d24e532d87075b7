// The policies in use: what they are, how often each rule spoke, and what others would decide.
#include <algorithm>
#include <map>

#include "access/remote.h"
#include "api/policy_wire.h"
#include "api/recorded.h"

namespace mc::api {
namespace {

constexpr Nanos kCountedTime = seconds(3600);
constexpr std::size_t kCountedMax = 10'000;      // decisions
constexpr std::size_t kBodyBytesMax = 8U << 20;  // of a candidate; server.body_bytes_max is before
constexpr std::size_t kUnpackedMax = 64U << 20;
constexpr std::size_t kFilesMax = 2'000;
constexpr std::string_view kElsewhere = "opa";  // where policies come from: policy.opa.url
constexpr Endpoint kWhatIf{"POST", "/v1/policy/what-if", false, false, true};

Status check_operates(const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  if (request.caller->reads_other_tenants()) return ok();
  return fail(Code::denied, "role operator or platform of tenant system is required");
}

json::Value time_or_null(WallTime at) {
  return at == WallTime{} ? json::Value() : json::Value(format_rfc3339(at));
}

struct RuleCount {
  const policy::RuleNote* note = nullptr;
  std::int64_t decisions = 0, denied = 0;
  access::Estimate estimated;  // decisions that these stand for
};
using RuleCounts = std::map<std::string, RuleCount>;

// Of the rules that the gate's policies name: those in its package or below.
bool decides(const policy::RuleNote& note) {
  constexpr std::string_view kPackage = "mc/access/";
  return note.path.starts_with(kPackage);
}

// Families are listed by the ids that spoke, or as families when none did.
RuleCounts count_rules(const policy::Policies& policies,
                       const std::vector<access::DecisionFacts>& decisions) {
  RuleCounts out;
  for (const access::DecisionFacts& decision : decisions) {
    std::vector<std::string> ids = decision.rules;
    for (const std::string& reason : decision.outcome.reasons) {
      if (std::find(ids.begin(), ids.end(), reason) == ids.end()) ids.push_back(reason);
    }
    for (const std::string& id : ids) {
      RuleCount& one = out[id];
      ++one.decisions;
      one.estimated.add(decision.rate);
      const auto& reasons = decision.outcome.reasons;
      if (std::find(reasons.begin(), reasons.end(), id) != reasons.end()) ++one.denied;
    }
  }
  for (auto& [id, count] : out) count.note = access::note_of(policies, id);
  for (const policy::RuleNote& note : policies.rules()) {
    if (!decides(note)) continue;
    const bool spoke = std::any_of(out.begin(), out.end(),
                                   [&](const auto& each) { return note.is_named(each.first); });
    if (!spoke) out[note.id].note = access::note_of(policies, note.id);
  }
  return out;
}

json::Value rules_json(const RuleCounts& counts) {
  json::Array out;
  for (const auto& [id, count] : counts) {
    json::Object one;
    one.set("id", id);
    one.set("title", text_or_null(count.note == nullptr ? "" : count.note->title));
    one.set("description", text_or_null(count.note == nullptr ? "" : count.note->description));
    one.set("decisions", count.decisions);
    one.set("denied", count.denied);
    one.set("estimated", count.estimated.rounded());
    out.emplace_back(std::move(one));
  }
  return json::Value(std::move(out));
}

Result<std::vector<access::DecisionFacts>> counted(const PolicyDesk& desk, WallTime now,
                                                   const identity::Caller& caller) {
  access::DecisionQuery query;
  query.from = now - kCountedTime;
  query.limit = kCountedMax;
  if (!caller.reads_other_tenants()) query.tenant = caller.tenant.get();
  MC_TRY(const std::vector<access::LoggedDecision> found, desk.decisions.search(query));
  std::vector<access::DecisionFacts> out;
  for (const access::LoggedDecision& one : found) {
    auto facts = access::read_decision(one);
    if (facts) out.push_back(std::move(*facts));
  }
  return out;
}

// A problem names paths and servers, which are the operator's.
json::Value problem_json(const policy::UpdaterStatus& status, const identity::Caller& caller) {
  if (status.problem.empty()) return {};
  if (caller.tenant.get() == identity::kSystemTenant) return json::Value(status.problem);
  if (status.location_kind == kElsewhere) return json::Value("the OPA server does not answer");
  return json::Value("the newest policies could not be taken");
}

// Of policies elsewhere only what comes with their answers is known.
policy::UpdaterStatus status_of(const PolicyDesk& desk) {
  policy::UpdaterStatus out = desk.updater.status();
  if (desk.remote == nullptr) return out;
  out.location_kind = kElsewhere;
  out.revision = desk.remote->revision();
  if (out.revision == access::kRemoteRevision) out.revision.clear();
  out.problem = desk.remote->paused();
  return out;
}

Reply policy_reply(const AdminWorld& world, const PolicyDesk& desk,
                   const identity::Caller& caller) {
  const policy::UpdaterStatus status = status_of(desk);
  json::Object out;
  out.set("bundle", status.bundle);
  out.set("revision", text_or_null(status.revision));
  out.set("digest", text_or_null(status.digest));
  out.set("signed_by", text_or_null(status.signed_by));
  out.set("channel", status.channel);
  out.set("location_kind", status.location_kind);
  out.set("activated_at", time_or_null(status.activated));
  out.set("looked_at", time_or_null(status.looked));
  out.set("problem", problem_json(status, caller));
  out.set("expired", status.expired);
  out.set("expires_at", status.expires ? time_or_null(*status.expires) : json::Value());
  out.set("packed", status.packed);
  out.set("refused", status.refused);
  out.set("activations", status.activations);
  MC_TRY(const std::vector<access::DecisionFacts> decisions,
         counted(desk, world.clock.wall(), caller));
  access::Estimate estimated;
  for (const access::DecisionFacts& each : decisions) estimated.add(each.rate);
  out.set("counted", static_cast<std::int64_t>(decisions.size()));
  out.set("sampled", std::any_of(decisions.begin(), decisions.end(),
                                 [](const access::DecisionFacts& each) { return each.rate < 1; }));
  out.set("estimated", estimated.rounded());
  out.set("rules", rules_json(count_rules(*desk.engine.current(), decisions)));
  return json_reply(200, json::Value(std::move(out)));
}

Result<std::vector<archive::Entry>> read_file_texts(std::string_view body) {
  MC_TRY(const json::Value value, json::parse(body, {.bytes_max = kBodyBytesMax}));
  const json::Value* const files = value.find("files");
  if (files == nullptr || files->as_object() == nullptr || value.as_object()->size() != 1) {
    return fail(Code::invalid, "files: the body is an object with this one member, an object");
  }
  if (files->as_object()->size() > kFilesMax) {
    return fail(Code::invalid, "files: more than " + std::to_string(kFilesMax));
  }
  std::vector<archive::Entry> out;
  for (const json::Member& file : files->as_object()->members()) {
    MC_TRY(std::string path, archive::clean_path(file.name));
    const std::string* const text = file.value.as_string();
    if (text == nullptr) return fail(Code::invalid, "files: " + excerpt(path) + ": it is a text");
    out.push_back({std::move(path), *text});
  }
  return out;
}

// A candidate is looked at and never activated, so its signature is not held against it.
Result<policy::Bundle> read_candidate(const AdminRequest& request) {
  if (request.http.body.size() > kBodyBytesMax) {
    return fail(Code::invalid,
                "the body has more than " + std::to_string(kBodyBytesMax) + " bytes");
  }
  policy::BundleOptions options;
  options.ignore_signature = true;
  options.limits.packed_bytes_max = kBodyBytesMax;
  options.limits.bytes_max = options.limits.entry_bytes_max = kUnpackedMax;
  options.limits.entries_max = kFilesMax;
  const std::string_view type = request.http.header("content-type");
  if (type.starts_with("application/gzip")) return policy::read_bundle(request.http.body, options);
  MC_TRY(std::vector<archive::Entry> files, read_file_texts(request.http.body));
  return policy::read_files(std::move(files), options);
}

Result<std::shared_ptr<const policy::Policies>> compile_candidate(const AdminRequest& request,
                                                                  const PolicyDesk& desk) {
  MC_TRY(policy::Bundle bundle, read_candidate(request));
  const bool is_delta =
      std::any_of(bundle.files.begin(), bundle.files.end(),
                  [](const archive::Entry& file) { return file.path == "patch.json"; });
  if (is_delta) return fail(Code::invalid, "patch.json: a delta is no whole bundle");
  return policy::Policies::make({{desk.updater.status().bundle, std::move(bundle)}},
                                desk.updater.capabilities());
}

Result<access::WhatIfQuery> read_asked(const AdminWorld& world, const AdminRequest& request) {
  access::WhatIfQuery out;
  out.to = world.clock.wall() + millis(1);  // with those of now
  std::optional<WallTime> from;
  for (const auto& [name, value] : request.query) {
    const Result<std::int64_t> number = parse_int(value);
    if (name == "tenant") {
      out.tenant = value;
    } else if (name == "from") {
      MC_TRY(from, time_in(name, value));
    } else if (name == "to") {
      MC_TRY(out.to, time_in(name, value));
    } else if (name == "limit") {
      if (!number || *number < 1 || *number > std::int64_t{access::kWhatIfMax}) {
        return fail(Code::invalid, "limit: it is 1 to " + std::to_string(access::kWhatIfMax));
      }
      out.limit = static_cast<std::size_t>(*number);
    } else {
      return fail(Code::invalid,
                  "the query has tenant, from, to and limit, not '" + excerpt(name) + "'");
    }
  }
  out.from = from.value_or(out.to - kCountedTime);
  if (out.from >= out.to) return fail(Code::invalid, "from: it is not before to");
  return out;
}

// Asks the gate of each tenant once, and remembers what it said.
class Gates {
 public:
  Gates(const AdminWorld& world, const AdminRequest& request) : world_(world), request_(request) {}

  std::string passes_over(const std::string& tenant) {
    const auto known = said_.find(tenant);
    if (known != said_.end()) return known->second;
    auto said = ask(TenantId(tenant));
    if (!said) failed_ = tl::unexpected<Error>(said.error());
    return said_[tenant] = said ? *said : "failed";
  }
  // What could not be recorded is not told.
  const Status& failed() const { return failed_; }

 private:
  Result<std::string> ask(const TenantId& tenant) {
    if (request_.caller->tenant == tenant) return "";
    MC_TRY(const bool known, is_known(world_, tenant));
    if (!known) return "tenant-gone";
    MC_TRY(const bool open, reaches(world_, request_, kWhatIf, tenant));
    return open ? "" : "gate-shut";
  }

  const AdminWorld& world_;
  const AdminRequest& request_;
  std::map<std::string, std::string> said_;
  Status failed_ = ok();
};

}  // namespace

Reply get_policy(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  if (!request.query.empty()) {
    return fail(Code::invalid, "there is no query here, not '" +
                                   excerpt(request.query.front().first) + "' either");
  }
  MC_TRY(const PolicyDesk* desk, desk_of(world));
  return policy_reply(world, *desk, *request.caller);
}

Reply reload_policy(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_operates(request));
  if (!request.caller->may(identity::Scope::admin_write)) {
    return fail(Code::denied, "the token lacks the scope 'admin:write'");
  }
  MC_TRY(const PolicyDesk* desk, desk_of(world));
  if (desk->remote != nullptr) {
    return fail(Code::conflict,
                "the OPA server of policy.opa.url decides, and looks for its policies itself");
  }
  if (!request.dry_run) {
    const Status looked = desk->updater.look();
    if (!looked && looked.error().code != Code::unavailable) {
      return fail(Code::conflict, looked.error().what);
    }
    MC_TRY_OK(looked);
  }
  return policy_reply(world, *desk, *request.caller);
}

Reply try_policy(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_operates(request));
  MC_TRY(const PolicyDesk* desk, desk_of(world));
  MC_TRY(access::WhatIfQuery query, read_asked(world, request));
  if (!query.tenant.empty()) MC_TRY_OK(check_known(world, TenantId(query.tenant)));
  MC_TRY(const auto candidate, compile_candidate(request, *desk));
  Gates gates(world, request);
  if (query.tenant.empty()) {
    query.passes_over = [&](const std::string& tenant) { return gates.passes_over(tenant); };
  }
  query.progress = [&](std::size_t, std::size_t) { return gates.failed().has_value(); };
  MC_TRY(
      const access::WhatIf result,
      access::what_if({candidate, desk->decisions, world.clock, desk->random, desk->find}, query));
  MC_TRY_OK(gates.failed());
  json::Object out = to_json(result);
  out.set("from", format_rfc3339(query.from));
  out.set("to", format_rfc3339(query.to));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
