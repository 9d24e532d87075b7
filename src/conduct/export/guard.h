// Holds a release against the earlier ones of its dataset and tenant: who puts two of them together
// must find no group smaller than k. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "export/release.h"
#include "export/store.h"

namespace mc::exporting {

// Which row is in which class, as it is kept: rows are named by a hash of their key.
std::string class_map_of(const Release& release);

// `denied` names the earlier export, how small the smallest joint group is, and the smallest change
// of the profile that would pass. `corrupt` for a map that is none of ours.
Status check_earlier(const Release& release, const std::vector<Classes>& earlier);

}  // namespace mc::exporting
