// What data/dataset has to do on every database, as cases over a world with two tenants whose keys
// overlap. The unit tests run them on SQLite, tests/integration on PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataset/dataset.h"
#include "sim/sim.h"

namespace mc::dataset::contract {

struct Backend {
  std::function<std::unique_ptr<sql::Driver>()> driver;
  std::function<std::string(int world)> url;  // of the database of the n-th world
};

// Every statement that reached the database, and whether it was bound to the tenant.
struct Journal {
  std::string tenant;  // that every statement has to bind
  std::vector<std::string> statements;
  std::vector<std::string> violations;
  bool watching = false;
  std::function<void()> on_query;  // called when a statement has started
};

struct Reply {
  std::string body;
  json::Value json;
  SessionReport report;
  const json::Value* at(std::initializer_list<std::string_view> path) const;
  std::string code() const;  // of the first error, "" = none
};

// Tables person, shop_order (see dataset_contract_world.cc) with seeded rows of each tenant.
class World {
 public:
  World(const Backend& backend, std::vector<std::string> tenants, int people = 40);
  ~World();

  Reply ask(const std::string& tenant, const std::string& query, const json::Object& variables = {},
            SessionOptions options = {.may = {.aggregates = true, .writes = true}});
  const Catalog& catalog() const { return *catalog_; }
  ConnectionSet& connections() { return *connections_; }
  Writers& writers() { return *writers_; }
  Journal& journal() { return *journal_; }
  sim::SimClock& clock() { return clock_; }
  // All rows of a tenant's tables as text, to see that nothing has changed.
  std::string dump(const std::string& tenant);

 private:
  void create_tables(const std::string& prefix);
  void fill(const std::string& tenant, const std::string& prefix, int people);

  sim::SimClock clock_;
  sim::SimRandom random_{7};
  std::shared_ptr<Journal> journal_ = std::make_shared<Journal>();
  sql::Drivers drivers_;
  std::unique_ptr<const Catalog> catalog_;
  std::unique_ptr<Writers> writers_;
  std::unique_ptr<ConnectionSet> connections_;
};

// The rows that World stores for a tenant, as GraphQL shows them.
using Rows = std::vector<json::Object>;
Rows people_of(const std::string& tenant, int people);
Rows orders_of(const std::string& tenant, int people);

std::string model_yaml(const std::string& url, const std::string& prefix);

// A seeded source of choices for generated requests.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_.next_u64() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  sim::SimRandom random_;
};

void run_cases(const Backend& backend);
void run_writes(const Backend& backend);
// Random filters, orders and pages against a twin in memory.
void run_oracle(const Backend& backend, int rounds);
// Random filters of private answers, their groups and values, against the same twin.
void run_private(const Backend& backend, int rounds);
// The same requests of one tenant with and without the other tenant's rows: same bytes.
void run_isolation(const Backend& backend, int requests);

}  // namespace mc::dataset::contract
