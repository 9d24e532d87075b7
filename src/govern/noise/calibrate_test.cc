// Calibration and quotes against 40-digit values and exact sums.
#include "noise/calibrate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "noise/gaussian.h"
#include "noise/noise.h"
#include "sim/sim.h"

namespace mc::noise {
namespace {

using fixed::Fixed;
using fixed::Probability;
using fixed::Round;

double number(Fixed x) {
  return static_cast<double>(x.raw()) / 0x1p64;
}
double number(Probability p) {
  return static_cast<double>(p.raw()) / 0x1p127;
}
DiscreteLaplace laplace(Fraction scale) {
  return *DiscreteLaplace::make(scale);
}
DiscreteGaussian gaussian(Fraction squared) {
  return *DiscreteGaussian::make(squared);
}

TEST_CASE("quote: the variance of discrete Laplace is that of 40-digit arithmetic") {
  struct Row {
    std::int64_t epsilon_nano;
    const char* text;
    int digits;
  };
  const Row rows[] = {{100'000'000, "199.833416634", 9},
                      {500'000'000, "7.83539617807", 11},
                      {1'000'000'000, "1.84134718842", 11}};
  for (const Row& row : rows) {
    const Bounds bounds = variance(*laplace_for(row.epsilon_nano, 1));
    // The vectors are rounded to their last digit: so is what is between the bounds.
    const Fixed half =
        fixed::divide(fixed::from_units(5, row.digits, Round::up), Fixed::whole(10), Round::up);
    CHECK(to_text(bounds.low + half, row.digits, Round::down) == row.text);
    CHECK(to_text(bounds.high + half, row.digits, Round::down) == row.text);
    CHECK(bounds.low <= bounds.high);
    CHECK((bounds.high - bounds.low).raw() <= 64);
  }
}

TEST_CASE("quote: the tail of discrete Laplace is 2p^t/(1+p)") {
  const DiscreteLaplace noise = *laplace_for(500'000'000, 1);
  CHECK(std::abs(number(tail(noise, 10, Round::down)) - 0.00838819597) < 5e-12);
  CHECK(tail(noise, 10, Round::up).raw() - tail(noise, 10, Round::down).raw() < 200);
  CHECK(tail(noise, 0, Round::down) == Probability::one());
  CHECK(tail(noise, -3, Round::down) == Probability::one());
  CHECK(tail(noise, INT64_MAX, Round::down) == Probability::zero());
  CHECK(tail(noise, INT64_MAX, Round::up).raw() <= 2);
}

TEST_CASE("quote: the variance of discrete Gaussian is that of 40-digit arithmetic") {
  const Bounds one = variance(gaussian({1, 1}));
  CHECK(to_text(one.low, 15, Round::down) == "0.999999788767728");
  CHECK(to_text(one.high, 15, Round::down) == "0.999999788767728");
  const Bounds four = variance(gaussian({4, 1}));
  CHECK(number(four.low) == doctest::Approx(4.0).epsilon(1e-15));
  CHECK(four.low < four.high);
  CHECK(number(four.high) == doctest::Approx(4.0).epsilon(1e-15));
}

TEST_CASE("quote: variances of small and large scales meet where the formula changes") {
  for (const Fraction scale : {Fraction{65'535, 1}, Fraction{65'536, 1}, Fraction{131'071, 2}}) {
    const double s = static_cast<double>(scale.numerator) / static_cast<double>(scale.denominator);
    const Bounds bounds = variance(laplace(scale));
    CHECK(bounds.low <= bounds.high);
    CHECK(number(bounds.low) == doctest::Approx(2 * s * s - 1.0 / 6).epsilon(1e-15));
    CHECK(number(bounds.high - bounds.low) < 1e-9);
    const Bounds root = deviation(laplace(scale));
    CHECK(number(root.low) == doctest::Approx(std::sqrt(2) * s).epsilon(1e-9));
    CHECK(root.low <= root.high);
  }
  for (const Fraction squared : {Fraction{4'095, 1}, Fraction{4'096, 1}}) {
    const Bounds bounds = variance(gaussian(squared));
    CHECK(bounds.low <= bounds.high);
    CHECK(number(bounds.low) ==
          doctest::Approx(static_cast<double>(squared.numerator)).epsilon(1e-15));
  }
}

TEST_CASE("quote: the widest noise has an infinite variance bound but a finite deviation") {
  const DiscreteLaplace wide = laplace({kScaleMost, 1});
  CHECK(variance(wide).high == Fixed::infinite());
  CHECK(variance(wide).low < Fixed::infinite());
  CHECK(number(deviation(wide).high) == doctest::Approx(std::sqrt(2) * 0x1p52));
  CHECK(number(deviation(gaussian({kVarianceMost, 1})).high) == doctest::Approx(0x1p30));
  CHECK(number(deviation(laplace({1, kScaleMost})).high) < 1e-9);
}

TEST_CASE("quote: an interval holds its confidence, and one less would not") {
  struct Row {
    Fraction scale;
    std::int64_t width;
  };
  // p^(w+1) <= 0.025 (1 + p) for the scale 2: w + 1 >= 2 ln(1 / (0.025 * 1.60653)) = 6.43
  const Row rows[] = {{{2, 1}, 6}, {{10, 1}, 30}, {{1, 100}, 0}};
  for (const Row& row : rows) {
    const DiscreteLaplace noise = laplace(row.scale);
    const std::int64_t width = half_width(noise, confidence_95());
    CHECK(width == row.width);
    CHECK(number(tail(noise, width + 1, Round::up)) <= 0.05);
    if (width > 0) CHECK(number(tail(noise, width, Round::down)) > 0.05);
  }
  for (const Fraction squared :
       {Fraction{1, 1}, Fraction{100, 1}, Fraction{1'000'000, 1}, Fraction{kVarianceMost, 1}}) {
    const DiscreteGaussian noise = gaussian(squared);
    const std::int64_t width = half_width(noise, confidence_95());
    CHECK(number(tail(noise, width + 1, Round::up)) <= 0.05);
    CHECK(number(tail(noise, width, Round::down)) > 0.0499);
    CHECK(static_cast<double>(width) ==
          doctest::Approx(1.96 * std::sqrt(static_cast<double>(squared.numerator))).epsilon(0.5));
  }
}

TEST_CASE("quote: Gaussian tails by sums and by integrals enclose each other's neighbours") {
  // The same sigma a little below and above 64: tails of the lower one are smaller.
  const GaussianTail summed(gaussian({409'599, 100}));
  const GaussianTail integral(gaussian({4'096, 1}));
  REQUIRE(summed.is_summed());
  REQUIRE(!integral.is_summed());
  for (const std::int64_t m : {-70, 0, 1, 10, 63, 64, 65, 66, 100, 200, 400, 700}) {
    CAPTURE(m);
    for (const GaussianTail* tails : {&summed, &integral}) {
      CHECK(tails->at_least(m, Round::down) <= tails->at_least(m, Round::up));
      CHECK(tails->exactly(m, Round::down) <= tails->exactly(m, Round::up));
      CHECK(tails->at_least(m, Round::down) <=
            fixed::add(tails->at_least(m + 1, Round::up), tails->exactly(m, Round::up)));
    }
    CHECK(summed.exactly(m, Round::down) != Probability::zero());
    if (m > 0) CHECK(summed.at_least(m, Round::down) <= integral.at_least(m, Round::up));
    const double gap =
        number(integral.at_least(m, Round::up)) - number(summed.at_least(m, Round::down));
    CHECK(std::abs(gap) < 0.013);
  }
  // 1 / (64 sqrt(2 pi))
  for (const Round round : {Round::down, Round::up}) {
    CHECK(std::abs(number(integral.exactly(0, round)) / 0.0062334731312723856 - 1) < 1e-14);
  }
  // Runs are bounded from above, and closely, to the right, to the left and across the middle.
  for (const auto& [from, end] : {std::pair{-100, 30}, {-300, -100}, {100, 300}, {-40, 90}}) {
    double sum = 0;
    for (int m = from; m < end; ++m) sum += number(integral.exactly(m, Round::down));
    const double above = number(integral.between_up(from, end)) / sum - 1;
    CHECK(above >= -1e-15);
    CHECK(above < 1e-3);
  }
  // Where the weight is convex the two bounds are close.
  CHECK(number(integral.at_least(300, Round::up)) / number(integral.at_least(300, Round::down)) <
        1.002);
}

TEST_CASE("calibrate: a scale is sensitivity over epsilon, exactly where it fits, never less") {
  CHECK(laplace_for(500'000'000, 1)->scale() == Fraction{2, 1});
  CHECK(laplace_for(100'000'000, 3)->scale() == Fraction{30, 1});
  CHECK(laplace_for(123'456'789, 1)->scale() == Fraction{1'000'000'000, 123'456'789});
  CHECK(laplace_for(1, 1)->scale() == Fraction{1'000'000'000, 1});
  sim::SimRandom random(1);
  for (int i = 0; i < 2'000; ++i) {
    const auto epsilon = static_cast<std::int64_t>(1 + random.next_u64() % kEpsilonMost);
    const auto sensitivity = static_cast<std::int64_t>(
        1 + (random.next_u64() % kSensitivityMost >> (random.next_u64() % 40)));
    const Result<DiscreteLaplace> noise = laplace_for(epsilon, sensitivity);
    if (!noise) continue;  // too wide: below
    const std::int64_t claimed = *epsilon_nano_of(*noise, sensitivity);
    CHECK(claimed <= epsilon);
    CHECK(claimed >= epsilon - 1 - epsilon / 500'000);
  }
}

TEST_CASE("calibrate: parameters out of range are refused by name and limit") {
  CHECK(laplace_for(0, 1).error().what == "epsilon: from 0.000000001 to 1000, not 0");
  CHECK(laplace_for(-5, 1).error().what == "epsilon: from 0.000000001 to 1000, not -0.000000005");
  CHECK(laplace_for(kEpsilonMost + 1, 1).error().what ==
        "epsilon: from 0.000000001 to 1000, not 1000.000000001");
  CHECK(laplace_for(1, 0).error().what == "sensitivity: from 1 to 1099511627776, not 0");
  CHECK(laplace_for(1, kSensitivityMost).error().what ==
        "scale of the noise: at most 4503599627370496");
  CHECK(gaussian_for_rho(0, 1).error().what.starts_with("rho: from"));
  CHECK(
      gaussian_for(1'000'000'000, 0, 1).error().what.starts_with("delta of Gaussian noise: from"));
  CHECK(gaussian_for(1, 1'000'000'000'000, 1)
            .error()
            .what.starts_with("epsilon of Gaussian noise: from"));
  CHECK(gaussian_for(1'000'000'000, 1'000'000'000'000, kGaussianSensitivityMost + 1)
            .error()
            .what.starts_with("sensitivity: from"));
  CHECK(gaussian_for(1'000'000, 1'000, kGaussianSensitivityMost)
            .error()
            .what.starts_with("variance of the noise: at most"));
}

TEST_CASE("calibrate: rho of a Gaussian is never above what was asked") {
  CHECK(gaussian_for_rho(500'000'000'000, 1)->sigma_squared() == Fraction{1, 1});
  CHECK(gaussian_for_rho(17'000'000'000, 1)->sigma_squared() == Fraction{500, 17});
  for (const std::int64_t rho :
       {1ll, 3ll, 777'777'777ll, 123'456'789'012ll, 50'000'000'000'000ll}) {
    for (const std::int64_t sensitivity : {1ll, 7ll, 1'000ll}) {
      const Result<DiscreteGaussian> noise = gaussian_for_rho(rho, sensitivity);
      REQUIRE(noise);
      const std::int64_t claimed = *rho_pico_of(*noise, sensitivity);
      CHECK(claimed <= rho);
      CHECK(claimed >= rho - 1 - rho / 100);
    }
  }
}

TEST_CASE("calibrate: the continuous analytic Gaussian is that of 40-digit arithmetic") {
  struct Row {
    std::int64_t epsilon_nano, delta_atto;
    double sigma;
  };
  const Row rows[] = {{1'000'000'000, 10'000'000'000'000, 3.730631634816},
                      {500'000'000, 1'000'000'000'000, 8.057618480725},
                      {8'000'000'000, 1'000'000'000'000, 0.652935384358}};
  for (const Row& row : rows) {
    const double sigma = number(analytic_sigma(row.epsilon_nano, row.delta_atto));
    CHECK(std::abs(sigma - row.sigma) < 6e-13);
  }
}

// delta of a discrete Gaussian by adding up in floating point, for comparison only.
double slow_delta(double squared, double epsilon, int sensitivity) {
  const auto reach = static_cast<std::int64_t>(std::sqrt(squared) * 12) + sensitivity + 3;
  double all = 0, sum = 0;
  for (std::int64_t y = -reach; y <= reach; ++y)
    all += std::exp(-static_cast<double>(y * y) / (2 * squared));
  for (std::int64_t y = -reach; y <= reach + sensitivity; ++y) {
    const auto weight = [&](std::int64_t x) {
      return std::exp(-static_cast<double>(x * x) / (2 * squared)) / all;
    };
    sum += std::max(0.0, weight(y - sensitivity) - std::exp(epsilon) * weight(y));
  }
  return sum;
}

TEST_CASE("calibrate: a discrete Gaussian's sigma meets its delta and is close to the least") {
  struct Row {
    std::int64_t epsilon_nano, delta_atto;
    int sensitivity;
  };
  const Row rows[] = {
      {1'000'000'000, 10'000'000'000'000, 1}, {500'000'000, 1'000'000'000'000, 1},
      {8'000'000'000, 1'000'000'000'000, 1},  {100'000'000, 1'000'000'000'000, 1},
      {1'000'000'000, 1'000'000'000, 5},      {1'000'000'000, 1'000'000'000'000, 100},
      {20'000'000'000, 1'000'000'000'000, 3}};
  for (const Row& row : rows) {
    CAPTURE(row.epsilon_nano);
    CAPTURE(row.sensitivity);
    const Result<DiscreteGaussian> noise =
        gaussian_for(row.epsilon_nano, row.delta_atto, row.sensitivity);
    REQUIRE(noise);
    const double epsilon = static_cast<double>(row.epsilon_nano) / 1e9,
                 delta = static_cast<double>(row.delta_atto) / 1e18;
    const Fraction squared = noise->sigma_squared();
    const double value =
        static_cast<double>(squared.numerator) / static_cast<double>(squared.denominator);
    CHECK(slow_delta(value, epsilon, row.sensitivity) <= delta * (1 + 1e-9));
    CHECK(number(gaussian_delta(*noise, row.epsilon_nano, row.sensitivity)) <= delta);
    CHECK(number(gaussian_delta(*noise, row.epsilon_nano, row.sensitivity)) >=
          slow_delta(value, epsilon, row.sensitivity) * (1 - 1e-9));
    // 0.2 % less of sigma^2, 0.1 % of sigma, is too little.
    CHECK(slow_delta(value * 0.998, epsilon, row.sensitivity) > delta);
  }
}

TEST_CASE("calibrate: large sensitivities need the continuous sigma and hardly more") {
  for (const std::int64_t sensitivity : {1'000ll, 1'000'000ll, 50'000'000ll}) {
    const Result<DiscreteGaussian> noise =
        gaussian_for(1'000'000'000, 10'000'000'000'000, sensitivity);
    REQUIRE(noise);
    const double sigma = std::sqrt(static_cast<double>(noise->sigma_squared().numerator) /
                                   static_cast<double>(noise->sigma_squared().denominator));
    const double share = sigma / static_cast<double>(sensitivity) / 3.730631634816;
    CHECK(share > 1 - 1e-6);
    CHECK(share < 1.0001);
  }
}

}  // namespace
}  // namespace mc::noise
