#include "tlog/tile.h"

#include <doctest/doctest.h>

#include <map>

namespace mc::tlog {
namespace {

TEST_CASE("tile: paths are those of the specification") {
  struct Row {
    Tile tile;
    const char* path;
  };
  const Row rows[] = {{{0, 0}, "tile/0/000"},
                      {{0, 7, 3}, "tile/0/007.p/3"},
                      {{1, 1'234'067}, "tile/1/x001/x234/067"},
                      {{5, 999}, "tile/5/999"},
                      {{5, 1'000, 255}, "tile/5/x001/000.p/255"},
                      {{kEntries, 1'234'067, 8}, "tile/entries/x001/x234/067.p/8"},
                      {{7, UINT64_MAX}, "tile/7/x018/x446/x744/x073/x709/x551/615"}};
  for (const Row& row : rows) {
    CHECK(tile_path(row.tile) == row.path);
    const auto read = parse_tile_path(row.path);
    REQUIRE(read.has_value());
    CHECK(*read == row.tile);
  }
  for (const char* path : {"",
                           "tile",
                           "tile/0",
                           "tile/0/",
                           "tile/0/1",
                           "tile/0/0001",
                           "tile/0/x000/001",
                           "tile/0/001/x001",
                           "tile/0/x001/001/",
                           "/tile/0/001",
                           "tile/00/001",
                           "tile/+0/001",
                           "tile/-1/001",
                           "tile/8/001",
                           "tile/0/001.p/0",
                           "tile/0/001.p/256",
                           "tile/0/001.p/01",
                           "tile/0/001.p",
                           "tile/0/001.p/",
                           "tile/0/001.p/1/1",
                           "tile/entry/001",
                           "tile/0/abc",
                           "tile/0/x18446744/000",
                           "tile/0/x018/x446/x744/x073/x709/x551/616",
                           "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
                           "tile/0/../../x",
                           "tile/0/%30%30%31"}) {
    CAPTURE(path);
    CHECK_FALSE(parse_tile_path(path).has_value());
  }
}

TEST_CASE("tile: every node of a tree is found in its tiles, and no other") {
  constexpr std::uint64_t kSize = 70'000;  // three levels of tiles
  std::map<std::pair<int, std::uint64_t>, Hash> nodes;
  Frontier frontier;
  for (std::uint64_t i = 0; i < kSize; ++i) {
    frontier.append(leaf_hash(std::to_string(i)),
                    [&](NodeId node, const Hash& hash) { nodes[{node.level, node.index}] = hash; });
  }
  std::size_t fetched = 0;
  const TileNodes tiles(kSize, [&](const Tile& tile) -> Result<std::vector<Hash>> {
    ++fetched;
    std::vector<Hash> out;
    for (int i = 0; i < tile.width; ++i) {
      const std::uint64_t index = (tile.index << kTileLevels) + static_cast<std::uint64_t>(i);
      out.push_back(nodes.at({tile.level * kTileLevels, index}));
    }
    return out;
  });
  for (int level = 0; level <= 17; ++level) {
    for (std::uint64_t index = 0; index <= kSize >> level; index += 1 + (kSize >> level) / 50) {
      const auto found = nodes.find({level, index});
      const auto read = tiles.read({level, index});
      REQUIRE(read.has_value() == (found != nodes.end()));
      if (read) CHECK(*read == found->second);
    }
  }
  fetched = 0;
  const auto path = prove_inclusion(tiles, 12'345, kSize);
  REQUIRE(path.has_value());
  CHECK(check_inclusion(leaf_hash("12345"), 12'345, frontier.head(), *path).has_value());
  CHECK(fetched < 40);
  CHECK(tile_of(0, kSize >> 8, kSize)->width == static_cast<int>(kSize & 255));
  CHECK_FALSE(tile_of(0, (kSize >> 8) + 1, kSize).has_value());
  CHECK_FALSE(tile_of(0, UINT64_MAX, UINT64_MAX).has_value());
  CHECK_FALSE(tile_of(0, 0, 0).has_value());
  CHECK(*tile_of(kEntries, 0, 5) == Tile{kEntries, 0, 5});
}

TEST_CASE("tile: bundles hold entries of any bytes up to the limit") {
  const std::string entries[] = {"", "a", std::string(300, '\0'), std::string(kEntryBytesMax, 'x')};
  std::string bundle;
  for (const std::string& entry : entries) REQUIRE(append_entry(bundle, entry).has_value());
  CHECK_FALSE(append_entry(bundle, std::string(kEntryBytesMax + 1, 'x')).has_value());
  const auto read = parse_entries(bundle, {kEntries, 0, 4});
  REQUIRE(read.has_value());
  CHECK(std::equal(read->begin(), read->end(), std::begin(entries), std::end(entries)));
  CHECK_FALSE(parse_entries(bundle, {kEntries, 0, 3}).has_value());
  CHECK_FALSE(parse_entries(bundle, {kEntries, 0, 5}).has_value());
  CHECK_FALSE(parse_entries(bundle.substr(0, bundle.size() - 1), {kEntries, 0, 4}).has_value());
  CHECK_FALSE(parse_entries(std::string(1, '\0'), {kEntries, 0, 1}).has_value());
  CHECK_FALSE(parse_tile(std::string(63, 'x'), {0, 0, 2}).has_value());
  CHECK(parse_tile(std::string(64, 'x'), {0, 0, 2})->size() == 2);
}

}  // namespace
}  // namespace mc::tlog
