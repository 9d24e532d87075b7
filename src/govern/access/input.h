// What policies are asked, whole, and in parts that the decision log shows too. Private to the
// module.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "access/access.h"

namespace mc::access {

inline constexpr std::array kRoles = {identity::Role::operator_,    identity::Role::oncall,
                                      identity::Role::tenant_admin, identity::Role::analyst,
                                      identity::Role::dpo,          identity::Role::platform,
                                      identity::Role::auditor};
inline bool is_person(const identity::Caller& caller) {
  return !caller.session_id.empty() || caller.proof.has_value();
}
term::Value list_of(term::Arena& arena, const std::vector<std::string>& texts);
term::Value warrant_input(term::Arena& arena, const WarrantFacts& warrant);

// Makes whole inputs. Of one thread: what all of them say in the same words is made once.
class InputMaker {
 public:
  InputMaker();
  ~InputMaker();
  term::Value make(term::Arena& arena, const Request& request, WallTime now) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mc::access
