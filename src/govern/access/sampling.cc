#include "access/sampling.h"

#include <algorithm>
#include <cstdint>

#include "sys/sys.h"

namespace mc::access {
namespace {

constexpr std::size_t kRuleBytesMax = 128;  // as of a verdict

bool is_share(double rate) {
  return rate >= 0 && rate <= 1;  // false for what is no number
}

}  // namespace

Status SamplingConfig::check() const {
  if (!is_share(otherwise)) {
    return fail(Code::invalid, "decisions.sample.default: it is a share from 0 to 1");
  }
  if (rules.size() > kSampledRulesMax) {
    return fail(Code::invalid, "decisions.sample.rules: more than 1000");
  }
  for (const auto& [rule, rate] : rules) {
    if (rule.empty() || rule.size() > kRuleBytesMax) {
      return fail(Code::invalid, "decisions.sample.rules: '" + excerpt(rule) +
                                     "': an id of a rule has 1 to 128 bytes");
    }
    if (!is_share(rate)) {
      return fail(Code::invalid,
                  "decisions.sample.rules: '" + excerpt(rule) + "': it is a share from 0 to 1");
    }
  }
  return ok();
}

double rate_of(const SamplingConfig& config, const Candidate& candidate) {
  if (!candidate.allowed || candidate.is_notable) return 1;
  double highest = -1;
  if (!config.rules.empty()) {
    for (const std::string& rule : candidate.rules) {
      const auto found = config.rules.find(rule);
      if (found != config.rules.end()) highest = std::max(highest, found->second);
    }
  }
  return highest < 0 ? config.otherwise : highest;
}

bool is_kept(std::string_view id, double rate) {
  constexpr int kDropped = 11;  // of 64 bits: a double has 53
  if (rate >= 1) return true;
  if (rate <= 0) return false;
  const std::string digest = sys::sha256(id);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    bits = bits << 8 | static_cast<std::uint8_t>(digest[i]);
  }
  return static_cast<double>(bits >> kDropped) * 0x1p-53 < rate;
}

}  // namespace mc::access
