#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "budget/budget.h"

namespace mc::budget {
namespace {

Limits limits_of(const LimitSettings& settings) {
  auto made = Limits::make(settings);
  if (!made) FAIL(made.error().what);
  return *made;
}

Moment at_seconds(double time) {
  const auto nanos = static_cast<std::int64_t>(time * 1e9);
  return Moment::of({nanos}, WallTime{1'800'000'000'000'000'000 + nanos});
}

Amounts one_request(std::int64_t credits = 0) {
  return Amounts().set(Dimension::requests, 1).set(Dimension::credits, credits);
}

TEST_CASE("limits: what they may be") {
  struct Row {
    LimitSettings settings;
    std::string refused;
  };
  const auto with = [](auto member, std::int64_t value) {
    LimitSettings out;
    out.*member = value;
    return out;
  };
  LimitSettings burst;
  burst.burst = 0.001;
  LimitSettings wide;
  wide.bytes_per_s = kPerSecondMax;
  wide.burst = kBurstMax;
  LimitSettings unknown;
  unknown.warn_only = {"speed"};
  LimitSettings unset;
  unset.warn_only = {"exports"};
  LimitSettings lost = with(&LimitSettings::gql_qps, 5);
  lost.on_store_loss = {{"requests", "closed"}};
  LimitSettings no_mode = lost;
  no_mode.on_store_loss = {{"requests", "shut"}};
  LimitSettings no_limit = lost;
  no_limit.on_store_loss = {{"seats", "closed"}};
  LimitSettings sprint;  // the planning document's
  sprint.gql_qps = 50;
  sprint.subs_fanout = 1'000;
  sprint.exports_per_min = 5;
  const Row rows[] = {
      {{}, ""},
      {sprint, ""},
      {with(&LimitSettings::gql_qps, 0), "gql_qps: amount: 1 to"},
      {with(&LimitSettings::gql_qps, -3), "gql_qps: amount: 1 to"},
      {with(&LimitSettings::gql_qps, kPerSecondMax + 1), "gql_qps: amount: at most"},
      {with(&LimitSettings::exports_per_min, INT64_MAX), "exports_per_min: amount: 1 to"},
      {with(&LimitSettings::seats, 0), "seats: 1 to 1000000"},
      {with(&LimitSettings::subscriptions, kHeldMax + 1), "subscriptions: 1 to 1000000"},
      {with(&LimitSettings::credits_per_day, -1), "credits_per_day: 1 to"},
      {with(&LimitSettings::credits_per_month, kWindowMax + 1), "credits_per_month: 1 to"},
      {burst, "burst: 0.01 to 3600"},
      {wide, "bytes_per_s: burst: 1 to"},
      {unknown, "warn_only: no dimension 'speed'"},
      {unset, "warn_only: exports has no limit here"},
      {lost, ""},
      {no_mode, "on_store_loss.requests: local_share, open, closed or last_known, not 'shut'"},
      {no_limit, "on_store_loss: seats has no limit here"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.refused);
    const auto made = Limits::make(row.settings);
    CHECK(made.has_value() == row.refused.empty());
    if (!made) CHECK(made.error().what.starts_with(row.refused));
  }
  CHECK(limits_of(lost).find(Dimension::requests)->on_loss == OnLoss::closed);
  const Limits limits = limits_of(sprint);
  REQUIRE(limits.all().size() == 3);
  CHECK(limits.find(Dimension::requests)->rate->limit() == RateLimit{50, seconds(1), 50});
  CHECK(limits.find(Dimension::deliveries)->quota() == 1'000);
  CHECK(limits.find(Dimension::exports)->rate->limit() == RateLimit{5, seconds(60), 5});
  CHECK(limits.find(Dimension::seats) == nullptr);
}

TEST_CASE("limits: names and numbers of dimensions") {
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    CHECK(dimension_of(name_of(dimension)) == dimension);
  }
  CHECK_FALSE(dimension_of("").has_value());
  CHECK_FALSE(dimension_of("Requests").has_value());
}

TEST_CASE("moment: days and months of the calendar, and when they end") {
  struct Row {
    const char* time;
    std::int32_t day, month;
    std::int64_t day_left_s, month_left_s;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0, 0, 86'400, 31 * 86'400},
      {"2026-11-30T23:59:59Z", 20'787, 682, 1, 1},
      {"2028-02-28T12:00:00Z", 21'242, 697, 43'200, 43'200 + 86'400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.time);
    const Moment at = Moment::of(seconds(5), *parse_rfc3339(row.time));
    CHECK(at.now == ticks_of(seconds(5)));
    CHECK(at.day == row.day);
    CHECK(at.month == row.month);
    CHECK(at.day_end - at.now == ticks_of(seconds(row.day_left_s)));
    CHECK(at.month_end - at.now == ticks_of(seconds(row.month_left_s)));
  }
}

TEST_CASE("reserve: all budgets or none") {
  LimitSettings wide, narrow;
  wide.gql_qps = 100;
  wide.credits_per_s = 1'000;
  narrow.gql_qps = 2;
  narrow.credits_per_s = 50;
  const Limits all = limits_of(wide), own = limits_of(narrow);
  Account global, tenant;
  const Charge charges[] = {{Scope::global, &all, &global}, {Scope::tenant, &own, &tenant}};
  Reservation held;
  std::vector<Mark> against;
  const Moment now = at_seconds(10);

  Answer answer = reserve(charges, one_request(30), now, held, &against);
  CHECK(answer.admitted);
  CHECK(against.empty());
  REQUIRE(answer.has_nearest);
  CHECK(answer.nearest.scope == Scope::tenant);
  CHECK(answer.nearest.dimension == Dimension::credits);
  CHECK(answer.nearest.left == 20);
  held.settle(held.taken(), now);

  const Limits::Limit& requests = *all.find(Dimension::requests);
  const Limits::Limit& credits = *all.find(Dimension::credits);
  CHECK(global.look(requests, 0, now).left == 99);
  answer = reserve(charges, one_request(30), now, held, &against);
  CHECK_FALSE(answer.admitted);
  CHECK_FALSE(held.is_open());
  REQUIRE(against.size() == 1);
  CHECK(against[0].scope == Scope::tenant);
  CHECK(against[0].dimension == Dimension::credits);
  CHECK(against[0].amount == 30);
  CHECK(against[0].quota == 50);
  CHECK(against[0].left == 20);
  CHECK(answer.eligible_at - now.now == ticks_of(millis(200)));  // 10 credits of 50 a second
  CHECK(global.look(requests, 0, now).left == 99);
  CHECK(global.look(credits, 0, now).left == 970);
  CHECK(tenant.look(*own.find(Dimension::requests), 0, now).left == 1);
}

TEST_CASE("reserve: everything that stands against it is told, and the latest time") {
  LimitSettings settings;
  settings.gql_qps = 1;
  settings.credits_per_s = 10;
  settings.credits_per_day = 15;
  const Limits limits = limits_of(settings);
  Account account;
  const Charge charges[] = {{Scope::tenant, &limits, &account}};
  Reservation first, second;
  std::vector<Mark> against;
  const Moment now = at_seconds(10);
  REQUIRE(reserve(charges, one_request(10), now, first).admitted);
  first.settle(first.taken(), now);
  const Answer answer = reserve(charges, one_request(10), now, second, &against);
  CHECK_FALSE(answer.admitted);
  REQUIRE(against.size() == 3);
  CHECK(against[0].dimension == Dimension::requests);
  CHECK(against[1].dimension == Dimension::credits);
  CHECK(against[2].dimension == Dimension::day_credits);
  CHECK(answer.eligible_at == now.day_end);
  against.clear();
  CHECK(reserve(charges, one_request(16), now, second, &against).eligible_at == kNever);
}

TEST_CASE("reserve: a limit that warns only lets through and says so") {
  LimitSettings settings;
  settings.gql_qps = 1;
  settings.seats = 1;
  settings.warn_only = {"requests"};
  const Limits limits = limits_of(settings);
  Account account;
  const Charge charges[] = {{Scope::route, &limits, &account}};
  Reservation first, second;
  std::vector<Mark> against;
  const Moment now = at_seconds(10);
  const Amounts amounts = one_request().set(Dimension::seats, 1);
  CHECK_FALSE(reserve(charges, amounts, now, first, &against).warned);
  CHECK(against.empty());
  first.settle(first.taken(), now);
  const Answer warned = reserve(charges, amounts, now, first, &against);
  CHECK(warned.admitted);
  CHECK(warned.warned);
  REQUIRE(against.size() == 1);
  CHECK(against[0].scope == Scope::route);
  const Answer denied = reserve(charges, amounts, now, second, &against);
  CHECK_FALSE(denied.admitted);
  CHECK(denied.eligible_at == 0);  // when the seat is let go
}

TEST_CASE("reserve: seats are let go once, also by a reservation that nobody settles") {
  LimitSettings settings;
  settings.seats = 3;
  const Limits limits = limits_of(settings);
  Account account;
  const Charge charges[] = {{Scope::tenant, &limits, &account}};
  const Moment now = at_seconds(1);
  const Amounts two = Amounts().set(Dimension::seats, 2);
  const auto left = [&] { return account.look(limits.all()[0], 0, now).left; };
  {
    Reservation held;
    REQUIRE(reserve(charges, two, now, held).admitted);
    CHECK(left() == 1);
    Reservation moved = std::move(held);
    CHECK(left() == 1);
    Reservation other;
    CHECK_FALSE(reserve(charges, two, now, other).admitted);
    CHECK(left() == 1);
    moved.settle(two, now);
    moved.settle(two, now);
    CHECK(left() == 3);
    REQUIRE(reserve(charges, two, now, moved).admitted);
    CHECK(left() == 1);
  }
  CHECK(left() == 3);
}

TEST_CASE("reserve: a day's credits come back the next day") {
  LimitSettings settings;
  settings.credits_per_day = 100;
  const Limits limits = limits_of(settings);
  Account account;
  const Charge charges[] = {{Scope::tenant, &limits, &account}};
  Reservation held;
  const Amounts hundred = Amounts().set(Dimension::credits, 100);
  const Moment today = at_seconds(0), tomorrow = at_seconds(86'400);
  REQUIRE(reserve(charges, hundred, today, held).admitted);
  CHECK(reserve(charges, one_request(1), today, held).eligible_at == today.day_end);
  REQUIRE(reserve(charges, hundred, tomorrow, held).admitted);

  // Settled a day later: of the day that it was taken in, which is over.
  REQUIRE(reserve(charges, hundred, at_seconds(2 * 86'400), held).admitted);
  REQUIRE(held.is_open());
  held.settle(one_request(1), at_seconds(3 * 86'400));
  CHECK(account.look(limits.all()[0], 0, at_seconds(2 * 86'400)).left == 99);
}

// The obvious twin: each budget keeps all that it ever admitted.
class Twin {
 public:
  explicit Twin(const std::vector<Limits>& limits) : limits_(limits), of_day_(limits.size(), 0) {}

  bool admits(const Amounts& amounts, Ticks now) const {
    return each(amounts, [&](std::size_t c, const Limits::Limit& limit, std::int64_t amount) {
      if (!limit.rate) return of_day_[c] + amount <= limit.max;
      Ticks tat = 0;
      const auto arrivals = arrivals_.find({c, limit.dimension});
      if (arrivals != arrivals_.end()) {
        for (const auto& [at, need] : arrivals->second) tat = std::max(tat, at) + need;
      }
      return std::max<Ticks>(tat - now, 0) + limit.rate->of(amount) <= limit.rate->depth();
    });
  }
  void add(const Amounts& amounts, Ticks now) {
    each(amounts, [&](std::size_t c, const Limits::Limit& limit, std::int64_t amount) {
      if (!limit.rate) of_day_[c] += amount;
      if (limit.rate) arrivals_[{c, limit.dimension}].push_back({now, limit.rate->of(amount)});
      return true;
    });
  }

 private:
  template <class Test>
  bool each(const Amounts& amounts, const Test& test) const {
    for (std::size_t c = 0; c < limits_.size(); ++c) {
      for (const Limits::Limit& limit : limits_[c].all()) {
        const std::int64_t amount = amounts[limit.dimension];
        if (amount > 0 && !test(c, limit, amount)) return false;
      }
    }
    return true;
  }

  const std::vector<Limits>& limits_;
  std::map<std::pair<std::size_t, Dimension>, std::vector<std::pair<Ticks, Ticks>>> arrivals_;
  std::vector<std::int64_t> of_day_;
};

LimitSettings random_settings(const std::function<std::int64_t(std::int64_t)>& upto) {
  LimitSettings out;
  if (upto(2) > 0) out.gql_qps = 1 + upto(20);
  if (upto(2) > 0) out.credits_per_s = 10 + upto(200);
  if (upto(2) > 0) out.exports_per_min = 1 + upto(100);
  if (upto(3) == 0) out.credits_per_day = 1'000 + upto(3'000);
  return out;
}

TEST_CASE("reserve: random requests on random budgets, and waiting as told is enough") {
  std::mt19937_64 random(3);
  const auto upto = [&](std::int64_t max) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(max + 1));
  };
  int waited = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Limits> limits;
    std::vector<Account> accounts(3);
    std::vector<Charge> charges;
    for (int i = 0; i < 3; ++i) limits.push_back(limits_of(random_settings(upto)));
    for (std::size_t i = 0; i < 3; ++i) {
      charges.push_back({static_cast<Scope>(i), &limits[i], &accounts[i]});
    }
    Twin twin(limits);
    double time = 1;
    for (int i = 0; i < 150; ++i) {
      time += static_cast<double>(upto(300)) / 1'000;
      const Moment now = at_seconds(time);
      const Amounts amounts = one_request(upto(30)).set(Dimension::exports, upto(1));
      Reservation held;
      std::vector<Mark> against;
      const Answer answer = reserve(charges, amounts, now, held, &against);
      REQUIRE(answer.admitted == twin.admits(amounts, now.now));
      REQUIRE(against.empty() == answer.admitted);
      if (answer.admitted) twin.add(amounts, now.now);
      const Ticks then = answer.eligible_at;
      if (answer.admitted || then == kNever || then == now.day_end) continue;
      REQUIRE(then > now.now);
      REQUIRE(twin.admits(amounts, then));
      REQUIRE_FALSE(twin.admits(amounts, then - 1));
      ++waited;
    }
  }
  CHECK(waited > 1'000);
}

TEST_CASE("reserve: threads that take, settle and give up never hold more than there is") {
  LimitSettings settings;
  settings.seats = 5;
  settings.credits_per_day = 100'000;
  const Limits limits = limits_of(settings);
  Account account;
  const Charge charges[] = {{Scope::tenant, &limits, &account}};
  std::atomic<std::int64_t> inside = 0, most = 0, used = 0;
  const Moment now = at_seconds(1);
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5'000; ++i) {
        Reservation held;
        const Amounts amounts = Amounts().set(Dimension::seats, 1).set(Dimension::credits, 5);
        if (!reserve(charges, amounts, now, held).admitted) continue;
        const std::int64_t count = inside.fetch_add(1) + 1;
        std::int64_t before = most.load();
        while (count > before && !most.compare_exchange_weak(before, count)) {
        }
        inside.fetch_sub(1);
        const std::int64_t spent = (t + i) % 5;
        used += spent;
        held.settle(Amounts().set(Dimension::seats, 1).set(Dimension::credits, spent), now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most.load() <= 5);
  CHECK(account.look(*limits.find(Dimension::seats), 0, now).left == 5);
  CHECK(account.look(*limits.find(Dimension::day_credits), 0, now).left == 100'000 - used.load());
}

// What one thread lets go while another is refused must not count as taken.
TEST_CASE("account: threads that fight for one seat and one credit never take what is not there") {
  LimitSettings settings;
  settings.seats = 1;
  settings.credits_per_day = 1;
  const Limits limits = limits_of(settings);
  for (const Dimension dimension : {Dimension::seats, Dimension::day_credits}) {
    CAPTURE(name_of(dimension));
    const Limits::Limit& limit = *limits.find(dimension);
    const Moment now = at_seconds(1);
    Account account;
    std::atomic<int> inside = 0, crowds = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200'000; ++i) {
          if (!account.take(limit, 1, now).ok) continue;
          if (inside.fetch_add(1) != 0) ++crowds;
          inside.fetch_sub(1);
          account.settle(limit, 1, 0, now, now);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(crowds.load() == 0);
    CHECK(account.look(limit, 0, now).left == 1);
  }
}

}  // namespace
}  // namespace mc::budget
