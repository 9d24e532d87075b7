#include "builtin/big.h"

#include <openssl/bn.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/base.h"

namespace mc::builtin::big {
namespace {

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(char* text) const { OPENSSL_free(text); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Scratch = std::unique_ptr<BN_CTX, Free>;

Number read(const std::string& digits) {
  BIGNUM* number = nullptr;
  MC_CHECK(BN_dec2bn(&number, digits.c_str()) == static_cast<int>(digits.size()));
  return Number(number);
}

Number blank() {
  Number number(BN_new());
  MC_CHECK(number != nullptr);
  return number;
}

std::string write(const Number& number) {
  const std::unique_ptr<char, Free> text(BN_bn2dec(number.get()));
  MC_CHECK(text != nullptr);
  return text.get();
}

// Little-endian two's complement in `size` bytes.
std::vector<unsigned char> complement(const Number& number, std::size_t size) {
  std::vector<unsigned char> bytes(size);
  MC_CHECK(BN_bn2lebinpad(number.get(), bytes.data(), static_cast<int>(size)) >= 0);
  if (BN_is_negative(number.get()) == 0) return bytes;
  unsigned carry = 1;
  for (unsigned char& byte : bytes) {
    carry += static_cast<unsigned char>(~byte);
    byte = static_cast<unsigned char>(carry);
    carry >>= 8U;
  }
  return bytes;
}

Number from_complement(std::vector<unsigned char> bytes) {
  const bool negative = (bytes.back() & 0x80U) != 0;
  if (negative) {
    unsigned carry = 1;
    for (unsigned char& byte : bytes) {
      carry += static_cast<unsigned char>(~byte);
      byte = static_cast<unsigned char>(carry);
      carry >>= 8U;
    }
  }
  Number number(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  MC_CHECK(number != nullptr);
  BN_set_negative(number.get(), negative ? 1 : 0);
  return number;
}

}  // namespace

std::string remainder(const std::string& dividend, const std::string& divisor) {
  const Number a = read(dividend), b = read(divisor), result = blank();
  const Scratch scratch(BN_CTX_new());
  MC_CHECK(scratch != nullptr);
  MC_CHECK(BN_div(nullptr, result.get(), a.get(), b.get(), scratch.get()) == 1);
  return write(result);
}

std::string combine(Bits operation, const std::string& a, const std::string& b) {
  const Number x = read(a), y = read(b);
  const auto size =
      static_cast<std::size_t>(std::max(BN_num_bytes(x.get()), BN_num_bytes(y.get()))) + 1;
  std::vector<unsigned char> left = complement(x, size);
  const std::vector<unsigned char> right = complement(y, size);
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned p = left[i], q = right[i];
    const unsigned combined = operation == Bits::bit_and  ? p & q
                              : operation == Bits::bit_or ? p | q
                                                          : p ^ q;
    left[i] = static_cast<unsigned char>(combined);
  }
  return write(from_complement(std::move(left)));
}

std::string shift_left(const std::string& number, std::int64_t bits) {
  const Number a = read(number), result = blank();
  MC_CHECK(BN_lshift(result.get(), a.get(), static_cast<int>(bits)) == 1);
  return write(result);
}

std::string shift_right(const std::string& number, std::int64_t bits) {
  const Number a = read(number), result = blank();
  // -x >> n = -((x - 1) >> n) - 1
  const bool negative = BN_is_negative(a.get()) != 0;
  if (negative) MC_CHECK(BN_add_word(a.get(), 1) == 1);
  const auto shift = static_cast<int>(std::min<std::int64_t>(bits, kShiftMax * 4));
  MC_CHECK(BN_rshift(result.get(), a.get(), shift) == 1);
  if (negative) MC_CHECK(BN_sub_word(result.get(), 1) == 1);
  return write(result);
}

std::string in_base(const std::string& number, int base) {
  if (base == 10) return number;
  const Number a = read(number);
  std::string digits;
  const int step = base == 16 ? 4 : base == 8 ? 3 : 1;
  for (int at = 0; at < std::max(1, BN_num_bits(a.get())); at += step) {
    unsigned digit = 0;
    for (int i = 0; i < step; ++i) {
      digit |= static_cast<unsigned>(BN_is_bit_set(a.get(), at + i)) << static_cast<unsigned>(i);
    }
    digits += "0123456789abcdef"[digit];
  }
  if (BN_is_negative(a.get()) != 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace mc::builtin::big
