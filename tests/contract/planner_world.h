// A planner over an accountant and 600 rows in memory; for the module's tests.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "planner/planner.h"
#include "planner/queue.h"
#include "sim/sim.h"
#include "sql/sql.h"

namespace mc::planner {

using dataset::PrivateAggregate;
using dataset::PrivateAnswer;
using dataset::PrivateCall;
using dataset::PrivateResult;

// Columns of the model's one dataset.
enum Column : int { kId, kUnit, kCountry, kJob, kIncome, kActive };

inline constexpr const char* kModel = R"(
sources:
  - {name: main, url: "sqlite::memory:"}
datasets:
  - name: visit
    source: main
    table: visit
    key: id
    tenant: tenant_id
    purposes: [research]
    privacy:
      unit: personId
      groups_per_unit: 2
      rows_per_group: 1
      columns:
        - {name: income, min: "0", max: "1000", step: "0.5"}
        - {name: country, keys: [DE, FR, IT]}
        - {name: active, keys: ["true", "false"]}
        - {name: job}
    columns:
      - {name: id, type: id}
      - {name: personId, type: string}
      - {name: country, type: string}
      - {name: job, type: string, nullable: true}
      - {name: income, type: float, nullable: true}
      - {name: active, type: boolean}
)";

using Row = std::array<sql::Rows::Value, 6>;

inline sql::Rows::Value text(std::string_view value) {
  return {.type = sql::Type::text, .integer = 0, .real = 0, .text = value};
}
inline sql::Rows::Value number(double value) {
  return {.type = sql::Type::real, .integer = 0, .real = value, .text = {}};
}
inline sql::Rows::Value flag(bool value) {
  return {.type = sql::Type::integer, .integer = value ? 1 : 0, .real = 0, .text = {}};
}

class FakeScan final : public dataset::RowScan {
 public:
  void add(std::string person, const char* country, const char* job, double income, bool active) {
    names_.push_back(std::make_unique<std::string>(std::move(person)));
    rows_.push_back({text("x"), text(*names_.back()), text(country),
                     job == nullptr ? sql::Rows::Value{} : text(job), number(income),
                     flag(active)});
  }
  Status prepare() override {
    return unreachable ? Status(fail(Code::unavailable, "no database")) : ok();
  }
  Status scan(std::span<const int> columns, const json::Value*, const OnRow& on_row) override {
    ++scans;
    if (on_scan) on_scan();
    std::vector<sql::Rows::Value> row(columns.size());
    for (std::size_t at = 0; at < rows_.size(); ++at) {
      if (at == failing_row) return failure;
      const Row& each = rows_[at];
      for (std::size_t i = 0; i < columns.size(); ++i) {
        row[i] = each[static_cast<std::size_t>(columns[i])];
      }
      MC_TRY_OK(on_row(row));
    }
    return fails ? Status(fail(Code::unavailable, "private answers are not to be had now")) : ok();
  }
  std::atomic<int> scans = 0;
  std::atomic<bool> fails = false;
  bool unreachable = false;
  std::function<void()> on_scan = {};  // at the start of each
  std::size_t failing_row = SIZE_MAX;  // where a scan ends with `failure`
  Status failure = ok();

 private:
  std::vector<std::unique_ptr<std::string>> names_;
  std::vector<Row> rows_;
};

struct World {
  explicit World(const char* limit = "10") {
    Result<dataset::Model> read = dataset::parse_model(kModel, "model.yaml");
    REQUIRE_MESSAGE(read.has_value(), read.error().what);
    model = std::move(*read);
    clock.jump_wall(*parse_rfc3339("2026-11-30T12:00:00Z") - clock.wall());
    auto connection = driver->open("sqlite::memory:", {});
    REQUIRE(connection.has_value());
    REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock).has_value());
    accountant::Settings budgets;
    budgets.plans["default"].window.epsilon = *accountant::parse_epsilon(limit);
    budgets.other_datasets.filter = accountant::Filter::approx;
    budgets.plans["default"].window.delta = *accountant::parse_delta("0.0001");
    auto opened = accountant::Accountant::open(
        {.writer = std::move(*connection), .reader = nullptr, .clock = clock, .random = random},
        budgets, "one");
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    books = std::move(*opened);
    restart();
    for (int i = 0; i < 600; ++i) {
      scan.add("p" + std::to_string(i), i % 3 == 0 ? "DE" : "FR", i % 2 == 0 ? "engineer" : nullptr,
               i, i % 4 == 0);
    }
  }
  void restart() {
    queue = std::make_unique<Queue>(
        Queue::World{
            [this](const std::function<Status(sql::Connection&)>& use) { return books->lend(use); },
            clock, random},
        settings);
    planner = std::make_unique<Planner>(
        Planner::World{
            .accountant = *books,
            .model = model,
            .clock = clock,
            .random = random,
            .plan_of = [](const TenantId&) -> Result<std::string> { return "default"; },
            .unit_secret = [](const auto&...) { return crypto::Block{1, 2, 3}; },
            .quote_key = key,
            .settled = [this](const auto&...) { ++settled; },
            .refused = [this](const auto& charge, const auto& by,
                              const auto& told) { refused.push_back({charge, by, told}); },
            .override_url = "/privacy",
            .queue = queue.get()},
        settings);
  }
  PrivateCall call(PrivateAggregate aggregate = PrivateAggregate::count) const {
    PrivateCall out;
    out.tenant = TenantId("alpha");
    out.caller = {.subject = "ana", .purpose = "research", .request = "req_1"};
    out.dataset = 0;
    out.aggregate = aggregate;
    return out;
  }
  PrivateAnswer must(const PrivateCall& call) {
    PrivateResult answer = planner->answer(call, scan);
    REQUIRE_MESSAGE(answer.has_value(), answer.error().error.what);
    return std::move(*answer);
  }
  std::string refusal(const PrivateCall& call) {
    const PrivateResult answer = planner->answer(call, scan);
    if (answer) return "answered " + answer->verdict;
    return std::string(code_name(answer.error().error.code)) + ": " + answer.error().error.what;
  }
  std::string spent() {
    const auto all =
        books->reports().standings({TenantId("alpha"), "visit", "research"}, "default");
    REQUIRE(all.has_value());
    return accountant::to_decimal(all->front().spent.epsilon);
  }

  struct Refused {
    accountant::Charge charge;
    accountant::Refusal by;
    dataset::PrivateRefusal told;
  };
  std::vector<Refused> refused;  // by the thread of the test
  std::atomic<int> settled = 0;
  sim::SimClock clock;
  sim::SimRandom random{7};
  std::unique_ptr<sql::Driver> driver = sql::sqlite_driver();
  Secret key{"0123456789abcdef0123456789abcdef"};
  dataset::Model model;
  std::unique_ptr<accountant::Accountant> books;
  Settings settings;  // in force from the next restart()
  std::unique_ptr<Queue> queue;
  std::unique_ptr<Planner> planner;
  FakeScan scan;
};

inline double value_of(const PrivateAnswer& answer, std::size_t row = 0) {
  return std::stod(answer.rows.at(row).value);
}

}  // namespace mc::planner
