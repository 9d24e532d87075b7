// CPU time of one request inside the process: parsed document in, response text out. One JSON line.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "dataset/dataset.h"

namespace {

using namespace mc;

constexpr int kPeople = 5'000;
constexpr int kOrdersEach = 10;

constexpr const char* kModel = R"(
datasets:
  - name: person
    plural: people
    source: main
    table: person
    key: id
    tenant: tenant_id
    columns:
      - {name: id, type: id}
      - {name: name, type: string}
      - {name: age, type: int}
      - {name: city, type: string}
      - {name: born, type: date}
      - {name: bossId, column: boss_id, type: id, nullable: true}
    relations:
      - {name: boss, to: person, kind: one, local: bossId, remote: id}
      - {name: orders, to: order, kind: many, local: id, remote: personId}
  - name: order
    source: main
    table: shop_order
    key: id
    tenant: tenant_id
    columns:
      - {name: id, type: id, storage: integer}
      - {name: personId, column: person_id, type: id}
      - {name: total, type: float}
)";

// Masks the same columns of both datasets for every use.
class BenchGate final : public dataset::DatasetGate {
 public:
  // By column of person: id, name, age, city, born, bossId.
  void mask(std::initializer_list<const char*> masks) {
    access_.masks.clear();
    for (const char* text : masks) access_.masks.push_back(*mask::parse_mask(text));
  }
  Result<dataset::DatasetAccess> enter(int, dataset::Use) override { return access_; }
  mask::ColumnKey key(int, int) override { return key_; }

 private:
  mask::ColumnKey key_ =
      mask::Keys::make(Secret("0123456789abcdef"))->column("alpha", "person", "name");
  dataset::DatasetAccess access_;
};

struct Bench {
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  sql::Drivers drivers;
  std::unique_ptr<const dataset::Catalog> catalog;
  std::unique_ptr<dataset::Writers> writers;
  std::unique_ptr<dataset::ConnectionSet> connections;

  bool open(const std::string& path) {
    drivers.add(sql::sqlite_driver());
    auto model = dataset::parse_model(
        "sources:\n  - {name: main, url: \"sqlite:" + path + "\"}" + kModel, "bench.yaml");
    if (!model) return false;
    auto made = dataset::Catalog::make(*model, {.cursor_key = Secret("0123456789abcdef")});
    if (!made) return false;
    catalog = std::move(*made);
    writers = std::make_unique<dataset::Writers>(drivers, catalog->model());
    connections = std::make_unique<dataset::ConnectionSet>(drivers, catalog->model(), *writers);
    return fill();
  }

  bool fill() {
    auto writer = writers->borrow("main", seconds(1));
    if (!writer) return false;
    if (!(*writer)->script("CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, name "
                           "TEXT, age INTEGER, city TEXT, born TEXT, boss_id TEXT, PRIMARY KEY "
                           "(tenant_id, id)) WITHOUT ROWID; CREATE TABLE shop_order (tenant_id "
                           "TEXT NOT NULL, id INTEGER NOT NULL, person_id TEXT, total REAL, "
                           "PRIMARY KEY (tenant_id, id)); CREATE INDEX by_person ON "
                           "shop_order (tenant_id, person_id)")) {
      return false;
    }
    std::vector<sql::Param> people, orders;
    for (const char* tenant : {"alpha", "bravo"}) {
      for (std::int64_t i = 0; i < kPeople; ++i) {
        const std::string id = "p" + std::to_string(i);
        for (sql::Param value : {sql::Param(tenant), sql::Param(id), sql::Param("Name " + id),
                                 sql::Param(i % 90), sql::Param("Vienna"), sql::Param("1980-02-03"),
                                 sql::Param("p" + std::to_string(i / 7))}) {
          people.push_back(std::move(value));
        }
        for (std::int64_t n = 0; n < kOrdersEach; ++n) {
          for (sql::Param value : {sql::Param(tenant), sql::Param(i * kOrdersEach + n),
                                   sql::Param(id), sql::Param(2.5)}) {
            orders.push_back(std::move(value));
          }
        }
      }
    }
    const std::vector<std::string> person = {"tenant_id", "id",   "name",   "age",
                                             "city",      "born", "boss_id"};
    const std::vector<std::string> order = {"tenant_id", "id", "person_id", "total"};
    return (*writer)->insert_many("person", person, people).has_value() &&
           (*writer)->insert_many("shop_order", order, orders).has_value();
  }

  // Microseconds of CPU a request; the best of five rounds.
  double measure(const char* query, int rounds, dataset::DatasetGate* gate = nullptr) {
    const auto document = graphql::parse(query);
    if (!document) return -1;
    const auto operation = graphql::choose_operation(**document, "");
    if (!operation) return -1;
    const graphql::PreparedOperation prepared(catalog->schema(), **document, **operation);
    const json::Object none;
    const graphql::ExecuteRequest request{
        .document = **document, .operation_name = "", .variables = none, .prepared = &prepared};
    double best = 1e12;
    for (int turn = 0; turn < 5; ++turn) {
      const Nanos before = sys::usage().cpu;
      for (int i = 0; i < rounds; ++i) {
        auto session = dataset::Session::make(*catalog, TenantId("alpha"), *connections,
                                              {*clock, *random}, {.gate = gate});
        const auto result = graphql::execute(catalog->schema(), request, **session, *clock);
        if (result.errors != 0) return -1;
      }
      const Nanos spent = sys::usage().cpu - before;
      best = std::min(best, static_cast<double>(spent.count) / 1000.0 / rounds);
    }
    return best;
  }
};

// A list of 100 rows with 4 columns that are masked, or not. Of `each`: the same strategy for two
// texts, a number and a date (of which hash and tokenise leave null).
bool measure_masks(Bench& bench) {
  constexpr const char* kQuery = "{ people(first: 100) { nodes { name age city born } } }";
  constexpr int kRounds = 300;
  constexpr double kFields = 400;
  BenchGate gate;
  const double plain = bench.measure(kQuery, kRounds);
  const double open = bench.measure(kQuery, kRounds, &gate);
  std::printf("{\"bench\":\"dataset_masks\",\"list_100_us\":%.1f,\"list_100_gate_us\":%.1f", plain,
              open);
  bool done = plain > 0 && open > 0;
  const auto report = [&](const char* name) {
    const double spent = bench.measure(kQuery, kRounds, &gate);
    done = done && spent > 0;
    std::printf(",\"%s_us\":%.1f,\"%s_added_ns_a_field\":%.1f", name, spent, name,
                (spent - plain) * 1000 / kFields);
  };
  for (const char* each : {"hash", "null", "partial", "tokenise", "generalise", "drop"}) {
    gate.mask({"keep", each, each, each, each, "keep"});
    report(each);
  }
  gate.mask({"keep", "partial", "generalise", "hash", "generalise", "keep"});
  report("usual");
  std::printf("}\n");
  return done;
}

}  // namespace

int main() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "mc_dataset_bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  Bench bench;
  if (!bench.open((folder / "bench.db").string())) return 1;
  const double key = bench.measure("{ person(id: \"p77\") { id name age city born } }", 4000);
  const double one =
      bench.measure("{ people(first: 50) { nodes { id name age boss { id name } } } }", 400);
  const double many = bench.measure(
      "{ people(first: 50) { nodes { id name age orders(first: 5) { nodes { id total } } } } }",
      200);
  const double cursors =
      bench.measure("{ people(first: 50) { edges { cursor node { id name age } } } }", 400);
  std::printf(
      "{\"bench\":\"dataset\",\"by_key_5_fields_us\":%.1f,\"list_50_relation_one_us\":%.1f,"
      "\"list_50_relation_many_us\":%.1f,\"list_50_cursors_us\":%.1f}\n",
      key, one, many, cursors);
  const bool masked = measure_masks(bench);
  std::filesystem::remove_all(folder);
  if (!masked) return 1;
  return key < 0 || one < 0 || many < 0 || cursors < 0 ? 1 : 0;
}
