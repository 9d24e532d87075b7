#include "proof/key_list.h"

#include <doctest/doctest.h>

#include "contract/bit_stride.h"
#include "proof/receipt.h"
#include "proof/verify.h"
#include "sim/sim.h"

namespace mc::proof {
namespace {

tlog::NoteSigner key_named(char seed) {
  return *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, seed))));
}

std::vector<tlog::NoteKey> known(const std::string& seeds) {
  std::vector<tlog::NoteKey> out;
  for (const char seed : seeds) out.push_back(key_named(seed).key());
  return out;
}

std::string failure(const Report& report) {
  return report.verified() ? "" : report.failure()->name;
}

// A ledger whose key was changed from a to b to c, with a record under each.
struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger;
  std::vector<std::string> checkpoints;

  World() {
    start(key_named('a'));
    start({key_named('b'), key_named('a')});
    start(key_named('b'));
    start({key_named('c'), key_named('b')});
    start(key_named('c'));
  }
  void start(const ledger::LedgerKeys& keys) {
    clock.advance(seconds(3600));
    ledger.reset();
    auto opened = ledger::Ledger::open({.folder = "/data/ledger", .signed_head_file = "/head"},
                                       {files, clock, random}, keys);
    REQUIRE(opened.has_value());
    ledger = std::move(*opened);
    REQUIRE(ledger::settle_keys(*ledger).has_value());
    clock.advance(seconds(60));
    REQUIRE(ledger->append(
        {"audit/alpha", "access", "ben", "alpha", "read", "support", "", "payload", {}}));
    checkpoints.push_back(*ledger->publish());
  }
  KeyList list() { return *make_key_list(ledger->store(), *ledger->publish()); }
};

TEST_CASE("key list: whoever knows one key finds the others") {
  World world;
  const KeyList list = world.list();
  CHECK(list.events.size() == 7);  // three begin, two vouched for, two ended
  CHECK(*parse_key_list(print_key_list(list)) == list);
  for (const std::string& seeds : {"a", "b", "c", "ac", "xa"}) {
    CAPTURE(seeds);
    CHECK(failure(check_key_list(list, known(seeds))) == "");
    CHECK(follow_keys(list, known(seeds))->logs().size() == 3);
  }
  CHECK(failure(check_key_list(list, known("x"))) == "known");
  CHECK(failure(check_key_list(list, {})) == "known");
  CHECK_FALSE(follow_keys(list, known("x")).has_value());
}

TEST_CASE("key list: of an older checkpoint it has what was then") {
  World world;
  const KeyList first = *make_key_list(world.ledger->store(), world.checkpoints[0]);
  CHECK(first.events.size() == 1);
  CHECK(failure(check_key_list(first, known("a"))) == "");
  CHECK(failure(check_key_list(first, known("b"))) == "known");
  const KeyList both = *make_key_list(world.ledger->store(), world.checkpoints[1]);
  CHECK(both.events.size() == 3);
  CHECK(failure(check_key_list(both, known("a"))) == "");
}

TEST_CASE("key list: a key that nobody vouches for is none") {
  World world;
  KeyList list = world.list();
  const std::vector<KeyList::Vouched> vouched = list.vouched;
  REQUIRE(vouched.size() == 2);
  list.vouched = {vouched[1]};
  CHECK(failure(check_key_list(list, known("a"))) == "vouched");
  CHECK(failure(check_key_list(list, known("b"))) == "");
  list.vouched = {};
  CHECK(failure(check_key_list(list, known("c"))) == "");
  CHECK(failure(check_key_list(list, known("b"))) == "vouched");
  // A key that has not signed is not had by who named it.
  list.vouched = vouched;
  tlog::Note note = *tlog::parse_note(list.vouched[0].anchor.checkpoint);
  REQUIRE(note.signatures.size() == 2);
  std::erase_if(note.signatures,
                [](const tlog::NoteSignature& line) { return key_named('b').key().made(line); });
  list.vouched[0].anchor.checkpoint = tlog::print_note(note);
  CHECK(failure(check_key_list(list, known("a"))) == "vouched");
  // The word of the newest key itself is no word of the one before.
  list.vouched = vouched;
  list.vouched[0].anchor.checkpoint = list.anchor.checkpoint;
  CHECK(failure(check_key_list(list, known("a"))) == "vouched");
}

TEST_CASE("key list: an event that is missing, or another one, is seen") {
  World world;
  const KeyList list = world.list();
  for (std::size_t i = 0; i < list.events.size(); ++i) {
    CAPTURE(i);
    KeyList changed = list;
    changed.events.erase(changed.events.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(check_key_list(changed, known("a")).verified());
  }
  KeyList none = list;
  none.events.clear();
  CHECK(failure(check_key_list(none, known("a"))) == "events");
}

TEST_CASE("key list: no bit of it can be changed unseen") {
  World world;
  const std::string text = print_key_list(world.list());
  for (std::size_t bit = 0; bit < text.size() * 8; bit += kBitStride) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const Result<KeyList> read = parse_key_list(changed);
    if (!read || !check_key_list(*read, known("a")).verified()) continue;
    FAIL_CHECK("bit " << bit);
  }
}

TEST_CASE("key list: a receipt verifies with a key of before, and not behind its end") {
  World world;
  const std::string list = print_key_list(world.list());
  const Receipt receipt =
      *make_receipt(world.ledger->store(), "audit/alpha", 4, *world.ledger->publish());
  const std::string file = print_receipt(receipt);
  const auto verified = [&](const std::string& what, char seed) {
    const auto report =
        verify({.file = what, .trust = list, .log_keys = {key_named(seed).key().print()}});
    if (!report) return report.error().what;
    return failure(*report);
  };
  CHECK(verified(file, 'a') == "");
  CHECK(verified(file, 'c') == "");
  CHECK(verified(file, 'x') ==
        "the list of keys does not hold: known: no key of the list is one "
        "that is known");
  const auto alone = verify({.file = file, .log_keys = {key_named('a').key().print()}});
  CHECK(failure(*alone) == "checkpoint");
  CHECK_FALSE(verify({.file = file, .trust = list}).has_value());
  // Signed with a key that has ended, as whoever finds it again would.
  Receipt late = receipt;
  const tlog::Note note = *tlog::parse_note(late.anchor.checkpoint);
  late.anchor.checkpoint = tlog::print_note({note.text, {*key_named('a').sign(note.text)}});
  CHECK(verified(print_receipt(late), 'a') == "checkpoint");
  const auto report = verify(
      {.file = print_receipt(late), .trust = list, .log_keys = {key_named('a').key().print()}});
  CHECK(report->failure()->detail.find("has ended at") != std::string::npos);
  // A record of its time under a head of its time is its own.
  const std::string early =
      print_receipt(*make_receipt(world.ledger->store(), "audit/alpha", 0, world.checkpoints[0]));
  CHECK(verified(early, 'c') == "");
}

TEST_CASE("key list: the file itself is verified by the same command") {
  World world;
  const std::string file = print_key_list(world.list());
  const auto report = verify({.file = file, .log_keys = {key_named('a').key().print()}});
  REQUIRE(report.has_value());
  CHECK(report->subject() == "keys");
  CHECK(report->verified());
  CHECK(failure(*verify({.file = file, .log_keys = {key_named('x').key().print()}})) == "known");
  const std::string broken = file.substr(0, file.size() - 1) + " }";
  CHECK(failure(*verify({.file = broken, .log_keys = {key_named('a').key().print()}})) == "format");
}

}  // namespace
}  // namespace mc::proof
