// For tests: a dataset of people in a real SQLite file, policies, a ledger that signs, and exports
// over them on a disk in memory that can be full or fail.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/access_world.h"
#include "contract/signing_world.h"
#include "export/export.h"
#include "sim/faulty_sql.h"
#include "transparency/transparency.h"

namespace mc::exporting {

inline constexpr const char* kPeopleModel = R"(
datasets:
  - name: person
    source: main
    table: person
    plural: persons
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    limits: {first_default: 50, first_max: 100}
    columns:
      - {name: id, type: id}
      - {name: age, type: int, sensitivity: personal, quasi_identifier: true}
      - {name: sex, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: zip, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: illness, type: string, sensitivity: sensitive}
      - {name: mail, type: string, sensitivity: personal}
      - {name: team, type: string, nullable: true}
)";

// Ages 20 to 59 in tens, then all; sexes; codes of five digits by their first.
inline std::string age_hierarchy() {
  std::string out;
  for (int age = 20; age < 60; ++age) {
    const int ten = age / 10 * 10;
    out += std::to_string(age) + ";" + std::to_string(ten) + "-" + std::to_string(ten + 9) + ";*\n";
  }
  return out;
}
inline std::string zip_hierarchy() {
  std::string out;
  for (int zip = 10; zip < 20; ++zip) {
    out += std::to_string(zip) + "000;" + (zip < 15 ? "low" : "high") + ";*\n";
  }
  return out;
}

inline Profile people_profile() {
  Profile out;
  out.dataset = "person";
  out.purposes = {"training", "demo"};
  out.columns = {
      {"age", {Role::quasi, "/etc/age.csv", {}}},
      {"sex", {Role::quasi, "/etc/sex.csv", {}}},
      {"illness", {Role::sensitive, "", {{.kind = CriterionKind::distinct_l, .l = "2"}}}},
      {"team", {Role::insensitive, "", {}}}};
  return out;
}

class PeopleFile {
 public:
  PeopleFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc_export_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    auto opened = sql::sqlite_driver()->open(url(), {});
    REQUIRE(opened);
    connection_ = std::move(*opened);
    REQUIRE(connection_->script(
        "CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, age INTEGER, sex TEXT, "
        "zip TEXT, illness TEXT, mail TEXT, team TEXT, PRIMARY KEY (tenant_id, id))"));
  }
  PeopleFile(const PeopleFile&) = delete;
  PeopleFile& operator=(const PeopleFile&) = delete;
  ~PeopleFile() {
    connection_.reset();
    std::filesystem::remove_all(path_);
  }
  std::string url() const { return "sqlite:" + path_ + "/people.db"; }
  void add(const std::string& tenant, int number) {
    static const char* const kIllness[] = {"flu", "cold", "gout"};
    const std::string text = std::to_string(number);
    run("INSERT INTO person VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        {tenant, "p" + std::string(5 - text.size(), '0') + text, std::int64_t{20 + number * 7 % 40},
         std::string(number % 2 == 0 ? "m" : "w"), std::to_string(10 + number % 10) + "000",
         std::string(kIllness[number % 3]), "p" + text + "@example.org",
         number % 5 == 0 ? sql::Param() : sql::Param(std::string("red"))});
  }
  void run(std::string_view sql, std::initializer_list<sql::Param> params) {
    REQUIRE(connection_->execute(sql, params));
  }

 private:
  std::string path_;
  std::unique_ptr<sql::Connection> connection_;
};

struct ExportWorld {
  PeopleFile people;
  sim::SimFiles disk;  // of hierarchies and exports; the ledger has one of its own
  signing::SigningWorld signed_;
  log::MemorySink sink;
  log::Log log{signed_.clock, sink};
  sim::FaultyConnection* faulty = nullptr;  // owned by the directory
  std::unique_ptr<sql::Connection> database;
  std::unique_ptr<identity::Directory> directory;
  sql::Drivers drivers;
  std::unique_ptr<const dataset::Catalog> catalog;
  std::unique_ptr<dataset::Writers> writers;
  policy::Engine engine;
  mask::Keys mask_keys = *mask::Keys::make(Secret("the secret of the tests"));
  std::unique_ptr<access::Resource> resource;
  ExportSettings settings;
  DpReports* dp = nullptr;
  identity::Caller ada, bea;  // of alpha and bravo; both may read and export
  std::unique_ptr<Exports> exports;
  std::unique_ptr<Worker> worker;
  int workers = 0;

  explicit ExportWorld(int rows = 240) {
    for (int i = 0; i < rows; ++i) people.add("alpha", i);
    for (int i = 0; i < 40; ++i) people.add("bravo", i);
    write("/etc/age.csv", age_hierarchy());
    write("/etc/sex.csv", "m;*\nw;*\n");
    write("/etc/zip.csv", zip_hierarchy());
    open_directory();
    drivers.add(sql::sqlite_driver());
    const std::string yaml = "sources:\n  - {name: main, url: \"" + people.url() + "\"}\n" +
                             std::string(kPeopleModel).substr(1);
    Result<dataset::Model> model = dataset::parse_model(yaml, "people.yaml");
    REQUIRE_MESSAGE(model, model.error().what);
    catalog =
        *dataset::Catalog::make(std::move(*model), {.cursor_key = Secret("0123456789abcdef")});
    writers = std::make_unique<dataset::Writers>(drivers, catalog->model());
    engine.activate(access::testing::policies_of(access::default_policies()));
    resource = std::make_unique<access::Resource>(
        access::Resource::Facts{.kind = "dataset",
                                .name = "person",
                                .purposes = {},
                                .licence_class = "Open-Data-OK",
                                .region = "",
                                .columns = {{"id", "internal", "Open-Data-OK", false},
                                            {"age", "personal", "Open-Data-OK", true},
                                            {"sex", "personal", "Open-Data-OK", true},
                                            {"zip", "personal", "Open-Data-OK", true},
                                            {"illness", "sensitive", "Open-Data-OK", false},
                                            {"mail", "personal", "Open-Data-OK", false},
                                            {"team", "internal", "Open-Data-OK", false}}});
    settings.profiles["people"] = people_profile();
    fill(ada, "alpha", "ada");
    fill(bea, "bravo", "bea");
    open();
  }
  ~ExportWorld() {
    worker.reset();
    exports.reset();
  }
  ExportWorld(const ExportWorld&) = delete;
  ExportWorld& operator=(const ExportWorld&) = delete;

  static void fill(identity::Caller& caller, const std::string& tenant, const std::string& name) {
    caller.tenant = TenantId(tenant);
    caller.principal = PrincipalId(name);
    caller.region = "local";
    caller.purpose = "training";
    caller.purposes = {"training", "demo", "support"};
    caller.roles = {identity::Role::dpo};
    caller.scopes = {identity::Scope::query, identity::Scope::admin_read};
  }
  void write(const std::string& path, const std::string& text) {
    REQUIRE(disk.write_atomic(path, text));
  }
  void open_directory() {
    database = *sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(sql::migrate(*database, sql::built_in_migrations(), signed_.clock));
    auto connection = std::make_unique<sim::FaultyConnection>(*database);
    faulty = connection.get();
    directory = *identity::Directory::open(std::move(connection), signed_.clock, signed_.random);
    for (const char* tenant : {"alpha", "bravo"}) {
      identity::Tenant made;
      made.id = TenantId(tenant);
      made.region = "local";
      REQUIRE(directory->create_tenant(made));
    }
  }
  // As after a start.
  void open() {
    worker.reset();
    exports.reset();
    auto made = Exports::make(World{.clock = signed_.clock,
                                    .random = signed_.random,
                                    .files = disk,
                                    .log = log,
                                    .directory = *directory,
                                    .ledger = *signed_.ledger,
                                    .signing = *signed_.signing,
                                    .engine = engine,
                                    .mask_keys = mask_keys,
                                    .step_up = {},
                                    .node_region = "",
                                    .catalog = catalog.get(),
                                    .drivers = &drivers,
                                    .writers = writers.get(),
                                    .find_resource =
                                        [this](std::string_view, std::string_view name) {
                                          return name == "person" ? resource.get() : nullptr;
                                        },
                                    .dp = dp,
                                    .folder = "/data/exports",
                                    .engine_name = "maestro test"},
                              settings);
    REQUIRE_MESSAGE(made, made.error().what);
    exports = std::move(*made);
    worker = std::make_unique<Worker>(*exports, "worker-" + std::to_string(++workers));
  }
  Result<Shown> ask(const std::string& profile = "people", Trial trial = Trial::real) {
    return exports->request({.caller = ada, .tenant = ada.tenant, .profile = profile}, trial);
  }
  // Until there is nothing to do; errors of turns are passed over, as by the thread that takes
  // them.
  void work(int turns = 60) {
    for (int i = 0; i < turns; ++i) {
      const Result<Nanos> wait = worker->turn();
      signed_.clock.advance(wait && wait->count > 0 ? *wait : seconds(1));
    }
  }
  Shown now(const std::string& id) {
    Result<Shown> out = exports->find(ada.tenant, id);
    REQUIRE_MESSAGE(out, out.error().what);
    return std::move(*out);
  }
  std::string file(const std::string& id, std::string_view name) {
    const Result<Exports::File> out = exports->file(ada.tenant, id, std::string(name));
    return out ? out->bytes : "";
  }
  // Actions of the records of alpha's log, in their order.
  std::vector<std::string> records() {
    std::vector<std::string> out;
    const ledger::Store& store = signed_.ledger->store();
    const auto head = store.head("audit/alpha");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto record = transparency::read_record(store, "audit/alpha", i);
      if (record) out.push_back(record->header.action);
    }
    return out;
  }
};

}  // namespace mc::exporting
