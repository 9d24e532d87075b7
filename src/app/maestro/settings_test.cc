#include "maestro/settings.h"

#include <doctest/doctest.h>

#include "config/config.h"
#include "maestro/own_budgets.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

Result<config::Loaded<Settings>> load(const std::string& yaml) {
  sim::SimFiles files;
  MC_TRY_OK(files.write_atomic("/mc.yaml", yaml));
  config::Sources sources;
  sources.file = "/mc.yaml";
  return config::load<Settings>(sources, files);
}

TEST_CASE("settings: the defaults are valid and listen on this machine only") {
  CHECK(Settings{}.check().has_value());
  CHECK(to_server_config(ServerSettings{}).host == "127.0.0.1");
  CHECK(to_server_config(ServerSettings{}).threads >= 1);
  CHECK(to_server_config(ServerSettings{}).check().has_value());
}

TEST_CASE("settings: every limit reaches the server") {
  ServerSettings settings;
  settings.host = "::1";
  settings.port = 1;
  settings.threads = 3;
  settings.head_bytes_max = 5'000;
  settings.body_bytes_max = 6'000;
  settings.connections_max = 7;
  settings.head_timeout = seconds(8);
  settings.body_timeout = seconds(9);
  settings.idle_timeout = seconds(10);
  settings.write_timeout = seconds(11);
  const net::ServerConfig out = to_server_config(settings);
  CHECK(out.host == "::1");
  CHECK(out.port == 1);
  CHECK(out.threads == 3);
  CHECK(out.head_bytes_max == 5'000);
  CHECK(out.body_bytes_max == 6'000);
  CHECK(out.connections_max == 7);
  CHECK(out.head_timeout == seconds(8));
  CHECK(out.body_timeout == seconds(9));
  CHECK(out.idle_timeout == seconds(10));
  CHECK(out.write_timeout == seconds(11));
}

TEST_CASE("settings: a wrong file is refused and the key is named") {
  struct Row {
    std::string yaml, named;
  };
  const Row rows[] = {
      {"servr: {port: 1}", "servr"},
      {"server: {port: 70000}", "port"},
      {"server: {head_bytes_max: 1}", "head_bytes_max"},
      {"server: {tls_key_file: /k}", "tls_certificate_file"},
      {"trace: {otlp_url: \"ftp://x\"}", "otlp_url"},
      {"trace: {ratio: 2}", "ratio"},
      {"signing: {timestamp_url: \"http://tsa.example\"}", "timestamp_chain_file"},
      {"signing: {timestamp_chain_file: /tsa.pem}", "timestamp_url"},
      {"log: {level: loud}", "level"},
      {"policy: {opa: {url: \"http://opa.example\"}}", "policy.opa.url"},
      {"policy: {opa: {url: \"https://opa.example\", timeout: 11s}}", "timeout"},
      {"policy: {opa: {token_file: /t}}", "policy.opa.url"},
      {"policy: {opa: {url: \"https://a\"}, source: {location: /p}}", "one decides"},
      {"policy: {opa: {url: \"https://a\"}, keys: [{id: k, key_file: /k}]}", "policy.keys"},
      {"policy: {opa: {url: \"https://a\"}, source: {expired: deny}}",
       "policy.opa.url and policy.source.expired"},
      {"policy: {opa: {url: \"https://a\"}, source: {require_pack: true}}", "require_pack"},
      {"policy: {opa: {url: \"https://a\"}}\nopa: {enabled: true}", "opa.enabled"},
      {"policy: {decisions: {sample: 10}}", "sample"},
      {"policy: {decisions: {sample: {default: 1.5}}}", "sample.default"},
      {"policy: {decisions: {sample: {rules: {role-dpo: -1}}}}", "role-dpo"},
      {"policy: {source: {expired: never}}", "expired"},
      {"policy: {source: {require_pack: true}}", "require_pack"},
      {"policy: {source: {require_pack: true, location: /p}}", "policy.keys"},
      {"gateway: {workers: 0}", "workers"},
      {"budget_store: {redis: redis.example}", "budget_store.redis"},
      {"budget_store: {redis: \"redis.example:0\"}", "budget_store.redis"},
      {"budget_store: {redis: \":6379\"}", "budget_store.redis"},
      {"budget_store: {redis: \"r:1\", user: mc}", "budget_store.user"},
      {"budget_store: {mode: both}", "budget_store.mode"},
      {"budget_store: {on_store_loss: shut}", "budget_store.on_store_loss"},
      {"budget_store: {nodes_min: 0}", "nodes_min"},
      {"budget_store: {op_timeout: 2s}", "op_timeout"},
      {"budgets: {pro: {gql_qps: 5, on_store_loss: {seats: closed}}}", "on_store_loss: seats"},
      {"budgets: {pro: {classes: {Batch: {gql_qps: 5}}}}", "budgets.pro.classes.Batch"},
      {"budgets: {pro: {classes: {batch: {priority: 64}}}}", "priority"},
      {"budgets: {pro: {classes: {batch: {users: {gql_qps: 5}}}}}", "users"},
      {"gateway: {routes: [{path: /livez}]}", "path"},
      {"gateway: {routes: [{path: /g, kind: upstream}]}", "url"},
      {"gateway: {limits: {batch_max: 0}}", "batch_max"}};
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto loaded = load(row.yaml);
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Code::invalid);
    CHECK(loaded.error().what.find(row.named) != std::string::npos);
  }
}

TEST_CASE("settings: a class without a priority has that of its plan") {
  const auto loaded = load(
      "budgets: {pro: {priority: 10, classes: {batch: {gql_qps: 5, priority: 0}, plain: {seats: "
      "2}}}}");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const auto made = make_admission(loaded->value);
  REQUIRE(made.has_value());
  const gateway::PlanShare& share = made->shares.at("pro");
  CHECK(share.priority_for("") == 10);
  CHECK(share.priority_for("batch") == 0);
  CHECK(share.priority_for("plain") == 10);
}

TEST_CASE("settings: what a file says is taken over") {
  const auto loaded = load(
      "server: {port: 9000}\nlog: {level: debug, format: text}\n"
      "gateway:\n  http_profile: draft-2026\n  routes:\n"
      "    - {path: /up, kind: upstream, url: \"http://127.0.0.1:4000/graphql\", timeout: 3s}\n");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  CHECK(loaded->value.server.port == 9000);
  CHECK(loaded->value.log.level == LogLevel::debug);
  CHECK(loaded->value.log.format == LogFormat::text);
  CHECK(loaded->value.gateway.http_profile == gateway::HttpProfile::draft_2026);
  REQUIRE(loaded->value.gateway.routes.size() == 1);
  CHECK(loaded->value.gateway.routes[0].timeout == seconds(3));
}

TEST_CASE("settings: packs that are required, what follows their end, and shares of decisions") {
  const auto loaded = load(
      "policy: {source: {location: /p, require_pack: true, expired: deny}, keys: [{id: k, "
      "key_file: "
      "/k}], decisions: {sample: {default: 0.5, rules: {role-dpo: 1, role-analyst: 0.1}}}}");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const PolicySettings& policy = loaded->value.policy;
  CHECK(policy.source.require_pack);
  CHECK(policy.source.expired == policy::Expired::deny);
  CHECK(policy.decisions.sample.otherwise == 0.5);
  CHECK(policy.decisions.sample.rules ==
        std::map<std::string, double>{{"role-analyst", 0.1}, {"role-dpo", 1}});
  CHECK(Settings{}.policy.decisions.sample.otherwise == 1);
  CHECK(Settings{}.policy.source.expired == policy::Expired::serve);
}

TEST_CASE("settings: an OPA server elsewhere, with its limits") {
  const auto loaded = load(
      "policy: {opa: {url: \"https://opa.example:8443\", timeout: 250ms, token_file: /t, ca_file: "
      "/c, "
      "failures: 3, pause: 2s, connections_max: 8}}");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const access::RemoteConfig& opa = loaded->value.policy.opa;
  CHECK(opa.enabled());
  CHECK(opa.timeout == millis(250));
  CHECK(opa.token_file == "/t");
  CHECK(opa.ca_file == "/c");
  CHECK(opa.failures == 3);
  CHECK(opa.pause == seconds(2));
  CHECK(opa.connections_max == 8);
  CHECK(!Settings{}.policy.opa.enabled());
  CHECK(Settings{}.policy.opa.timeout == millis(100));
}

}  // namespace
}  // namespace mc::app
