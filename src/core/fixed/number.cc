#include "fixed/number.h"

#include <algorithm>

#include "fixed/wide.h"

namespace mc::fixed {
namespace {

constexpr Int128 kFiniteMost = Fixed::infinite().raw() - 1;

Uint128 magnitude(Int128 x) {
  return x < 0 ? Uint128{0} - static_cast<Uint128>(x) : static_cast<Uint128>(x);
}

// What bounds a value that is too large, or too small, to be told.
Fixed beyond(bool negative, Round round) {
  if (negative) {
    return round == Round::down ? Fixed::minus_infinite() : Fixed::from_raw(-kFiniteMost);
  }
  return round == Round::up ? Fixed::infinite() : Fixed::from_raw(kFiniteMost);
}

// The least that an infinite value can be; others as they are.
Fixed nearest(Fixed x) {
  return Fixed::from_raw(std::clamp(x.raw(), -kFiniteMost, kFiniteMost));
}

Fixed signed_fixed(bool negative, Uint128 size, Round round) {
  if (size > static_cast<Uint128>(kFiniteMost)) return beyond(negative, round);
  const auto raw = static_cast<Int128>(size);
  return Fixed::from_raw(negative ? -raw : raw);
}

// The rounding of a size that makes `round` of the signed value.
Round of_size(bool negative, Round round) {
  return negative ? opposite(round) : round;
}

constexpr std::int64_t ten_to(int digits) {
  std::int64_t out = 1;
  for (int i = 0; i < digits; ++i) out *= 10;
  return out;
}

// |x| * 10^digits in whole units; below 2^123.
Uint128 scaled(Fixed x, int digits, Round round) {
  MC_CHECK(digits >= 0 && digits <= 18);
  const Wide product = multiply_wide(magnitude(x.raw()), static_cast<Uint128>(ten_to(digits)));
  return shift_right(product, 64, of_size(x.raw() < 0, round));
}

}  // namespace

Uint128 shift_right(Wide value, int shift, Round round) {
  if (shift == 0) {
    MC_CHECK(value.high == 0);
    return value.low;
  }
  MC_CHECK(shift > 0 && shift < 128 && (value.high >> shift) == 0);
  const Uint128 out = value.high << (128 - shift) | value.low >> shift;
  const bool more = (value.low << (128 - shift)) != 0;
  MC_CHECK(!(more && round == Round::up && out == ~Uint128{0}));
  return more && round == Round::up ? out + 1 : out;
}

Quotient divide_wide(Wide value, Uint128 divisor) {
  MC_CHECK(value.high < divisor);
  const int shift = leading_zeros(divisor);
  const Uint128 by = divisor << shift;
  Uint128 high = value.high;
  if (shift > 0) high = value.high << shift | value.low >> (128 - shift);
  const Uint128 low = value.low << shift;

  // One digit of 64 bits: floor((rest * 2^64 + next) / by), and what is left in `rest`.
  const auto digit = [by](Uint128& rest, std::uint64_t next) {
    constexpr Uint128 kBase = Uint128{1} << 64;
    Uint128 guess = rest / high_64(by);
    Uint128 left = rest % high_64(by);
    while (guess >= kBase || guess * low_64(by) > (left << 64 | next)) {
      --guess;
      left += high_64(by);
      if (left >= kBase) break;
    }
    rest = (rest << 64) + next - guess * by;
    return low_64(guess);
  };
  Uint128 rest = high;
  const std::uint64_t first = digit(rest, high_64(low));
  const std::uint64_t second = digit(rest, low_64(low));
  return {join(first, second), rest >> shift};
}

Quotient multiply_divide(Uint128 a, Uint128 b, Uint128 divisor) {
  return divide_wide(multiply_wide(a, b), divisor);
}

Fixed add(Fixed a, Fixed b, Round round) {
  const Fixed unbounded = round == Round::up ? Fixed::infinite() : Fixed::minus_infinite();
  if (a == unbounded || b == unbounded) return unbounded;
  Int128 sum = 0;
  if (__builtin_add_overflow(nearest(a).raw(), nearest(b).raw(), &sum)) {
    return beyond(a.raw() < 0, round);
  }
  return signed_fixed(sum < 0, magnitude(sum), round);
}

Fixed subtract(Fixed a, Fixed b, Round round) {
  return add(a, -b, round);
}

Fixed multiply(Fixed a, Fixed b, Round round) {
  const bool negative = (a.raw() < 0) != (b.raw() < 0);
  const Round by = of_size(negative, round);
  if (a.raw() == 0 || b.raw() == 0) return Fixed();
  if (by == Round::up && !(a.is_finite() && b.is_finite())) return beyond(negative, round);
  const Wide product = multiply_wide(magnitude(nearest(a).raw()), magnitude(nearest(b).raw()));
  if (product.high >> 63 != 0) return beyond(negative, round);
  return signed_fixed(negative, shift_right(product, 64, by), round);
}

Fixed multiply(Fixed a, std::int64_t times, Round round) {
  const bool negative = (a.raw() < 0) != (times < 0);
  if (a.raw() == 0 || times == 0) return Fixed();
  if (of_size(negative, round) == Round::up && !a.is_finite()) return beyond(negative, round);
  const Wide product = multiply_wide(magnitude(nearest(a).raw()), magnitude(times));
  if (product.high != 0) return beyond(negative, round);
  return signed_fixed(negative, product.low, round);
}

Fixed divide(Fixed a, Fixed b, Round round) {
  if (b.raw() == 0) return beyond(round == Round::down, round);
  if (a.raw() == 0) return Fixed();
  const bool negative = (a.raw() < 0) != (b.raw() < 0);
  const Round by = of_size(negative, round);
  if (by == Round::up && !a.is_finite()) return beyond(negative, round);
  if (by == Round::down && !b.is_finite()) return Fixed();
  const Uint128 size = magnitude(nearest(a).raw());
  const Uint128 divisor = magnitude(nearest(b).raw());
  const Wide value{size >> 64, size << 64};
  if (value.high >= divisor) return beyond(negative, round);
  const Quotient out = divide_wide(value, divisor);
  const bool more = out.rest != 0 && by == Round::up;
  return signed_fixed(negative, more ? out.whole + 1 : out.whole, round);
}

Fixed ratio(std::int64_t numerator, std::int64_t denominator, Round round) {
  return divide(Fixed::from_raw(numerator), Fixed::from_raw(denominator), round);
}

Fixed sqrt(Fixed x, Round round) {
  MC_CHECK(x.raw() >= 0);
  if (!x.is_finite()) return beyond(false, round);
  const auto size = static_cast<Uint128>(x.raw());
  const Wide value{size >> 64, size << 64};
  Uint128 root = 0;
  for (int bit = 95; bit >= 0; --bit) {
    const Uint128 next = root | Uint128{1} << bit;
    if (multiply_wide(next, next) <= value) root = next;
  }
  if (round == Round::up && multiply_wide(root, root) != value) ++root;
  return Fixed::from_raw(static_cast<Int128>(root));
}

Fixed from_units(std::int64_t units, int digits, Round round) {
  MC_CHECK(digits >= 0 && digits <= 18);
  return ratio(units, ten_to(digits), round);
}

Result<std::int64_t> to_units(Fixed x, int digits, Round round) {
  const Uint128 size = scaled(x, digits, round);
  if (!x.is_finite() || size > static_cast<Uint128>(INT64_MAX)) {
    return fail(Code::exhausted, "a value of more than " + std::to_string(INT64_MAX) +
                                     " units of 10^-" + std::to_string(digits));
  }
  const auto units = static_cast<std::int64_t>(size);
  return x.raw() < 0 ? -units : units;
}

std::string to_text(Fixed x, int digits, Round round) {
  if (!x.is_finite()) return x.raw() < 0 ? "-inf" : "inf";
  Uint128 left = scaled(x, digits, round);
  const bool negative = x.raw() < 0 && left != 0;
  std::string reversed;
  for (int i = 0; left != 0 || i <= digits; ++i, left /= 10) {
    if (i == digits && digits > 0) reversed.push_back('.');
    reversed.push_back(static_cast<char>('0' + static_cast<int>(left % 10)));
  }
  if (negative) reversed.push_back('-');
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace mc::fixed
