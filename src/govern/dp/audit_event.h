// Events of answers, and how sure it is that one is likelier under one table than under another.
// Private to the module.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mc::dp {

inline constexpr std::size_t kCoordinatesMax = 8;
using Outcome = std::array<std::int64_t, kCoordinatesMax>;

// A number of an outcome that events are made of.
struct Feature {
  enum class Kind : std::uint8_t { coordinate, difference, everything, likelihood };
  Kind kind = Kind::coordinate;
  std::size_t first = 0, second = 0;
  enum class Values : std::uint8_t { single, ranges } values = Values::single;
};

// The logarithms of the ratios of densities, learned for each coordinate by ranges of its values,
// and added up: the best test there is when coordinates are independent.
class Likelihood {
 public:
  void learn(std::span<const Outcome> one, std::span<const Outcome> other, std::size_t dimensions);
  std::int64_t of(const Outcome& outcome) const;  // in thousandths

 private:
  struct Axis {
    std::vector<std::int64_t> edges;  // ascending; the range of a value ends at the first not less
    std::vector<std::int64_t> weights;
  };
  std::vector<Axis> axes_;
};

// What is promised, as price() has it.
struct Claim {
  double epsilon = 0, delta = 0;
  double rho = 0;  // without a delta; 0 = not to be tested
};

// The first is where the event is to be likely.
struct Sides {
  std::span<const Outcome> one, other;
  Claim claim = {};
};
class Event {
 public:
  bool has(const Outcome& outcome, const Likelihood& likelihood) const;
  std::string name() const;

 private:
  friend Event learned_event(const Feature&, const Sides&, const Likelihood&);
  Feature feature_;
  std::vector<std::int64_t> members_;  // single: ascending
  std::vector<std::int64_t> edges_;    // ranges
  std::vector<bool> accepted_;
};

Event learned_event(const Feature& feature, const Sides& sides, const Likelihood& likelihood);

struct Hits {
  std::int64_t one = 0, other = 0;  // outcomes that the event has
  std::int64_t of_one = 0, of_other = 0;
};
Hits hits_of(const Event& event, const Sides& sides, const Likelihood& likelihood);

// Bounds of a chance by k hits of n, each wrong with no more than `error`.
double chance_below(std::int64_t k, std::int64_t n, double error);  // no more than the true one
double chance_above(std::int64_t k, std::int64_t n, double error);
// What is sure of the privacy loss, but for a chance of `error`: ln((p - delta) / q) by those
// bounds, 0 where it would be less; and the largest divergence of Renyi of order a between the
// event's two coins, by a, which rho-concentrated privacy bounds by rho.
struct Sure {
  double epsilon = 0, rho = 0;
  // By how much the claim is reached: above 1 it is broken.
  double reach(const Claim& claim) const;
};
Sure sure_of(const Hits& hits, const Claim& claim, double error);

}  // namespace mc::dp
