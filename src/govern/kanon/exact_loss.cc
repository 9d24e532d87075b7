#include "kanon/exact_loss.h"

#include "kanon/big.h"

namespace mc::kanon {
namespace {

__extension__ using Uint128 = unsigned __int128;

}  // namespace

ExactLoss::ExactLoss(const Problem& problem) : mean_(problem.mean()), rows_(problem.rows()) {
  for (const Quasi& quasi : problem.quasi()) {
    leaves_.push_back(quasi.hierarchy.leaves());
    const std::uint64_t most = whole(leaves_.size() - 1);
    inverse_.push_back(most == 0 ? 0 : 1 / static_cast<double>(most));
  }
}

double ExactLoss::estimate(Sums sums) const {
  double product = 1, sum = 1;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double d = part(i, sums[i]);
    product *= 1 + d;
    sum += d;
  }
  return geometric() ? product : sum;
}

std::strong_ordering ExactLoss::compare(Sums a, Sums b) const {
  if (geometric()) {
    Big left = 1, right = 1;  // over the same denominators
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (leaves_[i] == 1) continue;
      left *= whole(i) + (a[i] - rows_);
      right *= whole(i) + (b[i] - rows_);
    }
    return left <=> right;
  }
  const auto sum = [&](Sums sums) {
    Big all;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (leaves_[i] == 1) continue;
      Big part = sums[i] - rows_;
      for (std::size_t j = 0; j < sums.size(); ++j) {
        if (j != i && leaves_[j] > 1) part *= leaves_[j] - 1;
      }
      all += part;
    }
    return all;
  };
  return sum(a) <=> sum(b);
}

// The greatest r with (1 + r / 10^12)^n <= product of (1 + d).
std::int64_t ExactLoss::geometric_pico(Sums sums) const {
  Big above = 1, below = 1;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (leaves_[i] > 1) above *= whole(i) + (sums[i] - rows_);
    if (leaves_[i] > 1) below *= whole(i);
    above *= static_cast<std::uint64_t>(kPico);
  }
  return greatest(kPico, [&](std::int64_t r) {
    return Big(below).multiply(static_cast<std::uint64_t>(kPico + r), sums.size()) <= above;
  });
}

// The greatest r with r / 10^12 * n <= sum of d.
std::int64_t ExactLoss::arithmetic_pico(Sums sums) const {
  Big all, below = static_cast<std::uint64_t>(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (leaves_[i] == 1) continue;
    Big part = sums[i] - rows_;
    for (std::size_t j = 0; j < sums.size(); ++j) {
      if (j != i && leaves_[j] > 1) part *= whole(j);
    }
    all += part;
    below *= whole(i);
  }
  all *= static_cast<std::uint64_t>(kPico);
  return greatest(kPico, [&](std::int64_t r) {
    Big some = below;
    some *= static_cast<std::uint64_t>(r);
    return some <= all;
  });
}

std::int64_t ExactLoss::pico(Sums sums) const {
  return geometric() ? geometric_pico(sums) : arithmetic_pico(sums);
}

Loss ExactLoss::loss(Sums sums) const {
  Loss out{geometric_pico(sums), arithmetic_pico(sums)};
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const Uint128 lost = sums[i] - rows_;
    out.columns_pico.push_back(
        leaves_[i] == 1
            ? 0
            : static_cast<std::int64_t>(lost * static_cast<std::uint64_t>(kPico) / whole(i)));
  }
  return out;
}

}  // namespace mc::kanon
