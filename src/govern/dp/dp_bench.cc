// A grouped count of 1,000,000 rows of 200,000 units into 10,000 groups, four groups and two rows a
// unit: from rows in chunks of 4,096, as a cursor gives them, to the noisy release; best of 5
// rounds. The same as sums. Then a quantile on 1,000 points and the top 10 of 1,000 groups, and one
// count of a small table. CPU time. One JSON line a figure.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "dp/dp.h"
#include "sys/sys.h"

namespace {

using namespace mc;      // NOLINT(google-build-using-namespace)
using namespace mc::dp;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kRows = 1'000'000, kChunk = 4'096;
constexpr std::uint64_t kUnits = 200'000, kGroups = 10'000;
constexpr int kRounds = 5;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double best_ms(const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double start = cpu_ms();
    work();
    best = std::min(best, cpu_ms() - start);
  }
  return best;
}

// The same rows each time.
struct Columns {
  std::vector<Unit> units;
  std::vector<std::uint32_t> groups;
  std::vector<std::int64_t> values;

  Columns(const PrivacyUnit& unit, std::uint64_t group_count) {
    std::uint64_t state = 1;
    const auto next = [&state] {
      state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
      return state >> 33;
    };
    std::vector<Unit> people;
    for (std::uint64_t i = 0; i < kUnits; ++i) people.push_back(unit.unit_of(std::to_string(i)));
    for (std::size_t i = 0; i < kRows; ++i) {
      units.push_back(people[next() % kUnits]);
      groups.push_back(static_cast<std::uint32_t>(next() % group_count));
      values.push_back(static_cast<std::int64_t>(next() % 1'000));
    }
  }

  void add_to(Table& table) const {
    for (std::size_t at = 0; at < kRows; at += kChunk) {
      const std::size_t size = std::min(kChunk, kRows - at);
      Rows rows{
          .units = std::span(units).subspan(at, size), .groups = {}, .values = {}, .tags = {}};
      if (table.groups().keys() != Keys::none) rows.groups = std::span(groups).subspan(at, size);
      if (table.values() == Table::Values::some) rows.values = std::span(values).subspan(at, size);
      MC_CHECK(table.add(rows));
    }
  }
};

class World {
 public:
  World()
      : unit_(std::move(*PrivacyUnit::declare("person", {7}))), source_(*random_), pool_(source_) {}
  const PrivacyUnit& unit() const { return unit_; }

  // From rows to release.
  double whole_ms(const Spec& spec, Table::Values values) {
    const Columns columns(unit_, spec.keys_listed);
    const Groups groups = groups_of(spec);
    return best_ms([&] {
      Table table = std::move(*Table::make(groups, spec.bounds, values));
      columns.add_to(table);
      MC_CHECK(release(table, spec, {pool_, source_}).has_value());
    });
  }
  // Of rows that are bounded already.
  double release_ms(const Spec& spec) {
    const Columns columns(unit_, spec.keys_listed);
    const Groups groups = groups_of(spec);
    Table table = std::move(*Table::make(groups, spec.bounds, Table::Values::some));
    columns.add_to(table);
    MC_CHECK(table.bounded().has_value());
    return best_ms([&] { MC_CHECK(release(table, spec, {pool_, source_}).has_value()); });
  }
  double count_ns() {
    Spec spec;
    spec.epsilon_nano = kNano / 2;
    const Groups groups = Groups::none(unit_);
    Table table = std::move(*Table::make(groups, spec.bounds, Table::Values::none));
    const std::vector<Unit> units = {unit_.unit_of("a"), unit_.unit_of("b")};
    MC_CHECK(table.add({.units = units, .groups = {}, .values = {}, .tags = {}}));
    constexpr int kTimes = 100'000;
    return 1e6 / kTimes * best_ms([&] {
             for (int i = 0; i < kTimes; ++i) {
               MC_CHECK(release(table, spec, {pool_, source_}).has_value());
             }
           });
  }

 private:
  Groups groups_of(const Spec& spec) const {
    if (spec.keys == Keys::none) return Groups::none(unit_);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < spec.keys_listed; ++i) names.push_back(std::to_string(i));
    return std::move(*Groups::known(unit_, names));
  }
  std::unique_ptr<sys::Random> random_ = sys::real_random();
  PrivacyUnit unit_;
  noise::Source source_;
  noise::Pool pool_;
};

Spec grouped(Measure measure, std::size_t listed) {
  Spec out;
  out.measure = measure;
  out.keys = Keys::known;
  out.keys_listed = listed;
  out.epsilon_nano = kNano;
  out.bounds = {.groups_per_unit = 4, .rows_per_group = 2, .low = 0, .high = 1'000};
  return out;
}

}  // namespace

int main() {
  World world;
  const double count = world.whole_ms(grouped(Measure::count, kGroups), Table::Values::none);
  const double sum = world.whole_ms(grouped(Measure::sum, kGroups), Table::Values::some);
  std::printf(
      "{\"bench\": \"dp_groups\", \"rows\": %zu, \"groups\": %llu, \"count_ms\": %.1f, "
      "\"sum_ms\": %.1f, \"goal_ms\": 250}\n",
      kRows, static_cast<unsigned long long>(kGroups), count, sum);
  Spec quantile;
  quantile.measure = Measure::quantile;
  quantile.epsilon_nano = kNano;
  quantile.bounds = {.groups_per_unit = 1, .rows_per_group = 8};
  for (std::int64_t i = 0; i < 1'000; ++i) quantile.points.push_back(i);
  Spec top = grouped(Measure::top, 1'000);
  top.top = 10;
  const double quantile_ms = world.release_ms(quantile), top_ms = world.release_ms(top);
  std::printf(
      "{\"bench\": \"dp_choices\", \"rows\": %zu, \"quantile_ms\": %.2f, \"points\": 1000, "
      "\"top_ms\": %.2f, \"top\": 10, \"groups\": 1000}\n",
      kRows, quantile_ms, top_ms);
  std::printf("{\"bench\": \"dp_release\", \"count_ns\": %.0f}\n", world.count_ns());
  return 0;
}
