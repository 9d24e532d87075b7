#include "access/what_if.h"

namespace mc::access {
namespace {

constexpr std::size_t kStep = 1'000;

class Run {
 public:
  Run(const WhatIfWorld& world, const WhatIfQuery& query)
      : world_(world), query_(query), retrial_(world.candidate, world.clock, world.random) {
    out_.revision = world.candidate->revision();
  }

  // False when it is not to go on.
  bool take(const LoggedDecision& logged) {
    auto facts = read_decision(logged);
    // Of a line that does not say whose it is, who asks for one tenant learns nothing.
    if (!query_.tenant.empty() && (!facts || facts->tenant != query_.tenant)) return true;
    if (out_.decisions == query_.limit) {
      out_.complete = false;
      return false;
    }
    ++out_.decisions;
    const double rate = facts ? facts->rate : 1;
    out_.estimated.add(rate);
    out_.sampled = out_.sampled || rate < 1;
    if (const std::string why = facts ? judge(logged, std::move(*facts)) : "unreadable";
        !why.empty()) {
      ++out_.skipped[why];
    }
    if (out_.decisions % kStep == 0 && !tell()) out_.complete = false;
    return out_.complete;
  }

  bool tell() {
    return query_.progress == nullptr || query_.progress(out_.decisions, out_.changed.size());
  }

  WhatIf& out() { return out_; }

 private:
  // Why it could not be made again; "" when it was.
  std::string judge(const LoggedDecision& logged, DecisionFacts facts) {
    if (query_.passes_over != nullptr) {
      if (std::string why = query_.passes_over(facts.tenant); !why.empty()) return why;
    }
    if (!facts.has_input) return "no-input";
    const Resource* const resource = world_.find(facts.resource_kind, facts.resource_name);
    if (resource == nullptr) return "resource-gone";
    retrial_.reset();
    const term::Value input = input_of(retrial_.arena(), logged, world_.find);
    if (input.is_undefined()) return "unreadable";
    Outcome after = retrial_.decide(input, *resource, facts.at);
    if (after == facts.outcome) {
      ++out_.unchanged;
    } else {
      out_.estimated_to_change.add(facts.rate);
      out_.changed.push_back({std::move(facts), std::move(after)});
    }
    return "";
  }

  const WhatIfWorld& world_;
  const WhatIfQuery& query_;
  Retrial retrial_;
  WhatIf out_;
};

}  // namespace

Result<WhatIf> what_if(const WhatIfWorld& world, const WhatIfQuery& query) {
  Run run(world, query);
  MC_TRY_OK(world.log.replay(query.from, query.to,
                             [&](const LoggedDecision& logged) { return run.take(logged); }));
  if (run.out().decisions % kStep != 0) static_cast<void>(run.tell());
  return std::move(run.out());
}

}  // namespace mc::access
