#include <doctest/doctest.h>

#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

void a_result_is_released_once(World& world) {
  const auto accountant = world.open();
  const Charge charge = count_of("0.5", "k1");
  const Reservation made = reserved(*accountant, charge);
  CHECK(made.state == State::reserved);
  CHECK_FALSE(made.earlier);
  CHECK(accountant->commit(made.charge, "41").error().code == Code::conflict);
  REQUIRE(accountant->execute(made.charge).has_value());
  CHECK(accountant->execute(made.charge).error().code == Code::conflict);
  CHECK(reserved(*accountant, charge).state == State::executing);
  const auto released = accountant->commit(made.charge, "41");
  REQUIRE(released.has_value());
  CHECK(released->bytes == "41");
  CHECK(released->seq == 1);
  // The same bytes once more, as after a lost reply; other bytes never.
  CHECK(accountant->commit(made.charge, "41") == *released);
  CHECK(accountant->commit(made.charge, "42").error().code == Code::conflict);
  const Reservation again = reserved(*accountant, charge);
  CHECK(again.earlier);
  CHECK(again.state == State::committed);
  CHECK(again.result == "41");
  CHECK(again.result_hash == released->hash);
  Charge other = charge;
  other.tenant = TenantId("beta");
  CHECK_FALSE(reserved(*accountant, other).earlier);
  const Standing window = standing(*accountant, Scope::window, charge);
  CHECK(window.spent.epsilon == epsilon("0.5"));
  CHECK(window.reserved.epsilon == NanoEpsilon());
  CHECK(window.epsilon_left == epsilon("9.5"));
}

// Who asks the same again gets the first answer, whatever it cost and whoever asked first.
void a_key_stands_for_one_question(World& world) {
  world.settings.plans["other"] = {.query_default = epsilon("0.1"), .query_max = epsilon("0.1")};
  const Charge charge = count_of("0.5", "k1");
  {
    const auto accountant = world.open();
    const ReleasedResult first = spent(*accountant, charge, "41");
    const std::function<void(Charge&)> same[] = {
        [](Charge& c) { c.analyst = PrincipalId("ben"); },
        [](Charge& c) { c.plan = "other"; },  // of which it would be too much
        [](Charge& c) { c.cost.epsilon = epsilon("0.25"); },
        [](Charge& c) { c.cost.delta = AttoDelta(5); },  // which pure does not take
        [](Charge& c) { c.cost.epsilon = epsilon("1000"); },
        [](Charge& c) { c.reach = Reach::tenant; },
    };
    for (std::size_t i = 0; i < std::size(same); ++i) {
      CAPTURE(i);
      Charge again = charge;
      same[i](again);
      const auto reply = accountant->reserve(again, Then::execute);
      REQUIRE(reply.has_value());
      REQUIRE(std::holds_alternative<Reservation>(*reply));
      CHECK(std::get<Reservation>(*reply).earlier);
      CHECK(std::get<Reservation>(*reply).result == first.bytes);
    }
  }
  const auto accountant = world.open();
  const std::function<void(Charge&)> different[] = {
      [](Charge& c) { c.dataset = "other"; },
      [](Charge& c) { c.purpose = "support"; },
      [](Charge& c) { c.query = "sha256:of-k2"; },
      [](Charge& c) { c.query_type = "sum"; },
      [](Charge& c) { c.mechanism = "discrete_gaussian"; },
      [](Charge& c) { c.events = Window{WallTime{}, WallTime{} + seconds(1)}; },
  };
  for (std::size_t i = 0; i < std::size(different); ++i) {
    CAPTURE(i);
    Charge other = charge;
    different[i](other);
    const auto reply = accountant->reserve(other);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::conflict);
  }
  CHECK(standing(*accountant, Scope::lifetime, charge).spent.epsilon == epsilon("0.5"));
}

// How long reading took depends on the rows that were read.
void nothing_tells_how_long_it_took(World& world) {
  const auto accountant = world.open();
  Charge charge = count_of("0.5", "");
  for (const bool commits : {true, false}) {
    std::vector<ChargeRecord> seen;
    for (const int ms : {1, 2'000}) {
      charge.key = std::to_string(ms) + (commits ? "committed" : "burned");
      const WallTime begun = whole_ms(world.clock.wall());
      const Reservation made = reserved(*accountant, charge);
      REQUIRE(accountant->execute(made.charge).has_value());
      world.clock.advance(millis(ms));
      if (commits) {
        REQUIRE(accountant->commit(made.charge, "41").has_value());
      } else {
        REQUIRE(accountant->abandon(made.charge).has_value());
      }
      seen.push_back(*accountant->reports().charge(made.charge));
      CHECK(seen.back().reserved_at == begun);
      CHECK(seen.back().settled_at == begun);
    }
    CHECK(seen[0].seq < seen[1].seq);
  }
  const Reservation made = reserved(*accountant, count_of("0.5", "released"));
  world.clock.advance(millis(5));
  REQUIRE(accountant->release(made.charge, "not needed").has_value());
  CHECK(accountant->reports().charge(made.charge)->settled_at == whole_ms(world.clock.wall()));
}

void two_steps_in_one(World& world) {
  const auto accountant = world.open();
  const Charge charge = count_of("0.5", "k1");
  const auto reply = accountant->reserve(charge, Then::execute);
  REQUIRE(reply.has_value());
  const Reservation& made = std::get<Reservation>(*reply);
  CHECK(made.state == State::executing);
  CHECK_FALSE(made.earlier);
  // Whoever comes second sees that it is not theirs.
  const auto second = accountant->reserve(charge, Then::execute);
  CHECK(std::get<Reservation>(*second).earlier);
  CHECK(accountant->execute(made.charge).error().code == Code::conflict);
  CHECK(accountant->release(made.charge, "why").error().code == Code::conflict);
  CHECK(accountant->commit(made.charge, "41")->seq == 1);
}

void each_state_allows_what_it_does(World& world) {
  const auto accountant = world.open();
  int number = 0;
  const auto in_state = [&](State state) {
    const Reservation made = reserved(*accountant, count_of("0.1", "s" + std::to_string(++number)));
    if (state == State::reserved) return made.charge;
    if (state == State::released) {
      REQUIRE(accountant->release(made.charge, "not needed").has_value());
      return made.charge;
    }
    REQUIRE(accountant->execute(made.charge).has_value());
    if (state == State::committed) REQUIRE(accountant->commit(made.charge, "7").has_value());
    if (state == State::burned) REQUIRE(accountant->abandon(made.charge).has_value());
    return made.charge;
  };
  struct Row {
    State state;
    bool executes, commits, releases, refunds;
    State abandoned;
  };
  using enum State;
  const Row rows[] = {{reserved, true, false, true, true, released},
                      {executing, false, true, false, true, burned},
                      {committed, false, false, false, false, committed},
                      {burned, false, false, false, false, burned},
                      {released, false, false, false, false, released}};
  for (const Row& row : rows) {
    CAPTURE(name_of(row.state));
    CHECK(accountant->execute(in_state(row.state)).has_value() == row.executes);
    CHECK(accountant->commit(in_state(row.state), "8").has_value() == row.commits);
    CHECK(accountant->release(in_state(row.state), "why").has_value() == row.releases);
    CHECK(accountant->refund(in_state(row.state), DataIndependent::no_capacity).has_value() ==
          row.refunds);
    const ChargeRef ref = in_state(row.state);
    CHECK(accountant->abandon(ref).has_value());
    CHECK(accountant->reports().charge(ref)->state == row.abandoned);
  }
  CHECK(accountant->execute({TenantId("beta"), ChargeId("chg_none")}).error().code ==
        Code::not_found);
  CHECK(accountant->release(in_state(reserved), "").error().code == Code::invalid);
}

void what_is_short_is_named_and_nothing_is_taken(World& world) {
  world.settings.datasets["visits"].all_tenants.epsilon = epsilon("1.2");
  world.settings.datasets["visits"].lifetime.epsilon = epsilon("0.9");
  world.settings.plans["default"].window.epsilon = epsilon("0.8");
  const auto accountant = world.open();
  spent(*accountant, count_of("0.5", "a"), "1");
  const Refusal by_window = refused(*accountant, count_of("0.300000001", "b"));
  CHECK(by_window.account.scope == Scope::window);
  CHECK(by_window.what == Account::Short::epsilon);
  CHECK(by_window.requested == epsilon("0.300000001"));
  CHECK(by_window.epsilon_left == epsilon("0.3"));
  CHECK(by_window.resets_at == window_at(WindowLength(), world.clock.wall()).end);
  CHECK(by_window.error().code == Code::exhausted);
  Charge other = count_of("0.6", "c");
  other.purpose = "fraud-risk";
  const Refusal for_good = refused(*accountant, other);
  CHECK(for_good.account.scope == Scope::lifetime);
  CHECK_FALSE(for_good.resets_at.has_value());
  CHECK(for_good.error().what.find("does not reset") != std::string::npos);
  Charge of_beta = count_of("0.75", "c");
  of_beta.tenant = TenantId("beta");
  const Refusal by_all = refused(*accountant, of_beta);
  CHECK(by_all.account.scope == Scope::dataset);
  // What the others spent is not said, nor what is left of it.
  CHECK(by_all.error().what ==
        "the privacy budget of dataset 'visits' over all tenants is used "
        "up for such a query; it resets at " +
            format_rfc3339(*by_all.resets_at));
  CHECK(standing(*accountant, Scope::window, of_beta).reserved.epsilon == NanoEpsilon());
  CHECK(standing(*accountant, Scope::lifetime, of_beta).reserved.epsilon == NanoEpsilon());
  // A stored answer for a second tenant is nothing new about the dataset.
  of_beta.reach = Reach::tenant;
  CHECK(reserved(*accountant, of_beta).state == State::reserved);
  CHECK(standing(*accountant, Scope::dataset, of_beta).reserved.epsilon == NanoEpsilon());
  CHECK(reserved(*accountant, count_of("0.3", "d")).state == State::reserved);  // to the last unit
  CHECK(refused(*accountant, count_of("0.000000001", "e")).epsilon_left == NanoEpsilon());
}

void refuses_what_is_no_charge(World& world) {
  const auto accountant = world.open();
  const auto code_of = [&](const std::function<void(Charge&)>& change) {
    Charge charge = count_of("0.5", "bad");
    change(charge);
    const auto reply = accountant->reserve(charge);
    const auto quote = accountant->quote(charge);
    CHECK(quote.has_value() == reply.has_value());
    return reply ? std::string("none") : std::string(code_name(reply.error().code));
  };
  CHECK(code_of([](Charge& c) { c.cost.epsilon = NanoEpsilon(0); }) == "invalid");
  CHECK(code_of([](Charge& c) { c.cost.epsilon = NanoEpsilon(-1); }) == "invalid");
  CHECK(code_of([](Charge& c) { c.cost.epsilon = NanoEpsilon(INT64_MAX); }) == "invalid");
  CHECK(code_of([](Charge& c) { c.cost.epsilon = epsilon("5.000000001"); }) == "invalid");
  CHECK(code_of([](Charge& c) { c.cost.delta = AttoDelta(1); }) == "invalid");  // pure
  CHECK(code_of([](Charge& c) { c.cost = {.rho = PicoRho(5)}; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.purpose = ""; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.key = std::string(201, 'k'); }) == "invalid");
  CHECK(code_of([](Charge& c) { c.query = "two\nlines"; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.dataset = "\xff"; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.events = Window{WallTime{5}, WallTime{3}}; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.cost.epsilon = epsilon("5"); }) == "none");
}

void a_restart_settles_what_was_open(World& world) {
  ChargeRef held, begun;
  {
    const auto accountant = world.open();
    held = reserved(*accountant, count_of("1", "held")).charge;
    begun = reserved(*accountant, count_of("2", "begun")).charge;
    REQUIRE(accountant->execute(begun).has_value());
    spent(*accountant, count_of("3", "done"), "3");
  }
  const auto accountant = world.open();
  CHECK(accountant->reports().charge(held)->state == State::released);
  CHECK(accountant->reports().charge(begun)->state == State::burned);
  CHECK(reserved(*accountant, count_of("2", "begun")).state == State::burned);
  CHECK(reserved(*accountant, count_of("1", "held")).state == State::released);
  CHECK(accountant->commit(begun, "late").error().code == Code::conflict);
  const Standing window = standing(*accountant, Scope::window, count_of("1", ""));
  CHECK(window.spent.epsilon == epsilon("5"));
  CHECK(window.reserved.epsilon == NanoEpsilon());
  check_books(*world.connect(sql::Access::read_only));
}

void a_charge_stays_in_its_window(World& world) {
  world.settings.other_datasets.length = *WindowLength::parse("day");
  world.settings.plans["default"].window.epsilon = epsilon("1");
  world.clock.advance(millis(86'399'900));  // 23:59:59.9
  const auto accountant = world.open();
  const Charge charge = count_of("1", "late");
  const Reservation made = reserved(*accountant, charge);
  REQUIRE(accountant->execute(made.charge).has_value());
  world.clock.advance(millis(200));
  REQUIRE(accountant->commit(made.charge, "1").has_value());
  CHECK(made.window.end.nanos - made.window.start.nanos == seconds(86'400).count);
  CHECK(standing(*accountant, Scope::window, charge).spent.epsilon == NanoEpsilon());
  CHECK(standing(*accountant, Scope::lifetime, charge).spent.epsilon == epsilon("1"));
  CHECK(reserved(*accountant, count_of("1", "early")).window.start == made.window.end);
  check_books(*world.connect(sql::Access::read_only));
}

void a_clock_that_goes_back_stops_spending(World& world) {
  world.settings.other_datasets.length = *WindowLength::parse("day");
  world.clock.advance(seconds(1'800));  // half past midnight
  {
    const auto accountant = world.open();
    spent(*accountant, count_of("0.5", "a"), "1");
    world.clock.jump_wall(Nanos{} - seconds(3'600));
    const auto reply = accountant->reserve(count_of("0.5", "b"));
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::unavailable);
    CHECK(reply.error().what.find("the clock went back") != std::string::npos);
    CHECK(reserved(*accountant, count_of("0.5", "a")).result == "1");  // what is there is given
    // Time is the server's, not the tenant's.
    Charge other = count_of("0.5", "b");
    other.tenant = TenantId("beta");
    CHECK(accountant->reserve(other).error().code == Code::unavailable);
  }
  const auto accountant = world.open();  // a restart does not forget it
  CHECK(accountant->reserve(count_of("0.5", "b")).error().code == Code::unavailable);
  world.clock.jump_wall(seconds(3'597));
  // Three seconds are within the tolerance: it is taken for the time of the last charge.
  CHECK(reserved(*accountant, count_of("0.5", "b")).state == State::reserved);
}

void a_lowered_limit_takes_only_what_is_left(World& world) {
  {
    const auto accountant = world.open();
    spent(*accountant, count_of("4", "a"), "1");
  }
  world.settings.plans["default"].window.epsilon = epsilon("3");
  {
    const auto accountant = world.open();
    CHECK(refused(*accountant, count_of("0.5", "b")).epsilon_left == NanoEpsilon());
    check_books(*world.connect(sql::Access::read_only));
  }
  world.settings.plans["default"].window.epsilon = epsilon("4.5");
  const auto accountant = world.open();
  spent(*accountant, count_of("0.5", "c"), "1");
  CHECK(refused(*accountant, count_of("0.5", "d")).epsilon_left == NanoEpsilon());
}

void a_lowered_delta_takes_only_what_is_left(World& world) {
  world.settings.other_datasets.filter = Filter::approx;
  world.settings.plans["default"].window = {.epsilon = epsilon("5"), .delta = AttoDelta(1'000)};
  Charge charge = count_of("1", "a");
  charge.cost.delta = AttoDelta(800);
  spent(*world.open(), charge, "1");
  world.settings.plans["default"].window.delta = AttoDelta(500);
  const auto accountant = world.open();
  charge.key = "b";
  CHECK(refused(*accountant, charge).what == Account::Short::delta);
  CHECK(reserved(*accountant, count_of("1", "c")).state == State::reserved);
}

void other_filters_keep_their_own_sums(World& world) {
  world.settings.plans["default"].window = {
      .epsilon = epsilon("1"), .delta = *parse_delta("1e-6"), .rho = *parse_rho("0.02")};
  for (const Filter filter : {Filter::approx, Filter::zcdp, Filter::rdp}) {
    world.settings.datasets[std::string(name_of(filter))].filter = filter;
  }
  const auto accountant = world.open();
  const auto fit = [&](const std::string& name, const Cost& cost) {
    int count = 0;
    for (;; ++count) {
      Charge charge = count_of(
          "1", name + std::to_string(to_unix_ms(world.clock.wall())) + "." + std::to_string(count));
      charge.dataset = name;
      charge.cost = cost;
      const auto reply = accountant->reserve(charge);
      REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
      if (std::holds_alternative<Refusal>(*reply)) {
        CHECK(std::get<Refusal>(*reply).account.scope == Scope::window);
        world.clock.advance(millis(1));
        return std::pair(count, std::get<Refusal>(*reply).what);
      }
    }
  };
  using Short = Account::Short;
  // Three take the delta, and leave epsilon for seven without.
  CHECK(fit("approx", {epsilon("0.1"), *parse_delta("3e-7"), {}}) == std::pair(3, Short::delta));
  CHECK(fit("approx", {epsilon("0.1"), {}, {}}) == std::pair(7, Short::epsilon));
  // rho = 0.05^2 / 2 = 0.00125.
  CHECK(fit("zcdp", {epsilon("0.05"), {}, {}}) == std::pair(16, Short::rho));
  // Many small ones: by some order more fit than the 100 of their sum. At order 32 there is
  // 1 - ln(32 / 1e-6) / 31 = 0.4425, and each takes 32 * 0.01^2 / 2 = 0.0016.
  const auto [count, what] = fit("rdp", {epsilon("0.01"), {}, {}});
  CHECK(what == Short::orders);
  CHECK(count == 276);
}

void blocks_are_charged_by_event_time(World& world) {
  world.settings.datasets["visits"] = {.block_days = 7, .block = {.epsilon = epsilon("1")}};
  const auto accountant = world.open();
  const auto week = [](std::int64_t n) { return WallTime{} + seconds(7 * 86'400) * n; };
  const auto over = [&](const char* cost, std::int64_t from, std::int64_t to, const char* key) {
    Charge out = count_of(cost, key);
    out.events = Window{week(from), week(to)};
    return out;
  };
  CHECK(accountant->reserve(count_of("0.1", "all")).error().code == Code::invalid);
  CHECK(accountant->reserve(over("0.1", 0, 401, "wide")).error().code == Code::invalid);
  spent(*accountant, over("0.6", 10, 12, "a"), "1");
  const Refusal why = refused(*accountant, over("0.5", 11, 14, "b"));
  CHECK(why.account.scope == Scope::block);
  CHECK(why.account.start == week(11));
  Charge of_beta = over("0.5", 10, 11, "c");
  of_beta.tenant = TenantId("beta");
  CHECK(refused(*accountant, of_beta).account.start == week(10));  // over all tenants
  CHECK(reserved(*accountant, over("0.5", 12, 14, "d")).state == State::reserved);
  const auto quote = accountant->quote(over("0.3", 12, 13, "e"));
  REQUIRE(quote.has_value());
  CHECK(quote->charges_left == 1);
  CHECK(quote->accounts.size() == 4);
}

void a_quote_says_what_a_reservation_does(World& world) {
  const auto accountant = world.open();
  spent(*accountant, count_of("4", "a"), "1");
  const auto held = reserved(*accountant, count_of("0.5", "b"));
  const auto quote = accountant->quote(count_of("1.25", "c"));
  REQUIRE(quote.has_value());
  CHECK_FALSE(quote->refusal.has_value());
  CHECK(quote->charges_left == 4);  // of 5.5
  CHECK(quote->accounts.front().epsilon_left == epsilon("5.5"));
  CHECK(quote->accounts.front().reserved.epsilon == epsilon("0.5"));
  REQUIRE(accountant->release(held.charge, "no").has_value());
  spent(*accountant, count_of("5", "d"), "1");
  const auto now = accountant->quote(count_of("1.25", "c"));
  REQUIRE(now.has_value());
  CHECK(now->refusal == refused(*accountant, count_of("1.25", "c")));
  CHECK(now->charges_left == 0);
  CHECK(accountant->quote(count_of("1", "c"))->charges_left == 1);
  // Where nothing was charged yet.
  Charge fresh = count_of("0.5", "e");
  fresh.dataset = "other";
  CHECK(accountant->quote(fresh)->charges_left == 20);
}

}  // namespace

void run_cases(const Fresh& fresh) {
  struct Case {
    const char* name;
    void (*run)(World& world);
  };
  const Case cases[] = {
      {"a result is released once, and given again under its key", a_result_is_released_once},
      {"a key stands for one question, whatever it costs", a_key_stands_for_one_question},
      {"nothing tells how long an execution took", nothing_tells_how_long_it_took},
      {"a charge is reserved and executed in one step", two_steps_in_one},
      {"each state allows what it does, and nothing else", each_state_allows_what_it_does},
      {"what is short is named and nothing is taken", what_is_short_is_named_and_nothing_is_taken},
      {"what is no charge is refused", refuses_what_is_no_charge},
      {"a restart releases what was reserved and burns what was executing",
       a_restart_settles_what_was_open},
      {"a charge stays in the window of its reservation", a_charge_stays_in_its_window},
      {"a clock that goes back stops spending", a_clock_that_goes_back_stops_spending},
      {"a lowered limit takes only what is left", a_lowered_limit_takes_only_what_is_left},
      {"a lowered delta takes only what is left", a_lowered_delta_takes_only_what_is_left},
      {"other filters keep their own sums", other_filters_keep_their_own_sums},
      {"blocks are charged by event time", blocks_are_charged_by_event_time},
      {"a quote says what a reservation does", a_quote_says_what_a_reservation_does},
  };
  for (const Case& each : cases) {
    SUBCASE(each.name) {
      World world(fresh());
      each.run(world);
    }
  }
}

}  // namespace mc::accountant::contract
