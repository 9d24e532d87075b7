#include "signing/signing.h"

#include <doctest/doctest.h>

#include "contract/signing_world.h"

namespace mc::signing {
namespace {

std::string body_of(const std::string& message) {
  const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  return proof::hashedrekord_body(*crypto::digest("sha256", message), *key.sign_der(message),
                                  proof::Verifier::public_key, key.public_key().to_spki());
}

proof::Statement statement() {
  proof::Statement out;
  out.subjects.push_back({"file", {{"sha256", to_hex(*crypto::digest("sha256", "content"))}}});
  out.predicate_type = "https://example.org/said/v1";
  out.predicate = json::Object();
  return out;
}

TEST_CASE("signing: what the server signs verifies with its trusted root alone") {
  SigningWorld world;
  const auto bundle = world.signing->sign(statement());
  REQUIRE_MESSAGE(bundle.has_value(), bundle.error().what);
  const auto read = proof::parse_bundle(proof::print_bundle(*bundle));
  const auto root = proof::parse_trusted_root(proof::print_trusted_root(world.signing->trust()));
  REQUIRE(read.has_value());
  REQUIRE(root.has_value());
  const proof::BundleQuestion question{.bundle = *read,
                                       .root = *root,
                                       .artifact = {"content"},
                                       .key = world.signing->signer(),
                                       .now = world.clock.wall()};
  const proof::Report report = proof::check_bundle(question);
  CHECK_MESSAGE(report.verified(), print_text(report));
  // Another service's root does not vouch for it.
  SigningWorld other;
  const proof::TrustedRoot foreign = other.signing->trust();
  proof::BundleQuestion wrong{.bundle = *read,
                              .root = foreign,
                              .artifact = {"content"},
                              .key = world.signing->signer(),
                              .now = world.clock.wall()};
  CHECK(proof::check_bundle(wrong).failure()->name == "timestamp");
}

TEST_CASE("signature log: tiles and entries give the tree of its checkpoint") {
  SigningWorld world;
  SignLog& log = world.signing->log();
  std::vector<std::string> bodies;
  for (int i = 0; i < 260; ++i) {
    bodies.push_back(body_of(std::to_string(i)));
    const auto entry = log.add(bodies.back());
    REQUIRE(entry.has_value());
    CHECK(entry->index == i);
    CHECK(entry->log_id == log.key().long_id());
  }
  const auto note = tlog::parse_note(log.checkpoint());
  REQUIRE(note.has_value());
  const tlog::NoteKey key = log.key();
  CHECK(tlog::check_note(*note, std::span(&key, 1))->size() == 1);
  const auto checkpoint = tlog::parse_checkpoint(note->text);
  CHECK(checkpoint->origin == "signatures.example");
  CHECK(checkpoint->head.size == 260);
  const tlog::TileNodes nodes(260, [&](const tlog::Tile& tile) -> Result<std::vector<tlog::Hash>> {
    MC_TRY(const std::string bytes, log.tile(tile));
    return tlog::parse_tile(bytes, tile);
  });
  CHECK(*tlog::subtree_root(nodes, {0, 260}) == checkpoint->head.root);
  std::vector<std::string> read;
  for (const tlog::Tile tile : {tlog::Tile{tlog::kEntries, 0, 256}, {tlog::kEntries, 1, 4}}) {
    const auto bytes = log.tile(tile);
    REQUIRE(bytes.has_value());
    const auto entries = tlog::parse_entries(*bytes, tile);
    read.insert(read.end(), entries->begin(), entries->end());
  }
  CHECK(read == bodies);
  CHECK(log.tile({tlog::kEntries, 1, 5}).error().code == Code::not_found);
  CHECK(log.tile({0, 2, 1}).error().code == Code::not_found);
}

TEST_CASE("signature log: the same entry again keeps its place, also after a restart") {
  SigningWorld world;
  const std::string body = body_of("one");
  REQUIRE(world.signing->log().add(body)->index == 0);
  REQUIRE(world.signing->log().add(body_of("two"))->index == 1);
  CHECK(world.signing->log().add(body)->index == 0);
  const std::string before = world.signing->log().checkpoint();
  world.close();
  world.open();
  CHECK(world.signing->log().checkpoint() == before);
  const auto again = world.signing->log().add(body);
  CHECK(again->index == 0);
  CHECK(again->proof->head.size == 2);
}

TEST_CASE("signature log: nothing is answered that the disk does not have") {
  SigningWorld world;
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  CHECK(world.signing->log().add(body_of("lost")).error().code == Code::unavailable);
  CHECK(world.signing->log().add(body_of("lost too")).error().code == Code::unavailable);
  CHECK(world.signing->sign(statement()).error().code == Code::unavailable);
  CHECK(world.signing->log().add("not an entry").error().code == Code::invalid);
}

std::string json_request(const std::string& more) {
  return R"({"hashAlgorithm":"sha256","artifactHash":")" +
         to_base64(*crypto::digest("sha256", "sig")) + "\"" + more + "}";
}

TEST_CASE("timestamps: a request in JSON is answered for its hash") {
  SigningWorld world;
  const std::string request = json_request(R"(,"certificates":true,"nonce":42)");
  const auto answer = world.signing->timestamps().answer(TimestampForm::json, request);
  REQUIRE_MESSAGE(answer.has_value(), answer.error().what);
  const std::vector<pki::TimestampAuthority> authorities = {
      {world.signing->timestamps().chain(), {world.clock.wall() - seconds(1)}}};
  const auto time = pki::check_timestamp(*answer, "sig", authorities);
  REQUIRE_MESSAGE(time.has_value(), time.error().what);
  CHECK(time->time.nanos == world.clock.wall().nanos / 1'000'000'000 * 1'000'000'000);
  CHECK_FALSE(pki::check_timestamp(*answer, "gis", authorities).has_value());
  // Sigstore's clients send no more than this.
  CHECK(world.signing->timestamps().answer(TimestampForm::json, json_request("")).has_value());
}

TEST_CASE("timestamps: a request that cannot be read is refused by name") {
  SigningWorld world;
  struct Case {
    std::string json;
    std::string named;
  };
  const std::vector<Case> cases = {
      {"{}", "hashAlgorithm"},
      {R"({"hashAlgorithm":"sha1"})", "hashAlgorithm"},
      {R"({"hashAlgorithm":7})", "hashAlgorithm"},
      {R"({"hashAlgorithm":"sha256"})", "artifactHash"},
      {R"({"hashAlgorithm":"sha256","artifactHash":"AAAA"})", "artifactHash"},
      {R"({"hashAlgorithm":"sha256","artifactHash":7})", "artifactHash"},
      {json_request(R"(,"certificates":"yes")"), "certificates"},
      {json_request(R"(,"nonce":-1)"), "nonce"},
      {json_request(R"(,"nonce":1.5)"), "nonce"},
      {json_request(R"(,"nonce":"x")"), "nonce"},
      {json_request(R"(,"other":1)"), "other"},
      {"[]", "object"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.json);
    const auto refused = world.signing->timestamps().answer(TimestampForm::json, each.json);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().what.find(each.named) != std::string::npos);
  }
  CHECK(read_json_request(json_request(R"(,"nonce":"42")")).has_value());
  const std::string large(17'000, 'x');
  CHECK(world.signing->timestamps().answer(TimestampForm::der, large).error().code ==
        Code::invalid);
}

}  // namespace
}  // namespace mc::signing
