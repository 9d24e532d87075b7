// For tests: a dataset of people in a real SQLite file, policies, a ledger that signs, and exports
// over them on a disk in memory that can be full or fail.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/access_world.h"
#include "contract/export_people.h"
#include "contract/signing_world.h"
#include "export/export.h"
#include "sim/faulty_sql.h"
#include "transparency/transparency.h"

namespace mc::exporting {

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
