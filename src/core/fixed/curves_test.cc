// exp and log against 80-digit values, and against a slow series of its own (slow_number.h).
#include <doctest/doctest.h>

#include <random>

#include "fixed/fixed.h"
#include "fixed/slow_number.h"
#include "fixed/wide.h"

namespace mc::fixed {
namespace {

SlowNumber slow(Uint128 raw, int bits) {
  return SlowNumber::make(static_cast<std::uint64_t>(raw >> 64), static_cast<std::uint64_t>(raw),
                          bits);
}
SlowNumber slow(Fixed x) {
  return slow(static_cast<Uint128>(x.raw()), 64);
}
// A positive raw value of a random number of bits, `most` at most.
Uint128 some_bits(std::mt19937_64& random, int most) {
  const Uint128 all = join(random(), random());
  return all >> (128 - 1 - static_cast<int>(random() % static_cast<unsigned>(most)));
}

TEST_CASE("fixed: exp is within its bounds of 80-digit values") {
  struct Row {
    const char* x;
    Int128 raw;
    Uint128 floor;  // of 2^64 e^x
  };
  const Row rows[] = {
      {"1", Int128{1} << 64, join(0x2, 0xb7e151628aed2a6a)},
      {"-1", -(Int128{1} << 64), join(0x0, 0x5e2d58d8b3bcdf1a)},
      {"0.5", Int128{1} << 63, join(0x1, 0xa61298e1e069bc97)},
      {"10", Int128{10} << 64, join(0x560a, 0x773e54157e7c1faa)},
      {"43.5", Int128{87} << 63, join(0x6c2d02b28021721f, 0x97f7b9cdba011407)},
      {"-44", -(Int128{44} << 64), join(0x0, 0x1)},
      {"-1e-9", -18446744073, join(0x0, 0xfffffffbb47d0600)},
      {"1e-9", 18446744073, join(0x1, 0x44b82fa12)},
      {"20.25", Int128{81} << 62, join(0x2521aeda, 0x32cd52be55232581)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.x);
    const Fixed x = Fixed::from_raw(row.raw);
    const auto low = static_cast<Uint128>(exp(x, Round::down).raw());
    const auto high = static_cast<Uint128>(exp(x, Round::up).raw());
    CHECK(low <= row.floor);
    CHECK(high > row.floor);
    CHECK(row.floor - low <= 2 + (row.floor >> 120));
    CHECK(high - row.floor <= 3 + (row.floor >> 120));
  }
  CHECK(exp(Fixed(), Round::down) == Fixed::whole(1));
  CHECK(exp(Fixed(), Round::up) == Fixed::whole(1));
}

TEST_CASE("fixed: what exp cannot tell is bounded by the ends of the range") {
  CHECK(exp(Fixed::whole(44), Round::up) == Fixed::infinite());
  CHECK(exp(Fixed::whole(44), Round::down) < Fixed::infinite());
  CHECK(exp(Fixed::whole(44), Round::down) > Fixed::whole(INT64_MAX));
  CHECK(exp(Fixed::infinite(), Round::up) == Fixed::infinite());
  CHECK(exp(Fixed::whole(-1'000), Round::down) == Fixed());
  CHECK(exp(Fixed::whole(-1'000), Round::up) == Fixed::from_raw(1));
  CHECK(exp(Fixed::minus_infinite(), Round::up) == Fixed::from_raw(1));
  CHECK(exp(Fixed::minus_infinite(), Round::down) == Fixed());
}

TEST_CASE("fixed: log is within its bounds of 80-digit values") {
  struct Row {
    const char* x;
    Uint128 raw;
    Int128 floor;  // of 2^64 ln x
  };
  const Row rows[] = {
      {"2", Uint128{2} << 64, Int128{1278630864520265565} * 10 + 9},
      {"0.5", Uint128{1} << 63, -(Int128{1278630864520265566} * 10)},
      {"10", Uint128{10} << 64, Int128{4247519791839986901} * 10 + 9},
      {"1e-9", 18446744073, -(Int128{382276781266308372} * 1'000 + 793)},
      {"1 + 1e-10", Uint128{18446744075} * 1'000'000'000 + 554'226'023, 1844674406},
      {"9e18", Uint128{9'000'000'000'000'000'000u} << 64, Int128{805085201981783521} * 1'000 + 631},
      {"0.7", 12912720851596686131u, -6579491408342498069},
      {"1.5", Uint128{3} << 63, 7479511080090283978},
  };
  for (const Row& row : rows) {
    CAPTURE(row.x);
    const Fixed x = Fixed::from_raw(static_cast<Int128>(row.raw));
    const Int128 low = log(x, Round::down).raw();
    const Int128 high = log(x, Round::up).raw();
    CHECK(low <= row.floor);
    CHECK(high > row.floor);
    CHECK(row.floor - low <= 2);
    CHECK(high - row.floor <= 3);
  }
  CHECK(log(Fixed::whole(1), Round::down) == Fixed());
  CHECK(log(Fixed::whole(1), Round::up) == Fixed());
  CHECK(log(Fixed(), Round::down) == Fixed::minus_infinite());
  CHECK(log(Fixed(), Round::up) < Fixed::whole(-44));
}

TEST_CASE("fixed: the logarithm of a fraction is that of its value, for deltas of 1e-18 too") {
  const Fixed low = log_ratio(1, 1'000'000'000'000'000'000u, Round::down);
  const Fixed high = log_ratio(1, 1'000'000'000'000'000'000u, Round::up);
  // ln 1e-18 = -41.4465316738928223123821...
  CHECK(to_text(low, 18, Round::down) == "-41.446531673892822313");
  CHECK(to_text(high, 18, Round::down) == "-41.446531673892822313");
  CHECK(low < high);
  CHECK(high - low <= Fixed::from_raw(4));
  CHECK(log_ratio(7, 7, Round::up) == Fixed());
  CHECK(to_text(log_ratio(UINT64_MAX, 1, Round::down), 9, Round::down) == "44.361419555");
}

TEST_CASE("fixed: exp of a positive number agrees with a slow series") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 60; ++i) {
    const Fixed x =
        Fixed::from_raw(static_cast<Int128>(some_bits(random, 68) % (Uint128{43} << 64)));
    const SlowNumber truth = slow_exp(slow(x));
    const Fixed low = exp(x, Round::down);
    const Fixed high = exp(x, Round::up);
    CHECK(slow(low) <= truth);
    CHECK(truth <= slow(high) + SlowNumber::make(0, 1, 200));
    CHECK((high - low).raw() <= 3 + (high.raw() >> 120));
  }
}

TEST_CASE("fixed: exp of a negative number and of a fraction agree with a slow series") {
  std::mt19937_64 random(2);
  const SlowNumber slack = SlowNumber::make(0, 1, 300);
  for (int i = 0; i < 60; ++i) {
    const Uint128 size = some_bits(random, 70) % (Uint128{63} << 64);
    const SlowNumber truth = slow_exp_negative(slow(size, 64));
    const Fixed x = Fixed::from_raw(-static_cast<Int128>(size));
    CHECK(slow(exp(x, Round::down)) <= truth + slack);
    CHECK(truth <= slow(exp(x, Round::up)) + slack);
    CHECK((exp(x, Round::up) - exp(x, Round::down)).raw() <= 3);
    const Probability low = exp_negative(size, Uint128{1} << 64, Round::down);
    const Probability high = exp_negative(size, Uint128{1} << 64, Round::up);
    CHECK(slow(low.raw(), 127) <= truth + slack);
    CHECK(truth <= slow(high.raw(), 127) + slack);
    CHECK(high.raw() - low.raw() <= 64);
  }
}

TEST_CASE("fixed: the slow exponential of a logarithm's bounds encloses the number") {
  std::mt19937_64 random(3);
  const SlowNumber slack = SlowNumber::make(0, 1, 200);
  for (int i = 0; i < 60; ++i) {
    const Fixed x = Fixed::from_raw(static_cast<Int128>(some_bits(random, 127) | 1));
    const Fixed low = log(x, Round::down);
    const Fixed high = log(x, Round::up);
    CHECK((high - low).raw() <= 3);
    if (x > Fixed::whole(1)) {
      CHECK(slow_exp(slow(low)) <= slow(x) + slack);
      CHECK(slow(x) <= slow_exp(slow(high)) + slack);
    } else if (high < Fixed()) {
      CHECK(slow_exp_negative(slow(-low)) <= slow(x) + slack);
      CHECK(slow(x) <= slow_exp_negative(slow(-high)) + slack);
    }
  }
}

TEST_CASE("fixed: the logarithm before its last rounding is within 2^-113 of a slow series") {
  std::mt19937_64 random(4);
  const SlowNumber margin = SlowNumber::make(0, 128, 120);
  for (int i = 0; i < 40; ++i) {
    // From 1 to 4, half of them near the root of 2, where the series is slowest.
    const Uint128 value =
        i % 2 == 0 ? (Uint128{1} << 64) + random() + random()
                   : (Uint128{1} << 64) + 0x6a09e667f3bcc908u - 20 + static_cast<unsigned>(i);
    const Int128 log = log_120(value);
    const SlowNumber slow_log = slow(static_cast<Uint128>(log), 120);
    CHECK(slow_exp(slow_log) <= slow(value, 64) + slow(value, 64) * margin);
    CHECK(slow(value, 64) <= slow_exp(slow_log + margin));
  }
}

TEST_CASE("fixed: the logarithm next to 1 is told from a whole ulp") {
  // ln(1 + u) < u and ln(1 - u) < -u for u = 2^-64.
  const Fixed ulp = Fixed::from_raw(1);
  CHECK(log(Fixed::whole(1) + ulp, Round::down) == Fixed());
  CHECK(log(Fixed::whole(1) + ulp, Round::up) >= ulp);
  CHECK(log(Fixed::whole(1) - ulp, Round::down) == -ulp - ulp);
  CHECK(log(Fixed::whole(1) - ulp, Round::up) >= -ulp);
}

TEST_CASE("fixed: the logarithm of a sum of powers keeps its bounds, far beyond exp's range") {
  const Fixed a = Fixed::whole(1'000'000);
  CHECK(log_sum(a, a, Round::down) <= a + log(Fixed::whole(2), Round::up));
  CHECK(log_sum(a, a, Round::up) >= a + log(Fixed::whole(2), Round::down));
  CHECK(log_sum(a, -a, Round::down) == a);
  CHECK(log_sum(-a, a, Round::up) > a);
  CHECK((log_sum(-a, a, Round::up) - a).raw() <= 8);
  CHECK(log1p_exp(Fixed(), Round::up) >= log(Fixed::whole(2), Round::down));
  CHECK(log1p_exp(Fixed::minus_infinite(), Round::down) == Fixed());
  CHECK(log_sum(Fixed::minus_infinite(), Fixed::whole(3), Round::down) == Fixed::whole(3));
}

}  // namespace
}  // namespace mc::fixed
