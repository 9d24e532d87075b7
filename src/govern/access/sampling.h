// Which decisions the decision log keeps: denials, and what asks for an alert or a step-up, always;
// of the others a share, by the rules that spoke. Whether one is kept follows from its id, so that
// everybody who knows the shares finds the same. Part of decision_log.h.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::access {

inline constexpr std::size_t kSampledRulesMax = 1'000;

struct SamplingConfig {
  double otherwise = 1;  // of decisions none of whose rules is named here
  std::map<std::string, double> rules =
      {};                // by id; of several that spoke the highest share counts
  Status check() const;  // each is 0 to 1
};

// What is known of a decision before its line is made.
struct Candidate {
  std::string_view id;
  bool allowed = false;
  bool is_notable = false;  // it asks for an alert or a step-up
  std::span<const std::string> rules = {};
};

// The share of decisions like this one that is kept.
double rate_of(const SamplingConfig& config, const Candidate& candidate);
// Whether the first 53 bits of SHA-256 of the id, read as a fraction of 1, are less than `rate`.
bool is_kept(std::string_view id, double rate);

}  // namespace mc::access
