// The last good bundle of each name on disk: what a server starts with when the source of its
// bundle is away or bad. A folder of its own, one file a bundle, replaced atomically.
#pragma once

#include <string>
#include <vector>

#include "sys/sys.h"

namespace mc::policy {

inline constexpr std::size_t kStoredBytesMax = 80 << 20;  // of a bundle and its deltas, as a file

struct StoredBundle {
  struct Delta {
    std::string tar_gz;
    WallTime taken;
  };
  std::string name;
  std::string tar_gz;
  WallTime taken;             // when it was verified
  std::vector<Delta> deltas;  // that came for it since, in their order
  std::string etag;           // of the server it came from, "" without
  std::string revision;       // for listing
  WallTime activated;         // with the last of the deltas
};

class BundleStore {
 public:
  BundleStore(sys::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  // Durable when it returns. `invalid` past kStoredBytesMax: what was kept before stays.
  Status keep(const StoredBundle& bundle);
  // `not_found`, or `corrupt` when the file does not match its digest.
  Result<StoredBundle> last(const std::string& name);
  Result<std::vector<std::string>> names();
  Status forget(const std::string& name);

 private:
  sys::Files& files_;
  std::string folder_;
};

}  // namespace mc::policy
