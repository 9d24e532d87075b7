#include "gcp/gcp.h"

#include <doctest/doctest.h>

#include "contract/cloud_world.h"
#include "crypto/crypto.h"
#include "gcp/reply.h"
#include "json/json.h"
#include "kms/branch.h"

namespace mc::gcp {
namespace {

const std::string kKey = "projects/p-1/locations/europe-west3/keyRings/ring/cryptoKeys/key";

std::string quoted_name(int version = 3) {
  return R"("name":")" + kKey + "/cryptoKeyVersions/" + std::to_string(version) + "\"";
}
std::string sum_of(std::string_view bytes) {
  return "\"" + std::to_string(crc32c(bytes)) + "\"";
}
std::string encrypted(const std::string& verified = "true") {
  return "{" + quoted_name() + R"(,"ciphertext":"c2VhbGVk","ciphertextCrc32c":)" +
         sum_of("sealed") + R"(,"verifiedPlaintextCrc32c":)" + verified +
         R"(,"verifiedAdditionalAuthenticatedDataCrc32c":true,"protectionLevel":"HSM"})";
}
std::string failed(const std::string& status) {
  return R"({"error":{"code":400,"message":"SECRET WORDS","status":")" + status + "\"}}";
}
std::string version(int number, const std::string& state, const std::string& more = "") {
  return "{" + quoted_name(number) + R"(,"state":")" + state +
         R"(","protectionLevel":"HSM","algorithm":"GOOGLE_SYMMETRIC_ENCRYPTION",)" +
         R"("generateTime":"2025-01-02T03:04:05Z")" + more + "}";
}
std::string key(const std::string& primary) {
  return R"({"name":")" + kKey + R"(","purpose":"ENCRYPT_DECRYPT")" +
         (primary.empty() ? "" : R"(,"primary":)" + primary) + "}";
}

struct World : cloud::World {
  World() {
    write("token", "ya29.one\n");
    credentials.files = {{"access_token", "token"}};
  }
  void bind() { cloud::World::bind(*provider_kind(), "gcp-kms:" + kKey); }
  crypto::SigningKey use_account(const std::string& uri = "https://oauth2.googleapis.com/token") {
    auto made = crypto::SigningKey::generate(crypto::Algorithm::rs256);
    REQUIRE(made.has_value());
    json::Object account;
    account.set("type", "service_account");
    account.set("client_email", "mc@p-1.iam.gserviceaccount.com");
    account.set("private_key_id", "key-id");
    account.set("token_uri", uri);
    account.set("private_key",
                crypto::write_pem(made->to_pkcs8().reveal(RevealToken()), "PRIVATE KEY"));
    write("account", json::print(json::Value(account)));
    credentials.files = {{"service_account", "account"}};
    return std::move(*made);
  }
};

TEST_CASE("gcp: the sum is CRC-32C") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);  // RFC 3720 appendix B.4
}

TEST_CASE("gcp: takes whole names of keys only") {
  CHECK(parse_uri("gcp-kms:" + kKey).value() == kKey);
  for (const std::string& uri :
       {"aws-kms:" + kKey, "gcp-kms:" + kKey + "/cryptoKeyVersions/1", "gcp-kms:" + kKey + "/",
        std::string("gcp-kms:projects/../locations/l/keyRings/r/cryptoKeys/k"),
        std::string("gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k:encrypt"),
        std::string("gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k?a")}) {
    CAPTURE(uri);
    const auto read = parse_uri(uri);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
  }
}

TEST_CASE("gcp: wraps with the context and sums, and reads the version") {
  World world;
  world.bind();
  world.transport.add(200, encrypted());
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(*wrapped == kms::Wrapped{"sealed", "3"});
  const kms::HttpRequest& request = world.transport.requests.at(0);
  CHECK(request.url == "https://cloudkms.googleapis.com/v1/" + kKey + ":encrypt");
  CHECK(request.deadline == world.deadline());
  CHECK(world.transport.header(0, "Authorization") == "Bearer ya29.one");
  const std::string bound = kms::canonical_context({{"tenant", "ten_1"}});
  const auto body = json::parse(request.body);
  REQUIRE(body.has_value());
  CHECK(*body->find("plaintext") == json::Value("MDEyMzQ1Njc4OWFiY2RlZg=="));
  CHECK(*body->find("plaintextCrc32c") == json::Value(std::to_string(crc32c("0123456789abcdef"))));
  CHECK(*body->find("additionalAuthenticatedData") == json::Value(to_base64(bound)));
  CHECK(*body->find("additionalAuthenticatedDataCrc32c") ==
        json::Value(std::to_string(crc32c(bound))));
}

TEST_CASE("gcp: a reply to encrypt that is not of this key or was damaged is corrupt") {
  const auto replaced = [](const std::string& from, const std::string& to) {
    std::string out = encrypted();
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  for (const std::string& body :
       {encrypted("false"), std::string("[]"), replaced("cryptoKeys/key", "cryptoKeys/other"),
        replaced("cryptoKeys/key", "cryptoKeys/kez"), replaced("Versions/3", "Versions/03"),
        replaced("c2VhbGVk", "c2VhbGVl"), replaced("c2VhbGVk", "c2Vhb-Vk"),
        replaced(sum_of("sealed"), "7"), replaced(",\"verifiedAdd", ",\"x\":1,\"notAdd")}) {
    CAPTURE(body);
    World world;
    world.bind();
    world.transport.add(200, body);
    const auto wrapped = world.wrap();
    REQUIRE_FALSE(wrapped.has_value());
    CHECK(wrapped.error().code == Code::corrupt);
  }
}

TEST_CASE("gcp: unwraps, and a wrong sum is corrupt") {
  World world;
  world.bind();
  world.transport.add(200, R"({"plaintext":"c2VjcmV0","plaintextCrc32c":)" + sum_of("secret") +
                               R"(,"usedPrimary":true})");
  const auto secret = world.unwrap("3");
  REQUIRE(secret.has_value());
  CHECK(secret->reveal(RevealToken()) == "secret");
  CHECK(world.transport.requests.at(0).url.ends_with(kKey + ":decrypt"));
  world.transport.add(200, R"({"plaintext":"c2VjcmV0","plaintextCrc32c":"1"})");
  CHECK(world.unwrap("3").error().code == Code::corrupt);
  world.transport.add(200, R"({"plaintext":"c2VjcmV0"})");
  CHECK(world.unwrap("3").error().code == Code::corrupt);
}

TEST_CASE("gcp: each status of the service has its code, and none of its words is repeated") {
  struct Row {
    int http;
    std::string status;
    Code code;
  };
  for (const Row& row : std::vector<Row>{{403, "PERMISSION_DENIED", Code::denied},
                                         {404, "NOT_FOUND", Code::denied},
                                         {400, "FAILED_PRECONDITION", Code::denied},
                                         {429, "RESOURCE_EXHAUSTED", Code::exhausted},
                                         {400, "INVALID_ARGUMENT", Code::corrupt},
                                         {401, "UNAUTHENTICATED", Code::unavailable},
                                         {500, "INTERNAL", Code::unavailable},
                                         {503, "UNAVAILABLE", Code::unavailable},
                                         {504, "DEADLINE_EXCEEDED", Code::unavailable},
                                         {501, "UNIMPLEMENTED", Code::invalid}}) {
    CAPTURE(row.status);
    World world;
    world.bind();
    world.transport.add(row.http, failed(row.status), {{"retry-after", "7"}});
    const auto secret = world.unwrap("3");
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == row.code);
    CHECK(secret.error().what.find("SECRET WORDS") == std::string::npos);
    CHECK(secret.error().what.starts_with("gcp: decrypt: " + row.status));
    const bool waits = row.code == Code::exhausted || row.code == Code::unavailable;
    CHECK(secret.error().retry_after_s.value_or(0) == (waits ? 7 : 0));
  }
  CHECK(read_failure("encrypt", {400, {}, failed("INVALID_ARGUMENT")}).error.code == Code::invalid);
  CHECK(read_failure("encrypt", {403, {}, "<html>a proxy"}).error.code == Code::corrupt);
  CHECK(read_failure("encrypt", {502, {}, "<html>"}).error.code == Code::unavailable);
}

TEST_CASE("gcp: a token is asked for by a signed assertion, kept, and renewed before its end") {
  World world;
  const crypto::SigningKey signer = world.use_account();
  world.bind();
  world.transport.add(200, cloud::token_reply("first"));
  world.transport.add(200, encrypted());
  REQUIRE(world.wrap().has_value());
  const kms::HttpRequest& asked = world.transport.requests.at(0);
  CHECK(asked.url == "https://oauth2.googleapis.com/token");
  const std::string jwt = asked.body.substr(asked.body.find("&assertion=") + 11);
  const auto parts = split(jwt, '.');
  REQUIRE(parts.size() == 3);
  CHECK(signer.public_key().verify(jwt.substr(0, jwt.rfind('.')), *from_base64url(parts[2])));
  const auto claims = json::parse(*from_base64url(parts[1]));
  CHECK(*claims->find("iss") == json::Value("mc@p-1.iam.gserviceaccount.com"));
  CHECK(*claims->find("aud") == json::Value("https://oauth2.googleapis.com/token"));
  CHECK(*claims->find("exp")->as_int() - *claims->find("iat")->as_int() == 3'600);

  world.transport.add(200, encrypted());  // with the kept one
  REQUIRE(world.wrap().has_value());
  CHECK(world.transport.requests.size() == 3);
  world.clock.advance(seconds(3'301));
  world.transport.add(503, "");  // the old one still serves
  world.transport.add(200, encrypted());
  REQUIRE(world.wrap().has_value());
  world.transport.add(200, cloud::token_reply("second"));
  world.transport.add(200, encrypted());
  REQUIRE(world.wrap().has_value());
  CHECK(world.transport.requests.size() == 7);
}

TEST_CASE("gcp: a token that is refused is renewed once") {
  World world;
  world.use_account();
  world.bind();
  world.transport.add(200, cloud::token_reply("first"));
  world.transport.add(401, failed("UNAUTHENTICATED"));
  world.transport.add(200, cloud::token_reply("second"));
  world.transport.add(401, failed("UNAUTHENTICATED"));
  CHECK(world.wrap().error().code == Code::unavailable);
  CHECK(world.transport.requests.size() == 4);
}

TEST_CASE("gcp: an account file cannot name another token endpoint") {
  World world;
  world.use_account("https://evil.example/token");
  world.bind();
  CHECK(world.wrap().error().code == Code::unavailable);
  CHECK(world.transport.requests.empty());
}

TEST_CASE("gcp: describes the key and its versions") {
  World world;
  world.bind();
  world.transport.add(200, key(version(3, "ENABLED", R"(,"attestation":{"format":"X"})")));
  world.transport.add(
      200, R"({"cryptoKeyVersions":[)" + version(2, "DISABLED") + R"(],"nextPageToken":"a/b"})");
  world.transport.add(200, R"({"cryptoKeyVersions":[)" + version(3, "ENABLED") + "," +
                               version(1, "DESTROYED") + "]}");
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::enabled);
  CHECK(seen->key == kKey);
  CHECK(seen->version == "3");
  CHECK(seen->versions == std::vector<std::string>{"3", "2"});
  CHECK(seen->protection == "hsm");
  CHECK(seen->origin == "GENERATED");
  CHECK(seen->attributes.at("attestation") == "present");
  CHECK(world.transport.requests.at(2).url.ends_with("pageSize=100&pageToken=a%2Fb"));
}

TEST_CASE("gcp: the key's state is that of its primary version, or what its versions come to") {
  struct Row {
    std::string primary;
    std::string others;
    kms::KeyState state;
  };
  const std::string going =
      version(1, "DESTROY_SCHEDULED", R"(,"destroyTime":"2026-02-01T00:00:00Z")");
  for (const Row& row :
       std::vector<Row>{{version(1, "DISABLED"), version(1, "DISABLED"), kms::KeyState::disabled},
                        {going, going, kms::KeyState::pending_destruction},
                        {"", going, kms::KeyState::pending_destruction},
                        {"", version(1, "DESTROYED"), kms::KeyState::destroyed},
                        {"", version(1, "ENABLED"), kms::KeyState::disabled},
                        {"", version(1, "PENDING_IMPORT"), kms::KeyState::disabled}}) {
    World world;
    world.bind();
    world.transport.add(200, key(row.primary));
    world.transport.add(200, R"({"cryptoKeyVersions":[)" + row.others + "]}");
    const auto seen = world.provider->describe(world.deadline());
    REQUIRE(seen.has_value());
    CHECK(seen->state == row.state);
    CHECK(seen->destroyed_at.has_value() == (row.state == kms::KeyState::pending_destruction));
  }
}

TEST_CASE("gcp: rotates by a new version that becomes the primary one") {
  World world;
  world.bind();
  world.transport.add(200, version(4, "ENABLED"));
  world.transport.add(200, key(version(4, "ENABLED")));
  CHECK(world.provider->rotate(world.deadline()).value() == "4");
  CHECK(world.transport.requests.at(1).url.ends_with(":updatePrimaryVersion"));
  world.transport.add(200, version(5, "ENABLED"));
  world.transport.add(200, key(version(4, "ENABLED")));
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::corrupt);
  world.transport.add(403, failed("PERMISSION_DENIED"));
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::invalid);
}

TEST_CASE("gcp: destroys one version, or all of them") {
  const std::string end = R"(,"destroyTime":"2026-02-01T00:00:00Z")";
  World world;
  world.bind();
  world.transport.add(200, R"({"cryptoKeyVersions":[)" + version(2, "ENABLED") + "," +
                               version(1, "DESTROY_SCHEDULED", end) + "]}");
  world.transport.add(200,
                      version(2, "DESTROY_SCHEDULED", R"(,"destroyTime":"2026-03-01T00:00:00Z")"));
  const auto gone = world.provider->destroy("", world.deadline());
  REQUIRE(gone.has_value());
  CHECK(format_rfc3339(*gone) == "2026-03-01T00:00:00.000Z");
  CHECK(world.transport.requests.at(1).url.ends_with("/cryptoKeyVersions/2:destroy"));
  world.transport.add(200, R"({"cryptoKeyVersions":[)" + version(1, "ENABLED") + "]}");
  CHECK(world.provider->destroy("7", world.deadline()).error().code == Code::invalid);
}

TEST_CASE("gcp: a binding names what is wrong with it") {
  World world;
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"endpoint", "http://10.0.0.1"}, {"token_endpoint", "ftp://x"}, {"metadata", "true"}}) {
    kms::Credentials credentials = world.credentials;
    credentials.options[name] = value;
    const auto bound = provider_kind()->bind(
        "gcp-kms:" + kKey, credentials, {world.clock, world.random, world.files, world.transport});
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().what.find("'" + name + "'") != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::gcp
