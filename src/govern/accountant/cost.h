// What one release costs, and the filters that add costs up.
//
// A filter says whether one more release may happen, and holds its promise however the analyst
// chose it by what was answered before (fully adaptive composition):
//   pure    sum of epsilon; a cost with a delta is refused
//   approx  sums of epsilon and delta (basic composition of (epsilon, delta))
//   zcdp    sum of rho, with delta as that of approximate zCDP (Bun and Steinke 2016; Whitehouse
//           and others 2023)
//   rdp     sums at each of kOrderQuarters; one order within its limit is enough. The limit of an
//           order comes from (epsilon, delta / 2 / number of orders), so a choice of the order that
//           depends on the answers is paid for by a union bound (docs/adr/0032); the other half of
//           delta is for that of costs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "accountant/units.h"

namespace mc::accountant {

enum class Filter : std::uint8_t { pure, approx, zcdp, rdp };
std::string_view name_of(Filter filter);
Result<Filter> parse_filter(std::string_view name);

// The mechanism is (epsilon, delta)-DP, and delta-approximately rho-zCDP. Zero = no such bound is
// claimed; without rho, epsilon^2 / 2 is taken. Discrete Laplace: epsilon alone. Discrete Gaussian:
// rho alone under zcdp and rdp, its (epsilon, delta) under approx. Rounded up by who makes them.
struct Cost {
  NanoEpsilon epsilon{};
  AttoDelta delta{};
  PicoRho rho{};
  bool operator==(const Cost&) const = default;

  // `invalid`: negative, over the maxima, or neither epsilon nor rho.
  Status check() const;
};

// Orders of Renyi divergence in quarters: 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 6, 8, 12, 16, 32, 64,
// 128, 256.
inline constexpr std::array<std::int64_t, 16> kOrderQuarters = {
    5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 128, 256, 512, 1024};
using Curve = std::array<PicoRho, kOrderQuarters.size()>;  // Renyi divergence, in 10^-12

// Sums of costs. Members that a filter does not use are summed all the same, for reports.
struct Amount {
  NanoEpsilon epsilon{};
  AttoDelta delta{};
  PicoRho rho{};
  Curve curve{};  // zeros unless the filter is rdp
  bool operator==(const Amount&) const = default;

  // `exhausted` when it does not fit; nothing has changed then.
  Status add(const Amount& more);
  void subtract(const Amount& less);  // which was added before
};
// `invalid` when the filter cannot take such a cost: the message names both.
Result<Amount> amount_of(const Cost& cost, Filter filter);

// Of one account. Nothing = no limit. pure: epsilon; approx: epsilon, delta; zcdp: rho, delta;
// rdp: epsilon and delta, from which the curve follows.
struct Limit {
  std::optional<NanoEpsilon> epsilon = std::nullopt;
  std::optional<AttoDelta> delta = std::nullopt;
  std::optional<PicoRho> rho = std::nullopt;
  bool operator==(const Limit&) const = default;

  bool none() const { return !epsilon && !delta && !rho; }
  // `invalid`: a member that the filter does not use, one that it needs and has not, out of range.
  Status check(Filter filter) const;
  // Without the members that the filter does not use, so that one plan does for datasets of several
  // filters. One that would say nothing then stays as it is, and check() refuses it.
  Limit under(Filter filter) const;
};
// What each order may come to; negative where an order can be of no use.
Curve curve_of(NanoEpsilon epsilon, AttoDelta delta);

// epsilon^2 / 2, rounded up (Bun and Steinke 2016, proposition 1.4); `invalid` over kRhoMax.
Result<PicoRho> rho_of(NanoEpsilon epsilon);
// The epsilon of (epsilon, delta), rounded up; `delta` above zero. Of rho (proposition 1.3), and by
// the best order of a curve (Mironov 2017, proposition 3). kEpsilonMax when it is more.
NanoEpsilon epsilon_of(PicoRho rho, AttoDelta delta);
NanoEpsilon epsilon_of(const Curve& curve, AttoDelta delta);

}  // namespace mc::accountant
