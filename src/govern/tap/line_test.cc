#include "tap/line.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::tap {
namespace {

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  log::MemorySink sink;
  log::Log log{clock, sink, {}};
  std::unique_ptr<ledger::Ledger> ledger;
  Board board{clock.mono()};
  std::unique_ptr<Desk> desk;

  World() {
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    ledger = std::move(*ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {disk, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key)));
    desk = std::move(
        *Desk::open({disk, clock, random, log, *ledger, board}, {"/data/taps.json", {}, {}}));
  }
  Result<json::Value> ask(const std::string& line) {
    return read_answer(answer_line(*desk, clock, {"uid:0", "socket"}, line));
  }
};

const std::string kSet =
    R"({"verb":"set","tap":{"tenant":"alpha","action":"block","lifetime":"1h","reason":"x"})";

TEST_CASE("line: set, list and lift, and trials that change nothing") {
  World world;
  const auto count = [&] {
    return world.ask(R"({"verb":"list"})")->find("items")->as_array()->size();
  };
  REQUIRE(world.ask(kSet + R"(,"dry_run":true})").has_value());
  CHECK(count() == 0);
  const auto made = world.ask(kSet + "}");
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  CHECK(*made->find("set_by")->as_string() == "uid:0");
  CHECK(*made->find("way")->as_string() == "socket");
  CHECK(*made->find("stored")->as_bool());
  CHECK(count() == 1);
  const std::string id = *made->find("id")->as_string();
  REQUIRE(world.ask(R"({"verb":"lift","id":")" + id + R"(","dry_run":true})").has_value());
  CHECK(count() == 1);
  REQUIRE(world.ask(R"({"verb":"lift","id":")" + id + "\"}").has_value());
  CHECK(count() == 0);
  CHECK(world.ask(R"({"verb":"lift","id":")" + id + "\"}").error().code == Code::not_found);
}

TEST_CASE("line: what is not understood is an answer that says so") {
  World world;
  for (const std::string& line :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"verb":"burn"})"),
        std::string(R"({"verb":"set"})"), std::string(R"({"verb":"lift"})"),
        std::string(R"({"verb":"list","colour":1})"), std::string(kLineBytesMax + 1, ' '),
        std::string(R"({"verb":"set","tap":{"action":"block","lifetime":"1h","reason":"x"}})")}) {
    CAPTURE(line);
    const auto answer = world.ask(line);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().code == Code::invalid);
    CHECK(!answer.error().what.empty());
  }
  for (const char* answer :
       {"", "1", "{}", R"({"error":1})", R"({"error":{"code":1,"what":""}})"}) {
    CHECK(!read_answer(answer).has_value());
  }
  CHECK(read_answer(R"({"error":{"code":"exhausted","what":"x"}})").error().code ==
        Code::exhausted);
  CHECK(read_answer(R"({"error":{"code":"new","what":"x"}})").error().code == Code::unavailable);
}

}  // namespace
}  // namespace mc::tap
