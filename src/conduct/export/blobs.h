// The files of exports: FOLDER/alpha/exp_.../table.csv. Private to the module.
//
// A file is there whole or not at all: it is written beside its name, synced and renamed. Names are
// checked before any path is made of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "export/manifest.h"
#include "sys/sys.h"

namespace mc::exporting {

struct BlobPlace {
  TenantId tenant;
  std::string id;  // of the export
};

class Blobs {
 public:
  Blobs(sys::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  using Sink = std::function<Status(std::string_view bytes)>;
  using Write = std::function<Status(const Sink& sink)>;
  struct Named {
    std::string name, media_type;
    std::int64_t bytes_max = 0;
  };
  // Durable when it returns; what was there under the name is replaced. `exhausted` past bytes_max.
  // Gives size and digest.
  Result<Item> put(const BlobPlace& place, const Named& named, const Write& write);
  Result<Item> put(const BlobPlace& place, const Named& named, std::string_view bytes);
  // `not_found` for a name that none of ours can have.
  Result<std::string> read(const BlobPlace& place, const std::string& name,
                           std::size_t bytes_max) const;
  Result<bool> has(const BlobPlace& place, const std::string& name) const;
  Status remove(const BlobPlace& place);  // all of them; none is fine too

 private:
  Result<std::string> path_of(const BlobPlace& place, std::string_view name) const;
  sys::Files& files_;
  std::string folder_;
};

}  // namespace mc::exporting
