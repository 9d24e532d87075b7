// Holds a release against the earlier ones of its dataset and tenant (kanon/intersection.h): who
// puts several of them together must find no group smaller than k. Private to the module.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "export/release.h"
#include "export/store.h"
#include "kanon/intersection.h"

namespace mc::exporting {

// Earlier exports, taken in one after the other. Exports with the same classes need their memory
// once; 16 bytes a row otherwise, and no more rows than `rows_max` (exports.guard_rows_max).
class Earlier {
 public:
  explicit Earlier(std::int64_t rows_max) : rows_max_(rows_max) {}
  // `corrupt` for classes that are not understood, `denied` past rows_max. One without classes was
  // had by nobody, and is passed over.
  Status add(const Classes& classes);
  const std::vector<std::string>& ids() const { return ids_; }  // of all, in their order
  const std::vector<kanon::ClassMap>& maps() const { return maps_; }
  const std::string& of_map(std::size_t map) const { return first_[map]; }

 private:
  std::int64_t rows_max_, rows_ = 0;
  std::vector<std::string> ids_, first_;  // `first_`: by map, the earliest export that has it
  std::vector<kanon::ClassMap> maps_;
  std::map<std::string, std::size_t> by_digest_;
};

// Gives which row is in which class, as it is kept: "k=10", a line feed, and the map. `secret`:
// that of the dataset's exports to the tenant. `denied` names what would be told apart, with which
// export, and the smallest change of the profile that would pass, as far as it was found while
// `goes_on`.
Result<std::string> check_earlier(const Release& release, const Secret& secret,
                                  const Earlier& earlier, const std::function<bool()>& goes_on);

}  // namespace mc::exporting
