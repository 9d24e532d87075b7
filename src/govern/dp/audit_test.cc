#include "dp/audit.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dp/audit_cases.h"
#include "dp/audit_event.h"
#include "dp/dp_test.h"

namespace mc::dp {
namespace {

std::string shown(const AuditFinding& found) {
  return found.mechanism + ": " + found.pair + ": epsilon >= " + std::to_string(found.lower) +
         ", claimed " + std::to_string(found.epsilon) +
         "; rho >= " + std::to_string(found.rho_lower) + ", claimed " + std::to_string(found.rho) +
         " (" + found.event + ")";
}

// The bounds by the definition: the chance of as many hits or more, or as few or fewer.
double chance_of_hits(std::int64_t k, std::int64_t n, double p) {
  const auto all = static_cast<double>(n), hits = static_cast<double>(k);
  return std::exp(std::lgamma(all + 1) - std::lgamma(hits + 1) - std::lgamma(all - hits + 1) +
                  hits * std::log(p) + (all - hits) * std::log1p(-p));
}
double chance_of_at_least(std::int64_t k, std::int64_t n, double p) {
  double sum = 0;
  for (std::int64_t i = k; i <= n; ++i) sum += chance_of_hits(i, n, p);
  return sum;
}

}  // namespace

TEST_CASE("audit: bounds of a chance hold, and are near those that are exact") {
  for (const std::int64_t k : {1, 5, 50, 150, 199}) {
    CAPTURE(k);
    // Exact: with p below this, k hits or more come with less than 1e-3 (Clopper, Pearson).
    const double low = chance_below(k, 200, 1e-3);
    CHECK(low > 0);
    CHECK(low < static_cast<double>(k) / 200);
    CHECK(chance_of_at_least(k, 200, low) <= 1e-3);
    CHECK(chance_of_at_least(k, 200, low) >= 1e-6);
    CHECK(chance_above(200 - k, 200, 1e-3) == doctest::Approx(1 - low));
  }
  CHECK(chance_below(0, 200, 1e-3) == doctest::Approx(0).epsilon(1e-9));
  CHECK(chance_above(200, 200, 1e-3) == doctest::Approx(1));
  CHECK(chance_above(0, 200, 1e-3) == doctest::Approx(1 - std::pow(1e-3, 1.0 / 200)));
}

TEST_CASE("audit: only what is sure is told") {
  const Claim pure{.epsilon = 1, .delta = 0, .rho = 0.5};
  const auto epsilon = [](const Hits& hits, double delta) {
    return sure_of(hits, {.epsilon = 1, .delta = delta, .rho = 0}, 1e-9).epsilon;
  };
  const Hits clear{1'000, 10, 10'000, 10'000};
  CHECK(epsilon(clear, 0) > 2);
  CHECK(epsilon(clear, 0) < std::log(100.0));
  CHECK(epsilon(clear, 0.05) < epsilon(clear, 0));
  CHECK(epsilon(clear, 0.2) == 0);
  CHECK(epsilon({100, 100, 10'000, 10'000}, 0) == 0);
  CHECK(sure_of(clear, pure, 1e-9).reach(pure) > 1);
  // Of two coins of 0.75 and 0.25: KL is 0.5493, order 2 has ln(7/3) / 2.
  const Sure sure = sure_of({75'000'000, 25'000'000, 100'000'000, 100'000'000}, pure, 1e-9);
  CHECK(sure.rho == doctest::Approx(0.5493).epsilon(0.01));
  CHECK(sure.rho < 0.5494);
  CHECK(sure.epsilon == doctest::Approx(std::log(3.0)).epsilon(0.01));
  CHECK(sure.epsilon < std::log(3.0));
  // Of few samples little is sure: by both bounds, and by either.
  CHECK(sure_of({75, 25, 100, 100}, pure, 1e-9).epsilon < 0.1);
  CHECK(sure_of({75, 25'000'000, 100, 100'000'000}, pure, 1e-9).epsilon < 0.8);
  CHECK(sure_of({75'000'000, 25, 100'000'000, 100}, pure, 1e-9).epsilon < 0.5);
}

TEST_CASE("audit: no mechanism is found at fault") {
  TestChance chance(11);
  double progress = 0;
  const auto found = audit({.samples = 20'000,
                            .progress =
                                [&](double done) {
                                  CHECK(done >= progress);
                                  progress = done;
                                  return true;
                                }},
                           chance.chance());
  REQUIRE(found.has_value());
  CHECK(found->size() >= 20);
  CHECK(progress > 0.9);
  std::set<std::string> names;
  int seen = 0;  // a falsifier that sees nothing passes everything
  for (const AuditFinding& each : *found) {
    CAPTURE(shown(each));
    CHECK(each.holds);
    CHECK(each.lower <= each.epsilon);
    if (each.rho > 0) CHECK(each.rho_lower <= each.rho);
    names.insert(each.mechanism);
    seen += each.lower > each.epsilon / 4 || each.rho_lower > each.rho / 4 ? 1 : 0;
  }
  const auto all = audit_mechanisms();
  CHECK(names == std::set<std::string>(all.begin(), all.end()));
  CHECK(seen >= 10);
}

TEST_CASE("audit: of a count it finds almost all of its epsilon") {
  TestChance chance(12);
  const auto found = audit({.mechanism = "count", .samples = 100'000}, chance.chance());
  REQUIRE(found.has_value());
  CAPTURE(shown(found->at(0)));
  CHECK(found->at(0).lower > 0.85);
  CHECK(found->at(0).holds);
}

TEST_CASE("audit: options out of range are refused, and it can be stopped") {
  TestChance chance(13);
  CHECK(audit({.samples = 999}, chance.chance()).error().code == Code::invalid);
  CHECK(audit({.mechanism = "nothing", .samples = 1'000}, chance.chance()).error().code ==
        Code::invalid);
  CHECK(audit({.samples = 1'000, .progress = [](double) { return false; }}, chance.chance())
            .error()
            .code == Code::unavailable);
}

}  // namespace mc::dp
