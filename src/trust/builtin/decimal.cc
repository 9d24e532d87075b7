#include "builtin/decimal.h"

#include <openssl/bn.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/base.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kDigitsMax = 10'000;
constexpr int kExponentMax = 10'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

using Big = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Big big(const std::string& decimal) {
  BIGNUM* raw = nullptr;
  BN_dec2bn(&raw, decimal.empty() ? "0" : decimal.c_str());
  return {raw, BN_free};
}

std::string text_of(const BIGNUM* number) {
  char* const raw = BN_bn2dec(number);
  if (raw == nullptr) return "0";
  std::string out = raw;
  OPENSSL_free(raw);
  return out;
}

Big power_of_ten(std::size_t exponent) {
  return big("1" + std::string(exponent, '0'));
}

}  // namespace

std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal out;
  std::size_t at = 0;
  if (text.starts_with('-') || text.starts_with('+')) out.negative = text[at++] == '-';
  const std::size_t start = at;
  std::size_t points = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] == '.') {
      ++points;
    } else {
      out.digits += text[at];
      if (points > 0) --out.exponent;
    }
  }
  if (points > 1 || at - start == points) return std::nullopt;
  if (at < text.size()) {
    std::string_view rest = text.substr(at);
    if ((rest[0] | 0x20) != 'e') return std::nullopt;
    rest.remove_prefix(1);
    const bool minus = rest.starts_with('-');
    if (minus || rest.starts_with('+')) rest.remove_prefix(1);
    const Result<std::int64_t> size = parse_int(rest);
    if (!size || !is_digit(rest[0]) || *size > 999'999) return std::nullopt;
    out.exponent += static_cast<int>(minus ? -*size : *size);
  }
  return out;
}

bool is_moderate(const Decimal& decimal) {
  return decimal.digits.size() <= kDigitsMax && std::abs(decimal.exponent) <= kExponentMax;
}

std::string exact_product(const Decimal& number, const std::string& multiplier, int halvings) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> scratch(BN_CTX_new(), BN_CTX_free);
  Big top = big(number.digits);
  const Big factor = big(multiplier);
  BN_mul(top.get(), top.get(), factor.get(), scratch.get());
  Big bottom = big("1");
  const Big scale = power_of_ten(static_cast<std::size_t>(std::abs(number.exponent)));
  Big& side = number.exponent < 0 ? bottom : top;
  BN_mul(side.get(), side.get(), scale.get(), scratch.get());
  BN_lshift(bottom.get(), bottom.get(), halvings);
  Big quotient = big("0");
  Big rest = big("0");
  BN_div(quotient.get(), rest.get(), top.get(), bottom.get(), scratch.get());
  const std::string sign = number.negative && !BN_is_zero(top.get()) ? "-" : "";
  if (BN_is_zero(rest.get())) return sign + text_of(quotient.get());
  constexpr std::size_t kPlaces = 10;
  // (2 * top * 10^places + bottom) / (2 * bottom)
  const Big places = power_of_ten(kPlaces);
  BN_mul(top.get(), top.get(), places.get(), scratch.get());
  BN_lshift1(top.get(), top.get());
  BN_add(top.get(), top.get(), bottom.get());
  BN_lshift1(bottom.get(), bottom.get());
  BN_div(quotient.get(), nullptr, top.get(), bottom.get(), scratch.get());
  std::string digits = text_of(quotient.get());
  if (digits.size() <= kPlaces) digits.insert(0, kPlaces + 1 - digits.size(), '0');
  return sign + digits.substr(0, digits.size() - kPlaces) + "." +
         digits.substr(digits.size() - kPlaces);
}

bool divides(const Decimal& divisor, const Decimal& number) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> scratch(BN_CTX_new(), BN_CTX_free);
  Big top = big(number.digits);
  Big bottom = big(divisor.digits);
  const int shift = number.exponent - divisor.exponent;
  const Big scale = power_of_ten(static_cast<std::size_t>(std::abs(shift)));
  Big& side = shift < 0 ? bottom : top;
  BN_mul(side.get(), side.get(), scale.get(), scratch.get());
  if (BN_is_zero(bottom.get())) return false;
  const Big rest = big("0");
  BN_mod(rest.get(), top.get(), bottom.get(), scratch.get());
  return BN_is_zero(rest.get()) != 0;
}

}  // namespace mc::builtin
