#include "crypto/cmac.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/base.h"

namespace mc::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<CmacKey> && !std::is_move_constructible_v<CmacKey>);

constexpr CmacKey::Way kWays[] = {CmacKey::Way::fastest, CmacKey::Way::library};

Block block_of(std::string_view hex) {
  const std::string bytes = *from_hex(hex);
  Block out;
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

std::string digest_of(const CmacKey& key, std::string_view text) {
  const Block digest = key.digest(text);
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Bytes of any kind, at most `size_max`.
std::string random_text(std::mt19937_64& random, std::size_t size_max) {
  std::string text(random() % (size_max + 1), '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

Block random_key(std::mt19937_64& random) {
  return std::bit_cast<Block>(Words{random(), random()});
}

TEST_CASE("cmac: a key that is cleansed is zeros") {
  Block key = block_of("2b7e151628aed2a6abf7158809cf4f3c");
  cleanse(key);
  CHECK(key == Block{});
}

TEST_CASE("cmac: gives what RFC 4493 section 4 says, either way") {
  const std::string message = *from_hex(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const std::pair<std::size_t, const char*> vectors[] = {{0, "bb1d6929e95937287fa37d129b756746"},
                                                         {16, "070a16b46b4d4144f79bdd9dd04a287c"},
                                                         {40, "dfa66747de9ae63030ca32611497c827"},
                                                         {64, "51f0bebf7e3b9d92fc49741779363cfe"}};
  for (const CmacKey::Way way : kWays) {
    CAPTURE(static_cast<int>(way));
    const CmacKey key(block_of("2b7e151628aed2a6abf7158809cf4f3c"), way);
    for (const auto& [size, digest] : vectors) {
      CAPTURE(size);
      CHECK(digest_of(key, message.substr(0, size)) == digest);
    }
    CHECK(digest_of(key, {}) == vectors[0].second);
  }
}

TEST_CASE("cmac: processor and library agree on any key and text") {
  if (!CmacKey::processor_can()) MESSAGE("no AES instructions: both ways are the library's");
  std::mt19937_64 random(4493);
  int differ = 0, changed = 0;
  for (int i = 0; i < 4'000; ++i) {
    const Block bytes = random_key(random);
    const CmacKey processor(bytes), library(bytes, CmacKey::Way::library);
    for (int j = 0; j < 3; ++j) {
      std::string text = random_text(random, 200);
      const Block digest = processor.digest(text);
      differ += digest == library.digest(text) ? 0 : 1;
      // Each byte and the length count.
      if (!text.empty()) text[random() % text.size()] ^= 0x10;
      if (text.empty()) text.push_back('\0');
      changed += digest == processor.digest(text) ? 0 : 1;
    }
  }
  CHECK(differ == 0);
  CHECK(changed == 12'000);
}

TEST_CASE("cmac: a short text may be given as words") {
  std::mt19937_64 random(15);
  for (const CmacKey::Way way : kWays) {
    for (int i = 0; i < 2'000; ++i) {
      const CmacKey key(random_key(random), way);
      const std::string text = random_text(random, 15);
      CAPTURE(to_hex(text));
      REQUIRE(key.digest(words_of(text), text.size()) == key.digest(text));
    }
  }
}

TEST_CASE("cmac: words of a text are its bytes, and zeros") {
  std::mt19937_64 random(16);
  for (std::size_t size = 0; size <= 16; ++size) {
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(random()));
    // Nothing is read beside the text, or the sanitizer says so.
    const std::unique_ptr<char[]> exact(new char[size]);
    std::copy(text.begin(), text.end(), exact.get());
    const auto bytes = std::bit_cast<std::array<char, 16>>(words_of({exact.get(), size}));
    text.resize(16);
    CHECK(std::string_view(bytes.data(), bytes.size()) == text);
  }
}

TEST_CASE("cmac: threads may share a key") {
  for (const CmacKey::Way way : kWays) {
    const CmacKey key(block_of("2b7e151628aed2a6abf7158809cf4f3c"), way);
    int wrong[4] = {};
    std::vector<std::thread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&key, &count] {
        for (int i = 0; i < 500; ++i) {
          count += digest_of(key, "") == "bb1d6929e95937287fa37d129b756746" ? 0 : 1;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int count : wrong) CHECK(count == 0);
  }
}

}  // namespace
}  // namespace mc::crypto
