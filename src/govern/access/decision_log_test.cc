#include "access/decision_log.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "json/json.h"
#include "sim/sim.h"

namespace mc::access {
namespace {

constexpr std::int64_t kNow = 1'767'225'600'000;

struct Made {
  std::string tenant = "alpha";
  std::string principal = "ada";
  std::string rule = "role-analyst";
  std::string reason = {};
  bool allowed = true;
};

// The n-th decision, of the n-th millisecond.
LoggedDecision made(std::int64_t n, const Made& as = {}) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%08lld", static_cast<long long>(n));
  LoggedDecision out{std::string("dec_") + digits, from_unix_ms(kNow + n), as.allowed, {}};
  json::Writer writer(out.json);
  writer.begin_object().member("decision_id", out.id).member("at_ms", kNow + n);
  writer.member("allowed", out.allowed).member("tenant", as.tenant);
  writer.member("principal", as.principal).key("rules").begin_array().value(as.rule).end_array();
  writer.key("reasons").begin_array();
  if (!as.reason.empty()) writer.value(as.reason);
  writer.end_array().end_object();
  return out;
}
LoggedDecision denied(std::int64_t n) {
  return made(n, {.rule = "cross-tenant", .reason = "cross-tenant", .allowed = false});
}

std::string numbers(const Result<std::vector<LoggedDecision>>& found) {
  if (!found) return found.error().what;
  std::string out;
  for (const LoggedDecision& one : *found) {
    out += (out.empty() ? "" : " ") + std::to_string(*parse_int(one.id.substr(4)));
  }
  return out;
}
std::string replayed(DecisionLog& log, std::int64_t from = INT64_MIN / 2'000'000,
                     std::int64_t to = INT64_MAX / 2'000'000) {
  std::vector<LoggedDecision> all;
  const Status status = log.replay(from_unix_ms(from), from_unix_ms(to), [&](const auto& one) {
    all.push_back(one);
    return true;
  });
  return status ? numbers(all) : status.error().what;
}

// The files of the log and how many whole or torn lines each has.
std::vector<std::pair<std::string, std::size_t>> files_of(sim::SimFiles& disk) {
  std::vector<std::pair<std::string, std::size_t>> out;
  const auto names = disk.list("decisions");
  for (const std::string& name : *names) {
    const std::string& text = *disk.bytes_of("decisions/" + name);
    out.emplace_back(name, static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  }
  return out;
}

// Hours apart, a file for each, with its lines out of order.
TEST_CASE("decisions: files that ended long before a time are passed over, later ones are not") {
  constexpr std::int64_t kHourMs = 3'600'000;
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024});
  for (std::int64_t hour = 0; hour < 8; ++hour) {
    for (std::int64_t i = 9; i > 0; --i) REQUIRE(log.add(made(hour * kHourMs + i)));
    REQUIRE(log.flush().has_value());
  }
  REQUIRE(files_of(disk).size() == 8);
  for (std::int64_t from = 0; from < 8; ++from) {
    CAPTURE(from);
    std::string wanted, backwards;
    for (std::int64_t hour = from; hour < 8; ++hour) {
      for (std::int64_t i = hour == from ? 5 : 1; i < 10; ++i) {
        const std::string number = std::to_string(hour * kHourMs + i);
        wanted += (wanted.empty() ? "" : " ") + number;
        backwards = number + (backwards.empty() ? "" : " ") + backwards;
      }
    }
    CHECK(replayed(log, kNow + from * kHourMs + 5) == wanted);
    DecisionQuery query;
    query.from = from_unix_ms(kNow + from * kHourMs + 5);
    query.limit = 100;
    CHECK(numbers(log.search(query)) == backwards);
  }
}

TEST_CASE("decisions: a setting out of its range is named") {
  CHECK(DecisionLogConfig{}.check().has_value());
  struct Row {
    DecisionLogConfig config;
    const char* named;
  };
  const Row rows[] = {{{.queue_max = 0}, "queue_max is 0"},
                      {{.denied_reserve = -1}, "denied_reserve is -1"},
                      {{.file_bytes_max = 1'023}, "file_bytes_max is 1023"},
                      {{.files_max = 0}, "files_max is 0"},
                      {{.sample = {.otherwise = 2}}, "sample.default"},
                      {{.sample = {.rules = {{"a", -1}}}}, "sample.rules: 'a'"}};
  for (const Row& row : rows) {
    const Status status = row.config.check();
    REQUIRE(!status.has_value());
    CHECK(status.error().what.find(row.named) != std::string::npos);
  }
}

TEST_CASE("decisions: a full queue drops allowed ones first, and counts") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.queue_max = 3, .denied_reserve = 2});
  for (int i = 1; i <= 3; ++i) CHECK(log.add(made(i)));
  CHECK(!log.add(made(4)));
  CHECK(log.add(denied(5)));
  CHECK(log.add(denied(6)));
  CHECK(!log.add(denied(7)));
  CHECK(!log.add(made(8)));
  CHECK(log.counters().dropped == 3);
  CHECK(log.counters().logged == 0);
  CHECK(numbers(log.search({})) == "6 5 3 2 1");
  REQUIRE(log.flush().has_value());
  CHECK(log.counters().logged == 5);
  CHECK(log.add(made(9)));
  CHECK(numbers(log.search({})) == "9 6 5 3 2 1");
}

TEST_CASE("decisions: of allowed ones a share is wanted, of denied and notable ones each") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions",
                  {.sample = {.otherwise = 0.5, .rules = {{"often", 0.05}, {"never", 0}}}});
  const std::vector<std::string> often = {"often", "other"}, never = {"never"}, other = {"other"};
  std::map<std::string, int> wanted;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = made(i).id;
    const auto ask = [&](const std::string& what, const Candidate& candidate, double rate) {
      const std::optional<double> got = log.wants(candidate);
      if (got) CHECK(*got == rate);
      CHECK(got.has_value() == is_kept(id, rate));
      wanted[what] += got ? 1 : 0;
    };
    ask("other", {.id = id, .allowed = true, .rules = other}, 0.5);
    ask("often", {.id = id, .allowed = true, .rules = often}, 0.05);
    ask("never", {.id = id, .allowed = true, .rules = never}, 0);
    ask("denied", {.id = id, .allowed = false, .rules = never}, 1);
    ask("notable", {.id = id, .allowed = true, .is_notable = true, .rules = never}, 1);
  }
  CHECK(wanted["denied"] == 10'000);
  CHECK(wanted["notable"] == 10'000);
  CHECK(wanted["never"] == 0);
  CHECK(std::abs(wanted["other"] - 5'000) < 250);
  CHECK(std::abs(wanted["often"] - 500) < 110);
  const std::uint64_t left_out =
      static_cast<std::uint64_t>(30'000 - wanted["other"] - wanted["often"]);
  CHECK(log.counters().sampled_out == left_out);
  CHECK(log.counters().dropped == 0);
}

TEST_CASE("decisions: a file that is full is followed by another, and the oldest are deleted") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024, .files_max = 3});
  for (int i = 1; i <= 60; ++i) {
    REQUIRE(log.add(made(i)));
    REQUIRE(log.flush().has_value());
  }
  const auto files = files_of(disk);
  REQUIRE(files.size() == 3);
  std::size_t kept = 0;
  for (const auto& [name, lines] : files) {
    CHECK(disk.bytes_of("decisions/" + name)->size() < 1'024 + 200);
    kept += lines;
  }
  CHECK(files.front().first == "decisions-" + made(61 - static_cast<int>(kept)).id + ".jsonl");
  CHECK(!*log.find(made(60 - static_cast<int>(kept)).id));
  CHECK(*log.find(made(61 - static_cast<int>(kept)).id));
  CHECK(log.counters().logged == 60);
  CHECK(log.search({})->size() == std::min<std::size_t>(kept, 50));
}

TEST_CASE("decisions: one is found by its id, queued or written, in whichever file") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024});
  CHECK(!*log.find("dec_00000001"));
  for (int i = 1; i <= 40; ++i) {
    REQUIRE(log.add(made(i)));
    if (i <= 35) REQUIRE(log.flush().has_value());
  }
  CHECK(files_of(disk).size() > 3);
  for (int i = 1; i <= 40; ++i) {
    const auto found = log.find(made(i).id);
    REQUIRE((found && *found));
    CHECK((*found)->id == made(i).id);
    CHECK((*found)->at == made(i).at);
    CHECK((*found)->allowed);
    CHECK((*found)->json == made(i).json);
  }
  for (const char* const unknown :
       {"", "dec_00000000", "dec_00000041", "dec_", "dec_0000000", "\""}) {
    CAPTURE(unknown);
    CHECK(!*log.find(unknown));
  }
}

TEST_CASE("decisions: searching by what a line says, newest first") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024});
  for (int i = 1; i <= 40; ++i) {
    Made as;
    as.tenant = i % 2 == 0 ? "alpha" : "bravo";
    as.principal = i % 5 == 0 ? "bob" : "ada";
    as.allowed = i % 4 != 0;
    if (!as.allowed) {
      as.rule = "purpose-missing";
      as.reason = i % 8 == 0 ? "purpose-missing" : "quoted \"reason\"";
    }
    REQUIRE(log.add(made(i, as)));
    if (i % 3 == 0) REQUIRE(log.flush().has_value());
  }
  struct Row {
    const char* name;
    DecisionQuery query;
    const char* found;
  };
  const Row rows[] = {
      {"limit", {.limit = 3}, "40 39 38"},
      {"none", {.limit = 0}, ""},
      {"tenant", {.tenant = "bravo", .limit = 4}, "39 37 35 33"},
      {"principal", {.principal = "bob"}, "40 35 30 25 20 15 10 5"},
      {"a name that is a value elsewhere", {.principal = "alpha"}, ""},
      {"rule", {.rule = "purpose-missing", .limit = 2}, "40 36"},
      {"a rule is no reason", {.rule = "quoted \"reason\""}, ""},
      {"reason", {.reason = "purpose-missing"}, "40 32 24 16 8"},
      {"quoted", {.reason = "quoted \"reason\""}, "36 28 20 12 4"},
      {"allowed", {.principal = "bob", .allowed = true}, "35 30 25 15 10 5"},
      {"denied", {.principal = "bob", .allowed = false}, "40 20"},
      {"time", {.from = from_unix_ms(kNow + 7), .to = from_unix_ms(kNow + 10)}, "9 8 7"},
      {"before", {.limit = 3, .before = "dec_00000010"}, "9 8 7"},
      {"before all", {.before = "dec_00000001"}, ""},
      {"several", {.tenant = "alpha", .principal = "bob", .allowed = true}, "30 10"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(numbers(log.search(row.query)) == row.found);
  }
}

TEST_CASE("decisions: replay goes from the oldest, half open, until told to stop") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024});
  CHECK(replayed(log).empty());
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(log.add(made(i)));
    if (i <= 17) REQUIRE(log.flush().has_value());
  }
  CHECK(replayed(log, kNow + 5, kNow + 9) == "5 6 7 8");
  CHECK(replayed(log, kNow + 16) == "16 17 18 19 20");
  int given = 0;
  REQUIRE(log.replay({}, {INT64_MAX}, [&](const auto&) { return ++given < 4; }).has_value());
  CHECK(given == 4);
}

TEST_CASE("decisions: ids that were queued in another order are put right, also between files") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 1'024});
  std::string oldest_first, newest_first;
  for (int i = 0; i < 50; ++i) {
    constexpr int kOrder[] = {3, 1, 5, 2, 4};
    REQUIRE(log.add(made(i / 5 * 5 + kOrder[i % 5])));
    REQUIRE(log.flush().has_value());
    oldest_first += (i == 0 ? "" : " ") + std::to_string(i + 1);
    newest_first += (i == 0 ? "" : " ") + std::to_string(50 - i);
  }
  CHECK(files_of(disk).size() > 5);
  CHECK(numbers(log.search({})) == newest_first);
  CHECK(replayed(log) == oldest_first);
  for (int i = 1; i <= 50; ++i) CHECK(log.find(made(i).id)->has_value());
  std::string paged;
  for (DecisionQuery page{.limit = 7};;) {
    const auto found = log.search(page);
    if (found->empty()) break;
    paged += (paged.empty() ? "" : " ") + numbers(found);
    page.before = found->back().id;
  }
  CHECK(paged == newest_first);
}

TEST_CASE("decisions: torn and foreign lines are passed over") {
  sim::SimFiles disk;
  {
    DecisionLog log(disk, "decisions", {});
    for (int i = 1; i <= 3; ++i) REQUIRE(log.add(made(i)));
    REQUIRE(log.flush().has_value());
  }
  std::string& text = *disk.bytes_of("decisions/decisions-dec_00000001.jsonl");
  const std::string whole = text;
  const std::string third = made(3).json + "\n";
  for (std::size_t cut = 1; cut < third.size(); ++cut) {
    text = whole.substr(0, whole.size() - cut);
    DecisionLog log(disk, "decisions", {});
    const std::string expected = cut == 1 ? "3 2 1" : "2 1";
    CHECK(numbers(log.search({})) == expected);
    CHECK(log.find(made(3).id)->has_value() == (cut == 1));
  }
  text = whole.substr(0, 20) + "\n" + "{}\n[]\n\n\xff\n" +
         R"({"decision_id":"dec_x","at_ms":"1"})" + "\n" +
         R"({"decision_id":"dec_x","at_ms":1,"allowed":1})" + "\n" +
         R"({"at_ms":1,"allowed":true})" + "\n" + std::string(2'000'000, '[') + "\n" + third;
  (*disk.open("decisions/readme.txt", sys::OpenMode::truncate))->write("not ours\n");
  DecisionLog log(disk, "decisions", {});
  CHECK(numbers(log.search({})) == "3");
  CHECK(replayed(log) == "3");
}

TEST_CASE("decisions: after a start the older ones are there, and a new file is begun") {
  sim::SimFiles disk;
  {
    DecisionLog log(disk, "decisions", {});
    for (int i = 1; i <= 3; ++i) REQUIRE(log.add(made(i)));
    REQUIRE(log.flush().has_value());
    REQUIRE(log.add(made(4)));  // queued when the power fails
  }
  disk.crash();
  DecisionLog log(disk, "decisions", {});
  CHECK(numbers(log.search({})) == "3 2 1");
  REQUIRE(log.add(made(5)));
  REQUIRE(log.flush().has_value());
  CHECK(numbers(log.search({})) == "5 3 2 1");
  CHECK(files_of(disk).size() == 2);
}

// Fails the n-th operation of the disk in a run of eight writes, then writes what is left.
struct Fault {
  std::int64_t n = 0;
  sim::SimFiles::Fault kind = sim::SimFiles::Fault::not_stored;
};
std::int64_t run_with(const Fault& fault, sim::SimFiles& disk, DecisionLog& log) {
  const std::int64_t before = disk.operations();
  if (fault.n > 0) disk.fail_at(fault.n, fault.kind);
  for (int i = 1; i <= 24; ++i) {
    REQUIRE(log.add(made(i)));
    if (i % 3 == 0) (void)log.flush();
  }
  const std::int64_t used = disk.operations() - before;
  REQUIRE(log.flush().has_value());
  return used;
}

TEST_CASE("decisions: whichever write fails, each decision is kept and shown once") {
  using Kind = sim::SimFiles::Fault;
  const DecisionLogConfig config{.file_bytes_max = 1'024};
  std::string all;
  for (int i = 1; i <= 24; ++i) all += (i == 1 ? "" : " ") + std::to_string(i);
  sim::SimFiles whole;
  DecisionLog smooth(whole, "decisions", config);
  const std::int64_t operations = run_with({}, whole, smooth);
  REQUIRE(operations >= 16);
  for (const Kind kind : {Kind::not_stored, Kind::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n <= operations; ++n) {
      CAPTURE(n);
      CAPTURE(static_cast<int>(kind));
      sim::SimFiles disk;
      DecisionLog log(disk, "decisions", config);
      run_with({n, kind}, disk, log);
      CHECK(log.counters().failed == 1);
      CHECK(log.counters().logged == 24);
      CHECK(log.counters().dropped == 0);
      CHECK(replayed(log) == all);
      CHECK(log.search({.limit = 100})->size() == 24);
      disk.crash();
      DecisionLog after(disk, "decisions", config);
      CHECK(replayed(after) == all);
      for (int i = 1; i <= 24; ++i) CHECK(after.find(made(i).id)->has_value());
    }
  }
}

TEST_CASE("decisions: a write that was torn leaves nothing behind that spoils the next") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {});
  REQUIRE(log.add(made(1)));
  disk.fail_at(1, sim::SimFiles::Fault::stored_but_reported_failed);
  CHECK(!log.flush().has_value());
  std::string& text = *disk.bytes_of("decisions/decisions-dec_00000001.jsonl");
  text.resize(text.size() / 2);
  CHECK(numbers(log.search({})) == "1");
  REQUIRE(log.add(made(2)));
  REQUIRE(log.flush().has_value());
  CHECK(text == made(1).json + "\n" + made(2).json + "\n");
  CHECK(log.counters().failed == 1);
}

TEST_CASE(
    "decisions: a full disk loses only what the queue has no room for, and no old file early") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.queue_max = 4, .denied_reserve = 1, .files_max = 2});
  REQUIRE(log.add(made(1)));
  REQUIRE(log.flush().has_value());
  disk.set_capacity(disk.bytes_of("decisions/decisions-dec_00000001.jsonl")->size() + 10);
  for (int i = 2; i <= 9; ++i) {
    (void)log.add(made(i));
    CHECK(!log.flush().has_value());
  }
  CHECK(log.counters().failed == 8);
  CHECK(log.counters().dropped == 4);
  CHECK(numbers(log.search({})) == "5 4 3 2 1");
  disk.set_capacity(SIZE_MAX);
  REQUIRE(log.flush().has_value());
  CHECK(numbers(log.search({})) == "5 4 3 2 1");
  CHECK(log.counters().logged == 5);
}

TEST_CASE("decisions: threads that add, write and search lose nothing and see nothing twice") {
  sim::SimFiles disk;
  DecisionLog log(disk, "decisions", {.file_bytes_max = 4'096});
  constexpr int kEach = 400;
  std::atomic<std::int64_t> next = 1;
  std::atomic<bool> end = false;
  const auto add = [&] {
    for (int i = 0; i < kEach; ++i) (void)log.add(made(next++));
  };
  int twice = 0;
  std::thread writer([&] {
    while (!end) (void)log.flush();
  });
  std::thread adders[] = {std::thread(add), std::thread(add)};
  for (int i = 0; i < 20; ++i) {
    const auto found = log.search({.limit = 10'000});
    for (std::size_t k = 1; k < found->size(); ++k) twice += (*found)[k].id == (*found)[k - 1].id;
  }
  for (std::thread& adder : adders) adder.join();
  end = true;
  writer.join();
  REQUIRE(log.flush().has_value());
  CHECK(twice == 0);
  CHECK(log.counters().logged == 2 * kEach);
  CHECK(log.search({.limit = 10'000})->size() == 2 * kEach);
}

// The obvious twin: all decisions in a map.
struct Twin {
  std::map<std::string, std::pair<LoggedDecision, Made>> all;

  std::string search(const DecisionQuery& query) const {
    std::vector<LoggedDecision> out;
    for (auto one = all.rbegin(); one != all.rend() && out.size() < query.limit; ++one) {
      const auto& [decision, as] = one->second;
      const bool fits = (query.tenant.empty() || query.tenant == as.tenant) &&
                        (query.principal.empty() || query.principal == as.principal) &&
                        (!query.allowed || *query.allowed == as.allowed) &&
                        decision.at >= query.from && decision.at < query.to &&
                        (query.before.empty() || decision.id < query.before);
      if (fits) out.push_back(decision);
    }
    return numbers(out);
  }
};

DecisionQuery random_query(sim::SimRandom& random, std::int64_t last) {
  const auto pick = [&](std::uint64_t n) {
    return static_cast<std::int64_t>(random.next_u64() % n);
  };
  DecisionQuery query;
  if (pick(3) == 0) query.tenant = pick(2) == 0 ? "alpha" : "bravo";
  if (pick(4) == 0) query.principal = "bob";
  if (pick(3) == 0) query.allowed = pick(2) == 0;
  if (pick(4) == 0) query.from = from_unix_ms(kNow + pick(static_cast<std::uint64_t>(last)));
  if (pick(4) == 0) query.to = from_unix_ms(kNow + pick(static_cast<std::uint64_t>(last)));
  if (pick(3) == 0) query.before = made(pick(static_cast<std::uint64_t>(last))).id;
  query.limit = static_cast<std::size_t>(pick(30));
  return query;
}

TEST_CASE("decisions: answers are those of a map, whatever fails and in whatever order they come") {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CAPTURE(seed);
    sim::SimRandom random(seed);
    sim::SimFiles disk;
    auto log = std::make_unique<DecisionLog>(disk, "decisions",
                                             DecisionLogConfig{.file_bytes_max = 1'500});
    Twin twin;
    std::vector<std::int64_t> late;  // numbers that are added a little later than others
    const auto add = [&](std::int64_t n) {
      const Made as{.tenant = random.next_u64() % 2 == 0 ? "alpha" : "bravo",
                    .principal = random.next_u64() % 3 == 0 ? "bob" : "ada",
                    .allowed = random.next_u64() % 4 != 0};
      REQUIRE(log->add(made(n, as)));
      twin.all.emplace(made(n).id, std::pair(made(n, as), as));
    };
    std::int64_t last = 0;
    for (int step = 0; step < 150; ++step) {
      ++last;
      if (random.next_u64() % 3 == 0) {
        late.push_back(last);
      } else {
        add(last);
      }
      if (random.next_u64() % 10 == 0) {
        disk.fail_at(random.next_u64() % 2 == 0 ? 1 : 2,
                     random.next_u64() % 2 == 0 ? sim::SimFiles::Fault::not_stored
                                                : sim::SimFiles::Fault::stored_but_reported_failed);
      }
      // Who is late misses one write.
      if (random.next_u64() % 3 == 0) {
        (void)log->flush();
        for (const std::int64_t n : late) add(n);
        late.clear();
      }
      const DecisionQuery query = random_query(random, last);
      REQUIRE(numbers(log->search(query)) == twin.search(query));
    }
    (void)log->flush();  // where a fault may still wait
    REQUIRE(log->flush().has_value());
    std::string oldest_first;
    for (const auto& [id, one] : twin.all) {
      oldest_first += (oldest_first.empty() ? "" : " ") + std::to_string(*parse_int(id.substr(4)));
      REQUIRE(log->find(id)->has_value());
    }
    CHECK(replayed(*log) == oldest_first);
    log = std::make_unique<DecisionLog>(disk, "decisions", DecisionLogConfig{});
    CHECK(replayed(*log) == oldest_first);
  }
}

}  // namespace
}  // namespace mc::access
