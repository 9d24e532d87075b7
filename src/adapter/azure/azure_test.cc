#include "azure/azure.h"

#include <doctest/doctest.h>

#include "azure/reply.h"
#include "contract/cloud_world.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::azure {
namespace {

const std::string kId = "https://mc.vault.azure.net/keys/tenant-1";
const std::string kOne = "78deebed173b48e48f55abf87ed4cf71";
const std::string kTwo = "88deebed173b48e48f55abf87ed4cf72";

std::string answer(const std::string& value, const std::string& version = kOne,
                   const std::string& id = kId) {
  return R"({"kid":")" + id + "/" + version + R"(","value":")" + value + "\"}";
}
std::string failed(const std::string& code, const std::string& inner = "") {
  return R"({"error":{"code":")" + code + R"(","message":"SECRET WORDS")" +
         (inner.empty() ? "" : R"(,"innererror":{"code":")" + inner + "\"}") + "}}";
}
std::string bundle(const std::string& version = kOne,
                   const std::string& attributes = R"("enabled":true)",
                   const std::string& more = "") {
  return R"({"key":{"kid":")" + kId + "/" + version +
         R"(","kty":"RSA-HSM","n":"AQAB","e":"AQAB"},"attributes":{)" + attributes +
         R"(,"recoveryLevel":"Recoverable+Purgeable"})" + more + "}";
}

struct World : cloud::World {
  World() {
    write("secret", "s~cret+one\n");
    credentials.files = {{"client_secret", "secret"}};
    credentials.options = {{"tenant", "72f988bf-0000"}, {"client_id", "app-1"}};
  }
  void bind() { cloud::World::bind(*provider_kind(), "azure-kv:" + kId); }
  void bind_with_token() {
    bind();
    transport.add(200, cloud::token_reply("first"));
  }
};

TEST_CASE("azure: takes keys of vaults of Azure only") {
  const auto key = parse_uri("azure-kv:" + kId);
  REQUIRE(key.has_value());
  CHECK(key->id() == kId);
  CHECK(key->resource == "https://vault.azure.net");
  CHECK(parse_uri("azure-kv:https://h.managedhsm.azure.net/keys/k")->managed_hsm);
  for (const std::string& uri :
       {kId, "azure-kv:" + kId + "/" + kOne, "azure-kv:" + kId + "?x",
        std::string("azure-kv:http://mc.vault.azure.net/keys/k"),
        std::string("azure-kv:https://mc.vault.azure.net.evil.example/keys/k"),
        std::string("azure-kv:https://a.b.vault.azure.net/keys/k"),
        std::string("azure-kv:https://u@mc.vault.azure.net/keys/k"),
        std::string("azure-kv:https://mc.vault.azure.net:444/keys/k"),
        std::string("azure-kv:https://mc.vault.azure.net/secrets/k")}) {
    CAPTURE(uri);
    const auto read = parse_uri(uri);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
  }
}

TEST_CASE("azure: wraps with a token of the client's secret, and remembers the version") {
  World world;
  world.bind_with_token();
  world.transport.add(200, answer("_-8"));
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(*wrapped == kms::Wrapped{"\xff\xef", kOne});
  const kms::HttpRequest& asked = world.transport.requests.at(0);
  CHECK(asked.url == "https://login.microsoftonline.com/72f988bf-0000/oauth2/v2.0/token");
  CHECK(asked.body ==
        "grant_type=client_credentials&client_id=app-1&scope=https%3A%2F%2Fvault.azure.net%2F"
        ".default&client_secret=s~cret%2Bone");
  const kms::HttpRequest& request = world.transport.requests.at(1);
  CHECK(request.url == kId + "/wrapkey?api-version=2025-07-01");
  CHECK(request.body == R"({"alg":"RSA-OAEP-256","value":"MDEyMzQ1Njc4OWFiY2RlZg"})");
  CHECK(world.transport.header(1, "Authorization") == "Bearer first");
}

TEST_CASE("azure: unwraps with the version that wrapped, and takes no other's reply") {
  World world;
  world.bind_with_token();
  world.transport.add(200, answer("c2VjcmV0"));
  const auto secret = world.unwrap(kOne);
  REQUIRE(secret.has_value());
  CHECK(secret->reveal(RevealToken()) == "secret");
  CHECK(world.transport.requests.at(1).url ==
        kId + "/" + kOne + "/unwrapkey?api-version=2025-07-01");
  for (const std::string& body :
       {answer("c2VjcmV0", kTwo), answer("c2VjcmV0", kOne, kId + "x"),
        answer("c2VjcmV0", kOne, "https://mc.vault.azure.net/keys/tenant-2"),
        answer("c2VjcmV0", ""), answer("c2VjcmV0=="), answer("c2Vjcm+/"), answer("c2VjcmV"),
        answer(""), answer(std::string(88, 'A')), std::string("[]")}) {
    CAPTURE(body);
    world.transport.add(200, body);
    const auto other = world.unwrap(kOne);
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().code == Code::corrupt);
  }
  const std::size_t asked = world.transport.requests.size();
  for (const char* version : {"", "../x", "a?b"}) {
    CHECK(world.unwrap(version).error().code == Code::corrupt);
  }
  CHECK(world.transport.requests.size() == asked);
}

TEST_CASE("azure: each error of the service has its code, and none of its words is repeated") {
  struct Row {
    int http;
    std::string code;
    std::string inner;
    Code means;
  };
  for (const Row& row : std::vector<Row>{{403, "Forbidden", "KeyDisabled", Code::denied},
                                         {403, "Forbidden", "ForbiddenByRbac", Code::denied},
                                         {404, "KeyNotFound", "", Code::denied},
                                         {429, "Throttled", "", Code::exhausted},
                                         {400, "BadParameter", "", Code::corrupt},
                                         {500, "InternalServerError", "", Code::unavailable},
                                         {503, "ServiceUnavailable", "", Code::unavailable}}) {
    CAPTURE(row.code);
    World world;
    world.bind_with_token();
    world.transport.add(row.http, failed(row.code, row.inner), {{"retry-after", "9"}});
    const auto secret = world.unwrap(kOne);
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == row.means);
    CHECK(secret.error().what.find("SECRET WORDS") == std::string::npos);
    const bool waits = row.means == Code::exhausted || row.means == Code::unavailable;
    CHECK(secret.error().retry_after_s.value_or(0) == (waits ? 9 : 0));
  }
  CHECK(read_failure("wrapkey", {400, {}, failed("BadParameter")}).error.code == Code::invalid);
  CHECK(read_failure("wrapkey", {403, {}, "<html>a proxy"}).error.code == Code::corrupt);
}

TEST_CASE("azure: a challenge is held against the binding and never followed") {
  const std::string own = R"(Bearer authorization="https://login.windows.net/72f988bf-0000", )"
                          R"(resource="https://vault.azure.net")";
  World world;
  world.bind_with_token();
  world.transport.add(401, failed("Unauthorized"), {{"www-authenticate", own}});
  world.transport.add(200, cloud::token_reply("second"));
  world.transport.add(200, answer("_-8"));
  REQUIRE(world.wrap().has_value());
  CHECK(world.transport.header(3, "Authorization") == "Bearer second");

  for (const char* other :
       {R"(Bearer authorization="https://evil.example/other", resource="https://vault.azure.net")",
        R"(Bearer authorization="https://a/72f988bf-0000", resource="https://e.x")"}) {
    const std::size_t before = world.transport.requests.size();
    world.transport.add(401, failed("Unauthorized"), {{"www-authenticate", other}});
    const auto wrapped = world.wrap();
    REQUIRE_FALSE(wrapped.has_value());
    CHECK(wrapped.error().code == Code::invalid);
    CHECK(world.transport.requests.size() == before + 1);
  }
}

TEST_CASE("azure: errors of the token endpoint") {
  for (const auto& [code, means] :
       std::map<std::string, Code>{{"invalid_client", Code::unavailable},
                                   {"unauthorized_client", Code::denied},
                                   {"invalid_scope", Code::invalid},
                                   {"temporarily_unavailable", Code::unavailable}}) {
    World world;
    world.bind();
    world.transport.add(401, R"({"error":")" + code + R"(","error_description":"SECRET"})");
    const auto wrapped = world.wrap();
    REQUIRE_FALSE(wrapped.has_value());
    CHECK(wrapped.error().code == means);
    CHECK(wrapped.error().what.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("azure: a client with a certificate signs an assertion that names it") {
  World world;
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::rs256);
  REQUIRE(key.has_value());
  world.write("key", crypto::write_pem(key->to_pkcs8().reveal(RevealToken()), "PRIVATE KEY"));
  world.write("certificate", crypto::write_pem("bytes of a certificate", "CERTIFICATE"));
  world.credentials.files = {{"client_key", "key"}, {"client_certificate", "certificate"}};
  world.bind_with_token();
  world.transport.add(200, answer("_-8"));
  REQUIRE(world.wrap().has_value());
  const std::string& form = world.transport.requests.at(0).body;
  const std::string jwt = form.substr(form.find("&client_assertion=") + 18);
  const auto parts = split(jwt, '.');
  REQUIRE(parts.size() == 3);
  CHECK(key->public_key().verify(jwt.substr(0, jwt.rfind('.')), *from_base64url(parts[2])));
  const auto header = json::parse(*from_base64url(parts[0]));
  CHECK(*header->find("x5t#S256") ==
        json::Value(to_base64url(sys::sha256("bytes of a certificate"))));
  const auto claims = json::parse(*from_base64url(parts[1]));
  CHECK(*claims->find("sub") == json::Value("app-1"));
  CHECK(*claims->find("aud") ==
        json::Value("https://login.microsoftonline.com/72f988bf-0000/oauth2/v2.0/token"));
}

TEST_CASE("azure: describes the key and its versions, following its own links only") {
  World world;
  world.bind_with_token();
  world.transport.add(200, bundle(kTwo, R"("enabled":true,"exp":2000000000)"));
  const auto item = [](const std::string& version, int created) {
    return R"({"kid":")" + kId + "/" + version + R"(","attributes":{"enabled":true,"created":)" +
           std::to_string(created) + "}}";
  };
  world.transport.add(200, R"({"value":[)" + item(kOne, 1) +
                               R"(],"nextLink":"https://mc.vault.azure.net:443/keys/tenant-1/)"
                               R"(versions?api-version=2025-07-01&$skiptoken=x"})");
  world.transport.add(200, R"({"value":[)" + item(kTwo, 2) + R"(],"nextLink":null})");
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::enabled);
  CHECK(seen->version == kTwo);
  CHECK(seen->versions == std::vector<std::string>{kTwo, kOne});
  CHECK(seen->protection == "hsm");
  CHECK(seen->attributes.at("recoveryLevel") == "Recoverable+Purgeable");
  CHECK(world.transport.requests.at(3).url ==
        kId + "/versions?api-version=2025-07-01&$skiptoken=x");

  world.transport.add(200, bundle());
  world.transport.add(200,
                      R"({"value":[],"nextLink":"https://evil.example/keys/tenant-1/versions?"})");
  CHECK(world.provider->describe(world.deadline()).error().code == Code::corrupt);
}

TEST_CASE("azure: a key that is off, or out of its dates, is disabled") {
  for (const char* attributes :
       {R"("enabled":false)", R"("enabled":true,"exp":1)", R"("enabled":true,"nbf":2000000000)"}) {
    World world;
    world.bind_with_token();
    world.transport.add(200, bundle(kOne, attributes));
    world.transport.add(403, failed("Forbidden"));  // versions are not granted
    const auto seen = world.provider->describe(world.deadline());
    REQUIRE(seen.has_value());
    CHECK(seen->state == kms::KeyState::disabled);
  }
}

TEST_CASE("azure: a deleted key waits for its end, and one that is not seen is denied") {
  World world;
  world.bind_with_token();
  world.transport.add(404, failed("KeyNotFound"));
  world.transport.add(200,
                      bundle(kOne, R"("enabled":true)", R"(,"scheduledPurgeDate":1800000000)"));
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::pending_destruction);
  CHECK(seen->destroyed_at == WallTime{1'800'000'000'000'000'000});
  world.transport.add(404, failed("KeyNotFound"));
  world.transport.add(403, failed("Forbidden"));
  CHECK(world.provider->describe(world.deadline()).error().code == Code::denied);
}

TEST_CASE("azure: rotates and destroys, where the owner grants it") {
  World world;
  world.bind_with_token();
  world.transport.add(200, bundle(kTwo));
  CHECK(world.provider->rotate(world.deadline()).value() == kTwo);
  world.transport.add(403, failed("Forbidden", "ForbiddenByPolicy"));
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::invalid);
  world.transport.add(200,
                      bundle(kTwo, R"("enabled":true)", R"(,"scheduledPurgeDate":1800000000)"));
  CHECK(world.provider->destroy("", world.deadline()).value().nanos == 1'800'000'000'000'000'000);
  CHECK(world.transport.requests.back().method == "DELETE");
  CHECK(world.provider->destroy(kOne, world.deadline()).error().code == Code::invalid);
}

TEST_CASE("azure: a binding names what is wrong with it") {
  World world;
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"endpoint", "http://10.0.0.1"},
                                          {"tenant", "../x"},
                                          {"client_id", ""},
                                          {"algorithm", "A256KW"},
                                          {"colour", "red"}}) {
    kms::Credentials credentials = world.credentials;
    credentials.options[name] = value;
    const auto bound = provider_kind()->bind(
        "azure-kv:" + kId, credentials, {world.clock, world.random, world.files, world.transport});
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().what.find("'" + name + "'") != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::azure
