#include "tap/order.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "proof/proof.h"
#include "sim/sim.h"
#include "tap/inbox.h"
#include "tap/state.h"

namespace mc::tap {
namespace {

const WallTime kNow{1'767'225'600'000'000'000};
const std::string kId = "tap_01kdvdna00fk0tzeq3d1cp7ers";
const std::string kFolder = "/data/taps";

crypto::SigningKey key_of(char seed) {
  return *crypto::SigningKey::ed25519(Secret(std::string(32, seed)));
}
std::vector<crypto::PublicKey> keys() {
  return {key_of('a').public_key(), key_of('b').public_key()};
}

Order block(std::int64_t serial, const std::string& id = kId) {
  Order out;
  out.serial = serial;
  out.issued = kNow;
  out.expires = kNow + seconds(600);
  out.id = id;
  out.set.emplace();
  out.set->terms.tenant = "alpha";
  out.set->terms.reason = "it burns";
  out.set->until = kNow + seconds(3'600);
  return out;
}
Order lift(std::int64_t serial, const std::string& id = kId) {
  Order out = block(serial, id);
  out.set.reset();
  return out;
}
std::string id_of(int number) {
  return "tap_" + std::string(24, '0') + std::to_string(number + 10);
}

// As docs/formats/tap-order.md shows it.
TEST_CASE("order: its bytes are as they are documented, and read back") {
  const std::string text = *sign_order(block(7), key_of('a'));
  const proof::Envelope envelope = *proof::parse_envelope(text);
  CHECK(envelope.payload_type == "application/vnd.maestro.tap-order+json");
  CHECK(envelope.payload ==
        R"({"expires_at":"2026-01-01T00:10:00.000Z","issued_at":"2026-01-01T00:00:00.000Z",)"
        R"("kind":"mc.tap-order/v1","serial":7,"set":{"action":"block","client":"","document":"",)"
        R"("everything":false,"operation":"","reason":"it burns","route":"","tenant":"alpha",)"
        R"("until":"2026-01-01T01:00:00.000Z","upstream":""},)"
        R"("tap":"tap_01kdvdna00fk0tzeq3d1cp7ers"})");
  REQUIRE(envelope.signatures.size() == 1);
  CHECK(envelope.signatures[0].key_id == key_id_of(key_of('a').public_key()));
  const auto opened = open_order(text, keys());
  REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
  CHECK(opened->key_id == key_id_of(key_of('a').public_key()));
  CHECK(opened->order.serial == 7);
  CHECK(opened->order.set->terms == block(7).set->terms);
  CHECK(opened->order.set->until == block(7).set->until);
  CHECK(!open_order(*sign_order(lift(8), key_of('b')), keys())->order.set.has_value());
  // Any kind of key that the house signs with.
  const auto p256 = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  const crypto::PublicKey of_p256[] = {p256.public_key()};
  CHECK(open_order(*sign_order(block(7), p256), of_p256).has_value());
}

TEST_CASE("order: tampered with, of another key, or of another kind it is none") {
  const std::string good = *sign_order(block(7), key_of('a'));
  CHECK(open_order(good, {}).error().code == Code::denied);
  CHECK(open_order(*sign_order(block(7), key_of('c')), keys()).error().code == Code::denied);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    const auto opened = open_order(bad, keys());
    // The id of the key is a hint and not signed.
    if (opened) CHECK(opened->order.set->terms == block(7).set->terms);
    if (i < good.find("payloadType")) CHECK(!opened.has_value());
  }
  CHECK(open_order(good.substr(0, good.size() / 2), keys()).error().code == Code::corrupt);
  CHECK(open_order(std::string(kOrderBytesMax + 1, ' '), keys()).error().code == Code::corrupt);
  const auto of_type = [](const std::string& type, const std::string& payload) {
    const auto envelope = proof::sign_envelope(type, payload, key_of('a'));
    return open_order(json::print(proof::to_json(*envelope)), keys());
  };
  const std::string payload = proof::parse_envelope(good)->payload;
  CHECK(of_type("application/json", payload).error().code == Code::corrupt);
  struct Row {
    std::string from, to, error;
  };
  for (const Row& row : {Row{"mc.tap-order/v1", "mc.tap-order/v2", "kind"},
                         {"\"serial\":7", "\"serial\":0", "serial"},
                         {"00:10:00", "00:00:00", "expires_at"},
                         {"2026-01-01T00:10", "2026-01-02T00:10", "expires_at"},
                         {"tap_01", "tip_01", "tap"},
                         {"\"tenant\":\"alpha\"", "\"tenant\":\"\"", "everything"},
                         {"it burns", "", "reason"},
                         {"\"client\"", "\"colour\"", "colour"}}) {
    std::string bad = payload;
    bad.replace(bad.find(row.from), row.from.size(), row.to);
    const auto opened = of_type(std::string(kOrderType), bad);
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == Code::invalid);
    CHECK_MESSAGE(opened.error().what.find(row.error) != std::string::npos, opened.error().what);
  }
  Order wrong = block(7);
  wrong.expires = wrong.issued + kOrderLifetimeMax + seconds(1);
  CHECK(!sign_order(wrong, key_of('a')).has_value());
}

using Texts = std::vector<std::string>;

struct Folder {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk, ledger_disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<Board> board;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<Inbox> inbox;

  Folder() {
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {ledger_disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key_of('k')));
    REQUIRE(opened.has_value());
    ledger = std::move(*opened);
    REQUIRE(disk.make_folders(kFolder).has_value());
    open();
  }
  void open() {
    board = std::make_unique<Board>(clock.mono());
    auto made =
        Desk::open({disk, clock, random, log, *ledger, *board}, {"/data/taps.json", {}, {}});
    REQUIRE(made.has_value());
    desk = std::move(*made);
    inbox = std::make_unique<Inbox>(Inbox::World{disk, clock, log, *desk}, kFolder, keys());
  }
  void drop(const std::string& name, const std::string& text) {
    REQUIRE(disk.write_atomic(kFolder + "/" + name, text).has_value());
  }
  void look() { REQUIRE(inbox->look().has_value()); }
  Texts names() { return *disk.list(kFolder); }
  std::string last_line() { return sink.lines().empty() ? "" : sink.lines().back(); }
};
TEST_CASE("inbox: an order is in force at the next look, once, and its file says so") {
  Folder folder;
  folder.drop("a.tap", *sign_order(block(7), key_of('a')));
  folder.drop("notes.txt", "not looked at");
  folder.look();
  REQUIRE(folder.desk->list().size() == 1);
  CHECK(folder.desk->list()[0].tap.id == kId);
  CHECK(folder.desk->list()[0].tap.by == "key:" + key_id_of(key_of('a').public_key()));
  CHECK(folder.desk->list()[0].tap.way == "file");
  CHECK(folder.names() == Texts{"a.taken", "notes.txt"});
  folder.drop("b.tap", *sign_order(lift(8), key_of('a')));
  folder.look();
  CHECK(folder.desk->list().empty());
  CHECK(folder.names() == Texts{"a.taken", "b.taken", "notes.txt"});
  REQUIRE(folder.desk->record().has_value());
  CHECK(folder.ledger->store().head("audit/system")->size == 2);
}

TEST_CASE("inbox: replayed, old, early, unknown or forged it is refused, also after a restart") {
  Folder folder;
  const std::string first = *sign_order(block(7), key_of('a'));
  folder.drop("a.tap", first);
  folder.look();
  REQUIRE(folder.desk->lift(kId, {"otto@system", "api"}).has_value());
  const auto refused = [&](const std::string& text, const std::string& why) {
    CAPTURE(why);
    folder.drop("x.tap", text);
    folder.look();
    CHECK(folder.desk->list().empty());
    CHECK(folder.names() == Texts{"a.taken", "x.refused"});
    CHECK_MESSAGE(folder.last_line().find(why) != std::string::npos, folder.last_line());
    REQUIRE(folder.disk.remove(kFolder + "/x.refused").has_value());
  };
  refused(first, "serial: ");
  refused(*sign_order(block(6), key_of('a')), "serial: ");
  refused(*sign_order(block(9), key_of('c')), "none of the configured keys");
  refused(*sign_order(lift(9), key_of('a')), "no tap");
  Order early = block(9);
  early.issued = kNow + kOrderAheadMax + seconds(5);
  early.expires = early.issued + seconds(60);
  refused(*sign_order(early, key_of('a')), "issued_at: ");
  folder.open();
  refused(first, "serial: ");
  // The numbers of one key say nothing of another's, and what was refused used none up.
  folder.drop("y.tap", *sign_order(block(1, id_of(1)), key_of('b')));
  folder.drop("z.tap", *sign_order(block(9, id_of(2)), key_of('a')));
  folder.look();
  CHECK(folder.desk->list().size() == 2);
  CHECK(folder.names() == Texts{"a.taken", "y.taken", "z.taken"});
  REQUIRE(folder.desk->lift(id_of(1), {"otto@system", "api"}).has_value());
  REQUIRE(folder.desk->lift(id_of(2), {"otto@system", "api"}).has_value());
  for (const char* name : {"y.taken", "z.taken"}) {
    REQUIRE(folder.disk.remove(kFolder + "/" + name).has_value());
  }
  folder.clock.advance(seconds(600));
  refused(*sign_order(block(10, id_of(3)), key_of('a')), "expires_at: ");
}

TEST_CASE("inbox: a file that is still being copied is taken when it is whole, or refused later") {
  Folder folder;
  const std::string text = *sign_order(block(7), key_of('a'));
  folder.drop("a.tap", text.substr(0, 100));
  folder.look();
  CHECK(folder.names() == Texts{"a.tap"});
  folder.clock.advance(kSettleTime - millis(1));
  folder.look();
  CHECK(folder.names() == Texts{"a.tap"});
  folder.drop("a.tap", text.substr(0, 200));
  folder.look();
  folder.clock.advance(kSettleTime - millis(1));
  folder.look();
  CHECK(folder.names() == Texts{"a.tap"});
  folder.drop("a.tap", text);
  folder.look();
  CHECK(folder.names() == Texts{"a.taken"});
  CHECK(folder.desk->list().size() == 1);
  folder.drop("b.tap", "{");
  folder.drop("big.tap", std::string(kOrderBytesMax + 100, 'x'));
  folder.look();
  folder.clock.advance(kSettleTime);
  folder.look();
  CHECK(folder.names() == Texts{"a.taken", "b.refused", "big.refused"});
}

TEST_CASE("inbox: where nothing can be renamed an order counts once, and others are still seen") {
  Folder folder;
  for (std::size_t i = 0; i < kFilesPerLook; ++i) {
    folder.drop("a" + std::to_string(i + 100) + ".tap", *sign_order(block(7), key_of('c')));
  }
  // Each is refused, and the first renaming fails.
  folder.disk.fail_at(1, sim::SimFiles::Fault::not_stored);
  folder.look();
  CHECK(std::ranges::count_if(folder.names(),
                              [](const std::string& name) { return name.ends_with(".tap"); }) == 1);
  const auto lines = folder.sink.lines().size();
  folder.look();
  CHECK(folder.sink.lines().size() == lines);  // told once
  folder.drop("new.tap", *sign_order(block(8), key_of('a')));
  folder.look();
  CHECK(folder.desk->list().size() == 1);
}

}  // namespace
}  // namespace mc::tap
