// What is asked of a release, what it costs, and how wrong it will be: all of it public, known
// before any data is looked at. price() is a pure function.
//
// Neighbours are two tables of which one has all rows of one more unit (add or remove). Units:
// epsilon in nano (1e-9), rho of zero-concentrated privacy in pico (1e-12), delta in atto (1e-18);
// what a release costs is rounded up. Values are integers, fixed-point with a scale of the
// caller's. Where bounds are so wide that the noise would not fit in 62 bits, values are added up
// in steps of a power of two that the bounds and the budget decide: each row is rounded to them.
//
// Sources: Ghosh, Roughgarden, Sundararajan 2009 (discrete Laplace); Canonne, Kamath, Steinke 2020
// (discrete Gaussian, and rho to epsilon); Desfontaines, Voss, Gipson, Mandayam 2022 (partition
// selection); McKenna, Sheldon 2020 (permute-and-flip).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "fixed/fixed.h"

namespace mc::dp {

using Wide = fixed::Int128;

inline constexpr std::int64_t kNano = 1'000'000'000;
inline constexpr std::int64_t kEpsilonNanoMax = 32 * kNano;
inline constexpr std::int64_t kRhoPicoMax = 512'000'000'000'000;        // that of epsilon 32
inline constexpr std::int64_t kDeltaAttoMax = 100'000'000'000'000'000;  // 0.1
inline constexpr std::int64_t kSelectionEpsilonNanoMin = 1'000'000;     // of each group of a unit
inline constexpr std::int64_t kRowsPerUnitMax = 1 << 20;                // over all its groups
inline constexpr std::size_t kCellsMax = 1 << 24;       // of a release of listed keys
inline constexpr std::size_t kCandidatesMax = 1 << 20;  // listed keys of a top
inline constexpr std::size_t kPointsMax = 65'536;
inline constexpr std::int64_t kQuantileParts = 1'000;
inline constexpr std::int64_t kTopMax = 1'000;

// How much one unit may contribute; what is more does not count, and which counts depends on
// nothing but the unit's own rows.
struct Bounds {
  std::int64_t groups_per_unit = 1;  // L0
  std::int64_t rows_per_group = 1;   // Linf, of one unit
  std::int64_t low = 0, high = 0;    // values are clamped to these
  bool operator==(const Bounds&) const = default;
};

enum class Measure : std::uint8_t {
  count,      // of rows
  units,      // of privacy units; rows_per_group is nothing to it
  sum,        // of values
  mean,       // of values: half of the budget for a sum, half for a count
  histogram,  // counts of rows by `points`: below the first, from each to the next, from the last
  quantile,   // the point whose rank is near `quantile` of kQuantileParts: 500 is the median
  top,        // the `top` groups with most rows: half for which, half for their counts
};
enum class Keys : std::uint8_t {
  none,     // one group
  known,    // listed by the asker or the catalogue: each of them has its cell, also without rows
  unknown,  // found in the data: shown by partition selection, which needs a delta
};
enum class NoiseKind : std::uint8_t { laplace, gaussian };

// Half way from low to high: what the mean of no rows is.
std::int64_t centre_of(const Bounds& bounds);

std::string_view measure_name(Measure measure);
std::string_view noise_name(NoiseKind noise);

struct Spec {
  Measure measure = Measure::count;
  Keys keys = Keys::none;
  std::size_t keys_listed = 1;  // of known keys
  NoiseKind noise = NoiseKind::laplace;
  std::int64_t epsilon_nano = 0;  // with discrete Laplace, and of quantile and top
  std::int64_t rho_pico = 0;      // with discrete Gaussian, which quantile and top do not have
  std::int64_t delta_atto = 0;    // with discrete Gaussian: at which its epsilon is told
  std::int64_t selection_epsilon_nano = 0;  // of unknown keys, besides
  std::int64_t selection_delta_atto = 0;
  Bounds bounds;
  std::vector<std::int64_t> points;  // ascending: edges of a histogram, grid of a quantile
  std::int64_t quantile = kQuantileParts / 2;
  std::int64_t top = 0;
};

// The release is (epsilon, delta)-private, and delta-approximately rho-zero-concentrated: whichever
// way an account adds up. Delta is 0 without discrete Gaussian and unknown keys.
struct Price {
  std::int64_t epsilon_nano = 0, delta_atto = 0, rho_pico = 0;
  bool operator==(const Price&) const = default;
};

// Of one number. Rounded up; without what bounding and clamping take away, which is data.
struct NoiseError {
  Wide rmse_milli = 0;  // root of the variance, in thousandths of a unit of the values
  Wide half_width = 0;  // noise is within +-this in 95 of 100 releases or more
};

struct Quote {
  Price price;
  NoiseError value = {};  // quantile: in ranks
  std::optional<NoiseError> second =
      std::nullopt;  // mean: of its count. top, of listed keys: by how much the
                     // count of one that is left out may be above one that is not
  // Of unknown keys: a group of so many units or more is always shown; one unit alone with a chance
  // of selection_delta_atto or less.
  std::optional<std::int64_t> always_shown = std::nullopt;
};

// `invalid` names the field that is out of range or does not belong to the measure.
Result<Quote> price(const Spec& spec);

// The largest rho of discrete Gaussian noise that costs no more than epsilon at this delta; 0 when
// there is none. epsilon and delta in their ranges, else `invalid`.
Result<std::int64_t> rho_pico_within(std::int64_t epsilon_nano, std::int64_t delta_atto);

}  // namespace mc::dp
