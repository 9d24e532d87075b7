// For tests: database servers behind names, as a failover changes them, and a world of residency
// over them: tenants, a ledger that signs, a disk in memory.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/signing_world.h"
#include "residency/residency.h"
#include "sim/faulty_sql.h"
#include "transparency/transparency.h"

namespace mc::residency {

// A server with a database of its own; `claim` is its setting mc.region.
struct TestServer {
  std::string claim;
  bool down = false;
  bool refuses_tables = false;  // its user may not make any
  std::unique_ptr<sql::Connection> database = *sql::sqlite_driver()->open("sqlite::memory:", {});
  std::int64_t statements = 0;
};

// What stands behind "test:NAME".
using TestServers = std::map<std::string, TestServer*>;

// Speaks PostgreSQL as far as a probe does, and holds its rows in SQLite. As in adapter/postgres: a
// session ends with its server, and the next statement outside a transaction makes another one,
// unless that server says that it is elsewhere.
class TestConnection final : public sql::Connection {
 public:
  TestConnection(const TestServers& servers, std::string name, std::string region)
      : servers_(servers), name_(std::move(name)), region_(std::move(region)) {}

  Status connect() {
    TestServer* behind = servers_.at(name_);
    if (server_ == behind && !behind->down) return ok();
    if (in_transaction_) return fail(Code::unavailable, "the connection was lost");
    server_ = nullptr;
    if (behind->down) return fail(Code::unavailable, "no server");
    if (!region_.empty() && !behind->claim.empty() && behind->claim != region_) {
      return tl::unexpected<Error>(sql::region_refused(behind->claim));
    }
    server_ = behind;
    return ok();
  }
  sql::Dialect dialect() const override { return sql::Dialect::postgres; }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override {
    MC_TRY_OK(connect());
    ++server_->statements;
    if (sql.find("current_setting") != std::string_view::npos) {
      return server_->database->query("SELECT ?1", {server_->claim});
    }
    if (sql.find("to_regclass") != std::string_view::npos) {
      return server_->database->query(
          "SELECT 1 FROM sqlite_master WHERE name = 'mc_residency_probe'", {});
    }
    return server_->database->query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override {
    MC_TRY_OK(connect());
    ++server_->statements;
    if (server_->refuses_tables && sql.starts_with("CREATE")) {
      return fail(Code::denied, "permission denied for schema public");
    }
    return server_->database->execute(sql, params);
  }
  using sql::Connection::execute;
  using sql::Connection::query;
  Status script(std::string_view sql) override { return server_->database->script(sql); }
  Status begin() override {
    MC_TRY_OK(connect());
    MC_TRY_OK(server_->database->begin());
    in_transaction_ = true;
    return ok();
  }
  Status commit() override {
    MC_TRY_OK(connect());
    in_transaction_ = false;
    return server_->database->commit();
  }
  Status rollback() override {
    in_transaction_ = false;
    return server_ == nullptr ? ok() : server_->database->rollback();
  }
  void interrupt() override {}
  void set_statement_timeout(Nanos) override {}
  Status insert_many(std::string_view, std::span<const std::string>,
                     std::span<const sql::Param>) override {
    return fail(Code::invalid, "not here");
  }
  std::string version() const override { return "PostgreSQL 15.0"; }

 private:
  const TestServers& servers_;
  std::string name_;
  std::string region_;
  TestServer* server_ = nullptr;
  bool in_transaction_ = false;
};

class TestDriver final : public sql::Driver {
 public:
  explicit TestDriver(const TestServers& servers) : servers_(servers) {}
  std::string_view scheme() const override { return "test"; }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override {
    auto out = std::make_unique<TestConnection>(servers_, url.substr(5), options.region);
    MC_TRY_OK(out->connect());
    return std::unique_ptr<sql::Connection>(std::move(out));
  }

 private:
  const TestServers& servers_;
};

inline dataset::Dataset test_dataset(const std::string& source) {
  dataset::Dataset out;
  out.name = source;
  out.source = source;
  return out;
}

struct ResidencyWorld {
  TestServer eu{.claim = "eu"};
  TestServer us{.claim = "us"};
  TestServer standby{.claim = "eu"};  // of eu
  TestServers servers = {{"eu", &eu}, {"us", &us}};
  sql::Drivers drivers;
  // One source in two placements.
  dataset::Model model{.sources = {{"graph", "test:eu", "eu"}, {"graph", "test:us", "us"}},
                       .datasets = {test_dataset("graph")}};
  signing::SigningWorld signing;
  log::MemorySink sink;
  log::Log log{signing.clock, sink};
  std::unique_ptr<sql::Connection> database = *sql::sqlite_driver()->open("sqlite::memory:", {});
  sim::FaultyConnection* faulty = nullptr;  // owned by the directory
  std::unique_ptr<identity::Directory> directory;
  std::unique_ptr<dataset::Writers> writers;
  std::unique_ptr<Residency> residency;

  explicit ResidencyWorld(const ResidencyConfig& config = {}, std::string node = "eu") {
    drivers.add(std::make_unique<TestDriver>(servers));
    REQUIRE(sql::migrate(*database, sql::built_in_migrations(), signing.clock));
    auto wrapped = std::make_unique<sim::FaultyConnection>(*database);
    faulty = wrapped.get();
    directory = *identity::Directory::open(std::move(wrapped), signing.clock, signing.random);
    add_tenant("alpha", "eu");
    open(config, std::move(node));
  }
  void open(const ResidencyConfig& config = {}, std::string node = "eu") {
    writers = std::make_unique<dataset::Writers>(drivers, model, false);
    const Residency::World world{signing.clock, signing.random,  signing.files,    log,
                                 *directory,    *signing.ledger, *signing.signing, drivers,
                                 &model,        writers.get()};
    residency = std::make_unique<Residency>(
        world, config, Residency::Home{"/data/residency", "node-1", std::move(node)});
  }
  void add_tenant(const std::string& id, const std::string& region) {
    identity::Tenant tenant;
    tenant.id = TenantId(id);
    tenant.region = region;
    REQUIRE(directory->create_tenant(tenant));
  }
  // Runs what is due, to its end.
  void settle() {
    while (residency->step()) {
    }
  }
  json::Value document(const std::string& tenant, const std::string& period) {
    const auto proof = residency->read(TenantId(tenant), period);
    REQUIRE_MESSAGE(proof.has_value(), proof.error().what);
    return *json::parse(proof->document);
  }
  std::vector<transparency::ReadableRecord> records(const std::string& tenant) {
    const std::string name = transparency::log_of(TenantId(tenant));
    // Records are written in their order: behind this one all before it are there.
    ledger::Entry last;
    last.log = "audit/last";
    last.type = last.actor = last.tenant = last.action = last.purpose = "x";
    last.payload = "{}";
    REQUIRE(signing.ledger->append(std::move(last)));
    const auto head = signing.ledger->store().head(name);
    std::vector<transparency::ReadableRecord> out;
    for (std::uint64_t seq = 0; head && seq < head->size; ++seq) {
      out.push_back(*transparency::read_record(signing.ledger->store(), name, seq));
    }
    return out;
  }
};

}  // namespace mc::residency
