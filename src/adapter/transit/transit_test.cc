#include "transit/transit.h"

#include <doctest/doctest.h>

#include "contract/kms_suite.h"
#include "contract/transit_world.h"
#include "kms/branch.h"

namespace mc::transit {
namespace {

const kms::Wrapped kWrapped = {"vault:v1:c2VhbGVk", "1"};

TEST_CASE("vault-transit: it keeps the contract of key services") {
  World world;
  world.bind();
  kms::contract::run({.provider = *world.provider, .clock = world.clock});
}

TEST_CASE("vault-transit: what is sent is what the documentation has") {
  World world;
  world.credentials.options = {{"namespace", "team/a"}, {"ca", "/etc/ca.pem"}};
  world.vault.name_space = "team/a";
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(wrapped->bytes.starts_with("vault:v1:"));
  CHECK(wrapped->version == "1");
  REQUIRE(world.vault.requests.size() == 2);
  CHECK(world.vault.requests[0].method == "GET");
  const kms::HttpRequest& request = world.vault.requests[1];
  const std::string bound = to_base64(kms::canonical_context({{"tenant", "ten_1"}}));
  CHECK(request.url == "https://vault.example.org:8200/v1/transit/encrypt/root");
  CHECK(request.body == R"({"plaintext":"MDEyMzQ1Njc4OWFiY2RlZg==","associated_data":")" + bound +
                            R"(","context":")" + bound + "\"}");
  CHECK(request.ca_file == "/etc/ca.pem");
  CHECK(request.deadline == world.deadline());
}

TEST_CASE("vault-transit: a key that is not there is never made") {
  World world;
  world.vault.there = false;
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE_FALSE(wrapped.has_value());
  CHECK(wrapped.error() ==
        Error{Code::denied, "vault-transit: describe: status 404: the key is gone"});
  CHECK(world.vault.requests.size() == 1);
  CHECK(world.unwrap(kWrapped).error().code == Code::denied);
}

TEST_CASE("vault-transit: a failure means what the contract says") {
  struct Row {
    int status;
    const char* word;
    Code code;
  };
  const Row rows[] = {
      {400, "encryption key not found", Code::denied},
      {400, "ciphertext or signature version is disallowed by policy (too old)", Code::denied},
      {400, "key is soft deleted", Code::denied},
      {400, "key is soft-deleted", Code::denied},
      {400, "invalid ciphertext: no prefix", Code::corrupt},
      {400, "invalid ciphertext: unable to decrypt", Code::corrupt},
      {400, "cipher: message authentication failed", Code::corrupt},
      {400, "missing 'context' for key derivation", Code::invalid},
      {403, "1 error occurred: permission denied", Code::denied},
      {404, "", Code::denied},
      {405, "unsupported operation", Code::invalid},
      {412, "required index state not present", Code::unavailable},
      {429, "request path is rate limited", Code::exhausted},
      {472, "", Code::unavailable},
      {500, "internal error", Code::unavailable},
      {502, "", Code::unavailable},
      {503, "Vault is sealed", Code::unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.word);
    World world;
    world.bind();
    world.vault.script = {FakeVault::error(row.status, row.word)};
    const auto secret = world.unwrap(kWrapped);
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == row.code);
    const std::string begin = "vault-transit: decrypt: status " + std::to_string(row.status);
    CHECK(secret.error().what.starts_with(begin));
    if (*row.word != '\0') CHECK(secret.error().what.find(row.word) == std::string::npos);
  }
}

TEST_CASE("vault-transit: a proxy that answers in its place says nothing of the key") {
  for (const int status : {302, 400, 403, 404}) {
    World world;
    world.bind();
    world.vault.script = {kms::HttpReply{status, {}, "<html>Access denied</html>"}};
    CHECK(world.unwrap(kWrapped).error().code == Code::corrupt);
  }
  World world;
  world.bind();
  world.vault.script = {kms::HttpReply{503, {{"retry-after", "9"}}, "<html>"}};
  const auto secret = world.unwrap(kWrapped);
  CHECK(secret.error().code == Code::unavailable);
  CHECK(secret.error().retry_after_s == 9);
  world.vault.script = {fail(Code::unavailable, "timed out")};
  CHECK(world.unwrap(kWrapped).error() ==
        Error{Code::unavailable, "vault-transit: decrypt: timed out"});
}

TEST_CASE("vault-transit: a reply that is not what was asked for is corrupt") {
  const auto plaintext = [](const std::string& text) {
    return R"({"data":{"plaintext":)" + text + "}}";
  };
  const std::string opened[] = {"",
                                "[]",
                                "{}",
                                R"({"data":null})",
                                R"({"data":{}})",
                                plaintext("1"),
                                plaintext("\"\""),
                                plaintext("\"MDE\""),
                                plaintext("\"MDF=\""),
                                plaintext("\"_-8=\""),
                                plaintext("\"" + to_base64(std::string(65, 'x')) + "\""),
                                plaintext("\"MDEy\",\"plaintext\":\"MDEz\""),
                                plaintext("\"" + std::string(70'000, 'A') + "\"")};
  for (const std::string& body : opened) {
    CAPTURE(body);
    World world;
    world.bind();
    world.vault.script = {kms::HttpReply{200, {}, body}};
    CHECK(world.unwrap(kWrapped).error().code == Code::corrupt);
  }
  const auto sealed = [](const std::string& text, const std::string& more = "") {
    return R"({"data":{"ciphertext":")" + text + "\"" + more + "}}";
  };
  const std::string wrapped[] = {sealed(""),
                                 sealed("vault:v1"),
                                 sealed("vault:v1:"),
                                 sealed("vault:v0:c2VhbGVk"),
                                 sealed("vault:v01:c2VhbGVk"),
                                 sealed("vault:v-1:c2VhbGVk"),
                                 sealed("vault:v1:c2VhbGV"),
                                 sealed("bao:v1:c2VhbGVk"),
                                 sealed("vault:v1:c2VhbGVk", R"(,"key_version":2)"),
                                 sealed("vault:v1:c2VhbGVk", R"(,"key_version":"1")"),
                                 sealed("vault:v1:" + to_base64(std::string(4'000, 'x'))),
                                 "{}"};
  for (const std::string& body : wrapped) {
    CAPTURE(body);
    World world;
    world.bind();
    world.vault.script = {world.vault.describe(), kms::HttpReply{200, {}, body}};
    CHECK(world.wrap().error().code == Code::corrupt);
  }
}

TEST_CASE("vault-transit: the version is that of the bytes and of what is stored beside them") {
  World world;
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(world.unwrap(*wrapped).has_value());
  world.vault.requests.clear();
  for (const char* version : {"2", "", "01"}) {
    CHECK(world.unwrap({wrapped->bytes, version}).error().code == Code::corrupt);
  }
  CHECK(world.vault.requests.empty());
}

TEST_CASE("vault-transit: a description has what the service says of the key") {
  World world;
  world.vault.exportable = true;
  world.vault.latest = 3;
  world.vault.oldest = 2;
  world.bind();
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::enabled);
  CHECK(seen->key == "transit/root");
  CHECK(seen->version == "3");
  CHECK(seen->versions == std::vector<std::string>{"3", "2"});
  CHECK(seen->algorithm == "aes256-gcm96");
  CHECK(seen->extractable == true);
  CHECK(seen->attributes.at("exportable") == "true");
  CHECK(seen->attributes.at("allow_plaintext_backup") == "false");
  CHECK(seen->attributes.at("deletion_allowed") == "false");
  CHECK(seen->attributes.at("min_decryption_version") == "2");
}

TEST_CASE("vault-transit: a description that is another's, or of no sense, is corrupt") {
  World world;
  world.bind();
  const std::string good = world.vault.describe().body;
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string out = good;
    return out.replace(out.find(what), what.size(), instead);
  };
  for (const std::string& body :
       {with("\"root\"", "\"other\""), with("\"latest_version\":1", "\"latest_version\":0"),
        with("\"latest_version\":1", "\"x\":1"),
        with("\"min_decryption_version\":1", "\"min_decryption_version\":2"),
        with("\"min_decryption_version\":1", "\"min_decryption_version\":\"1\""),
        with("\"exportable\":false", "\"exportable\":0"), with("\"aes256-gcm96\"", "\"a b\""),
        std::string("{}")}) {
    CAPTURE(body);
    world.vault.script = {kms::HttpReply{200, {}, body}};
    CHECK(world.provider->describe(world.deadline()).error().code == Code::corrupt);
  }
  world.vault.script = {
      kms::HttpReply{200, {}, with("\"derived\"", "\"soft_deleted\":true,\"derived\"")}};
  CHECK(world.provider->describe(world.deadline())->state == kms::KeyState::pending_destruction);
}

TEST_CASE("vault-transit: a key without associated data is not used") {
  for (const char* type : {"rsa-4096", "ed25519", "hmac", "aes256-cmac"}) {
    World world;
    world.vault.type = type;
    world.bind();
    CHECK(world.wrap().error().code == Code::invalid);
    CHECK(world.vault.requests.size() == 1);
  }
}

TEST_CASE("vault-transit: the oldest version is destroyed, the latest and those between are not") {
  World world;
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(world.provider->destroy("1", world.deadline()).error().code == Code::invalid);
  REQUIRE(world.provider->rotate(world.deadline()) == "2");
  REQUIRE(world.provider->rotate(world.deadline()) == "3");
  CHECK(world.provider->destroy("2", world.deadline()).error().code == Code::invalid);
  REQUIRE(world.provider->destroy("1", world.deadline()) == world.clock.wall());
  CHECK(world.vault.available == 2);
  CHECK(world.unwrap(*wrapped).error() ==
        Error{Code::denied, "vault-transit: decrypt: status 400: the version is retired"});
  world.vault.oldest_to_seal = 3;
  REQUIRE(world.provider->destroy("2", world.deadline()).has_value());
  CHECK(world.vault.oldest_to_seal == 3);
}

TEST_CASE("vault-transit: a key is deleted only where its owner allows it") {
  World world;
  world.bind();
  CHECK(world.provider->destroy("", world.deadline()).error().code == Code::invalid);
  world.vault.deletion_allowed = true;
  CHECK(world.provider->destroy("", world.deadline()).has_value());
  CHECK(world.provider->describe(world.deadline()).error().code == Code::denied);
}

TEST_CASE("vault-transit: what only the owner may do is no denial") {
  World world;
  world.vault.forbidden = {"/rotate", "DELETE", "/config"};
  world.vault.deletion_allowed = true;
  world.vault.latest = 2;
  world.bind();
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::invalid);
  CHECK(world.provider->destroy("", world.deadline()).error().code == Code::invalid);
  CHECK(world.provider->destroy("1", world.deadline()).error().code == Code::invalid);
  world.vault.forbidden = {"/decrypt/"};
  CHECK(world.unwrap(kWrapped).error().code == Code::denied);
}

TEST_CASE(
    "vault-transit: a token of a file is read anew, and tried once more when it has changed") {
  World world;
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  world.vault.token = "hvs.second";
  world.vault.requests.clear();
  CHECK(world.unwrap(*wrapped).error().code == Code::denied);
  CHECK(world.vault.requests.size() == 1);
  world.write("token", "hvs.second");
  CHECK(world.unwrap(*wrapped).has_value());
  REQUIRE(world.files.remove("token").has_value());
  CHECK(world.unwrap(*wrapped).error() ==
        Error{Code::unavailable, "vault-transit: the file of 'token' cannot be read"});
  world.write("token", "two words");
  CHECK(world.unwrap(*wrapped).error().code == Code::unavailable);
}

TEST_CASE("vault-transit: a login is kept for two thirds of its time, and made anew when refused") {
  World world;
  world.use_approle();
  world.bind();
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(world.unwrap(*wrapped).has_value());
  CHECK(world.vault.logins == 1);
  world.clock.advance(seconds(2'399));
  CHECK(world.unwrap(*wrapped).has_value());
  CHECK(world.vault.logins == 1);
  world.clock.advance(seconds(1));
  CHECK(world.unwrap(*wrapped).has_value());
  CHECK(world.vault.logins == 2);
  world.vault.token = "revoked";
  CHECK(world.unwrap(*wrapped).has_value());
  CHECK(world.vault.logins == 3);
  world.vault.forbidden = {"/decrypt/"};
  CHECK(world.unwrap(*wrapped).error().code == Code::denied);
  CHECK(world.vault.logins == 4);
}

TEST_CASE("vault-transit: a login that is refused is a denial, by whatever role") {
  World world;
  world.use_approle();
  world.write("secret", "another");
  world.bind();
  const auto refused = world.unwrap(kWrapped);
  CHECK(refused.error() ==
        Error{Code::denied, "vault-transit: login: status 400: the login is refused"});

  World cluster;
  cluster.write("jwt", "a.web.token");
  cluster.credentials = {{{"jwt", "jwt"}}, {{"role", "maestro"}, {"auth_mount", "cluster"}}};
  cluster.bind();
  CHECK(cluster.wrap().has_value());
  CHECK(cluster.vault.requests.at(0).url == "https://vault.example.org:8200/v1/auth/cluster/login");
}

TEST_CASE("vault-transit: a login that is none is corrupt, and its words are told to nobody") {
  for (const char* body :
       {"{}", R"({"auth":{}})", R"({"auth":{"client_token":"a b","lease_duration":1}})",
        R"({"auth":{"client_token":"words"}})",
        R"({"auth":{"client_token":"words","lease_duration":-1}})",
        R"({"auth":{"client_token":"words","lease_duration":"1"}})"}) {
    World world;
    world.use_approle();
    world.bind();
    world.vault.script = {kms::HttpReply{200, {}, body}};
    const auto refused = world.unwrap(kWrapped);
    CHECK(refused.error().code == Code::corrupt);
    CHECK(refused.error().what.starts_with("vault-transit: login: "));
    CHECK(refused.error().what.find("words") == std::string::npos);
  }
}

}  // namespace
}  // namespace mc::transit
