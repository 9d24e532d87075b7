// What the policies say of a request's budgets, before the first one is taken.
#include "gateway/call.h"

namespace mc::gateway {

TermsFailures::TermsFailures(metric::Registry& registry, log::Log& log)
    : count_(registry.counter(
          {.name = "mc_budget_policy_failures_total",
           .help = "Requests of which the policies could not say class and exemptions."})),
      log_(log) {}

void TermsFailures::note(const log::Fields& about, MonoTime now) {
  count_.add();
  std::int64_t after = tell_after_.load(std::memory_order_relaxed);
  if (now.nanos < after) return;
  // Of several threads one tells.
  if (tell_after_.compare_exchange_strong(after, (now + kToldEach).nanos)) {
    log_.warn("budget.policy_failed", about);
  }
}

// Plain budgets hold where the policies fail: nobody is let through by an error.
void Gateway::Core::find_terms(Call& call) {
  if (world.policy == nullptr) return;
  Result<access::TermsPtr> terms = loop_deciders[call.exchange->loop()]->terms(call);
  if (terms) {
    call.budget.terms = std::move(*terms);
    return;
  }
  terms_failures.note({{"request_id", call.request_id},
                       {"tenant", call.caller->tenant},
                       {"route", call.route->config.path},
                       {"why", terms.error().what}},
                      world.clock.mono());
}

}  // namespace mc::gateway
