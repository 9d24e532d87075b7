// Tiles (c2sp.org/tlog-tiles): a tree as immutable files of 256 hashes, its leaves as bundles of
// 256 entries. The last tile of each level is a partial one, named by its width.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "tlog/merkle.h"

namespace mc::tlog {

inline constexpr int kTileLevels = 8;                // of the tree, in one level of tiles
inline constexpr int kTileWidth = 1 << kTileLevels;  // hashes of a full tile
inline constexpr std::size_t kEntryBytesMax = 65'535;
inline constexpr int kEntries = -1;  // the level of bundles

struct Tile {
  int level = 0;  // 0: the leaves' hashes; kEntries: the leaves
  std::uint64_t index = 0;
  int width = kTileWidth;
  bool operator==(const Tile&) const = default;
};

// "tile/0/x001/067", "tile/1/000.p/12", "tile/entries/x012/x345/678".
std::string tile_path(const Tile& tile);
// Only what tile_path() writes; `invalid` for anything else.
Result<Tile> parse_tile_path(std::string_view path);
// The tile of this place as it is in a tree of `size` leaves; `not_found` where that has none.
Result<Tile> tile_of(int level, std::uint64_t index, std::uint64_t size);

// The bytes of a tile of hashes, `width` times 32.
Result<std::vector<Hash>> parse_tile(std::string_view bytes, const Tile& tile);
// Each entry behind its length in two bytes, big-endian.
Status append_entry(std::string& bundle, std::string_view entry);  // `invalid` past kEntryBytesMax
// Views into `bytes`, which must be just `width` entries.
Result<std::vector<std::string_view>> parse_entries(std::string_view bytes, const Tile& tile);

// The perfect nodes of a tree of `size` leaves, from its tiles.
class TileNodes final : public Nodes {
 public:
  using Fetch = std::function<Result<std::vector<Hash>>(const Tile& tile)>;
  TileNodes(std::uint64_t size, Fetch fetch) : size_(size), fetch_(std::move(fetch)) {}
  Result<Hash> read(NodeId node) const override;

 private:
  std::uint64_t size_;
  Fetch fetch_;
};

}  // namespace mc::tlog
