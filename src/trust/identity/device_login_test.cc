#include "identity/device_login.h"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

#include "contract/fake_provider.h"
#include "sim/sim.h"

namespace mc::identity {
namespace {

// Answers the metadata, the start, and then one reply a poll; the last stays.
struct Flow final : net::Client {
  sim::SimClock clock;
  std::string metadata =
      R"({"issuer":"https://id.example.org/realm","token_endpoint":"https://id.example.org/token",)"
      R"("device_authorization_endpoint":"https://id.example.org/device"})";
  std::string started =
      R"({"device_code":"d-1","user_code":"ABCD-EFGH","verification_uri":"https://id.example.org/)"
      R"(go","expires_in":600,"interval":5})";
  int start_status = 200;
  std::deque<Result<net::Response>> polls;
  std::vector<DevicePrompt> shown;
  std::vector<Nanos> pauses;
  std::vector<std::string> bodies;

  static net::Response reply(int status, const std::string& body) {
    net::Response out;
    out.status = status;
    out.body = body;
    return out;
  }
  static net::Response error(const std::string& code) {
    return reply(400, "{\"error\":\"" + code + "\"}");
  }
  static net::Response token() {
    return reply(200, R"({"access_token":"ey.J.x","token_type":"Bearer","expires_in":600})");
  }
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    bodies.push_back(request.body);
    if (request.url.ends_with("/openid-configuration")) return reply(200, metadata);
    if (request.url == "https://id.example.org/device") return reply(start_status, started);
    CHECK(request.url == "https://id.example.org/token");
    REQUIRE(!polls.empty());
    Result<net::Response> next = polls.front();
    if (polls.size() > 1) polls.pop_front();
    return next;
  }
  static IssuerConfig config() {
    IssuerConfig out = FakeProvider::config();
    out.cli_client_id = "maestro cli";
    return out;
  }
  Result<AccessToken> renew(const AccessToken& held) {
    return renew_login(*this, clock, config(), held);
  }
  Result<AccessToken> run() {
    return device_login({*this, clock, [&](const DevicePrompt& prompt) { shown.push_back(prompt); },
                         [&](Nanos length) {
                           pauses.push_back(length);
                           clock.advance(length);
                         }},
                        config());
  }
  Code refusal() {
    const Result<AccessToken> done = run();
    REQUIRE(!done.has_value());
    return done.error().code;
  }
};

TEST_CASE("device login: pending, then a token; the pace is the provider's") {
  Flow flow;
  flow.polls = {Flow::error("authorization_pending"), Flow::error("slow_down"), Flow::token()};
  const Result<AccessToken> done = flow.run();
  REQUIRE(done.has_value());
  CHECK(done->token.reveal(RevealToken()) == "ey.J.x");
  CHECK(done->expires == flow.clock.wall() + seconds(600));
  CHECK(flow.pauses == std::vector<Nanos>{seconds(5), seconds(5), seconds(10)});
  REQUIRE(flow.shown.size() == 1);
  CHECK(flow.shown[0].code == "ABCD-EFGH");
  CHECK(flow.shown[0].url == "https://id.example.org/go");
  CHECK(flow.bodies[1] ==
        "client_id=maestro%20cli&scope=openid&resource=https%3a%2f%2fmc.example.org");
  CHECK(flow.bodies[2].find("device_code=d-1") != std::string::npos);
}

TEST_CASE("device login: a lost connection is tried again, more slowly") {
  Flow flow;
  flow.polls = {fail(Code::unavailable, "gone"), Flow::token()};
  CHECK(flow.run().has_value());
  CHECK(flow.pauses == std::vector<Nanos>{seconds(5), seconds(10)});
}

TEST_CASE("device login: a no, a code that ran out, and an unknown error end it") {
  for (const char* error : {"access_denied", "expired_token", "invalid_client"}) {
    Flow flow;
    flow.polls = {Flow::error(error)};
    CHECK(flow.refusal() == Code::denied);
    CHECK(flow.pauses.size() == 1);
  }
}

TEST_CASE("device login: it ends after the code's lifetime, whatever the provider says") {
  Flow flow;
  flow.polls = {Flow::error("authorization_pending")};
  CHECK(flow.refusal() == Code::denied);
  CHECK(flow.pauses.size() == 120);
  Flow eternal;
  eternal.started.replace(eternal.started.find("600"), 3, "99999999");
  eternal.polls = {Flow::error("authorization_pending")};
  CHECK(eternal.refusal() == Code::denied);
  CHECK(eternal.pauses.size() == 180);  // kDeviceLoginMax
}

TEST_CASE("device login: nothing that could fool the terminal or the browser is shown") {
  for (const char* started :
       {R"({"device_code":"d","user_code":"A\u001b[2J","verification_uri":"https://a/"})",
        R"({"device_code":"d","user_code":"A B","verification_uri":"https://a/"})",
        R"({"device_code":"d","user_code":"AB","verification_uri":"javascript:void"})",
        R"({"device_code":"d","user_code":"AB","verification_uri":"http://a.example/"})",
        R"({"device_code":"d","user_code":"AB"})",
        R"({"user_code":"AB","verification_uri":"https://a/"})",
        R"({"device_code":"d","verification_uri":"https://a/"})", "[]", "<html>", ""}) {
    CAPTURE(started);
    Flow flow;
    flow.started = started;
    CHECK(flow.refusal() == Code::invalid);
    CHECK(flow.shown.empty());
  }
}

TEST_CASE("device login: a token that cannot be one is refused") {
  for (const char* body :
       {R"({"access_token":"a\nb","token_type":"Bearer"})",
        R"({"access_token":"","token_type":"Bearer"})", R"({"token_type":"Bearer"})",
        R"({"access_token":"a","token_type":"mac"})", R"({"access_token":"a"})", "{}",
        "not json"}) {
    CAPTURE(body);
    Flow flow;
    flow.polls = {Flow::reply(200, body)};
    CHECK(flow.refusal() == Code::invalid);
  }
}

TEST_CASE("device login: a refresh token is asked for where it is offered, and renews") {
  Flow flow;
  flow.metadata.insert(flow.metadata.size() - 1,
                       R"(,"scopes_supported":["openid","offline_access"])");
  flow.polls = {Flow::reply(200, R"({"access_token":"a1","token_type":"Bearer","expires_in":600,)"
                                 R"("refresh_token":"r1"})"),
                Flow::reply(200, R"({"access_token":"a2","token_type":"Bearer","expires_in":60,)"
                                 R"("refresh_token":"r2"})"),
                Flow::reply(200, R"({"access_token":"a3","token_type":"Bearer"})")};
  const Result<AccessToken> first = flow.run();
  REQUIRE(first.has_value());
  CHECK(flow.bodies[1].find("scope=openid%20offline_access&") != std::string::npos);
  CHECK(flow.bodies[1].find("prompt=consent") != std::string::npos);
  const Result<AccessToken> second = flow.renew(*first);
  REQUIRE(second.has_value());
  CHECK(second->token.reveal(RevealToken()) == "a2");
  CHECK(second->refresh.reveal(RevealToken()) == "r2");
  CHECK(second->expires == flow.clock.wall() + seconds(60));
  CHECK(flow.bodies.back() ==
        "grant_type=refresh_token&refresh_token=r1&client_id=maestro%20cli&"
        "resource=https%3a%2f%2fmc.example.org");
  const Result<AccessToken> third = flow.renew(*second);
  REQUIRE(third.has_value());
  CHECK(third->refresh.reveal(RevealToken()) == "r2");
}

TEST_CASE("device login: the provider is told when it is over") {
  Flow flow;
  const AccessToken held{Secret("a"), WallTime{}, Secret("r1")};
  CHECK(end_login(flow, Flow::config(), held) == false);  // it names no endpoint
  flow.metadata.insert(flow.metadata.size() - 1,
                       R"(,"revocation_endpoint":"https://id.example.org/token")");
  flow.polls = {Flow::reply(200, ""), Flow::reply(503, "")};
  CHECK(end_login(flow, Flow::config(), {Secret("a"), WallTime{}}) == false);
  CHECK(end_login(flow, Flow::config(), held) == true);
  CHECK(flow.bodies.back() == "token=r1&token_type_hint=refresh_token&client_id=maestro%20cli");
  CHECK(end_login(flow, Flow::config(), held).error().code == Code::unavailable);
}

TEST_CASE("device login: what is not renewed, and why") {
  const AccessToken held{Secret("a"), WallTime{}, Secret("r")};
  const auto refusal = [&](const Result<net::Response>& reply, const AccessToken& token) {
    Flow flow;
    flow.polls = {reply};
    const Result<AccessToken> done = flow.renew(token);
    REQUIRE(!done.has_value());
    return done.error().code;
  };
  CHECK(refusal(Flow::error("invalid_grant"), held) == Code::denied);
  CHECK(refusal(Flow::token(), {Secret("a"), WallTime{}}) == Code::denied);
  CHECK(refusal(Flow::reply(503, "{}"), held) == Code::unavailable);
  CHECK(refusal(Flow::reply(429, "{}"), held) == Code::unavailable);
  CHECK(refusal(fail(Code::unavailable, "gone"), held) == Code::unavailable);
  CHECK(refusal(Flow::reply(200, "<html>"), held) == Code::invalid);
  CHECK(refusal(Flow::reply(200, R"({"access_token":"a","token_type":"Bearer",)"
                                 R"("refresh_token":"r\u0000x"})"),
                held) == Code::invalid);
}

TEST_CASE("device login: a provider without the flow, or that refuses the client") {
  Flow without;
  without.metadata = R"({"issuer":"https://id.example.org/realm"})";
  CHECK(without.refusal() == Code::invalid);
  Flow refusing;
  refusing.start_status = 401;
  refusing.started = R"({"error":"invalid_client"})";
  CHECK(refusing.refusal() == Code::denied);
}

}  // namespace
}  // namespace mc::identity
