// What policies are asked, in parts that the decision log shows too. Private to the module.
#pragma once

#include <array>

#include "access/access.h"

namespace mc::access {

inline constexpr std::array kRoles = {identity::Role::operator_,    identity::Role::oncall,
                                      identity::Role::tenant_admin, identity::Role::analyst,
                                      identity::Role::dpo,          identity::Role::platform,
                                      identity::Role::auditor};
inline bool is_person(const identity::Caller& caller) {
  return !caller.session_id.empty() || caller.proof.has_value();
}
term::Value warrant_input(term::Arena& arena, const WarrantFacts& warrant);

}  // namespace mc::access
