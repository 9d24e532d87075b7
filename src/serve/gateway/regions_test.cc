// What a request leaves in the tenant's log when a database's server stands elsewhere.
#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/elsewhere_driver.h"
#include "contract/governed.h"
#include "contract/residency_world.h"
#include "gateway/gateway.h"
#include "sim/fake_net.h"

namespace mc::gateway {
namespace {

constexpr const char* kRead = "{ person(id: \"a\") { id } thing(id: \"a\") { name } }";
constexpr const char* kWrite =
    "mutation { updatePerson(id: \"a\", input: {email: \"c@example\"}) { id } }";

// Two sources in region eu, and a tenant of theirs.
struct Failover {
  dataset::SqliteFolder folder;
  std::string people = folder.backend().url(1);
  std::string things = folder.backend().url(2);
  sql::Standing standing;
  sql::Drivers drivers;
  residency::ResidencyWorld home;
  sim::SimFiles files;  // of a ledger that nobody reads here
  metric::Registry metrics;
  sim::FakeServer server;
  std::unique_ptr<const dataset::Catalog> catalog;
  std::unique_ptr<guarded::Governed> governed;  // null: nothing is masked
  std::unique_ptr<Gateway> gateway;
  std::string token;

  enum class Masks : std::uint8_t { off, on };
  explicit Failover(Masks masks) {
    auto driver = std::make_unique<sql::StandingDriver>(standing);
    REQUIRE(sql::fill_two_sources(*driver, people, things));
    drivers.add(std::move(driver));
    home.model = *dataset::parse_model(sql::two_sources(people, things), "test.yaml");
    home.open();
    catalog = *dataset::Catalog::make(home.model, {.cursor_key = Secret("0123456789abcdef")});
    GatewayWorld world{home.signing.clock,
                       home.signing.random,
                       home.signing.files,
                       home.log,
                       metrics,
                       nullptr,
                       *home.directory,
                       &drivers,
                       catalog.get()};
    if (masks == Masks::on) {
      governed = std::make_unique<guarded::Governed>(guarded::Governed::World{
          files, home.signing.clock, home.signing.random, *home.directory});
      world.policy = &governed->policy;
    }
    GatewayConfig config;
    config.workers = 1;
    gateway = *Gateway::make(config, world);
    gateway->set_residency(*home.residency);
    gateway->attach(server);
    const TenantId alpha("alpha");
    const PrincipalId ada("ada");
    // Writes, and sees addresses masked.
    const auto roles = *identity::parse_roles("platform");
    REQUIRE(home.directory->create_principal({alpha, ada, "ada", roles, "active", {}}));
    const auto issued = home.directory->issue(
        {alpha, ada, *identity::parse_scopes("query,mutate"), "demo", seconds(3600), "test"});
    REQUIRE(issued);
    token = issued->token.reveal(RevealToken());
  }
  ~Failover() {
    gateway->stop();
    server.stop();
  }

  std::string ask(const std::string& document) {
    std::string body;
    json::Writer(body).begin_object().member("query", document).end_object();
    auto exchange = std::make_shared<sim::FakeExchange>(
        sim::FakeRequest{.headers = {{"Content-Type", "application/json"},
                                     {"Authorization", "Bearer " + token},
                                     {"X-MC-Purpose", "demo"}},
                         .body = body,
                         .received = home.signing.clock.mono()});
    gateway->handle(exchange);
    REQUIRE(exchange->wait());
    return exchange->response().body;
  }
  // The attempts in the tenant's log: what, with which dataset, and where that led to.
  std::vector<std::string> attempts() {
    std::vector<std::string> out;
    for (const auto& record : home.records("alpha")) {
      const auto tried = residency::read_tried(record);
      if (!tried) continue;
      CHECK(tried->code == residency::kWrongRegion);
      CHECK(tried->actor == "ada@alpha");
      CHECK(tried->purpose == "demo");
      out.push_back(tried->action + " " + tried->dataset + " " + tried->source + " " + tried->dst);
    }
    return out;
  }
};

using Attempts = std::vector<std::string>;

TEST_CASE("regions: a connection that cannot be made is an attempt on its dataset alone") {
  Failover it(Failover::Masks::off);
  it.standing[it.people] = "us";
  const std::string body = it.ask(kRead);
  CHECK(body.find("UNAVAILABLE") != std::string::npos);
  CHECK(body.find("us\"") == std::string::npos);
  CHECK(it.attempts() == Attempts{"read person people us"});
  CHECK(it.ask(kWrite).find("UNAVAILABLE") != std::string::npos);
  CHECK(it.attempts() == Attempts{"read person people us", "write person people us"});
}

TEST_CASE("regions: after a failover statements and changes are attempts, masked or not") {
  for (const auto masks : {Failover::Masks::off, Failover::Masks::on}) {
    Failover it(masks);
    CHECK(it.ask(kRead) == R"({"data":{"person":{"id":"a"},"thing":null}})");
    CHECK(it.ask(kWrite) == R"({"data":{"updatePerson":{"id":"a"}}})");
    CHECK(it.attempts().empty());
    it.standing[it.people] = "us";
    CHECK(it.ask(kWrite).find("UNAVAILABLE") != std::string::npos);
    CHECK(it.ask(kRead).find("UNAVAILABLE") != std::string::npos);
    CHECK(it.attempts() == Attempts{"write person people us", "read person people us"});
    metric::Registry metrics;
    it.home.residency->add_metrics(metrics);
    CHECK(metrics.text().find("mc_residency_violations_total{tenant=\"alpha\"} 2") !=
          std::string::npos);
    CHECK(it.home.sink.count("dataset.fault") == 2);
  }
}

}  // namespace
}  // namespace mc::gateway
