#include "ledger/ledger.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "ledger/verify.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

const std::string kOrigin = "ledger.example.org/root";

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make(kOrigin, tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}

Entry entry(const std::string& tenant, const std::string& payload) {
  return {"audit/" + tenant, "access", "ben", tenant, "read", "support", "", payload, {}};
}

// One disk; the ledger's thread has it while a ledger is open, the test before and after.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  LedgerConfig config{.folder = "/data/ledger", .signed_head_file = "/other/head"};

  Result<std::unique_ptr<Ledger>> open() {
    return Ledger::open(config, {files, clock, random}, signer());
  }
};

// The head that a checkpoint has, when its signature holds.
tlog::TreeHead head_of(const std::string& checkpoint) {
  const auto note = tlog::parse_note(checkpoint);
  REQUIRE(note.has_value());
  const tlog::NoteKey key = signer().key();
  const auto seals = tlog::check_note(*note, std::span(&key, 1));
  REQUIRE(seals.has_value());
  REQUIRE(seals->size() == 1);
  const auto text = tlog::parse_checkpoint(note->text);
  REQUIRE(text.has_value());
  CHECK(text->origin == kOrigin);
  return text->head;
}

TEST_CASE("ledger: a record is durable, and the next checkpoint has it") {
  World world;
  {
    auto ledger = world.open();
    REQUIRE(ledger.has_value());
    CHECK(head_of((*ledger)->checkpoint()).size == 0);
    const auto done = (*ledger)->append(entry("alpha", "row 1"));
    REQUIRE(done.has_value());
    CHECK(done->seq == 0);
    const auto checkpoint = (*ledger)->publish();
    REQUIRE(checkpoint.has_value());
    CHECK(head_of(*checkpoint) == *(*ledger)->store().head(kRootLog));
    CHECK(head_of(*checkpoint).size == 1);
    CHECK((*ledger)->publish() == *checkpoint);  // nothing new, the same bytes
    REQUIRE((*ledger)->append(entry("alpha", "row 2")).has_value());
  }
  world.files.crash();
  auto ledger = world.open();  // the end signed what was written
  REQUIRE(ledger.has_value());
  CHECK(head_of((*ledger)->checkpoint()).size == 2);
  CHECK((*ledger)->store().read("audit/alpha", 1)->payload == "row 2");
}

TEST_CASE("ledger: many threads append, each record has a place of its own") {
  World world;
  const auto random = sys::real_random();  // SimRandom is for one thread
  auto ledger = Ledger::open(world.config, {world.files, world.clock, *random}, signer());
  REQUIRE(ledger.has_value());
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::atomic<int> answered = 0;
  std::vector<std::vector<std::uint64_t>> places(kThreads);
  {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const auto done = (*ledger)->append(entry("alpha", std::to_string(t * kEach + i)));
          if (!done) return;
          places[static_cast<std::size_t>(t)].push_back(done->seq);
          ++answered;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(answered == kThreads * kEach);
  std::vector<std::uint64_t> all;
  for (const auto& each : places) {
    CHECK(std::is_sorted(each.begin(), each.end()));
    all.insert(all.end(), each.begin(), each.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == i);
  CHECK((*ledger)->store().head("audit/alpha")->size == kThreads * kEach);
}

TEST_CASE("ledger: what waits is written in batches of the limit, in the order it came") {
  World world;
  SUBCASE("records") {
    world.config.batch_records_max = 3;
  }
  SUBCASE("bytes") {
    Salts salts(world.random);
    world.config.batch_bytes_max = 2 * prepare(entry("alpha", "later"), salts)->bytes() + 1;
  }
  auto ledger = world.open();
  std::promise<void> begun;
  std::promise<void> all_wait;
  std::promise<void> all_done;
  (*ledger)->append(entry("alpha", "first"),
                    [&begun, held = all_wait.get_future().share()](const auto&) {
                      begun.set_value();
                      held.wait();  // so that the others gather
                    });
  begun.get_future().wait();
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 10; ++i) {
    (*ledger)->append(entry("alpha", "later"), [&](const Result<Recorded>& done) {
      places.push_back(done ? done->seq : 0);
      if (places.size() == 10) all_done.set_value();
    });
  }
  all_wait.set_value();
  all_done.get_future().wait();
  CHECK(places == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const Store& store = (*ledger)->store();
  const std::uint64_t batches = store.head(kRootLog)->size;
  CHECK(batches >= 5);  // 1, 3, 3, 3, 1 when all had gathered
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < batches; ++i) {
    const std::uint64_t size = parse_head_leaf(store.read(kRootLog, i)->leaf)->head.size;
    CHECK(size - before <= 3);
    before = size;
  }
  CHECK(before == 11);
}

TEST_CASE("ledger: the disk fails: who waits is told, nothing more is recorded, a start goes on") {
  World world;
  {
    auto ledger = world.open();
    REQUIRE((*ledger)->append(entry("alpha", "1")).has_value());
    REQUIRE((*ledger)->publish().has_value());
    world.files.fail_at(2, sim::SimFiles::Fault::not_stored);  // the sync of the next batch
    const auto failed = (*ledger)->append(entry("alpha", "2"));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == Code::unavailable);
    CHECK((*ledger)->append(entry("alpha", "3")).error().code == Code::unavailable);
    CHECK_FALSE((*ledger)->state().has_value());
    CHECK_FALSE((*ledger)->publish().has_value());
    CHECK(head_of((*ledger)->checkpoint()).size == 1);
  }
  world.files.crash();
  auto ledger = world.open();
  REQUIRE(ledger.has_value());
  CHECK((*ledger)->append(entry("alpha", "4"))->seq == 1);
}

// Whether the bytes stand in any file of the ledger.
bool is_on_disk(World& world, std::string_view bytes) {
  for (const char* folder : {"/data/ledger", "/data/ledger/segments", "/data/ledger/trees"}) {
    const auto names = world.files.list(folder);
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
      const std::string* held = world.files.bytes_of(std::string(folder) + "/" + name);
      if (held != nullptr && held->find(bytes) != std::string::npos) return true;
    }
  }
  return false;
}

TEST_CASE("ledger: what is redacted is gone from the disk, its proof and its redaction stay") {
  World world;
  auto ledger = world.open();
  REQUIRE((*ledger)->append(entry("alpha", "the secret")).has_value());
  REQUIRE((*ledger)->append(entry("alpha", "another")).has_value());
  REQUIRE(is_on_disk(world, "the secret"));
  const Entry why{"", "", "ada", "alpha", "", "erasure request", "", "why", {}};
  const auto redaction = (*ledger)->redact("audit/alpha", 0, why);
  REQUIRE(redaction.has_value());
  CHECK(redaction->seq == 2);
  CHECK_FALSE(is_on_disk(world, "the secret"));
  CHECK(is_on_disk(world, "another"));
  const Store& store = (*ledger)->store();
  CHECK(store.read("audit/alpha", 0)->erased);
  const auto header = parse_leaf(store.read("audit/alpha", 2)->leaf);
  CHECK(header->type == "redaction");
  CHECK(header->action == "erase 0");
  CHECK(header->actor == "ada");
  const tlog::TreeHead head = *store.head("audit/alpha");
  const tlog::Hash leaf = tlog::leaf_hash(store.read("audit/alpha", 0)->leaf);
  CHECK(tlog::check_inclusion(leaf, 0, head, *store.prove_inclusion("audit/alpha", 0, head.size)));

  CHECK((*ledger)->redact("audit/alpha", 0, why).error().code == Code::conflict);
  CHECK((*ledger)->redact("audit/alpha", 9, why).error().code == Code::not_found);
  CHECK((*ledger)->redact("audit/beta", 0, why).error().code == Code::not_found);
  CHECK((*ledger)->redact(kRootLog, 0, why).error().code == Code::denied);
  CHECK(store.head("audit/alpha")->size == 3);
  ledger->reset();
  CHECK(verify(world.files, "/data/ledger")->erased == 1);
}

TEST_CASE("ledger: a redaction whose erasure a crash has cut off is made good by the next start") {
  World world;
  {
    auto ledger = world.open();
    REQUIRE((*ledger)->append(entry("alpha", "the secret")).has_value());
    REQUIRE((*ledger)->append(entry("beta", "of another log")).has_value());
    Entry redaction = entry("alpha", "why");
    redaction.type = "redaction";
    redaction.action = "erase 0";
    REQUIRE((*ledger)->append(redaction).has_value());
  }
  world.files.crash();
  REQUIRE(is_on_disk(world, "the secret"));
  auto ledger = world.open();
  REQUIRE(ledger.has_value());
  CHECK_FALSE(is_on_disk(world, "the secret"));
  CHECK(is_on_disk(world, "of another log"));
  CHECK((*ledger)->store().read("audit/alpha", 0)->erased);
  CHECK((*ledger)->append(entry("alpha", "goes on")).has_value());
}

TEST_CASE("ledger: what cannot be recorded is not erased") {
  World world;
  auto ledger = world.open();
  REQUIRE((*ledger)->append(entry("alpha", "the secret")).has_value());
  REQUIRE((*ledger)->publish().has_value());
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  const Entry why{"", "", "ada", "alpha", "", "erasure request", "", "why", {}};
  CHECK((*ledger)->redact("audit/alpha", 0, why).error().code == Code::unavailable);
  CHECK(is_on_disk(world, "the secret"));
  ledger->reset();
  world.files.crash();
  ledger = world.open();
  CHECK_FALSE((*ledger)->store().read("audit/alpha", 0)->erased);
}

TEST_CASE("ledger: only a redaction of an earlier record is one") {
  Header header{"audit/alpha", 7, {}, "redaction", "ada", "alpha", "erase 3", "why", "", {}, {}};
  CHECK(redaction_target(print_leaf(header)) == 3);
  for (const char* action :
       {"erase 7", "erase 8", "erase 03", "erase -1", "erase", "erase x", "3"}) {
    CAPTURE(action);
    header.action = action;
    CHECK_FALSE(redaction_target(print_leaf(header)));
  }
  header.action = "erase 3";
  header.type = "access";
  header.purpose = R"("type":"redaction")";
  CHECK_FALSE(redaction_target(print_leaf(header)));
  CHECK_FALSE(redaction_target(""));
}

TEST_CASE("ledger: more than may wait is refused at once") {
  World world;
  world.config.queue_max = 0;
  auto ledger = world.open();
  CHECK((*ledger)->append(entry("alpha", "1")).error().code == Code::exhausted);
  CHECK((*ledger)->append(entry("alpha", std::string(kPayloadBytesMax + 1, 'x'))).error().code ==
        Code::invalid);
  CHECK((*ledger)->state().has_value());
}

TEST_CASE("publisher: a ledger that lost what was signed is refused") {
  World world;
  for (int i = 0; i < 3; ++i) {
    auto ledger = world.open();
    REQUIRE((*ledger)->append(entry("alpha", std::to_string(i))).has_value());
  }
  const std::string segment = "/data/ledger/segments/00000000000000000000.batches";
  std::string& bytes = *world.files.bytes_of(segment);
  SUBCASE("its end") {
    bytes.resize(bytes.size() - 1);
  }
  SUBCASE("a bit of its last batch") {
    bytes[bytes.size() - 40] ^= 1;
  }
  SUBCASE("all of it") {
    REQUIRE(world.files.remove(segment).has_value());
  }
  const auto ledger = world.open();
  REQUIRE_FALSE(ledger.has_value());
  CHECK(ledger.error().code == Code::corrupt);
  CHECK(ledger.error().what.find("a backup restored") != std::string::npos);
}

TEST_CASE("publisher: a ledger with another history is refused, a grown one is not") {
  World world;
  World other;
  other.random = sim::SimRandom(8);  // other salts, other leaves
  for (World* each : {&world, &other}) {
    auto ledger = each->open();
    REQUIRE((*ledger)->append(entry("alpha", "1")).has_value());
    REQUIRE((*ledger)->append(entry("alpha", "2")).has_value());
  }
  *other.files.bytes_of("/other/head") = *world.files.bytes_of("/other/head");
  const auto forked = other.open();
  REQUIRE_FALSE(forked.has_value());
  CHECK(forked.error().what.find("a fork") != std::string::npos);
  const std::string old_head = *world.files.bytes_of("/other/head");
  {
    auto ledger = world.open();
    REQUIRE((*ledger)->append(entry("alpha", "3")).has_value());
  }
  *world.files.bytes_of("/other/head") = old_head;
  CHECK(world.open().has_value());
}

TEST_CASE("publisher: the tree on the disk is read before it is signed") {
  World world;
  auto ledger = world.open();
  REQUIRE((*ledger)->append(entry("alpha", "1")).has_value());
  REQUIRE((*ledger)->append(entry("alpha", "2")).has_value());
  const std::size_t root = world.files.bytes_of("/data/ledger/trees/1.nodes")->size();
  REQUIRE(root > 0);  // id 0 is audit/alpha, 1 is the log of heads
  (*world.files.bytes_of("/data/ledger/trees/1.nodes"))[root - 1] ^= 1;
  const auto refused = (*ledger)->publish();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::corrupt);
  CHECK_FALSE((*ledger)->append(entry("alpha", "3")).has_value());
}

TEST_CASE("signed head: the newer whole slot counts; a torn one never hides the other") {
  sim::SimFiles files;
  {
    auto file = SignedHead::open(files, "/head");
    CHECK_FALSE(file->last().has_value());
    for (std::uint64_t size = 1; size <= 3; ++size) {
      REQUIRE(file->advance({size, tlog::leaf_hash(std::to_string(size))}).has_value());
    }
  }
  CHECK(SignedHead::open(files, "/head")->last()->size == 3);
  const std::string whole = *files.bytes_of("/head");
  std::string& bytes = *files.bytes_of("/head");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    bytes = whole;
    bytes[at] ^= static_cast<char>(1 << at % 8);
    const auto file = SignedHead::open(files, "/head");
    REQUIRE(file.has_value());
    CHECK(file->last()->size == (at < 4096 ? 3 : 2));  // generation 3 is in the second slot
  }
  bytes = whole;
  bytes[9] ^= 1;
  bytes[4096 + 9] ^= 1;
  CHECK(SignedHead::open(files, "/head").error().code == Code::corrupt);
  bytes.assign(5000, '\0');
  CHECK_FALSE(SignedHead::open(files, "/head")->last().has_value());
}

Entry leaf_of(const std::string& leaf) {
  Entry out;
  out.log = kSignLog;
  out.leaf = leaf;
  return out;
}

TEST_CASE("ledger: the log of signatures has its leaves as they came") {
  World world;
  world.config.segment_bytes = 2'000;
  const std::vector<std::string> leaves = {R"({"kind":"one"})", R"({"kind":"two"})", "3"};
  {
    auto ledger = world.open();
    REQUIRE(ledger.has_value());
    for (const std::string& leaf : leaves) {
      REQUIRE((*ledger)->append(leaf_of(leaf)).has_value());
      REQUIRE((*ledger)->append(entry("alpha", "beside it")).has_value());
    }
  }
  auto ledger = world.open();
  REQUIRE(ledger.has_value());
  const Store& store = (*ledger)->store();
  REQUIRE(store.head(kSignLog)->size == leaves.size());
  tlog::Frontier tree;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    CHECK(store.read(kSignLog, i)->leaf == leaves[i]);
    tree.append(tlog::leaf_hash(leaves[i]));
  }
  CHECK(tree.head() == *store.head(kSignLog));
  const auto verified = verify(world.files, world.config.folder);
  REQUIRE(verified.has_value());
  CHECK(verified->heads.at(kSignLog) == tree.head());
  CHECK(verified->records == 6);
  CHECK(verified->erased == 0);
  const Entry why{"", "", "ben", "alpha", "", "law", "", "", {}};
  CHECK((*ledger)->redact(kSignLog, 0, why).error().code == Code::denied);
}

TEST_CASE("ledger: when a leaf of signatures was written is known from the heads behind it") {
  World world;
  std::vector<WallTime> times;
  for (int round = 0; round < 2; ++round) {
    auto ledger = world.open();
    REQUIRE(ledger.has_value());
    for (int i = 0; i < 3; ++i) {
      const std::string leaf = std::to_string(round) + "." + std::to_string(i);
      world.clock.advance(millis(1'500));
      const auto beside = (*ledger)->append(entry("alpha", std::string(9'000, 'x')));
      const auto recorded = (*ledger)->append(leaf_of(leaf));
      REQUIRE(recorded.has_value());
      times.push_back(recorded->time);
      CHECK(*(*ledger)->store().written_at("audit/alpha", beside->seq) == beside->time);
    }
    for (std::size_t seq = 0; seq < times.size(); ++seq) {
      CHECK(*(*ledger)->store().written_at(kSignLog, seq) == times[seq]);
    }
    const auto past = (*ledger)->store().written_at(kSignLog, times.size());
    CHECK(past.error().code == Code::not_found);
    CHECK((*ledger)->store().written_at("no log", 0).error().code == Code::not_found);
  }
}

TEST_CASE("ledger: no leaf of the log of signatures can be taken for a record") {
  World world;
  auto ledger = world.open();
  REQUIRE(ledger.has_value());
  REQUIRE((*ledger)->append(entry("alpha", "row")).has_value());
  const std::string record = (*ledger)->store().read("audit/alpha", 0)->leaf;
  const std::string head = (*ledger)->store().read(kRootLog, 0)->leaf;
  for (const std::string& leaf : {record, head, std::string(), std::string(65'536, 'x')}) {
    const auto refused = (*ledger)->append(leaf_of(leaf));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == Code::invalid);
  }
  Entry with_payload = leaf_of("leaf");
  with_payload.payload = "secret";
  CHECK((*ledger)->append(with_payload).error().code == Code::invalid);
  CHECK((*ledger)->append(leaf_of(std::string(65'535, 'x'))).has_value());
}

TEST_CASE("ledger: a log's own checkpoint leaves under a signed head of all") {
  World world;
  auto ledger = world.open();
  REQUIRE(ledger.has_value());
  const auto alpha = (*ledger)->signers_of("audit/alpha");
  REQUIRE(alpha.has_value());
  CHECK(alpha->front().key().name() == kOrigin + "/audit/alpha");
  CHECK((*ledger)->publish_log("audit/alpha", *alpha)->head.size == 0);
  REQUIRE((*ledger)->append(entry("alpha", "row")).has_value());
  const auto made = (*ledger)->publish_log("audit/alpha", *alpha);
  REQUIRE(made.has_value());
  CHECK(made->head == *(*ledger)->store().head("audit/alpha"));
  CHECK(head_of((*ledger)->checkpoint()) == *(*ledger)->store().head(kRootLog));
  const auto note = tlog::parse_note(made->note);
  const tlog::NoteKey key = alpha->front().key();
  CHECK(tlog::check_note(*note, std::span(&key, 1))->size() == 1);
  CHECK(tlog::parse_checkpoint(note->text)->origin == key.name());
  // Nothing is signed once the disk has failed.
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  CHECK_FALSE((*ledger)->append(entry("alpha", "lost")).has_value());
  CHECK_FALSE((*ledger)->publish_log("audit/alpha", *alpha).has_value());
}

}  // namespace
}  // namespace mc::ledger
