#include "noise/select.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "noise/calibrate.h"
#include "noise/quote.h"
#include "sim/sim.h"

namespace mc::noise {
namespace {

using fixed::Probability;
using fixed::Round;

double number(Probability p) {
  return static_cast<double>(p.raw()) / 0x1p127;
}

TEST_CASE("selection: the truncated geometric is that of 40-digit arithmetic") {
  const PartitionSelection selection =
      *PartitionSelection::make(500'000'000, 20'000'000'000'000'000);
  CHECK(std::abs(number(selection.chance(6)) - 0.58840484458) < 5e-12);
  CHECK(std::abs(number(selection.chance(8)) - 0.86807080625) < 5e-12);
  CHECK(selection.chance(15) == Probability::one());
  CHECK(selection.chance(11) < Probability::one());
  CHECK(selection.certain_from() == 12);
  CHECK(selection.chance(0) == Probability::zero());
  CHECK(selection.chance(-4) == Probability::zero());
  CHECK(selection.chance(INT64_MAX) == Probability::one());
}

TEST_CASE("selection: no step exceeds epsilon and delta, in exact arithmetic") {
  struct Row {
    std::int64_t epsilon_nano, delta_atto;
  };
  const Row rows[] = {{500'000'000, 20'000'000'000'000'000},
                      {1'000'000'000, 1},
                      {10'000'000, 1'000'000'000'000},
                      {1'000'000, 1'000'000},
                      {50'000'000'000, 1'000},
                      {1'000'000'000, 1'000'000'000'000'000'000}};
  for (const Row& row : rows) {
    CAPTURE(row.epsilon_nano);
    const PartitionSelection selection =
        *PartitionSelection::make(row.epsilon_nano, row.delta_atto);
    const auto nano = static_cast<fixed::Uint128>(row.epsilon_nano);
    const Probability shrink_up = fixed::exp_negative(nano, 1'000'000'000, Round::up);
    const Probability shrink_down = fixed::exp_negative(nano, 1'000'000'000, Round::down);
    const Probability delta = fixed::probability_of_units(row.delta_atto, 18, Round::down);
    bool held = true, tight = true;
    for (std::int64_t n = 0; n < selection.certain_from(); ++n) {
      const Probability now = selection.chance(n), next = selection.chance(n + 1);
      held = held && now < next;
      // next <= e^epsilon now + delta, as (next - delta) e^-epsilon <= now, with the larger
      // e^-epsilon and to the last ulp.
      held = held && fixed::multiply(fixed::subtract(next, delta), shrink_up, Round::up) <= now;
      // 1 - now <= e^epsilon (1 - next) + delta
      held = held && fixed::multiply(fixed::subtract(now.complement(), delta), shrink_up,
                                     Round::up) <= next.complement();
      // One of the two is used up, but for rounding: no larger chance would do.
      const Probability more = Probability::from_raw(
          std::min(next.raw() + (fixed::Uint128{1} << 30), Probability::kOne));
      tight = tight &&
              (next == Probability::one() ||
               fixed::multiply(fixed::subtract(more, delta), shrink_down, Round::up) > now ||
               fixed::multiply(fixed::subtract(now.complement(), delta), shrink_down, Round::up) >
                   more.complement());
    }
    CHECK(held);
    CHECK(tight);
    CHECK(selection.chance(1) <= fixed::probability_of_units(row.delta_atto, 18, Round::down));
  }
}

TEST_CASE(
    "selection: a partition of one unit is shown with probability delta at most (attack 6.13)") {
  constexpr int kTrials = 1'000'000;
  const PartitionSelection selection =
      *PartitionSelection::make(500'000'000, 1'000'000'000'000'000);
  const Threshold threshold = *laplace_threshold(500'000'000, 1'000'000'000'000'000, 1);
  sim::SimRandom random(1);
  Source source(random);
  int geometric = 0, noisy = 0;
  for (int i = 0; i < kTrials; ++i) {
    geometric += selection.shows(1, source) ? 1 : 0;
    noisy += 1 + threshold.noise.draw(source) >= threshold.least ? 1 : 0;
  }
  // delta 1e-3: 1,000 expected at most, and four standard deviations.
  CHECK(geometric <= 1'127);
  CHECK(geometric >= 873);
  CHECK(noisy <= 1'127);
  CHECK(noisy >= 400);
  for (int i = 0; i < 1'000; ++i) CHECK(!selection.shows(0, source));
}

TEST_CASE("selection: a threshold is the least that keeps delta, for several rows a unit too") {
  for (const std::int64_t each : {1ll, 5ll, 1'000ll}) {
    for (const std::int64_t delta_atto : {1ll, 1'000'000'000'000ll, 400'000'000'000'000'000ll}) {
      const Threshold threshold = *laplace_threshold(1'000'000'000, delta_atto, each);
      CHECK(threshold.noise == *laplace_for(1'000'000'000, each));
      const double delta = static_cast<double>(delta_atto) / 1e18;
      const auto one_side = [&](std::int64_t t) {
        return number(tail(threshold.noise, t, Round::up)) / 2;
      };
      CHECK(one_side(threshold.least - each) <= delta);
      if (threshold.least - each > 1) CHECK(one_side(threshold.least - each - 1) > delta);
    }
  }
}

TEST_CASE("selection: parameters without an end are refused by name") {
  CHECK(PartitionSelection::make(0, 1).error().what.starts_with("epsilon: from"));
  CHECK(PartitionSelection::make(1'000'000'000, 0).error().what.starts_with("delta: from"));
  CHECK(PartitionSelection::make(1'000'000'000, 1'000'000'000'000'000'001)
            .error()
            .what.starts_with("delta: from"));
  CHECK(PartitionSelection::make(1'000, 1).error().what.find("must be certain") !=
        std::string::npos);
  CHECK(laplace_threshold(1'000'000'000, 0, 1).error().what.starts_with("delta: from"));
}

// P(permute-and-flip chooses i), by going over all orders.
std::vector<double> chances_of(const std::vector<std::int64_t>& scores, double epsilon) {
  const std::int64_t best = *std::max_element(scores.begin(), scores.end());
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<double> out(scores.size());
  double orders = 0;
  do {
    double left = 1;
    for (const std::size_t at : order) {
      const double accept = std::exp(epsilon * static_cast<double>(scores[at] - best) / 2);
      out[at] += left * accept;
      left *= 1 - accept;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& chance : out) chance /= orders;
  return out;
}

TEST_CASE("permute-and-flip: chooses with the chances of its definition") {
  const std::vector<std::int64_t> scores{10, 8, 9, 3, 10};
  const std::vector<double> expected = chances_of(scores, 1.0);
  sim::SimRandom random(2);
  Source source(random);
  constexpr int kAll = 200'000;
  std::array<int, 5> counts{};
  for (int i = 0; i < kAll; ++i)
    ++counts[*permute_and_flip(scores, {.epsilon_nano = 1'000'000'000}, source)];
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double share = static_cast<double>(counts[i]) / kAll;
    CHECK(std::abs(share - expected[i]) < 5 * std::sqrt(expected[i] / kAll));
  }
}

TEST_CASE("permute-and-flip: chances of neighbours differ by e^epsilon at most") {
  const std::vector<double> one = chances_of({10, 8, 9, 3}, 0.7);
  const std::vector<double> other = chances_of({9, 9, 10, 2}, 0.7);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i] <= std::exp(0.7) * other[i] * (1 + 1e-12));
    CHECK(other[i] <= std::exp(0.7) * one[i] * (1 + 1e-12));
  }
}

TEST_CASE("permute-and-flip: scores at the ends of int64, one candidate and none") {
  sim::SimRandom random(3);
  Source source(random);
  const std::vector<std::int64_t> ends{INT64_MIN, INT64_MAX};
  for (int i = 0; i < 100; ++i)
    CHECK(*permute_and_flip(ends, {.epsilon_nano = 1'000'000'000}, source) == 1);
  const std::vector<std::int64_t> single{INT64_MIN};
  CHECK(*permute_and_flip(single, {.epsilon_nano = 1}, source) == 0);
  CHECK(permute_and_flip({}, {.epsilon_nano = 1}, source)
            .error()
            .what.starts_with("candidates: from 1"));
  CHECK(permute_and_flip(single, {.epsilon_nano = 0}, source)
            .error()
            .what.starts_with("epsilon: from"));
  CHECK(permute_and_flip(single, {.epsilon_nano = 1, .sensitivity = 0}, source)
            .error()
            .what.starts_with("sensitivity: from"));
}

}  // namespace
}  // namespace mc::noise
