// How answers of the policies are read: what is of another shape than it should be is named.
// Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "policy/policy.h"

namespace mc::access {

// `invalid` names the member and its kinds.
Status expect(term::Value value, term::Kind kind, std::string_view name);
// A member that is a list: at most 256 texts of 128 bytes each.
Result<std::vector<std::string>> texts_of(term::Value answer, std::string_view name);

}  // namespace mc::access
