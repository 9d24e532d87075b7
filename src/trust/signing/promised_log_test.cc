#include "signing/promised_log.h"

#include <doctest/doctest.h>

#include "contract/signing_world.h"

namespace mc::signing {
namespace {

struct Signed {
  crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  std::string message;
  std::string signature;

  explicit Signed(std::string text) : message(std::move(text)) {
    signature = *key.sign_der(message);
  }
  std::string body() const {
    return proof::print_proposal(*crypto::digest("sha256", message), signature,
                                 key.public_key().to_pem());
  }
  proof::Bundle bundle(const proof::LogEntry& entry) const {
    proof::Bundle out;
    out.key_hint = proof::key_hint_of(key.public_key());
    out.entries.push_back(entry);
    out.content =
        proof::MessageSignature{"SHA2_256", *crypto::digest("sha256", message), signature};
    return out;
  }
};

// The step that fails, "" when all hold.
std::string verdict(const Signed& what, const proof::LogEntry& entry,
                    const proof::TrustedRoot& root) {
  const proof::Bundle bundle = what.bundle(entry);
  const proof::Report report = proof::check_bundle(
      {.bundle = bundle, .root = root, .artifact = {what.message}, .key = what.key.public_key()});
  return report.verified() ? "" : report.failure()->name;
}

TEST_CASE("promised log: an entry verifies with its promise, its proof and its checkpoint") {
  SigningWorld world;
  PromisedLog& log = world.signing->promised_log();
  const Signed first("one");
  const auto added = log.add(first.body());
  REQUIRE_MESSAGE(added.has_value(), added.error().what);
  CHECK_FALSE(added->repeated);
  const proof::LogEntry& entry = added->entry;
  CHECK(entry.integrated_s == world.clock.wall().nanos / 1'000'000'000);
  CHECK(entry.log_id == log.id());
  CHECK(verdict(first, entry, world.signing->trust()) == "");
  const auto note = tlog::parse_note(entry.proof->checkpoint);
  REQUIRE(note.has_value());
  CHECK(note->signatures.size() == 1);
  CHECK(tlog::parse_checkpoint(note->text)->origin ==
        "signatures.example - " + std::to_string(log.tree()));
  CHECK(log.head()->head == entry.proof->head);
}

TEST_CASE("promised log: whatever is changed of an entry, a step sees it") {
  SigningWorld world;
  PromisedLog& log = world.signing->promised_log();
  const Signed what("one");
  REQUIRE(log.add(Signed("before").body()).has_value());
  const auto added = log.add(what.body());
  REQUIRE(added.has_value());
  const proof::TrustedRoot root = world.signing->trust();
  CHECK(verdict(what, added->entry, root) == "");
  for (std::size_t at = 0; at < added->entry.promise.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      proof::LogEntry changed = added->entry;
      changed.promise[at] = static_cast<char>(changed.promise[at] ^ (1 << bit));
      CHECK(verdict(what, changed, root) == "promise");
    }
  }
  const auto changed = [&](const auto& change) {
    proof::LogEntry out = added->entry;
    change(out);
    return verdict(what, out, root);
  };
  CHECK(changed([](auto& entry) { entry.integrated_s += 1; }) == "promise");
  CHECK(changed([](auto& entry) { entry.index += 1; }) == "promise");
  CHECK(changed([](auto& entry) { entry.body[20] ^= 1; }) == "promise");
  CHECK(changed([](auto& entry) { entry.log_id[0] ^= 1; }) == "promise");
  CHECK(changed([](auto& entry) { entry.proof->index = 0; }) == "inclusion");
  CHECK(changed([](auto& entry) { entry.proof->head.size += 1; }) == "inclusion");
  CHECK(changed([&](auto& entry) {
          entry.proof->checkpoint = world.signing->log().checkpoint();
        }) == "checkpoint");
}

TEST_CASE("promised log: the same entry again keeps its place and its time, also after a restart") {
  SigningWorld world;
  const Signed what("one");
  const auto added = world.signing->promised_log().add(what.body());
  REQUIRE(added.has_value());
  const proof::TrustedRoot root = world.signing->trust();  // a restart here has another authority
  for (int round = 0; round < 2; ++round) {
    world.clock.advance(seconds(100));
    PromisedLog& log = world.signing->promised_log();
    REQUIRE(log.add(Signed("more " + std::to_string(round)).body()).has_value());
    const auto again = log.add(what.body());
    REQUIRE(again.has_value());
    CHECK(again->repeated);
    const std::string uuid = log.uuid_of(added->entry);
    for (const auto& entry : {Result<proof::LogEntry>(again->entry), log.read(0), log.read(uuid),
                              log.read(std::string_view(uuid).substr(16))}) {
      REQUIRE_MESSAGE(entry.has_value(), entry.error().what);
      CHECK(entry->index == 0);
      CHECK(entry->integrated_s == added->entry.integrated_s);
      CHECK(entry->body == added->entry.body);
      CHECK(verdict(what, *entry, root) == "");
    }
    world.close();
    world.open();
  }
}

TEST_CASE("promised log: what is asked for and is not there is not found") {
  SigningWorld world;
  PromisedLog& log = world.signing->promised_log();
  const std::string leaf(64, '0');
  CHECK(log.read(0).error().code == Code::not_found);
  CHECK(log.read(leaf).error().code == Code::not_found);
  const auto added = log.add(Signed("one").body());
  REQUIRE(added.has_value());
  std::string uuid = log.uuid_of(added->entry);
  CHECK(uuid.size() == 80);
  uuid[0] = uuid[0] == '0' ? '1' : '0';
  CHECK(log.read(uuid).error().code == Code::not_found);
  CHECK(log.read(1).error().code == Code::not_found);
  for (const std::string& bad : {std::string(), std::string("x"), leaf + "0", leaf + "00",
                                 std::string(64, 'x'), leaf + leaf}) {
    CHECK(log.read(bad).error().code == Code::invalid);
  }
}

// As a client that proposes.
class Proposals final : public proof::SignatureLog {
 public:
  explicit Proposals(PromisedLog& log) : log_(log) {}
  Result<proof::LogEntry> add(std::string proposal) override {
    MC_TRY(std::string body, proof::read_proposal(proposal));
    MC_TRY(PromisedLog::Added added, log_.add(std::move(body)));
    return std::move(added.entry);
  }

 private:
  PromisedLog& log_;
};

TEST_CASE("promised log: bundles of its profile verify, of a file and of a statement") {
  SigningWorld world;
  Proposals log(world.signing->promised_log());
  const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  const proof::BundleSigner signer{.key = key,
                                   .log = log,
                                   .time = world.signing->timestamps(),
                                   .profile = proof::Profile::rekor1};
  proof::Statement statement;
  statement.subjects.push_back(
      {"file", {{"sha256", to_hex(*crypto::digest("sha256", "content"))}}});
  statement.predicate_type = "https://example.org/said/v1";
  statement.predicate = json::Object();
  const auto blob = proof::sign_blob(signer, "content");
  const auto said = proof::sign_statement(signer, statement);
  REQUIRE_MESSAGE(blob.has_value(), blob.error().what);
  REQUIRE_MESSAGE(said.has_value(), said.error().what);
  CHECK(blob->entries.front().kind + blob->entries.front().version == "hashedrekord0.0.1");
  CHECK(said->entries.front().kind + said->entries.front().version == "dsse0.0.1");
  const proof::TrustedRoot root = world.signing->trust();
  for (const proof::Bundle& made : {*blob, *said}) {
    auto read = proof::parse_bundle(proof::print_bundle(made));
    REQUIRE_MESSAGE(read.has_value(), read.error().what);
    CHECK(*read == made);
    for (const bool stamped : {true, false}) {  // the promise is a time as well
      if (!stamped) read->timestamps.clear();
      const proof::Report report = proof::check_bundle({.bundle = *read,
                                                        .root = root,
                                                        .artifact = {"content"},
                                                        .key = key.public_key(),
                                                        .now = world.clock.wall()});
      CHECK_MESSAGE(report.verified(), print_text(report));
    }
  }
}

TEST_CASE("promised log: it is one tree with what the second version logs, past a tile's width") {
  SigningWorld world;
  PromisedLog& log = world.signing->promised_log();
  std::vector<std::string> uuids;
  for (int i = 0; i < 300; ++i) {
    const Signed what(std::to_string(i));
    if (i % 2 == 0) {
      const auto entry = world.signing->log().add(
          proof::hashedrekord_body(*crypto::digest("sha256", what.message), what.signature,
                                   proof::Verifier::public_key, what.key.public_key().to_spki()));
      REQUIRE(entry.has_value());
      uuids.push_back(log.uuid_of(*entry));
    } else {
      const auto added = log.add(what.body());
      REQUIRE(added.has_value());
      CHECK(added->entry.index == i);
      uuids.push_back(log.uuid_of(added->entry));
    }
  }
  for (int i = 0; i < 300; i += 37) CHECK(log.read(uuids[static_cast<std::size_t>(i)])->index == i);
  CHECK(log.head()->head.size == 300);
}

TEST_CASE("promised log: nothing is promised that the disk does not have") {
  SigningWorld world;
  CHECK(world.signing->promised_log().add("not an entry").error().code == Code::invalid);
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  CHECK(world.signing->promised_log().add(Signed("lost").body()).error().code == Code::unavailable);
  CHECK(world.signing->promised_log().read(0).error().code == Code::not_found);
}

TEST_CASE("promised log: its key is one that verifiers of promises take") {
  SigningWorld world;
  const auto refused = PromisedLog::make(world.signing->log(),
                                         *crypto::SigningKey::generate(crypto::Algorithm::eddsa));
  CHECK(refused.error().code == Code::invalid);
  const proof::TrustedRoot root = world.signing->trust();
  REQUIRE(root.logs.size() == 2);
  CHECK(root.logs[0].key.algorithm() == crypto::Algorithm::eddsa);
  CHECK(root.logs[1].id == world.signing->promised_log().id());
  CHECK(root.logs[1].base_url == root.logs[0].base_url);
}

}  // namespace
}  // namespace mc::signing
