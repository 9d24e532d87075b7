#include "cipher/aes256.h"

#include <doctest/doctest.h>

#include <array>
#include <random>

#include "base/base.h"
#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

using Key = std::array<std::uint8_t, 32>;

std::string derived(const Key& key, std::string_view nonce, AesWay way) {
  Key out;
  derive_message_key(
      key,
      std::span<const std::uint8_t, 12>(reinterpret_cast<const std::uint8_t*>(nonce.data()), 12),
      out, way);
  return to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

TEST_CASE("aes256: derives what the specification of XAES-256-GCM says, either way") {
  struct Row {
    std::uint8_t byte;
    const char* key;
  };
  // One whose first block begins with a bit 0, one with a bit 1.
  const Row rows[] = {{0x01, "c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b"},
                      {0x03, "e9c621d4cdd9b11b00a6427ad7e559aeedd66b3857646677748f8ca796cb3fd8"}};
  for (const Row& row : rows) {
    Key key;
    key.fill(row.byte);
    CHECK(derived(key, "ABCDEFGHIJKL", AesWay::fastest) == row.key);
    CHECK(derived(key, "ABCDEFGHIJKL", AesWay::library) == row.key);
  }
}

TEST_CASE("aes256: processor and library agree on any key and nonce") {
  if (!processor_has_aes()) MESSAGE("no AES instructions: both ways are the library's");
  std::mt19937_64 random(256);
  int differ = 0;
  for (int i = 0; i < 4'000; ++i) {
    Key key;
    for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
    std::string nonce(12, '\0');
    for (char& byte : nonce) byte = static_cast<char>(random());
    const std::string fastest = derived(key, nonce, AesWay::fastest);
    differ += fastest == derived(key, nonce, AesWay::library) ? 0 : 1;
  }
  CHECK(differ == 0);
}

}  // namespace
}  // namespace mc::cipher
