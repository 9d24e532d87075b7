#include "proof/receipt.h"

#include <doctest/doctest.h>

#include "contract/bit_stride.h"
#include "proof/verify.h"
#include "sim/sim.h"

namespace mc::proof {
namespace {

const std::string kOrigin = "ledger.example";

tlog::NoteSigner signer(char fill = 's') {
  return *tlog::NoteSigner::make(kOrigin, tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, fill))));
}

// A ledger with records of two tenants, in batches of one and of several.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger;

  World() {
    auto opened = ledger::Ledger::open({.folder = "/data/ledger", .signed_head_file = "/head"},
                                       {files, clock, random}, signer());
    REQUIRE(opened.has_value());
    ledger = std::move(*opened);
    for (int i = 0; i < 40; ++i) {
      if (i % 3 == 0) clock.advance(millis(1));  // several batches in one millisecond
      append(i % 4 == 0 ? "beta" : "alpha", "payload " + std::to_string(i));
    }
  }
  void append(const std::string& tenant, const std::string& payload) {
    REQUIRE(ledger->append(
        {"audit/" + tenant, "access", "ben", tenant, "read", "support", "", payload, {}}));
  }
  Result<Receipt> receipt(const std::string& tenant, std::uint64_t seq) {
    return make_receipt(ledger->store(), "audit/" + tenant, seq, *ledger->publish());
  }
};

tlog::Policy policy(char fill = 's') {
  return tlog::Policy::of_logs({signer(fill).key()});
}

std::string failure(const Report& report) {
  return report.verified() ? "" : report.failure()->name;
}

TEST_CASE("receipt: every record of every log has one that verifies") {
  World world;
  for (const std::string tenant : {"alpha", "beta"}) {
    const std::uint64_t size = world.ledger->store().head("audit/" + tenant)->size;
    for (std::uint64_t seq = 0; seq < size; ++seq) {
      CAPTURE(seq);
      const auto receipt = world.receipt(tenant, seq);
      REQUIRE(receipt);
      CHECK(failure(check_receipt(*receipt, policy())) == "");
      CHECK(*parse_receipt(print_receipt(*receipt)) == *receipt);
    }
    CHECK(world.receipt(tenant, size).error().code == Code::not_found);
  }
  CHECK(world.receipt("gamma", 0).error().code == Code::not_found);
}

TEST_CASE("receipt: its first part does not change when the ledger grows") {
  World world;
  const Receipt before = *world.receipt("alpha", 3);
  const std::string old = *world.ledger->publish();
  for (int i = 0; i < 100; ++i) world.append("alpha", "more");
  const Receipt after = *world.receipt("alpha", 3);
  CHECK(after.anchor.path == before.anchor.path);
  CHECK(after.anchor.head_leaf == before.anchor.head_leaf);
  CHECK(after.anchor.head_path != before.anchor.head_path);
  CHECK(failure(check_receipt(after, policy())) == "");
  CHECK(failure(check_receipt(before, policy())) == "");
  CHECK(make_receipt(world.ledger->store(), "audit/alpha", 60, old).error().code == Code::conflict);
}

TEST_CASE("receipt: an erased payload leaves it valid, without what was erased") {
  World world;
  const Receipt before = *world.receipt("alpha", 3);
  CHECK(before.opened->payload == "payload 5");
  auto& store = const_cast<ledger::Store&>(world.ledger->store());
  REQUIRE(store.erase("audit/alpha", 3));
  const Receipt after = *world.receipt("alpha", 3);
  CHECK_FALSE(after.opened);
  CHECK(failure(check_receipt(after, policy())) == "");
  CHECK(print_receipt(after).find("opened") == std::string::npos);
}

TEST_CASE("receipt: no bit of it can be changed") {
  World world;
  const std::string text = print_receipt(*world.receipt("alpha", 20));
  VerifyQuestion question{text};
  question.log_keys = {signer().key().print()};
  REQUIRE(verify(question)->verified());
  std::string changed = text;
  for (std::size_t bit = 0; bit < text.size() * 8; bit += kBitStride) {
    CAPTURE(bit);
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    question.file = changed;
    const Result<Report> report = verify(question);
    CHECK_FALSE((report && report->verified()));
    changed[bit / 8] = text[bit / 8];
  }
}

TEST_CASE("receipt: each change is found at its step") {
  World world;
  const Receipt good = *world.receipt("alpha", 20);
  const Receipt other = *world.receipt("alpha", 21);
  const Receipt foreign = *world.receipt("beta", 2);
  struct Row {
    const char* step;
    void (*change)(Receipt&, const Receipt& other, const Receipt& foreign);
  };
  const Row rows[] = {
      {"record", [](Receipt& r, const Receipt&, const Receipt&) { r.leaf += " "; }},
      {"payload",
       [](Receipt& r, const Receipt& o, const Receipt&) { r.opened->payload = o.opened->payload; }},
      {"payload",
       [](Receipt& r, const Receipt& o, const Receipt&) { r.opened->salt = o.opened->salt; }},
      {"head", [](Receipt& r, const Receipt&, const Receipt&) { r.anchor.head_leaf += " "; }},
      {"head", [](Receipt& r, const Receipt&,
                  const Receipt& f) { r.anchor.head_leaf = f.anchor.head_leaf; }},
      {"inclusion", [](Receipt& r, const Receipt&, const Receipt&) { r.anchor.path.pop_back(); }},
      {"inclusion",
       [](Receipt& r, const Receipt&, const Receipt&) { r.anchor.path.push_back({}); }},
      {"inclusion",
       [](Receipt& r, const Receipt& o, const Receipt&) {
         r.leaf = o.leaf;
         r.opened.reset();
       }},
      {"checkpoint",
       [](Receipt& r, const Receipt&, const Receipt&) {
         std::string& note = r.anchor.checkpoint;
         note.replace(note.find("\n4"), 2, "\n5");
       }},
      {"head_inclusion",
       [](Receipt& r, const Receipt&, const Receipt&) { r.anchor.head_path.pop_back(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.step);
    Receipt changed = good;
    row.change(changed, other, foreign);
    CHECK(failure(check_receipt(changed, policy())) == row.step);
  }
  CHECK(failure(check_receipt(good, policy('x'))) == "checkpoint");
}

TEST_CASE("receipt: only what is written is read") {
  World world;
  const std::string good = print_receipt(*world.receipt("alpha", 1));
  CHECK(parse_receipt(good));
  CHECK_FALSE(parse_receipt(good + "\n"));
  CHECK_FALSE(parse_receipt(" " + good));
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"mc.receipt/v1", "mc.receipt/v2"},
           {"\"salt\"", "\"sald\""},
           {"\"head\"", "\"heap\""},
           {"{\"checkpoint\"", "{\"a\":1,\"checkpoint\""},
           {"\"path\":[", "\"path\":[1,"}}) {
    CAPTURE(from);
    std::string text = good;
    text.replace(text.find(from), std::string_view(from).size(), to);
    CHECK_FALSE(parse_receipt(text));
  }
}

}  // namespace
}  // namespace mc::proof
