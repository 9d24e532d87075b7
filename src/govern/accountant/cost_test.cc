#include "accountant/cost.h"

#include <doctest/doctest.h>

#include "accountant/account.h"
#include "accountant/report.h"

namespace mc::accountant {
namespace {

NanoEpsilon epsilon(const char* text) {
  return *parse_epsilon(text);
}

TEST_CASE("units: limits are read exactly, or refused") {
  CHECK(epsilon("0.5").get() == 500'000'000);
  CHECK(epsilon("0.000000001").get() == 1);
  CHECK(to_decimal(epsilon("10")) == "10");
  CHECK(to_decimal(NanoEpsilon(-500'000'000)) == "-0.5");
  CHECK(parse_delta("1e-6")->get() == 1'000'000'000'000);
  CHECK(to_decimal(*parse_delta("1e-18")) == "0.000000000000000001");
  CHECK(parse_rho("0.02")->get() == 20'000'000'000);
  for (const char* text : {"", "NaN", "inf", "-1", "+1", "1e-300", "0.0000000001", "1000000.1",
                           "1,5", " 1", "0x1", "1e99"}) {
    CAPTURE(text);
    CHECK(parse_epsilon(text).error().code == Code::invalid);
  }
  // What double arithmetic gets wrong: ten tenths are one.
  NanoEpsilon sum{};
  for (int i = 0; i < 10; ++i) sum = sum + epsilon("0.1");
  CHECK(sum == epsilon("1"));
}

TEST_CASE("conversions: bounds from above, to the last unit") {
  CHECK(rho_of(epsilon("1"))->get() == 500'000'000'000);
  CHECK(rho_of(epsilon("0.000000001"))->get() == 1);  // 5e-19, rounded up
  CHECK(rho_of(epsilon("44.7213595"))->get() == 999'999'997'764'121);
  CHECK(rho_of(epsilon("45")).error().code == Code::invalid);
  // rho + 2 sqrt(rho ln(1 / delta)): 0.5 and 1e-5 give 0.5 + 2 sqrt(0.5 * 11.512925464970229).
  const NanoEpsilon converted = epsilon_of(*parse_rho("0.5"), *parse_delta("1e-5"));
  CHECK(converted.get() == 5'298'525'913);  // 5.29852591218...
  // Budgets of privacy.md, section 4: epsilon 1 at delta 1e-6 allows a rho of about 0.017.
  CHECK(epsilon_of(*parse_rho("0.0174"), *parse_delta("1e-6")) < epsilon("1"));
  CHECK(epsilon_of(*parse_rho("0.0179"), *parse_delta("1e-6")) > epsilon("1"));
  // Renyi: at order 32 of rho 0.01, 0.32 + ln(1e6) / 31 = 0.76566...; order 64 is worse.
  const Amount amount = *amount_of({.rho = *parse_rho("0.01")}, Filter::rdp);
  const NanoEpsilon by_curve = epsilon_of(amount.curve, *parse_delta("1e-6"));
  CHECK(by_curve.get() == 765'661'631);
}

TEST_CASE("costs: are what the filter can take, or refused by name") {
  const Cost laplace{.epsilon = epsilon("0.5")};
  const Cost gaussian{.rho = *parse_rho("0.01")};
  const Cost selection{.epsilon = epsilon("0.5"), .delta = *parse_delta("1e-9")};
  struct Row {
    const Cost& cost;
    Filter filter;
    bool taken;
  };
  using enum Filter;
  const Row rows[] = {{laplace, pure, true},     {laplace, approx, true}, {laplace, zcdp, true},
                      {laplace, rdp, true},      {gaussian, pure, false}, {gaussian, approx, false},
                      {gaussian, zcdp, true},    {gaussian, rdp, true},   {selection, pure, false},
                      {selection, approx, true}, {selection, zcdp, true}, {selection, rdp, true}};
  for (const Row& row : rows) {
    CAPTURE(name_of(row.filter));
    CHECK(amount_of(row.cost, row.filter).has_value() == row.taken);
  }
  // By an order, a pure release never costs more than its epsilon.
  const Amount curve = *amount_of({.epsilon = epsilon("2")}, rdp);
  CHECK(curve.curve.front().get() == 2'000'000'000'000);  // 1.25 * 2 = 2.5, but at most 2
  const Amount least = *amount_of({.rho = PicoRho(1)}, rdp);
  CHECK(least.curve.front().get() == 2);  // 1.25, rounded up
  const Amount small = *amount_of({.epsilon = epsilon("0.1")}, rdp);
  CHECK(small.curve.front().get() == 6'250'000'000);  // 1.25 * 0.005
}

TEST_CASE("limits: have what their filter needs, and nothing else") {
  using enum Filter;
  const Limit by_epsilon{.epsilon = epsilon("1")};
  const Limit by_both{.epsilon = epsilon("1"), .delta = *parse_delta("1e-6")};
  const Limit by_rho{.rho = *parse_rho("0.1")};
  CHECK(by_epsilon.check(pure).has_value());
  CHECK_FALSE(by_epsilon.check(approx).has_value());
  CHECK_FALSE(by_epsilon.check(zcdp).has_value());
  CHECK_FALSE(by_both.check(pure).has_value());
  CHECK(by_both.check(approx).has_value());
  CHECK(by_both.check(rdp).has_value());
  CHECK(by_rho.check(zcdp).has_value());
  CHECK_FALSE(by_rho.check(pure).has_value());
  CHECK(Limit{}.check(rdp).has_value());
  CHECK(Limit{.epsilon = NanoEpsilon()}.check(pure).has_value());  // nothing may be spent
  CHECK_FALSE(Limit{.epsilon = NanoEpsilon(-1)}.check(pure).has_value());
}

TEST_CASE("accounts: sums that do not fit are short, not wrong") {
  Account account;
  const Amount most{.epsilon = kEpsilonMax};
  int count = 0;
  while (account.short_of(most) == Account::Short::nothing) {
    account.reserve(most);
    account.settle(most);
    ++count;
  }
  CHECK(count == 9'223);
  CHECK(account.holds());
}

TEST_CASE("forecast: by the mean, and by the leanest and the richest of the last full days") {
  const WallTime start = *parse_rfc3339("2026-11-01T00:00:00Z");
  const auto day = [&](int n) { return start + seconds(86'400) * n; };
  const Window window{start, day(30)};
  const std::vector<BurnPoint> points = {{day(0), epsilon("1")},
                                         {day(1), epsilon("1.5")},
                                         {day(2), epsilon("3.5")},
                                         {day(3), epsilon("4")}};
  const Forecast out = forecast(window, epsilon("6"), points, day(4));
  CHECK(out.per_day == epsilon("1"));
  CHECK(out.exhausted_at == day(10));
  CHECK(out.earliest == day(7));  // 2 a day
  CHECK(out.latest == day(16));   // 0.5 a day
  CHECK_FALSE(forecast(window, epsilon("60"), points, day(4)).exhausted_at.has_value());
  CHECK_FALSE(forecast(window, epsilon("6"), {}, day(4)).exhausted_at.has_value());
  const Forecast at_once = forecast(window, NanoEpsilon(), points, day(4));
  CHECK(at_once.exhausted_at == day(4));
}

}  // namespace
}  // namespace mc::accountant
