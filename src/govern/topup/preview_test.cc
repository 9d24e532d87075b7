#include "topup/preview.h"

#include <doctest/doctest.h>

#include <cmath>

namespace mc::topup {
namespace {

using accountant::NanoEpsilon;

NanoEpsilon epsilon(const char* text) {
  return *accountant::parse_epsilon(text);
}

const accountant::Window kWindow{from_unix_ms(0), from_unix_ms(86'400'000)};

// A window's account with a limit, and what is left of it; "" = no limit.
Preview seen(const std::string& limit, const std::string& left, const char* more,
             const char* top_up = "0") {
  accountant::Standing account, lifetime;
  account.key = {"alpha", "visit", "research", accountant::Scope::window, kWindow.start};
  account.top_up = epsilon(top_up);
  if (!limit.empty()) account.limit.epsilon = epsilon(limit.c_str());
  if (!left.empty()) account.epsilon_left = epsilon(left.c_str());
  lifetime.spent.epsilon = epsilon("17.5");
  return preview_of(account, lifetime, epsilon(more), kWindow);
}

TEST_CASE("preview: limit, rest, odds and error, before and after") {
  const Preview one = seen("10", "0.001", "2.499");
  CHECK(one.dataset == "visit");
  CHECK(one.purpose == "research");
  CHECK(one.window_start == kWindow.start);
  CHECK(one.window_end == kWindow.end);
  CHECK(*one.limit_before == epsilon("10"));
  CHECK(*one.limit_after == epsilon("12.499"));
  CHECK(*one.left_before == epsilon("0.001"));
  CHECK(*one.left_after == epsilon("2.5"));
  CHECK(one.lifetime_spent == epsilon("17.5"));
  CHECK(one.odds_before == "22026.47");  // e^10 = 22026.465794...
  CHECK(one.error_before == "299573");   // 40 digits: 299572.727...
  CHECK(one.error_after == "120");       // 119.326...
  // An earlier top-up is part of the limit.
  const Preview more = seen("10", "10", "0.5", "0.5");
  CHECK(*more.limit_before == epsilon("10.5"));
  CHECK(more.odds_before == "36315.51");  // e^10.5 = 36315.502674...
  CHECK(more.odds_after == "59874.15");   // e^11 = 59874.141715...
  CHECK(more.error_before == "30");       // 29.44...
}

TEST_CASE("preview: odds that no decimal holds are left out, and the largest are bounds") {
  CHECK(seen("0.5", "0.5", "0.5").odds_before == "1.65");
  CHECK(seen("0.5", "0.5", "0.5").odds_after == "2.72");
  const Preview high = seen("41", "1", "0.000000001");
  CHECK(high.odds_before >= "639843493530054949.23");
  CHECK(high.odds_before < "639843493530054949.99");
  CHECK(high.odds_before.size() == 21);
  CHECK(high.odds_after.empty());
}

TEST_CASE("preview: without a limit there is nothing to raise, and of nothing no count") {
  const Preview open = seen("", "", "1");
  CHECK_FALSE(open.limit_before.has_value());
  CHECK_FALSE(open.limit_after.has_value());
  CHECK_FALSE(open.left_after.has_value());
  CHECK(open.odds_before.empty());
  CHECK(open.odds_after.empty());
  CHECK(open.error_before.empty());
  CHECK(open.error_after.empty());
  const Preview empty = seen("10", "0", "1");
  CHECK(empty.error_before.empty());
  CHECK(empty.error_after == "300");                           // 299.07...
  CHECK(seen("10", "0.000000099", "1").error_before.empty());  // a hundredth is no unit
  CHECK(seen("10", "0.0000001", "1").error_before == "2995732274");
  CHECK(seen("1000", "1000", "1").error_before == "0");
}

// The exact tail in floating point, which is good to far more than one count here.
TEST_CASE("preview: the error is the least that 95 of 100 counts keep") {
  for (int permille = 1'000; permille <= 400'000; permille += 997) {
    const NanoEpsilon left(INT64_C(1'000'000) * permille);
    accountant::Standing account, lifetime;
    account.limit.epsilon = account.epsilon_left = left;
    const Preview one = preview_of(account, lifetime, NanoEpsilon(1), kWindow);
    const double each = permille / 1'000.0 / 100.0;
    const auto tail = [&](double t) {
      return 2 * std::exp(-each * (t + 1)) / (1 + std::exp(-each));
    };
    const double width = std::stod(one.error_before);
    CAPTURE(permille);
    CHECK(tail(width) <= 0.05 + 1e-12);
    if (width > 0) CHECK(tail(width - 1) > 0.05 - 1e-12);
  }
}

}  // namespace
}  // namespace mc::topup
