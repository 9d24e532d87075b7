// AES-128-CMAC (RFC 4493, NIST SP 800-38B): a keyed digest of 16 bytes, made for many short texts
// under one key; up to 16 bytes of text cost one block.
//
// By the AES instructions of an x86-64 processor that has them, by OpenSSL elsewhere; the bytes are
// the same. A key is expanded once, never copied, thread-safe, and zeroed at its end.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace mc::crypto {

using Block = std::array<std::uint8_t, 16>;
using Words = std::array<std::uint64_t, 2>;

void cleanse(Block& key);  // zeroes it in a way that the optimiser keeps

class CmacKey {
 public:
  enum class Way : std::uint8_t { fastest, library };
  static bool processor_can();  // otherwise both ways are the library's

  explicit CmacKey(const Block& key, Way way = Way::fastest);
  ~CmacKey();
  CmacKey(const CmacKey&) = delete;
  CmacKey& operator=(const CmacKey&) = delete;

  Block digest(std::string_view text) const;
  // Of a text of at most 15 bytes, as words_of() has it.
  Block digest(Words text, std::size_t size) const;

  struct Schedule {
    alignas(16) std::array<Block, 11> rounds{};  // the first is the key
    Block last_whole{}, last_padded{};           // for the last block of a text
  };

 private:
  struct Library;
  Block encrypted(Words block) const;
  Block digest_by_library(std::string_view text) const;
  Block encrypted_by_library(Words block) const;

  Schedule schedule_;
  std::unique_ptr<Library> library_;  // null when the processor does it
};

// Up to sixteen bytes as two words, the first byte lowest, zeros behind. Loads that may overlap
// cost less than a loop.
inline Words words_of(std::string_view bytes) {
  const char* const at = bytes.data();
  const std::size_t size = bytes.size();
  const auto byte = [at](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
  };
  if (size >= 8) {
    std::uint64_t low = 0, high = 0;
    std::memcpy(&low, at, 8);
    std::memcpy(&high, at + size - 8, 8);
    const std::size_t half = 4 * (16 - size);  // in two steps: 64 bits at once are no shift
    return {low, high >> half >> half};
  }
  if (size >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + size - 4, 4);
    return {low | std::uint64_t{high} << 8 * (size - 4), 0};
  }
  if (size == 0) return {};
  return {byte(0) | byte(size / 2) | byte(size - 1), 0};
}

}  // namespace mc::crypto
