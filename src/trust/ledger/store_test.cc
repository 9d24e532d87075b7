#include "ledger/store.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::ledger {
namespace {

const std::string kFolder = "/data/ledger";

Entry entry(const std::string& log, const std::string& payload, char key = 0) {
  Entry out{log, "access", "ben", log.substr(log.find('/') + 1), "read", "support",
            "",  payload,  {}};
  if (key != 0) out.key.fill(key);
  return out;
}

// A disk, and the store on it; reopened at will.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  Salts salts{random};
  sim::SimFiles files;
  std::unique_ptr<Store> store;
  std::uint64_t segment_bytes = 4096;

  std::string why;  // the last open failed

  World() { REQUIRE(open()); }
  bool open() {
    store.reset();
    auto opened = Store::open(files, kFolder, segment_bytes);
    if (!opened) {
      why = opened.error().what;
      return false;
    }
    store = std::move(*opened);
    return true;
  }
  Result<std::vector<Result<Recorded>>> commit(const std::vector<Entry>& entries) {
    std::vector<Prepared> prepared;
    for (Entry each : entries) prepared.push_back(*prepare(std::move(each), salts));
    clock.advance(millis(3));
    return store->commit(prepared, clock.wall());
  }
  std::map<std::string, tlog::TreeHead> heads() const {
    std::map<std::string, tlog::TreeHead> out;
    for (const std::string& log : store->logs()) out[log] = *store->head(log);
    return out;
  }
  // Every byte of every file.
  std::string disk() {
    std::string out;
    for (const char* folder : {"", "/segments", "/trees"}) {
      const std::vector<std::string> names = *files.list(kFolder + folder);
      for (const std::string& name : names) {
        out += *files.bytes_of(kFolder + folder + "/" + name);
      }
    }
    return out;
  }
};

// Everything a log says of itself holds: chain, commitments, inclusion of each record, consistency.
void check_log(const Store& store, const std::string& log) {
  const tlog::TreeHead head = *store.head(log);
  tlog::Frontier twin;
  tlog::Hash prev = {};
  for (std::uint64_t seq = 0; seq < head.size; ++seq) {
    const Result<ReadRecord> record = store.read(log, seq);
    REQUIRE_MESSAGE(record.has_value(), record.error().what);
    if (log == kRootLog) {
      const auto leaf = parse_head_leaf(record->leaf);
      REQUIRE(leaf.has_value());
      CHECK(leaf->seq == seq);
      CHECK(leaf->prev == prev);
    } else {
      const auto leaf = parse_leaf(record->leaf);
      REQUIRE(leaf.has_value());
      CHECK(leaf->seq == seq);
      CHECK(leaf->prev == prev);
      CHECK(leaf->log == log);
    }
    prev = tlog::leaf_hash(record->leaf);
    twin.append(prev);
    const auto path = store.prove_inclusion(log, seq, head.size);
    REQUIRE(path.has_value());
    CHECK(tlog::check_inclusion(prev, seq, head, *path).has_value());
    const auto between = store.prove_consistency(log, seq + 1, head.size);
    REQUIRE(between.has_value());
    CHECK(tlog::check_consistency(twin.head(), head, *between).has_value());
  }
  CHECK(twin.head() == head);
}

void check_all(const Store& store) {
  for (const std::string& log : store.logs()) check_log(store, log);
}

void fill(World& world, int batches) {
  for (int i = 0; i < batches; ++i) {
    std::vector<Entry> entries;
    for (int k = 0; k <= i % 3; ++k) {
      entries.push_back(entry(k == 1 ? "audit/bravo" : "audit/alpha", "row " + std::to_string(i)));
    }
    const auto done = world.commit(entries);
    REQUIRE(done.has_value());
    for (const auto& each : *done) REQUIRE(each.has_value());
  }
}

TEST_CASE("store: what was recorded is read back, with proofs, also after a start") {
  World world;
  fill(world, 40);
  CHECK(world.heads().size() == 3);
  check_all(*world.store);
  const auto before = world.heads();
  SUBCASE("from the last full segment") {}
  SUBCASE("without a mark") {
    REQUIRE(world.files.remove(kFolder + "/mark").has_value());
  }
  SUBCASE("with a damaged mark") {
    (*world.files.bytes_of(kFolder + "/mark"))[9] ^= 1;
  }
  SUBCASE("without the files of the trees") {
    REQUIRE(world.files.remove(kFolder + "/mark").has_value());
    const std::vector<std::string> names = *world.files.list(kFolder + "/trees");
    for (const std::string& name : names) {
      REQUIRE(world.files.remove(kFolder + "/trees/" + name).has_value());
    }
  }
  REQUIRE(world.open());
  CHECK(world.heads() == before);
  CHECK(world.store->torn() == 0);
  fill(world, 5);
  check_all(*world.store);
  CHECK(world.files.list(kFolder + "/segments")->size() > 3);
}

TEST_CASE("store: each commit puts the new heads into the log of heads, last of all") {
  World world;
  REQUIRE(world.commit({entry("audit/alpha", "1"), entry("audit/bravo", "2")}).has_value());
  REQUIRE(world.commit({entry("audit/bravo", "3")}).has_value());
  REQUIRE(world.store->head(kRootLog)->size == 3);
  const auto leaf = parse_head_leaf(world.store->read(kRootLog, 2)->leaf);
  REQUIRE(leaf.has_value());
  CHECK(leaf->log == "audit/bravo");
  CHECK(leaf->head == *world.store->head("audit/bravo"));
}

TEST_CASE("store: an entry that cannot be is refused alone") {
  World world;
  Entry no_actor = entry("audit/alpha", "x");
  no_actor.actor.clear();
  CHECK(prepare(std::move(no_actor), world.salts).error().what == "'actor' is empty");
  for (Entry each : {entry(kRootLog, "2"), entry(std::string(256, 'l'), "3"),
                     entry("a", std::string(kPayloadBytesMax + 1, 'x'))}) {
    CHECK(prepare(std::move(each), world.salts).error().code == Code::invalid);
  }
  CHECK(prepare(entry(std::string(255, 'l'), std::string(kPayloadBytesMax, 'x')), world.salts));
}

TEST_CASE("store: the same key gives the first record, in one batch, later and after a start") {
  World world;
  const auto first = world.commit({entry("audit/alpha", "1", 'k'), entry("audit/alpha", "1", 'k')});
  CHECK_FALSE((*first)[0]->repeated);
  CHECK((*first)[1]->repeated);
  CHECK((*first)[1]->leaf_hash == (*first)[0]->leaf_hash);
  const auto size = world.store->head(kRootLog)->size;
  CHECK((*world.commit({entry("audit/alpha", "1", 'k')}))[0]->repeated);
  CHECK(world.store->head(kRootLog)->size == size);
  REQUIRE(world.open());
  const auto again = world.commit({entry("audit/alpha", "1", 'k'), entry("audit/alpha", "1", 'n')});
  CHECK((*again)[0]->repeated);
  CHECK((*again)[0]->seq == 0);
  CHECK((*again)[0]->leaf_hash == (*first)[0]->leaf_hash);
  CHECK((*again)[1]->seq == 1);
}

TEST_CASE("store: the key of one tenant's record says nothing to another") {
  World world;
  const auto done = world.commit({entry("audit/alpha", "1", 'k'), entry("audit/bravo", "2", 'k')});
  CHECK_FALSE((*done)[1]->repeated);
  CHECK((*done)[1]->leaf_hash != (*done)[0]->leaf_hash);
  REQUIRE(world.open());
  const auto again =
      world.commit({entry("audit/cosmos", "3", 'k'), entry("audit/bravo", "2", 'k')});
  CHECK_FALSE((*again)[0]->repeated);
  CHECK((*again)[1]->leaf_hash == (*done)[1]->leaf_hash);
}

TEST_CASE("store: time does not go back when the clock does") {
  World world;
  const auto first = world.commit({entry("audit/alpha", "1")});
  world.clock.jump_wall(seconds(-60));
  const auto second = world.commit({entry("audit/alpha", "2")});
  CHECK((*second)[0]->time == (*first)[0]->time + millis(1));
  REQUIRE(world.open());
  CHECK((*world.commit({entry("audit/alpha", "3")}))[0]->time == (*first)[0]->time + millis(2));
}

TEST_CASE("store: erasure leaves every proof, and nothing of the content on the disk") {
  World world;
  fill(world, 6);
  const std::string secret = "a name that must be forgotten";
  const auto done = world.commit({entry("audit/alpha", secret)});
  const std::uint64_t seq = (*done)[0]->seq;
  fill(world, 6);
  REQUIRE(world.disk().find(secret) != std::string::npos);
  const Salt salt = world.store->read("audit/alpha", seq)->salt;
  const auto before = world.heads();
  REQUIRE(world.store->erase("audit/alpha", seq).has_value());
  REQUIRE(world.store->erase("audit/alpha", seq).has_value());
  CHECK(world.disk().find(secret) == std::string::npos);
  CHECK(world.disk().find(std::string(salt.data(), salt.size())) == std::string::npos);
  CHECK(world.store->read("audit/alpha", seq)->erased);
  world.files.crash();
  REQUIRE(world.files.remove(kFolder + "/mark").has_value());
  REQUIRE(world.open());
  CHECK(world.heads() == before);
  CHECK(world.store->read("audit/alpha", seq)->erased);
  check_all(*world.store);
  CHECK(world.store->erase("audit/alpha", 10'000).error().code == Code::not_found);
}

TEST_CASE("store: one sync makes durable what was written before it, and nothing else") {
  World world;
  const auto stage = [&world](const std::string& payload) {
    const std::vector<Prepared> one = {*prepare(entry("audit/alpha", payload), world.salts)};
    world.clock.advance(millis(3));
    return *world.store->stage(one, world.clock.wall());
  };
  const auto operations_of = [&world](const Store::Pending& pending) {
    const std::int64_t before = world.files.operations();
    REQUIRE(world.store->settle(pending).has_value());
    return world.files.operations() - before;
  };
  std::size_t segments = 1;
  SUBCASE("in one segment") {
    world.segment_bytes = 1 << 20;
  }
  SUBCASE("each in its own") {
    world.segment_bytes = 1;
    segments = 3;
  }
  REQUIRE(world.open());
  const Store::Pending first = stage("1");
  const Store::Pending second = stage("2");
  constexpr std::int64_t kTreeWrites = 4;  // nodes and places of two logs
  CHECK(operations_of(first) == kTreeWrites + 1);
  CHECK(operations_of(second) == kTreeWrites + (segments == 1 ? 0 : 1));
  const Store::Pending third = stage("3");
  CHECK(operations_of(third) == kTreeWrites + 1);
  static_cast<void>(stage("4"));  // nobody is told of it
  world.store.reset();
  world.files.crash();
  REQUIRE(world.open());
  CHECK(world.store->head("audit/alpha")->size == 3);
  CHECK(world.files.list(kFolder + "/segments")->size() == segments);
  check_all(*world.store);
}

TEST_CASE("store: whichever operation fails, what was acknowledged is there after a crash") {
  for (const auto fault :
       {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n < 200; ++n) {
      CAPTURE(n);
      World world;
      world.segment_bytes = 2048;
      REQUIRE(world.open());
      world.files.fail_at(n, fault);
      std::vector<std::pair<std::uint64_t, tlog::Hash>> acknowledged;
      bool failed = false;
      for (int i = 0; i < 12; ++i) {
        const auto done = world.commit({entry("audit/alpha", "row " + std::to_string(i))});
        if (!done) {
          failed = true;  // and nothing after it is taken
          continue;
        }
        CHECK_FALSE(failed);
        acknowledged.emplace_back((*done)[0]->seq, (*done)[0]->leaf_hash);
      }
      world.store.reset();
      world.files.crash();
      // The fault may meet the start too; the next one is sound.
      REQUIRE_MESSAGE((world.open() || world.open()), world.why);
      world.files.fail_at(1'000'000, fault);
      for (const auto& [seq, hash] : acknowledged) {
        const auto record = world.store->read("audit/alpha", seq);
        REQUIRE(record.has_value());
        CHECK(tlog::leaf_hash(record->leaf) == hash);
      }
      CHECK(world.commit({entry("audit/alpha", "after")}).has_value());
      check_all(*world.store);
    }
  }
}

TEST_CASE("store: a segment cut anywhere opens as what was whole before the cut") {
  World world;
  world.segment_bytes = 1 << 20;
  REQUIRE(world.open());
  std::vector<std::uint64_t> ends = {0};
  const std::string path = kFolder + "/segments/00000000000000000000.batches";
  for (int i = 0; i < 4; ++i) {
    REQUIRE(world.commit({entry("audit/alpha", "row " + std::to_string(i))}).has_value());
    ends.push_back(world.files.bytes_of(path)->size());
  }
  const std::string whole = *world.files.bytes_of(path);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    sim::SimFiles files;
    REQUIRE(files.open_random_access(path).has_value());
    *files.bytes_of(path) = whole.substr(0, cut);
    auto store = Store::open(files, kFolder);
    REQUIRE_MESSAGE(store.has_value(), store.error().what);
    const auto whole_batches =
        static_cast<std::uint64_t>(std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin()) -
        1;
    const auto head = (*store)->head("audit/alpha");
    CHECK((head ? head->size : 0) == whole_batches);
    CHECK((*store)->torn() == cut - ends[whole_batches]);
    std::vector<Prepared> more = {*prepare(entry("audit/alpha", "more"), world.salts)};
    REQUIRE((*store)->commit(more, world.clock.wall()).has_value());
    store = Store::open(files, kFolder);
    REQUIRE_MESSAGE(store.has_value(), store.error().what);
    CHECK((*store)->head("audit/alpha")->size == whole_batches + 1);
    check_all(**store);
  }
}

TEST_CASE("store: a flipped bit anywhere is never read as if it were the record") {
  World world;
  world.segment_bytes = 1 << 20;
  REQUIRE(world.open());
  fill(world, 4);
  const std::string path = kFolder + "/segments/00000000000000000000.batches";
  const auto sound = world.heads();
  const std::string whole = *world.files.bytes_of(path);
  std::uint64_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    sim::SimFiles files;
    REQUIRE(files.open_random_access(path).has_value());
    *files.bytes_of(path) = whole;
    (*files.bytes_of(path))[at] ^= static_cast<char>(1 << at % 8);
    const auto store = Store::open(files, kFolder);
    if (!store) {
      CHECK(store.error().code == Code::corrupt);
      ++refused;
      continue;
    }
    // The last batch may be taken for torn, which the last signed head tells from a loss; salt and
    // payload are looked at when they are read.
    std::uint64_t unreadable = 0;
    for (const std::string& log : (*store)->logs()) {
      const tlog::TreeHead head = *(*store)->head(log);
      for (std::uint64_t seq = 0; seq < head.size; ++seq) unreadable += !(*store)->read(log, seq);
      if ((*store)->torn() == 0) CHECK(head == sound.at(log));
    }
    CHECK(((*store)->torn() > 0) != (unreadable == 1));
  }
  CHECK(refused > whole.size() / 3);
}

TEST_CASE("store: a missing segment and a batch of another ledger are told") {
  World world;
  fill(world, 40);
  world.store.reset();
  const auto names = *world.files.list(kFolder + "/segments");
  REQUIRE(names.size() > 3);
  const std::string second = kFolder + "/segments/" + names[1];
  SUBCASE("gone") {
    REQUIRE(world.files.remove(second).has_value());
    REQUIRE(world.files.remove(kFolder + "/mark").has_value());
    CHECK_FALSE(world.open());
  }
  SUBCASE("the first one gone") {
    REQUIRE(world.files.remove(kFolder + "/segments/" + names[0]).has_value());
    REQUIRE(world.files.remove(kFolder + "/mark").has_value());
    CHECK_FALSE(world.open());
  }
  SUBCASE("of another") {
    World other;
    other.random = sim::SimRandom(8);
    fill(other, 40);
    *world.files.bytes_of(second) = *other.files.bytes_of(kFolder + "/segments/" + names[1]);
    REQUIRE(world.files.remove(kFolder + "/mark").has_value());
    CHECK_FALSE(world.open());
  }
  SUBCASE("cut before the mark") {
    const std::string last = kFolder + "/segments/" + names.back();
    world.files.bytes_of(last)->resize(1);
    CHECK_FALSE(world.open());
    CHECK(world.why.find("behind the end") != std::string::npos);
  }
  SUBCASE("a stranger's file") {
    REQUIRE(world.files.open_random_access(kFolder + "/segments/notes.txt").has_value());
    CHECK_FALSE(world.open());
  }
}

TEST_CASE("store: more logs than files may be open") {
  World world;
  world.segment_bytes = 1 << 20;
  REQUIRE(world.open());
  for (int round = 0; round < 2; ++round) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < kOpenLogsMax + 40; ++i) {
      entries.push_back(entry("audit/t" + std::to_string(i), "x"));
    }
    REQUIRE(world.commit(entries).has_value());
  }
  for (const std::string& log : {std::string("audit/t0"), std::string("audit/t150"), kRootLog}) {
    check_log(*world.store, log);
  }
}

TEST_CASE("store: its tiles give the same root as its head") {
  World world;
  world.segment_bytes = 1 << 20;
  REQUIRE(world.open());
  for (int i = 0; i < 3; ++i) {
    std::vector<Entry> entries;
    for (int k = 0; k < 233; ++k) entries.push_back(entry("audit/alpha", std::to_string(k)));
    REQUIRE(world.commit(entries).has_value());
  }
  const tlog::TreeHead head = *world.store->head("audit/alpha");
  REQUIRE(head.size == 699);
  const tlog::TileNodes nodes(
      head.size, [&](const tlog::Tile& tile) -> Result<std::vector<tlog::Hash>> {
        MC_TRY(const std::string bytes, world.store->tile("audit/alpha", tile));
        return tlog::parse_tile(bytes, tile);
      });
  const auto path = tlog::prove_inclusion(nodes, 300, head.size);
  REQUIRE(path.has_value());
  CHECK(*path == *world.store->prove_inclusion("audit/alpha", 300, head.size));
  CHECK(world.store->tile("audit/alpha", {0, 2, 188}).error().code == Code::not_found);
  CHECK(world.store->tile("audit/alpha", {0, 3, 1}).error().code == Code::not_found);
}

}  // namespace
}  // namespace mc::ledger
