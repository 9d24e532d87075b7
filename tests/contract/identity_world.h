// A directory over an in-memory database, on a virtual clock; for the tests of the module.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "identity/identity.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::identity {

struct Fixture {
  sim::SimClock clock;
  sim::SimRandom random{7};
  std::unique_ptr<sql::Connection> database;
  sim::FaultyConnection* faulty = nullptr;  // owned by the directory
  std::unique_ptr<Directory> directory;

  explicit Fixture(const std::string& url = "sqlite::memory:") {
    auto connection = sql::sqlite_driver()->open(url, {});
    REQUIRE(connection.has_value());
    database = std::move(*connection);
    REQUIRE(sql::migrate(*database, sql::built_in_migrations(), clock).has_value());
    auto wrapped = std::make_unique<sim::FaultyConnection>(*database);
    faulty = wrapped.get();
    auto opened = Directory::open(std::move(wrapped), clock, random);
    REQUIRE(opened.has_value());
    directory = std::move(*opened);
  }

  void add_tenant(const std::string& id) {
    Tenant tenant;
    tenant.id = TenantId(id);
    tenant.region = "eu";
    REQUIRE(directory->create_tenant(tenant).has_value());
    REQUIRE(directory
                ->create_principal(
                    {TenantId(id), PrincipalId("ana"), "Ana", {Role::analyst}, "active", {}})
                .has_value());
  }
  NewToken wanted(const std::string& tenant, Nanos lifetime = seconds(60)) {
    return {TenantId(tenant), PrincipalId("ana"), {Scope::query}, "demo", lifetime, ""};
  }
  std::string issue(const std::string& tenant, Nanos lifetime = seconds(60)) {
    auto issued = directory->issue(wanted(tenant, lifetime));
    REQUIRE(issued.has_value());
    return std::string(issued->token.reveal(RevealToken()));
  }
};

}  // namespace mc::identity
