#include "proof/range_receipt.h"

#include <doctest/doctest.h>

#include "contract/bit_stride.h"
#include "proof/verify.h"
#include "sim/sim.h"

namespace mc::proof {
namespace {

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}
tlog::Policy policy() {
  return tlog::Policy::of_logs({signer().key()});
}

// Thirty records, one every ten milliseconds from `begin` on; every third is of another log.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger;
  WallTime begin;

  World() {
    auto opened = ledger::Ledger::open({.folder = "/data/ledger", .signed_head_file = "/head"},
                                       {files, clock, random}, signer());
    REQUIRE(opened.has_value());
    ledger = std::move(*opened);
    begin = whole_ms(clock.wall());
    for (int i = 0; i < 30; ++i) {
      const std::string tenant = i % 3 == 2 ? "beta" : "alpha";
      REQUIRE(ledger->append({"audit/" + tenant,
                              "access",
                              "ben",
                              tenant,
                              "read",
                              "support",
                              "",
                              "payload " + std::to_string(i),
                              {}}));
      clock.advance(millis(10));
    }
  }
  // Of audit/alpha, in milliseconds behind `begin`.
  Result<RangeReceipt> receipt(std::int64_t from_ms, std::int64_t to_ms) {
    return make_range_receipt(ledger->store(), "audit/alpha",
                              {begin + millis(from_ms), begin + millis(to_ms)}, *ledger->publish());
  }
};

std::string failure(const RangeReceipt& receipt) {
  const Report report = check_range_receipt(receipt, policy());
  return report.verified() ? "" : report.failure()->name;
}

// The records in its range.
std::size_t inside(const RangeReceipt& receipt) {
  std::size_t out = 0;
  for (const RangeReceipt::Record& record : receipt.records) {
    out += receipt.range.contains(ledger::parse_leaf(record.leaf)->time) ? 1 : 0;
  }
  return out;
}

TEST_CASE("range receipt: all records of the range, one before it and one behind it") {
  World world;
  struct Row {
    std::int64_t from_ms, to_ms;
    std::size_t inside, opened;
  };
  for (const Row& row : {Row{0, 1, 1, 1}, Row{0, 100, 7, 7}, Row{1, 10, 0, 0}, Row{35, 100, 4, 4},
                         Row{-500, 0, 0, 0}, Row{-500, 1, 1, 1}, Row{0, 280, 19, 19}}) {
    CAPTURE(row.from_ms);
    CAPTURE(row.to_ms);
    const auto receipt = world.receipt(row.from_ms, row.to_ms);
    REQUIRE(receipt);
    CHECK(failure(*receipt) == "");
    std::size_t opened = 0;
    for (const RangeReceipt::Record& record : receipt->records) opened += record.opened ? 1 : 0;
    CHECK(inside(*receipt) == row.inside);
    CHECK(opened == row.opened);
    CHECK(*parse_range_receipt(print_range_receipt(*receipt)) == *receipt);
  }
  CHECK(world.receipt(0, 281).error().code == Code::conflict);  // the last is at 280
  CHECK(world.receipt(5, 5).error().code == Code::invalid);
  CHECK(make_range_receipt(world.ledger->store(), "audit/gamma", {}, "").error().code ==
        Code::invalid);
}

TEST_CASE("range receipt: one record taken out is found, wherever it stood") {
  World world;
  const RangeReceipt good = *world.receipt(35, 200);
  REQUIRE(failure(good) == "");
  for (std::size_t i = 0; i < good.records.size(); ++i) {
    CAPTURE(i);
    RangeReceipt changed = good;
    changed.records.erase(changed.records.begin() + static_cast<std::ptrdiff_t>(i));
    const std::string step = failure(changed);
    CHECK(step == (i == 0 || i + 1 == good.records.size() ? "complete" : "chain"));
  }
  RangeReceipt none = good;
  none.records.clear();
  CHECK(failure(none) == "records");
}

TEST_CASE("range receipt: each change is found at its step") {
  World world;
  const RangeReceipt good = *world.receipt(35, 200);
  struct Row {
    const char* step;
    void (*change)(RangeReceipt&);
  };
  for (const Row& row : {
           Row{"records", [](RangeReceipt& r) { r.records[2].leaf += " "; }},
           Row{"chain", [](RangeReceipt& r) { std::swap(r.records[2], r.records[3]); }},
           Row{"chain", [](RangeReceipt& r) { r.records[2] = r.records[3]; }},
           Row{"chain",
               [](RangeReceipt& r) {
                 std::string& leaf = r.records[2].leaf;
                 leaf.replace(leaf.find("\"ben\""), 5, "\"bob\"");
               }},
           Row{"complete", [](RangeReceipt& r) { r.range.from = r.range.from - millis(30); }},
           Row{"complete", [](RangeReceipt& r) { r.range.to = r.range.to + millis(30); }},
           Row{"complete", [](RangeReceipt& r) { r.range.to = r.range.from; }},
           Row{"payloads", [](RangeReceipt& r) { r.records[2].opened->payload += " "; }},
           Row{"payloads", [](RangeReceipt& r) { r.records[2].opened = r.records[3].opened; }},
           Row{"payloads", [](RangeReceipt& r) { r.records[0].opened = r.records[1].opened; }},
           Row{"head", [](RangeReceipt& r) { r.anchor.head_leaf += " "; }},
           Row{"inclusion", [](RangeReceipt& r) { r.anchor.path.pop_back(); }},
           Row{"checkpoint", [](RangeReceipt& r) { r.anchor.checkpoint += " "; }},
           Row{"head_inclusion", [](RangeReceipt& r) { r.anchor.head_path.pop_back(); }},
       }) {
    CAPTURE(row.step);
    RangeReceipt changed = good;
    row.change(changed);
    CHECK(failure(changed) == row.step);
  }
}

TEST_CASE(
    "range receipt: no bit of what was recorded can be changed; what was erased is left out") {
  World world;
  const ledger::Entry why{"", "", "ada", "alpha", "", "erasure", "", "", {}};
  REQUIRE(world.ledger->redact("audit/alpha", 5, why));
  const RangeReceipt receipt = *world.receipt(35, 120);
  CHECK(failure(receipt) == "");
  const std::string text = print_range_receipt(receipt);
  CHECK(text.find(to_base64("payload 7")) == std::string::npos);
  VerifyQuestion question{text};
  question.log_keys = {signer().key().print()};
  REQUIRE(verify(question)->verified());
  std::string changed = text;
  for (std::size_t bit = 0; bit < text.size() * 8; bit += kBitStride) {
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    question.file = changed;
    const Result<Report> report = verify(question);
    CAPTURE(bit);
    if (report && report->verified()) {
      // Nobody signs the range: another one holds when it has the same records.
      const RangeReceipt other = *parse_range_receipt(changed);
      CHECK(other.records == receipt.records);
      CHECK(other.anchor == receipt.anchor);
      CHECK(inside(other) == inside(receipt));
    }
    changed[bit / 8] = text[bit / 8];
  }
}

}  // namespace
}  // namespace mc::proof
