// Tiles of a log (c2sp.org/tlog-tiles) as files: whether what is in one stands in the tree of a
// signed head.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "proof/report.h"
#include "tlog/tlog.h"

namespace mc::proof {

struct TileFile {
  std::string path;  // "tile/0/001", "tile/entries/000.p/12"
  std::string_view bytes;
  std::string_view checkpoint;  // a signed note
};

// Other tiles of the same log, by their paths; what is not there is `not_found`.
using FetchTile = std::function<Result<std::string>(const std::string& path)>;

// Steps: format, checkpoint, tile.
Report check_tile(const TileFile& file, const tlog::Policy& policy, const FetchTile& fetch);

}  // namespace mc::proof
