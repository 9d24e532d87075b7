#include <doctest/doctest.h>

#include <numeric>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

using Sizes = std::initializer_list<std::size_t>;

std::string counting(int first, std::size_t size) {
  std::string out(size, '\0');
  std::iota(out.begin(), out.end(), static_cast<char>(first));
  return out;
}

std::string derived(std::string_view secret, std::string_view salt, std::string_view info,
                    std::size_t size) {
  std::string out(size, '\0');
  hkdf_sha256(secret, salt, info, {reinterpret_cast<std::uint8_t*>(out.data()), size});
  return out;
}

TEST_CASE("hkdf: derives what RFC 5869 appendix A says") {
  struct Row {
    std::string secret, salt, info;
    const char* out;
  };
  const Row rows[] = {
      {std::string(22, '\x0b'), counting(0, 13), counting(0xf0, 10),
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {counting(0, 80), counting(0x60, 80), counting(0xb0, 80),
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
       "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
       "cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {std::string(22, '\x0b'), "", "",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"}};
  for (const Row& row : rows) {
    const std::size_t size = std::string_view(row.out).size() / 2;
    CHECK(to_hex(derived(row.secret, row.salt, row.info, size)) == row.out);
  }
}

TEST_CASE("hkdf: gives as much as is asked for, up to 255 blocks, of any secret") {
  const std::string most = derived("", "", "label", 255 * 32);
  CHECK(derived("", "", "label", 0).empty());
  for (const std::size_t size : Sizes{1, 31, 32, 33, 64, 255 * 32 - 1}) {
    CHECK(derived("", "", "label", size) == most.substr(0, size));
  }
  CHECK(derived("", "", "labels", 32) != most.substr(0, 32));
  CHECK(derived("", std::string(32, '\0'), "label", 32) == most.substr(0, 32));  // section 2.2
  CHECK(derived(std::string(1, '\0'), "s", "label", 32) != derived("", "s", "label", 32));
}

}  // namespace
}  // namespace mc::cipher
