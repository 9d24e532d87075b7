#include "matrix/planted.h"

#include <algorithm>

namespace mc::matrix {
namespace {

constexpr const char* kAllow = "mc/access/allow.rego";
constexpr const char* kDecision = "mc/access/decision.rego";
constexpr const char* kDeny = "mc/access/deny.rego";
constexpr const char* kMask = "mc/access/mask.rego";
constexpr const char* kSettings = "mc/settings/data.json";
constexpr const char* kWarrant = "mc/access/warrant.rego";

// A rule of another name is a rule that is gone.
const Planted kPlanted[] = {
    {"no purpose needed", kDeny, "denied_by contains \"purpose-missing\"", "gone contains \"x\""},
    {"any purpose", kDeny, "denied_by contains \"purpose-unknown\"", "gone contains \"x\""},
    {"purposes are not granted", kDeny, "denied_by contains \"purpose-not-granted\"",
     "gone contains \"x\""},
    {"resources are for anything", kDeny, "denied_by contains \"purpose-mismatch\"",
     "gone contains \"x\""},
    {"tenants reach into others", kDeny, "denied_by contains \"cross-tenant\"",
     "gone contains \"x\""},
    {"data leave their region", kDeny, "denied_by contains \"cross-region\"",
     "gone contains \"x\""},
    {"a server serves other regions", kDeny, "denied_by contains \"region-not-here\"",
     "gone contains \"x\""},
    {"the server's region does not count", kDeny,
     "\tinput.node.region,\n\tinput.resource.region,\n}", "\tinput.resource.region,\n}"},
    {"the caller's region does not count", kDeny,
     "\tinput.principal.region,\n\tinput.tenant.region,", "\tinput.tenant.region,"},
    {"the data's region does not count", kDeny, "\tinput.resource.region,\n}", "}"},
    {"regions that no tenant agreed to", kDeny,
     "is_agreed(region) if region == input.tenant.region", "is_agreed(region) if region != \"\""},
    {"two regions are one", kDeny, "count(regions) < 2", "count(regions) < 3"},
    {"named warrants need not open", kWarrant, "denied_by contains \"warrant-invalid\"",
     "gone contains \"x\""},
    {"warrants that are not active", kWarrant, "\tinput.warrant.status == \"active\"\n", ""},
    {"revoked warrants", kWarrant, "input.warrant.status == \"active\"",
     "input.warrant.status in {\"active\", \"revoked\"}"},
    {"warrants of other tenants", kWarrant, "\tinput.warrant.tenant == input.tenant.id\n", ""},
    {"expired warrants", kWarrant, "input.time_ms < input.warrant.expires_ms",
     "input.time_ms <= input.warrant.expires_ms"},
    {"warrants before their time", kWarrant, "input.warrant.effective_ms <= input.time_ms",
     "input.warrant.effective_ms > 0"},
    {"warrants for other actions", kWarrant, "\twarrant_permits\n", ""},
    {"warrants of others", kWarrant, "\twarrant_binds\n", ""},
    {"unbound warrants for anybody", kWarrant,
     "\tinput.principal.tenant == data.mc.settings.operator_tenant\n", ""},
    {"warrants of namesakes", kWarrant,
     "concat(\"@\", [input.principal.id, input.principal.tenant])",
     "concat(\"@\", [input.principal.id, split(input.warrant.bound_to, \"@\")[1]])"},
    {"warrants for resources are for none", kWarrant, "concat(\":\", [", "concat(\"?\", ["},
    {"no role needed", kAllow, "denied_by contains \"role\" if", "gone contains \"x\" if"},
    {"roles forbid nothing", kAllow, "denied_by contains \"role-forbids\"", "gone contains \"x\""},
    {"a role has every action", kAllow, "\tinput.action in data.mc.settings.actions[role]\n",
     "\tdata.mc.settings.actions[role]\n"},
    {"allowed in any case", kDecision, "\tcount(denied_by) == 0\n", ""},
    {"never allowed", kDecision, "\tcount(denied_by) == 0\n", "\tcount(denied_by) > 0\n"},
    {"another tenant's columns are clear", kMask,
     "\tsensitivity in data.mc.settings.clear_across_tenants\n", ""},
    {"exports are clear", kMask, "\tsensitivity in data.mc.settings.clear_at_most[input.action]\n",
     ""},
    {"unknown columns are shown", kMask, "\"drop\") if {", "\"keep\") if {"},
    {"purposes clear nothing", kMask, "data.mc.settings.clear_for_purpose[input.purpose][role]",
     "data.mc.settings.clear_for_purpose.nothing[role]"},
    {"machines prove themselves", kMask, "\tnot is_machine\n", ""},
    {"proof is asked for again", kMask, "\tnot is_proven\n", ""},
    {"nobody is told", kMask, "default alert := true", "default alert := false"},
    {"another mask", kSettings, "\"personal\": \"hash\"", "\"personal\": \"partial\""},
    {"one more action", kSettings, "\"auditor\": [\"read\", \"introspect\"]",
     "\"auditor\": [\"read\", \"introspect\", \"export\"]"},
    {"one purpose less", kSettings, "\"demo\", ", ""},
    {"one step-up less", kSettings, "\"step_up\": [\"export\", \"admin\", \"hold\"]",
     "\"step_up\": [\"export\", \"hold\"]"},
    {"holds without proof", kSettings, "\"step_up\": [\"export\", \"admin\", \"hold\"]",
     "\"step_up\": [\"export\", \"admin\"]"}};

}  // namespace

std::span<const Planted> all_planted() {
  return kPlanted;
}

std::vector<archive::Entry> plant(std::vector<archive::Entry> files, const Planted& planted) {
  const std::string_view text = planted.text;
  const auto file = std::find_if(files.begin(), files.end(), [&](const archive::Entry& each) {
    return each.path == planted.file;
  });
  if (file == files.end()) return {};
  const std::size_t at = file->bytes.find(text);
  if (at == std::string::npos || file->bytes.find(text, at + 1) != std::string::npos) return {};
  file->bytes.replace(at, text.size(), planted.instead);
  return files;
}

}  // namespace mc::matrix
