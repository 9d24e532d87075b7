#include "budget/explain.h"

#include <algorithm>
#include <chrono>

namespace mc::budget {
namespace {

constexpr Nanos kWindowMin = seconds(1);

void add(std::int64_t& sum, std::int64_t more) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = INT64_MAX;
}

bool is_held(Dimension dimension) {
  return dimension == Dimension::seats || dimension == Dimension::subscriptions;
}

bool is_settled(Dimension dimension) {
  return dimension == Dimension::credits || dimension == Dimension::bytes ||
         dimension == Dimension::fanout || dimension == Dimension::day_credits ||
         dimension == Dimension::month_credits;
}

const LimitSettings* settings_of(const JournalHeader& header, const Decision& decision,
                                 Scope scope) {
  const auto in = [&](const std::map<std::string, LimitSettings>& routes) -> const LimitSettings* {
    const auto found = routes.find(decision.route);
    return found == routes.end() ? nullptr : &found->second;
  };
  if (scope == Scope::global) return &header.settings.admission.global;
  if (scope == Scope::route) return in(header.settings.admission.routes);
  const auto plan = header.settings.plans.find(decision.plan);
  if (plan == header.settings.plans.end()) return nullptr;
  if (scope == Scope::tenant) return &plan->second;
  if (scope == Scope::tenant_user) return &plan->second.users;
  if (scope == Scope::tenant_class) {
    const auto found = plan->second.classes.find(decision.class_name);
    return found == plan->second.classes.end() ? nullptr : &found->second;
  }
  return scope == Scope::plan ? &plan->second.together : in(plan->second.routes);
}

// The day or the month.
Nanos since_began(Dimension dimension, WallTime wall) {
  using std::chrono::days, std::chrono::sys_days, std::chrono::sys_time;
  const sys_time<std::chrono::nanoseconds> now{std::chrono::nanoseconds(wall.nanos)};
  const sys_days day = std::chrono::floor<days>(now);
  const std::chrono::year_month_day date(day);
  const sys_days month(date.year() / date.month() / std::chrono::day(1));
  const sys_days began = dimension == Dimension::day_credits ? day : month;
  return {std::chrono::nanoseconds(now - began).count()};
}

// How far back a decision's neighbours are looked for: until a whole burst has grown back, since
// the day or month began, or as long as anything is held.
Nanos window_of(const JournalHeader& header, const Decision& decision, const Mark& mark) {
  if (is_held(mark.dimension)) return kJournalAgeMax;
  if (mark.dimension >= Dimension::day_credits) return since_began(mark.dimension, decision.wall);
  const LimitSettings* const settings = settings_of(header, decision, mark.scope);
  if (settings == nullptr) return kWindowMin;
  const auto limits = Limits::make(*settings);
  const Limits::Limit* const limit = limits ? limits->find(mark.dimension) : nullptr;
  if (limit == nullptr || !limit->rate) return kWindowMin;
  return std::max(kWindowMin, nanos_of(limit->rate->depth()));
}

// Whether what `one` asked for was taken from the counts that `mark`, of `other`, is about.
bool falls_under(const Decision& one, const Decision& other, const Mark& mark) {
  const Scope scope = mark.scope;
  if (one.tenant != other.tenant) return false;
  if (is_own(scope) && one.exempt.has(mark.dimension)) return false;
  if (scope == Scope::tenant_user) return one.user == other.user;
  if (scope == Scope::tenant_class) return one.class_name == other.class_name;
  if (scope == Scope::plan) return one.plan == other.plan;
  const bool of_route = scope == Scope::tenant_route || scope == Scope::route;
  return !of_route || one.route == other.route;
}

}  // namespace

std::optional<Mark> speaking_mark(const Decision& decision) {
  const Mark* out = nullptr;
  for (const Mark& mark : decision.against) {
    if (mark.warns == !decision.admitted) continue;
    if (out == nullptr || (is_own(mark.scope) && !is_own(out->scope))) out = &mark;
  }
  if (out != nullptr) return *out;
  if (decision.has_nearest) return decision.nearest;
  return std::nullopt;
}

std::optional<Explained::Wait> wait_of(const Decision& decision, Ticks eligible_at) {
  if (decision.admitted) return std::nullopt;
  Explained::Wait out;
  out.never = eligible_at == kNever;
  out.known = !out.never && eligible_at != 0;
  if (!out.known) return out;
  const Nanos wait = nanos_of(eligible_at - ticks_of(decision.at));
  out.wait = std::max(wait, Nanos{0});
  out.at = decision.wall + out.wait;
  return out;
}

Explainer::Explainer(std::string request, std::string tenant)
    : request_(std::move(request)), tenant_(std::move(tenant)) {}

void Explainer::begin(const Decision& decision) {
  if (searches_.size() >= kExplainedMax) return;
  Search& search = searches_.emplace_back();
  Explained& out = search.out;
  out.run = header_.run;
  out.started = header_.started;
  out.decision = decision;
  out.mark = speaking_mark(decision);
  out.wait = wait_of(decision, decision.eligible_at);
  if (!out.mark) return;
  out.shared = !is_own(out.mark->scope);
  out.window = window_of(header_, decision, *out.mark);
}

void Explainer::find(const JournalEvent& event) {
  const auto is_it = [&](const auto& one) {
    return one.request == request_ && (tenant_.empty() || one.tenant == tenant_);
  };
  if (const auto* header = std::get_if<JournalHeader>(&event)) {
    header_ = *header;
  } else if (const auto* decision = std::get_if<Decision>(&event)) {
    if (is_it(*decision)) begin(*decision);
  } else if (const auto* fact = std::get_if<QueueFact>(&event)) {
    if (is_it(*fact) && queue_.size() < kExplainedMax) queue_.push_back(*fact);
  }
}

void Explainer::look(const JournalEvent& event) {
  if (const auto* header = std::get_if<JournalHeader>(&event)) {
    run_ = header->run;
    return;
  }
  for (Search& search : searches_) {
    if (search.out.run != run_) continue;
    if (const auto* decision = std::get_if<Decision>(&event)) meet(search, *decision);
    if (const auto* settlement = std::get_if<Settlement>(&event)) meet(search, *settlement);
  }
}

void Explainer::meet(Search& search, const Decision& decision) {
  const Decision& own = search.out.decision;
  if (decision.seq == own.seq) {
    search.passed = true;
    return;
  }
  if (search.passed) {
    if (!search.out.next && decision.tenant == own.tenant && decision.request != own.request) {
      search.out.next = decision;
    }
    return;
  }
  if (!search.out.mark || !decision.admitted) return;
  const Dimension dimension = search.out.mark->dimension;
  const std::int64_t amount = decision.asked[dimension];
  if (amount <= 0 || !falls_under(decision, own, *search.out.mark)) return;
  const Nanos before = own.at - decision.at;
  if (before > search.out.window) return;
  if (search.neighbours.size() >= kNeighboursMax) {
    forget(search, search.neighbours.begin()->first);
  }
  search.neighbours.emplace(decision.seq, Neighbour{decision.seq, decision.request, decision.user,
                                                    decision.route, before, amount, true});
}

// The oldest one by one no more: it is in the sums.
void Explainer::forget(Search& search, std::int64_t of) {
  const auto found = search.neighbours.find(of);
  ++search.out.neighbours_count;
  add(search.out.neighbours_amount, found->second.amount);
  search.neighbours.erase(found);
}

void Explainer::meet(Search& search, const Settlement& settlement) {
  const std::int64_t own = search.out.decision.seq;
  if (settlement.of == own) {
    search.out.settled = settlement;
    return;
  }
  if (search.passed || !search.out.mark) return;
  const auto found = search.neighbours.find(settlement.of);
  if (found == search.neighbours.end()) return;
  const Dimension dimension = search.out.mark->dimension;
  if (is_held(dimension)) {
    search.neighbours.erase(found);
    return;
  }
  found->second.open = false;
  if (!is_settled(dimension)) return;
  found->second.amount = settlement.used[dimension];
  if (found->second.amount == 0) search.neighbours.erase(found);
}

Result<Explanation> Explainer::result() {
  if (searches_.empty() && queue_.empty()) {
    return fail(Code::not_found, "the log has no request " + excerpt(request_) +
                                     (tenant_.empty() ? "" : " of tenant " + excerpt(tenant_)));
  }
  Explanation out;
  out.queue = std::move(queue_);
  for (Search& search : searches_) {
    Explained& one = search.out;
    for (auto& [seq, neighbour] : search.neighbours) {
      ++one.neighbours_count;
      add(one.neighbours_amount, neighbour.amount);
      one.neighbours.push_back(std::move(neighbour));
    }
    std::ranges::sort(one.neighbours, [](const Neighbour& a, const Neighbour& b) {
      return a.amount != b.amount ? a.amount > b.amount : a.seq > b.seq;
    });
    if (one.neighbours.size() > kNeighboursShown) one.neighbours.resize(kNeighboursShown);
    out.decisions.push_back(std::move(one));
  }
  searches_.clear();
  return out;
}

}  // namespace mc::budget
