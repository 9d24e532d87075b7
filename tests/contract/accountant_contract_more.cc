// Top-ups, reports, faults and races.
#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "accountant/replay.h"
#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

TopUp top_up_of(World& world, const char* amount, const std::string& id) {
  return {.tenant = TenantId("alpha"),
          .id = id,
          .dataset = "visits",
          .purpose = "research",
          .epsilon = epsilon(amount),
          .window_start = window_at(WindowLength(), world.clock.wall()).start,
          .expires_at = world.clock.wall() + seconds(3'600),
          .record = "audit/alpha:" + id};
}

void adds_to_one_window(World& world) {
  world.settings.plans["default"].window.epsilon = epsilon("1");
  const auto accountant = world.open();
  spent(*accountant, count_of("0.9", "a"), "1");
  const TopUp more = top_up_of(world, "2", "top_1");
  REQUIRE(accountant->add_top_up(more).has_value());
  CHECK(accountant->reports().top_ups({more.tenant, "visits", "research"})->size() == 1);
  spent(*accountant, count_of("1.6", "b"), "2");  // 2.5 of 1 + 2
  CHECK(refused(*accountant, count_of("0.6", "c")).epsilon_left == epsilon("0.5"));
  // What is used of it stays allowed, the rest is gone.
  CHECK(accountant->revoke_top_up(more.tenant, "top_1") == epsilon("0.5"));
  CHECK(accountant->revoke_top_up(more.tenant, "top_1").error().code == Code::conflict);
  CHECK(accountant->revoke_top_up(more.tenant, "top_9").error().code == Code::not_found);
  const Standing now = standing(*accountant, Scope::window, count_of("1", ""));
  CHECK(now.top_up == epsilon("1.5"));
  CHECK(now.epsilon_left == NanoEpsilon());
  check_books(*world.connect(sql::Access::read_only));
  world.clock.advance(seconds(31 * 86'400));
  CHECK(standing(*accountant, Scope::window, count_of("1", "")).epsilon_left == epsilon("1"));
}

void a_refund_gives_nothing_back_to_an_ended_one(World& world) {
  world.settings.plans["default"].window.epsilon = epsilon("1");
  const auto accountant = world.open();
  REQUIRE(accountant->add_top_up(top_up_of(world, "2", "top_1")).has_value());
  spent(*accountant, count_of("1", "a"), "1");
  const Reservation held = reserved(*accountant, count_of("1.5", "b"));
  world.clock.advance(seconds(3'600));  // it expires
  CHECK(standing(*accountant, Scope::window, count_of("1", "")).top_up == epsilon("1.5"));
  CHECK(refused(*accountant, count_of("0.1", "c")).epsilon_left == NanoEpsilon());
  REQUIRE(accountant->release(held.charge, "not needed").has_value());
  CHECK(refused(*accountant, count_of("0.1", "d")).epsilon_left == NanoEpsilon());
  CHECK(standing(*accountant, Scope::window, count_of("1", "")).top_up == NanoEpsilon());
  check_books(*world.connect(sql::Access::read_only));
}

void refuses_what_was_used_or_is_over(World& world) {
  const auto accountant = world.open();
  const TopUp first = top_up_of(world, "2", "top_1");
  REQUIRE(accountant->add_top_up(first).has_value());
  const auto code_of = [&](const std::function<void(TopUp&)>& change) {
    TopUp other = top_up_of(world, "1", "top_2");
    change(other);
    const Status added = accountant->add_top_up(other);
    return added ? std::string("none") : std::string(code_name(added.error().code));
  };
  CHECK(code_of([&](TopUp& t) { t = first; }) == "conflict");
  CHECK(code_of([&](TopUp& t) { t.record = first.record; }) == "conflict");
  CHECK(code_of([&](TopUp& t) { t.id = first.id; }) == "conflict");
  CHECK(code_of([&](TopUp& t) { t.expires_at = world.clock.wall(); }) == "denied");
  CHECK(code_of([&](TopUp& t) { t.window_start = t.window_start - seconds(30 * 86'400); }) ==
        "denied");
  CHECK(code_of([&](TopUp& t) { t.epsilon = epsilon("8.000000001"); }) == "denied");  // of 10
  CHECK(code_of([&](TopUp& t) { t.epsilon = NanoEpsilon(); }) == "invalid");
  CHECK(code_of([&](TopUp& t) { t.record = ""; }) == "invalid");
  CHECK(code_of([&](TopUp& t) { t.epsilon = epsilon("8"); }) == "none");
  // Replayed in the next window, it is still one that was used.
  world.clock.advance(seconds(31 * 86'400));
  CHECK(code_of([&](TopUp& t) { t = first; }) == "denied");
  CHECK(code_of([&](TopUp& t) { t.record = first.record; }) == "conflict");
  CHECK(accountant->settle_left_open() == 0);
  CHECK(accountant->revoke_top_up(first.tenant, "top_1").error().code == Code::conflict);
  // For good: 10 were there, of which nothing was used; 50 is the most.
  CHECK(standing(*accountant, Scope::window, count_of("1", "")).top_up == NanoEpsilon());
  CHECK(code_of([&](TopUp& t) {
          t.epsilon = epsilon("10");
          t.id = t.record = "x";
        }) == "none");
}

void spends_are_told_by_who_what_and_when(World& world) {
  const auto accountant = world.open();
  spent(*accountant, count_of("0.5", "a"), "1");
  Charge other = count_of("1", "b");
  other.analyst = PrincipalId("ben");
  other.query_type = "sum";
  world.clock.advance(seconds(86'400));
  const Reservation made = reserved(*accountant, other);
  REQUIRE(accountant->execute(made.charge).has_value());
  REQUIRE(accountant->abandon(made.charge).has_value());  // burned: spent all the same
  REQUIRE(accountant->release(reserved(*accountant, count_of("2", "c")).charge, "no").has_value());
  reserved(*accountant, count_of("3", "d"));
  const Subject subject{other.tenant, "visits", "research"};
  Reports& reports = accountant->reports();
  const auto names = [&](SpendBy by) {
    std::string out;
    const auto all = reports.spend(subject, by, window_at(WindowLength(), world.clock.wall()));
    REQUIRE_MESSAGE(all.has_value(), all.error().what);
    for (const Spend& each : *all) {
      out += each.name + "=" + to_decimal(each.epsilon) + "/" + std::to_string(each.charges) + " ";
    }
    return out;
  };
  CHECK(names(SpendBy::analyst) == "ana=0.5/1 ben=1/1 ");
  CHECK(names(SpendBy::query_type) == "count=0.5/1 sum=1/1 ");
  CHECK(names(SpendBy::day) == "2026-01-01=0.5/1 2026-01-02=1/1 ");
  const auto burn = reports.burn_down(subject, "default");
  REQUIRE_MESSAGE(burn.has_value(), burn.error().what);
  CHECK(burn->limit == epsilon("10"));
  REQUIRE(burn->points.size() >= 2);
  CHECK(burn->points.back() == BurnPoint{WallTime{1'767'312'000'000'000'000}, epsilon("1.5")});
  REQUIRE(burn->forecast.has_value());
  CHECK(burn->forecast->left == epsilon("5.5"));
  CHECK(reports.odometer(other.tenant, "visits")->spent.epsilon == epsilon("1.5"));
  CHECK(reports.odometer(TenantId("nobody"), "visits")->spent.epsilon == NanoEpsilon());
}

void reports_convert_what_is_not_epsilon(World& world) {
  world.settings.datasets["noisy"].filter = Filter::zcdp;
  world.settings.datasets["curved"].filter = Filter::rdp;
  world.settings.plans["default"].window = {
      .epsilon = epsilon("1"), .delta = *parse_delta("1e-6"), .rho = *parse_rho("0.02")};
  const auto accountant = world.open();
  Charge charge = count_of("1", "a");
  charge.dataset = "noisy";
  charge.cost = {.rho = *parse_rho("0.005")};
  spent(*accountant, charge, "1");
  const Standing by_rho = standing(*accountant, Scope::window, charge);
  CHECK(by_rho.rho_left == *parse_rho("0.015"));
  CHECK(by_rho.epsilon_reported == epsilon_of(*parse_rho("0.005"), kReportDelta));
  CHECK(by_rho.epsilon_left == epsilon_of(*parse_rho("0.015"), kReportDelta));
  charge.key = "b";
  charge.dataset = "curved";
  spent(*accountant, charge, "1");
  const Standing by_order = standing(*accountant, Scope::window, charge);
  const Amount amount = *amount_of(charge.cost, Filter::rdp);
  CHECK(by_order.epsilon_reported == epsilon_of(amount.curve, kReportDelta));
  CHECK(by_order.epsilon_left < epsilon("1"));
  CHECK(by_order.epsilon_left > epsilon("0.4"));
  // A top-up of epsilon raises every order alike, and means nothing to rho.
  TopUp more = top_up_of(world, "0.5", "top_1");
  more.dataset = "noisy";
  CHECK(accountant->add_top_up(more).error().code == Code::denied);
  more.dataset = "curved";
  REQUIRE(accountant->add_top_up(more).has_value());
  CHECK(standing(*accountant, Scope::window, charge).epsilon_left ==
        *by_order.epsilon_left + epsilon("0.5"));
  CHECK(accountant->revoke_top_up(more.tenant, "top_1") == epsilon("0.5"));
}

void charges_are_listed_page_by_page(World& world) {
  const auto accountant = world.open();
  std::vector<std::string> newest_first;
  for (int i = 0; i < 7; ++i) {
    const std::string key = "k" + std::to_string(i);
    spent(*accountant, count_of("0.1", key), "1");
    newest_first.insert(newest_first.begin(), key);
    if (i % 2 == 0) world.clock.advance(millis(1));  // some at the same time
  }
  Charge other = count_of("0.1", "elsewhere");
  other.purpose = "fraud-risk";
  spent(*accountant, other, "1");
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto page =
        accountant->reports().charges({other.tenant, "visits", "research"}, cursor, 3);
    REQUIRE_MESSAGE(page.has_value(), page.error().what);
    for (const ChargeRecord& each : page->charges) seen.push_back(each.charge.key);
    cursor = page->next;
  } while (!cursor.empty());
  CHECK(seen.size() == newest_first.size());
  CHECK(std::set(seen.begin(), seen.end()) == std::set(newest_first.begin(), newest_first.end()));
  CHECK(seen.back() == "k0");
  CHECK(accountant->reports().charges({other.tenant, "visits", ""}, "", 200)->charges.size() == 8);
  CHECK(accountant->reports().charges({other.tenant, "visits", ""}, "", 0).error().code ==
        Code::invalid);
  CHECK(accountant->reports().charges({other.tenant, "visits", ""}, "x.y", 9).error().code ==
        Code::invalid);
}

void the_best_result_of_a_query_is_found(World& world) {
  const auto accountant = world.open();
  const Charge charge = count_of("0.5", "a");
  const auto found = [&](Accountant& by, const std::string& tenant, const std::string& query) {
    const auto told = by.released(TenantId(tenant), query);
    REQUIRE_MESSAGE(told.has_value(), told.error().what);
    return *told ? (*told)->result : "none";
  };
  CHECK(found(*accountant, "alpha", charge.query) == "none");
  const auto spend_as = [&](const char* cost, const char* key, const std::string& result) {
    Charge other = charge;
    other.cost.epsilon = epsilon(cost);
    other.key = key;
    spent(*accountant, other, result);
  };
  const std::string bytes("\0\xff half", 7);
  spend_as("0.5", "a", bytes);
  CHECK(found(*accountant, "alpha", charge.query) == bytes);
  spend_as("2", "b", "two");
  spend_as("0.25", "c", "quarter");
  CHECK(found(*accountant, "alpha", charge.query) == "two");
  // What was not committed, is another tenant's, or another query is not it.
  Charge open = charge;
  open.cost.epsilon = epsilon("3");
  open.key = "d";
  const Reservation held = reserved(*accountant, open);
  REQUIRE(accountant->execute(held.charge).has_value());
  CHECK(found(*accountant, "alpha", charge.query) == "two");
  REQUIRE(accountant->abandon(held.charge).has_value());
  CHECK(found(*accountant, "alpha", charge.query) == "two");
  CHECK(found(*accountant, "beta", charge.query) == "none");
  CHECK(found(*accountant, "alpha", charge.query + "0") == "none");
  const auto told = accountant->released(charge.tenant, charge.query);
  CHECK((*told)->charge.key == "b");
  CHECK((*told)->state == State::committed);
  CHECK((*told)->result_hash == crypto::Sha256().add("two").finish());
}

void the_hash_is_that_of_a_replay(World& world) {
  Replay replay("7");
  world.settings.policy_version = "7";
  const auto check = [&](Accountant& accountant) {
    const auto told = accountant.reports().accountant_hash(TenantId("alpha"), "visits");
    REQUIRE_MESSAGE(told.has_value(), told.error().what);
    CHECK(told->hash == replay.hash());
    CHECK(told->charges == replay.charges());
  };
  {
    const auto accountant = world.open();
    check(*accountant);
    for (int i = 0; i < 5; ++i) {
      const Reservation made = reserved(*accountant, count_of("0.25", "k" + std::to_string(i)));
      REQUIRE(accountant->execute(made.charge).has_value());
      if (i == 3) {
        REQUIRE(accountant->abandon(made.charge).has_value());
      } else {
        REQUIRE(accountant->commit(made.charge, std::to_string(i)).has_value());
      }
      const auto stored = accountant->reports().charge(made.charge);
      REQUIRE(stored.has_value());
      const Status added = replay.add(*stored);
      REQUIRE_MESSAGE(added.has_value(), added.error().what);
      check(*accountant);
    }
    CHECK(replay.spent().epsilon == epsilon("1.25"));
  }
  check(*world.open());
}

// One life of a charge and a top-up against a connection whose n-th statement fails; whatever was
// told, the books are right afterwards.
bool survives_fault(World& world, std::int64_t n, sim::FaultyConnection::Fault fault) {
  auto owner = std::make_unique<FaultyOwner>(world.connect(sql::Access::read_write));
  FaultyOwner& connection = *owner;
  const std::string key = "n" + std::to_string(n) + "." + std::to_string(static_cast<int>(fault));
  const Charge charge = count_of("0.05", key);
  std::string told;
  bool failed = false;
  {
    const auto accountant = world.open_on(std::move(owner));
    connection.faulty.fail_at(n, fault);
    TopUp more = top_up_of(world, "0.01", key);
    failed = !accountant->add_top_up(more);
    auto reply = accountant->reserve(charge);
    if (!reply) {
      failed = true;
      CHECK(reply.error().code == Code::unavailable);
      reply = accountant->reserve(charge);  // which is safe to repeat
    }
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    const ChargeRef ref = std::get<Reservation>(*reply).charge;
    if (accountant->execute(ref)) {
      auto released = accountant->commit(ref, "secret " + key);
      if (!released) {
        failed = true;
        released = accountant->commit(ref, "secret " + key);
      }
      REQUIRE_MESSAGE(released.has_value(), released.error().what);
      told = released->bytes;
    } else {
      failed = true;
      REQUIRE(accountant->abandon(ref).has_value());
    }
    check_books(*world.connect(sql::Access::read_only));
  }
  const auto accountant = world.open();
  check_books(*world.connect(sql::Access::read_only));
  const Reservation now = reserved(*accountant, charge);
  CHECK(now.state != State::reserved);
  CHECK(now.state != State::executing);
  CHECK(now.result == told);
  return failed;
}

}  // namespace

void run_top_ups(const Fresh& fresh) {
  SUBCASE("adds to one window, and is revocable while unspent") {
    World world(fresh());
    adds_to_one_window(world);
  }
  SUBCASE("a refund gives nothing back to one that has ended") {
    World world(fresh());
    a_refund_gives_nothing_back_to_an_ended_one(world);
  }
  SUBCASE("what was used or is over is refused") {
    World world(fresh());
    refuses_what_was_used_or_is_over(world);
  }
}

void run_reports(const Fresh& fresh) {
  SUBCASE("spends are told by who, what and when") {
    World world(fresh());
    spends_are_told_by_who_what_and_when(world);
  }
  SUBCASE("reports convert what is not epsilon") {
    World world(fresh());
    reports_convert_what_is_not_epsilon(world);
  }
  SUBCASE("charges are listed page by page") {
    World world(fresh());
    charges_are_listed_page_by_page(world);
  }
  SUBCASE("the best result of a query is found") {
    World world(fresh());
    the_best_result_of_a_query_is_found(world);
  }
  SUBCASE("the hash is that of a replay") {
    World world(fresh());
    the_hash_is_that_of_a_replay(world);
  }
}

void run_faults(const Fresh& fresh) {
  using Fault = sim::FaultyConnection::Fault;
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    World world(fresh());
    std::int64_t n = 1;
    while (survives_fault(world, n, fault)) ++n;
    CHECK(n > 15);  // statements of one life
  }
}

void run_races(const Fresh& fresh, int clients) {
  World world(fresh());
  const auto accountant = world.open();
  spent(*accountant, count_of("5", "a"), "1");
  spent(*accountant, count_of("4.95", "b"), "1");
  std::atomic<int> won = 0, lost = 0, wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      const auto reply = accountant->reserve(count_of("0.05", "race" + std::to_string(i)));
      if (!reply) {
        ++wrong;
      } else if (std::holds_alternative<Refusal>(*reply)) {
        ++lost;
      } else {
        const ChargeRef ref = std::get<Reservation>(*reply).charge;
        ++won;
        if (!accountant->execute(ref) || !accountant->commit(ref, "1")) ++wrong;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(won == 1);
  CHECK(lost == clients - 1);
  CHECK(wrong == 0);
  check_books(*world.connect(sql::Access::read_only));
}

}  // namespace mc::accountant::contract
