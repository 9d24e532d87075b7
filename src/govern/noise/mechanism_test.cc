// The samplers against their formulas: fixed seeds, a million draws, and chi-square at p > 1e-4.
#include "noise/mechanism.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "noise/noise.h"
#include "sim/sim.h"

namespace mc::noise {
namespace {

using fixed::Round;

constexpr std::int64_t kDraws = 1'000'000;

// What 1e-4 of all chi-square numbers of this freedom exceed (Wilson, Hilferty 1931).
double critical(double freedom) {
  const double part = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1.0 - part + 3.719 * std::sqrt(part), 3);
}

template <class Noise>
std::map<std::int64_t, std::int64_t> counts_of(const Noise& noise, std::uint64_t seed) {
  sim::SimRandom random(seed);
  Source source(random);
  std::map<std::int64_t, std::int64_t> counts;
  for (std::int64_t i = 0; i < kDraws; ++i) ++counts[noise.draw(source)];
  return counts;
}

double variance_of(const std::map<std::int64_t, std::int64_t>& counts) {
  double sum = 0;
  for (const auto& [value, count] : counts) {
    sum += static_cast<double>(value) * static_cast<double>(value) * static_cast<double>(count);
  }
  return sum / static_cast<double>(kDraws);
}

// Compares with `weight`, scaled to 1 over +-reach; what lies beyond or is rarer than 20 is pooled.
template <class Weight>
void check_distribution(const std::map<std::int64_t, std::int64_t>& counts, const Weight& weight,
                        std::int64_t reach) {
  double all = 0;
  for (std::int64_t x = -reach; x <= reach; ++x) all += weight(x);
  double chi = 0, cells = 0, rare_expected = 0, rare_seen = 0, seen_all = 0;
  for (std::int64_t x = -reach; x <= reach; ++x) {
    const double expected = weight(x) / all * static_cast<double>(kDraws);
    const auto found = counts.find(x);
    const double seen = found == counts.end() ? 0 : static_cast<double>(found->second);
    seen_all += seen;
    if (expected < 20) {
      rare_expected += expected;
      rare_seen += seen;
      continue;
    }
    chi += (seen - expected) * (seen - expected) / expected;
    cells += 1;
  }
  rare_seen += static_cast<double>(kDraws) - seen_all;
  chi += (rare_seen - rare_expected) * (rare_seen - rare_expected) / std::max(rare_expected, 1.0);
  CAPTURE(chi);
  CAPTURE(cells);
  CHECK(chi < critical(cells));
}

double middle(const Bounds& bounds) {
  return (static_cast<double>(bounds.low.raw()) / 0x1p64 +
          static_cast<double>(bounds.high.raw()) / 0x1p64) /
         2;
}

TEST_CASE("noise: discrete Laplace has its distribution, variance and tails") {
  const Fraction scales[] = {{2, 1},     {10, 1}, {1, 1}, {1, 3}, {1'000'000'000, 123'456'789},
                             {70'000, 3}};
  std::uint64_t seed = 1;
  for (const Fraction& scale : scales) {
    CAPTURE(scale.numerator);
    const DiscreteLaplace noise = *DiscreteLaplace::make(scale);
    const auto counts = counts_of(noise, seed++);
    const double s = static_cast<double>(scale.numerator) / static_cast<double>(scale.denominator);
    const double off = variance_of(counts) / middle(variance(noise)) - 1;
    CHECK(std::abs(off) < 0.01);
    if (s < 100) {
      check_distribution(
          counts, [&](std::int64_t x) { return std::exp(-std::abs(static_cast<double>(x)) / s); },
          static_cast<std::int64_t>(s * 40) + 2);
    }
    for (const double times : {1.0, 3.0, 6.0}) {
      const auto t = static_cast<std::int64_t>(std::ceil(times * s));
      std::int64_t seen = 0;
      for (const auto& [value, count] : counts) seen += std::abs(value) >= t ? count : 0;
      const double expected = static_cast<double>(kDraws) * 2 *
                              std::exp(-static_cast<double>(t) / s) / (1 + std::exp(-1 / s));
      CHECK(std::abs(static_cast<double>(seen) - expected) < 5 * std::sqrt(expected + 1));
    }
  }
}

TEST_CASE("noise: discrete Gaussian has its distribution and variance") {
  const Fraction squares[] = {{1, 1}, {4, 1}, {1, 4}, {1'391'761, 100'000}, {100, 1}, {10'000, 1}};
  std::uint64_t seed = 11;
  for (const Fraction& squared : squares) {
    CAPTURE(squared.numerator);
    const DiscreteGaussian noise = *DiscreteGaussian::make(squared);
    const auto counts = counts_of(noise, seed++);
    const double s2 =
        static_cast<double>(squared.numerator) / static_cast<double>(squared.denominator);
    CHECK(std::abs(variance_of(counts) / middle(variance(noise)) - 1) < 0.01);
    check_distribution(
        counts, [&](std::int64_t x) { return std::exp(-static_cast<double>(x * x) / (2 * s2)); },
        static_cast<std::int64_t>(std::sqrt(s2) * 9) + 2);
  }
}

TEST_CASE("noise: the widest noises keep their spread and their range") {
  sim::SimRandom random(21);
  Source source(random);
  const DiscreteLaplace laplace = *DiscreteLaplace::make({kScaleMost, 1});
  const DiscreteGaussian gaussian = *DiscreteGaussian::make({kVarianceMost, 1});
  const DiscreteGaussian fine =
      *DiscreteGaussian::make({kVarianceMost - 1, kVarianceDenominatorMost});
  double laplace_sum = 0, gaussian_sum = 0, fine_sum = 0;
  constexpr int kFew = 20'000;
  for (int i = 0; i < kFew; ++i) {
    const std::int64_t x = laplace.draw(source);
    const std::int64_t y = gaussian.draw(source);
    const std::int64_t z = fine.draw(source);
    CHECK(std::abs(x) < kValueMost);
    laplace_sum += std::abs(static_cast<double>(x));
    gaussian_sum += std::pow(static_cast<double>(y), 2);
    fine_sum += std::pow(static_cast<double>(z), 2);
  }
  CHECK(std::abs(laplace_sum / kFew / 0x1p52 - 1) < 0.04);
  CHECK(std::abs(gaussian_sum / kFew / 0x1p60 - 1) < 0.05);
  CHECK(std::abs(fine_sum / kFew / 0x1p20 - 1) < 0.05);
}

TEST_CASE("noise: noise of scale 0 and parts beyond the limits are refused by name") {
  CHECK(DiscreteLaplace::make({0, 1}).error().what ==
        "numerator of the noise's scale: from 1 to 4503599627370496, not 0");
  CHECK(DiscreteLaplace::make({1, 0}).error().what.starts_with("denominator of the noise's scale"));
  CHECK(DiscreteLaplace::make({kScaleMost + 1, 1}).error().code == Code::invalid);
  CHECK(
      DiscreteGaussian::make({0, 1}).error().what.starts_with("numerator of the noise's variance"));
  CHECK(DiscreteGaussian::make({1, kVarianceDenominatorMost + 1})
            .error()
            .what.starts_with("denominator of the noise's variance"));
  CHECK(DiscreteGaussian::make({UINT64_MAX, 1}).error().code == Code::invalid);
  CHECK(DiscreteLaplace::make({6, 4})->scale() == Fraction{3, 2});
}

TEST_CASE("noise: sums hold at the ends of int64, totals near them are refused by name") {
  CHECK(*noised(40, -2, "count") == 38);
  CHECK(*noised(kValueMost, INT64_MAX, "sum") == INT64_MAX);
  CHECK(*noised(-kValueMost, INT64_MIN, "sum") == INT64_MIN);
  const Result<std::int64_t> refused = noised(INT64_MAX, 1, "sum of cost");
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::invalid);
  CHECK(refused.error().what ==
        "sum of cost: at most 4611686018427387904 above or below 0, before noise");
  CHECK(!noised(INT64_MIN, 1, "sum"));
}

TEST_CASE("noise: neighbouring counts have the same outputs (attack 6.7: Mironov's lattice)") {
  // A floating Laplace gives each true count its own set of representable outputs. Here what a
  // count can become is each whole number, whatever the count.
  sim::SimRandom random(31);
  Source source(random);
  const DiscreteLaplace noise = *laplace_for(500'000'000, 1);
  std::set<std::int64_t> of_41, of_42;
  for (int i = 0; i < 200'000; ++i) {
    of_41.insert(*noised(41, noise.draw(source), "count"));
    of_42.insert(*noised(42, noise.draw(source), "count"));
  }
  for (std::int64_t out = 32; out <= 51; ++out) {
    CHECK(of_41.contains(out));
    CHECK(of_42.contains(out));
  }
  // And the chance of each differs by at most e^epsilon: the same weights, moved by one.
  const fixed::Probability nearer = tail(noise, 5, Round::down);
  const fixed::Probability further = tail(noise, 6, Round::up);
  const fixed::Probability shrink = fixed::exp_negative(1, 2, Round::down);
  CHECK(nearer <= fixed::divide(further, shrink, Round::up));
}

TEST_CASE("noise: a fraction that does not fit is rounded up, finely") {
  const Fraction most{1'000'000, 1'000};
  CHECK(*fraction_up(6, 4, most, "x") == Fraction{3, 2});
  CHECK(*fraction_up(1'000'000, 1, most, "x") == Fraction{1'000'000, 1});
  const Fraction third = *fraction_up(1'000'001, 3'000, most, "x");
  CHECK(third.denominator <= 1'000);
  const double off = static_cast<double>(third.numerator) / static_cast<double>(third.denominator) -
                     1'000'001.0 / 3'000;
  CHECK(off >= 0);
  CHECK(off <= 1.0 / 512);
  CHECK(*fraction_up(1, 1'000'000, most, "x") == Fraction{1, 512});
  CHECK(fraction_up(1'000'001, 1, most, "scale").error().what == "scale: at most 1000000");
  CHECK(fraction_up(~fixed::Uint128{0}, 1, most, "scale").error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::noise
