#include <doctest/doctest.h>

#include <random>

#include "fixed/fixed.h"
#include "fixed/slow_number.h"

namespace mc::fixed {
namespace {

Uint128 join(std::uint64_t high, std::uint64_t low) {
  return Uint128{high} << 64 | low;
}
SlowNumber slow(Probability p) {
  return SlowNumber::make(static_cast<std::uint64_t>(p.raw() >> 64),
                          static_cast<std::uint64_t>(p.raw()), 127);
}

TEST_CASE("probability: e^(-n/d) is within 64 ulps of 90-digit values") {
  struct Row {
    std::uint64_t numerator, denominator;
    Uint128 floor;  // of 2^127 e^(-n/d)
  };
  const Row rows[] = {
      {1, 1, join(0x2f16ac6c59de6f8d, 0x5d6f63c1482a7c86)},
      {1, 2, join(0x4da2cbf1be5827f9, 0xeb3ad1aa9866ebb3)},
      {1, 10, join(0x73d1b66754acea00, 0xa8f29c079676f401)},
      {1, 1'000'000'000, join(0x7ffffffdda3e82ff, 0xc1c4de1131175676)},
      {123'456'789, 1'000'000'000, join(0x712251aa3f3e5916, 0x8e9fbfae31d10699)},
      {693'147'180, 1'000'000'000, join(0x4000000099eaa5f3, 0x3f154180963c91fa)},
      {7, 10, join(0x3f901b73baaa838f, 0x3de75be5d0263f66)},
      {20, 1, join(0x46d21957c, 0xdc99b9812d145405)},
      {87, 1, join(0x0, 0x2)},
      {41'446'531'673, 1'000'000'000, join(0x9, 0x392ee90c80210f1e)},
      {3, 7, join(0x53625ae3b76ac87d, 0x28ada622d76181fa)},
      {1'000'000'000'000'000'000, 1'000'000'000'000'000'001,
       join(0x2f16ac6c59de6f90, 0xc210ddfcad006ef2)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.numerator);
    const Uint128 low = exp_negative(row.numerator, row.denominator, Round::down).raw();
    const Uint128 high = exp_negative(row.numerator, row.denominator, Round::up).raw();
    CHECK(low <= row.floor);
    CHECK(high > row.floor);
    CHECK(high - low <= 64);
  }
  CHECK(exp_negative(0, 5, Round::down) == Probability::one());
  CHECK(exp_negative(1'000, 1, Round::down) == Probability::zero());
  CHECK(exp_negative(1'000, 1, Round::up) == Probability::from_raw(1));
  CHECK(exp_negative(~Uint128{0}, Uint128{1} << 120, Round::up) == Probability::from_raw(1));
}

TEST_CASE("probability: the normal tail is within 2^-100 of 40-digit values") {
  struct Row {
    Int128 z;  // in units of 2^-64
    Uint128 floor;
  };
  const Row rows[] = {
      {0, join(0x4000000000000000, 0x0)},
      {Int128{1} << 63, join(0x277e2877354e2486, 0x5f8e1bdeb1ad028b)},
      {Int128{1} << 64, join(0x144ed0bb7cb20b2d, 0xa06e8b08691714db)},
      {Int128{2} << 64, join(0x2e979f0593b0bf3, 0x39d1306b38cf9659)},
      {Int128{19} << 62, join(0x8882b6d01e5, 0xc28188f2145e04f0)},
      {Int128{6} << 64, join(0x21e61de01, 0x25a907c3eaa4f8d0)},
      {Int128{17} << 63, join(0x57, 0x6eeb33c69381d3f6)},
      {Int128{12} << 64, join(0x0, 0x49cac)},
      {-(Int128{1} << 64), join(0x6bb12f44834df4d2, 0x5f9174f796e8eb24)},
      {Int128{15} << 64, 0},
  };
  const Uint128 margin = Uint128{1} << 27;
  for (const Row& row : rows) {
    const Fixed z = Fixed::from_raw(row.z);
    CAPTURE(to_text(z, 2, Round::down));
    const Uint128 low = normal_tail(z, Round::down).raw();
    const Uint128 high = normal_tail(z, Round::up).raw();
    CHECK(low <= row.floor);
    CHECK(high > row.floor);
    CHECK(high - low <= margin);
  }
}

// 1/2 + P(0 <= Z <= z), by the alternating series of z^(2n+1) / (2^n n! (2n+1)).
SlowNumber slow_normal(const SlowNumber& z, const SlowNumber& density_at_0) {
  SlowNumber plus, minus;
  SlowNumber power = z;
  for (std::uint32_t n = 0; !power.is_zero(); ++n) {
    SlowNumber& sum = n % 2 == 0 ? plus : minus;
    sum = sum + power.over(2 * n + 1);
    power = (power * z * z).over(2 * (n + 1));
  }
  return SlowNumber::whole(1).over(2) + (plus - minus) * density_at_0;
}

TEST_CASE("probability: the normal tail agrees with a slow alternating series") {
  // 1/sqrt(2 pi) = e^(-1/2 ln 2 pi); its square times 2 pi is 1, with Machin's pi.
  const auto arctan_inverse = [](std::uint32_t x) {
    SlowNumber plus, minus;
    SlowNumber power = SlowNumber::whole(1).over(x);
    for (std::uint32_t n = 0; !power.is_zero(); ++n) {
      SlowNumber& sum = n % 2 == 0 ? plus : minus;
      sum = sum + power.over(2 * n + 1);
      power = power.over(x).over(x);
    }
    return plus - minus;
  };
  const SlowNumber four = SlowNumber::whole(4);
  const SlowNumber two_pi = SlowNumber::whole(8) * (four * arctan_inverse(5) - arctan_inverse(239));
  SlowNumber root;  // the largest with root^2 * 2 pi <= 1, of 300 bits
  for (int bit = 1; bit <= 300; ++bit) {
    const SlowNumber next = root + SlowNumber::make(0, 1, bit);
    if (next * next * two_pi <= SlowNumber::whole(1)) root = next;
  }
  std::mt19937_64 random(4);
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t whole = random() % 11, fraction = random();
    const SlowNumber z = SlowNumber::make(whole, fraction, 64);
    const SlowNumber below = slow_normal(z, root);
    const Fixed at = Fixed::from_raw(static_cast<Int128>(join(whole, fraction)));
    const SlowNumber one = SlowNumber::whole(1);
    CHECK(one <= slow(normal_tail(at, Round::up)) + below);
    CHECK(slow(normal_tail(at, Round::down)) + below <= one);
  }
}

TEST_CASE("probability: products, quotients and powers enclose the true value") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    const Probability a = Probability::from_raw(join(random(), random()) >> 1);
    const Probability b = Probability::from_raw(join(random(), random()) >> (1 + random() % 100));
    const SlowNumber product = slow(a) * slow(b);
    CHECK(slow(multiply(a, b, Round::down)) <= product);
    CHECK(product <= slow(multiply(a, b, Round::up)));
    CHECK(multiply(a, b, Round::up).raw() - multiply(a, b, Round::down).raw() <= 1);
    if (a < b) {
      CHECK(slow(divide(a, b, Round::down)) * slow(b) <= slow(a));
      CHECK(slow(a) <= slow(divide(a, b, Round::up)) * slow(b));
    } else {
      CHECK(divide(a, b, Round::down) == Probability::one());
    }
  }
  const Probability p = exp_negative(1, 10, Round::down);
  CHECK(power(p, 100, Round::down) <= exp_negative(10, 1, Round::up));
  CHECK(power(p, 100, Round::up).raw() - power(p, 100, Round::down).raw() <= 200);
  CHECK(power(p, 0, Round::up) == Probability::one());
}

TEST_CASE("probability: sums stay within 0 and 1, units are rounded as told") {
  const Probability half = probability(1, 2, Round::down);
  CHECK(add(half, half) == Probability::one());
  CHECK(add(Probability::one(), half) == Probability::one());
  CHECK(subtract(half, Probability::one()) == Probability::zero());
  CHECK(half.complement() == half);
  CHECK(to_units(probability(1, 3, Round::down), 18, Round::down) == 333'333'333'333'333'333);
  CHECK(to_units(probability(1, 3, Round::up), 18, Round::up) == 333'333'333'333'333'334);
  CHECK(to_units(Probability::one(), 18, Round::up) == 1'000'000'000'000'000'000);
  CHECK(probability_of_units(1, 18, Round::down).raw() ==
        (Uint128{1} << 127) / 1'000'000'000'000'000'000);
  CHECK(probability_of_units(5, 0, Round::down) == Probability::one());
  CHECK(to_fixed(half, Round::down) == ratio(1, 2, Round::down));
  CHECK(to_fixed(Probability::from_raw(1), Round::up) == Fixed::from_raw(1));
  CHECK(to_fixed(Probability::from_raw(1), Round::down) == Fixed());
  CHECK(to_probability(ratio(1, 2, Round::down)) == half);
  CHECK(to_probability(Fixed::whole(2)) == Probability::one());
  CHECK(to_probability(Fixed::whole(-2)) == Probability::zero());
}

}  // namespace
}  // namespace mc::fixed
