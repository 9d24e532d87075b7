// A server that says that it stands elsewhere: what of it is in the report, whatever failed.
#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/dataset_gate.h"
#include "contract/elsewhere_driver.h"

namespace mc::dataset {
namespace {

struct Failover {
  SqliteFolder folder;
  std::string people = folder.backend().url(1);
  std::string things = folder.backend().url(2);
  sql::Standing standing;
  sql::Drivers drivers;
  std::unique_ptr<const Catalog> catalog;
  std::unique_ptr<Writers> writers;
  std::unique_ptr<ConnectionSet> connections;
  std::unique_ptr<TestGate> gate;
  sim::SimClock clock;
  sim::SimRandom random{7};

  Failover() {
    auto driver = std::make_unique<sql::StandingDriver>(standing);
    REQUIRE(sql::fill_two_sources(*driver, people, things));
    drivers.add(std::move(driver));
    auto model = parse_model(sql::two_sources(people, things), "test.yaml");
    REQUIRE_MESSAGE(model.has_value(), model.error().what);
    catalog = *Catalog::make(std::move(*model), {.cursor_key = Secret("0123456789abcdef")});
    writers = std::make_unique<Writers>(drivers, catalog->model(), false);
    connections = std::make_unique<ConnectionSet>(drivers, catalog->model(), *writers);
    gate = std::make_unique<TestGate>(catalog->model());
  }
  SessionReport ask(const std::string& query) {
    auto session = *Session::make(*catalog, TenantId("alpha"), *connections, {clock, random},
                                  {.gate = gate.get(), .region = "eu"});
    const auto document = *graphql::parse(query);
    const json::Object none;
    const graphql::ExecuteRequest request{
        .document = *document, .operation_name = "", .variables = none};
    body = graphql::execute(catalog->schema(), request, *session, clock).body;
    return session->report();
  }
  std::string body;
};

struct Told {
  std::string dataset;
  Use use;
  std::string region;
  bool operator==(const Told&) const = default;
};

std::vector<Told> told(const SessionReport& report) {
  std::vector<Told> out;
  for (const Fault& fault : report.faults) {
    out.push_back({fault.dataset->name, fault.use, fault.region});
  }
  return out;
}

constexpr const char* kRead = "{ person(id: \"a\") { id email } thing(id: \"a\") { name } }";
constexpr const char* kWrite =
    "mutation { updatePerson(id: \"a\", input: {email: \"c@example\"}) { id } }";

TEST_CASE("regions: a connection that cannot be made says of which dataset, and where it led to") {
  Failover it;
  it.standing[it.people] = "us";
  CHECK(told(it.ask(kRead)) == std::vector<Told>{{"person", Use::read, "us"}});
  CHECK(it.body.find("us") == std::string::npos);
  CHECK(told(it.ask("{ people { totalCount } }")) ==
        std::vector<Told>{{"person", Use::aggregate, "us"}});
  CHECK(told(it.ask(kWrite)) == std::vector<Told>{{"person", Use::write, "us"}});
}

TEST_CASE("regions: after a failover an open connection says so too, of masked columns as well") {
  for (const bool masks : {false, true}) {
    CAPTURE(masks);
    Failover it;
    if (masks) it.gate->mask("person", "email", "hash");
    CHECK(told(it.ask(kRead)).empty());
    CHECK(told(it.ask(kWrite)).empty());
    it.standing[it.people] = "us";
    const SessionReport report = it.ask(kRead);
    CHECK(told(report) == std::vector<Told>{{"person", Use::read, "us"}});
    CHECK((report.faults[0].error.what.find("a statement over person failed") == 0) == masks);
    // Its BEGIN is refused, so no statement of it began.
    const SessionReport change = it.ask(kWrite);
    CHECK(told(change) == std::vector<Told>{{"person", Use::write, "us"}});
    CHECK(change.worked.empty());
  }
}

TEST_CASE("regions: any other failure names no region") {
  Failover it;
  REQUIRE(it.drivers.open(it.things, {.region = "eu"}).value()->script("DROP TABLE thing"));
  CHECK(told(it.ask(kRead)) == std::vector<Told>{{"thing", Use::read, ""}});
}

}  // namespace
}  // namespace mc::dataset
