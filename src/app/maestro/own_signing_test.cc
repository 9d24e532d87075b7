#include "maestro/own_signing.h"

#include <doctest/doctest.h>

#include <array>

#include "json/json.h"
#include "proof/proof.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

using signing::KeyUse;
using sim::SimFiles;

constexpr std::array kUses = {KeyUse::log, KeyUse::promises, KeyUse::signer, KeyUse::time};
constexpr std::array kFaults = {SimFiles::Fault::not_stored,
                                SimFiles::Fault::stored_but_reported_failed};
constexpr std::array<const char*, 4> kKeyFiles = {"log.key", "promise.key", "signer.key",
                                                  "time.key"};
const std::string kFolder = "/data/signing";

std::string path_of(KeyUse use) {
  return kFolder + "/" + kKeyFiles[static_cast<std::size_t>(use)];
}

// The ledger has a disk of its own, so that faults of the other are those of the keys alone.
struct World {
  sim::SimClock* clock = nullptr;
  SimFiles* files = nullptr;
  Machine machine;
  Settings settings;
  sim::SimRandom random{5};
  SimFiles ledger_files;
  std::unique_ptr<ledger::Ledger> ledger;

  World() {
    auto own_clock = std::make_unique<sim::SimClock>();
    auto own_files = std::make_unique<SimFiles>();
    clock = own_clock.get();
    files = own_files.get();
    machine.clock = std::move(own_clock);
    machine.files = std::move(own_files);
    settings.data_dir = "/data";
    settings.signing.origin = "signatures.example";
    open_ledger();
  }
  void open_ledger() {
    ledger.reset();
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/ledger", .signed_head_file = "/ledger.signed"}, {ledger_files, *clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    ledger = std::move(*opened);
  }
  Result<std::unique_ptr<signing::Signing>> start() {
    return open_signing(machine, settings, *ledger);
  }
  std::unique_ptr<signing::Signing> must_start() {
    auto out = start();
    REQUIRE_MESSAGE(out.has_value(), out.error().what);
    return std::move(*out);
  }
  Result<KeyRotation> rotate(KeyUse use, Trial trial = Trial::real) {
    return rotate_signing_key(machine, settings, *ledger, use, trial);
  }
  // Payloads of the records of rotations.
  std::vector<json::Value> events() const {
    std::vector<json::Value> out;
    const auto head = ledger->store().head("audit/system");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto record = ledger->store().read("audit/system", i);
      REQUIRE(record.has_value());
      REQUIRE(record->leaf.find(R"("type":"key-event")") != std::string::npos);
      REQUIRE(record->leaf.find(R"("actor":"local@system")") != std::string::npos);
      out.push_back(*json::parse(record->payload));
    }
    return out;
  }
  std::vector<std::string> names() const { return *files->list(kFolder); }
  bool on_disk(const std::string& text) {
    for (const std::string& name : names()) {
      if (files->bytes_of(kFolder + "/" + name)->find(text) != std::string::npos) return true;
    }
    return false;
  }
};

// The private half, without the lines around it.
std::string secret_in(World& world, KeyUse use) {
  const std::string pem = *world.files->bytes_of(path_of(use));
  const std::size_t begin = pem.find('\n') + 1;
  return pem.substr(begin, pem.find('\n', begin) - begin);
}

struct Made {
  proof::Bundle bundle;
  crypto::PublicKey key;
};

Made sign(signing::Signing& service) {
  proof::Statement statement;
  statement.subjects.push_back(
      {"file", {{"sha256", to_hex(*crypto::digest("sha256", "content"))}}});
  statement.predicate_type = "https://example.org/said/v1";
  statement.predicate = json::Object();
  const auto bundle = service.sign(statement);
  REQUIRE_MESSAGE(bundle.has_value(), bundle.error().what);
  return {*bundle, service.signer()};
}

bool verifies(const Made& made, const signing::Signing& service) {
  const proof::TrustedRoot root = service.trust();
  return proof::check_bundle(
             {.bundle = made.bundle, .root = root, .artifact = {"content"}, .key = made.key})
      .verified();
}

TEST_CASE("own signing: the first start lists its keys, the next one finds them") {
  World world;
  const signing::KeyList first = world.must_start()->keys();
  CHECK(*world.files->bytes_of(kFolder + "/keys.json") == first.print());
  for (const signing::ListedKey& key : first.keys()) {
    CHECK(key.period == pki::Period{world.clock->wall()});
  }
  world.clock->advance(seconds(100));
  CHECK(world.must_start()->keys() == first);
  // As it was before there was a list: made from the keys, with the same begin.
  REQUIRE(world.files->remove(kFolder + "/keys.json").has_value());
  CHECK(world.must_start()->keys() == first);
}

TEST_CASE("own signing: a key file that is gone, or not the listed key, stops the start") {
  for (const KeyUse use : kUses) {
    CAPTURE(path_of(use));
    World world;
    World other;
    world.must_start();
    other.must_start();
    *world.files->bytes_of(path_of(use)) = *other.files->bytes_of(path_of(use));
    CHECK_FALSE(world.start().has_value());
  }
  for (const std::string name :
       {"log.key", "promise.key", "signer.key", "seal.pem", "time.key", "time.pem"}) {
    CAPTURE(name);
    World world;
    world.must_start();
    REQUIRE(world.files->remove(kFolder + "/" + name).has_value());
    const auto before = world.names();
    const auto refused = world.start();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::corrupt);
    CHECK(refused.error().what.find(name + " is gone") != std::string::npos);
    CHECK(world.names() == before);
  }
  World world;
  world.must_start();
  REQUIRE(world.files->remove(kFolder + "/promise.pub").has_value());
  world.must_start();
  CHECK(world.files->exists(kFolder + "/promise.pub").value());
  *world.files->bytes_of(kFolder + "/keys.json") += "x";
  CHECK(world.start().error().code == Code::corrupt);
}

TEST_CASE("own signing: a rotation is listed and recorded, and the old private half is gone") {
  for (const KeyUse use : kUses) {
    CAPTURE(path_of(use));
    World world;
    std::unique_ptr<signing::Signing> service = world.must_start();
    const Made before = sign(*service);
    const std::string old_id = service->keys().current(use).id();
    service.reset();
    const std::string secret = secret_in(world, use);
    const auto old_file = world.files->open_random_access(path_of(use));
    world.clock->advance(seconds(100));
    const auto rotated = world.rotate(use);
    REQUIRE_MESSAGE(rotated.has_value(), rotated.error().what);
    CHECK(rotated->old_id == old_id);
    CHECK(rotated->at == world.clock->wall());
    service = world.must_start();
    CHECK(service->keys().current(use).id() == rotated->new_id);
    CHECK(service->keys().current(use).period == pki::Period{rotated->at});
    CHECK(service->keys().retired(use).front().id() == old_id);
    CHECK(verifies(before, *service));
    CHECK(verifies(sign(*service), *service));
    const auto events = world.events();
    REQUIRE(events.size() == 1);
    CHECK(*events[0].find("use") == json::Value(signing::use_name(use)));
    CHECK(*events[0].find("old") == json::Value(to_hex(old_id)));
    CHECK(*events[0].find("new") == json::Value(to_hex(rotated->new_id)));
    CHECK(*events[0].find("at") == json::Value(format_rfc3339(rotated->at)));
    CHECK_FALSE(world.on_disk(secret));
    std::array<char, 8> begin{};  // of the file that was there
    REQUIRE((*old_file)->read_at(0, begin).has_value());
    CHECK(begin == std::array<char, 8>{});
  }
}

TEST_CASE("own signing: every key can be rotated again and again, and all that was signed holds") {
  World world;
  std::vector<Made> all;
  for (int round = 0; round < 3; ++round) {
    for (const KeyUse use : kUses) {
      all.push_back(sign(*world.must_start()));
      world.clock->advance(seconds(100));
      REQUIRE(world.rotate(use).has_value());
    }
  }
  const std::unique_ptr<signing::Signing> service = world.must_start();
  for (const Made& made : all) CHECK(verifies(made, *service));
  CHECK(service->keys().keys().size() == 16);
  CHECK(world.events().size() == 12);
}

// After a rotation that was cut off, and any number of starts that were.
void check_whole(World& world, KeyUse use, const Made& before, const std::string& old_id) {
  std::unique_ptr<signing::Signing> service = world.must_start();
  const bool is_new = service->keys().current(use).id() != old_id;
  CAPTURE(is_new);
  CHECK(service->keys().keys().size() == (is_new ? 5 : 4));
  if (is_new) CHECK(service->keys().retired(use).front().id() == old_id);
  CHECK(world.events().size() == (is_new ? 1 : 0));
  CHECK(verifies(before, *service));
  world.clock->advance(seconds(10));
  CHECK(verifies(sign(*service), *service));
  for (const std::string& name : world.names()) {
    CAPTURE(name);
    CHECK_FALSE(name.ends_with(".next"));
  }
}

TEST_CASE("own signing: a rotation that is cut off is finished by the next start, or never was") {
  for (const KeyUse use : kUses) {
    for (const SimFiles::Fault fault : kFaults) {
      CAPTURE(path_of(use));
      CAPTURE(static_cast<int>(fault));
      int finished = 0;
      int undone = 0;
      for (std::int64_t n = 1;; ++n) {
        CAPTURE(n);
        World world;
        std::unique_ptr<signing::Signing> service = world.must_start();
        const Made before = sign(*service);
        const std::string old_id = service->keys().current(use).id();
        const std::string secret = secret_in(world, use);
        service.reset();
        world.clock->advance(seconds(100));
        world.files->fail_at(n, fault);
        const auto rotated = world.rotate(use);
        world.files->crash();
        const bool failed = !rotated.has_value();
        if (failed) CHECK(rotated.error().code == Code::unavailable);
        check_whole(world, use, before, old_id);
        const bool is_new = world.must_start()->keys().current(use).id() != old_id;
        CHECK(world.on_disk(secret) != is_new);
        if (!failed) CHECK(is_new);
        if (!failed) break;  // there are no more writes
        ++(is_new ? finished : undone);
      }
      CHECK(finished >= 3);
      CHECK(undone >= 5);
    }
  }
}

TEST_CASE("own signing: a start that finishes or undoes a rotation may be cut off as well") {
  for (const KeyUse use : kUses) {
    for (const SimFiles::Fault fault : kFaults) {
      for (std::int64_t n = 1; n < 40; ++n) {
        CAPTURE(path_of(use));
        CAPTURE(static_cast<int>(fault));
        CAPTURE(n);
        World world;
        std::unique_ptr<signing::Signing> service = world.must_start();
        const Made before = sign(*service);
        const std::string old_id = service->keys().current(use).id();
        service.reset();
        world.clock->advance(seconds(100));
        world.files->fail_at(n, fault);
        const bool done = world.rotate(use).has_value();
        for (std::int64_t again = 1; again < 8; ++again) {
          world.files->crash();
          world.files->fail_at(again % 4 + 1, fault);
          world.start();
        }
        world.files->fail_at(1'000'000, fault);
        check_whole(world, use, before, old_id);
        if (done) break;
      }
    }
  }
}

TEST_CASE("own signing: no key is used before the ledger has a record of it") {
  World world;
  world.must_start();
  const std::string old_id = world.must_start()->keys().current(KeyUse::signer).id();
  const std::string before = *world.files->bytes_of(path_of(KeyUse::signer));
  world.clock->advance(seconds(100));
  // All writes of the ledger from now on: its disk is full.
  world.ledger_files.set_capacity(0);
  const auto refused = world.rotate(KeyUse::signer);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::unavailable);
  CHECK(*world.files->bytes_of(path_of(KeyUse::signer)) == before);
  CHECK_FALSE(world.start().has_value());
  world.ledger_files.set_capacity(SIZE_MAX);
  world.open_ledger();
  CHECK(world.must_start()->keys().current(KeyUse::signer).id() != old_id);
  CHECK(world.events().size() == 1);
  CHECK(*world.files->bytes_of(path_of(KeyUse::signer)) != before);
}

TEST_CASE("own signing: a dry run changes nothing, a clock that is behind is refused") {
  World world;
  sign(*world.must_start());
  const std::string list = *world.files->bytes_of(kFolder + "/keys.json");
  world.clock->advance(seconds(100));
  const std::int64_t operations = world.files->operations();
  const auto tried = world.rotate(KeyUse::log, Trial::dry);
  REQUIRE(tried.has_value());
  CHECK(tried->new_id.empty());
  CHECK(world.files->operations() == operations);
  CHECK(world.events().empty());
  world.clock->jump_wall(seconds(-101));
  CHECK(world.rotate(KeyUse::log).error().code == Code::conflict);
  world.clock->jump_wall(seconds(101));
  sign(*world.must_start());
  world.clock->jump_wall(seconds(-50));  // behind the newest entry, not behind the key
  const auto behind = world.rotate(KeyUse::log);
  REQUIRE_FALSE(behind.has_value());
  CHECK(behind.error().code == Code::conflict);
  CHECK(behind.error().what.find("newest entry") != std::string::npos);
  CHECK(*world.files->bytes_of(kFolder + "/keys.json") == list);
}

TEST_CASE("own signing: servers that share a ledger have one set of keys, the newest") {
  World world;
  World other;
  auto state = sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(state.has_value());
  REQUIRE(sql::migrate(**state, sql::built_in_migrations(), *world.clock).has_value());
  const signing::KeyList first = world.must_start()->keys();
  CHECK(agree_on_keys(**state, first).has_value());
  CHECK(agree_on_keys(**state, first).has_value());
  const signing::KeyList foreign = other.must_start()->keys();
  CHECK(agree_on_keys(**state, foreign).error().code == Code::conflict);
  for (const KeyUse use : {KeyUse::log, KeyUse::time}) {
    world.clock->advance(seconds(100));
    REQUIRE(world.rotate(use).has_value());
  }
  const signing::KeyList second = world.must_start()->keys();
  CHECK(agree_on_keys(**state, second).has_value());
  CHECK(agree_on_keys(**state, second).has_value());
  // A server that still has the keys of before.
  CHECK(agree_on_keys(**state, first).error().code == Code::conflict);
  // One that was rotated by itself.
  other.clock->advance(seconds(100));
  REQUIRE(other.rotate(KeyUse::log).has_value());
  CHECK(agree_on_keys(**state, other.must_start()->keys()).error().code == Code::conflict);
}

}  // namespace
}  // namespace mc::app
