#include "budget/window_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "budget/replay.h"
#include "budget/window_keeper.h"
#include "contract/budget_recorder.h"
#include "sim/faulty_sql.h"

namespace mc::budget {
namespace {

// Every scope has a day and a month.
constexpr const char* kEverywhere = R"({
  "budgets": {
    "starter": {"credits_per_day": 1000, "credits_per_month": 2500,
                "users": {"credits_per_day": 600, "credits_per_month": 1500},
                "routes": {"/shop": {"credits_per_day": 700}},
                "together": {"credits_per_day": 1600, "credits_per_month": 4000}},
    "pro": {"credits_per_day": 900}},
  "admission": {"global": {"credits_per_day": 2200, "credits_per_month": 6000},
                "routes": {"/graphql": {"credits_per_day": 1300}}}})";
constexpr const char* kOneDay = R"({"budgets": {"starter": {"credits_per_day": 100}}})";
constexpr Nanos kDay = seconds(86'400), kYear = seconds(365LL * 86'400);
const std::vector<std::string> kPaths = {"/graphql", "/shop"};
using Rows = std::vector<WindowCount>;

auto key_of(const WindowCount& one) {
  return std::tuple(one.scope, one.tenant, one.user, one.plan, one.route, one.dimension);
}
void sort(Rows& rows) {
  std::ranges::sort(rows, {}, key_of);
}

// A server with a state database. Its calendar begins at noon of the last day but one of a month.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  std::unique_ptr<sql::Connection> database;
  sim::FaultyConnection* faulty = nullptr;
  std::unique_ptr<identity::Directory> directory;
  BudgetSettings settings;
  std::unique_ptr<Book> book;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<WindowKeeper> keeper;
  MonoTime start = clock.mono();
  int runs = 0;

  explicit World(const char* text) : settings(journal_settings(text)) {
    clock.jump_wall(*parse_rfc3339("2026-01-30T12:00:00Z") - clock.wall());
    auto opened = sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(opened.has_value());
    database = std::move(*opened);
    REQUIRE(sql::migrate(*database, sql::built_in_migrations(), clock).has_value());
    auto wrapped = std::make_unique<sim::FaultyConnection>(*database);
    faulty = wrapped.get();
    auto made = identity::Directory::open(std::move(wrapped), clock, random);
    REQUIRE(made.has_value());
    directory = std::move(*made);
    begin();
    REQUIRE(keeper->restore().has_value());
  }

  // As a process begins, before it has read anything.
  void begin(const std::string& node = "node_1") {
    keeper = nullptr;
    auto made = Book::make(settings, kPaths);
    REQUIRE(made.has_value());
    book = std::move(*made);
    start = clock.mono();
    JournalHeader header;
    header.run = "adm_" + std::to_string(++runs);
    header.started = clock.wall();
    header.settings = settings;
    header.paths = kPaths;
    journal = std::make_unique<Journal>(disk, header, JournalConfig{});
    keeper = std::make_unique<WindowKeeper>(
        WindowKeeper::World{*directory, clock, *book, journal.get()}, node);
  }
  void restart() {
    begin();
    REQUIRE(keeper->restore().has_value());
  }
  Moment now() { return Moment::of(clock.mono() - start, clock.wall()); }

  bool take(std::int64_t credits, const Book::Who& who = {"alpha", "starter", "ana", 0}) {
    Reservation held;
    std::vector<Mark> against;
    const Amounts amounts = Amounts().set(Dimension::credits, credits);
    auto turn = journal->turn();
    const Answer answer = book->reserve(who, amounts, now(), held, &against);
    const std::int64_t seq =
        turn.decided({who, "r"}, amounts, now(), answer, std::span<const Mark>(against));
    if (!answer.admitted) return false;
    held.settle(amounts, now());
    turn.settled(seq, amounts, now());
    return true;
  }
  std::int64_t left_of_day(const std::string& tenant = "alpha") {
    for (const Book::Left& one : book->left(tenant, "starter", now())) {
      if (one.dimension == Dimension::day_credits) return one.left;
    }
    return -1;
  }
  Rows rows(const std::string& node = "node_1") {
    Rows out;
    REQUIRE(WindowStore(*database, node)
                .read(3,
                      [&](std::span<const WindowCount> part) {
                        CHECK(part.size() <= 3);
                        out.insert(out.end(), part.begin(), part.end());
                        return ok();
                      })
                .has_value());
    return out;
  }
};

TEST_CASE(
    "windows: what was used of every scope outlives the process, and nothing else is written") {
  World world(kEverywhere);
  CHECK(world.take(10));
  CHECK(world.take(20, {"bravo", "starter", "ben", 1}));
  REQUIRE(world.keeper->flush().has_value());
  Rows before = world.rows();
  CHECK(before.size() == 14);
  const auto used = [&](const WindowCount& of) {
    const auto at = std::ranges::find_if(
        before, [&](const WindowCount& one) { return key_of(one) == key_of(of); });
    return at == before.end() ? -1 : at->used;
  };
  CHECK(used({.tenant = "alpha"}) == 10);
  CHECK(used({.tenant = "bravo", .dimension = Dimension::month_credits}) == 20);
  CHECK(used({.scope = Scope::tenant_user, .tenant = "bravo", .user = "ben"}) == 20);
  CHECK(used({.scope = Scope::tenant_route, .tenant = "bravo", .route = "/shop"}) == 20);
  CHECK(used({.scope = Scope::plan, .plan = "starter"}) == 30);
  CHECK(used({.scope = Scope::route, .route = "/graphql"}) == 10);
  CHECK(used({.scope = Scope::global, .dimension = Dimension::month_credits}) == 30);
  const std::int64_t statements = world.faulty->statements();
  REQUIRE(world.keeper->flush().has_value());
  CHECK(world.faulty->statements() == statements);

  world.restart();
  CHECK(world.book->changed_windows(world.now()).empty());
  CHECK(world.take(1));
  CHECK(world.take(1, {"bravo", "starter", "ben", 1}));
  Rows after = world.book->changed_windows(world.now());
  sort(before);
  sort(after);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    const bool both = !is_own(after[i].scope) && after[i].scope != Scope::route;
    CHECK(key_of(after[i]) == key_of(before[i]));
    CHECK(after[i].used == before[i].used + (both ? 2 : 1));
  }
}

TEST_CASE("windows: what a book takes back, and what not") {
  const Moment at = Moment::of({}, *parse_rfc3339("2026-01-30T12:00:00Z"));
  const Moment last_day = Moment::of({}, *parse_rfc3339("2026-01-31T12:00:00Z"));
  const auto month = Dimension::month_credits;
  struct Row {
    const char* name;
    WindowCount count;
    Moment at;
    std::int64_t used;  // then, with one credit more
  };
  const Row rows[] = {
      {"this day", {.tenant = "alpha", .window = at.day, .used = 5}, at, 6},
      {"never lower", {.tenant = "alpha", .window = at.day, .used = 2}, at, 4},
      {"a day that is over", {.tenant = "alpha", .window = at.day - 1, .used = 5}, at, 4},
      {"the next", {.tenant = "alpha", .window = at.day + 1, .used = 5}, at, 6},
      {"too far ahead", {.tenant = "alpha", .window = at.day + 2, .used = 5}, at, 4},
      {"this month", {.tenant = "alpha", .dimension = month, .window = at.month, .used = 5}, at, 6},
      {"over", {.tenant = "alpha", .dimension = month, .window = at.month - 1, .used = 5}, at, 4},
      {"the next, not near",
       {.tenant = "alpha", .dimension = month, .window = at.month + 1, .used = 5},
       at,
       4},
      {"the next, of tomorrow",
       {.tenant = "alpha", .dimension = month, .window = at.month + 1, .used = 5},
       last_day,
       6},
      {"nothing", {.tenant = "alpha", .window = at.day, .used = 0}, at, 4},
      {"too much", {.tenant = "alpha", .window = at.day, .used = kWindowUsedMax + 1}, at, 4},
      {"more than the limit",
       {.tenant = "alpha", .window = at.day, .used = kWindowUsedMax},
       at,
       kWindowUsedMax},
      {"another dimension",
       {.tenant = "alpha", .dimension = Dimension::seats, .window = at.day, .used = 5},
       at,
       4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto book = std::move(*Book::make(journal_settings(kEverywhere), kPaths));
    const auto take = [&](std::int64_t credits) {
      Reservation held;
      const Amounts amounts = Amounts().set(Dimension::credits, credits);
      const bool admitted =
          book->reserve({"alpha", "starter", "", 1}, amounts, row.at, held).admitted;
      held.settle(amounts, row.at);
      return admitted;
    };
    CHECK(take(3));
    book->restore_windows({&row.count, 1}, row.at);
    CHECK(take(1) == (row.used < 1'000));
    const Dimension of = row.count.dimension == month ? month : Dimension::day_credits;
    Rows changed = book->changed_windows(row.at);
    book->windows_kept(changed);
    CHECK(book->changed_windows(row.at).empty());
    // One that was kept as it came is not given again.
    if (row.used == kWindowUsedMax) continue;
    const auto found = std::ranges::find_if(changed, [&](const WindowCount& one) {
      return one.scope == Scope::tenant && one.dimension == of;
    });
    REQUIRE(found != changed.end());
    CHECK(found->used == row.used);
  }
}

TEST_CASE("windows: routes, plans and users that are no more are left alone") {
  const Moment at = Moment::of({}, *parse_rfc3339("2026-01-30T12:00:00Z"));
  const auto book = std::move(*Book::make(journal_settings(kEverywhere), kPaths));
  const auto on_day = [&](WindowCount one) {
    one.window = at.day;
    one.used = 5;
    return one;
  };
  Rows gone = {on_day({.scope = Scope::route, .route = "/gone"}),
               on_day({.scope = Scope::route, .route = "/shop"}),  // without limits
               on_day({.scope = Scope::plan, .plan = "gone"}),
               on_day({.scope = Scope::tenant_route, .tenant = "alpha", .route = "/gone"})};
  book->restore_windows(gone, at);
  CHECK(book->tenants() == 0);
  Rows users;
  for (std::size_t i = 0; i < kUsersMax + 5; ++i) {
    users.push_back(
        on_day({.scope = Scope::tenant_user, .tenant = "alpha", .user = "u" + std::to_string(i)}));
  }
  users.push_back(on_day({.scope = Scope::tenant_user,
                          .tenant = "alpha",
                          .user = std::string(WindowCount::kOtherUsers)}));
  book->restore_windows(users, at);
  const auto left = [&](const std::string& user) {
    for (const Book::Line& line : book->effective({"alpha", "starter", user, 0}, at)) {
      if (line.scope == Scope::tenant_user && line.dimension == Dimension::day_credits) {
        return line.left.value_or(-1);
      }
    }
    return std::int64_t{-1};
  };
  CHECK(left("u0") == 595);
  CHECK(left("u" + std::to_string(kUsersMax - 1)) == 595);
  CHECK(left("u" + std::to_string(kUsersMax)) == 600);
  // Those beyond share one, which was restored too.
  Reservation held;
  const Amounts most = Amounts().set(Dimension::credits, 596);
  std::vector<Mark> against;
  CHECK_FALSE(book->reserve({"alpha", "starter", "late", 0}, most, at, held, &against).admitted);
  REQUIRE(against.size() == 1);
  CHECK(against[0].scope == Scope::tenant_user);
  CHECK(against[0].left == 595);
}

TEST_CASE("windows: a count that changes while it is written is written again") {
  World world(kOneDay);
  CHECK(world.take(10));
  const Rows first = world.book->changed_windows(world.now());
  REQUIRE(first.size() == 1);
  CHECK(world.book->changed_windows(world.now()) == first);  // until it is kept
  CHECK(world.take(5));
  world.book->windows_kept(first);
  const Rows second = world.book->changed_windows(world.now());
  REQUIRE(second.size() == 1);
  CHECK(second[0].used == 15);
  world.book->windows_kept(second);
  CHECK(world.book->changed_windows(world.now()).empty());
  CHECK(world.take(5));
  world.clock.advance(kDay);
  CHECK(world.take(1, {"bravo", "starter", "ben", 0}));  // of the next day
  const Rows third = world.book->changed_windows(world.now());
  REQUIRE(third.size() == 1);
  CHECK(third[0].tenant == "bravo");
}

TEST_CASE("windows: restarts in the middle of a day, over midnight and over the end of a month") {
  World world(R"({"budgets": {"starter": {"credits_per_day": 100, "credits_per_month": 250}}})");
  CHECK(world.take(90));
  REQUIRE(world.keeper->flush().has_value());
  world.restart();
  CHECK_FALSE(world.take(11));
  CHECK(world.take(10));
  REQUIRE(world.keeper->flush().has_value());
  world.clock.advance(seconds(12 * 3'600 - 1));  // a second before midnight
  world.restart();
  CHECK_FALSE(world.take(1));
  world.clock.advance(seconds(1));  // the last day of the month
  world.restart();
  CHECK(world.take(100));
  CHECK_FALSE(world.take(1));
  REQUIRE(world.keeper->flush().has_value());
  world.restart();
  CHECK_FALSE(world.take(1));
  world.clock.advance(kDay - millis(1));
  world.restart();
  CHECK_FALSE(world.take(1));
  world.clock.advance(millis(1));  // another month
  world.restart();
  CHECK(world.take(100));
  world.clock.advance(kDay);
  CHECK(world.take(100));
  world.clock.advance(kDay);
  CHECK(world.take(50));
  CHECK_FALSE(world.take(1));  // of the month
  REQUIRE(world.keeper->flush().has_value());
  world.restart();
  CHECK_FALSE(world.take(1));
  // A process that is killed forgets what was used since the last flush.
  world.clock.advance(seconds(30LL * 86'400));
  CHECK(world.take(30));
  REQUIRE(world.keeper->flush().has_value());
  CHECK(world.take(40));
  world.restart();
  CHECK(world.left_of_day() == 70);
}

TEST_CASE("windows: a calendar that is set back over midnight gives nobody a second day") {
  World world(kOneDay);
  world.clock.advance(seconds(12 * 3'600 + 2));  // two seconds after midnight
  CHECK(world.take(100));
  REQUIRE(world.keeper->flush().has_value());
  world.clock.jump_wall(Nanos{} - seconds(4));
  world.restart();
  CHECK_FALSE(world.take(1));
  CHECK(world.left_of_day() == 0);
  world.clock.advance(seconds(4));
  CHECK_FALSE(world.take(1));
  world.clock.advance(kDay);
  CHECK(world.take(100));
  // A clock that was wrong by a year leaves nothing behind.
  world.clock.jump_wall(kYear);
  CHECK(world.take(100));
  REQUIRE(world.keeper->flush().has_value());
  world.clock.jump_wall(Nanos{} - kYear);
  world.restart();
  CHECK(world.take(100));
  REQUIRE(world.keeper->flush().has_value());
  world.restart();
  CHECK_FALSE(world.take(1));
}

TEST_CASE("windows: old ones are deleted, and nodes of one database have counts of their own") {
  World world(kOneDay);
  CHECK(world.take(30));
  CHECK(world.take(5, {"bravo", "starter", "ben", 0}));
  REQUIRE(world.keeper->flush().has_value());
  world.begin("node_2");
  CHECK(world.take(70));
  REQUIRE(world.keeper->flush().has_value());
  REQUIRE(world.rows("node_1").size() == 2);
  REQUIRE(world.rows("node_2").size() == 1);
  CHECK(world.rows("node_2")[0].used == 70);
  world.restart();
  CHECK(world.left_of_day() == 70);
  world.clock.advance(kDay);
  CHECK(world.take(1));
  REQUIRE(world.keeper->flush().has_value());
  REQUIRE(world.rows("node_1").size() == 1);
  CHECK(world.rows("node_1")[0].tenant == "alpha");
  CHECK(world.rows("node_2").size() == 1);  // its clock may be behind
  world.clock.advance(kDay);
  REQUIRE(world.keeper->flush().has_value());
  CHECK(world.rows("node_1").empty());
  CHECK(world.rows("node_2").size() == 1);
  // A clock that jumps touches nothing of others; after so many days they are gone.
  world.clock.jump_wall(kYear);
  REQUIRE(world.keeper->flush().has_value());
  CHECK(world.rows("node_2").size() == 1);
  world.clock.jump_wall(Nanos{} - kYear);
  for (int i = 0; i < 110; ++i) {
    world.clock.advance(kDay);
    REQUIRE(world.keeper->flush().has_value());
  }
  CHECK(world.rows("node_2").empty());
}

// Whatever statement fails, and however: requests are decided all the same, the next flush writes
// what is missing, and no count in the database ever gets lower.
TEST_CASE("windows: the n-th statement fails") {
  for (const auto fault : {sim::FaultyConnection::Fault::not_run,
                           sim::FaultyConnection::Fault::run_but_reported_failed}) {
    int failed = 0;
    for (std::int64_t n = 1; n <= 14; ++n) {
      CAPTURE(n);
      World world(kEverywhere);
      CHECK(world.take(100));
      REQUIRE(world.keeper->flush().has_value());
      world.begin();
      world.faulty->fail_at(n, fault);
      const bool restored = world.keeper->restore().has_value();
      CHECK(world.take(7));
      const std::int64_t now = restored ? 107 : 7;
      CHECK(world.left_of_day() == 1'000 - now);
      const bool flushed = world.keeper->flush().has_value();
      CHECK((world.keeper->unsaved() == 0) == (flushed || n > 12));  // then old ones are deleted
      failed += flushed && restored ? 0 : 1;
      for (const WindowCount& one : world.rows()) CHECK(one.used >= 100);
      world.faulty->fail_at(0, fault);
      CHECK(world.take(1));
      REQUIRE(world.keeper->flush().has_value());
      CHECK(world.keeper->unsaved() == 0);
      // Late, the larger count holds.
      const std::int64_t expected = restored ? 108 : 101;
      CHECK(world.left_of_day() == 1'000 - expected);
      world.restart();
      CHECK(world.left_of_day() == 1'000 - expected);
    }
    CHECK(failed == 14);
  }
}

TEST_CASE("windows: a row that is not understood is told, and nothing is overwritten") {
  World world(kOneDay);
  CHECK(world.take(40));
  REQUIRE(world.keeper->flush().has_value());
  REQUIRE(
      world.database->execute("UPDATE budget_window SET used = 99999999999999", {}).has_value());
  world.begin();
  const Status restored = world.keeper->restore();
  REQUIRE_FALSE(restored.has_value());
  CHECK(restored.error().code == Code::corrupt);
  CHECK(restored.error().what == "a row of budget_window of tenant 'alpha' is not understood");
  CHECK(world.take(1));
  CHECK_FALSE(world.keeper->flush().has_value());
  CHECK(world.keeper->unsaved() == 1);
  CHECK(world.database->execute("UPDATE budget_window SET used = 40", {}).has_value());
  CHECK(world.keeper->flush().has_value());
  CHECK(world.left_of_day() == 60);
}

// The slow twin: what was used, by name, as it was when it was last written.
struct Twin {
  using Key = std::tuple<std::string, Dimension, std::int32_t>;
  std::map<Key, std::int64_t> used, written;

  struct Charge {
    std::string of;
    Dimension dimension;
    std::int64_t max;
  };
  static std::vector<Charge> charges(const Book::Who& who) {
    const std::string tenant(who.tenant), user = tenant + "/" + std::string(who.user);
    const auto day = Dimension::day_credits, month = Dimension::month_credits;
    std::vector<Charge> out = {{"global", day, 2'200}, {"global", month, 6'000}};
    if (who.route == 0) out.push_back({"route", day, 1'300});
    if (who.plan == "pro") {
      out.push_back({tenant, day, 900});
      return out;
    }
    out.insert(out.end(), {{tenant, day, 1'000},
                           {tenant, month, 2'500},
                           {user, day, 600},
                           {user, month, 1'500},
                           {"starter", day, 1'600},
                           {"starter", month, 4'000}});
    if (who.route == 1) out.push_back({tenant + "/shop", day, 700});
    return out;
  }
  static Key key(const Charge& charge, const Moment& at) {
    return {charge.of, charge.dimension,
            charge.dimension == Dimension::day_credits ? at.day : at.month};
  }
  bool take(const Book::Who& who, std::int64_t credits, const Moment& at) {
    for (const Charge& one : charges(who)) {
      if (used[key(one, at)] + credits > one.max) return false;
    }
    for (const Charge& one : charges(who)) used[key(one, at)] += credits;
    return true;
  }
  void settle(const Book::Who& who, std::int64_t more, const Moment& since) {
    for (const Charge& one : charges(who)) used[key(one, since)] += more;
  }
};

TEST_CASE("windows: many restarts and kills, against a twin that counts by name") {
  constexpr const char* kTenants[] = {"alpha", "bravo", "carla"};
  constexpr const char* kUsers[] = {"ana", "ben", "eve"};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    World world(kEverywhere);
    sim::SimRandom random(seed);
    const auto below = [&](std::uint64_t end) {
      return static_cast<std::int64_t>(random.next_u64() % end);
    };
    struct Open {
      Book::Who who;
      Moment since;
      std::int64_t credits;
      Reservation held;
    };
    std::vector<Open> open;
    Twin twin;
    int admitted = 0, denied = 0;
    for (int i = 0; i < 1'500; ++i) {
      const std::int64_t what = below(40);
      if (what < 3) {
        world.clock.advance(seconds(below(6 * 3'600)));
      } else if (what < 6) {
        REQUIRE(world.keeper->flush().has_value());
        twin.written = twin.used;
      } else if (what == 6) {  // in order, or killed
        if (below(2) == 0) {
          REQUIRE(world.keeper->flush().has_value());
          twin.written = twin.used;
        }
        for (Open& one : open) {  // that it was taken stays; nobody settles it
          one.held.settle(Amounts().set(Dimension::credits, one.credits), world.now());
        }
        open.clear();
        world.restart();
        twin.used = twin.written;
      } else if (what < 16 && !open.empty()) {
        Open one = std::move(open.back());
        open.pop_back();
        const std::int64_t used = below(static_cast<std::uint64_t>(2 * one.credits));
        one.held.settle(Amounts().set(Dimension::credits, used), world.now());
        twin.settle(one.who, used - one.credits, one.since);
      } else {
        const bool pro = below(4) == 0;
        const Book::Who who{pro ? "dora" : kTenants[below(3)], pro ? "pro" : "starter",
                            kUsers[below(3)], static_cast<std::size_t>(below(3))};
        const std::int64_t credits = 1 + below(60);
        Open one{who, world.now(), credits, {}};
        const Answer answer = world.book->reserve(who, Amounts().set(Dimension::credits, credits),
                                                  one.since, one.held);
        REQUIRE(answer.admitted == twin.take(who, credits, one.since));
        (answer.admitted ? admitted : denied)++;
        if (answer.admitted) open.push_back(std::move(one));
      }
    }
    CHECK(admitted > 200);
    CHECK(denied > 100);
  }
}

TEST_CASE(
    "windows: a log of a process that was given counts back is the same when it is run again") {
  World world(kEverywhere);
  for (int i = 0; i < 30; ++i) {
    const std::string tenant = "t" + std::to_string(i);
    CHECK(world.take(40, {tenant, "starter", "ana", 1}));
  }
  REQUIRE(world.keeper->flush().has_value());
  world.restart();
  int denied = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string tenant = "t" + std::to_string(i % 30);
    denied += world.take(25, {tenant, "starter", "ana", 1}) ? 0 : 1;
  }
  CHECK(denied > 20);  // the plan's together
  const std::vector<JournalEvent> events = events_of(world.journal->snapshot());
  const auto differences = [](const std::vector<JournalEvent>& of) {
    Verifier verifier;
    for (const JournalEvent& event : of) REQUIRE(verifier.run(event).has_value());
    CHECK(verifier.report().decisions == 60);
    return verifier.report().differences;
  };
  CHECK(differences(events) == 0);
  std::size_t counts = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto* restored = std::get_if<Restored>(&events[i]);
    if (restored == nullptr) continue;
    counts += restored->counts.size();
    if (restored->counts[0].dimension == Dimension::month_credits) continue;  // far from used up
    std::vector<JournalEvent> without = events;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(differences(without) > 0);
    std::vector<JournalEvent> changed = events;
    for (WindowCount& one : std::get<Restored>(changed[i]).counts) --one.used;
    CHECK(differences(changed) > 0);
  }
  CHECK(counts == 30 * 5 + 2 + 2);
  // And other settings are held against the same counts.
  Comparison comparison({.settings = world.settings});
  for (const JournalEvent& event : events) REQUIRE(comparison.run(event).has_value());
  CHECK(comparison.report().total.denied == denied);
  CHECK(comparison.report().total.passes + comparison.report().total.refused == 0);
}

}  // namespace
}  // namespace mc::budget
