#include <doctest/doctest.h>

#include <map>

#include "accountant/cost.h"
#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

struct Sums {
  std::int64_t spent = 0, reserved = 0;
};

// Epsilon of a decimal as a database writes it: "0.5", "0.500000000".
NanoEpsilon decimal(std::string_view text) {
  const auto out = parse_epsilon(text);
  REQUIRE_MESSAGE(out.has_value(), text);
  return *out;
}

using Key = std::pair<std::string, std::string>;  // "tenant/dataset/purpose", scope and start

std::map<Key, Sums> sums_of_charges(sql::Connection& connection) {
  std::map<Key, Sums> out;
  const auto rows = connection.query(
      "SELECT tenant_id, dataset, purpose, window_from, state, epsilon, reach FROM dp_charge", {});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  while (*(*rows)->next()) {
    const std::string tenant((*rows)->text(0)), dataset((*rows)->text(1)), state((*rows)->text(4));
    const std::string start = std::to_string((*rows)->integer(3));
    // The rest of a shard was taken back.
    const std::int64_t cost = (*rows)->integer(5) * ((*rows)->integer(6) == 4 ? -1 : 1);
    Sums sums;
    if (state == "reserved" || state == "executing") sums.reserved = cost;
    if (state == "committed" || state == "burned") sums.spent = cost;
    const std::string purpose((*rows)->text(2));
    std::vector<Key> keys = {{tenant + "/" + dataset + "/" + purpose, "window" + start},
                             {tenant + "/" + dataset + "/", "lifetime0"}};
    if ((*rows)->integer(6) != 1) keys.emplace_back("/" + dataset + "/", "dataset" + start);
    for (const Key& key : keys) {
      out[key].spent += sums.spent;
      out[key].reserved += sums.reserved;
    }
  }
  return out;
}

std::string unix_ms(sql::Connection& connection, std::string_view text) {
  if (connection.dialect() == sql::Dialect::sqlite) {
    return std::to_string(to_unix_ms(*parse_rfc3339(text)));
  }
  const std::string day(text.substr(0, 10));  // windows begin with days
  return std::to_string(to_unix_ms(*parse_rfc3339(day + "T00:00:00Z")));
}

}  // namespace

void migrate(sql::Connection& connection, sys::Clock& clock) {
  const auto done = sql::migrate(connection, sql::built_in_migrations(), clock);
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
}

World::World(Connect how, Settings given) : connect(std::move(how)), settings(std::move(given)) {
  migrate(*connect(sql::Access::read_write), clock);
}

std::unique_ptr<Accountant> World::open(const std::string& node) {
  return open_on(connect(sql::Access::read_write), node);
}

std::unique_ptr<Accountant> World::open_on(std::unique_ptr<sql::Connection> writer,
                                           const std::string& node) {
  auto out = Accountant::open({std::move(writer), connect(sql::Access::read_only), clock, random},
                              settings, node);
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return std::move(*out);
}

NanoEpsilon epsilon(const char* text) {
  return *parse_epsilon(text);
}

Charge count_of(const char* cost, const std::string& key) {
  Charge out;
  out.tenant = TenantId("alpha");
  out.dataset = "visits";
  out.purpose = "research";
  out.analyst = PrincipalId("ana");
  out.query_type = "count";
  out.mechanism = "discrete_laplace";
  out.cost.epsilon = epsilon(cost);
  out.query = "sha256:of-" + key;
  out.key = key;
  return out;
}

Reservation reserved(Accountant& accountant, const Charge& charge) {
  const auto reply = accountant.reserve(charge);
  REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
  REQUIRE(std::holds_alternative<Reservation>(*reply));
  return std::get<Reservation>(*reply);
}

ReleasedResult spent(Accountant& accountant, const Charge& charge, const std::string& result) {
  const Reservation made = reserved(accountant, charge);
  CHECK(made.state == State::reserved);
  const Status executing = accountant.execute(made.charge);
  REQUIRE_MESSAGE(executing.has_value(), executing.error().what);
  const auto out = accountant.commit(made.charge, result);
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return *out;
}

Refusal refused(Accountant& accountant, const Charge& charge) {
  const auto reply = accountant.reserve(charge);
  REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
  REQUIRE(std::holds_alternative<Refusal>(*reply));
  return std::get<Refusal>(*reply);
}

Standing standing(Accountant& accountant, Scope scope, const Charge& like) {
  const auto all =
      accountant.reports().standings({like.tenant, like.dataset, like.purpose}, like.plan);
  REQUIRE_MESSAGE(all.has_value(), all.error().what);
  for (const Standing& each : *all) {
    if (each.key.scope == scope) return each;
  }
  FAIL("there is no such account");
  return {};
}

void check_books(sql::Connection& connection) {
  std::map<Key, Sums> sums = sums_of_charges(connection);
  const auto rows = connection.query(
      "SELECT tenant_id, dataset, purpose, scope, window_start, epsilon_spent, epsilon_reserved, "
      "epsilon_limit, epsilon_top_up FROM dp_budget WHERE scope <> 'block'",
      {});
  REQUIRE_MESSAGE(rows.has_value(), rows.error().what);
  while (*(*rows)->next()) {
    const auto text = [&](int column) { return std::string((*rows)->text(column)); };
    const Key key{text(0) + "/" + text(1) + "/" + text(2),
                  text(3) + unix_ms(connection, (*rows)->text(4))};
    CAPTURE(key.first);
    CAPTURE(key.second);
    const NanoEpsilon all_spent = decimal((*rows)->text(5)), held = decimal((*rows)->text(6));
    CHECK(all_spent.get() == sums[key].spent);
    CHECK(held.get() == sums[key].reserved);
    if ((*rows)->type(7) == sql::Type::null) continue;
    CHECK(all_spent + held <= decimal((*rows)->text(7)) + decimal((*rows)->text(8)));
  }
}

}  // namespace mc::accountant::contract
