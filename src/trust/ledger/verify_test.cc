#include "ledger/verify.h"

#include <doctest/doctest.h>

#include "ledger/store.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

const std::string kFolder = "/data/ledger";
const std::string kFirst = kFolder + "/segments/00000000000000000000.batches";

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  Salts salts{random};
  sim::SimFiles files;
  std::unique_ptr<Store> store;

  explicit World(std::uint64_t segment_bytes = 1 << 20) {
    store = std::move(*Store::open(files, kFolder, segment_bytes));
  }
  void commit(const std::string& log, const std::string& payload) {
    std::vector<Prepared> entries;
    entries.push_back(
        *prepare({log, "access", "ben", "alpha", "read", "support", "", payload, {}}, salts));
    clock.advance(millis(3));
    REQUIRE(store->commit(entries, clock.wall()).has_value());
  }
  Result<VerifyReport> check(int threads = 1) {
    return verify(files, kFolder, {threads, nullptr, {}});
  }
};

TEST_CASE("verify: a sound ledger is told with its heads, whatever the number of threads") {
  World world(4096);
  for (int i = 0; i < 60; ++i) world.commit(i % 3 == 0 ? "audit/bravo" : "audit/alpha", "row");
  REQUIRE(world.store->erase("audit/alpha", 7).has_value());
  std::size_t last = 0;
  for (const int threads : {1, 2, 7}) {
    const auto report = verify(world.files, kFolder,
                               {threads, [&](std::size_t done, std::size_t) { last = done; }, {}});
    REQUIRE_MESSAGE(report.has_value(), report.error().what);
    CHECK(report->records == 60);
    CHECK(report->batches == 60);
    CHECK(report->erased == 1);
    CHECK(report->torn == 0);
    CHECK(report->segments > 5);
    CHECK(last == report->segments);
    REQUIRE(report->heads.size() == 3);
    for (const auto& [log, head] : report->heads) CHECK(head == *world.store->head(log));
  }
}

TEST_CASE("verify: nothing is a ledger without records") {
  World world;
  const auto report = world.check();
  REQUIRE(report.has_value());
  CHECK(report->segments == 0);
  CHECK(report->heads.empty());
}

TEST_CASE("verify: no flipped bit is missed, but in a last batch that may be torn") {
  World world;
  for (int i = 0; i < 3; ++i) world.commit("audit/alpha", "row " + std::to_string(i));
  const std::string whole = *world.files.bytes_of(kFirst);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    *world.files.bytes_of(kFirst) = whole;
    (*world.files.bytes_of(kFirst))[at] ^= static_cast<char>(1 << at % 8);
    const auto report = world.check();
    if (report) {
      CHECK(report->torn > 0);
      CHECK(report->batches < 3);
    }
  }
}

// One who holds the disk and can make digests anew.
struct Forger {
  std::vector<std::string> leaves;
  std::vector<LogHead> heads;
  Batch batch;

  // The first batch of a ledger with one record and its head leaf.
  Forger() {
    header.log = "audit/alpha";
    header.time = WallTime{1'767'225'600'000'000'000};
    header.type = header.actor = header.tenant = header.action = header.purpose = "x";
    header.commitment = commit(salt, payload);
    head_leaf = {"audit/alpha", {}, 0, header.time, {}};
  }
  Header header;
  HeadLeaf head_leaf;
  Salt salt = {'s'};
  std::string payload = "{}";
  bool honest_head_leaf = true;
  bool honest_heads = true;

  Result<VerifyReport> check() {
    leaves = {print_leaf(header)};
    tlog::Frontier alpha;
    alpha.append(tlog::leaf_hash(leaves[0]));
    if (honest_head_leaf) head_leaf.head = alpha.head();
    leaves.push_back(print_head_leaf(head_leaf));
    tlog::Frontier root;
    root.append(tlog::leaf_hash(leaves[1]));
    batch.logs = {{0, "audit/alpha"}, {1, kRootLog}};
    StoredRecord record;
    record.leaf = leaves[0];
    record.salt = salt;
    record.payload = payload;
    StoredRecord head;
    head.log = 1;
    head.leaf = leaves[1];
    batch.records = {record, head};
    batch.heads = {{0, alpha.head()}, {1, honest_heads ? root.head() : alpha.head()}};
    std::string bytes;
    print_batch(batch, bytes);
    sim::SimFiles files;
    REQUIRE(files.open_random_access(kFirst).has_value());
    *files.bytes_of(kFirst) = bytes;
    return verify(files, kFolder);
  }
};

TEST_CASE("verify: a forged batch with digests that fit is refused with the reason") {
  Forger forger;
  REQUIRE(forger.check().has_value());
  std::string why;
  SUBCASE("another place in the log") {
    forger.header.seq = 1;
    why = "does not follow";
  }
  SUBCASE("another leaf before it") {
    forger.header.prev.fill(1);
    why = "does not follow";
  }
  SUBCASE("another log") {
    forger.header.log = "audit/bravo";
    why = "its leaves say";
  }
  SUBCASE("another payload") {
    forger.payload = "{1}";
    why = "is not the one that was recorded";
  }
  SUBCASE("an erased salt beside a payload") {
    forger.salt = {};
    why = "is not the one that was recorded";
  }
  SUBCASE("a head leaf with another root") {
    forger.honest_head_leaf = false;
    forger.head_leaf.head = {1, tlog::leaf_hash("other")};
    why = "does not have the head";
  }
  SUBCASE("a head leaf of no log") {
    forger.head_leaf.log = "audit/ghost";
    why = "does not have the head";
  }
  SUBCASE("a head that is not its tree's") {
    forger.honest_heads = false;
    why = "in a batch is another";
  }
  SUBCASE("not the first batch") {
    forger.batch.prev.fill(1);
    why = "does not follow";
  }
  const auto report = forger.check();
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == Code::corrupt);
  CHECK_MESSAGE(report.error().what.find(why) != std::string::npos, report.error().what);
}

TEST_CASE("verify: what was signed is there, or it says so") {
  World world(1 << 20);
  for (int i = 0; i < 6; ++i) world.commit("audit/alpha", "row");
  const tlog::TreeHead signed_head = *world.store->head(kRootLog);
  const VerifyOptions options{1, nullptr, signed_head};
  REQUIRE(verify(world.files, kFolder, options).has_value());
  tlog::TreeHead other = signed_head;
  other.root[0] ^= 1;
  CHECK(!verify(world.files, kFolder, {1, nullptr, other}).has_value());
  // The last segment, bit by bit: no damage passes for a batch that was never acknowledged.
  const std::vector<std::string> names = *world.files.list(kFolder + "/segments");
  std::string& bytes = *world.files.bytes_of(kFolder + "/segments/" + names.back());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    bytes[at] ^= static_cast<char>(1 << at % 8);
    CHECK(!verify(world.files, kFolder, options).has_value());
    bytes[at] ^= static_cast<char>(1 << at % 8);
  }
  const std::string whole = bytes;
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    CAPTURE(size);
    bytes.resize(size);
    CHECK(!verify(world.files, kFolder, options).has_value());
    bytes = whole;
  }
}

}  // namespace
}  // namespace mc::ledger
