// What more of epsilon means: to the budget, to people in the data, and to those who ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "accountant/accountant.h"
#include "base/base.h"

namespace mc::topup {

struct Preview {
  std::string dataset, purpose;
  WallTime window_start{}, window_end{};
  // Of the window's account; nothing = no limit.
  std::optional<accountant::NanoEpsilon> limit_before, limit_after;
  std::optional<accountant::NanoEpsilon> left_before, left_after;
  accountant::NanoEpsilon lifetime_spent{};  // of the tenant and dataset, for good
  // By how much the odds of a guess about one person can rise at most when all of the window is
  // spent: e^epsilon, rounded up, as decimals; "" past 10^18.
  std::string odds_before, odds_after;
  // 95 of 100 counts are within so much of the truth when what is left is spent on a hundred of
  // them; "" when nothing is left.
  std::string error_before, error_after;
  bool operator==(const Preview&) const = default;
};

// Pure. `account` is the window's, `lifetime` the odometer's.
Preview preview_of(const accountant::Standing& account, const accountant::Standing& lifetime,
                   accountant::NanoEpsilon more, const accountant::Window& window);

}  // namespace mc::topup
