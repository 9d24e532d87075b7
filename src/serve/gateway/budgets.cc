#include "gateway/budgets.h"

#include <algorithm>

#include "gateway/gateway.h"

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

void tell(const Mark& mark, BudgetUse& use) {
  use.limited = true;
  use.policy = budget::policy_of(mark);
  use.quota = mark.quota;
  use.window_s = window_s_of(mark.dimension);
  use.left = mark.left;
}

}  // namespace

bool Gateway::counts(Dimension dimension) {
  return dimension == Dimension::requests || dimension == Dimension::seats ||
         dimension == Dimension::bytes;
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

Budgets::Budgets(budget::Book* book, sys::Clock& clock, sys::Random& random)
    : book_(book != nullptr && book->is_limited() ? book : nullptr),
      clock_(clock),
      random_(random),
      start_(clock.mono()) {}

budget::Moment Budgets::now() const {
  return budget::Moment::of(clock_.mono() - start_, clock_.wall());
}

std::optional<Budgets::Denial> Budgets::take(const budget::Book::Who& who, std::int64_t items,
                                             BudgetUse& use) {
  if (book_ == nullptr) return std::nullopt;
  // One byte must be there; what the answer has is known at the end, and owed then.
  const budget::Amounts amounts = budget::Amounts()
                                      .set(Dimension::requests, items)
                                      .set(Dimension::seats, 1)
                                      .set(Dimension::bytes, 1);
  const budget::Moment at = now();
  std::vector<Mark> against;
  const budget::Answer answer = book_->reserve(who, amounts, at, use.reservation, &against);
  if (answer.has_nearest) tell(answer.nearest, use);
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
  if (answer.eligible_at == budget::kNever) {
    return {{400, "BUDGET_TOO_SMALL",
             is_own ? "the request asks for more than " + use.policy + " has at once"
                    : "the request asks for more than there is at once"},
            {}};
  }
  const Nanos wait =
      answer.eligible_at > now ? budget::nanos_of(answer.eligible_at - now) : Nanos{0};
  const std::int64_t wait_s = whole_seconds(wait);
  if (is_own) use.wait_s = wait_s;
  // Those who were denied together do not come back together.
  const auto spread =
      static_cast<std::int64_t>(random_.next_u64() % static_cast<std::uint64_t>(wait_s / 4 + 1));
  net::Headers headers = {{"Retry-After", std::to_string(wait_s + spread)}};
  if (!is_own) return {{503, "OVERLOADED", "the server is at its limit; retry"}, headers};
  return {{429, "BUDGET_EXCEEDED",
           "the budget " + use.policy + " is used up: " + std::to_string(use.quota) +
               (use.window_s > 0 ? " in " + std::to_string(use.window_s) + " s" : " at a time")},
          headers};
}

void Budgets::settle(BudgetUse& use, std::int64_t bytes) {
  if (!use.reservation.is_open()) return;
  budget::Amounts used = use.reservation.taken();
  used.set(Dimension::bytes, std::max<std::int64_t>(bytes, 0));
  use.reservation.settle(used, now());
}

}  // namespace mc::gateway
