#include "envelope/parts.h"

#include <openssl/crypto.h>

#include <bit>
#include <cstring>

namespace mc::envelope {
namespace {

constexpr std::size_t kLengthBytes = 4;

static_assert(std::endian::native == std::endian::little);

}  // namespace

Parts& Parts::add(std::string_view part) {
  if (too_long_ || part.size() > kBytesMax || size_ + kLengthBytes + part.size() > kBytesMax) {
    too_long_ = true;
    return *this;
  }
  const std::uint32_t length = __builtin_bswap32(static_cast<std::uint32_t>(part.size()));
  if (far_.empty() && size_ + kLengthBytes + part.size() <= near_.size()) {
    std::memcpy(near_.data() + size_, &length, kLengthBytes);
    if (!part.empty()) std::memcpy(near_.data() + size_ + kLengthBytes, part.data(), part.size());
  } else {
    if (far_.empty()) far_.assign(near_.data(), size_);
    far_.append(reinterpret_cast<const char*>(&length), kLengthBytes).append(part);
  }
  size_ += kLengthBytes + part.size();
  return *this;
}

Parts& Parts::add_number(std::uint64_t number) {
  std::array<char, 8> bytes;
  put_u64(number, bytes.data());
  return add({bytes.data(), bytes.size()});
}

void put_u64(std::uint64_t number, char* out) {
  const std::uint64_t turned = __builtin_bswap64(number);
  std::memcpy(out, &turned, sizeof turned);
}

std::uint64_t get_u64(const char* bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return __builtin_bswap64(number);
}

void cleanse(std::span<std::uint8_t> bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

Status check_not_wiped(std::span<const std::uint8_t> key) {
  std::uint8_t any = 0;
  for (const std::uint8_t byte : key) any |= byte;
  if (any == 0) return fail(Code::unavailable, "key: is wiped, as in a forked process");
  return ok();
}

tl::unexpected<Error> does_not_open() {
  return fail(Code::corrupt, "sealed bytes: do not open");
}

}  // namespace mc::envelope
