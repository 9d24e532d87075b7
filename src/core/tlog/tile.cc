#include "tlog/tile.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace mc::tlog {
namespace {

constexpr int kTopLevel = 7;  // of tiles, in a tree of up to 2^64 leaves
constexpr std::uint64_t kPathRadix = 1'000;

// Groups of three digits, an x before each but the last.
std::string index_path(std::uint64_t index) {
  std::string out;
  for (bool last = true; last || index > 0; index /= kPathRadix, last = false) {
    std::string digits = std::to_string(index % kPathRadix + kPathRadix).substr(1);
    out = (last ? "" : "x") + digits + (last ? "" : "/") + out;
  }
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, out);
  return !text.empty() && at == end && error == std::errc{};
}

tl::unexpected<Error> no_path(std::string_view path) {
  return fail(Code::invalid, "'" + excerpt(path) + "' is not the path of a tile");
}

Hash fold(std::span<const Hash> hashes) {
  if (hashes.size() == 1) return hashes[0];
  std::vector<Hash> level(hashes.begin(), hashes.end());
  for (std::size_t count = level.size(); count > 1; count /= 2) {
    for (std::size_t i = 0; i < count / 2; ++i)
      level[i] = node_hash(level[2 * i], level[2 * i + 1]);
  }
  return level[0];
}

}  // namespace

std::string tile_path(const Tile& tile) {
  const std::string level = tile.level == kEntries ? "entries" : std::to_string(tile.level);
  const std::string part = tile.width == kTileWidth ? "" : ".p/" + std::to_string(tile.width);
  return "tile/" + level + "/" + index_path(tile.index) + part;
}

Result<Tile> parse_tile_path(std::string_view path) {
  std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() < 3 || parts[0] != "tile") return no_path(path);
  Tile out;
  if (parts[1] == "entries") {
    out.level = kEntries;
  } else if (!read_number(parts[1], out.level)) {
    return no_path(path);
  }
  if (parts[parts.size() - 2].ends_with(".p")) {
    if (!read_number(parts.back(), out.width)) return no_path(path);
    parts.pop_back();
    parts.back().remove_suffix(2);
  }
  constexpr std::size_t kGroupsMax = 7;  // of 2^64
  if (parts.size() > 2 + kGroupsMax) return no_path(path);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (parts[i].starts_with('x')) parts[i].remove_prefix(1);
    std::uint64_t group = 0;
    if (!read_number(parts[i], group) || group >= kPathRadix) return no_path(path);
    if (out.index > (UINT64_MAX - group) / kPathRadix) return no_path(path);
    out.index = out.index * kPathRadix + group;
  }
  // One text for one tile: what was overlooked above shows here.
  const bool good = out.level >= kEntries && out.level <= kTopLevel && out.width >= 1 &&
                    out.width <= kTileWidth && tile_path(out) == path;
  return good ? Result<Tile>(out) : no_path(path);
}

Result<Tile> tile_of(int level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t hashes = size >> (kTileLevels * std::max(level, 0));
  const std::uint64_t first = index << kTileLevels;
  if (first >> kTileLevels != index || first >= hashes) {
    return fail(Code::not_found, "a tree of " + std::to_string(size) + " leaves has no " +
                                     tile_path({level, index}));
  }
  const std::uint64_t width = std::min<std::uint64_t>(hashes - first, kTileWidth);
  return Tile{level, index, static_cast<int>(width)};
}

Result<std::vector<Hash>> parse_tile(std::string_view bytes, const Tile& tile) {
  std::vector<Hash> out(static_cast<std::size_t>(tile.width));
  if (bytes.size() != out.size() * sizeof(Hash)) {
    return fail(Code::invalid, tile_path(tile) + " has " + std::to_string(bytes.size()) + " bytes");
  }
  for (Hash& hash : out) {
    std::copy_n(bytes.begin(), hash.size(), hash.begin());
    bytes.remove_prefix(hash.size());
  }
  return out;
}

Status append_entry(std::string& bundle, std::string_view entry) {
  if (entry.size() > kEntryBytesMax) {
    return fail(Code::invalid, "an entry has " + std::to_string(entry.size()) +
                                   " bytes; the limit is " + std::to_string(kEntryBytesMax));
  }
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size() & 255);
  bundle += entry;
  return ok();
}

Result<std::vector<std::string_view>> parse_entries(std::string_view bytes, const Tile& tile) {
  std::vector<std::string_view> out;
  const auto broken = [&](std::string_view why) {
    return fail(Code::invalid, tile_path(tile) + " " + std::string(why));
  };
  while (!bytes.empty()) {
    if (bytes.size() < 2) return broken("ends inside a length");
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                               static_cast<unsigned char>(bytes[1]));
    bytes.remove_prefix(2);
    if (bytes.size() < size) return broken("ends inside an entry");
    out.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (out.size() > static_cast<std::size_t>(tile.width)) return broken("has more entries");
  }
  if (out.size() < static_cast<std::size_t>(tile.width)) return broken("has fewer entries");
  return out;
}

Result<Hash> TileNodes::read(NodeId node) const {
  const int level = node.level / kTileLevels;
  const int above = node.level % kTileLevels;
  const std::uint64_t first = node.index << above;
  MC_TRY(const Tile tile, tile_of(level, first >> kTileLevels, size_));
  const auto at = static_cast<std::size_t>(first & (kTileWidth - 1));
  const std::size_t count = std::size_t{1} << above;
  if (at + count > static_cast<std::size_t>(tile.width)) {
    return fail(Code::not_found, "the tree has no such node");
  }
  MC_TRY(const std::vector<Hash> hashes, fetch_(tile));
  return fold(std::span(hashes).subspan(at, count));
}

}  // namespace mc::tlog
