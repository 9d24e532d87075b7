#include <doctest/doctest.h>

#include "contract/api_face.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

constexpr const char* kEntries = "/api/v1/log/entries";
const net::Headers kJson = {{"Content-Type", "application/json"}};

std::string proposal(const std::string& message) {
  const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  return proof::print_proposal(*crypto::digest("sha256", message), *key.sign_der(message),
                               key.public_key().to_pem());
}

struct Door {
  Face face;
  std::string signer =
      face.world.token({.principal = "sam", .roles = "analyst", .scopes = "signatures:write"});
  net::Response add(const std::string& body, const net::Headers& headers = kJson) {
    return face.ask("POST", kEntries, signer, body, headers);
  }
  net::Response get(const std::string& target) { return face.ask("GET", target, ""); }
  std::uint64_t size() {
    return face.ledger->store().head(ledger::kSignLog).value_or(tlog::TreeHead{}).size;
  }
};

TEST_CASE("rekor 1: who may write is who may write to the second version") {
  Door door;
  const std::string auditor =
      door.face.world.token({.principal = "ron", .roles = "auditor", .scopes = "signatures:write"});
  const std::string body = proposal("one");
  CHECK(door.face.ask("POST", kEntries, "", body, kJson).status == 401);
  CHECK(door.face.ask("POST", kEntries, door.face.admin, body, kJson).status == 403);
  CHECK(door.face.ask("POST", kEntries, auditor, body, kJson).status == 403);
  CHECK(door.add(body, {}).status == 400);
  CHECK(door.add("{}").status == 400);
  CHECK(door.size() == 0);
  CHECK(door.add(body).status == 201);
  CHECK(door.size() == 1);
}

TEST_CASE("rekor 1: an entry is found again where its answer says, by anybody") {
  Door door;
  const net::Response added = door.add(proposal("one"));
  REQUIRE_MESSAGE(added.status == 201, added.body);
  const std::string location = sim::header_of(added.headers, "Location");
  const auto entry = proof::parse_logged(added.body);
  REQUIRE(entry.has_value());
  const std::string uuid = location.substr(location.rfind('/') + 1);
  CHECK(location == kEntries + ("/" + uuid));
  CHECK(added.body.starts_with("{\"" + uuid + "\":"));
  REQUIRE(door.add(proposal("two")).status == 201);
  for (const std::string& target :
       {location, kEntries + std::string("?logIndex=0"), kEntries + ("/" + uuid.substr(16))}) {
    CAPTURE(target);
    const net::Response read = door.get(target);
    CHECK(read.status == 200);
    CHECK(read.body.starts_with("{\"" + uuid + "\":"));
    const auto again = proof::parse_logged(read.body);
    REQUIRE(again.has_value());
    CHECK(again->body == entry->body);
    CHECK(again->integrated_s == entry->integrated_s);
    CHECK(again->proof->head.size == 2);
  }
}

TEST_CASE("rekor 1: the same proposal again is a conflict that says where the entry is") {
  Door door;
  const std::string body = proposal("one");
  const std::string location = sim::header_of(door.add(body).headers, "Location");
  const net::Response again = door.add(body);
  CHECK(again.status == 409);
  CHECK(sim::header_of(again.headers, "Location") == location);
  const auto problem = json::parse(again.body);
  REQUIRE(problem.has_value());
  CHECK(*problem->find("code") == json::Value(409));
  CHECK(problem->find("message")->as_string()->find(location.substr(location.rfind('/') + 1)) !=
        std::string::npos);
  CHECK(door.size() == 1);
}

TEST_CASE("rekor 1: the log shows its head and its key") {
  Door door;
  REQUIRE(door.add(proposal("one")).status == 201);
  const net::Response log = door.get("/api/v1/log");
  CHECK(log.status == 200);
  const auto shown = json::parse(log.body);
  REQUIRE(shown.has_value());
  CHECK(*shown->find("treeSize") == json::Value(1));
  const signing::PromisedLog& promised = door.face.signing->promised_log();
  CHECK(*shown->find("treeID") == json::Value(std::to_string(promised.tree())));
  const auto note = tlog::parse_note(*shown->find("signedTreeHead")->as_string());
  REQUIRE(note.has_value());
  const auto key = crypto::PublicKey::from_pem(door.get("/api/v1/log/publicKey").body);
  REQUIRE(key.has_value());
  CHECK(key->verify_der(note->text, note->signatures.front().bytes));
  CHECK(key->to_spki() == promised.key().to_spki());
}

TEST_CASE("rekor 1: what cannot be found or read is told apart") {
  Door door;
  const std::string entries = kEntries;
  const std::string nobody(64, '0');
  for (const std::string& target : {entries + "?logIndex=0", entries + "/" + nobody,
                                    entries + "/" + nobody + nobody.substr(48)}) {
    CAPTURE(target);
    CHECK(door.get(target).status == 404);
  }
  for (const std::string& target :
       {entries, entries + "?logIndex=-1", entries + "?logIndex=x", entries + "?logIndex=1&b=2",
        entries + "?index=1", entries + "/", entries + "/xyz", entries + "/" + nobody + nobody}) {
    CAPTURE(target);
    CHECK(door.get(target).status == 400);
  }
  for (const char* target : {"/api/v1/log/proof", "/api/v1/logs", "/api/v1/log/"}) {
    CAPTURE(target);
    CHECK(door.get(target).status == 404);
  }
  CHECK(door.face.ask("POST", "/api/v1/log", door.signer, "{}", kJson).status == 404);
  CHECK(door.face.ask("DELETE", entries, door.signer).status == 404);
}

}  // namespace
}  // namespace mc::api
