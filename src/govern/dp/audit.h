// The falsifier: looks for an event that tells two neighbouring tables apart better than a release
// has promised. It cannot prove a promise, only break one; what it says against one is certain but
// for a chance of kAuditErrorChance.
//
// For each pair of neighbours the mechanism itself runs many times on both. From a first part of
// the answers it learns events, among them the likeliest by the ratio of learned densities (the
// Neyman-Pearson lemma; as DP-Sniper, Bichsel, Steffen, Bogunovic, Vechev 2021), sets of single
// values, and differences of numbers; the best of them by a second part is then tested with the
// rest. The bounds of its two chances are those of Chernoff and Hoeffding (1963, theorem 1), which
// hold for every number of samples and are a little wider than Clopper and Pearson's; they are
// computed in double, for no release and no account depends on them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/base.h"
#include "dp/release.h"

namespace mc::dp {

inline constexpr double kAuditErrorChance = 1e-9;  // that a sound mechanism is found at fault; each
inline constexpr std::int64_t kAuditSamplesMin = 1'000, kAuditSamplesMax = 100'000'000;

struct AuditOptions {
  std::string mechanism = {};                 // one of audit_mechanisms(); "" = all
  std::int64_t samples = 5'000'000;           // of each of the two tables of a pair
  std::function<bool(double)> progress = {};  // with the share that is done; false = stop
};

struct AuditFinding {
  std::string mechanism;          // "sum"
  std::string pair;               // what distinguishes the two tables, and the noise
  double epsilon = 0, delta = 0;  // as price() has it
  double lower = 0;               // the true epsilon at that delta is no less; 0 = nothing found
  double rho = 0;                 // likewise; 0 = not tested, where it holds but for a delta
  double rho_lower = 0;
  bool holds = true;                    // lower <= epsilon, rho_lower <= rho
  std::string event;                    // by which: "coordinate 0, by ratio"
  double chance = 0, chance_other = 0;  // of the event, as observed
  std::int64_t samples = 0;
};

std::vector<std::string> audit_mechanisms();
// `invalid` for options out of range, `unavailable` when it was stopped.
Result<std::vector<AuditFinding>> audit(const AuditOptions& options, Chance chance);

}  // namespace mc::dp
