// Fields from anywhere: what opens is what was written here. The bytes are read as a field, as what
// is changed in one, and as a value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "envelope/made_keys.h"

namespace {

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

constexpr FieldPlace kPlace = {.tenant = "alpha",
                               .dataset = "people",
                               .table = "person",
                               .column = "mail",
                               .row = "17",
                               .type = "string"};

struct World {
  OneByte random{0x11};
  MadeKeys made{random};
  cipher::Nonces nonces{random};

  std::string sealed(cipher::Suite suite, std::string_view value) {
    std::string out;
    MC_CHECK(seal_field({made.key, nonces, suite}, kPlace, value, out).has_value());
    return out;
  }
};

// It opens only when it is one of those.
void check(World& world, std::string_view sealed, std::string_view written,
           std::string_view value) {
  std::string out = "of before";
  const Status opened = open_field(world.made.key, kPlace, sealed, out);
  MC_CHECK(opened.has_value() == (sealed == written));
  MC_CHECK(out == (opened ? value : ""));
  MC_CHECK(!opened || field_key_id(sealed) == world.made.key.id());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  static const std::string known_value = "ada@alpha.example";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto suite : {cipher::Suite::xaes_256_gcm, cipher::Suite::aes_256_gcm}) {
    const std::string written = world.sealed(suite, known_value);
    if (bytes.size() < 2 || bytes[1] == static_cast<char>(suite)) {
      check(world, bytes, written, known_value);
    }
    std::string changed = written;
    for (std::size_t i = 0; i < bytes.size() && i < changed.size(); ++i) {
      changed[i] = static_cast<char>(changed[i] ^ bytes[i]);
    }
    check(world, changed, written, known_value);
    if (size <= kFieldBytesMax)
      check(world, world.sealed(suite, bytes), world.sealed(suite, bytes), bytes);
  }
  return 0;
}
