#include "tap/desk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "sim/sim.h"
#include "tap/state.h"

namespace mc::tap {
namespace {

const Actor kOtto{"otto@system", "api", "incident", "req-1"};
const std::string kFile = "/data/taps.json";

Wanted wanted(WallTime until, Action action = Action::block, const std::string& tenant = "alpha") {
  Wanted out;
  out.terms.tenant = tenant;
  out.terms.action = action;
  out.terms.reason = "it burns";
  out.until = until;
  return out;
}

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;  // of the desk
  sim::SimFiles ledger_disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<Board> board;
  std::unique_ptr<Desk> desk;

  World() {
    open_ledger();
    open();
  }
  void open_ledger() {
    ledger = nullptr;
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {ledger_disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
    ledger = std::move(*opened);
  }
  // As after a start.
  Status try_open() {
    desk = nullptr;
    board = std::make_unique<Board>(clock.mono());
    MC_TRY(desk, Desk::open({disk, clock, random, log, *ledger, *board},
                            {kFile, {"/graphql", "/shop"}, {"10.0.0.1:80"}}));
    return ok();
  }
  void open() {
    const Status opened = try_open();
    REQUIRE_MESSAGE(opened.has_value(), opened.error().what);
  }
  bool blocks(const std::string& tenant = "alpha") {
    Pass pass;
    pass.begin(*board);
    const Facts facts{.route = "/graphql", .upstream = "", .tenant = tenant, .client = "ada"};
    return pass.test(Stage::caller, facts, {clock.mono(), 1}).has_value();
  }
  WallTime in(Nanos time) { return whole_ms(clock.wall()) + time; }
  Shown set(const Wanted& what) {
    const auto done = desk->set(what, kOtto);
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
    return *done;
  }
  std::vector<std::pair<std::string, json::Value>> records() const {
    std::vector<std::pair<std::string, json::Value>> out;
    const auto head = ledger->store().head("audit/system");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto read = ledger->store().read("audit/system", i);
      REQUIRE(read.has_value());
      const auto leaf = ledger::parse_leaf(read->leaf);
      out.emplace_back(leaf->action + " by " + leaf->actor, *json::parse(read->payload));
    }
    return out;
  }
  std::vector<std::string> actions() const {
    std::vector<std::string> out;
    for (const auto& [action, payload] : records()) out.push_back(action);
    return out;
  }
};
using Texts = std::vector<std::string>;

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

TEST_CASE("desk: a tap is in force, told, ends by itself, and all of it is recorded in order") {
  World world;
  const auto tried = world.desk->set(wanted(world.in(seconds(60))), kOtto, Run::dry);
  REQUIRE(tried.has_value());
  CHECK(!world.blocks());
  CHECK(world.desk->list().empty());
  const Shown made = world.set(wanted(world.in(seconds(60))));
  CHECK(made.stored);
  CHECK(is_tap_id(made.tap.id));
  CHECK(made.tap.by == "otto@system");
  CHECK(world.blocks());
  CHECK(!world.blocks("bravo"));
  REQUIRE(world.desk->list().size() == 1);
  CHECK(world.desk->list()[0].affected.last_second == 1);
  CHECK(!world.desk->list()[0].tap.record.has_value());
  CHECK(world.desk->unrecorded() == 1);
  REQUIRE(world.desk->record().has_value());
  CHECK(world.desk->list()[0].tap.record == 0);
  CHECK(world.desk->find(made.tap.id)->stored);
  world.clock.advance(seconds(60));
  CHECK(!world.blocks());  // before anybody has taken it off
  CHECK(world.desk->list().empty());
  REQUIRE(world.desk->tick().has_value());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.desk->find(made.tap.id).error().code == Code::not_found);
  CHECK(world.desk->unrecorded() == 1);
  const WallTime effective = made.tap.until;
  world.clock.advance(seconds(5));
  REQUIRE(world.desk->record().has_value());
  REQUIRE(world.actions() == Texts{"tap.set by otto@system", "tap.expire by time@system"});
  const json::Value set = world.records()[0].second, end = world.records()[1].second;
  CHECK(text_in(set, "tap") == made.tap.id);
  CHECK(text_in(set, "tenant") == "alpha");
  CHECK(text_in(set, "action") == "block");
  CHECK(text_in(set, "reason") == "it burns");
  CHECK(text_in(set, "effective_at") == format_rfc3339(made.tap.set));
  CHECK(text_in(set, "request_id") == "req-1");
  CHECK(text_in(end, "effective_at") == format_rfc3339(effective));
  CHECK(text_in(end, "recorded_at") == format_rfc3339(effective + seconds(5)));
}

TEST_CASE("desk: lifted before its time; what cannot be set says why and changes nothing") {
  World world;
  const Shown made = world.set(wanted(world.in(seconds(60))));
  CHECK(world.desk->lift("tap_x", kOtto).error().code == Code::not_found);
  REQUIRE(world.desk->lift(made.tap.id, kOtto, Run::dry).has_value());
  CHECK(world.blocks());
  const auto lifted = world.desk->lift(made.tap.id, {"mara@system", "socket"});
  REQUIRE(lifted.has_value());
  CHECK(lifted->stored);
  CHECK(lifted->affected.total == 1);
  CHECK(!world.blocks());
  CHECK(world.desk->lift(made.tap.id, kOtto).error().code == Code::not_found);
  REQUIRE(world.desk->record().has_value());
  CHECK(world.actions() == Texts{"tap.set by otto@system", "tap.lift by mara@system"});

  Wanted wrong = wanted(world.in(seconds(60)));
  wrong.terms.route = "/nowhere";
  CHECK(world.desk->set(wrong, kOtto).error().what == "route: this server has none '/nowhere'");
  wrong.terms.route = "/shop";
  CHECK(world.desk->set(wrong, kOtto, Run::dry).has_value());
  wrong.terms.upstream = "10.0.0.2:80";
  CHECK(world.desk->set(wrong, kOtto).error().what.starts_with("upstream: "));
  CHECK(world.desk->set(wanted(world.in(kLifetimeMax + millis(1))), kOtto)
            .error()
            .what.starts_with("until: "));
  CHECK(world.desk->set(wanted(world.clock.wall()), kOtto).error().what.starts_with("until: "));
  CHECK(world.desk->list().empty());
  for (std::size_t i = 0; i < kTapsMax; ++i) world.set(wanted(world.in(seconds(60))));
  const auto full = world.desk->set(wanted(world.in(seconds(60))), kOtto);
  CHECK(full.error().code == Code::exhausted);
  CHECK(world.desk->list().size() == kTapsMax);
}

TEST_CASE("desk: in force again after a restart, by the wall clock, without a ledger") {
  World world;
  const Shown first = world.set(wanted(world.in(seconds(60))));
  Wanted rate = wanted(world.in(seconds(90)), Action::clamp_rate, "bravo");
  rate.terms.rate = 1;
  const Shown second = world.set(rate);
  world.ledger->refuse({Code::unavailable, "the disk of the ledger is gone"});
  CHECK(!world.desk->record().has_value());
  CHECK(world.desk->unrecorded() == 2);
  world.clock.advance(seconds(30));
  world.open();
  CHECK(world.blocks());
  REQUIRE(world.desk->list().size() == 2);
  CHECK(world.desk->list()[0].tap == second.tap);
  CHECK(world.desk->list()[1].tap == first.tap);
  world.clock.advance(seconds(30));
  CHECK(!world.blocks());
  // One that has ended while nothing ran.
  world.clock.advance(seconds(60));
  world.open();
  CHECK(world.desk->list().empty());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.desk->unrecorded() == 4);
  // Nothing is lost: the ledger that is there again has all, in order, and each once.
  world.open_ledger();
  world.open();
  REQUIRE(world.desk->record().has_value());
  REQUIRE(world.desk->record().has_value());
  CHECK(world.actions() == Texts{"tap.set by otto@system", "tap.set by otto@system",
                                 "tap.expire by time@system", "tap.expire by time@system"});
  CHECK(text_in(world.records()[2].second, "tap") == first.tap.id);
  CHECK(text_in(world.records()[2].second, "effective_at") == format_rfc3339(first.tap.until));
}

TEST_CASE("desk: a clock that is set back or forward changes no tap's length") {
  World world;
  world.set(wanted(world.in(seconds(60))));
  world.clock.jump_wall(seconds(3'000));
  CHECK(world.blocks());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.blocks());
  world.clock.jump_wall(Nanos{} - seconds(6'000));
  world.clock.advance(seconds(60));
  CHECK(!world.blocks());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.desk->list().empty());
}

TEST_CASE("desk: a disk that takes nothing keeps no tap from working, and is tried again") {
  World world;
  world.disk.set_capacity(0);
  const Shown made = world.set(wanted(world.in(seconds(60))));
  CHECK(!made.stored);
  CHECK(world.blocks());
  CHECK(!world.desk->tick().has_value());
  CHECK(!world.desk->list()[0].stored);
  const auto told = [&] {
    return std::ranges::count_if(world.sink.lines(), [](const std::string& line) {
      return line.find("tap.unstored") != std::string::npos;
    });
  };
  CHECK(told() == 1);
  world.disk.set_capacity(SIZE_MAX);
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.desk->list()[0].stored);
  world.open();
  CHECK(world.blocks());
  world.disk.set_capacity(0);
  CHECK(!world.desk->lift(made.tap.id, kOtto)->stored);
  CHECK(!world.blocks());
}

// Set, recorded, lifted, recorded, with the n-th operation of the disk failing: whatever the file
// says afterwards is what was in force before or after it, and no event is lost or there twice.
TEST_CASE("desk: the n-th write fails") {
  for (const auto fault :
       {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
    bool failed = true;
    for (std::int64_t n = 1; failed; ++n) {
      CAPTURE(n);
      World world;
      world.disk.fail_at(n, fault);
      const std::int64_t before = world.disk.operations();
      const Shown made = world.set(wanted(world.in(seconds(60))));
      CHECK(world.blocks());
      (void)world.desk->record();
      world.set(wanted(world.in(seconds(60)), Action::block, "bravo"));
      REQUIRE(world.desk->lift(made.tap.id, kOtto).has_value());
      CHECK(!world.blocks());
      (void)world.desk->record();
      failed = world.disk.operations() - before >= n;
      // A crash without another write: a tap may be back, as it was, until its end.
      world.disk.crash();
      world.open();
      const std::vector<Shown> found = world.desk->list();
      REQUIRE(found.size() <= 2);
      for (const Shown& one : found) CHECK(world.blocks(one.tap.terms.tenant));
      REQUIRE(world.desk->record().has_value());
      std::vector<std::string> ids;
      for (const auto& [action, payload] : world.records()) {
        ids.push_back(action + " " + text_in(payload, "tap"));
      }
      // What the ledger has it has once, the setting of the first before its lifting.
      CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
      REQUIRE(ids.size() == 3);
      CHECK(ids[0] == "tap.set by otto@system " + made.tap.id);
      CHECK(ids[2] == "tap.lift by otto@system " + made.tap.id);
    }
  }
}

TEST_CASE("desk: a crash at any time leaves the file of before or of after") {
  for (std::int64_t n = 1; n < 12; ++n) {
    World world;
    world.set(wanted(world.in(seconds(60))));
    world.disk.fail_at(n, sim::SimFiles::Fault::not_stored);
    (void)world.desk->set(wanted(world.in(seconds(60)), Action::block, "bravo"), kOtto);
    world.disk.crash();
    world.open();
    CHECK(world.blocks());
    CHECK(world.blocks("bravo") == (world.desk->list().size() == 2));
  }
}

TEST_CASE("desk: a file that is not one stops the start, and names itself") {
  World world;
  world.set(wanted(world.in(seconds(60))));
  const std::string good = *world.disk.bytes_of(kFile);
  for (const std::string& bad :
       {std::string(), std::string("{}"), good.substr(0, good.size() / 2), good + " ",
        std::string(R"({"kind":"mc.taps/v2","taps":[],"spool":[],"serials":{}})") + "\n"}) {
    CAPTURE(bad);
    *world.disk.bytes_of(kFile) = bad;
    const Status opened = world.try_open();
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == Code::corrupt);
    CHECK(opened.error().what.starts_with(kFile + ": "));
  }
  *world.disk.bytes_of(kFile) = good;
  world.open();
  CHECK(world.blocks());
}

TEST_CASE("desk: what waits for the ledger is bounded, and taps can be lifted at the bound") {
  World world;
  world.ledger->refuse({Code::unavailable, "gone"});
  // Most of it is there from a start before: to make it one by one takes its square.
  REQUIRE(world.desk->lift(world.set(wanted(world.in(seconds(60)))).tap.id, kOtto).has_value());
  State before = *parse_state(*world.disk.read_all(kFile, kStateBytesMax));
  REQUIRE(before.spool.size() == 2);
  while (before.spool.size() < kSpoolMax - 2 * kTapsMax) {
    before.spool.push_back(before.spool[before.spool.size() - 2]);
  }
  REQUIRE(world.disk.write_atomic(kFile, print_state(before)).has_value());
  world.open();
  std::vector<std::string> ids;
  Status last = ok();
  while (last) {
    auto made = world.desk->set(wanted(world.in(seconds(60))), kOtto);
    last = made ? ok() : Status(tl::unexpected<Error>(made.error()));
    if (made) ids.push_back(made->tap.id);
    // Never more than a few in force at a time.
    if (ids.size() == 50) {
      for (const std::string& id : ids) REQUIRE(world.desk->lift(id, kOtto).has_value());
      ids.clear();
    }
  }
  CHECK(last.error().code == Code::exhausted);
  for (const std::string& id : ids) REQUIRE(world.desk->lift(id, kOtto).has_value());
  CHECK(world.desk->unrecorded() <= kSpoolMax);
  world.open();
  CHECK(world.desk->unrecorded() >= kSpoolMax - kTapsMax);
}

}  // namespace
}  // namespace mc::tap
