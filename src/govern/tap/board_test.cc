#include "tap/board.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

namespace mc::tap {
namespace {

constexpr MonoTime kStart{5'000'000'000};

Terms terms(Action action) {
  Terms out;
  out.action = action;
  out.reason = "it burns";
  if (action == Action::clamp_rate) out.rate = 2;
  if (action == Action::clamp_seats) out.seats = 2;
  if (action == Action::shed) out.percent = 100;
  return out;
}
Terms of_tenant(Action action, const std::string& tenant = "alpha") {
  Terms out = terms(action);
  out.tenant = tenant;
  return out;
}
Board::Entry entry(const std::string& id, Terms terms, MonoTime ends = kStart + seconds(600)) {
  Tap tap;
  tap.id = id;
  tap.terms = std::move(terms);
  return {tap, ends};
}
Facts facts_of(std::string_view tenant) {
  Facts out{.route = "/graphql", .upstream = "", .tenant = tenant, .client = "ada"};
  out.queries = true;
  out.documents = {"sha256:a"};
  return out;
}

// A request through all stages; the id of the tap that refuses it, "" = none.
std::string run(Pass& pass, Board& board, const Facts& facts, MonoTime now = kStart) {
  pass.begin(board);
  for (std::size_t i = 0; i < kStages; ++i) {
    const auto refused = pass.test(static_cast<Stage>(i), facts, {now, 7});
    if (refused) return std::string(refused->tap);
  }
  return "";
}
std::string run(Board& board, const Facts& facts, MonoTime now = kStart) {
  Pass pass;
  return run(pass, board, facts, now);
}

TEST_CASE("board: the stage at which a tap is tested is the first that can tell") {
  struct Row {
    Action action;
    std::string Terms::* member;
    Stage stage;
  };
  const Row rows[] = {{Action::block, &Terms::route, Stage::head},
                      {Action::block, &Terms::upstream, Stage::head},
                      {Action::shed, &Terms::route, Stage::head},
                      {Action::block, &Terms::tenant, Stage::caller},
                      {Action::shed, &Terms::client, Stage::caller},
                      {Action::clamp_rate, &Terms::route, Stage::read},
                      {Action::clamp_seats, &Terms::tenant, Stage::read},
                      {Action::block, &Terms::document, Stage::text},
                      {Action::safelist_only, &Terms::route, Stage::text},
                      {Action::block, &Terms::operation, Stage::operation},
                      {Action::no_introspection, &Terms::tenant, Stage::operation},
                      {Action::read_only, &Terms::route, Stage::operation}};
  for (const Row& row : rows) {
    Terms one = terms(row.action);
    one.*row.member = "x";
    CHECK(stage_of(one) == row.stage);
    Board board(kStart);
    board.put({entry("t", one)});
    Pass pass;
    pass.begin(board);
    for (std::size_t i = 0; i < kStages; ++i) {
      CHECK(pass.is_tested(static_cast<Stage>(i)) == (static_cast<Stage>(i) == row.stage));
    }
  }
}

TEST_CASE("board: a tap holds for those that fit it, until it ends, and for nobody else") {
  Board board(kStart);
  CHECK(run(board, facts_of("alpha")) == "");
  board.put({entry("t", of_tenant(Action::block), kStart + seconds(10))});
  CHECK(board.active(kStart) == 1);
  CHECK(run(board, facts_of("alpha")) == "t");
  CHECK(run(board, facts_of("bravo")) == "");
  CHECK(run(board, facts_of("alpha"), kStart + seconds(10) - Nanos{1}) == "t");
  CHECK(run(board, facts_of("alpha"), kStart + seconds(10)) == "");
  CHECK(board.active(kStart + seconds(10)) == 0);
  CHECK(board.matched(Action::block) == 2);
  board.put({});
  CHECK(run(board, facts_of("alpha")) == "");
}

TEST_CASE("board: what is refused of what fits, by action") {
  Facts plain = facts_of("alpha");
  Facts novel = plain;
  novel.registered = false;
  Facts asks_schema = plain;
  asks_schema.introspects = true;
  Facts changes = plain;
  changes.mutates = true;
  struct Row {
    Action action;
    bool plain, novel, asks_schema, changes;
  };
  for (const Row& row : {Row{Action::block, true, true, true, true},
                         {Action::shed, true, true, true, true},
                         {Action::safelist_only, false, true, false, false},
                         {Action::no_introspection, false, false, true, false},
                         {Action::read_only, false, false, false, true}}) {
    CAPTURE(name_of(row.action));
    Board board(kStart);
    board.put({entry("t", of_tenant(row.action))});
    CHECK((run(board, plain) == "t") == row.plain);
    CHECK((run(board, novel) == "t") == row.novel);
    CHECK((run(board, asks_schema) == "t") == row.asks_schema);
    CHECK((run(board, changes) == "t") == row.changes);
    CHECK(board.affected("t", kStart).total == 4);
    CHECK(board.affected("t", kStart).refused_total ==
          row.plain + row.novel + row.asks_schema + row.changes);
  }
}

// The same rules, written down in another way: a request as a set of what it has.
struct Twin {
  struct One {
    std::string id;
    Terms terms;
    std::set<std::string> wanted;
  };
  std::vector<One> taps;
  std::map<std::string, int> matched;

  static std::set<std::string> traits(const Facts& facts) {
    std::set<std::string> out = {
        "route=" + std::string(facts.route), "upstream=" + std::string(facts.upstream),
        "tenant=" + std::string(facts.tenant), "client=" + std::string(facts.client)};
    for (const std::string& one : facts.documents) out.insert("document=" + one);
    if (facts.queries) out.insert("operation=query");
    if (facts.mutates) out.insert("operation=mutation");
    return out;
  }
  static std::set<std::string> wants(const Terms& terms) {
    std::set<std::string> out = {"route=" + terms.route,       "upstream=" + terms.upstream,
                                 "tenant=" + terms.tenant,     "client=" + terms.client,
                                 "document=" + terms.document, "operation=" + terms.operation};
    std::erase_if(out, [](const std::string& one) { return one.ends_with('='); });
    return out;
  }
  static int stage(const Terms& terms) {
    const bool later =
        terms.action == Action::no_introspection || terms.action == Action::read_only;
    if (later || !terms.operation.empty()) return 4;
    if (terms.action == Action::safelist_only || !terms.document.empty()) return 3;
    return terms.tenant.empty() && terms.client.empty() ? 0 : 1;
  }
  // Whether it is refused, and at which stage; counts.
  int ask(const Facts& facts) {
    const std::set<std::string> has = traits(facts);
    for (int at = 0; at < 5; ++at) {
      bool refused = false;
      for (const auto& [id, terms, wanted] : taps) {
        if (stage(terms) != at || !std::ranges::includes(has, wanted)) continue;
        ++matched[id];
        refused = refused || terms.action == Action::block || terms.action == Action::shed ||
                  (terms.action == Action::safelist_only && !facts.registered) ||
                  (terms.action == Action::no_introspection && facts.introspects) ||
                  (terms.action == Action::read_only && facts.mutates);
      }
      if (refused) return at;
    }
    return -1;
  }
};

TEST_CASE("board: random taps and requests, against a slow twin") {
  std::mt19937_64 chance(11);
  const auto pick = [&](std::initializer_list<const char*> of) {
    return std::string(std::data(of)[chance() % of.size()]);
  };
  for (int round = 0; round < 30; ++round) {
    Twin twin;
    Board board(kStart);
    std::vector<Board::Entry> entries;
    const std::size_t count = 1 + chance() % kTapsMax;
    for (std::size_t i = 0; i < count; ++i) {
      const Action action[] = {Action::block, Action::shed, Action::safelist_only,
                               Action::no_introspection, Action::read_only};
      Terms one = terms(action[chance() % 5]);
      // Mostly narrow ones, so that not everything is refused at the first stage.
      one.route = pick({"", "/a", "/b", "/c"});
      one.upstream = pick({"", "", "u:1", "u:2"});
      one.tenant = pick({"", "t1", "t2", "t3", "t4", "t5"});
      one.client = pick({"", "c1", "c2", "c3"});
      one.document = pick({"", "", "d1", "d2", "d3"});
      one.operation = pick({"", "query", "mutation"});
      const std::string id = "t" + std::to_string(i);
      twin.taps.push_back({id, one, Twin::wants(one)});
      entries.push_back(entry(id, one));
    }
    board.put(entries);
    for (int i = 0; i < 50; ++i) {
      const std::string route = pick({"/a", "/b", "/c", "/d"}), upstream = pick({"", "u:1", "u:2"}),
                        tenant = pick({"t1", "t2", "t3", "t4", "t5", "t6"}),
                        client = pick({"c1", "c2", "c3", "c4"});
      Facts facts{.route = route, .upstream = upstream, .tenant = tenant, .client = client};
      for (std::size_t k = 0; k <= chance() % 3; ++k) {
        facts.documents.push_back(pick({"d1", "d2", "d3", "d4"}));
      }
      facts.registered = chance() % 2 == 0;
      facts.introspects = chance() % 2 == 0;
      facts.mutates = chance() % 2 == 0;
      facts.queries = !facts.mutates || chance() % 2 == 0;
      const int wanted = twin.ask(facts);
      Pass pass;
      pass.begin(board);
      int found = -1;
      for (int at = 0; at < 5 && found < 0; ++at) {
        if (pass.test(static_cast<Stage>(at), facts, {kStart, chance()})) found = at;
      }
      REQUIRE(found == wanted);
    }
    for (const Twin::One& one : twin.taps) {
      REQUIRE(board.affected(one.id, kStart).total == twin.matched[one.id]);
    }
  }
}

TEST_CASE("board: a rate is exact, counted in operations, and the wait that is told is enough") {
  Board board(kStart);
  Terms slow = of_tenant(Action::clamp_rate);
  slow.rate = 10;
  slow.burst = 5;
  board.put({entry("t", slow)});
  Facts facts = facts_of("alpha");
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += run(board, facts) == "" ? 1 : 0;
  CHECK(admitted == 5);
  Pass pass;
  pass.begin(board);
  const auto refused = pass.test(Stage::read, facts, {kStart, 1});
  REQUIRE(refused.has_value());
  CHECK(refused->wait == millis(100));
  CHECK(run(board, facts, kStart + millis(100) - Nanos{1}) == "t");
  CHECK(run(board, facts, kStart + millis(100)) == "");
  CHECK(run(board, facts, kStart + millis(100)) == "t");
  facts.operations = 2;
  CHECK(run(board, facts, kStart + millis(200)) == "t");
  CHECK(run(board, facts, kStart + millis(300)) == "");
  // More than the burst is let through when all of that is there: it would never be otherwise.
  facts.operations = 50;
  CHECK(run(board, facts, kStart + seconds(5)) == "");
  facts.operations = 1;
  CHECK(run(board, facts, kStart + seconds(5)) == "t");
}

TEST_CASE("board: several clamps take from all or from none, against a slow twin") {
  std::mt19937_64 chance(5);
  for (int round = 0; round < 40; ++round) {
    struct Slow {
      Terms terms;
      __int128 tat = 0;
      std::int64_t seated = 0;
    };
    std::vector<Slow> twins;
    std::vector<Board::Entry> entries;
    for (std::size_t i = 0; i < 4; ++i) {
      Terms one = of_tenant(i % 2 == 0 ? Action::clamp_rate : Action::clamp_seats,
                            chance() % 3 == 0 ? "bravo" : "alpha");
      if (one.rate) {
        one.rate = std::int64_t{1} << (chance() % 6);
        one.burst = 1 + static_cast<std::int64_t>(chance() % 8);
      } else {
        one.seats = 1 + static_cast<std::int64_t>(chance() % 4);
      }
      twins.push_back({one});
      entries.push_back(entry("t" + std::to_string(i), one));
    }
    Board board(kStart);
    board.put(entries);
    std::vector<std::pair<std::string, std::unique_ptr<Pass>>> running;
    MonoTime now = kStart;
    for (int i = 0; i < 300; ++i) {
      now = now + millis(static_cast<std::int64_t>(chance() % 60));
      if (!running.empty() && chance() % 2 == 0) {
        const std::size_t at = chance() % running.size();
        for (Slow& twin : twins) {
          if (twin.terms.seats && twin.terms.tenant == running[at].first) --twin.seated;
        }
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
      }
      const std::string tenant = chance() % 2 == 0 ? "alpha" : "bravo";
      Facts facts = facts_of(tenant);
      facts.operations = 1 + static_cast<std::int64_t>(chance() % 3);
      // First all are asked, then all take: times in nanoseconds, each rate divides a second.
      const auto level_after = [&](const Slow& twin) {
        const __int128 used = std::max<__int128>(twin.tat - (now - kStart).count, 0);
        return used +
               std::min(facts.operations, *twin.terms.burst) * (1'000'000'000 / *twin.terms.rate);
      };
      bool fits = true;
      for (const Slow& twin : twins) {
        if (twin.terms.tenant != tenant) continue;
        fits = fits &&
               (twin.terms.seats
                    ? twin.seated < *twin.terms.seats
                    : level_after(twin) <= *twin.terms.burst * (1'000'000'000 / *twin.terms.rate));
      }
      for (Slow& twin : twins) {
        if (!fits || twin.terms.tenant != tenant) continue;
        if (twin.terms.seats) {
          ++twin.seated;
        } else {
          twin.tat = (now - kStart).count + level_after(twin);
        }
      }
      auto pass = std::make_unique<Pass>();
      REQUIRE((run(*pass, board, facts, now) == "") == fits);
      if (fits) running.emplace_back(tenant, std::move(pass));
    }
  }
}

TEST_CASE("board: seats are given back once, also when the tap has changed meanwhile") {
  Board board(kStart);
  board.put({entry("t", of_tenant(Action::clamp_seats))});
  Pass first, second;
  CHECK(run(first, board, facts_of("alpha")) == "");
  CHECK(run(second, board, facts_of("alpha")) == "");
  CHECK(run(board, facts_of("alpha")) == "t");
  board.put(
      {entry("t", of_tenant(Action::clamp_seats)), entry("u", of_tenant(Action::block, "x"))});
  CHECK(run(board, facts_of("alpha")) == "t");
  first.end();
  first.end();
  Pass third;
  CHECK(run(third, board, facts_of("alpha")) == "");
  CHECK(run(board, facts_of("alpha")) == "t");
  board.put({});
  second.end();
  third.end();
}

TEST_CASE(
    "board: who is refused holds no seat of another tap, also while its answer is on its way") {
  Board board(kStart);
  Terms none = of_tenant(Action::clamp_rate);
  none.rate = 1;
  board.put({entry("seats", of_tenant(Action::clamp_seats)), entry("rate", none)});
  Pass first, second, third;
  CHECK(run(first, board, facts_of("alpha")) == "");
  CHECK(run(second, board, facts_of("alpha")) == "rate");
  CHECK(run(third, board, facts_of("alpha")) == "rate");
}

TEST_CASE("board: a share is shed by chance, each tap by its own") {
  Board board(kStart);
  Terms one = of_tenant(Action::shed);
  one.percent = 30;
  board.put({entry("a", one), entry("b", one)});
  std::mt19937_64 chance(3);
  int refused = 0;
  constexpr int kAsked = 20'000;
  for (int i = 0; i < kAsked; ++i) {
    Pass pass;
    pass.begin(board);
    refused += pass.test(Stage::caller, facts_of("alpha"), {kStart, chance()}) ? 1 : 0;
  }
  // 1 - 0.7 * 0.7 = 0.51; five standard deviations are 0.018.
  CHECK(std::abs(refused / double{kAsked} - 0.51) < 0.018);
}

TEST_CASE("board: who is affected now, in the last second and minute, the most affected first") {
  Board board(kStart);
  Terms all = terms(Action::clamp_rate);
  all.everything = true;
  all.rate = 1;
  board.put({entry("t", all)});
  for (int i = 0; i < 3; ++i) run(board, facts_of("alpha"), kStart + seconds(i));
  run(board, facts_of("bravo"), kStart + seconds(2));
  run(board, facts_of("bravo"), kStart + seconds(2));
  Affected now = board.affected("t", kStart + seconds(2));
  CHECK(now.last_second == 3);
  CHECK(now.last_minute == 5);
  CHECK(now.refused_last_second == 2);
  CHECK(now.refused_total == 2);
  REQUIRE(now.tenants.size() == 2);
  CHECK(now.tenants[0].tenant == "alpha");
  CHECK(now.tenants[0].last_minute == 3);
  now = board.affected("t", kStart + seconds(61));
  CHECK(now.last_second == 0);
  CHECK(now.last_minute == 3);
  CHECK(now.total == 5);
  CHECK(board.affected("t", kStart + seconds(200)).last_minute == 0);
  // Many tenants: the rest are counted together, and there is room again when they are gone.
  for (int i = 0; i < 50; ++i) {
    const std::string tenant = "many" + std::to_string(i);
    run(board, facts_of(tenant), kStart + seconds(200));
  }
  now = board.affected("t", kStart + seconds(200));
  CHECK(now.last_minute == 50);
  CHECK(now.tenants.size() == kTenantsTold);
  CHECK(now.tenants[0].tenant == "");
  CHECK(now.tenants[0].last_minute == 30);
  run(board, facts_of("late"), kStart + seconds(300));
  now = board.affected("t", kStart + seconds(300));
  REQUIRE(now.tenants.size() == 1);
  CHECK(now.tenants[0].tenant == "late");
  CHECK(board.affected("nothing", kStart).total == 0);
}

TEST_CASE("board: threads ask while taps are set and lifted; seats are all given back") {
  Board board(kStart);
  Terms few = terms(Action::clamp_seats);
  few.everything = true;
  few.seats = 1;
  const Board::Entry seat = entry("seat", few), block = entry("block", of_tenant(Action::block));
  board.put({seat});
  std::vector<std::thread> threads;
  std::atomic<int> running = 0, most = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 2'000; ++k) {
        Pass pass;
        if (!run(pass, board, facts_of("bravo")).empty()) continue;
        const int now = ++running;
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        --running;
      }
    });
  }
  for (int k = 0; k < 500; ++k)
    board.put(k % 2 == 0 ? std::vector{seat, block} : std::vector{seat});
  for (std::thread& thread : threads) thread.join();
  CHECK(most.load() == 1);
  CHECK(run(board, facts_of("bravo")) == "");
}

}  // namespace
}  // namespace mc::tap
