// What the glossary's words say about a request, in plain C++: no Rego, no tables of the policies.
// Slow and obvious; whatever differs from the policies is a fault of one of the two.
//
//   purpose    "actor purposes must contain the resource purpose; missing purpose = deny"
//   warrant    "cross-tenant / cross-region access denied unless warrant + authorityBinding"
//   binding    "link warrant -> resource/actor, checked at query time"
//   residency  "denied across regions outside warrant + binding"
//   masking    "field masks from policy by purpose, role, risk; PII exports redacted by default"
//   auditor    "is read-only"
#pragma once

#include <set>
#include <string>
#include <vector>

#include "access/access.h"

namespace mc::matrix {

struct Judgement {
  bool allow = false;
  std::set<std::string> reasons;
  std::set<std::string> rules;
  std::vector<std::string> masks;  // one for each column; "keep" = as it is
  bool step_up = false;
  bool alert = false;
  bool operator==(const Judgement&) const = default;
};

Judgement judge(const access::Request& request, WallTime now);
// The same of a verdict, to be compared.
Judgement judgement_of(const access::Verdict& verdict, const access::Resource& resource);
std::string to_text(const Judgement& judgement);

}  // namespace mc::matrix
