// What the formats of this module have in common. Private.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::envelope {

// A list of parts as bytes, each behind its length in 4 bytes: no two lists have the same bytes.
// No memory is taken while they are short, as those of a field are.
class Parts {
 public:
  static constexpr std::size_t kBytesMax = 64 << 10;

  Parts() {}  // leaves the bytes as they are: to zero them costs as much as to fill them
  Parts& add(std::string_view part);
  Parts& add_number(std::uint64_t number);     // 8 bytes, big-endian
  bool too_long() const { return too_long_; }  // over kBytesMax; bytes() are not all then
  std::string_view bytes() const {
    return far_.empty() ? std::string_view(near_.data(), size_) : std::string_view(far_);
  }

 private:
  std::array<char, 512> near_;
  std::size_t size_ = 0;  // in all
  std::string far_;       // all of them, when they do not fit
  bool too_long_ = false;
};

// Numbers in headers, big-endian.
void put_u64(std::uint64_t number, char* out);
std::uint64_t get_u64(const char* bytes);

inline std::string_view view_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Bytes of a key on the stack, overwritten at their end.
template <std::size_t kBytes>
class Wiped {
 public:
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped();
  std::array<std::uint8_t, kBytes> bytes{};
};

// Overwritten in a way that the optimiser keeps.
void cleanse(std::span<std::uint8_t> bytes);

template <std::size_t kBytes>
Wiped<kBytes>::~Wiped() {
  cleanse(bytes);
}

// Memory of keys is zeros in a forked process; what is sealed there would be open to everybody.
Status check_not_wiped(std::span<const std::uint8_t> key);

// The one error of whatever does not open.
tl::unexpected<Error> does_not_open();

}  // namespace mc::envelope
