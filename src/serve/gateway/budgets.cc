#include "gateway/budgets.h"

#include <algorithm>

#include "burn/usage.h"
#include "gateway/gateway.h"
#include "gateway/shared_budgets.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using budget::Dimension;
using budget::Mark;

std::int64_t whole_seconds(Nanos wait) {
  return std::max<std::int64_t>((wait.count + 999'999'999) / 1'000'000'000, 1);
}

std::int64_t window_s_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::exports:
      return 60;
    case Dimension::day_credits:
      return 86'400;
    case Dimension::month_credits:
      return 30 * 86'400;
    case Dimension::seats:
    case Dimension::subscriptions:
      return 0;  // held, not grown back
    default:
      return 1;
  }
}

bool is_credits(Dimension dimension) {
  return dimension == Dimension::credits || dimension == Dimension::day_credits ||
         dimension == Dimension::month_credits;
}

burn::Usage::Asker asker_of(const Payer& payer) {
  return {payer.who.tenant, payer.who.plan, payer.who.route};
}

// What is held against the tenant's quotas: what it is exempt from is not.
budget::Amounts counted(const Payer& payer, budget::Amounts amounts) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Dimension::day_credits); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (payer.who.exempt.has(dimension)) amounts.set(dimension, 0);
  }
  return amounts;
}

// What the tenant's day and month are charged when so many credits are taken.
burn::Usage::Charged charged(const Payer& payer, std::int64_t credits) {
  const auto unless_exempt = [&](Dimension dimension) {
    return payer.who.exempt.has(dimension) ? 0 : credits;
  };
  return {unless_exempt(Dimension::day_credits), unless_exempt(Dimension::month_credits)};
}

double share_of(std::int64_t left, std::int64_t quota) {
  return static_cast<double>(left) / static_cast<double>(quota);
}

void tell(const Mark& mark, BudgetUse& use) {
  use.limited = true;
  use.policy = budget::policy_of(mark);
  use.quota = mark.quota;
  use.window_s = window_s_of(mark.dimension);
  use.left = mark.left;
}

// What stands against a request, of the caller's own budgets.
std::string members_of(const std::vector<Mark>& against, std::int64_t retry_s) {
  std::string out = "\"policies\":";
  json::Writer writer(out);
  writer.begin_array();
  for (const Mark& mark : against) {
    if (budget::is_own(mark.scope) && !mark.warns) writer.value(budget::policy_of(mark));
  }
  writer.end_array();
  if (retry_s > 0) out += ",\"retryAfter\":" + std::to_string(retry_s);
  return out;
}

// Of nobody's budget, and the same as for want of a seat (Gateway::Core::turn_away).
Budgets::Denial overloaded(sys::Random& random) {
  return {{503, "OVERLOADED", "the server is at its limit; retry"},
          {{"Retry-After", std::to_string(1 + random.next_u64() % 3)}}};
}

}  // namespace

bool Gateway::counts(Dimension dimension) {
  return dimension != Dimension::deliveries && dimension != Dimension::exports &&
         dimension != Dimension::subscriptions;
}

void BudgetUse::add_to(net::FieldLines& fields) const {
  if (!limited) return;
  const std::string name = '"' + policy + '"';
  std::string of_policy = name + ";q=" + std::to_string(quota);
  if (window_s > 0) of_policy += ";w=" + std::to_string(window_s);
  std::string now = name + ";r=" + std::to_string(left);
  if (wait_s > 0) now += ";t=" + std::to_string(wait_s);
  fields.add("RateLimit-Policy", of_policy);
  fields.add("RateLimit", now);
}

Budgets::Budgets(const GatewayWorld& world)
    : book_(world.budgets != nullptr && world.budgets->is_limited() ? world.budgets : nullptr),
      share_(book_ == nullptr ? nullptr : world.share),
      on_loss_(world.on_store_loss),
      journal_(book_ == nullptr ? nullptr : world.journal),
      usage_(world.usage),
      limits_costs_(book_ != nullptr &&
                    (book_->limits(Dimension::credits) || book_->limits(Dimension::day_credits) ||
                     book_->limits(Dimension::month_credits) || book_->limits(Dimension::fanout))),
      clock_(world.clock),
      random_(world.random),
      start_(world.clock.mono()) {}

budget::Moment Budgets::now() const {
  return budget::Moment::of(clock_.mono() - start_, clock_.wall());
}

Budgets::Verdict Budgets::take(const Payer& payer, std::int64_t items, BudgetUse& use,
                               const Later& later) {
  if (book_ == nullptr) return {};
  // One byte must be there; what the answer has is known at the end, and owed then.
  const budget::Amounts amounts = budget::Amounts()
                                      .set(Dimension::requests, items)
                                      .set(Dimension::seats, 1)
                                      .set(Dimension::bytes, 1);
  return decide({payer, amounts, use, use.entry, use.shared_entry, use.entry_seq}, later);
}

Budgets::Verdict Budgets::take_costs(const Payer& payer, BudgetUse& use, const Later& later) {
  if (!limits_costs_) return {};
  const budget::Amounts amounts = budget::Amounts()
                                      .set(Dimension::credits, use.priced.credits)
                                      .set(Dimension::fanout, use.priced.fanout);
  return decide({payer, amounts, use, use.costs, use.shared_costs, use.costs_seq, 2}, later);
}

// Of what nodes share first: what the book denies then is given back to it.
Budgets::Verdict Budgets::decide(const Ask& ask, const Later& later) {
  if (share_ == nullptr) return {.denial = reserve(ask)};
  auto hold =
      hold_of({*share_, *book_, on_loss_}, ask.payer.who, ask.amounts, book_->latest(now()));
  if (!hold) return {.denial = overloaded(random_)};
  if (hold->needs.empty()) return {.denial = reserve(ask)};
  ask.shared = std::make_shared<SharedHold>(std::move(*hold));
  const MonoTime now = clock_.mono();
  ask.shared->taken = now;
  const share::Outcome outcome = share_->take(ask.shared->needs, now);
  if (outcome.state != share::Outcome::State::wait) return {.denial = after_share(ask, outcome)};
  share_->wait(ask.shared->needs, now, [this, ask, later](const share::Outcome& then) {
    ask.shared->taken = clock_.mono();
    later(after_share(ask, then));
  });
  return {.waits = true};
}

std::optional<Budgets::Denial> Budgets::after_share(const Ask& ask, const share::Outcome& outcome) {
  const std::shared_ptr<SharedHold> hold = ask.shared;
  if (!outcome.ok()) ask.shared = nullptr;
  if (outcome.ok()) {
    std::optional<Denial> denial = reserve(ask);
    if (denial) {
      share_->undo(hold->needs, outcome, hold->taken);
      ask.shared = nullptr;
    }
    return denial;
  }
  if (outcome.full) return overloaded(random_);
  count_demand(ask, false);
  const budget::Moment at = now();
  const Mark mark = mark_of(*hold, outcome, book_->latest(at));
  budget::Answer answer;
  answer.eligible_at = mark.eligible_at;
  if (journal_ != nullptr) {
    budget::Journal::Turn turn = journal_->turn();
    turn.decided({ask.payer.who, ask.payer.request_id, ask.step, true}, ask.amounts, at, answer,
                 std::span(&mark, 1));
  }
  return denial_of(answer, {mark}, at.now, ask.use);
}

void Budgets::settle_shared(std::shared_ptr<SharedHold>& hold, const budget::Amounts& used) {
  if (hold == nullptr) return;
  const MonoTime now = clock_.mono();
  for (std::size_t i = 0; i < hold->needs.size(); ++i) {
    share_->settle(hold->needs[i], used[hold->parts[i].dimension], hold->taken, now);
  }
  hold = nullptr;
}

void Budgets::count_demand(const Ask& ask, bool admitted) {
  if (usage_ == nullptr) return;
  usage_->asked(asker_of(ask.payer), counted(ask.payer, ask.amounts),
                charged(ask.payer, admitted ? ask.amounts[Dimension::credits] : 0), clock_.mono());
}

std::optional<Budgets::Denial> Budgets::reserve(const Ask& ask) {
  BudgetUse& use = ask.use;
  budget::Moment at;
  std::vector<Mark> against;
  budget::Answer answer;
  {
    std::optional<budget::Journal::Turn> turn = this->turn();
    at = now();
    answer = book_->reserve(ask.payer.who, ask.amounts, at, ask.into, &against);
    if (turn) {
      ask.seq = turn->decided({ask.payer.who, ask.payer.request_id, ask.step}, ask.amounts, at,
                              answer, against);
    }
  }
  count_demand(ask, answer.admitted);
  const Mark& nearest = answer.nearest;
  if (answer.has_nearest && is_credits(nearest.dimension)) use.credits_left = nearest.left;
  // Of both steps the one with less left is told.
  if (answer.has_nearest &&
      (!use.limited || share_of(nearest.left, nearest.quota) < share_of(use.left, use.quota))) {
    tell(nearest, use);
  }
  if (answer.admitted) return std::nullopt;
  return denial_of(answer, against, at.now, use);
}

Budgets::Denial Budgets::denial_of(const budget::Answer& answer, const std::vector<Mark>& against,
                                   budget::Ticks now, BudgetUse& use) {
  const auto own = std::find_if(against.begin(), against.end(), [](const Mark& mark) {
    return budget::is_own(mark.scope) && !mark.warns;
  });
  const bool is_own = own != against.end();
  if (is_own) tell(*own, use);
  std::string cost;
  if (is_own && is_credits(own->dimension)) {
    cost = "; this request costs " + std::to_string(own->amount) + " credits";
  }
  // What is shared may stand against it too: that is said when it alone does.
  const budget::Ticks again = is_own ? budget::own_eligible_at(against) : answer.eligible_at;
  const bool never = again == budget::kNever;
  const Nanos wait = !never && again > now ? budget::nanos_of(again - now) : Nanos{0};
  const std::int64_t wait_s = whole_seconds(wait);
  // Those who were denied together do not come back together; of short waits there is no quarter.
  const auto spreads = static_cast<std::uint64_t>(wait_s / 4 + 1);
  const auto spread = spreads == 1 ? 0 : static_cast<std::int64_t>(random_.next_u64() % spreads);
  const std::int64_t retry_s = never ? 0 : wait_s + spread;
  HttpError error{400, "BUDGET_TOO_SMALL", "the request asks for more than there is at once",
                  members_of(against, retry_s)};
  if (never) {
    if (is_own) {
      error.message = "the request asks for more than " + use.policy + " has at once" + cost;
    }
    return {error, {}};
  }
  if (is_own) use.wait_s = wait_s;
  const net::Headers headers = {{"Retry-After", std::to_string(retry_s)}};
  error.status = is_own ? 429 : 503;
  error.code = is_own ? "BUDGET_EXCEEDED" : "OVERLOADED";
  error.message = "the server is at its limit; retry";
  if (is_own) {
    error.message =
        "the budget " + use.policy + " is used up: " + std::to_string(use.quota) +
        (use.window_s > 0 ? " in " + std::to_string(use.window_s) + " s" : " at a time") + cost;
  }
  return {error, headers};
}

void Budgets::settle(const Payer& payer, BudgetUse& use, std::int64_t bytes) {
  if (book_ == nullptr) return;
  const auto settle_one = [&](budget::Reservation& held, std::int64_t seq,
                              const budget::Amounts& used) {
    if (!held.is_open()) return;
    if (usage_ != nullptr) {
      usage_->settled(asker_of(payer), counted(payer, held.taken()), counted(payer, used),
                      charged(payer, used[Dimension::credits] - held.taken()[Dimension::credits]),
                      clock_.mono());
    }
    std::optional<budget::Journal::Turn> turn = this->turn();
    const budget::Moment at = now();
    held.settle(used, at);
    if (turn) turn->settled(seq, used, at);
  };
  budget::Amounts entry = use.entry.taken();
  entry.set(Dimension::bytes, std::max<std::int64_t>(bytes, 0));
  settle_shared(use.shared_entry, entry);
  settle_one(use.entry, use.entry_seq, entry);
  const Costs& costs = use.used ? *use.used : use.priced;
  const budget::Amounts of_costs =
      budget::Amounts().set(Dimension::credits, costs.credits).set(Dimension::fanout, costs.fanout);
  settle_shared(use.shared_costs, of_costs);
  settle_one(use.costs, use.costs_seq, of_costs);
}

void Budgets::note_wait(const Payer& payer, const BudgetUse& use, Nanos waited,
                        std::string_view shed) {
  if (journal_ == nullptr) return;
  budget::Journal::Turn turn = journal_->turn();
  turn.queued({.of = use.costs_seq > 0 ? use.costs_seq : use.entry_seq,
               .request = payer.request_id,
               .tenant = payer.who.tenant,
               .waited = waited,
               .shed = shed},
              now());
}

std::optional<budget::Journal::Turn> Budgets::turn() const {
  if (journal_ == nullptr) return std::nullopt;
  return journal_->turn();
}

}  // namespace mc::gateway
