// Numbers and hashes in the files of the ledger: big-endian, of fixed size.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tlog/tlog.h"

namespace mc::ledger {

template <class Number>
std::array<char, sizeof(Number)> bytes_of(Number number) {
  std::array<char, sizeof(Number)> out;
  for (std::size_t i = out.size(); i-- > 0; number = static_cast<Number>(number >> 8)) {
    out[i] = static_cast<char>(number & 255);
  }
  return out;
}
template <class Number>
void put(std::string& out, Number number) {
  const auto bytes = bytes_of(number);
  out.append(bytes.data(), bytes.size());
}
// Over what stands there.
template <class Number>
void put_at(std::string& out, std::size_t at, Number number) {
  const auto bytes = bytes_of(number);
  std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}
inline void put(std::string& out, const tlog::Hash& hash) {
  out.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

// Takes from the front; past the end it gives zeros and remembers it.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  std::string_view take(std::size_t size) {
    if (size > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  template <class Number>
  Number number() {
    Number out = 0;
    const std::string_view from = take(sizeof out);
    if (from.size() != sizeof out) return 0;
    for (std::size_t i = 0; i < sizeof out; ++i) {
      out = static_cast<Number>(out << 8 | static_cast<unsigned char>(from[i]));
    }
    return out;
  }
  template <class Bytes>
  Bytes array() {
    Bytes out{};
    const std::string_view from = take(out.size());
    if (from.size() == out.size()) std::copy_n(from.begin(), out.size(), out.begin());
    return out;
  }
  std::size_t at() const { return at_; }
  bool good() const { return good_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace mc::ledger
