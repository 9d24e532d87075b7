#include "ledger/keys.h"

#include <doctest/doctest.h>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

constexpr WallTime kAt{1'760'000'000'000'000'000};

tlog::NoteSigner key_named(char seed, const std::string& name = "ledger.example") {
  return *tlog::NoteSigner::make(name, tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, seed))));
}

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  LedgerConfig config{.folder = "/data/ledger", .signed_head_file = "/other/head"};

  // What a start does.
  Result<std::unique_ptr<Ledger>> start(const LedgerKeys& keys) {
    clock.advance(seconds(60));
    MC_TRY(std::unique_ptr<Ledger> ledger, Ledger::open(config, {files, clock, random}, keys));
    MC_TRY_OK(settle_keys(*ledger));
    return Result<std::unique_ptr<Ledger>>(std::move(ledger));
  }
  // One that goes well, and ends.
  KeyTimes restart(const LedgerKeys& keys) {
    auto ledger = start(keys);
    if (!ledger) FAIL(ledger.error().what);
    return *read_keys((*ledger)->store());
  }
};

std::string refused(World& world, const LedgerKeys& keys) {
  const auto ledger = world.start(keys);
  REQUIRE_FALSE(ledger.has_value());
  CHECK(ledger.error().code == Code::conflict);
  return ledger.error().what;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t signatures(const std::string& checkpoint) {
  return tlog::parse_note(checkpoint)->signatures.size();
}

Header event(const std::string& action, std::uint64_t seq = 0) {
  return {kKeysLog, seq,      kAt,    std::string(kKeyEventType),
          "system", "system", action, "key rotation",
          "",       {},       {}};
}

TEST_CASE("ledger keys: the first start records the first key, later ones nothing") {
  World world;
  for (int i = 0; i < 3; ++i) {
    const KeyTimes known = world.restart(key_named('a'));
    REQUIRE(known.keys().size() == 1);
    CHECK(known.keys().front().key.print() == key_named('a').key().print());
    CHECK_FALSE(known.keys().front().end.has_value());
  }
  const auto ledger = world.start(key_named('a'));
  CHECK((*ledger)->store().head(kKeysLog)->size == 1);
}

TEST_CASE("ledger keys: one follows another, which vouches for it, and ends") {
  World world;
  world.restart(key_named('a'));
  {
    const auto ledger = world.start({key_named('b'), key_named('a')});
    REQUIRE(ledger.has_value());
    const KeyTimes known = *read_keys((*ledger)->store());
    REQUIRE(known.keys().size() == 2);
    CHECK_FALSE(known.keys()[0].end.has_value());
    REQUIRE(known.keys()[1].vouched_by.has_value());
    const ReadRecord vouch = *(*ledger)->store().read(kKeysLog, *known.keys()[1].vouched_by);
    // What the key before signed has the new one's beginning in it.
    const tlog::Note note = *tlog::parse_note(vouch.payload);
    for (const char seed : {'a', 'b'}) {
      const tlog::NoteKey key = key_named(seed).key();
      CHECK(tlog::check_note(note, {&key, 1})->size() == 1);
    }
    CHECK(tlog::parse_checkpoint(note.text)->head.size > 1);
    CHECK(signatures(*(*ledger)->publish()) == 2);
    const auto own = (*ledger)->signers_of("audit/alpha");
    CHECK(signatures((*ledger)->publish_log("audit/alpha", *own)->note) == 2);
  }
  // As long as both are there nothing more happens.
  CHECK(world.restart({key_named('b'), key_named('a')}).keys().size() == 2);
  const auto ledger = world.start(key_named('b'));
  REQUIRE(ledger.has_value());
  const KeyTimes known = *read_keys((*ledger)->store());
  CHECK(known.keys()[0].end.has_value());
  CHECK_FALSE(known.keys()[1].end.has_value());
  CHECK(signatures(*(*ledger)->publish()) == 1);
  CHECK((*ledger)->store().head(kKeysLog)->size == 4);
}

TEST_CASE("ledger keys: a key that does not follow is refused, and nothing is recorded") {
  World world;
  world.restart(key_named('a'));
  CHECK(has(refused(world, key_named('b')), "ledger.key_file"));
  CHECK(has(refused(world, {key_named('b'), key_named('c')}), "ledger.previous_key_file"));
  CHECK(has(refused(world, {key_named('a'), key_named('c')}), "ledger.previous_key_file"));
  world.restart({key_named('b'), key_named('a')});
  world.restart(key_named('b'));
  CHECK(has(refused(world, key_named('a')), "has ended at"));
  CHECK(has(refused(world, {key_named('b'), key_named('a')}), "has ended at"));
  CHECK(has(refused(world, {key_named('a'), key_named('b')}), "has ended at"));
  CHECK(world.restart(key_named('b')).keys().size() == 2);
  const auto renamed = Ledger::open(world.config, {world.files, world.clock, world.random},
                                    {key_named('b'), key_named('a', "other.example")});
  CHECK(renamed.error().code == Code::invalid);
}

TEST_CASE("ledger keys: a third key ends the first") {
  World world;
  world.restart(key_named('a'));
  world.restart({key_named('b'), key_named('a')});
  const KeyTimes known = world.restart({key_named('c'), key_named('b')});
  REQUIRE(known.keys().size() == 3);
  CHECK(known.keys()[0].end.has_value());
  CHECK(known.keys()[2].vouched_by.has_value());
}

TEST_CASE("ledger keys: a change that fails at any write is completed by the next start") {
  for (const auto fault :
       {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      CAPTURE(nth);
      World world;
      world.restart(key_named('a'));
      world.files.fail_at(nth, fault);
      failed = !world.start({key_named('b'), key_named('a')}).has_value();
      if (!failed) CHECK(nth > 5);
      world.files.fail_at(0, fault);
      // Without the key before a change that nobody vouches for does not go on.
      const auto alone = world.start(key_named('b'));
      if (!alone) {
        CHECK(has(alone.error().what, "previous_key_file"));
        const KeyTimes known = world.restart({key_named('b'), key_named('a')});
        REQUIRE(known.keys().size() == 2);
        CHECK(known.keys()[1].vouched_by.has_value());
      }
    }
  }
}

TEST_CASE("ledger keys: what is no event, or cannot follow, is refused") {
  const std::string a = key_named('a').key().print();
  const std::string b = key_named('b').key().print();
  const auto events = [](const std::vector<std::string>& actions) {
    KeyTimes out;
    Status done = ok();
    for (std::size_t i = 0; i < actions.size() && done; ++i) done = out.add(event(actions[i], i));
    return done.has_value();
  };
  CHECK(events({"begin " + a, "begin " + b, "vouch " + b, "end " + a}));
  CHECK_FALSE(events({"begin " + a, "begin " + a}));
  CHECK_FALSE(events({"end " + a}));
  CHECK_FALSE(events({"begin " + a, "end " + a, "end " + a}));
  CHECK_FALSE(events({"begin " + a, "vouch " + a}));
  CHECK_FALSE(events({"begin " + a, "begin " + b, "vouch " + b, "vouch " + b}));
  CHECK_FALSE(events({"begin " + a, "begin " + key_named('b', "other.example").key().print()}));
  CHECK_FALSE(events({"begins " + a}));
  CHECK_FALSE(events({"begin " + a + " "}));
  const tlog::NoteSigner witness =
      *tlog::NoteSigner::make("w.example", tlog::NoteKeyType::cosignature_v1,
                              *crypto::SigningKey::ed25519(Secret(std::string(32, 'w'))));
  CHECK_FALSE(events({"begin " + witness.key().print()}));
  Header other = event("begin " + a);
  other.type = "change";
  CHECK_FALSE(parse_key_event(other).has_value());
  other = event("begin " + a);
  other.log = "audit/system";
  CHECK_FALSE(parse_key_event(other).has_value());
}

TEST_CASE("ledger keys: what they are cannot be erased") {
  World world;
  const auto ledger = world.start(key_named('a'));
  Entry why{"", "", "ben", "system", "", "none", "", "", {}};
  CHECK((*ledger)->redact(kKeysLog, 0, why).error().code == Code::denied);
}

}  // namespace
}  // namespace mc::ledger
