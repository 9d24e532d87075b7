// A reader of DER (X.690) that copies nothing. Private to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mc::builtin {

class Der {
 public:
  // Tags with one byte, which is all of them in X.509.
  static constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03,
                                kOctetString = 0x04, kNull = 0x05, kOid = 0x06, kUtf8String = 0x0c,
                                kNumericString = 0x12, kPrintableString = 0x13, kT61String = 0x14,
                                kIa5String = 0x16, kUtcTime = 0x17, kGeneralizedTime = 0x18,
                                kBmpString = 0x1e, kSequence = 0x30, kSet = 0x31;
  static constexpr std::uint8_t context(int number, bool constructed = true) {
    return static_cast<std::uint8_t>(0x80 | (constructed ? 0x20 : 0) | number);
  }

  Der() = default;
  explicit Der(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool next_is(std::uint8_t tag) const {
    return !rest_.empty() && static_cast<std::uint8_t>(rest_[0]) == tag;
  }

  struct Element {
    std::uint8_t tag = 0;
    std::string_view whole, content;
  };
  // All of these are false, and change nothing, when the next element is another or cut off.
  bool read(Element& out);
  bool read(std::uint8_t tag, Element& out);
  bool read(std::uint8_t tag, Der& content);
  bool read(std::uint8_t tag, std::string_view& content);
  // True too when there is no such element.
  bool read_optional(std::uint8_t tag, Der& content, bool& present);
  bool read_boolean(bool& out);
  bool read_integer(std::int64_t& out);  // that fits
  // Two's complement, without needless bytes.
  bool read_big_integer(std::string_view& out);
  // The bytes, with the unused bits of the last one moved out at the right.
  bool read_bit_string(std::string& out);

  // 1.2.840: the numbers; false when `oid`, the content, is none.
  static bool oid_numbers(std::string_view oid, std::vector<std::uint64_t>& out);

 private:
  std::string_view rest_;
};

}  // namespace mc::builtin
