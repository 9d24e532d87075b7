// What is said of policies when an OPA server elsewhere decides.
#include <doctest/doctest.h>

#include "access/remote.h"
#include "contract/api_face.h"
#include "json/json.h"

namespace mc::api {
namespace {

// The server elsewhere: its answer, or nobody.
class FixedClient final : public net::Client {
 public:
  explicit FixedClient(const std::string& body) : body_(body) {}
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    if (body_.empty()) return fail(Code::unavailable, request.url + ": refused");
    return net::Response{.status = 200, .headers = {}, .body = body_};
  }

 private:
  const std::string& body_;
};

struct Elsewhere {
  Elsewhere() {
    auto made = access::Remote::make(
        {face.world.clock(), disk, [this] { return std::make_unique<FixedClient>(answer); },
         [](const access::RemoteEvent&) {}},
        {.url = "http://127.0.0.1:8181", .failures = 1});
    REQUIRE(made);
    remote = std::move(*made);
    desk.remote = remote.get();
    ApiWorld world = face.api_world();
    world.policy = &desk;
    api.emplace(world);
    api->set_ready(true);
    face.world.set_front(*api);
  }
  // The id of a decision about a read of ben's.
  std::string decide() {
    identity::Caller caller;
    caller.tenant = TenantId("alpha");
    caller.principal = PrincipalId("ben");
    access::Gate gate({engine, face.world.clock(), face.world.random(), &log, remote.get()});
    return gate
        .decide({.caller = caller,
                 .purpose = "support",
                 .resource = resource,
                 .tenant = "alpha",
                 .tenant_region = "eu",
                 .node_region = "eu",
                 .request_id = "req_1"})
        .decision_id;
  }
  json::Value get(const std::string& target, const std::string& who) {
    const net::Response reply = face.ask("GET", target, who);
    CAPTURE(reply.body);
    REQUIRE(reply.status == 200);
    return *json::parse(reply.body);
  }

  Face face;
  sim::SimFiles disk;
  std::string answer = R"({"result": {"allow": false, "rules": ["far"], "reasons": ["not-today"],)"
                       R"( "obligations": {"mask": {"card": "drop"}}},)"
                       R"( "provenance": {"bundles": {"ours": {"revision": "7"}}}})";
  std::unique_ptr<access::Remote> remote;
  policy::Engine engine;  // has no policies
  policy::BundleStore store{disk, "policies"};
  policy::Updater updater{
      {engine, face.world.clock(), face.world.random(), store, [](const auto&) { return true; }},
      {},
      nullptr};
  access::DecisionLog log{disk, "decisions", {}};
  access::Resource resource{{.kind = "dataset",
                             .name = "people",
                             .purposes = {},
                             .licence_class = "",
                             .region = "",
                             .columns = {{"card", "secret", "", false}}}};
  PolicyDesk desk{engine, updater, log,
                  [this](std::string_view, std::string_view) { return &resource; },
                  face.world.random()};
  std::optional<Api> api;
};

std::string text(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* at = &value;
  for (const std::string_view name : path) at = at == nullptr ? nullptr : at->find(name);
  REQUIRE(at != nullptr);
  return at->as_string() == nullptr ? json::print(*at) : *at->as_string();
}

TEST_CASE("policy elsewhere: the revision is that of the last answer; a reload is refused") {
  Elsewhere it;
  const std::string& otto = it.face.operator_;
  CHECK(text(it.get("/v1/policy", otto), {"revision"}) == "null");
  it.decide();
  const json::Value policy = it.get("/v1/policy", otto);
  CHECK(text(policy, {"location_kind"}) == "opa");
  CHECK(text(policy, {"revision"}) == "ours@7");
  CHECK(text(policy, {"problem"}) == "null");
  CHECK(text(policy, {"rules"}).find("\"far\"") != std::string::npos);
  const net::Response reload = it.face.ask("POST", "/v1/policy/reload", otto);
  CHECK(reload.status == 409);
  CHECK(reload.body.find("policy.opa.url") != std::string::npos);
  it.answer = R"({"result": {"allow": true, "rules": [], "reasons": []}})";
  it.decide();
  CHECK(text(it.get("/v1/policy", otto), {"revision"}) == "null");
}

TEST_CASE("policy elsewhere: a decision is told without what only its policies know") {
  Elsewhere it;
  const json::Value decision = it.get("/v1/decisions/" + it.decide(), it.face.admin);
  CHECK(text(decision, {"revision"}) == "ours@7");
  CHECK(text(decision, {"reasons"}) == R"(["not-today"])");
  CHECK(text(decision, {"explanation", "summary"}).find("not-today") != std::string::npos);
  CHECK(text(decision, {"explanation", "rules"}).find(R"("id":"far")") != std::string::npos);
  CHECK(text(decision, {"explanation", "masks"}).find(R"("sensitivity":"secret")") !=
        std::string::npos);
  CHECK(text(decision, {"explanation", "now"}) == "null");
  CHECK(text(decision, {"explanation", "would_allow"}) == "[]");
}

TEST_CASE("policy elsewhere: who does not answer is named to the operator's people alone") {
  Elsewhere it;
  it.answer.clear();
  it.decide();
  CHECK(text(it.get("/v1/policy", it.face.operator_), {"problem"})
            .starts_with("http://127.0.0.1:8181/"));
  CHECK(text(it.get("/v1/policy", it.face.admin), {"problem"}) == "the OPA server does not answer");
}

}  // namespace
}  // namespace mc::api
