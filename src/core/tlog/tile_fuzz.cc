// Paths of tiles and bundles of entries from anywhere: what is accepted is written as it was read.
#include <cstdint>

#include "tlog/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto tile = mc::tlog::parse_tile_path(bytes)) {
    MC_CHECK(mc::tlog::tile_path(*tile) == bytes);
  }
  if (size == 0) return 0;
  const mc::tlog::Tile bundle{mc::tlog::kEntries, 0, data[0] + 1};
  if (const auto entries = mc::tlog::parse_entries(bytes.substr(1), bundle)) {
    std::string again;
    for (const std::string_view entry : *entries) {
      MC_CHECK(mc::tlog::append_entry(again, entry).has_value());
    }
    MC_CHECK(again == bytes.substr(1));
  }
  return 0;
}
