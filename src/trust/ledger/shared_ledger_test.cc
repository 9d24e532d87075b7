// Several processes, each with a disk of its own, and one order between them: here an obvious twin
// of the database in memory, which fails where it is told to.
#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <thread>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

const std::string kLog = "audit/alpha";

enum class Fault { none, not_stored, stored_but_reported_failed };

struct Database {
  std::mutex turn;
  std::mutex mutex;  // of all below
  std::vector<std::pair<tlog::Hash, std::string>> batches;
  tlog::TreeHead newest;
  int epoch = 1;
  Fault fault = Fault::none;  // of the next append
  int unreachable = 0;        // so many calls more
  int erasures_lost = 0;      // the same of these

  template <class T>
  void set(T Database::* what, T to) {
    const std::lock_guard lock(mutex);
    this->*what = to;
  }
  OrderEnd end() const {
    return {batches.size(), batches.empty() ? tlog::Hash{} : batches.back().first};
  }
};

class MemoryOrder final : public Order {
 public:
  explicit MemoryOrder(Database& database) : database_(database), epoch_(database.epoch) {}

  Result<OrderEnd> begin_turn() override {
    MC_TRY_OK(reach());
    database_.turn.lock();
    in_turn_ = true;
    return end();
  }
  Status append(const OrderEnd& end, const OrderedBatch& batch) override {
    const std::lock_guard lock(database_.mutex);
    const Fault fault = std::exchange(database_.fault, Fault::none);
    REQUIRE(database_.end() == end);
    if (fault != Fault::not_stored) database_.batches.emplace_back(batch.digest, batch.bytes);
    return fault == Fault::none ? ok() : Status(fail(Code::unavailable, "lost"));
  }
  void leave_turn() override {
    if (std::exchange(in_turn_, false)) database_.turn.unlock();
  }
  Result<OrderEnd> end() override {
    MC_TRY_OK(reach());
    const std::lock_guard lock(database_.mutex);
    return database_.end();
  }
  Result<std::string> batch(std::uint64_t number) override {
    const std::lock_guard lock(database_.mutex);
    return database_.batches.at(number).second;
  }
  Result<tlog::Hash> digest(std::uint64_t number) override {
    const std::lock_guard lock(database_.mutex);
    return database_.batches.at(number).first;
  }
  Result<tlog::TreeHead> signed_head() override {
    const std::lock_guard lock(database_.mutex);
    return database_.newest;
  }
  Status note_signed(const tlog::TreeHead& head) override {
    MC_TRY_OK(reach());
    const std::lock_guard lock(database_.mutex);
    if (head.size > database_.newest.size) database_.newest = head;
    return head.size == database_.newest.size && head.root != database_.newest.root
               ? Status(fail(Code::corrupt, "a fork"))
               : ok();
  }
  Status erase(std::uint64_t number, std::uint64_t offset, std::uint64_t size) override {
    REQUIRE(size > 0);
    const std::lock_guard lock(database_.mutex);
    if (database_.erasures_lost > 0) {
      --database_.erasures_lost;
      return fail(Code::unavailable, "unreachable");
    }
    database_.batches.at(number).second.replace(offset, size, std::string(size, '\0'));
    return ok();
  }

 private:
  Status reach() {
    const std::lock_guard lock(database_.mutex);
    if (database_.epoch != epoch_) return fail(Code::denied, "fenced");
    if (database_.unreachable == 0) return ok();
    --database_.unreachable;
    return fail(Code::unavailable, "unreachable");
  }
  Database& database_;
  int epoch_;
  bool in_turn_ = false;
};

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}

Entry entry(const std::string& payload, char key = 0) {
  Entry out{kLog, "access", "ben", "alpha", "read", "support", "", payload, {}};
  if (key != 0) out.key.fill(key);
  return out;
}

// One process.
struct Process {
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  LedgerConfig config{.folder = "/data/ledger", .signed_head_file = "/other/head"};
  std::unique_ptr<Ledger> ledger;
  std::string why;

  explicit Process(std::uint64_t seed) : random(seed) {
    config.segment_bytes = 4096;
    config.retry_every = Nanos{};
  }
  bool start(Database& database) {
    ledger.reset();
    auto opened = Ledger::open(config, {files, clock, random}, signer(),
                               std::make_unique<MemoryOrder>(database));
    if (!opened) {
      why = opened.error().what;
      return false;
    }
    ledger = std::move(*opened);
    return true;
  }
  tlog::TreeHead published() {
    const auto checkpoint = ledger->publish();
    REQUIRE_MESSAGE(checkpoint.has_value(), checkpoint.error().what);
    return tlog::parse_checkpoint(tlog::parse_note(*checkpoint)->text)->head;
  }
  // The payloads of the log as it is in this process.
  std::vector<std::string> payloads() const {
    std::vector<std::string> out;
    const auto head = ledger->store().head(kLog);
    for (std::uint64_t seq = 0; head && seq < head->size; ++seq) {
      const auto record = ledger->store().read(kLog, seq);
      REQUIRE_MESSAGE(record.has_value(), record.error().what);
      out.push_back(record->payload);
    }
    return out;
  }
};

struct World {
  Database database;
  Process a{7};
  Process b{8};
  World() {
    REQUIRE(a.start(database));
    REQUIRE(b.start(database));
  }
};

TEST_CASE("shared ledger: two processes append to one log, and both have all of it") {
  World world;
  constexpr int kEach = 200;
  std::map<std::uint64_t, tlog::Hash> places;
  std::mutex mutex;
  const auto append = [&](Process& process, const std::string& name) {
    for (int i = 0; i < kEach; ++i) {
      const auto done = process.ledger->append(entry(name + std::to_string(i)));
      REQUIRE_MESSAGE(done.has_value(), done.error().what);
      const std::lock_guard lock(mutex);
      CHECK(places.emplace(done->seq, done->leaf_hash).second);  // nobody else's
    }
  };
  std::thread other([&] { append(world.b, "b"); });
  append(world.a, "a");
  other.join();
  const tlog::TreeHead of_a = world.a.published();
  CHECK(world.b.published() == of_a);
  REQUIRE(places.size() == 2 * kEach);
  for (const Process* process : {&world.a, &world.b}) {
    CHECK(process->payloads().size() == 2 * kEach);
    for (const auto& [seq, hash] : places) {
      CHECK(tlog::leaf_hash(process->ledger->store().read(kLog, seq)->leaf) == hash);
    }
  }
  CHECK(world.a.payloads() == world.b.payloads());
}

TEST_CASE("shared ledger: what one process has recorded, the other's next checkpoint has") {
  World world;
  for (int i = 0; i < 20; ++i) {
    Process& writes = i % 2 == 0 ? world.a : world.b;
    Process& reads = i % 2 == 0 ? world.b : world.a;
    REQUIRE(writes.ledger->append(entry(std::to_string(i))).has_value());
    const tlog::TreeHead before = writes.published();
    const tlog::TreeHead after = reads.published();
    CHECK(after.size >= before.size);
    CHECK(*reads.ledger->store().root_at(kRootLog, before.size) == before.root);
    CHECK(reads.payloads().back() == std::to_string(i));
  }
}

TEST_CASE("shared ledger: an answer that is lost is found out, and nothing is there twice") {
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    CAPTURE(static_cast<int>(fault));
    World world;
    REQUIRE(world.a.ledger->append(entry("first")).has_value());
    world.database.set(&Database::fault, fault);
    const auto done = world.a.ledger->append(entry("second"));
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
    CHECK(done->seq == 1);
    // A new log goes with the batch that began it.
    world.database.set(&Database::fault, fault);
    Entry other = entry("of bravo");
    other.log = "audit/bravo";
    REQUIRE(world.a.ledger->append(other).has_value());
    world.b.published();
    for (const Process* process : {&world.a, &world.b}) {
      CHECK(process->payloads() == std::vector<std::string>{"first", "second"});
      CHECK(process->ledger->store().head("audit/bravo")->size == 1);
    }
  }
}

TEST_CASE("shared ledger: a database that comes back is waited for, another is told of") {
  World world;
  world.database.set(&Database::unreachable, 3);
  CHECK(world.a.ledger->append(entry("waits")).has_value());
  world.a.config.patience = Nanos{};
  REQUIRE(world.a.start(world.database));
  world.database.set(&Database::unreachable, 1);
  const auto refused = world.a.ledger->append(entry("too long"));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::unavailable);
  CHECK(world.a.ledger->append(entry("again")).has_value());
  world.database.set(&Database::unreachable, 1);
  CHECK(!world.a.ledger->publish().has_value());
  CHECK(world.a.published().size == 2);
  CHECK(world.a.ledger->state().has_value());
}

TEST_CASE("shared ledger: who was fenced off records and signs nothing more") {
  World world;
  REQUIRE(world.a.ledger->append(entry("1")).has_value());
  {
    const std::lock_guard lock(world.database.mutex);
    ++world.database.epoch;
  }
  const auto refused = world.a.ledger->append(entry("2"));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == Code::denied);
  CHECK(!world.a.ledger->publish().has_value());
  REQUIRE(world.b.start(world.database));
  CHECK(world.b.ledger->append(entry("3")).has_value());
  CHECK(world.b.payloads() == std::vector<std::string>{"1", "3"});
}

TEST_CASE("shared ledger: a key counts in every process") {
  World world;
  const auto first = world.a.ledger->append(entry("x", 'k'));
  const auto again = world.b.ledger->append(entry("x", 'k'));
  REQUIRE(first.has_value());
  REQUIRE(again.has_value());
  CHECK(again->repeated);
  CHECK(again->seq == first->seq);
  CHECK(again->leaf_hash == first->leaf_hash);
}

TEST_CASE("shared ledger: an erasure is made everywhere, also behind a crash") {
  World world;
  REQUIRE(world.a.ledger->append(entry("a secret to forget")).has_value());
  world.b.published();
  CHECK(world.b.payloads().front() == "a secret to forget");
  REQUIRE(world.a.ledger->redact(kLog, 0, entry("why")).has_value());
  world.b.published();
  for (Process* process : {&world.a, &world.b}) {
    CHECK(process->ledger->store().read(kLog, 0)->erased);
    const std::vector<std::string> names = *process->files.list("/data/ledger/segments");
    for (const std::string& name : names) {
      const std::string* bytes = process->files.bytes_of("/data/ledger/segments/" + name);
      CHECK(bytes->find("a secret to forget") == std::string::npos);
    }
  }
  for (const auto& [digest, bytes] : world.database.batches) {
    CHECK(bytes.find("a secret to forget") == std::string::npos);
  }
  // One that was down meanwhile, and one that is new.
  Process c(9);
  REQUIRE(c.start(world.database));
  CHECK(c.ledger->store().read(kLog, 0)->erased);
  CHECK(c.published() == world.a.published());
}

TEST_CASE("shared ledger: an erasure that the database did not get is made when it is back") {
  World world;
  const auto stored = [&] {
    std::string all;
    const std::lock_guard lock(world.database.mutex);
    for (const auto& [digest, bytes] : world.database.batches) all += bytes;
    return all;
  };
  for (const char* payload : {"a secret to forget", "another secret"}) {
    REQUIRE(world.a.ledger->append(entry(payload)).has_value());
  }
  world.a.published();
  world.database.set(&Database::erasures_lost, 3);
  const auto done = world.a.ledger->redact(kLog, 0, entry("why"));
  REQUIRE(!done.has_value());
  CHECK(done.error().code == Code::unavailable);
  CHECK(world.a.ledger->store().read(kLog, 0)->erased);  // here it is
  while (!world.a.ledger->publish()) {                   // each tries again
  }
  CHECK(stored().find("a secret to forget") == std::string::npos);
  CHECK(stored().find("another secret") != std::string::npos);
  CHECK(world.a.ledger->redact(kLog, 1, entry("why")).has_value());
  CHECK(stored().find("another secret") == std::string::npos);
}

TEST_CASE("shared ledger: after a loss of power the order gives back what the disk has lost") {
  World world;
  std::vector<std::string> all;
  for (int i = 0; i < 60; ++i) {  // over several segments
    all.push_back(std::to_string(i) + std::string(300, 'x'));
    REQUIRE(world.a.ledger->append(entry(all.back())).has_value());
  }
  const tlog::TreeHead head = world.a.published();
  world.a.ledger.reset();
  world.a.files.crash();
  REQUIRE_MESSAGE(world.a.start(world.database), world.a.why);
  CHECK(world.a.payloads() == all);
  CHECK(world.a.published() == head);
}

TEST_CASE("shared ledger: a copy that is damaged anywhere is whole again after a start") {
  World world;
  for (int i = 0; i < 30; ++i) {
    REQUIRE(world.a.ledger->append(entry(std::to_string(i) + std::string(300, 'x'))).has_value());
  }
  const tlog::TreeHead head = world.a.published();
  world.a.ledger.reset();
  const std::string segments = "/data/ledger/segments";
  const std::string last = segments + "/" + world.a.files.list(segments)->back();
  const std::string whole = *world.a.files.bytes_of(last);
  for (std::size_t at = 0; at < whole.size(); at += 37) {
    CAPTURE(at);
    (*world.a.files.bytes_of(last))[at] ^= 1;
    REQUIRE_MESSAGE(world.a.start(world.database), world.a.why);
    CHECK(world.a.published() == head);
    world.a.ledger.reset();
  }
  // A payload is outside the digests: damage to it is found by who reads it.
  REQUIRE(world.a.ledger == nullptr);
  const std::vector<std::string> names = *world.a.files.list(segments);
  for (const std::string& name : names) {
    std::string& bytes = *world.a.files.bytes_of(segments + "/" + name);
    const std::size_t payload = bytes.find("29xxx");
    if (payload != std::string::npos) bytes[payload] ^= 1;
  }
  REQUIRE(world.a.start(world.database));
  CHECK(!world.a.ledger->store().read(kLog, 29).has_value());
  CHECK(world.a.ledger->store().read(kLog, 28).has_value());
}

TEST_CASE("shared ledger: a copy does not go on alone, and what is no copy is not made anew") {
  World world;
  REQUIRE(world.a.ledger->append(entry("one")).has_value());
  world.a.ledger.reset();
  const auto open_alone = [](Process& process) {
    return Ledger::open(process.config, {process.files, process.clock, process.random}, signer());
  };
  const auto refused = open_alone(world.a);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().what.find("ledger.url") != std::string::npos);
  CHECK(world.a.start(world.database));

  Process own(9);
  {
    const auto alone = open_alone(own);
    REQUIRE(alone.has_value());
    for (int i = 0; i < 3; ++i) REQUIRE((*alone)->append(entry("x")).has_value());
  }
  const std::string segments = "/data/ledger/segments";
  const std::string first = segments + "/" + own.files.list(segments)->front();
  (*own.files.bytes_of(first))[200] ^= 1;
  const std::string damaged = *own.files.bytes_of(first);
  CHECK(!own.start(world.database));
  CHECK(own.why.find("a ledger of its own") != std::string::npos);
  REQUIRE(*own.files.exists(first));
  CHECK(*own.files.bytes_of(first) == damaged);
}

TEST_CASE("shared ledger: a database that is not the one it was is refused") {
  World world;
  for (int i = 0; i < 5; ++i) REQUIRE(world.a.ledger->append(entry("x")).has_value());
  world.a.published();
  world.a.ledger.reset();
  world.b.ledger.reset();
  const auto whole = world.database.batches;

  world.database.batches.resize(3);  // restored from a backup
  CHECK(!world.a.start(world.database));
  CHECK(world.a.why.find("a backup restored") != std::string::npos);
  Process fresh(9);  // a process that has never seen it finds what was signed
  CHECK(!fresh.start(world.database));
  CHECK(fresh.why.find("was signed") != std::string::npos);

  world.database.batches = whole;
  world.database.batches.back().first[0] ^= 1;  // somebody else's
  CHECK(!world.a.start(world.database));
  CHECK(world.a.why.find("a fork") != std::string::npos);
  world.database.batches = whole;
  CHECK(world.a.start(world.database));
}

TEST_CASE("shared ledger: a batch that is changed in the database is never taken in") {
  World world;
  REQUIRE(world.a.ledger->append(entry("one")).has_value());
  world.a.ledger.reset();
  world.b.ledger.reset();
  const std::string whole = world.database.batches.back().second;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string& bytes = world.database.batches.back().second;
    bytes = whole;
    bytes[at] ^= 1;
    Process c(9);
    if (!c.start(world.database)) continue;
    // Salts and payloads are outside the digest: their leaves guard them.
    const Store& store = c.ledger->store();
    CHECK(store.read(kLog, 0).has_value() + store.read(kRootLog, 0).has_value() == 1);
  }
  world.database.batches.back().second = whole.substr(0, whole.size() - 1);
  Process d(10);
  CHECK(!d.start(world.database));
  world.database.batches.back().second = whole + "x";
  CHECK(!d.start(world.database));
}

}  // namespace
}  // namespace mc::ledger
