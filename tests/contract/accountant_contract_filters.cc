// No filter, and no change of one, leaves an account without the limit that is configured.
#include <doctest/doctest.h>

#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

const AttoDelta kDelta = *parse_delta("1e-4");

Limit limit(const char* amount, AttoDelta delta) {
  return {.epsilon = epsilon(amount), .delta = delta};
}

void spend_each(World& world, std::initializer_list<const char*> keys) {
  const auto accountant = world.open();
  for (const char* key : keys) spent(*accountant, count_of("1", key), "1");
}

void next_window(World& world) {
  world.clock.advance(seconds(40 * 86'400));
}

void a_plan_for_all_filters_is_held_under_each(World& world) {
  world.settings.plans["default"].window = limit("2", kDelta);
  world.settings.plans["default"].window.rho = *parse_rho("1");
  using enum Filter;
  const std::pair<Filter, int> fit[] = {{pure, 2}, {approx, 2}, {zcdp, 2}};
  for (const auto& [filter, times] : fit) {
    world.settings.datasets[std::string(name_of(filter))].filter = filter;
  }
  const auto accountant = world.open();
  for (const auto& [filter, times] : fit) {
    CAPTURE(name_of(filter));
    Charge charge = count_of("1", "");
    charge.dataset = name_of(filter);
    for (int i = 0; i < times; ++i) {
      charge.key = charge.dataset + std::to_string(i);
      CHECK(accountant->quote(charge)->charges_left == times - i);
      spent(*accountant, charge, "1");
    }
    charge.key = "more";
    CHECK(refused(*accountant, charge).account.scope == Scope::window);
    CHECK(accountant->quote(charge)->refusal.has_value());
  }
}

// Lifetime, and the window if it is the same one.
void pure_becomes_approx(World& world) {
  world.settings.other_datasets.lifetime.epsilon = epsilon("4");
  world.settings.plans["default"].window.epsilon = epsilon("2");
  spend_each(world, {"a"});
  world.settings.other_datasets.filter = Filter::approx;
  world.settings.plans["default"].window = limit("2", kDelta);
  world.settings.other_datasets.lifetime = limit("4", kDelta);
  const auto accountant = world.open();
  Charge charge = count_of("1", "b");
  charge.cost.delta = AttoDelta(kDelta.get() - 1);
  CHECK_FALSE(accountant->quote(charge)->refusal.has_value());
  spent(*accountant, charge, "1");
  CHECK(standing(*accountant, Scope::window, charge).filter == Filter::approx);
  CHECK(refused(*accountant, count_of("1", "c")).account.scope == Scope::window);
  next_window(world);
  CHECK(accountant->quote(count_of("1", "d"))->charges_left == 2);
  charge.key = "d";
  charge.cost.delta = AttoDelta(2);
  const Refusal by_delta = refused(*accountant, charge);
  CHECK(by_delta.account.scope == Scope::lifetime);
  CHECK(by_delta.what == Account::Short::delta);
  spent(*accountant, count_of("1", "e"), "1");
  spent(*accountant, count_of("1", "f"), "1");
  next_window(world);
  CHECK(refused(*accountant, count_of("1", "g")).account.scope == Scope::lifetime);
  check_books(*world.connect(sql::Access::read_only));
}

void approx_becomes_pure(World& world) {
  world.settings.other_datasets.filter = Filter::approx;
  world.settings.plans["default"].window = limit("3", kDelta);
  world.settings.other_datasets.lifetime = limit("3", kDelta);
  Charge charge = count_of("1", "a");
  charge.cost.delta = kDelta;
  spent(*world.open(), charge, "1");
  world.settings.other_datasets.filter = Filter::pure;
  world.settings.other_datasets.lifetime.delta.reset();
  {
    const auto accountant = world.open();
    CHECK(accountant->quote(count_of("1", "b"))->charges_left == 2);
    spent(*accountant, count_of("1", "b"), "1");
  }
  const auto accountant = world.open();
  CHECK(standing(*accountant, Scope::lifetime, charge).filter == Filter::pure);
  spent(*accountant, count_of("1", "c"), "1");
  CHECK(refused(*accountant, count_of("1", "d")).what == Account::Short::epsilon);
  next_window(world);
  CHECK(refused(*accountant, count_of("1", "e")).account.scope == Scope::lifetime);
  charge.key = "f";
  CHECK(accountant->reserve(charge).error().code == Code::invalid);
  check_books(*world.connect(sql::Access::read_only));
}

// Their sums do not say what the other filter needs.
void what_cannot_be_read_as_the_other_is_denied(World& world) {
  Plan& plan = world.settings.plans["default"];
  plan.window = limit("5", kDelta);
  plan.window.rho = *parse_rho("1");
  DatasetRules& rules = world.settings.other_datasets;
  const Filter filters[] = {Filter::pure, Filter::approx, Filter::zcdp, Filter::rdp};
  for (const Filter before : filters) {
    for (const Filter after : filters) {
      const auto sums = [](Filter filter) {
        return filter == Filter::approx ? Filter::pure : filter;
      };
      if (sums(before) == sums(after)) continue;
      CAPTURE(name_of(before));
      CAPTURE(name_of(after));
      Charge charge =
          count_of("0.1", std::string(name_of(before)) + "-" + std::string(name_of(after)));
      charge.dataset = charge.key;
      rules.filter = before;
      spent(*world.open(), charge, "1");
      rules.filter = after;
      const auto accountant = world.open();
      next_window(world);
      charge.key += "2";
      const auto reply = accountant->reserve(charge);
      REQUIRE_FALSE(reply.has_value());
      CHECK(reply.error().code == Code::invalid);
      CHECK(reply.error().what.find("'" + charge.dataset + "'") != std::string::npos);
      CHECK(reply.error().what.find(std::string(name_of(before)) + " before") != std::string::npos);
      CHECK(accountant->quote(charge).error() == reply.error());
      // What was answered is still given.
      charge.key = charge.dataset;
      CHECK(reserved(*accountant, charge).result == "1");
    }
  }
}

// Whatever it was before: nothing more, until it is raised over what was spent.
void a_limit_of_rdp_below_what_was_spent_holds(World& world) {
  DatasetRules& rules = world.settings.other_datasets;
  rules.filter = Filter::rdp;
  world.settings.plans["default"].window = limit("100", kDelta);
  Charge charge = count_of("5", "a");
  charge.cost.delta = AttoDelta(1'000);
  spent(*world.open(), charge, "1");
  const auto left = [&](const char* cost, const Limit& lifetime) {
    rules.lifetime = lifetime;
    const auto accountant = world.open();
    const Charge more = count_of(cost, cost);
    const auto quote = accountant->quote(more);
    REQUIRE_MESSAGE(quote.has_value(), quote.error().what);
    if (!quote->refusal) {
      spent(*accountant, more, "1");
    } else {
      CHECK(quote->refusal->account.scope == Scope::lifetime);
      CHECK(refused(*accountant, more) == *quote->refusal);
    }
    return quote->charges_left;
  };
  CHECK(left("0.1", {}) > 1);
  CHECK(left("0.2", limit("3", kDelta)) == 0);  // there was none before
  CHECK(left("0.3", limit("50", kDelta)) > 1);
  CHECK(left("0.4", limit("3", kDelta)) == 0);  // there was a greater one
  // Half of delta is for that of costs: with 2,000 there is no more of it, but epsilon.
  CHECK(left("0.5", limit("50", AttoDelta(1'000))) > 1);
  charge.key = "b";
  {
    const auto accountant = world.open();
    CHECK(refused(*accountant, charge).what == Account::Short::delta);
  }
  CHECK(left("0.6", limit("50", kDelta)) > 1);
}

// Of blocks too, which are for good as well.
void blocks_follow_the_filter(World& world) {
  DatasetRules& rules = world.settings.other_datasets;
  rules.block_days = 7;
  rules.block.epsilon = epsilon("2");
  const auto in_block = [](const char* key) {
    Charge out = count_of("1", key);
    out.events = Window{WallTime{}, WallTime{} + seconds(86'400)};
    return out;
  };
  spent(*world.open(), in_block("a"), "1");
  rules.filter = Filter::approx;
  rules.block = limit("3", kDelta);
  world.settings.plans["default"].window.delta = kDelta;
  const auto accountant = world.open();
  spent(*accountant, in_block("b"), "1");
  spent(*accountant, in_block("c"), "1");
  CHECK(refused(*accountant, in_block("d")).account.scope == Scope::block);
}

}  // namespace

void run_filters(const Fresh& fresh) {
  struct Case {
    const char* name;
    void (*run)(World& world);
  };
  const Case cases[] = {
      {"a plan for all filters is held under each", a_plan_for_all_filters_is_held_under_each},
      {"accounts of pure go on as those of approx", pure_becomes_approx},
      {"accounts of approx go on as those of pure", approx_becomes_pure},
      {"what cannot be read as the other is denied", what_cannot_be_read_as_the_other_is_denied},
      {"a limit of rdp below what was spent holds", a_limit_of_rdp_below_what_was_spent_holds},
      {"blocks follow the filter", blocks_follow_the_filter},
  };
  for (const Case& each : cases) {
    SUBCASE(each.name) {
      World world(fresh());
      each.run(world);
    }
  }
}

}  // namespace mc::accountant::contract
