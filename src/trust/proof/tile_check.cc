#include "proof/tile_check.h"

#include <algorithm>
#include <map>

namespace mc::proof {
namespace {

// The nodes that are in one tile.
class OwnNodes final : public tlog::Nodes {
 public:
  OwnNodes(const tlog::Tile& tile, const std::vector<tlog::Hash>& hashes) {
    const int bottom = tlog::kTileLevels * std::max(tile.level, 0);
    const std::uint64_t first = tile.index << tlog::kTileLevels;
    std::vector<tlog::Hash> row = hashes;
    std::uint64_t index = first;
    for (int level = bottom; !row.empty(); ++level, index >>= 1) {
      std::vector<tlog::Hash> above;
      for (std::size_t i = 0; i < row.size(); ++i) {
        nodes_[{level, index + i}] = row[i];
        if (i % 2 == 1) above.push_back(tlog::node_hash(row[i - 1], row[i]));
      }
      row = std::move(above);
    }
  }
  Result<tlog::Hash> read(tlog::NodeId node) const override {
    const auto found = nodes_.find({node.level, node.index});
    if (found == nodes_.end()) return fail(Code::not_found, "the tile has no such node");
    return found->second;
  }

 private:
  std::map<std::pair<int, std::uint64_t>, tlog::Hash> nodes_;
};

// Of entries, their hashes.
Result<std::vector<tlog::Hash>> hashes_of(const tlog::Tile& tile, std::string_view bytes) {
  if (tile.level != tlog::kEntries) return tlog::parse_tile(bytes, tile);
  MC_TRY(const std::vector<std::string_view> entries, tlog::parse_entries(bytes, tile));
  std::vector<tlog::Hash> out;
  for (const std::string_view entry : entries) out.push_back(tlog::leaf_hash(entry));
  return out;
}

// The leaves below a tile; `invalid` when no tree has as many.
Result<tlog::Range> range_of(const tlog::Tile& tile, const tlog::TreeHead& head) {
  const int bottom = tlog::kTileLevels * std::max(tile.level, 0);
  const std::uint64_t hashes = head.size >> bottom;
  const std::uint64_t first = tile.index << tlog::kTileLevels;
  if (tile.index > (hashes >> tlog::kTileLevels) ||
      first + static_cast<std::uint64_t>(tile.width) > hashes) {
    return fail(Code::invalid, "the tree of " + std::to_string(head.size) +
                                   " leaves has no such tile, or not as much of it");
  }
  return tlog::Range{first << bottom, (first + static_cast<std::uint64_t>(tile.width)) << bottom};
}

}  // namespace

Report check_tile(const TileFile& file, const tlog::Policy& policy, const FetchTile& fetch) {
  Report report("tile");
  tlog::Tile tile;
  std::vector<tlog::Hash> hashes;
  tlog::Policy::Checked checked;
  report.step("format", "format_invalid", [&]() -> Result<std::string> {
    MC_TRY(tile, tlog::parse_tile_path(file.path));
    MC_TRY(hashes, hashes_of(tile, file.bytes));
    return file.path + ", " + std::to_string(tile.width) +
           (tile.level == tlog::kEntries ? " entries" : " hashes");
  });
  report.step("checkpoint", "checkpoint_invalid", [&]() -> Result<std::string> {
    MC_TRY(const tlog::Note note, tlog::parse_note(file.checkpoint));
    MC_TRY(checked, policy.check(note));
    return policy.describe(checked);
  });
  report.step("tile", "tile_mismatch", [&]() -> Result<std::string> {
    const tlog::TreeHead& head = checked.checkpoint.head;
    MC_TRY(const tlog::Range range, range_of(tile, head));
    MC_TRY(const tlog::Hash root, tlog::subtree_root(OwnNodes(tile, hashes), range));
    const tlog::TileNodes others(head.size,
                                 [&](const tlog::Tile& wanted) -> Result<std::vector<tlog::Hash>> {
                                   MC_TRY(const std::string bytes, fetch(tlog::tile_path(wanted)));
                                   return tlog::parse_tile(bytes, wanted);
                                 });
    MC_TRY(const tlog::Path path, tlog::prove_subtree(others, range, head.size));
    MC_TRY_OK(tlog::check_subtree({range, root}, head, path));
    return "leaves " + std::to_string(range.begin) + " to " + std::to_string(range.end) + " of " +
           std::to_string(head.size);
  });
  return report;
}

}  // namespace mc::proof
