#include "dp/audit_event.h"

#include <algorithm>
#include <cmath>

namespace mc::dp {
namespace {

constexpr std::size_t kRanges = 128, kCutsTried = 200;
constexpr double kOrders[] = {1.25, 1.5, 2, 3, 4, 6, 8, 12, 16, 32};

std::int64_t wrapped_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t value_of(const Feature& feature, const Outcome& outcome,
                      const Likelihood& likelihood) {
  switch (feature.kind) {
    case Feature::Kind::coordinate:
      return outcome[feature.first];
    case Feature::Kind::difference:
      return wrapped_difference(outcome[feature.first], outcome[feature.second]);
    case Feature::Kind::likelihood:
      return likelihood.of(outcome);
    case Feature::Kind::everything:
      break;
  }
  std::uint64_t mixed = 0;
  for (const std::int64_t each : outcome) {
    mixed = (mixed ^ static_cast<std::uint64_t>(each)) * 0x9e37'79b9'7f4a'7c15U;
    mixed ^= mixed >> 29;
  }
  return static_cast<std::int64_t>(mixed);
}

std::vector<std::int64_t> sorted_values(const Feature& feature, std::span<const Outcome> outcomes,
                                        const Likelihood& likelihood) {
  std::vector<std::int64_t> out;
  out.reserve(outcomes.size());
  for (const Outcome& outcome : outcomes) out.push_back(value_of(feature, outcome, likelihood));
  std::ranges::sort(out);
  return out;
}

// Ends of ranges that have about as many values each; a value that is frequent has its own.
std::vector<std::int64_t> edges_of(std::span<const std::int64_t> one,
                                   std::span<const std::int64_t> other) {
  std::vector<std::int64_t> out;
  for (const auto values : {one, other}) {
    for (std::size_t i = 0; i < kRanges && !values.empty(); ++i) {
      const std::int64_t edge = values[i * values.size() / kRanges];
      out.push_back(edge);
      if (edge != INT64_MIN) out.push_back(edge - 1);
    }
  }
  out.push_back(INT64_MAX);
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  return out;
}

std::size_t range_of(const std::vector<std::int64_t>& edges, std::int64_t value) {
  return static_cast<std::size_t>(std::ranges::lower_bound(edges, value) - edges.begin());
}

struct Part {
  std::int64_t key = 0;  // the value, or the range's index
  std::int64_t one = 0, other = 0;
  // Smoothed, so that what was met once is no proof.
  double ratio() const {
    return (static_cast<double>(one) + 0.5) / (static_cast<double>(other) + 0.5);
  }
};

std::vector<Part> parts_of_values(std::span<const std::int64_t> one,
                                  std::span<const std::int64_t> other) {
  std::vector<Part> out;
  std::size_t i = 0, j = 0;
  while (i < one.size() || j < other.size()) {
    const bool by_one = j == other.size() || (i < one.size() && one[i] <= other[j]);
    Part part{.key = by_one ? one[i] : other[j]};
    for (; i < one.size() && one[i] == part.key; ++i) ++part.one;
    for (; j < other.size() && other[j] == part.key; ++j) ++part.other;
    out.push_back(part);
  }
  return out;
}

std::vector<Part> parts_of_ranges(std::span<const std::int64_t> one,
                                  std::span<const std::int64_t> other,
                                  const std::vector<std::int64_t>& edges) {
  std::vector<Part> out(edges.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i].key = static_cast<std::int64_t>(i);
  for (const std::int64_t value : one) ++out[range_of(edges, value)].one;
  for (const std::int64_t value : other) ++out[range_of(edges, value)].other;
  return out;
}

// The parts that come first by ratio, as many as make the best event.
std::vector<std::int64_t> best_keys(std::vector<Part> parts, const Sides& sides) {
  std::ranges::sort(parts, [](const Part& a, const Part& b) {
    return a.ratio() != b.ratio() ? a.ratio() > b.ratio() : a.key < b.key;
  });
  const std::size_t stride = parts.size() / kCutsTried + 1;
  Hits hits{.of_one = static_cast<std::int64_t>(sides.one.size()),
            .of_other = static_cast<std::int64_t>(sides.other.size())};
  std::size_t best = 1;
  double most = -1;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    hits.one += parts[i].one;
    hits.other += parts[i].other;
    const bool turns = i + 1 < parts.size() && parts[i].ratio() != parts[i + 1].ratio() &&
                       parts[i].ratio() >= 1 && parts[i + 1].ratio() < 1;
    if (i % stride != 0 && !turns) continue;
    const double reach = sure_of(hits, sides.claim, 1e-3).reach(sides.claim);
    if (reach <= most) continue;
    most = reach;
    best = i + 1;
  }
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < std::min(best, parts.size()); ++i) out.push_back(parts[i].key);
  std::ranges::sort(out);
  return out;
}

// n times the divergence of Kullback and Leibler of two coins.
double divergence(double p, double q, double n) {
  const auto term = [](double a, double b) { return a <= 0 ? 0.0 : a * std::log(a / b); };
  return n * (term(p, q) + term(1 - p, 1 - q));
}

}  // namespace

void Likelihood::learn(std::span<const Outcome> one, std::span<const Outcome> other,
                       std::size_t dimensions) {
  axes_.clear();
  for (std::size_t i = 0; i < dimensions; ++i) {
    const Feature feature{.first = i};
    const auto ones = sorted_values(feature, one, *this);
    const auto others = sorted_values(feature, other, *this);
    Axis axis{.edges = edges_of(ones, others), .weights = {}};
    for (const Part& part : parts_of_ranges(ones, others, axis.edges)) {
      axis.weights.push_back(static_cast<std::int64_t>(std::log(part.ratio()) * 1'000));
    }
    axes_.push_back(std::move(axis));
  }
}

std::int64_t Likelihood::of(const Outcome& outcome) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    sum += axes_[i].weights[range_of(axes_[i].edges, outcome[i])];
  }
  return sum;
}

bool Event::has(const Outcome& outcome, const Likelihood& likelihood) const {
  const std::int64_t value = value_of(feature_, outcome, likelihood);
  if (feature_.values == Feature::Values::ranges) return accepted_[range_of(edges_, value)];
  return std::ranges::binary_search(members_, value);
}

std::string Event::name() const {
  std::string out;
  switch (feature_.kind) {
    case Feature::Kind::coordinate:
      out = "number " + std::to_string(feature_.first);
      break;
    case Feature::Kind::difference:
      out = "number " + std::to_string(feature_.first) + " - number " +
            std::to_string(feature_.second);
      break;
    case Feature::Kind::everything:
      out = "all numbers";
      break;
    case Feature::Kind::likelihood:
      out = "ratio of densities";
      break;
  }
  return out +
         (feature_.values == Feature::Values::single ? ", certain values" : ", certain ranges");
}

Event learned_event(const Feature& feature, const Sides& sides, const Likelihood& likelihood) {
  Event out;
  out.feature_ = feature;
  const auto one = sorted_values(feature, sides.one, likelihood);
  const auto other = sorted_values(feature, sides.other, likelihood);
  if (feature.values == Feature::Values::single) {
    out.members_ = best_keys(parts_of_values(one, other), sides);
    return out;
  }
  out.edges_ = edges_of(one, other);
  out.accepted_.resize(out.edges_.size());
  for (const std::int64_t key : best_keys(parts_of_ranges(one, other, out.edges_), sides)) {
    out.accepted_[static_cast<std::size_t>(key)] = true;
  }
  return out;
}

Hits hits_of(const Event& event, const Sides& sides, const Likelihood& likelihood) {
  const auto count = [&](std::span<const Outcome> outcomes) {
    return std::ranges::count_if(
        outcomes, [&](const Outcome& outcome) { return event.has(outcome, likelihood); });
  };
  return {.one = count(sides.one),
          .other = count(sides.other),
          .of_one = static_cast<std::int64_t>(sides.one.size()),
          .of_other = static_cast<std::int64_t>(sides.other.size())};
}

double chance_above(std::int64_t k, std::int64_t n, double error) {
  const auto all = static_cast<double>(n);
  const double p = static_cast<double>(k) / all, most = -std::log(error);
  double low = p, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (divergence(p, middle, all) <= most ? low : high) = middle;
  }
  return high;
}

double chance_below(std::int64_t k, std::int64_t n, double error) {
  return 1 - chance_above(n - k, n, error);
}

double Sure::reach(const Claim& claim) const {
  return std::max(epsilon / claim.epsilon, claim.rho > 0 ? rho / claim.rho : 0);
}

Sure sure_of(const Hits& hits, const Claim& claim, double error) {
  Sure out;
  const double p = chance_below(hits.one, hits.of_one, error / 2);
  const double q = chance_above(hits.other, hits.of_other, error / 2);
  if (p <= q) return out;
  if (p - claim.delta > q) out.epsilon = std::log((p - claim.delta) / q);
  if (claim.rho <= 0) return out;
  out.rho = divergence(p, q, 1);
  for (const double order : kOrders) {
    const double sum = std::exp(order * std::log(p) + (1 - order) * std::log(q)) +
                       std::exp(order * std::log1p(-p) + (1 - order) * std::log1p(-q));
    out.rho = std::max(out.rho, std::log(sum) / (order - 1) / order);
  }
  return out;
}

}  // namespace mc::dp
