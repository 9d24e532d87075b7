#include "dp/audit.h"

#include <algorithm>

#include "dp/audit_cases.h"
#include "dp/audit_event.h"

namespace mc::dp {
namespace {

// Of the samples a quarter to learn from and a quarter to choose by, but no more than this.
constexpr std::int64_t kLearnedMax = 250'000;
constexpr std::int64_t kSamplesPerLook = 10'000;  // between two calls of progress

std::vector<Feature> features_of(std::size_t dimensions) {
  std::vector<Feature> out;
  const auto add = [&](Feature feature) {
    for (const auto values : {Feature::Values::single, Feature::Values::ranges}) {
      feature.values = values;
      out.push_back(feature);
    }
  };
  add({.kind = Feature::Kind::likelihood});
  for (std::size_t i = 0; i < dimensions; ++i) {
    add({.kind = Feature::Kind::coordinate, .first = i});
    if (i != 0) add({.kind = Feature::Kind::difference, .first = i - 1, .second = i});
  }
  out.push_back({.kind = Feature::Kind::everything, .values = Feature::Values::single});
  return out;
}

class Auditor {
 public:
  Auditor(const AuditOptions& options, Chance chance) : options_(options), chance_(chance) {}

  Result<AuditFinding> look(AuditPair& pair, double done, double share) {
    done_ = done;
    share_ = share;
    ran_ = 0;
    AuditFinding out{.mechanism = pair.mechanism,
                     .pair = pair.name,
                     .epsilon = pair.claim.epsilon,
                     .delta = pair.claim.delta,
                     .rho = pair.claim.rho,
                     .event = "",
                     .samples = options_.samples};
    const std::int64_t learned = std::min(options_.samples / 4, kLearnedMax);
    MC_TRY(const Sampled first, sample(pair, learned));
    MC_TRY(const Sampled second, sample(pair, learned));
    Likelihood likelihood;
    const Chosen chosen = choose(first, second, pair.claim, likelihood);
    MC_TRY(const Hits hits, test(pair, chosen, likelihood));
    out.event = chosen.event.name() + (chosen.turned ? ", without the unit" : ", with the unit");
    const Sure sure = sure_of(hits, pair.claim, kAuditErrorChance);
    out.lower = sure.epsilon;
    out.rho_lower = sure.rho;
    out.holds = sure.reach(pair.claim) <= 1;
    out.chance = static_cast<double>(hits.one) / static_cast<double>(hits.of_one);
    out.chance_other = static_cast<double>(hits.other) / static_cast<double>(hits.of_other);
    return out;
  }

 private:
  struct Sampled {
    std::vector<Outcome> with, without;
    std::size_t dimensions = 0;
    Sides sides(bool turned, const Claim& claim) const {
      return {turned ? without : with, turned ? with : without, claim};
    }
  };
  struct Chosen {
    Event event;
    bool turned = false;
  };

  Status tell() {
    if (!options_.progress) return ok();
    const double part = static_cast<double>(ran_) / static_cast<double>(2 * options_.samples);
    if (options_.progress(done_ + share_ * part)) return ok();
    return fail(Code::unavailable, "the audit was stopped");
  }

  Result<std::size_t> run(AuditPair::Side& side, Outcome& out) {
    if (ran_++ % kSamplesPerLook == 0) MC_TRY_OK(tell());
    return side.run(chance_, out);
  }

  Result<Sampled> sample(AuditPair& pair, std::int64_t count) {
    Sampled out;
    for (std::int64_t i = 0; i < count; ++i) {
      MC_TRY(out.dimensions, run(pair.with, out.with.emplace_back(Outcome{})));
      MC_TRY(out.dimensions, run(pair.without, out.without.emplace_back(Outcome{})));
    }
    return out;
  }

  // Learned from the first, chosen by the second: an event that remembers what it has seen is
  // judged by what it has not.
  static Chosen choose(const Sampled& first, const Sampled& second, const Claim& claim,
                       Likelihood& likelihood) {
    likelihood.learn(first.with, first.without, first.dimensions);
    Chosen out;
    double most = -1;
    for (const Feature& feature : features_of(first.dimensions)) {
      for (const bool turned : {false, true}) {
        const Event event = learned_event(feature, first.sides(turned, claim), likelihood);
        const Hits hits = hits_of(event, second.sides(turned, claim), likelihood);
        const double reach = sure_of(hits, claim, 1e-3).reach(claim);
        if (reach <= most) continue;
        most = reach;
        out = {event, turned};
      }
    }
    return out;
  }

  Result<Hits> test(AuditPair& pair, const Chosen& chosen, const Likelihood& likelihood) {
    Hits out;
    Outcome outcome{};
    for (out.of_one = 0; ran_ + 1 < 2 * options_.samples; ++out.of_one) {
      MC_TRY_OK(run(chosen.turned ? pair.without : pair.with, outcome));
      out.one += chosen.event.has(outcome, likelihood) ? 1 : 0;
      MC_TRY_OK(run(chosen.turned ? pair.with : pair.without, outcome));
      out.other += chosen.event.has(outcome, likelihood) ? 1 : 0;
    }
    out.of_other = out.of_one;
    return out;
  }

  const AuditOptions& options_;
  const Chance chance_;
  double done_ = 0, share_ = 1;
  std::int64_t ran_ = 0;
};

}  // namespace

std::vector<std::string> audit_mechanisms() {
  return {"count", "units", "sum", "mean", "histogram", "quantile", "top", "differencing"};
}

Result<std::vector<AuditFinding>> audit(const AuditOptions& options, Chance chance) {
  if (options.samples < kAuditSamplesMin || options.samples > kAuditSamplesMax) {
    return fail(Code::invalid, "samples must be from " + std::to_string(kAuditSamplesMin) + " to " +
                                   std::to_string(kAuditSamplesMax));
  }
  const std::vector<std::string> names = audit_mechanisms();
  if (!options.mechanism.empty() && std::ranges::find(names, options.mechanism) == names.end()) {
    return fail(Code::invalid, "mechanism: there is no \"" + excerpt(options.mechanism) + "\"");
  }
  std::vector<AuditPair> pairs = audit_pairs(options.mechanism);
  Auditor auditor(options, chance);
  std::vector<AuditFinding> out;
  const double share = 1 / static_cast<double>(pairs.size());
  for (AuditPair& pair : pairs) {
    MC_TRY(AuditFinding found, auditor.look(pair, share * static_cast<double>(out.size()), share));
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace mc::dp
