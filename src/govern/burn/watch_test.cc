#include <doctest/doctest.h>

#include "budget/settings.h"
#include "burn/burn.h"

namespace mc::burn {
namespace {

using budget::Amounts;
using budget::Dimension;

constexpr MonoTime kStart{0};

// A tenant "alpha" of plan "starter" before a book; time goes as told.
struct World {
  explicit World(const budget::LimitSettings& limits)
      : usage({"/shop"}, seconds(1), kStart), slo(Objective{}) {
    budget::BudgetSettings settings;
    static_cast<budget::LimitSettings&>(settings.plans["starter"]) = limits;
    auto made = budget::Book::make(settings, {"/shop"});
    if (!made) FAIL(made.error().what);
    book = std::move(*made);
  }
  MonoTime mono() const { return kStart + now; }
  WallTime wall() const { return WallTime{} + seconds(1'800'000'000) + now; }
  budget::Moment moment() const { return budget::Moment::of(now, wall()); }
  void ask(const Amounts& amounts) {
    budget::Reservation held;
    const bool admitted =
        book->reserve({"alpha", "starter", "u", 0}, amounts, moment(), held).admitted;
    const std::int64_t credits = admitted ? amounts[Dimension::credits] : 0;
    usage.asked({"alpha", "starter", 0}, amounts, {credits, credits}, mono());
    held.settle(amounts, moment());
  }
  void requests(std::int64_t count) { ask(Amounts().set(Dimension::requests, count)); }
  void end(Outcome outcome, int times = 1) {
    for (int i = 0; i < times; ++i) usage.ended({"alpha", "starter", 0}, {outcome, {}, {}}, mono());
  }
  std::vector<QuotaEvent> look() { return quota.look(usage, *book, moment(), mono(), wall()); }
  std::vector<SloEvent> look_slo() { return slo.look(usage, mono(), wall()); }

  Nanos now = seconds(10);
  Usage usage;
  QuotaWatch quota;
  SloWatch slo;
  std::unique_ptr<budget::Book> book;
};

budget::LimitSettings rate(std::int64_t gql_qps) {
  budget::LimitSettings out;
  out.gql_qps = gql_qps;
  return out;
}

TEST_CASE("burn: a rate is told at 80 and at 90 percent of five minutes, once each") {
  World world(rate(10));  // 3,000 in five minutes
  CHECK(world.look().empty());
  world.requests(2'399);
  CHECK(world.look().empty());
  world.requests(1);
  auto events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.level == 80);
  CHECK(events[0].of.tenant == "alpha");
  CHECK(events[0].of.dimension == Dimension::requests);
  CHECK(events[0].of.quota == 10);
  CHECK(events[0].of.burn == doctest::Approx(0.8));
  CHECK(events[0].of.used == 2'400);
  CHECK(events[0].of.until == world.wall());
  CHECK(events[0].of.until - events[0].of.from == seconds(300));
  CHECK(!events[0].of.exhausted_at);
  CHECK(events[0].at == world.wall());
  CHECK(world.look().empty());
  world.requests(300);
  events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.level == 90);
  // Far over it, and denied: nothing new.
  world.requests(30'000);
  CHECK(world.look().empty());
  CHECK(world.quota.burns("alpha")[0].burn == doctest::Approx(10.9));
  CHECK(world.quota.burns("bravo").empty());
}

TEST_CASE("burn: a level is left five points below it, and told again in another window only") {
  World world(rate(10));
  // In each step of 10 s some of 100; the burn is their mean.
  const auto go = [&](std::int64_t each, int steps) {
    std::size_t events = 0;
    for (int i = 0; i < steps; ++i) {
      world.requests(each);
      events += world.look().size();
      world.now = world.now + kStep;
    }
    return events;
  };
  CHECK(go(82, 60) == 1);
  CHECK(go(76, 60) == 0);  // below 80, within the five points
  CHECK(world.quota.burns(std::nullopt)[0].level == 80);
  CHECK(go(82, 60) == 0);
  CHECK(go(70, 60) == 0);
  CHECK(world.quota.burns(std::nullopt)[0].level == 0);
  CHECK(go(82, 60) == 1);
  CHECK(go(95, 60) == 1);  // now 90
  CHECK(go(86, 60) == 0);
  CHECK(world.quota.burns(std::nullopt)[0].level == 90);
  CHECK(go(84, 60) == 0);
  CHECK(world.quota.burns(std::nullopt)[0].level == 80);
}

TEST_CASE("burn: up and down within a window is told once") {
  World world(rate(10));
  world.requests(2'500);
  CHECK(world.look().size() == 1);
  budget::Override twice;
  twice.id = "ovr_1";
  twice.tenant = "alpha";
  twice.dimension = Dimension::requests;
  twice.amount = 20;
  twice.state = budget::OverrideState::active;
  twice.from = WallTime{};
  twice.until = world.wall() + seconds(3'600);
  world.book->set_overrides("alpha", {twice});
  CHECK(world.look().empty());
  CHECK(world.quota.burns("alpha")[0].level == 0);
  CHECK(world.quota.burns("alpha")[0].quota == 20);
  world.book->set_overrides("alpha", {});
  CHECK(world.look().empty());  // the same five minutes
  CHECK(world.quota.burns("alpha")[0].level == 80);
}

TEST_CASE("burn: straight to 90 is one event") {
  World world(rate(10));
  world.requests(2'900);
  const auto events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.level == 90);
}

TEST_CASE("burn: of a day what is used counts, and its end is foretold when it comes early") {
  budget::LimitSettings limits;
  limits.credits_per_day = 1'000;
  World world(limits);
  // 1,800,000,000 is 08:00 of a day.
  world.ask(Amounts().set(Dimension::credits, 700));
  CHECK(world.look().empty());
  auto burns = world.quota.burns("alpha");
  REQUIRE(burns.size() == 1);
  CHECK(burns[0].burn == doctest::Approx(0.7));
  REQUIRE(burns[0].exhausted_at);  // 300 left, 700 an hour
  CHECK(to_seconds(*burns[0].exhausted_at - world.wall()) == doctest::Approx(3'600.0 * 3 / 7));
  world.ask(Amounts().set(Dimension::credits, 150));
  auto events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.level == 80);
  CHECK(events[0].of.used == 850);
  CHECK(format_rfc3339(events[0].of.from) == "2027-01-15T00:00:00.000Z");
  CHECK(format_rfc3339(events[0].of.until) == "2027-01-16T00:00:00.000Z");
  // Two hours later nothing was asked for: it lasts.
  world.now = world.now + seconds(7'200);
  CHECK(world.look().empty());
  CHECK(!world.quota.burns("alpha")[0].exhausted_at);
  // The next day begins anew, and is told anew.
  world.now = world.now + seconds(86'400);
  CHECK(world.look().empty());
  CHECK(world.quota.burns("alpha")[0].burn == 0);
  world.ask(Amounts().set(Dimension::credits, 950));
  events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.level == 90);
}

TEST_CASE("burn: what was told of a day or month is known while it runs, however quiet it is") {
  budget::LimitSettings limits;
  limits.credits_per_day = 1'000'000;
  limits.credits_per_month = 1'000;
  World world(limits);
  world.ask(Amounts().set(Dimension::credits, 850));
  CHECK(world.look().size() == 1);
  world.now = world.now + seconds(4LL * 86'400);  // the 19th
  world.usage.tick(world.mono());
  CHECK(world.look().empty());
  CHECK(world.quota.burns("alpha").empty());  // it is not looked at any more
  world.ask(Amounts().set(Dimension::credits, 1));
  CHECK(world.look().empty());
  CHECK(world.quota.burns("alpha").size() == 2);
  world.ask(Amounts().set(Dimension::credits, 99));
  CHECK(world.look().size() == 1);                 // 90
  world.now = world.now + seconds(20LL * 86'400);  // in the next month
  world.usage.tick(world.mono());
  CHECK(world.look().empty());
  world.ask(Amounts().set(Dimension::credits, 850));
  CHECK(world.look().size() == 1);
}

TEST_CASE("burn: of a month the window is the month, also the last of a year") {
  budget::LimitSettings limits;
  limits.credits_per_month = 1'000;
  World world(limits);
  world.now = seconds(340LL * 86'400);  // in December
  world.ask(Amounts().set(Dimension::credits, 900));
  const auto events = world.look();
  REQUIRE(events.size() == 1);
  CHECK(events[0].of.used == 900);
  CHECK(format_rfc3339(events[0].of.from) == "2027-12-01T00:00:00.000Z");
  CHECK(format_rfc3339(events[0].of.until) == "2028-01-01T00:00:00.000Z");
}

TEST_CASE("burn: what is held, and shared, is not told; without a limit nothing is") {
  budget::LimitSettings limits;
  limits.seats = 1;
  World world(limits);
  world.requests(1'000'000);
  CHECK(world.look().empty());
  CHECK(world.quota.burns(std::nullopt).empty());
}

TEST_CASE("slo: each pair fires when both of its windows burn, and ends with the short one") {
  const struct {
    SloPair pair;
    Nanos of_long;
    double bad;  // of requests, just over the pace
  } rows[] = {{SloPair::fast, seconds(3'600), 0.0160},
              {SloPair::slow, seconds(6LL * 3'600), 0.0070},
              {SloPair::creeping, seconds(72LL * 3'600), 0.0012}};
  for (const auto& row : rows) {
    World world(rate(1'000'000));
    std::vector<SloEvent> events;
    const auto go = [&](Nanos time, double bad) {
      double owed = 0;
      for (Nanos gone{}; gone < time; gone = gone + seconds(60)) {
        owed += 100 * bad;
        const int now_bad = static_cast<int>(owed);
        owed -= now_bad;
        world.end(Outcome::failed, now_bad);
        world.end(Outcome::served, 100 - now_bad);
        world.end(Outcome::rejected, 50);  // its own budget
        for (SloEvent& event : world.look_slo()) events.push_back(std::move(event));
        world.now = world.now + seconds(60);
      }
    };
    go(row.of_long, row.bad);
    std::vector<SloEvent> fired;
    for (const SloEvent& event : events) {
      if (event.pair == row.pair && event.firing) fired.push_back(event);
    }
    REQUIRE(fired.size() >= 2);  // of alpha, and of all
    CHECK(
        std::ranges::any_of(fired, [](const SloEvent& event) { return event.tenant == "alpha"; }));
    CHECK(std::ranges::any_of(fired, [](const SloEvent& event) { return event.tenant == ""; }));
    if (is_page(row.pair)) CHECK(world.slo.guards());
    CHECK(spans_of(row.pair).of_long == row.of_long);
    for (const SloEvent& event : fired) {
      const auto pace = [](const Counts& counts) {
        return static_cast<double>(counts.bad()) / static_cast<double>(counts.events()) / 0.001;
      };
      CHECK(pace(event.of_long) == doctest::Approx(event.burn_long));
      CHECK(pace(event.of_short) == doctest::Approx(event.burn_short));
      CHECK(event.burn_long > threshold_of(event.pair));
    }
    events.clear();
    go(seconds(7LL * 3'600), 0);
    CHECK(std::ranges::any_of(events, [&](const SloEvent& event) {
      return event.pair == row.pair && !event.firing && event.tenant == "alpha";
    }));
    CHECK(!world.slo.guards());
  }
}

TEST_CASE("slo: refusals of a tenant's own budget never fire, few failures neither") {
  World world(rate(1));
  world.end(Outcome::rejected, 100'000);
  CHECK(world.look_slo().empty());
  world.end(Outcome::failed, static_cast<int>(kBadMin) - 1);
  CHECK(world.look_slo().empty());
  CHECK(!world.slo.guards());
  world.end(Outcome::shed);
  CHECK(world.look_slo().size() == 6);  // all pairs, of alpha and of all
  CHECK(world.slo.guards());
  CHECK(world.look_slo().empty());
}

}  // namespace
}  // namespace mc::burn
