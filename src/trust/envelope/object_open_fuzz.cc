// Objects from anywhere: what opens is what was written here. The bytes are read as an object, as
// what is changed in one of several chunks, and as the length that someone says it has.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "envelope/made_keys.h"

namespace {

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

constexpr ObjectName kName = {.tenant = "alpha", .kind = "export", .id = "exp_1"};
constexpr std::size_t kRecordBytes = 9;  // of a change: where in 8 bytes, and what

struct World {
  OneByte random{0x11};
  MadeKeys made{random};

  std::string sealed(std::string_view plaintext) {
    std::string out;
    auto writer = must(ObjectWriter::make(made.key, kName, {}, random, [&](auto bytes) {
      out += bytes;
      return ok();
    }));
    MC_CHECK(writer.write(plaintext).has_value() && writer.finish().has_value());
    return out;
  }
  std::optional<std::string> opened(std::string_view sealed, std::uint64_t length) {
    const auto reader = ObjectReader::make(made.key, kName, sealed, length);
    if (!reader) return std::nullopt;
    MC_CHECK(object_key_id(sealed) == made.key.id());
    std::string all, chunk;
    for (std::uint64_t i = 0; i < reader->chunks(); ++i) {
      const ObjectReader::Place place = reader->place_of(i);
      if (place.offset > sealed.size()) return std::nullopt;
      if (!reader->open(i, sealed.substr(place.offset, place.bytes), chunk)) {
        MC_CHECK(chunk.empty());
        return std::nullopt;
      }
      all += chunk;
    }
    MC_CHECK(all.size() == reader->size());
    return all;
  }
};

// Flips bits, and at odd places cuts there.
std::string changed(std::string out, std::string_view changes) {
  for (; changes.size() >= kRecordBytes && !out.empty(); changes.remove_prefix(kRecordBytes)) {
    const std::uint64_t at = get_u64(&changes.front());
    const std::size_t place = at % out.size();
    out[place] = static_cast<char>(out[place] ^ changes[8]);
    if (at >> 63 != 0) out.resize(place);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  // All have the same random bytes, so the same key: worse than any writer does.
  static const std::string large(kChunkBytesMin + 9, 'x');
  static const std::map<std::string, std::string> all_written = [] {
    std::map<std::string, std::string> out;
    for (const std::string& each : {std::string(), std::string("a small object"), large}) {
      out[world.sealed(each)] = each;
    }
    return out;
  }();
  static const std::string sealed_large = world.sealed(large);
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  const auto opened = world.opened(bytes, size);
  const auto written = all_written.find(bytes);
  MC_CHECK(opened.has_value() == (written != all_written.end()));
  if (opened) MC_CHECK(*opened == written->second);

  const std::string other = changed(sealed_large, bytes);
  const auto again = world.opened(other, other.size());
  MC_CHECK(again.has_value() == (other == sealed_large));
  if (again) MC_CHECK(*again == large);

  if (size >= 8) {
    const std::uint64_t length = get_u64(bytes.data());
    MC_CHECK(world.opened(sealed_large, length).has_value() == (length == sealed_large.size()));
  }
  return 0;
}
