#include "budget/override.h"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "budget/book.h"
#include "budget/settings.h"

namespace mc::budget {
namespace {

constexpr std::int64_t kStartMs = 1'800'000'000'000;
const std::vector<std::string> kPaths = {"/graphql", "/shop"};

WallTime wall_at(std::int64_t ms) {
  return from_unix_ms(kStartMs + ms);
}
Moment at_ms(std::int64_t ms) {
  return Moment::of(millis(ms), wall_at(ms));
}

Override rule_of(const std::string& id, std::int64_t from_s, std::int64_t until_s) {
  Override out;
  out.id = id;
  out.tenant = "alpha";
  out.amount = 6;
  out.from = wall_at(from_s * 1'000);
  out.until = wall_at(until_s * 1'000);
  out.reason = "incident";
  out.note = "the shop is slow";
  out.ticket = "TKT-1";
  out.state = OverrideState::active;
  return out;
}

std::unique_ptr<Book> book_of(const BudgetSettings& settings) {
  auto made = Book::make(settings, kPaths);
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}
BudgetSettings two_a_second() {
  BudgetSettings out;
  out.plans["starter"].gql_qps = 2;
  return out;
}

const Amounts kOne = Amounts().set(Dimension::requests, 1).set(Dimension::seats, 1);
const Book::Who kAlpha{"alpha", "starter", "ana", 0};

int admitted(Book& book, const Moment& at, const Book::Who& who = kAlpha) {
  int count = 0;
  for (int i = 0; i < 100; ++i) {
    Reservation held;
    count += book.reserve(who, kOne, at, held).admitted ? 1 : 0;
  }
  return count;
}

TEST_CASE("override: factors are exact decimals") {
  struct Row {
    const char* text;
    std::int64_t thousandths;
    const char* printed;
  };
  const Row rows[] = {{"1.5", 1'500, "1.5"},
                      {"3", 3'000, "3"},
                      {"0.001", 1, "0.001"},
                      {"10.250", 10'250, "10.25"},
                      {"1000", 1'000'000, "1000"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(*parse_factor(row.text) == row.thousandths);
    CHECK(print_factor(row.thousandths) == row.printed);
  }
  for (const char* bad : {"", ".", "1.", ".5", "0", "0.000", "1000.001", "1e3", "-1", "+1", "1,5",
                          "1.2345", " 1", "10000", "0x1", "1.5 "}) {
    CAPTURE(bad);
    const auto parsed = parse_factor(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().what.starts_with("factor: "));
  }
}

TEST_CASE("override: what may be asked for, and which field is wrong") {
  const WallTime now = wall_at(0);
  const Override good = rule_of("a", 0, 3'600);
  CHECK(check(good, now).has_value());
  const auto refused = [&](auto&& change) {
    Override wanted = good;
    change(wanted);
    const Status checked = check(wanted, now);
    return checked ? std::string("nothing") : checked.error().what;
  };
  using O = Override;
  CHECK(refused([](O& o) { o.scope = Scope::plan; }).starts_with("scope: "));
  CHECK(refused([](O& o) { o.scope = Scope::tenant_class; }) ==
        "scope: limits of a class (tenant-class) cannot be overridden");
  CHECK(refused([](O& o) { o.route = "/shop"; }).starts_with("route: "));
  CHECK(refused([](O& o) { o.scope = Scope::tenant_route; }).starts_with("route: "));
  CHECK(refused([](O& o) { o.factor = 2'000; }).starts_with("amount: "));
  CHECK(refused([](O& o) { o.amount.reset(); }).starts_with("amount: "));
  CHECK(refused([](O& o) {
          o.amount.reset();
          o.factor = kFactorMax + 1;
        }).starts_with("factor: "));
  CHECK(refused([](O& o) { o.reason = "because"; }).starts_with("reason: it is one of incident, "));
  CHECK(refused([](O& o) { o.note = ""; }).starts_with("note: "));
  CHECK(refused([](O& o) { o.note = std::string(kNoteBytesMax + 1, 'x'); }).starts_with("note: "));
  CHECK(refused([](O& o) { o.note = "two\nlines"; }).starts_with("note: "));
  CHECK(refused([](O& o) { o.ticket = ""; }).starts_with("ticket: "));
  CHECK(refused([](O& o) { o.from = wall_at(-1); }).starts_with("from: "));
  CHECK(refused([](O& o) { o.until = o.from; }).starts_with("until: "));
  CHECK(refused([](O& o) { o.until = o.from + kOverrideMax + millis(1); }).starts_with("until: "));
  CHECK(refused([](O& o) { o.until = o.from + kOverrideMax; }) == "nothing");
  CHECK(refused([](O& o) {
          o.from = wall_at(0) + kOverrideAheadMax + millis(1);
          o.until = o.from + seconds(1);
        }).starts_with("from: "));
}

TEST_CASE("override: amounts and factors on the settings of a scope") {
  LimitSettings plan;
  plan.gql_qps = 5;
  plan.burst = 2;
  Override by = rule_of("a", 0, 1);
  by.amount.reset();
  by.factor = 1'500;
  CHECK(*overridden(plan, by)->gql_qps == 7);  // 7.5
  CHECK(Limits::make(*overridden(plan, by))->find(Dimension::requests)->rate->limit().burst == 14);
  by.factor = 1;
  CHECK(*overridden(plan, by)->gql_qps == 1);
  by.dimension = Dimension::seats;
  const auto none = overridden(plan, by);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().what ==
        "factor: the plan has no limit of seats of scope tenant to multiply; give an amount");
  by.factor.reset();
  by.amount = 3;
  CHECK(*overridden(plan, by)->seats == 3);
  for (const std::int64_t wrong : {std::int64_t{0}, std::int64_t{-1}, kHeldMax + 1, INT64_MAX}) {
    by.amount = wrong;
    const auto refused = overridden(plan, by);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what.starts_with("amount: seats: "));
  }
  by.dimension = Dimension::requests;
  by.amount.reset();
  by.factor = kFactorMax;
  plan.gql_qps = kPerSecondMax;
  CHECK(overridden(plan, by).error().what.starts_with("factor: gql_qps: "));
}

TEST_CASE("book: an override is in force for the next request, and ends to the millisecond") {
  const auto book = book_of(two_a_second());
  CHECK(admitted(*book, at_ms(0)) == 2);
  book->set_overrides("alpha", {rule_of("a", 10, 20)});
  CHECK(admitted(*book, at_ms(9'999)) == 2);
  CHECK(admitted(*book, at_ms(11'000)) == 6);
  CHECK(admitted(*book, at_ms(12'000), {"bravo", "starter", "ben"}) == 2);
  CHECK(admitted(*book, at_ms(19'999)) == 6);
  CHECK(admitted(*book, at_ms(20'000)) == 0);  // all of this second's were used
  CHECK(admitted(*book, at_ms(21'000)) == 2);
  // A calendar that is set back does not bring it back.
  CHECK(admitted(*book, Moment::of(seconds(30), wall_at(15'000))) == 2);
  book->set_overrides("alpha", {rule_of("a", 10, 20)});
  CHECK(admitted(*book, Moment::of(seconds(40), wall_at(15'000))) == 2);
}

TEST_CASE("book: what began last wins, in each scope and dimension, and revoking brings back") {
  const auto book = book_of(two_a_second());
  Override early = rule_of("early", 0, 100), late = rule_of("late", 5, 50);
  late.amount = 4;
  Override seats = rule_of("seats", 0, 100);
  seats.dimension = Dimension::seats;
  Override pending = rule_of("pending", 6, 100);
  pending.state = OverrideState::pending;
  book->set_overrides("alpha", {late, pending, seats, early});
  CHECK(admitted(*book, at_ms(1'000)) == 6);
  CHECK(admitted(*book, at_ms(6'000)) == 4);
  CHECK(admitted(*book, at_ms(51'000)) == 6);
  late.until = wall_at(90'000);
  book->set_overrides("alpha", {early, late, seats});
  CHECK(admitted(*book, at_ms(60'000)) == 4);
  book->set_overrides("alpha", {late, seats});  // early is revoked
  CHECK(admitted(*book, at_ms(62'000)) == 4);
  book->set_overrides("alpha", {});
  CHECK(admitted(*book, at_ms(64'000)) == 2);
}

TEST_CASE("book: a limit without a plan, and one of each user") {
  BudgetSettings settings = two_a_second();
  settings.admission.global.gql_qps = 1'000;
  const auto book = book_of(settings);
  const Book::Who gold{"alpha", "gold", "ana", 0};
  CHECK(admitted(*book, at_ms(0), gold) == 100);
  Override users = rule_of("u", 0, 100);
  users.scope = Scope::tenant_user;
  Override shop = rule_of("s", 0, 100);
  shop.scope = Scope::tenant_route;
  shop.route = "/shop";
  shop.amount = 9;
  book->set_overrides("alpha", {users, shop});
  CHECK(admitted(*book, at_ms(2'000), gold) == 6);
  CHECK(admitted(*book, at_ms(2'000), {"alpha", "gold", "ben", 1}) == 6);
  CHECK(admitted(*book, at_ms(2'000), {"alpha", "gold", "cem", 1}) == 3);
  CHECK(admitted(*book, at_ms(2'000), {"bravo", "gold", "ben", 1}) == 100);
  Override twice = users;
  twice.amount.reset();
  twice.factor = 2'000;
  book->set_overrides("alpha", {twice});  // nothing to multiply
  CHECK(admitted(*book, at_ms(9'000), gold) == 100);
}

TEST_CASE("book: what is open is settled with the limits that it was taken from") {
  BudgetSettings settings;
  settings.plans["starter"].credits_per_s = 100;
  settings.plans["starter"].seats = 1;
  const auto book = book_of(settings);
  Override credits = rule_of("c", 0, 100);
  credits.dimension = Dimension::credits;
  credits.amount = 1'000;
  Override seats = rule_of("s", 0, 100);
  seats.dimension = Dimension::seats;
  seats.amount = 3;
  book->set_overrides("alpha", {credits, seats});
  const Amounts whole = Amounts().set(Dimension::credits, 1'000).set(Dimension::seats, 1);
  Reservation first, second;
  REQUIRE(book->reserve(kAlpha, whole, at_ms(1'000), first).admitted);
  book->set_overrides("alpha", {});
  const Amounts one = Amounts().set(Dimension::credits, 1).set(Dimension::seats, 1);
  CHECK_FALSE(book->reserve(kAlpha, one, at_ms(1'000), second).admitted);
  first.settle(Amounts().set(Dimension::credits, 500).set(Dimension::seats, 1), at_ms(1'000));
  const std::vector<Book::Line> lines = book->effective(kAlpha, at_ms(1'000));
  REQUIRE(lines.size() == 2);
  CHECK(*lines[0].left == 50);  // half of the time's credits were used
  CHECK(*lines[1].left == 1);
}

TEST_CASE("book: what an override would change, and when it takes two") {
  BudgetSettings settings = two_a_second();
  settings.plans["starter"].routes["/shop"].seats = 4;
  const auto book = book_of(settings);
  Override wanted = rule_of("a", 0, 100);
  const auto change = [&] { return *book->change_by(wanted, "starter", wall_at(1'000)); };
  CHECK(*change().before == 2);
  CHECK(*change().after == 6);
  CHECK_FALSE(change().takes_two());
  wanted.amount = 7;
  CHECK(change().takes_two());
  // Not in two steps either.
  book->set_overrides("alpha", {rule_of("first", 0, 100)});
  CHECK(*change().before == 6);
  CHECK(change().takes_two());
  // A low limit is no reason to ask less of what is far above it.
  Override low = rule_of("low", 0, 100);
  low.amount = 1;
  book->set_overrides("alpha", {low});
  wanted.amount = 4;
  CHECK(change().takes_two());
  wanted.amount = 3;
  CHECK_FALSE(change().takes_two());
  // Where there was no limit it only takes away.
  wanted.dimension = Dimension::exports;
  wanted.amount = 1'000;
  CHECK_FALSE(change().before.has_value());
  CHECK_FALSE(change().takes_two());
  wanted.scope = Scope::tenant_route;
  wanted.route = "/shop";
  wanted.dimension = Dimension::seats;
  wanted.amount.reset();
  wanted.factor = 3'001;
  CHECK(*change().after == 12);
  CHECK_FALSE(change().takes_two());
  wanted.route = "/nowhere";
  CHECK(book->change_by(wanted, "starter", wall_at(0)).error().what.starts_with("route: "));
  CHECK(book_of({})
            ->change_by(wanted, "starter", wall_at(0))
            .error()
            .what.starts_with("dimension: nothing is limited on this server"));
}

TEST_CASE("book: while overrides come and go no thread gets more than the largest limit has") {
  const auto book = book_of(two_a_second());
  const Override rule = rule_of("a", 0, 100);
  std::atomic<int> count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        if (t == 0)
          book->set_overrides("alpha", i % 2 == 0 ? std::vector{rule} : std::vector<Override>());
        Reservation held;
        count += book->reserve(kAlpha, kOne, at_ms(1'000), held).admitted ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count >= 2);
  CHECK(count <= 6);
}

// The slow twin: all overrides that there ever were, and every admission with the time that it
// costs; what holds is looked for anew at each request.
struct Slow {
  struct Key {
    Scope scope;
    std::string route;
    Dimension dimension;
    auto operator<=>(const Key&) const = default;
  };
  struct Quota {
    std::int64_t amount;
    std::string id;
  };
  std::map<std::string, std::map<Key, std::int64_t>> plans;
  std::vector<Override> rules;
  std::map<Key, __int128> full_at;   // of rates, in ticks
  std::map<Key, std::int64_t> held;  // seats

  std::optional<Quota> quota(const std::string& plan, const Key& key, std::int64_t ms) const {
    std::optional<Quota> out;
    const auto& of_plan = plans.at(plan);
    const auto at = of_plan.find(key);
    if (at != of_plan.end()) out = Quota{at->second, ""};
    const Override* last = nullptr;
    for (const Override& rule : rules) {
      const bool fits = rule.scope == key.scope && rule.route == key.route &&
                        rule.dimension == key.dimension && rule.state == OverrideState::active;
      const bool now = rule.from <= wall_at(ms) && wall_at(ms) < rule.until;
      if (fits && now && (last == nullptr || last->from <= rule.from)) last = &rule;
    }
    if (last == nullptr) return out;
    if (last->amount) return Quota{*last->amount, last->id};
    if (!out) return out;
    const std::int64_t times = out->amount * *last->factor / 1'000;
    return Quota{times < 1 ? 1 : times, last->id};
  }
  static __int128 each(std::int64_t amount) { return (64'000'000'000 + amount - 1) / amount; }
  __int128 level(const Key& key, std::int64_t ms) const {
    const auto at = full_at.find(key);
    const __int128 now = static_cast<__int128>(ms) * 64'000'000;
    return at == full_at.end() || at->second < now ? 0 : at->second - now;
  }
  std::int64_t left(const Key& key, std::int64_t amount, std::int64_t ms) const {
    if (key.dimension == Dimension::seats) {
      const auto at = held.find(key);
      return std::max<std::int64_t>(amount - (at == held.end() ? 0 : at->second), 0);
    }
    const __int128 room = each(amount) * amount - level(key, ms);
    return room < 0 ? 0 : static_cast<std::int64_t>(room / each(amount));
  }
  bool admit(const std::string& plan, const std::vector<Key>& keys, std::int64_t ms) {
    for (const Key& key : keys) {
      const auto now = quota(plan, key, ms);
      if (now && left(key, now->amount, ms) < 1) return false;
    }
    for (const Key& key : keys) {
      const auto now = quota(plan, key, ms);
      if (!now) continue;
      if (key.dimension == Dimension::seats) ++held[key];
      if (key.dimension == Dimension::seats) continue;
      full_at[key] = static_cast<__int128>(ms) * 64'000'000 + level(key, ms) + each(now->amount);
    }
    return true;
  }
};

std::vector<Slow::Key> keys_of(const std::string& route) {
  std::vector<Slow::Key> out;
  for (const Dimension dimension : {Dimension::requests, Dimension::seats}) {
    out.push_back({Scope::tenant, "", dimension});
    out.push_back({Scope::tenant_route, route, dimension});
    out.push_back({Scope::tenant_user, "", dimension});
  }
  return out;
}

void check_lines(const Book& book, const Slow& slow, const std::string& plan, std::int64_t ms) {
  const auto lines = book.effective({"alpha", plan, "ana", Book::kAllRoutes}, at_ms(ms));
  std::size_t expected = 0;
  for (const std::string& route : kPaths) {
    for (const Slow::Key& key : keys_of(route)) {
      const auto wanted = slow.quota(plan, key, ms);
      const auto line = std::ranges::find_if(lines, [&](const Book::Line& one) {
        return one.scope == key.scope && one.route == key.route && one.dimension == key.dimension;
      });
      REQUIRE((line != lines.end()) == wanted.has_value());
      if (!wanted) continue;
      expected += key.scope == Scope::tenant_route || route == kPaths[0] ? 1 : 0;
      REQUIRE(line->quota == wanted->amount);
      REQUIRE(line->id == wanted->id);
      REQUIRE(*line->left == slow.left(key, wanted->amount, ms));
    }
  }
  REQUIRE(lines.size() == expected);
}

Override random_rule(std::mt19937_64& random, int number, std::int64_t ms) {
  const auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  Override out = rule_of("ovr_" + std::to_string(number), 0, 0);
  constexpr Scope kOwn[] = {Scope::tenant, Scope::tenant_route, Scope::tenant_user};
  out.scope = kOwn[pick(3)];
  if (out.scope == Scope::tenant_route) out.route = kPaths[static_cast<std::size_t>(pick(2))];
  out.dimension = pick(2) == 0 ? Dimension::requests : Dimension::seats;
  if (pick(2) == 0) {
    out.amount = 1 + pick(9);
  } else {
    out.amount.reset();
    out.factor = 1 + pick(4'000);
  }
  out.from = wall_at(ms + pick(3) * 500);
  out.until = out.from + millis(1 + pick(4'000));
  out.record = number;  // of those that begin together the later one wins
  return out;
}

// Random overrides, revocations, plans and requests on a virtual clock: the book admits what the
// twin does, and says of each limit what the twin does.
TEST_CASE("book: with random overrides it does what it says") {
  std::mt19937_64 random(23);
  std::int64_t changed = 0;
  for (int round = 0; round < 60; ++round) {
    BudgetSettings settings;
    Slow slow;
    for (const char* plan : {"a", "b"}) {
      PlanSettings& made = settings.plans[plan];
      auto& twin = slow.plans[plan];
      const auto set = [&](LimitSettings& into, Scope scope, const std::string& route) {
        if (random() % 2 == 0) into.gql_qps = static_cast<std::int64_t>(1 + random() % 9);
        if (random() % 2 == 0) into.seats = static_cast<std::int64_t>(1 + random() % 5);
        if (into.gql_qps) twin[{scope, route, Dimension::requests}] = *into.gql_qps;
        if (into.seats) twin[{scope, route, Dimension::seats}] = *into.seats;
      };
      set(made, Scope::tenant, "");
      set(made.users, Scope::tenant_user, "");
      set(made.routes["/shop"], Scope::tenant_route, "/shop");
    }
    settings.admission.global.gql_qps = 1'000'000;
    const auto book = book_of(settings);
    struct Open {
      Reservation reservation;
      std::vector<Slow::Key> seats;
    };
    std::vector<Open> open;
    std::int64_t ms = 0;
    std::string plan = "a";
    for (int step = 0; step < 400; ++step) {
      const std::uint64_t dice = random() % 20;
      if (dice < 3) ms += static_cast<std::int64_t>(random() % 800);
      if (dice == 3) plan = plan == "a" ? "b" : "a";
      if (dice == 4) slow.rules.push_back(random_rule(random, step, ms));
      if (dice == 5 && !slow.rules.empty()) {
        slow.rules[random() % slow.rules.size()].state = OverrideState::revoked;
      }
      if (dice == 4 || dice == 5) book->set_overrides("alpha", slow.rules);
      if (dice == 6) {
        // To where something begins or ends, or just before.
        for (const Override& rule : slow.rules) {
          const std::int64_t end = to_unix_ms(rule.until) - kStartMs;
          if (end > ms) ms = end - static_cast<std::int64_t>(random() % 2);
        }
      }
      if (dice == 7 && !open.empty()) {
        for (const Slow::Key& key : open.back().seats) --slow.held[key];
        open.back().reservation.settle(kOne, at_ms(ms));
        open.pop_back();
      }
      if (dice > 7) {
        const std::size_t route = random() % 2;
        const std::vector<Slow::Key> keys = keys_of(kPaths[route]);
        Open one;
        for (const Slow::Key& key : keys) {
          const bool limited = slow.quota(plan, key, ms).has_value();
          if (limited && key.dimension == Dimension::seats) one.seats.push_back(key);
        }
        const bool wanted = slow.admit(plan, keys, ms);
        const Book::Who who{"alpha", plan, "ana", route};
        REQUIRE(book->reserve(who, kOne, at_ms(ms), one.reservation).admitted == wanted);
        changed += wanted ? 1 : 0;
        if (wanted) open.push_back(std::move(one));
      }
      check_lines(*book, slow, plan, ms);
    }
  }
  CHECK(changed > 1'000);
}

}  // namespace
}  // namespace mc::budget
