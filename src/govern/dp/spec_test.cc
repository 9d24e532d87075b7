#include "dp/spec.h"

#include <doctest/doctest.h>

#include <string>

#include "dp/plan.h"

namespace mc::dp {
namespace {

constexpr std::int64_t kMillionth = 1'000'000'000'000;

Spec count_spec() {
  Spec out;
  out.epsilon_nano = kNano / 2;
  return out;
}

Spec gaussian_spec() {
  Spec out;
  out.noise = NoiseKind::gaussian;
  out.rho_pico = 500'000'000'000;
  out.delta_atto = kMillionth;
  return out;
}

Spec sum_spec() {
  Spec out = count_spec();
  out.measure = Measure::sum;
  out.bounds = {1, 1, 0, 100};
  return out;
}

Spec top_spec() {
  Spec out = count_spec();
  out.measure = Measure::top;
  out.keys = Keys::known;
  out.keys_listed = 10;
  out.top = 3;
  return out;
}

Spec unknown_spec() {
  Spec out = count_spec();
  out.keys = Keys::unknown;
  out.selection_epsilon_nano = kNano / 2;
  out.selection_delta_atto = 20'000 * kMillionth;
  return out;
}

Spec points_spec(Measure measure) {
  Spec out = count_spec();
  out.measure = measure;
  out.points = {1, 2, 3};
  return out;
}

}  // namespace

TEST_CASE("price: a count costs its epsilon, and its error is that of discrete Laplace") {
  const auto quote = price(count_spec());
  REQUIRE(quote.has_value());
  CHECK(quote->price ==
        Price{.epsilon_nano = kNano / 2, .delta_atto = 0, .rho_pico = 125'000'000'000});
  // Variance 7.83539617807: its root is 2.799178...; 2 p^10 / (1 + p) = 0.0084, of 7 it is 0.0376.
  CHECK(quote->value.rmse_milli == 2'800);
  CHECK(quote->value.half_width == 6);
  CHECK(!quote->second.has_value());
  CHECK(!quote->always_shown.has_value());
}

TEST_CASE("price: what a unit may do more, the noise has to cover") {
  Spec spec = count_spec();
  spec.keys = Keys::known;
  spec.keys_listed = 50;
  spec.bounds = {4, 3, 0, 0};
  const auto quote = price(spec);
  REQUIRE(quote.has_value());
  CHECK(quote->price == price(count_spec())->price);  // the groups share the budget
  // Scale 24: the deviation is sqrt(2) * 24 less a little.
  CHECK(quote->value.rmse_milli > 33'930);
  CHECK(quote->value.rmse_milli <= 33'942);
  spec.measure = Measure::units;
  CHECK(price(spec)->value.rmse_milli < 11'315);  // rows do not matter to it
}

TEST_CASE("price: discrete Gaussian costs rho, and what that is in epsilon at its delta") {
  const auto quote = price(gaussian_spec());
  REQUIRE(quote.has_value());
  CHECK(quote->price.rho_pico == 500'000'000'000);
  CHECK(quote->price.delta_atto == kMillionth);
  // 0.5 + 2 sqrt(0.5 * 13.8155...) = 5.75652...
  CHECK(quote->price.epsilon_nano >= 5'756'521'000);
  CHECK(quote->price.epsilon_nano <= 5'756'523'000);
  CHECK(quote->value.rmse_milli == 1'000);
  CHECK(quote->value.half_width == 2);
  Spec wide = gaussian_spec();
  wide.keys = Keys::known;
  wide.bounds = {4, 3, 0, 0};
  CHECK(price(wide)->value.rmse_milli - 6'000 <= 1);  // sqrt(4) * 3, rounded up
  CHECK(price(wide)->value.rmse_milli >= 6'000);
}

TEST_CASE("price: an epsilon becomes the largest rho that fits") {
  for (const std::int64_t epsilon : {kNano / 100, kNano / 2, kNano, 8 * kNano}) {
    const auto rho = rho_pico_within(epsilon, kMillionth);
    REQUIRE(rho.has_value());
    REQUIRE(*rho > 0);
    Spec spec = gaussian_spec();
    spec.rho_pico = *rho;
    CHECK(price(spec)->price.epsilon_nano <= epsilon);
    spec.rho_pico = *rho + 1'000'000;
    CHECK(price(spec)->price.epsilon_nano > epsilon);
  }
  // epsilon 1, delta 1e-6 allow about 0.017 (privacy.md, section 4).
  CHECK(*rho_pico_within(kNano, kMillionth) / 1'000'000'000 == 17);
  CHECK(!rho_pico_within(0, kMillionth).has_value());
  CHECK(!rho_pico_within(kNano, 0).has_value());
}

TEST_CASE("price: a mean halves its budget, and its sum is taken from the centre") {
  Spec spec = sum_spec();
  spec.measure = Measure::mean;
  const auto quote = price(spec);
  REQUIRE(quote.has_value());
  CHECK(quote->price.epsilon_nano == kNano / 2);
  CHECK(quote->price.rho_pico == 2 * 31'250'000'000);
  // Sum: 50 / 0.25; count: 1 / 0.25.
  CHECK(quote->value.rmse_milli > 282'800);
  CHECK(quote->value.rmse_milli < 282'900);
  REQUIRE(quote->second.has_value());
  CHECK(quote->second->rmse_milli > 5'600);
  CHECK(quote->second->rmse_milli < 5'700);
  spec.epsilon_nano = 3;
  const auto plan = plan_of(spec);
  REQUIRE(plan.has_value());
  CHECK(plan->value_budget + plan->second_budget == 3);
}

TEST_CASE("price: unknown keys cost their selection besides, and say who is always shown") {
  const auto quote = price(unknown_spec());
  REQUIRE(quote.has_value());
  CHECK(quote->price.epsilon_nano == kNano);
  CHECK(quote->price.delta_atto == 20'000 * kMillionth);
  CHECK(quote->price.rho_pico == 2 * 125'000'000'000);
  REQUIRE(quote->always_shown.has_value());
  CHECK(*quote->always_shown <= 15);  // the table of privacy.md, section 3: pi(15) = 1
  CHECK(*quote->always_shown > 8);
}

TEST_CASE("price: a choice tells how far it may be off") {
  Spec spec = points_spec(Measure::quantile);
  auto quote = price(spec);
  REQUIRE(quote.has_value());
  // 2 * 0.5 / 0.5 ranks = 2, times ln 3 + ln 20 = 4.09...
  CHECK(quote->value.half_width == 9);
  quote = price(top_spec());
  REQUIRE(quote.has_value());
  REQUIRE(quote->second.has_value());
  // 3 / 0.25 = 12, times ln 10 + ln 20 = 5.298.
  CHECK(quote->second->half_width == 64);
  CHECK(quote->price.epsilon_nano == kNano / 2);
}

TEST_CASE("price: the widest bounds are priced too, in steps") {
  Spec spec = sum_spec();
  spec.bounds = {1, 1, INT64_MIN, INT64_MAX};
  const auto plan = plan_of(spec);
  REQUIRE(plan.has_value());
  CHECK(plan->value->shift > 0);
  const bool covers = (plan->value->row << plan->value->shift) >= (Wide{1} << 63);
  CHECK(covers);
  const auto quote = price(spec);
  REQUIRE(quote.has_value());
  const Wide deviation = (Wide{1} << 63) * 2 * 1'414 / 1'000;  // sqrt(2) * 2^63 / 0.5
  CHECK(quote->value.rmse_milli / 1'000 > deviation * 999 / 1'000);
  CHECK(quote->value.rmse_milli / 1'000 < deviation * 1'002 / 1'000);
  spec.epsilon_nano = 1;
  CHECK(price(spec).has_value());
  Spec gaussian = gaussian_spec();
  gaussian.measure = Measure::sum;
  gaussian.bounds = spec.bounds;
  CHECK(price(gaussian).has_value());
  gaussian.rho_pico = 1;
  CHECK(price(gaussian).has_value());
}

TEST_CASE("price: what is out of range or of no use is refused by name") {
  struct Row {
    const char* says;
    Spec base;
    void (*change)(Spec&);
  };
  const Row rows[] = {
      {"epsilon", count_spec(), [](Spec& s) { s.epsilon_nano = 0; }},
      {"epsilon", count_spec(), [](Spec& s) { s.epsilon_nano = -1; }},
      {"epsilon", count_spec(), [](Spec& s) { s.epsilon_nano = kEpsilonNanoMax + 1; }},
      {"epsilon", count_spec(), [](Spec& s) { s.epsilon_nano = INT64_MIN; }},
      {"rho", count_spec(), [](Spec& s) { s.rho_pico = 1; }},
      {"delta", count_spec(), [](Spec& s) { s.delta_atto = 1; }},
      {"epsilon", gaussian_spec(), [](Spec& s) { s.epsilon_nano = 1; }},
      {"rho", gaussian_spec(), [](Spec& s) { s.rho_pico = 0; }},
      {"delta", gaussian_spec(), [](Spec& s) { s.delta_atto = 0; }},
      {"delta", gaussian_spec(), [](Spec& s) { s.delta_atto = kDeltaAttoMax + 1; }},
      {"rho is too small", gaussian_spec(),
       [](Spec& s) { s.rho_pico = 1, s.bounds.rows_per_group = 1 << 20; }},
      {"groups_per_unit", count_spec(), [](Spec& s) { s.bounds.groups_per_unit = 2; }},
      {"rows_per_group", count_spec(), [](Spec& s) { s.bounds.rows_per_group = 0; }},
      {"low", sum_spec(), [](Spec& s) { s.bounds.low = 101; }},
      {"differ", sum_spec(), [](Spec& s) { s.bounds.low = 100; }},
      {"points", count_spec(), [](Spec& s) { s.points = {1}; }},
      {"points", points_spec(Measure::histogram), [](Spec& s) { s.points.clear(); }},
      {"points", points_spec(Measure::histogram), [](Spec& s) { s.points = {1, 1}; }},
      {"points", points_spec(Measure::quantile), [](Spec& s) { s.points = {2, 1}; }},
      {"quantile", points_spec(Measure::quantile), [](Spec& s) { s.quantile = 1'001; }},
      {"quantile", points_spec(Measure::quantile), [](Spec& s) { s.quantile = -1; }},
      {"quantile", points_spec(Measure::quantile), [](Spec& s) { s.noise = NoiseKind::gaussian; }},
      {"unknown", points_spec(Measure::histogram), [](Spec& s) { s.keys = Keys::unknown; }},
      {"selection delta", unknown_spec(), [](Spec& s) { s.selection_delta_atto = 0; }},
      {"selection epsilon", unknown_spec(), [](Spec& s) { s.selection_epsilon_nano = 1; }},
      {"selection epsilon", count_spec(), [](Spec& s) { s.selection_epsilon_nano = 1; }},
      {"selection delta", count_spec(), [](Spec& s) { s.selection_delta_atto = 1; }},
      {"top", count_spec(), [](Spec& s) { s.top = 1; }},
      {"top", top_spec(), [](Spec& s) { s.top = 0; }},
      {"top", top_spec(), [](Spec& s) { s.top = kTopMax + 1; }},
      {"keys", top_spec(), [](Spec& s) { s.keys = Keys::none; }},
      {"keys listed", top_spec(), [](Spec& s) { s.keys_listed = 0; }},
      {"keys listed", count_spec(), [](Spec& s) { s.keys_listed = 2; }},
      {"keys listed", points_spec(Measure::quantile),
       [](Spec& s) { s.keys = Keys::known, s.keys_listed = kCellsMax / 4 + 1; }},
      {"keys listed", top_spec(), [](Spec& s) { s.keys_listed = kCandidatesMax + 1; }},
      {"epsilon", top_spec(), [](Spec& s) { s.epsilon_nano = 5; }},
      {"budget", sum_spec(), [](Spec& s) { s.measure = Measure::mean, s.epsilon_nano = 1; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    REQUIRE(price(row.base).has_value());
    Spec spec = row.base;
    row.change(spec);
    const auto quote = price(spec);
    REQUIRE(!quote.has_value());
    CHECK(quote.error().code == Code::invalid);
    CAPTURE(quote.error().what);
    CHECK(quote.error().what.find(row.says) != std::string::npos);
  }
}

}  // namespace mc::dp
