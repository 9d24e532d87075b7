// Reports on declared batches against 40-digit values, exhaustive sums and known bounds.
#include "noise/pld.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "noise/calibrate.h"
#include "noise/losses.h"

namespace mc::noise {
namespace {

constexpr std::int64_t kMicro = 1'000'000'000'000;  // of delta, in atto

Declared laplace(std::int64_t epsilon_nano, std::int64_t times = 1, std::int64_t sensitivity = 1) {
  Declared out;
  out.epsilon_nano = epsilon_nano;
  out.times = times;
  out.sensitivity = sensitivity;
  return out;
}
Declared known(std::int64_t epsilon_nano, std::int64_t delta_atto, std::int64_t times = 1) {
  Declared out = laplace(epsilon_nano, times);
  out.kind = Declared::Kind::known;
  out.delta_atto = delta_atto;
  return out;
}
Declared gaussian(Fraction sigma_squared, std::int64_t times = 1, std::int64_t sensitivity = 1) {
  Declared out;
  out.kind = Declared::Kind::gaussian;
  out.sigma_squared = sigma_squared;
  out.times = times;
  out.sensitivity = sensitivity;
  return out;
}
double epsilon_of(const std::vector<Declared>& batch, std::int64_t delta_atto) {
  const Result<std::int64_t> nano = batch_epsilon(batch, delta_atto);
  REQUIRE(nano);
  return static_cast<double>(*nano) / 1e9;
}

// Losses and chances, one by one; the largest first.
using Slow = std::vector<std::pair<double, double>>;
Slow slow_laplace(double epsilon, int sensitivity) {
  const double p = std::exp(-epsilon / sensitivity);
  Slow out;
  for (int y = 0; y <= sensitivity; ++y) {
    const double end = std::pow(p, y) / (1 + p);
    out.emplace_back(epsilon * (sensitivity - 2 * y) / sensitivity,
                     y == 0 || y == sensitivity ? end : end * (1 - p));
  }
  return out;
}
Slow slow_sum(const Slow& a, const Slow& b) {
  Slow out;
  for (const auto& [x, p] : a) {
    for (const auto& [y, q] : b) out.emplace_back(x + y, p * q);
  }
  return out;
}
double slow_delta(const Slow& all, double epsilon) {
  double out = 0;
  for (const auto& [loss, chance] : all)
    out += loss > epsilon ? chance * -std::expm1(epsilon - loss) : 0;
  return out;
}
double slow_epsilon(const Slow& all, double delta) {
  double low = 0, high = 100;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (slow_delta(all, middle) > delta ? low : high) = middle;
  }
  return high;
}

TEST_CASE("pld: repeated counts are those of 40-digit arithmetic") {
  const double hundred = epsilon_of({laplace(100'000'000, 100)}, kMicro);
  CHECK(hundred >= 4.774567588108);
  CHECK(hundred < 4.774567588108 + 2e-9);
  const double ten = epsilon_of({laplace(500'000'000, 10)}, kMicro);
  CHECK(ten >= 4.999885471110);
  CHECK(ten < 4.999885471110 + 2e-9);
}

TEST_CASE("pld: how a batch is written down does not matter") {
  const double once = epsilon_of({laplace(100'000'000, 100)}, kMicro);
  CHECK(epsilon_of(std::vector<Declared>(100, laplace(100'000'000)), kMicro) == once);
  CHECK(epsilon_of({known(100'000'000, 0, 40), laplace(100'000'000, 60)}, kMicro) == once);
}

TEST_CASE("pld: optimal composition is Kairouz, Oh and Viswanath's") {
  const Repeated each{
      .epsilon_nano = 1'000'000'000, .delta_atto = 1'000'000'000'000'000, .times = 30};
  CHECK(*optimal_composition(each, 60'000'000'000'000'000) == 22'000'000'000);
  CHECK(*optimal_composition(each, 100'000'000'000'000'000) == 20'000'000'000);
  // 1 - 0.999^30 = 0.0295690...: below it nothing holds, at 0.0296 only 28 and more does.
  CHECK(optimal_composition(each, 29'000'000'000'000'000).error().code == Code::exhausted);
  CHECK(*optimal_composition(each, 29'600'000'000'000'000) == 30'000'000'000);
  CHECK(*optimal_composition(each, 29'640'000'000'000'000) == 28'000'000'000);
  // Between the sums the curve itself says less than the next of them.
  const double epsilon =
      epsilon_of({known(1'000'000'000, 1'000'000'000'000'000, 30)}, 60'000'000'000'000'000);
  CHECK(epsilon < 22);
  CHECK(epsilon > 21);
}

TEST_CASE("pld: the analytic Gaussian's epsilon comes back, for one and many releases") {
  const DiscreteGaussian noise = *gaussian_for(1'000'000'000, 10 * kMicro, 1);
  const double one = epsilon_of({gaussian(noise.sigma_squared())}, 10 * kMicro);
  CHECK(one <= 1.0 + 1e-9);
  CHECK(one > 0.999);
  // sigma 10, 100 times, is one continuous release of sigma 1 (4.37718 at 1e-5), but for the
  // lattice.
  const double hundred = epsilon_of({gaussian({100, 1}, 100)}, 10 * kMicro);
  CHECK(hundred >= 4.377);
  CHECK(hundred < 4.3773);
  // A Gaussian of large sigma is cut in runs: above the exact value (4.37718), but not by much.
  const double wide = epsilon_of({gaussian({100'000'000, 1}, 100, 1'000)}, 10 * kMicro);
  CHECK(wide >= 4.37);
  CHECK(wide < 4.39);
}

TEST_CASE("pld: different counts are never below the exact epsilon and at most 1e-4 above") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 12; ++round) {
    std::vector<Declared> batch;
    Slow exact{{0.0, 1.0}};
    // Multiples of a thousandth have a lattice of their own, of a millionth none that is small.
    const std::int64_t unit = round % 2 == 0 ? 1'000'000 : 1'000;
    for (int i = 0; i < 10; ++i) {
      const std::int64_t nano =
          unit * static_cast<std::int64_t>(
                     1 + random() % (1'000'000'000 / static_cast<std::uint64_t>(unit)));
      batch.push_back(laplace(nano));
      exact = slow_sum(exact, slow_laplace(static_cast<double>(nano) / 1e9, 1));
    }
    for (const std::int64_t delta_atto : {kMicro, kMicro / 1'000, kMicro * 10'000}) {
      const double truth = slow_epsilon(exact, static_cast<double>(delta_atto) / 1e18);
      const double reported = epsilon_of(batch, delta_atto);
      CAPTURE(truth);
      CHECK(reported >= truth - 1e-9);
      CHECK(reported <= truth + 1e-4);
    }
  }
}

TEST_CASE(
    "pld: sums with a sensitivity above 1, and mixed batches, are close above the exact value") {
  Slow exact{{0.0, 1.0}};
  std::vector<Declared> batch;
  struct Row {
    std::int64_t nano;
    int sensitivity;
  };
  const Row rows[] = {
      {300'000'000, 3}, {500'000'000, 2}, {210'000'000, 7}, {1'000'000'000, 1}, {400'000'000, 5}};
  for (const auto& [nano, sensitivity] : rows) {
    batch.push_back(laplace(nano, 1, sensitivity));
    exact = slow_sum(exact, slow_laplace(static_cast<double>(nano) / 1e9, sensitivity));
    const double one = epsilon_of({batch.back()}, kMicro);
    CHECK(one == doctest::Approx(
                     slow_epsilon(slow_laplace(static_cast<double>(nano) / 1e9, sensitivity), 1e-6))
                     .epsilon(1e-8));
  }
  const double truth = slow_epsilon(exact, 1e-6);
  CHECK(epsilon_of(batch, kMicro) >= truth - 1e-9);
  CHECK(epsilon_of(batch, kMicro) <= truth + 1e-4);
  batch.push_back(gaussian({100, 1}));
  CHECK(epsilon_of(batch, kMicro) > truth);
  CHECK(epsilon_of(batch, kMicro) < truth + 0.5);
}

TEST_CASE("pld: a spread keeps P and Q of each point, so it dominates") {
  const Losses one = two_point_losses(1'234'567'891);
  const Losses other = spread(one, fixed::ratio(1, 7, fixed::Round::down));
  for (std::int64_t nano = 0; nano < 1'300'000'000; nano += 7'777'777) {
    const fixed::Fixed epsilon = fixed::from_units(nano, 9, fixed::Round::down);
    CHECK(delta_of(other, epsilon) >= delta_of(one, epsilon));
  }
  // P(loss) and P(loss) e^-loss add up as before, within a few ulps.
  fixed::Uint128 sum = 0;
  for (const fixed::Uint128 mass : other.masses) sum += mass;
  CHECK(sum >= fixed::Probability::kOne - 8);
  CHECK(sum <= fixed::Probability::kOne + (fixed::Uint128{1} << 20));
}

TEST_CASE("pld: what a Gaussian loses beyond its lattice counts as infinite") {
  const Losses losses = gaussian_losses(*DiscreteGaussian::make({100, 1}), 1);
  CHECK(losses.beyond_high > fixed::Probability::zero());
  CHECK(fixed::to_units(losses.beyond_high, 18, fixed::Round::up) == 1);
  fixed::Uint128 sum = losses.beyond_high.raw();
  for (const fixed::Uint128 mass : losses.masses) sum += mass;
  CHECK(sum >= fixed::Probability::kOne);
}

TEST_CASE("pld: delta of a batch is the inverse of its epsilon, and falls") {
  const std::vector<Declared> batch{laplace(100'000'000, 100)};
  const std::int64_t epsilon = *batch_epsilon(batch, kMicro);
  CHECK(*batch_delta(batch, epsilon) <= kMicro);
  CHECK(*batch_delta(batch, epsilon - 10) > kMicro - 1'000'000);
  CHECK(*batch_delta(batch, epsilon - 1'000'000) > kMicro);
  std::int64_t last = INT64_MAX;
  for (std::int64_t nano = 0; nano <= 10'000'000'000; nano += 97'000'000) {
    const std::int64_t delta = *batch_delta(batch, nano);
    CHECK(delta <= last);
    last = delta;
  }
  CHECK(*batch_delta(batch, 10'000'000'000) <= 1);
  CHECK(*batch_epsilon(batch, 1'000'000'000'000'000'000) == 0);
}

TEST_CASE("pld: extreme batches stay bounded") {
  CHECK(epsilon_of({laplace(1'000'000'000'000)}, kMicro) <= 1'000.000000001);
  CHECK(epsilon_of({laplace(1'000'000'000'000, 10)}, kMicro) <= 10'000.00001);
  CHECK(epsilon_of({laplace(1)}, 1'000) <= 1e-8);
  CHECK(epsilon_of({laplace(1, 1, kSensitivityMost)}, 1'000) <= 1e-8);
  CHECK(epsilon_of({gaussian({kVarianceMost, 1}, 1, 1)}, 1'000) < 0.01);
  CHECK(epsilon_of({gaussian({1, 2'000}, 1, 1)}, kMicro) <= 1'100);
  std::vector<Declared> many;
  for (std::int64_t i = 1; i <= 64; ++i) many.push_back(laplace(i * 1'000'003));
  CHECK(epsilon_of(many, kMicro) < 64 * 65 / 2 * 0.001000003 + 1e-6);
}

TEST_CASE("pld: what is out of range is refused by name") {
  CHECK(batch_epsilon({}, kMicro).error().what == "releases of the batch: at least 1");
  const auto what = [](const Declared& declared, std::int64_t delta = kMicro) {
    return batch_epsilon({&declared, 1}, delta).error().what;
  };
  CHECK(what(laplace(0)).starts_with("epsilon: from"));
  CHECK(what(laplace(1, 0)).starts_with("times: from 1 to 10000"));
  CHECK(what(laplace(1, kDeclaredMost + 1)).starts_with("times: from 1 to 10000"));
  CHECK(what(laplace(1, 1, 0)).starts_with("sensitivity: from"));
  CHECK(what(laplace(1), 0).starts_with("delta: from"));
  CHECK(what(known(1, -1)).starts_with("delta: from"));
  CHECK(what(gaussian({0, 1})).starts_with("numerator of the noise's variance"));
  CHECK(what(gaussian({1, std::uint64_t{1} << 40}, 1, 1 << 20)).starts_with("rho"));
  CHECK(batch_epsilon(std::vector<Declared>(2, laplace(1, 9'000)), kMicro)
            .error()
            .what.starts_with("releases of the batch"));
  std::vector<Declared> many;
  for (std::int64_t i = 1; i <= 65; ++i) many.push_back(laplace(i));
  CHECK(batch_epsilon(many, kMicro).error().what ==
        "different mechanisms of the batch: at most 64");
  CHECK(batch_epsilon(std::vector{known(1, 2 * kMicro)}, kMicro).error().code == Code::exhausted);
}

}  // namespace
}  // namespace mc::noise
