#include <doctest/doctest.h>

#include <random>

#include "fixed/fixed.h"
#include "fixed/slow_number.h"

namespace mc::fixed {
namespace {

constexpr Round kRounds[] = {Round::down, Round::up};
const Fixed kMost = Fixed::from_raw(Fixed::infinite().raw() - 1);

Uint128 size_of(Fixed x) {
  return x.raw() < 0 ? Uint128{0} - static_cast<Uint128>(x.raw()) : static_cast<Uint128>(x.raw());
}
SlowNumber slow(Fixed x) {
  return SlowNumber::make(static_cast<std::uint64_t>(size_of(x) >> 64),
                          static_cast<std::uint64_t>(size_of(x)), 64);
}
// A number of up to `bits` bits, of either sign.
Fixed some(std::mt19937_64& random, unsigned bits) {
  const Uint128 all = Uint128{random()} << 64 | random();
  const auto size = static_cast<Int128>(all >> (127 - random() % bits));
  return Fixed::from_raw(random() % 2 == 0 ? size : -size);
}

// Towards zero for the size, or away from it.
bool shrinks(bool negative, Round round) {
  return negative == (round == Round::up);
}

TEST_CASE("fixed: products and quotients enclose the true value, within an ulp, for every sign") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 400; ++i) {
    const Fixed a = some(random, 95);
    const Fixed b = some(random, 95);
    CAPTURE(to_text(a, 18, Round::down));
    CAPTURE(to_text(b, 18, Round::down));
    const bool negative = (a.raw() < 0) != (b.raw() < 0);
    for (const Round round : kRounds) {
      const Fixed product = multiply(a, b, round);
      const SlowNumber truth = slow(a) * slow(b);
      CHECK((shrinks(negative, round) ? slow(product) <= truth : truth <= slow(product)));
      if (b.raw() == 0) continue;
      const Fixed quotient = divide(a, b, round);
      if (size_of(a) >> 63 >= size_of(b)) continue;  // does not fit: below
      const SlowNumber back = slow(quotient) * slow(b);
      CHECK((shrinks(negative, round) ? back <= slow(a) : slow(a) <= back));
    }
    CHECK((multiply(a, b, Round::up) - multiply(a, b, Round::down)).raw() <= 1);
  }
}

TEST_CASE("fixed: a division is the same as the long one") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 400; ++i) {
    const Uint128 divisor = (Uint128{random()} << 64 | random()) >> (random() % 127) | 1;
    const Uint128 whole = (Uint128{random()} << 64 | random()) >> (random() % 128);
    const Uint128 rest = (Uint128{random()} << 64 | random()) % divisor;
    // whole * divisor + rest, divided again; multiply_divide() takes products, so rest is 0 there.
    const Quotient out = multiply_divide(whole, divisor, divisor);
    CHECK(out.whole == whole);
    CHECK(out.rest == 0);
    const Quotient part = multiply_divide(rest, Uint128{1} << 64, divisor);
    Uint128 left = rest;
    Uint128 bits = 0;
    for (int bit = 0; bit < 64; ++bit) {
      const bool carry = left >> 127 != 0;
      left <<= 1;
      bits <<= 1;
      if (carry || left >= divisor) {
        left -= divisor;
        bits |= 1;
      }
    }
    CHECK(part.whole == bits);
    CHECK(part.rest == left);
  }
}

TEST_CASE("fixed: square roots enclose the true value") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    const Fixed x = Fixed::from_raw(static_cast<Int128>(size_of(some(random, 126))));
    const Fixed low = sqrt(x, Round::down);
    const Fixed high = sqrt(x, Round::up);
    CHECK(slow(low) * slow(low) <= slow(x));
    CHECK(slow(x) <= slow(high) * slow(high));
    CHECK((high - low).raw() <= 1);
  }
  CHECK(sqrt(Fixed::whole(4), Round::up) == Fixed::whole(2));
  CHECK(sqrt(Fixed(), Round::up) == Fixed());
  CHECK(to_text(sqrt(Fixed::whole(2), Round::down), 18, Round::down) == "1.414213562373095048");
}

TEST_CASE("fixed: what does not fit is the largest value down and infinite up") {
  const Fixed big = Fixed::whole(INT64_MAX);
  CHECK(multiply(big, big, Round::up) == Fixed::infinite());
  CHECK(multiply(big, big, Round::down) == kMost);
  CHECK(multiply(big, -big, Round::down) == Fixed::minus_infinite());
  CHECK(multiply(big, -big, Round::up) == -kMost);
  CHECK(multiply(big, 3, Round::up) == Fixed::infinite());
  CHECK(divide(big, Fixed::from_raw(1), Round::up) == Fixed::infinite());
  CHECK(divide(big, Fixed::from_raw(1), Round::down) == kMost);
  CHECK(divide(big, Fixed(), Round::up) == Fixed::infinite());
  CHECK(divide(big, Fixed(), Round::down) == Fixed::minus_infinite());
  CHECK(add(big, big, Round::up) == Fixed::infinite());
  CHECK(add(big, big, Round::down) == kMost);
  CHECK(subtract(-big, big, Round::down) == Fixed::minus_infinite());
  CHECK(subtract(-big, big, Round::up) == -kMost);
}

TEST_CASE("fixed: an infinite operand stands for any value beyond the range") {
  const Fixed infinite = Fixed::infinite();
  CHECK(add(infinite, Fixed::whole(-5), Round::up) == infinite);
  CHECK(add(infinite, Fixed::whole(-5), Round::down) == kMost - Fixed::whole(5));
  CHECK(subtract(infinite, infinite, Round::up) == infinite);
  CHECK(subtract(infinite, infinite, Round::down) == Fixed::minus_infinite());
  CHECK(multiply(infinite, ratio(1, 2, Round::down), Round::up) == infinite);
  CHECK(multiply(infinite, ratio(1, 2, Round::down), Round::down) < Fixed::whole(INT64_MAX));
  CHECK(multiply(infinite, ratio(-1, 2, Round::down), Round::down) == Fixed::minus_infinite());
  CHECK(multiply(infinite, Fixed(), Round::up) == Fixed());
  CHECK(divide(Fixed::whole(1), infinite, Round::down) == Fixed());
  CHECK(divide(Fixed::whole(1), infinite, Round::up) == Fixed::from_raw(3));
  CHECK(divide(infinite, Fixed::whole(2), Round::up) == infinite);
  CHECK(divide(infinite, Fixed::whole(2), Round::down) < infinite);
}

TEST_CASE("fixed: units become numbers and numbers units, rounded as told") {
  CHECK(from_units(500'000'000, 9, Round::down) == ratio(1, 2, Round::up));
  CHECK(from_units(1, 9, Round::up).raw() - from_units(1, 9, Round::down).raw() == 1);
  CHECK(*to_units(from_units(1, 9, Round::down), 9, Round::up) == 1);
  CHECK(*to_units(from_units(1, 9, Round::down), 9, Round::down) == 0);
  CHECK(*to_units(from_units(-1, 9, Round::down), 9, Round::down) == -2);
  CHECK(*to_units(from_units(-1, 9, Round::down), 9, Round::up) == -1);
  const Result<std::int64_t> large = to_units(Fixed::whole(10), 18, Round::up);
  REQUIRE(!large);
  CHECK(large.error().code == Code::exhausted);
  CHECK(!to_units(Fixed::infinite(), 0, Round::down));
}

TEST_CASE("fixed: text has the places it is asked for, rounded as told") {
  CHECK(to_text(ratio(1, 3, Round::down), 4, Round::down) == "0.3333");
  CHECK(to_text(ratio(1, 3, Round::down), 4, Round::up) == "0.3334");
  CHECK(to_text(ratio(-1, 3, Round::down), 4, Round::up) == "-0.3333");
  CHECK(to_text(ratio(-1, 3, Round::down), 4, Round::down) == "-0.3334");
  CHECK(to_text(ratio(-1, 1'000, Round::down), 2, Round::up) == "0.00");
  CHECK(to_text(Fixed::whole(-12), 0, Round::down) == "-12");
  CHECK(to_text(Fixed(), 3, Round::up) == "0.000");
  CHECK(to_text(Fixed::infinite(), 3, Round::up) == "inf");
  CHECK(to_text(Fixed::whole(INT64_MAX), 18, Round::up) ==
        "9223372036854775807.000000000000000000");
}

}  // namespace
}  // namespace mc::fixed
