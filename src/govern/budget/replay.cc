#include "budget/replay.h"

#include <algorithm>
#include <cmath>

namespace mc::budget {
namespace {

// What stands against a denied request: its own limit, when there is one.
const Mark* reason_of(const Decision& decision) {
  const Mark* shared = nullptr;
  for (const Mark& mark : decision.against) {
    if (mark.warns) continue;
    if (is_own(mark.scope)) return &mark;
    if (shared == nullptr) shared = &mark;
  }
  return shared;
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void add(Amounts& to, const Amounts& more) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Dimension::day_credits); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    to.set(dimension, saturating_sum(to[dimension], more[dimension]));
  }
}

// `asked` times what was used of what was asked for.
Amounts in_ratio(const Amounts& asked, const Amounts& sum_used, const Amounts& sum_asked) {
  Amounts out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Dimension::day_credits); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (sum_asked[dimension] <= 0) {
      out.set(dimension, asked[dimension]);
      continue;
    }
    const double ratio =
        static_cast<double>(sum_used[dimension]) / static_cast<double>(sum_asked[dimension]);
    const double used = std::round(static_cast<double>(asked[dimension]) * ratio);
    out.set(dimension,
            static_cast<std::int64_t>(std::min(used, static_cast<double>(kJournalAmountMax))));
  }
  return out;
}

Ticks deepest(const LimitSettings& settings) {
  Ticks out = 0;
  const auto limits = Limits::make(settings);
  if (!limits) return out;
  for (const Limits::Limit& limit : limits->all()) {
    if (limit.rate) out = std::max(out, limit.rate->depth());
  }
  return out;
}

// The same in both, which only says whether and why.
Decision bare(const Decision& logged) {
  Decision out = logged;
  out.admitted = out.warned = out.has_nearest = false;
  out.eligible_at = 0;
  out.against.clear();
  out.nearest = Mark();
  return out;
}

}  // namespace

Nanos warm_up_of(const BudgetSettings& settings) {
  Ticks out = deepest(settings.admission.global);
  for (const auto& [path, one] : settings.admission.routes) out = std::max(out, deepest(one));
  for (const auto& [name, plan] : settings.plans) {
    out = std::max({out, deepest(plan), deepest(plan.users), deepest(plan.together)});
    for (const auto& [path, one] : plan.routes) out = std::max(out, deepest(one));
    for (const auto& [of_class, one] : plan.classes) out = std::max(out, deepest(one));
  }
  return nanos_of(out);
}

Result<Rerun> Rerun::make(const BudgetSettings& settings, const JournalHeader& header) {
  Rerun out;
  MC_TRY(out.book_, Book::make(settings, header.paths));
  out.started_ = header.started;
  out.no_route_ = header.paths.size();
  for (std::size_t i = 0; i < header.paths.size(); ++i) out.routes_.emplace(header.paths[i], i);
  return out;
}

Status Rerun::check_times(Nanos at, WallTime wall) const {
  const Nanos drift = wall - started_ - at;
  if (drift <= kJournalDriftMax && drift >= Nanos{0} - kJournalDriftMax) return ok();
  return fail(Code::invalid,
              "wall_ns is more than a year from where the header's started_ns puts it");
}

Result<Decision> Rerun::decide(const Decision& logged) {
  MC_TRY_OK(check_times(logged.at, logged.wall));
  if (logged.shared) return logged;  // it was not this book
  const auto route = routes_.find(logged.route);
  const Book::Who who{logged.tenant,     logged.plan,
                      logged.user,       route == routes_.end() ? no_route_ : route->second,
                      logged.class_name, logged.exempt};
  Decision out = bare(logged);
  Reservation held;
  const Answer answer = book_->reserve(who, logged.asked, moment_of(logged), held, &out.against);
  out.admitted = answer.admitted;
  out.warned = answer.warned;
  out.eligible_at = answer.eligible_at;
  out.has_nearest = answer.has_nearest;
  if (answer.has_nearest) out.nearest = answer.nearest;
  if (answer.admitted) open_.insert_or_assign(logged.seq, std::move(held));
  return out;
}

bool Rerun::settle(std::int64_t of, const Amounts& used, Nanos at) {
  const auto found = open_.find(of);
  if (found == open_.end()) return false;
  found->second.settle(used, {.now = ticks_of(at)});
  open_.erase(found);
  return true;
}

void Rerun::override_limits(const Overridden& overridden) {
  book_->set_overrides(overridden.tenant, overridden.rules);
}

Status Rerun::restore(const Restored& restored) {
  MC_TRY_OK(check_times(restored.at, restored.wall));
  book_->restore_windows(restored.counts, moment_of(restored));
  return ok();
}

Result<bool> Verifier::run(const JournalEvent& event) {
  if (const auto* header = std::get_if<JournalHeader>(&event)) {
    if (header->run == run_) return false;
    run_ = header->run;
    book_.reset();  // its reservations go before its accounts
    MC_TRY(book_, Rerun::make(header->settings, *header));
    warm_up_ = warm_up_of(header->settings);
    warm_until_ = header->first == 1 ? std::optional(Nanos{0}) : std::nullopt;
    ++report_.runs;
    return false;
  }
  if (!book_) return fail(Code::invalid, "a log begins with a header");
  if (const auto* settlement = std::get_if<Settlement>(&event)) {
    ++report_.settlements;
    book_->settle(settlement->of, settlement->used, settlement->at);
  } else if (const auto* overridden = std::get_if<Overridden>(&event)) {
    book_->override_limits(*overridden);
  } else if (const auto* restored = std::get_if<Restored>(&event)) {
    MC_TRY_OK(book_->restore(*restored));
  }
  const auto* logged = std::get_if<Decision>(&event);
  if (logged == nullptr) return false;
  MC_TRY(const Decision now, book_->decide(*logged));
  if (!warm_until_) warm_until_ = logged->at + warm_up_;
  if (!between_.has(logged->wall)) return false;
  if (logged->at < *warm_until_) {
    ++report_.not_compared;
    return false;
  }
  ++report_.decisions;
  std::string was = print_line(*logged), is = print_line(now);
  if (was == is) return false;
  ++report_.differences;
  if (report_.differences == 1) {
    report_.logged = std::move(was);
    report_.replayed = std::move(is);
  }
  return true;
}

Status Comparison::begin(const JournalHeader& header) {
  if (header.run == run_) return ok();
  run_ = header.run;
  book_.reset();  // its reservations go before its accounts
  MC_TRY(book_, Rerun::make(options_.settings, header));
  warm_up_ = std::max(warm_up_of(header.settings), warm_up_of(options_.settings));
  warm_until_ = header.first == 1 ? std::optional(Nanos{0}) : std::nullopt;
  open_.clear();
  refused_.clear();
  assumed_.clear();
  if (options_.added) override_limits({0, {}, options_.added->tenant, {}});
  ++report_.runs;
  return ok();
}

void Comparison::override_limits(Overridden overridden) {
  if (options_.added && overridden.tenant == options_.added->tenant) {
    overridden.rules.push_back(*options_.added);
  }
  book_->override_limits(overridden);
}

Status Comparison::run(const JournalEvent& event) {
  if (const auto* header = std::get_if<JournalHeader>(&event)) return begin(*header);
  if (!book_) return fail(Code::invalid, "a log begins with a header");
  if (const auto* decision = std::get_if<Decision>(&event)) return decide(*decision);
  if (const auto* settlement = std::get_if<Settlement>(&event)) settle(*settlement);
  if (const auto* overridden = std::get_if<Overridden>(&event)) override_limits(*overridden);
  if (const auto* restored = std::get_if<Restored>(&event)) return book_->restore(*restored);
  return ok();
}

Status Comparison::decide(const Decision& logged) {
  settle_assumed(logged.at);
  if (!warm_until_) warm_until_ = logged.at + warm_up_;
  const std::string request = logged.tenant + '\0' + logged.request;
  if (logged.step > 1 && refused_.contains(request)) {
    if (between_has(logged)) {
      count_in(logged.tenant, [](Counts& counts) { ++counts.not_reached; });
    }
    return ok();
  }
  MC_TRY(const Decision now, book_->decide(logged));
  History& history = history_[logged.tenant + '\0' + logged.route];
  if (logged.admitted) {
    open_.insert_or_assign(logged.seq,
                           Open{&history, logged.at, logged.asked, now.admitted ? "" : request});
    if (!now.admitted) refused_.insert(request);
  } else if (now.admitted) {
    assume(logged, history);
  }
  if (between_has(logged)) count(logged, now);
  return ok();
}

bool Comparison::between_has(const Decision& logged) {
  if (!options_.between.has(logged.wall)) return false;
  if (logged.at >= *warm_until_) return true;
  ++report_.not_compared;
  return false;
}

template <class F>
void Comparison::count_in(const std::string& tenant, F&& change) {
  if (!options_.tenant.empty() && options_.tenant != tenant) return;
  change(report_.total);
  change(report_.tenants[tenant]);
}

void Comparison::count(const Decision& logged, const Decision& now) {
  const Mark* const before = reason_of(logged);
  const Mark* const after = reason_of(now);
  const bool passes = !logged.admitted && now.admitted;
  const bool refused = logged.admitted && !now.admitted;
  const auto change = [&](Counts& counts) {
    ++counts.decisions;
    counts.denied += logged.admitted ? 0 : 1;
    counts.passes += passes ? 1 : 0;
    counts.refused += refused ? 1 : 0;
    counts.refused_by_shared += refused && after != nullptr && !is_own(after->scope) ? 1 : 0;
    counts.warned += logged.admitted && logged.warned ? 1 : 0;
    counts.would_warn += now.admitted && now.warned ? 1 : 0;
  };
  count_in(logged.tenant, change);
  if (refused) change(report_.losers[logged.tenant]);
  if (!options_.tenant.empty() && options_.tenant != logged.tenant) return;
  if (passes && before != nullptr) ++report_.policies[policy_of(*before)].passes;
  if (refused && after != nullptr) ++report_.policies[policy_of(*after)].refused;
}

void Comparison::settle(const Settlement& settlement) {
  settle_assumed(settlement.at);
  book_->settle(settlement.of, settlement.used, settlement.at);
  const auto found = open_.find(settlement.of);
  if (found == open_.end()) return;
  const Open& open = found->second;
  add(open.history->asked, open.asked);
  add(open.history->used, settlement.used);
  open.history->took = {saturating_sum(open.history->took.count,
                                       std::max<std::int64_t>((settlement.at - open.at).count, 0))};
  ++open.history->count;
  if (!open.request.empty()) refused_.erase(open.request);
  open_.erase(found);
}

void Comparison::assume(const Decision& logged, History& history) {
  ++report_.assumed;
  if (history.count == 0) {
    ++report_.assumed_without_any;
    book_->settle(logged.seq, logged.asked, logged.at);
    return;
  }
  const Nanos end = logged.at + Nanos{history.took.count / history.count};
  assumed_.emplace(std::pair(end, logged.seq), in_ratio(logged.asked, history.used, history.asked));
}

void Comparison::settle_assumed(Nanos until) {
  while (!assumed_.empty() && assumed_.begin()->first.first <= until) {
    const auto& [when, used] = *assumed_.begin();
    book_->settle(when.second, used, when.first);
    assumed_.erase(assumed_.begin());
  }
}

}  // namespace mc::budget
