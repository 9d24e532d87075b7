#include "access/sampling.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "policy/decision_ids.h"
#include "sim/sim.h"

namespace mc::access {
namespace {

const SamplingConfig kConfig{.otherwise = 0.5,
                             .rules = {{"role-analyst", 0.1}, {"role-dpo", 0.9}, {"never", 0}}};

TEST_CASE("sampling: the highest share of the rules that are named, else the default") {
  struct Row {
    std::vector<std::string> rules;
    bool allowed, is_notable;
    double rate;
  };
  const Row rows[] = {
      {{}, true, false, 0.5},
      {{"other"}, true, false, 0.5},
      {{"role-analyst"}, true, false, 0.1},
      {{"other", "role-analyst"}, true, false, 0.1},
      {{"role-analyst", "role-dpo", "other"}, true, false, 0.9},
      {{"role-dpo", "role-analyst"}, true, false, 0.9},
      {{"never"}, true, false, 0},
      {{"never", "role-analyst"}, true, false, 0.1},
      {{"role-analyst"}, false, false, 1},
      {{"never"}, false, false, 1},
      {{}, false, false, 1},
      {{"role-analyst"}, true, true, 1},
      {{"never"}, true, true, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rules.size());
    CHECK(rate_of(kConfig, {"dec_1", row.allowed, row.is_notable, row.rules}) == row.rate);
  }
  CHECK(rate_of({}, {"dec_1", true, false, rows[2].rules}) == 1);
}

// printf %s dec_01kdvdna00fk0tzeq3d1cp7ers | sha256sum: 63736c5803813bed...
TEST_CASE("sampling: what is kept follows from SHA-256 of the id alone") {
  const std::string id = "dec_01kdvdna00fk0tzeq3d1cp7ers";
  const double place = 0.388479968536;
  CHECK(is_kept(id, place + 1e-9));
  CHECK_FALSE(is_kept(id, place - 1e-9));
  CHECK(is_kept(id, 1));
  CHECK_FALSE(is_kept(id, 0));
}

TEST_CASE("sampling: of ten thousand ids the share is kept, and a higher one keeps those too") {
  constexpr int kIds = 10'000;
  sim::SimClock clock;
  sim::SimRandom random(7);
  policy::DecisionIds ids(clock, random);
  std::vector<std::string> made;
  for (int i = 0; i < kIds; ++i) made.emplace_back(policy::view(ids.next()));
  std::vector<bool> before(kIds, false);
  for (const double rate : {0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999, 1.0}) {
    CAPTURE(rate);
    int kept = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
      const bool now = is_kept(made[i], rate);
      CHECK((now || !before[i]));
      CHECK(now == is_kept(made[i], rate));
      before[i] = now;
      kept += now ? 1 : 0;
    }
    // Five standard deviations of a binomial.
    const double allowance = 5 * std::sqrt(kIds * rate * (1 - rate));
    CHECK(std::abs(kept - kIds * rate) <= allowance);
  }
}

TEST_CASE("sampling: shares are from 0 to 1, of rules that can be") {
  struct Row {
    double otherwise;
    std::map<std::string, double> rules;
    const char* why;
  };
  const double none = std::numeric_limits<double>::quiet_NaN();
  std::map<std::string, double> many;
  for (int i = 0; i <= 1'000; ++i) many["r" + std::to_string(i)] = 1;
  const Row rows[] = {
      {1, {}, ""},
      {0, {{"a", 0}, {"b", 1}}, ""},
      {-0.1, {}, "decisions.sample.default"},
      {1.1, {}, "decisions.sample.default"},
      {none, {}, "decisions.sample.default"},
      {1, {{"a", -1}}, "decisions.sample.rules: 'a'"},
      {1, {{"a", 2}}, "decisions.sample.rules: 'a'"},
      {1, {{"a", none}}, "decisions.sample.rules: 'a'"},
      {1, {{"", 1}}, "1 to 128 bytes"},
      {1, {{std::string(129, 'r'), 1}}, "1 to 128 bytes"},
      {1, many, "more than 1000"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Status checked = SamplingConfig{row.otherwise, row.rules}.check();
    CHECK(checked.has_value() == (*row.why == '\0'));
    if (!checked) CHECK(checked.error().what.find(row.why) != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::access
