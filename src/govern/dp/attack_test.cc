// Attacks that must fail: differencing, reconstruction, floating point, groups of one.
#include <algorithm>
#include <cmath>
#include <set>

#include "contract/secret_bits.h"
#include "dp/dp_test.h"

namespace mc::dp {
namespace {

Spec count_of(std::int64_t epsilon_nano) {
  Spec out;
  out.epsilon_nano = epsilon_nano;
  return out;
}

std::vector<TestRow> people(int count) {
  std::vector<TestRow> out;
  for (int i = 0; i < count; ++i) out.push_back({i, 0, 1});
  return out;
}

std::int64_t ask(TestTable& table, const Spec& spec, TestChance& chance) {
  auto out = release(table.table(), spec, chance.chance());
  REQUIRE(out.has_value());
  return static_cast<std::int64_t>(out->cells.at(0).value);
}

// Counts of random sets, each at that epsilon: how many bits they tell.
std::size_t bits_told(std::uint64_t seed, std::size_t questions, std::int64_t epsilon_nano) {
  SecretBits secrets(seed);
  TestChance chance(seed);
  const Spec spec = count_of(epsilon_nano);
  for (std::size_t i = 0; i < questions; ++i) {
    std::vector<TestRow> rows;
    for (const int person : secrets.next()) rows.push_back({person, 0, 1});
    TestTable table(spec);
    REQUIRE(table.add(rows));
    secrets.answered(static_cast<double>(ask(table, spec, chance)));
  }
  return secrets.recovered();
}

}  // namespace

TEST_CASE("attack: differencing over a whole budget guesses no better than its epsilon allows") {
  // count(all) - count(all but one), four queries of 0.25.
  const Spec spec = count_of(kNano / 4);
  TestTable all(spec), rest(spec);
  REQUIRE(all.add(people(30)));
  REQUIRE(rest.add(people(29)));
  TestChance chance(1);
  constexpr int kTrials = 20'000;
  int present = 0, absent = 0;  // guessed "present", where that is right and where it is wrong
  for (int i = 0; i < kTrials; ++i) {
    for (const bool there : {true, false}) {
      std::int64_t gap = 0;
      for (int pair = 0; pair < 2; ++pair) {
        gap += ask(there ? all : rest, spec, chance) - ask(rest, spec, chance);
      }
      if (gap > 1) ++(there ? present : absent);
    }
  }
  const double advantage = static_cast<double>(present - absent) / kTrials;
  const double bound = (std::exp(1.0) - 1) / (std::exp(1.0) + 1);
  CHECK(advantage <= bound + 3 / std::sqrt(2.0 * kTrials));
  CHECK(advantage > 0.02);  // the attack is one
}

TEST_CASE("attack: reconstruction recovers no more of 64 bits than the budget allows") {
  constexpr int kTrials = 40;
  // All of it spent: epsilon 1 over 4n queries, and over ten.
  for (const std::size_t questions : {std::size_t{256}, std::size_t{10}}) {
    std::size_t right = 0;
    for (std::uint64_t seed = 1; seed <= kTrials; ++seed) {
      right += bits_told(seed, questions, kNano / static_cast<std::int64_t>(questions));
    }
    const double share = static_cast<double>(right) / (kTrials * SecretBits::kPeople);
    const double bound = std::exp(1.0) / (1 + std::exp(1.0));  // 0.731 of each bit
    CHECK(share <= bound + 3 * 0.5 / std::sqrt(kTrials * SecretBits::kPeople));
  }
  // The same attack where nobody minds the budget.
  CHECK(bits_told(99, 256, 2 * kNano) >= 62);
}

TEST_CASE("attack: neighbours have the same lattice of answers") {
  // Where sums go in steps all answers are multiples of the step, whatever the rows.
  Spec spec = count_of(kNano);
  spec.measure = Measure::sum;
  spec.bounds = {1, 1, INT64_MIN, INT64_MAX};
  const auto plan = plan_of(spec);
  REQUIRE(plan.has_value());
  const Wide step = Wide{1} << plan->value->shift;
  REQUIRE(step > 1);
  TestTable one(spec), other(spec);
  REQUIRE(one.add({{1, 0, 12'345}, {2, 0, -7}}));
  REQUIRE(other.add({{1, 0, 12'345}, {2, 0, -7}, {3, 0, INT64_MAX - 12'345}}));
  TestChance chance(2);
  for (int i = 0; i < 1'000; ++i) {
    for (TestTable* table : {&one, &other}) {
      const auto out = release(table->table(), spec, chance.chance());
      CHECK(static_cast<std::int64_t>(out->cells.at(0).value % step) == 0);
    }
  }
  // Counts of one and of the other reach the same whole numbers.
  const Spec count = count_of(kNano);
  TestTable few(count), more(count);
  REQUIRE(few.add(people(10)));
  REQUIRE(more.add(people(11)));
  std::set<std::int64_t> of_few, of_more;
  for (int i = 0; i < 20'000; ++i) {
    of_few.insert(ask(few, count, chance));
    of_more.insert(ask(more, count, chance));
  }
  for (std::int64_t value = 6; value <= 15; ++value) {
    CHECK(of_few.contains(value));
    CHECK(of_more.contains(value));
  }
}

TEST_CASE("attack: nothing between data and release has a floating point type") {
  const auto files = sys::real_files();
  const std::string folder = "src/govern/dp";
  const auto names = files->list(folder);
  if (!names) {
    MESSAGE("skipped: the sources are not here");
    return;
  }
  int read = 0;
  for (const std::string& name : *names) {
    const bool checked = name.find("_test") == std::string::npos &&
                         name.find("_bench") == std::string::npos && !name.starts_with("audit");
    if (!checked || (!name.ends_with(".cc") && !name.ends_with(".h"))) continue;
    ++read;
    const auto text = files->read_all(folder + "/" + name);
    REQUIRE(text.has_value());
    for (const char* word : {"double ", "double>", "float ", "float>", "<cmath>"}) {
      CAPTURE(name);
      CAPTURE(word);
      CHECK(text->find(word) == std::string::npos);
    }
  }
  CHECK(read >= 10);
}

TEST_CASE("attack: a group of one is shown in no more than delta of all releases") {
  Spec spec = count_of(kNano);
  spec.keys = Keys::unknown;
  spec.selection_epsilon_nano = kNano;
  spec.selection_delta_atto = 1'000'000'000'000'000;  // 1e-3
  TestTable table(spec);
  REQUIRE(table.add({{1, 0, 1}}));
  TestChance chance(3);
  constexpr int kTrials = 1'000'000;
  int shown = 0;
  for (int i = 0; i < kTrials; ++i) {
    shown += static_cast<int>(release(table.table(), spec, chance.chance())->cells.size());
  }
  CHECK(shown <= 1'000 + 5 * 32);  // five deviations of a binomial
  CHECK(shown >= 1'000 - 5 * 32);  // and it is not simply never shown
}

TEST_CASE("attack: a group of one of many groups is shown even less often") {
  Spec spec = count_of(kNano);
  spec.keys = Keys::unknown;
  spec.bounds.groups_per_unit = 10;
  spec.selection_epsilon_nano = kNano;
  spec.selection_delta_atto = 10'000'000'000'000'000;  // 1e-2 over ten groups
  TestTable table(spec);
  std::vector<TestRow> rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back({1, i % 500, 1});
  REQUIRE(table.add(rows));
  TestChance chance(4);
  constexpr int kTrials = 5'000;
  int shown = 0;
  for (int i = 0; i < kTrials; ++i) {
    shown += release(table.table(), spec, chance.chance())->cells.empty() ? 0 : 1;
  }
  CHECK(shown <= kTrials / 100 + 5 * 7);
}

}  // namespace mc::dp
