// Holds a release against the earlier ones of its dataset and tenant (kanon/intersection.h): who
// puts several of them together must find no group smaller than k. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "export/release.h"
#include "export/store.h"

namespace mc::exporting {

// Gives which row is in which class, as it is kept: "k=10", a line feed, and the map. `secret`:
// that of the dataset's exports to the tenant. `denied` names what would be told apart, with which
// export, and the smallest change of the profile that would pass; `corrupt` for classes that are
// not understood.
Result<std::string> check_earlier(const Release& release, const Secret& secret,
                                  const std::vector<Classes>& earlier);

}  // namespace mc::exporting
