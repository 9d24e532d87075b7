// Keys that follow one another: what was signed before keeps its proof, what a key signs outside of
// its time is refused.
#include <doctest/doctest.h>

#include "contract/signing_world.h"

namespace mc::signing {
namespace {

constexpr std::array kUses = {KeyUse::log, KeyUse::promises, KeyUse::signer, KeyUse::time};

// The private halves, as a folder would have them.
struct Ring {
  crypto::SigningKey log;
  crypto::SigningKey promises;
  crypto::SigningKey signer;
  TimestampAuthority time;
  pki::Certificate seal;

  static Ring make(WallTime now, sys::Random& random) {
    const auto key = [](crypto::Algorithm algorithm) {
      return *crypto::SigningKey::generate(algorithm);
    };
    const crypto::SigningKey signer = key(crypto::Algorithm::es256);
    return {key(crypto::Algorithm::eddsa), key(crypto::Algorithm::es256), signer,
            *make_authority(now, random), *make_seal(signer, now, random)};
  }
  SigningKeys keys() const {
    return {*tlog::NoteSigner::make("signatures.example", tlog::NoteKeyType::ed25519, log), signer,
            time, seal, promises};
  }
  // Takes the key of this use from `next`.
  ListedKey replace(KeyUse use, const Ring& next, WallTime at) {
    const std::string origin = "signatures.example";
    switch (use) {
      case KeyUse::log:
        log = next.log;
        return {use, log.public_key(), origin, {}, {at}};
      case KeyUse::promises:
        promises = next.promises;
        return {use, promises.public_key(), origin, {}, {at}};
      case KeyUse::signer:
        signer = next.signer;
        seal = next.seal;
        return {use, signer.public_key(), "", {seal}, {at}};
      case KeyUse::time:
        break;
    }
    time = next.time;
    return {use, time.key.public_key(), "", time.chain, {at}};
  }
};

struct World : SigningWorld {
  Ring ring = Ring::make(clock.wall(), random);
  Ring old = ring;  // before the last rotation
  KeyList list = *first_keys(ring.keys());

  World() { start(); }
  void start() {
    signing.reset();
    SigningKeys keys = ring.keys();
    keys.listed = list;
    auto opened = Signing::open(*ledger, clock, random, std::move(keys));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    signing = std::move(*opened);
  }
  void rotate(KeyUse use) {
    old = ring;
    const WallTime now = clock.wall();
    REQUIRE(list.rotate(ring.replace(use, Ring::make(now, random), now)).has_value());
    start();
  }
};

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

// A bundle of each profile, and the key that signed them.
struct Bundles {
  proof::Bundle plain;
  proof::Bundle promised;
  crypto::PublicKey key;
};

Bundles sign(World& world, const std::string& content) {
  Proposals promises(world.signing->promised_log());
  Timestamps& time = world.signing->timestamps();
  const crypto::SigningKey& key = world.signing->seal_key();
  const auto plain =
      proof::sign_blob({.key = key, .log = world.signing->log(), .time = time}, content);
  auto promised = proof::sign_blob(
      {.key = key, .log = promises, .time = time, .profile = proof::Profile::rekor1}, content);
  REQUIRE_MESSAGE(plain.has_value(), plain.error().what);
  REQUIRE_MESSAGE(promised.has_value(), promised.error().what);
  return {*plain, *promised, key.public_key()};
}

// The step that fails, "" when all hold.
std::string verdict(const proof::Bundle& bundle, const std::string& content,
                    const proof::TrustedRoot& root, const crypto::PublicKey& key) {
  const proof::Report report =
      proof::check_bundle({.bundle = bundle, .root = root, .artifact = {content}, .key = key});
  return report.verified() ? "" : report.failure()->name;
}

TEST_CASE("rotation: the new trusted root verifies the old and the new, the old one only the old") {
  for (const KeyUse use : kUses) {
    CAPTURE(use_name(use));
    World world;
    const Bundles before = sign(world, "before");
    const proof::TrustedRoot old_root = world.signing->trust();
    world.clock.advance(seconds(100));
    world.rotate(use);
    world.clock.advance(seconds(100));
    const Bundles after = sign(world, "after");
    const proof::TrustedRoot root = world.signing->trust();
    CHECK(verdict(before.plain, "before", root, before.key) == "");
    CHECK(verdict(before.promised, "before", root, before.key) == "");
    CHECK(verdict(after.plain, "after", root, after.key) == "");
    CHECK(verdict(after.promised, "after", root, after.key) == "");
    CHECK(verdict(before.plain, "before", old_root, before.key) == "");
    CHECK(verdict(before.promised, "before", old_root, before.key) == "");
    const std::string plain = use == KeyUse::log    ? "checkpoint"
                              : use == KeyUse::time ? "timestamp"
                                                    : "";
    const std::string promised = use == KeyUse::promises ? "promise"
                                 : use == KeyUse::time   ? "timestamp"
                                                         : "";
    CHECK(verdict(after.plain, "after", old_root, after.key) == plain);
    CHECK(verdict(after.promised, "after", old_root, after.key) == promised);
    CHECK((verdict(after.plain, "after", root, before.key) == "signer") == (use == KeyUse::signer));
  }
}

TEST_CASE("rotation: what the old key of the log signs after its end is refused") {
  World world;
  world.clock.advance(seconds(100));
  world.rotate(KeyUse::log);
  const auto stolen = SignLog::open(*world.ledger, world.old.keys().log);
  REQUIRE(stolen.has_value());
  const auto forge = [&] {
    return *proof::sign_blob(
        {.key = world.ring.signer, .log = **stolen, .time = world.signing->timestamps()}, "forged");
  };
  const proof::TrustedRoot root = world.signing->trust();
  const crypto::PublicKey key = world.ring.signer.public_key();
  CHECK(verdict(forge(), "forged", root, key) == "");  // its last second
  world.clock.advance(seconds(1));
  CHECK(verdict(forge(), "forged", root, key) == "checkpoint");
}

TEST_CASE("rotation: what the old key of promises promises after its end is refused") {
  World world;
  world.clock.advance(seconds(100));
  world.rotate(KeyUse::promises);
  const auto stolen = PromisedLog::make(world.signing->log(), world.old.promises);
  REQUIRE(stolen.has_value());
  Proposals log(**stolen);
  const auto forge = [&] {
    return *proof::sign_blob({.key = world.ring.signer,
                              .log = log,
                              .time = world.signing->timestamps(),
                              .profile = proof::Profile::rekor1},
                             "forged");
  };
  const proof::TrustedRoot root = world.signing->trust();
  const crypto::PublicKey key = world.ring.signer.public_key();
  CHECK(verdict(forge(), "forged", root, key) == "");
  world.clock.advance(seconds(1));
  CHECK(verdict(forge(), "forged", root, key) == "promise");
}

TEST_CASE("rotation: what the old authority stamps after its end is refused") {
  World world;
  world.clock.advance(seconds(100));
  world.rotate(KeyUse::time);
  const auto stolen = Timestamps::make(world.old.time, world.clock, world.random);
  REQUIRE(stolen.has_value());
  const auto forge = [&] {
    return *proof::sign_blob(
        {.key = world.ring.signer, .log = world.signing->log(), .time = **stolen}, "forged");
  };
  const proof::TrustedRoot root = world.signing->trust();
  const crypto::PublicKey key = world.ring.signer.public_key();
  CHECK(verdict(forge(), "forged", root, key) == "");
  world.clock.advance(seconds(1));
  CHECK(verdict(forge(), "forged", root, key) == "timestamp");
}

TEST_CASE("rotation: the new key of the log says nothing of the time before it") {
  World world;
  const auto early = proof::sign_blob(
      {.key = world.ring.signer, .log = world.signing->log(), .time = world.signing->timestamps()},
      "content");
  REQUIRE(early.has_value());
  world.clock.advance(seconds(100));
  world.rotate(KeyUse::log);
  // The same signature and its old timestamp, under today's checkpoint.
  proof::Bundle moved = *early;
  const auto entry = world.signing->log().add(early->entries.front().body);
  REQUIRE(entry.has_value());
  moved.entries = {*entry};
  const proof::TrustedRoot root = world.signing->trust();
  const crypto::PublicKey key = world.ring.signer.public_key();
  CHECK(verdict(*early, "content", root, key) == "");
  CHECK(verdict(moved, "content", root, key) == "checkpoint");
}

TEST_CASE("rotation: entries are found under the UUIDs that they had, with promises of today") {
  World world;
  const Bundles before = sign(world, "before");
  const proof::LogEntry& entry = before.promised.entries.front();
  std::vector<std::string> uuids;
  for (int round = 0; round < 3; ++round) {
    PromisedLog& log = world.signing->promised_log();
    uuids.push_back(log.uuid_of(entry));
    const proof::TrustedRoot root = world.signing->trust();
    const WallTime begin = world.list.current(KeyUse::promises).period.from;
    for (const std::string& uuid : uuids) {
      const auto found = log.read(uuid);
      REQUIRE_MESSAGE(found.has_value(), found.error().what);
      CHECK(found->index == entry.index);
      CHECK(found->body == entry.body);
      CHECK(found->log_id == log.id());
      CHECK(found->integrated_s == (round == 0 ? entry.integrated_s : begin.nanos / 1'000'000'000));
      proof::Bundle again = before.promised;
      again.entries = {*found};
      CHECK(verdict(again, "before", root, before.key) == "");
    }
    CHECK(log.head()->note.starts_with("signatures.example - " + std::to_string(log.tree())));
    world.clock.advance(seconds(100));
    world.rotate(KeyUse::promises);
  }
  CHECK(uuids[0] != uuids[1]);
  CHECK(uuids[0].substr(16) == uuids[1].substr(16));
  std::string nobody = uuids[0];
  nobody.replace(0, 16, "0123456789abcdef");
  CHECK(world.signing->promised_log().read(nobody).error().code == Code::not_found);
}

TEST_CASE("rotation: the log's checkpoint has one signature, of the new key") {
  World world;
  sign(world, "before");
  world.clock.advance(seconds(100));
  world.rotate(KeyUse::log);
  const auto note = tlog::parse_note(world.signing->log().checkpoint());
  REQUIRE(note.has_value());
  REQUIRE(note->signatures.size() == 1);
  CHECK(world.signing->log().key().made(note->signatures.front()));
  CHECK(world.signing->log().key().key().to_spki() == world.ring.log.public_key().to_spki());
  CHECK(tlog::parse_checkpoint(note->text)->head.size == 2);
}

TEST_CASE("rotation: a service does not start with keys that are not the listed ones") {
  for (const KeyUse use : kUses) {
    CAPTURE(use_name(use));
    World world;
    world.signing.reset();
    Ring other = world.ring;
    other.replace(use, Ring::make(world.clock.wall(), world.random), world.clock.wall());
    SigningKeys keys = other.keys();
    keys.listed = world.list;
    const auto opened = Signing::open(*world.ledger, world.clock, world.random, std::move(keys));
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Code::corrupt);
    CHECK(opened.error().what.find(use_name(use)) != std::string::npos);
  }
  World world;
  SigningKeys keys = world.ring.keys();
  keys.seal = *make_seal(world.ring.signer, world.clock.wall() + seconds(1), world.random);
  keys.listed = world.list;
  CHECK(Signing::open(*world.ledger, world.clock, world.random, std::move(keys)).error().code ==
        Code::corrupt);
}

}  // namespace
}  // namespace mc::signing
