// What is said of policies when an OPA server elsewhere decides.
#include <doctest/doctest.h>

#include "access/remote.h"
#include "contract/policy_face.h"

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

// It has no policies of its own.
struct Elsewhere : PolicyFace {
  Elsewhere() : PolicyFace(Decides::elsewhere) {
    auto made = access::Remote::make(
        {face.world.clock(), disk, [this] { return std::make_unique<FixedClient>(answer); },
         [](const access::RemoteEvent&) {}},
        {.url = "http://127.0.0.1:8181", .failures = 1});
    REQUIRE(made);
    remote = std::move(*made);
    desk.remote = remote.get();
  }
  std::string decide() { return PolicyFace::decide({}, remote.get()); }
  json::Value get(const std::string& target, const std::string& who) {
    return json_of(ask("GET", target, who));
  }

  std::string answer = R"({"result": {"allow": false, "rules": ["far"], "reasons": ["not-today"],)"
                       R"( "obligations": {"mask": {"card": "drop"}}},)"
                       R"( "provenance": {"bundles": {"ours": {"revision": "7"}}}})";
  std::unique_ptr<access::Remote> remote;
};

TEST_CASE("policy elsewhere: the revision is that of the last answer; a reload is refused") {
  Elsewhere it;
  const std::string& otto = it.face.operator_;
  CHECK(text(it.get("/v1/policy", otto), "revision") == "null");
  it.decide();
  const json::Value policy = it.get("/v1/policy", otto);
  CHECK(text(policy, "location_kind") == "opa");
  CHECK(text(policy, "revision") == "ours@7");
  CHECK(text(policy, "problem") == "null");
  CHECK(text(policy, "rules").find("\"far\"") != std::string::npos);
  const net::Response reload = it.ask("POST", "/v1/policy/reload", otto);
  CHECK(reload.status == 409);
  CHECK(reload.body.find("policy.opa.url") != std::string::npos);
  it.answer = R"({"result": {"allow": true, "rules": [], "reasons": []}})";
  it.decide();
  CHECK(text(it.get("/v1/policy", otto), "revision") == "null");
}

TEST_CASE("policy elsewhere: a decision is told without what only its policies know") {
  Elsewhere it;
  const json::Value decision = it.get("/v1/decisions/" + it.decide(), it.face.admin);
  CHECK(text(decision, "revision") == "ours@7");
  CHECK(text(decision, "reasons") == R"(["not-today"])");
  CHECK(text(at(decision, "explanation"), "summary").find("not-today") != std::string::npos);
  CHECK(text(at(decision, "explanation"), "rules").find(R"("id":"far")") != std::string::npos);
  CHECK(text(at(decision, "explanation"), "masks").find(R"("sensitivity":"secret")") !=
        std::string::npos);
  CHECK(text(at(decision, "explanation"), "now") == "null");
  CHECK(text(at(decision, "explanation"), "would_allow") == "[]");
}

TEST_CASE("policy elsewhere: who does not answer is named to the operator's people alone") {
  Elsewhere it;
  it.answer.clear();
  it.decide();
  CHECK(text(it.get("/v1/policy", it.face.operator_), "problem")
            .starts_with("http://127.0.0.1:8181/"));
  CHECK(text(it.get("/v1/policy", it.face.admin), "problem") == "the OPA server does not answer");
}

}  // namespace
}  // namespace mc::api
