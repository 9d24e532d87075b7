// What the policies say of an export: whether it may be, and how strong it has to be at least. Part
// of export.h.
//
// They are asked at data.mc.export.decision (docs/formats/export-decision.md), in this process
// only, as with the terms of budgets:
//   {"allow": bool, "rules": [string], "reasons": [string],
//    "bounds": [{"rule": string, "k": int, "suppression_ppm": int, "criteria": [{...}]}]}
// No policy, no answer, an error, another shape, and an answer that allows without a bound all
// deny.
//
// All bounds hold at once. A profile that is weaker than one of them is refused, and its rule
// named.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/base.h"
#include "export/profile.h"
#include "policy/policy.h"

namespace mc::exporting {

inline constexpr std::string_view kDecisionPath = "mc/export/decision";

// `hold`: for a legal hold, without a technology that protects; it has no rules here, but a
// permission of its own (access::Action::hold).
enum class Kind : std::uint8_t { kanon, dp, hold };
std::string_view kind_name(Kind kind);

struct Bound {
  std::string rule;
  std::int64_t k = 0;
  std::int64_t suppression_ppm = 0;
  std::vector<CriterionSettings> criteria;  // of each sensitive column
  bool operator==(const Bound&) const = default;
};

struct Rules {
  bool allow = false;
  std::vector<std::string> rules;
  std::vector<std::string> reasons;
  std::vector<Bound> bounds;
  std::string revision;  // of the policies
  bool operator==(const Rules&) const = default;
};

// `invalid` names the member that is not as it should be.
Result<Rules> read_rules(term::Value answer);

// `denied` names what is weaker and the rule that wants more; "export-k: ... (rule bound-default)".
Status check_bounds(const Profile& profile, const std::vector<Bound>& bounds);

struct Asked {
  const identity::Caller& caller;
  std::string_view purpose;
  std::string_view tenant, tenant_region, node_region;
  Kind kind = Kind::kanon;
  std::string_view profile;  // its name
  const Profile& settings;
  const access::Resource& resource;
  bool stepped_up = false;
};

// Of one thread; does not block.
class RulesGate {
 public:
  struct World {
    const policy::Engine& engine;
    sys::Clock& clock;
    sys::Random& random;
  };
  explicit RulesGate(const World& world);
  // Never fails: what goes wrong denies, with the reason "policy-error".
  Rules ask(const Asked& asked);

 private:
  World world_;
  policy::Evaluator evaluator_;
};

}  // namespace mc::exporting
