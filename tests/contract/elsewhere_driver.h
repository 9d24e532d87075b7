// For tests: SQLite whose servers say where they stand, as those of PostgreSQL do: to each new
// connection, and after a failover to the next statement of one that was open.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/sql.h"

namespace mc::sql {

// By URL, where its server stands; what is not here says nothing.
using Standing = std::map<std::string, std::string>;

class StandingConnection final : public Connection {
 public:
  StandingConnection(std::unique_ptr<Connection> inner, const Standing& standing, std::string url,
                     std::string region)
      : inner_(std::move(inner)),
        standing_(standing),
        url_(std::move(url)),
        region_(std::move(region)) {}

  static Status check(const Standing& standing, const std::string& url, const std::string& region) {
    const auto found = standing.find(url);
    if (found == standing.end() || found->second == region) return ok();
    return tl::unexpected<Error>(region_refused(found->second));
  }
  Dialect dialect() const override { return inner_->dialect(); }
  Result<std::unique_ptr<Rows>> query(std::string_view sql,
                                      std::span<const Param> params) override {
    MC_TRY_OK(check());
    return inner_->query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params) override {
    MC_TRY_OK(check());
    return inner_->execute(sql, params);
  }
  Status script(std::string_view sql) override { return inner_->script(sql); }
  Status begin() override {
    MC_TRY_OK(check());
    return inner_->begin();
  }
  Status commit() override { return inner_->commit(); }
  Status rollback() override { return inner_->rollback(); }
  void interrupt() override { inner_->interrupt(); }
  void set_statement_timeout(Nanos limit) override { inner_->set_statement_timeout(limit); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const Param> values) override {
    return inner_->insert_many(table, columns, values);
  }
  std::string version() const override { return inner_->version(); }

 private:
  Status check() const { return check(standing_, url_, region_); }
  std::unique_ptr<Connection> inner_;
  const Standing& standing_;
  std::string url_;
  std::string region_;
};

class StandingDriver final : public Driver {
 public:
  explicit StandingDriver(const Standing& standing) : standing_(standing) {}
  std::string_view scheme() const override { return "sqlite"; }
  Result<std::unique_ptr<Connection>> open(const std::string& url,
                                           const OpenOptions& options) override {
    MC_TRY_OK(StandingConnection::check(standing_, url, options.region));
    MC_TRY(auto inner, inner_->open(url, options));
    return std::make_unique<StandingConnection>(std::move(inner), standing_, url, options.region);
  }

 private:
  const Standing& standing_;
  std::unique_ptr<Driver> inner_ = sqlite_driver();
};

// Two datasets, each on a source of its own in region eu; `person` has rows a and b of tenant
// alpha, `thing` has none.
inline std::string two_sources(const std::string& people, const std::string& things) {
  return "sources:\n  - {name: people, url: \"" + people + "\", region: eu}\n" +
         "  - {name: things, url: \"" + things + "\", region: eu}\n" + R"(datasets:
  - name: person
    plural: people
    source: people
    table: person
    key: id
    tenant: tenant_id
    writable: true
    columns: [{name: id, type: id}, {name: email, type: string, sensitivity: personal}]
  - name: thing
    source: things
    table: thing
    key: id
    tenant: tenant_id
    writable: true
    columns: [{name: id, type: id}, {name: name, type: string}]
)";
}

inline Status fill_two_sources(Driver& driver, const std::string& people,
                               const std::string& things) {
  MC_TRY(const auto first, driver.open(people, {.region = "eu"}));
  MC_TRY_OK(first->script(
      "CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, email TEXT NOT NULL, "
      "PRIMARY KEY (tenant_id, id)); INSERT INTO person VALUES ('alpha', 'a', 'a@example'), "
      "('alpha', 'b', 'b@example')"));
  MC_TRY(const auto second, driver.open(things, {.region = "eu"}));
  return second->script(
      "CREATE TABLE thing (tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, "
      "PRIMARY KEY (tenant_id, id))");
}

}  // namespace mc::sql
