// Numbers and hashes in the files of the ledger: big-endian, of fixed size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tlog/tlog.h"

namespace mc::ledger {

template <class Number>
void put(std::string& out, Number number) {
  for (int shift = static_cast<int>(sizeof number) * 8; shift > 0;) {
    shift -= 8;
    out += static_cast<char>(number >> shift & 255);
  }
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
    for (const char c : take(sizeof out))
      out = static_cast<Number>(out << 8 | static_cast<unsigned char>(c));
    return out;
  }
  template <class Bytes>
  Bytes array() {
    Bytes out{};
    const std::string_view from = take(out.size());
    std::copy(from.begin(), from.end(), out.begin());
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
