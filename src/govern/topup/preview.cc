#include "topup/preview.h"

#include <algorithm>

#include "fixed/fixed.h"

namespace mc::topup {
namespace {

using accountant::NanoEpsilon;

constexpr std::int64_t kNano = 1'000'000'000;
constexpr std::int64_t kOddsEpsilonMax = 41;  // e^41 < 10^18
constexpr std::int64_t kCounts = 100;

std::string odds(const std::optional<NanoEpsilon>& epsilon) {
  if (!epsilon || epsilon->get() > kOddsEpsilonMax * kNano) return "";
  const fixed::Fixed x =
      fixed::from_units(epsilon->get(), accountant::kEpsilonDigits, fixed::Round::up);
  return fixed::to_text(fixed::exp(x, fixed::Round::up), 2, fixed::Round::up);
}

// The least t that a discrete Laplace variable of scale 1/e is above at most 5 of 100 times:
// P(|X| > t) = 2 p^(t+1) / (1 + p) with p = exp(-e), which is 0.05 where t + 1 = ln(40 / (1+p)) /
// e.
std::string error(const std::optional<NanoEpsilon>& left) {
  if (!left || left->get() < kCounts) return "";
  using fixed::Fixed, fixed::Round;
  const Fixed each =
      fixed::from_units(left->get() / kCounts, accountant::kEpsilonDigits, Round::down);
  const Fixed odds =
      fixed::divide(Fixed::whole(40), Fixed::whole(1) + fixed::exp(-each, Round::down), Round::up);
  const Fixed width = fixed::divide(fixed::log(odds, Round::up), each, Round::up) - Fixed::whole(1);
  return fixed::to_text(std::max(width, Fixed()), 0, Round::up);
}

std::optional<NanoEpsilon> plus(const std::optional<NanoEpsilon>& a, NanoEpsilon b) {
  return a ? accountant::add(*a, b) : std::nullopt;
}

}  // namespace

Preview preview_of(const accountant::Standing& account, const accountant::Standing& lifetime,
                   NanoEpsilon more, const accountant::Window& window) {
  Preview out;
  out.dataset = account.key.dataset;
  out.purpose = account.key.purpose;
  out.window_start = window.start;
  out.window_end = window.end;
  out.limit_before = plus(account.limit.epsilon, account.top_up);
  out.limit_after = plus(out.limit_before, more);
  out.left_before = account.epsilon_left;
  out.left_after = plus(out.left_before, more);
  out.lifetime_spent = lifetime.spent.epsilon;
  out.odds_before = odds(out.limit_before);
  out.odds_after = odds(out.limit_after);
  out.error_before = error(out.left_before);
  out.error_after = error(out.left_after);
  return out;
}

}  // namespace mc::topup
