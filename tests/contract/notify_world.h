// A store of notifications over an in-memory database with tenants alpha and bravo, on a virtual
// clock; for the tests of the module.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "notify/notify.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"

namespace mc::notify {

inline const TenantId kAlpha("alpha");

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  std::unique_ptr<sql::Connection> database = open();
  sim::FaultyConnection faulty{*database};
  Store store{faulty, clock, random};
  std::string first;  // an endpoint that a test remembers

  std::unique_ptr<sql::Connection> open() {
    auto connection = sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(connection.has_value());
    REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock).has_value());
    for (const char* tenant : {"alpha", "bravo"}) {
      REQUIRE((*connection)
                  ->execute("INSERT INTO tenant VALUES (?1, 'eu', 'pro', 'standard-365d', "
                            "'MIT-OK', 'active', 0, 1)",
                            {std::string(tenant)})
                  .has_value());
    }
    return std::move(*connection);
  }
  Endpoint add(const std::string& events, const std::string& tenant = "alpha") {
    auto made = store.create(
        {TenantId(tenant), Kind::webhook, "https://hooks.example.org/a", events, "a test"});
    REQUIRE(made.has_value());
    return *made;
  }
  std::string append(const std::string& type) {
    json::Object data;
    data.set("by", "ada");
    auto id = store.append({kAlpha, type, "tok_1", std::move(data)});
    REQUIRE(id.has_value());
    return *id;
  }
  std::optional<Parcel> claim() {
    auto parcel = store.claim();
    REQUIRE(parcel.has_value());
    return *parcel;
  }
  void record(const Parcel& parcel, const Outcome& outcome) {
    REQUIRE(store.record(parcel, outcome).has_value());
  }
};

}  // namespace mc::notify
