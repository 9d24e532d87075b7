// What a decision costs that reads nothing: a quote, a stored answer, a refusal; p50 and p99 of
// single calls in microseconds. The budget is in SQLite in memory, so that no disk is waited for.
// One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "planner/planner.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::planner;  // NOLINT(google-build-using-namespace)

constexpr int kCalls = 5'000;
constexpr const char* kModel = R"(
sources: [{name: main, url: "sqlite::memory:"}]
datasets:
  - name: visit
    source: main
    table: visit
    key: id
    tenant: tenant_id
    privacy:
      unit: personId
      columns:
        - {name: country, keys: [DE, FR, IT]}
    columns:
      - {name: id, type: id}
      - {name: personId, type: string}
      - {name: country, type: string}
)";

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Spread {
  double p50 = 0, p99 = 0;
};
Spread spread_us(const std::function<void(int)>& work) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < kCalls; ++i) {
    const std::int64_t start = now_ns();
    work(i);
    all.push_back(now_ns() - start);
  }
  std::ranges::sort(all);
  return {static_cast<double>(all[all.size() / 2]) / 1e3,
          static_cast<double>(all[all.size() * 99 / 100]) / 1e3};
}

class NoRows final : public dataset::RowScan {
 public:
  Status prepare() override { return ok(); }
  Status scan(std::span<const int>, const json::Value*, const OnRow&) override { return ok(); }
};

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().what.c_str());
  MC_CHECK(result.has_value());
  return std::move(*result);
}

}  // namespace

int main() {
  const std::unique_ptr<sys::Clock> real_clock = sys::real_clock();
  const std::unique_ptr<sys::Random> real_random = sys::real_random();
  sys::Clock& clock = *real_clock;
  sys::Random& random = *real_random;
  const std::unique_ptr<sql::Driver> driver = sql::sqlite_driver();
  std::unique_ptr<sql::Connection> connection = must(driver->open("sqlite::memory:", {}));
  must(sql::migrate(*connection, sql::built_in_migrations(), clock));
  const std::unique_ptr<accountant::Accountant> books = must(accountant::Accountant::open(
      {.writer = std::move(connection), .reader = nullptr, .clock = clock, .random = random}, {},
      "bench"));
  const dataset::Model model = must(dataset::parse_model(kModel, "model.yaml"));
  const Secret key("0123456789abcdef0123456789abcdef");
  Planner planner(
      {.accountant = *books,
       .model = model,
       .clock = clock,
       .random = random,
       .plan_of = [](const TenantId&) -> Result<std::string> { return "default"; },
       .unit_secret = [](const TenantId&, const std::string&) { return crypto::Block{}; },
       .quote_key = key,
       .settled = [](const TenantId&, const std::string&, const std::string&) {},
       .override_url = ""},
      {});
  dataset::PrivateCall call;
  call.tenant = TenantId("alpha");
  call.caller = {.subject = "ana", .purpose = "research", .request = "r"};
  call.dataset = 0;
  call.group_by = {2};
  NoRows rows;
  MC_CHECK(planner.answer(call, rows).has_value());
  const Spread quote = spread_us([&](int) { MC_CHECK(planner.offer(call).has_value()); });
  const Spread cached = spread_us([&](int) {
    const dataset::PrivateResult answer = planner.answer(call, rows);
    MC_CHECK(answer.has_value() && answer->verdict == "CACHED");
  });
  dataset::PrivateCall dear = call;
  dear.epsilon = "5";
  dear.aggregate = dataset::PrivateAggregate::units;
  MC_CHECK(planner.answer(dear, rows).has_value());  // 5.5 of 10
  dear.group_by = {};
  const Spread refused = spread_us([&](int) { MC_CHECK(!planner.answer(dear, rows)); });
  std::printf(
      "{\"bench\": \"planner\", \"quote_p50_us\": %.1f, \"quote_p99_us\": %.1f, \"cached_p50_us\": "
      "%.1f, \"cached_p99_us\": %.1f, \"refused_p50_us\": %.1f, \"refused_p99_us\": %.1f}\n",
      quote.p50, quote.p99, cached.p50, cached.p99, refused.p50, refused.p99);
  return 0;
}
