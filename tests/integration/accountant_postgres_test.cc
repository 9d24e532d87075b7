// The contract of govern/accountant on PostgreSQL. Needs MC_TEST_POSTGRES_URL
// (tests/e2e/postgres.sh).
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "contract/accountant_contract.h"
#include "postgres/postgres.h"

namespace mc::accountant {
namespace {

std::string server() {
  std::string url = sys::environment("MC_TEST_POSTGRES_URL");
  if (url.empty()) std::printf("skipped, MC_TEST_POSTGRES_URL is unset: the accountant\n");
  return url;
}

// Each call an empty schema of its own.
contract::Fresh schemas(const std::string& url) {
  return [url] {
    static int number = 0;
    const std::string schema = "mc_accountant_" + std::to_string(++number);
    const auto connection = postgres::postgres_driver()->open(url, {});
    REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
    REQUIRE((*connection)
                ->script("DROP SCHEMA IF EXISTS " + schema + " CASCADE; CREATE SCHEMA " + schema)
                .has_value());
    const std::string own = url + (url.find('?') == std::string::npos ? "?" : "&") +
                            "options=-csearch_path%3D" + schema;
    return contract::Connect([own](sql::Access access) {
      auto out = postgres::postgres_driver()->open(own, {.access = access});
      REQUIRE_MESSAGE(out.has_value(), out.error().what);
      return std::move(*out);
    });
  };
}

TEST_CASE("postgres accountant: does what the contract says") {
  const std::string url = server();
  if (!url.empty()) contract::run_cases(schemas(url));
}

TEST_CASE("postgres accountant: no filter leaves an account without its limit") {
  const std::string url = server();
  if (!url.empty()) contract::run_filters(schemas(url));
}

TEST_CASE("postgres accountant: top-ups") {
  const std::string url = server();
  if (!url.empty()) contract::run_top_ups(schemas(url));
}

TEST_CASE("postgres accountant: reports") {
  const std::string url = server();
  if (!url.empty()) contract::run_reports(schemas(url));
}

TEST_CASE("postgres accountant: whatever statement fails, stored or not, the books are right") {
  const std::string url = server();
  if (!url.empty()) contract::run_faults(schemas(url));
}

TEST_CASE("postgres accountant: shards") {
  const std::string url = server();
  if (!url.empty()) contract::run_shards(schemas(url));
}

TEST_CASE("postgres accountant: the last 0.05 that 200 clients want goes to exactly one") {
  const std::string url = server();
  if (!url.empty()) contract::run_races(schemas(url), 200);
}

TEST_CASE("postgres accountant: decides as a twin that adds everything up each time") {
  const std::string url = server();
  if (!url.empty()) contract::run_oracle(schemas(url), 11, 800);
}

TEST_CASE("postgres accountant: several servers never spend more together, nor answer twice") {
  const std::string url = server();
  if (url.empty()) return;
  constexpr int kServers = 3, kClients = 8, kRequests = 15;
  contract::World world(schemas(url)());
  std::vector<std::unique_ptr<Accountant>> servers;
  for (int i = 0; i < kServers; ++i) servers.push_back(world.open("server" + std::to_string(i)));
  std::atomic<int> answered = 0, refused = 0, twice = 0, failed = 0;
  std::vector<std::thread> threads;
  for (int server_of = 0; server_of < kServers; ++server_of) {
    for (int client = 0; client < kClients; ++client) {
      threads.emplace_back([&, server_of, client] {
        Accountant& own = *servers[static_cast<std::size_t>(server_of)];
        for (int i = 0; i < kRequests; ++i) {
          // Every client of all servers has the same key: one of them executes it.
          const bool shared = i % 3 == 0;
          const std::string key = shared ? "shared" + std::to_string(i)
                                         : std::to_string(server_of) + "." +
                                               std::to_string(client) + "." + std::to_string(i);
          const auto reply = own.reserve(contract::count_of("0.07", key));
          if (!reply) {
            ++failed;
          } else if (std::holds_alternative<Refusal>(*reply)) {
            ++refused;
          } else {
            const Reservation& made = std::get<Reservation>(*reply);
            if (!own.execute(made.charge)) continue;
            if (!own.commit(made.charge, key + " of " + std::to_string(server_of))) ++twice;
            ++answered;
          }
        }
      });
    }
  }
  for (std::thread& each : threads) each.join();
  CHECK(answered == 142);  // of 10
  CHECK(refused > 0);
  CHECK(twice == 0);
  CHECK(failed == 0);
  contract::check_books(*world.connect(sql::Access::read_only));
  const auto told = servers[0]->reports().accountant_hash(TenantId("alpha"), "visits");
  REQUIRE_MESSAGE(told.has_value(), told.error().what);
  CHECK(told->charges == 142);
  CHECK(told->hash == servers[1]->reports().accountant_hash(TenantId("alpha"), "visits")->hash);
}

TEST_CASE("postgres accountant: a server that was left for dead cannot answer any more") {
  const std::string url = server();
  if (url.empty()) return;
  contract::World world(schemas(url)());
  const auto one = world.open("one");
  const auto two = world.open("two");
  const Reservation made = contract::reserved(*one, contract::count_of("1", "slow"));
  REQUIRE(one->execute(made.charge).has_value());
  CHECK(two->settle_left_open() == 0);
  world.clock.advance(seconds(3'601));
  CHECK(two->settle_left_open() == 1);
  CHECK(one->commit(made.charge, "1").error().code == Code::conflict);
  CHECK(contract::standing(*one, Scope::window, contract::count_of("1", "")).spent.epsilon ==
        contract::epsilon("1"));
  contract::check_books(*world.connect(sql::Access::read_only));
}

TEST_CASE("postgres accountant: a charge ends as it began when the filter has changed meanwhile") {
  const std::string url = server();
  if (url.empty()) return;
  contract::World world(schemas(url)());
  world.settings.other_datasets.filter = Filter::approx;
  world.settings.plans["default"].window.delta = AttoDelta(1'000);
  const auto one = world.open("one");
  Charge charge = contract::count_of("1", "slow");
  charge.cost.delta = AttoDelta(1'000);
  const Reservation made = contract::reserved(*one, charge);
  REQUIRE(one->execute(made.charge).has_value());
  world.settings.other_datasets.filter = Filter::pure;
  const auto two = world.open("two");
  contract::spent(*two, contract::count_of("1", "pure"), "1");
  CHECK(one->commit(made.charge, "1").has_value());
  contract::check_books(*world.connect(sql::Access::read_only));
  CHECK(contract::standing(*two, Scope::window, charge).spent.delta == AttoDelta(1'000));
}

TEST_CASE("postgres accountant: what one server has committed the other finds at once") {
  const std::string url = server();
  if (url.empty()) return;
  contract::World world(schemas(url)());
  const auto one = world.open("one");
  const auto two = world.open("two");
  for (int i = 0; i < 20; ++i) {
    const Charge charge = contract::count_of("0.1", "k" + std::to_string(i));
    CHECK_FALSE(two->released(charge.tenant, charge.query)->has_value());
    contract::spent(*one, charge, std::to_string(i));
    const auto told = two->released(charge.tenant, charge.query);
    REQUIRE((told.has_value() && told->has_value()));
    CHECK((*told)->result == std::to_string(i));
  }
}

TEST_CASE("postgres accountant: the table refuses an overspend by whatever program") {
  const std::string url = server();
  if (url.empty()) return;
  contract::World world(schemas(url)());
  contract::spent(*world.open(), contract::count_of("1", "a"), "1");
  const auto connection = world.connect(sql::Access::read_write);
  const auto set = [&](const char* column, const char* amount) {
    return connection
        ->execute("UPDATE dp_budget SET " + std::string(column) + " = " + amount +
                      " WHERE scope = 'window'",
                  {})
        .has_value();
  };
  CHECK(set("epsilon_spent", "10"));
  CHECK_FALSE(set("epsilon_spent", "10.000000001"));
  CHECK_FALSE(set("epsilon_reserved", "0.000000001"));
  CHECK_FALSE(set("epsilon_spent", "-1"));
  CHECK_FALSE(set("epsilon_limit", "9"));
}

}  // namespace
}  // namespace mc::accountant
