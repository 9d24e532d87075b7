#include "signing/remote_timestamps.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "contract/pki_world.h"
#include "contract/signing_world.h"
#include "sim/sim.h"

namespace mc::signing {
namespace {

const std::string kUrl = "http://tsa.example/stamp?token=secret";

// Answers with what the test makes of each request.
class Wire final : public net::Client {
 public:
  using Answer = std::function<Result<net::Response>(const net::ClientRequest&)>;
  explicit Wire(Answer answer) : answer_(std::move(answer)) {}
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    return answer_(request);
  }

 private:
  Answer answer_;
};

RemoteTimestamps::NewClient wire(Wire::Answer answer) {
  return [answer = std::move(answer)] { return std::make_unique<Wire>(answer); };
}

struct World {
  pki::TestTimestamps authority;
  sim::SimRandom random{3};

  std::unique_ptr<RemoteTimestamps> ask(Wire::Answer answer) {
    return *RemoteTimestamps::make({kUrl, authority.signer().chain()}, wire(std::move(answer)),
                                   random);
  }
  std::string answer(const std::string& query) const {
    return *authority.signer().answer(query, pki::TestTimestamps::noon(), "12345678");
  }
};

net::Response reply(std::string body, std::string type = "application/timestamp-reply",
                    int status = 200) {
  return {.status = status, .headers = {{"Content-Type", std::move(type)}}, .body = body};
}

TEST_CASE("remote timestamps: the answer to the question is given on as it is") {
  World world;
  std::vector<std::string> queries;
  std::string answered;
  const auto remote = world.ask([&](const net::ClientRequest& request) -> Result<net::Response> {
    CHECK(request.method == "POST");
    CHECK(request.url == kUrl);
    CHECK(request.timeout == seconds(10));
    CHECK(request.response_bytes_max == 64 << 10);
    CHECK(request.headers.back().second == "application/timestamp-query");
    queries.push_back(request.body);
    answered = world.answer(request.body);
    return reply(answered, "application/timestamp-reply; charset=binary", 201);
  });
  for (int i = 0; i < 20; ++i) {
    const auto stamped = remote->stamp("signature");
    REQUIRE_MESSAGE(stamped.has_value(), stamped.error().what);
    CHECK(*stamped == answered);
  }
  CHECK(std::set<std::string>(queries.begin(), queries.end()).size() == 20);  // the nonce
  const proof::Authority trust = remote->trust();
  CHECK(trust.chain == world.authority.signer().chain());
  CHECK(trust.uri == "http://tsa.example/stamp");
  const pki::TimestampAuthority trusted{trust.chain, trust.period};
  CHECK(pki::check_timestamp(answered, "signature", std::span(&trusted, 1)).has_value());
}

TEST_CASE(
    "remote timestamps: what does not hold is refused, with the address and without secrets") {
  World world;
  World stranger;
  struct Case {
    std::string named;
    Code code;
    Wire::Answer answer;
  };
  const auto with = [&](auto change) {
    return [change](const net::ClientRequest& request) -> Result<net::Response> {
      return change(request.body);
    };
  };
  const Case cases[] = {
      {"connection refused", Code::unavailable,
       [](const auto&) { return fail(Code::unavailable, "connection refused"); }},
      {"answered 503", Code::unavailable,
       with([&](const std::string& query) { return reply(world.answer(query), "", 503); })},
      {"answered 302", Code::unavailable,
       with([&](const std::string& query) { return reply(world.answer(query), "", 302); })},
      {"text/html", Code::corrupt,
       with([&](const std::string& query) { return reply(world.answer(query), "text/html"); })},
      {"not application/timestamp-reply", Code::corrupt,
       with([&](const std::string& query) { return reply(world.answer(query), ""); })},
      {"not a response in DER", Code::corrupt,
       with([&](const std::string&) { return reply("no timestamp"); })},
      {"not a response in DER", Code::corrupt,
       with([&](const std::string& query) { return reply(world.answer(query) + "x"); })},
      {"65536", Code::corrupt,
       with([&](const std::string&) { return reply(std::string(70'000, 'x')); })},
      {"status", Code::corrupt,
       with([&](const std::string&) { return reply(world.answer("no query")); })},
      {"nonce", Code::corrupt,
       with([&](const std::string&) { return reply(world.authority.stamp("signature")); })},
      {"nonce", Code::corrupt, with([&](const std::string&) {
         pki::TimestampRequest other{*crypto::digest("sha256", "signature"), "another", true};
         return reply(world.answer(*pki::print_timestamp_request(other)));
       })},
      {"other bytes", Code::corrupt,
       with([&](const std::string&) { return reply(world.authority.stamp("something else")); })},
      {"timestamp: ", Code::corrupt,
       with([&](const std::string& query) { return reply(stranger.answer(query)); })},
  };
  for (const Case& each : cases) {
    CAPTURE(each.named);
    const auto refused = world.ask(each.answer)->stamp("signature");
    REQUIRE(!refused.has_value());
    const std::string& what = refused.error().what;
    CHECK(refused.error().code == each.code);
    CHECK_MESSAGE(what.find(each.named) != std::string::npos, what);
    CHECK(what.find("time-stamping authority http://tsa.example/stamp: ") == 0);
    CHECK(what.find("secret") == std::string::npos);
  }
}

TEST_CASE("remote timestamps: the server's own bundles have them, and none is made without") {
  SigningWorld world;
  const auto outside = *Timestamps::make(*make_authority(world.clock.wall(), world.random),
                                         world.clock, world.random);
  bool up = true;
  const auto asked = wire([&](const net::ClientRequest& request) -> Result<net::Response> {
    if (!up) return fail(Code::unavailable, "connection refused");
    MC_TRY(std::string answer, outside->answer(TimestampForm::der, request.body));
    return reply(std::move(answer));
  });
  const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  const crypto::SigningKey log = *crypto::SigningKey::ed25519(Secret(std::string(32, 'l')));
  const auto signing =
      Signing::open(*world.ledger, world.clock, world.random,
                    {*tlog::NoteSigner::make("signatures.example", tlog::NoteKeyType::ed25519, log),
                     key, *make_authority(world.clock.wall(), world.random),
                     *make_seal(key, world.clock.wall(), world.random), test_promise_key(),
                     *RemoteTimestamps::make({kUrl, outside->chain()}, asked, world.random)});
  REQUIRE(signing.has_value());
  proof::Statement statement;
  statement.subjects.push_back(
      {"file", {{"sha256", to_hex(*crypto::digest("sha256", "content"))}}});
  statement.predicate_type = "https://example.org/said/v1";
  statement.predicate = json::Object();
  const auto made = (*signing)->sign(statement);
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  proof::TrustedRoot root = (*signing)->trust();
  REQUIRE(root.timestamp_authorities.size() == 2);
  CHECK(root.timestamp_authorities[1].chain == outside->chain());
  const auto verified = [&] {
    return proof::check_bundle({.bundle = *made,
                                .root = root,
                                .artifact = {"content"},
                                .key = key.public_key(),
                                .now = world.clock.wall()})
        .verified();
  };
  CHECK(verified());
  root.timestamp_authorities.pop_back();  // the server's own has not stamped it
  CHECK_FALSE(verified());
  up = false;
  const std::uint64_t before = (*signing)->log().head().size;
  CHECK((*signing)->sign(statement).error().code == Code::unavailable);
  CHECK((*signing)->log().head().size == before);
}

TEST_CASE("remote timestamps: an authority without address or chain is refused") {
  World world;
  const auto make = [&](const std::string& url, std::vector<pki::Certificate> chain) {
    return RemoteTimestamps::make({url, std::move(chain)}, nullptr, world.random);
  };
  const std::vector<pki::Certificate>& chain = world.authority.signer().chain();
  for (const char* url : {"", "tsa.example", "ftp://tsa.example", "file:///etc/passwd"}) {
    CAPTURE(url);
    CHECK(make(url, chain).error().code == Code::invalid);
  }
  const auto with_password = make("https://user:hunter2@tsa.example/x", chain);
  REQUIRE(!with_password.has_value());
  CHECK(with_password.error().what.find("hunter2") == std::string::npos);
  CHECK(make(kUrl, {}).error().code == Code::invalid);
  CHECK(make(kUrl, std::vector<pki::Certificate>(9, chain.front())).error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::signing
