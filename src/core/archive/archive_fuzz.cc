// Any bytes: refused, or files that are written and read back as they are.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "archive/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const archive::Limits limits{.bytes_max = 1 << 20, .entry_bytes_max = 1 << 19, .entries_max = 50};
  auto entries =
      archive::read_tar_gz(std::string_view(reinterpret_cast<const char*>(data), size), limits);
  if (!entries) return 0;
  const auto packed = archive::write_tar_gz(*entries);
  if (!packed) return 0;  // a path that ustar cannot hold
  const auto again = archive::read_tar_gz(*packed, limits);
  MC_CHECK(again && again->size() == entries->size());
  return 0;
}
