#include "budget/journal.h"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "budget/replay.h"
#include "contract/budget_recorder.h"

namespace mc::budget {
namespace {

constexpr const char* kSettings = R"({"budgets": {"starter": {"gql_qps": 2, "seats": 5}}})";
constexpr std::size_t kUnlimited = SIZE_MAX;

// Denied by what nodes share.
Decision of_store(WallTime wall) {
  Decision out;
  out.seq = 7;
  out.at = {1'500};
  out.wall = wall;
  out.request = "r";
  out.tenant = "alpha";
  out.plan = "starter";
  out.user = "ana";
  out.asked.set(Dimension::requests, 1);
  out.shared = true;
  out.against.emplace_back();
  out.against.back().amount = 1;
  out.against.back().quota = 2;
  return out;
}

TEST_CASE("journal line: each kind is printed as the format says, and read back") {
  Decision decision;
  decision.seq = 7;
  decision.at = {1'500};
  decision.wall = {1'800'000'000'000'001'500};
  decision.request = "req_\"1\"";
  decision.tenant = "alpha";
  decision.plan = "starter";
  decision.user = "ana\n";
  decision.route = "/shop";
  decision.asked.set(Dimension::requests, 1).set(Dimension::seats, 1);
  decision.eligible_at = 640;
  decision.against = {{Scope::tenant_user, Dimension::requests, 1, 2, 0, 640, false},
                      {Scope::tenant, Dimension::day_credits, 3, 2, 1, kNever, true}};
  decision.warned = true;
  decision.has_nearest = true;
  decision.nearest = decision.against[0];
  Override rule;
  rule.id = "ovr_1";
  rule.scope = Scope::tenant_route;
  rule.route = "/shop";
  rule.amount = 5;
  rule.until = {9};
  rule.state = OverrideState::active;
  struct Row {
    JournalEvent event;
    std::string text;
  };
  const Row rows[] = {
      {decision,
       R"({"event":"decided","seq":7,"at_ns":1500,"wall_ns":1800000000000001500,)"
       R"("request":"req_\"1\"","step":1,"tenant":"alpha","plan":"starter","user":"ana\n",)"
       R"("route":"/shop","asked":{"requests":1,"seats":1},"outcome":"denied","eligible_at":640,)"
       R"("against":[{"policy":"tenant-user-requests","asked":1,"quota":2,"left":0,)"
       R"("eligible_at":640},{"policy":"tenant-day_credits","asked":3,"quota":2,"left":1,)"
       R"("eligible_at":-1,"warns":true}],"nearest":{"policy":"tenant-user-requests","asked":1,)"
       R"("quota":2,"left":0,"eligible_at":640}})"},
      {of_store(decision.wall),
       R"({"event":"decided","seq":7,"at_ns":1500,"wall_ns":1800000000000001500,)"
       R"("request":"r","step":1,"tenant":"alpha","plan":"starter","user":"ana","route":"",)"
       R"("asked":{"requests":1},"outcome":"denied_shared",)"
       R"("against":[{"policy":"tenant-requests","asked":1,"quota":2,"left":0}]})"},
      {Settlement{8, 7, {2'000}, Amounts().set(Dimension::bytes, 9)},
       R"({"event":"settled","seq":8,"of":7,"at_ns":2000,"used":{"bytes":9}})"},
      {QueueFact{9, 0, {1}, "r", "alpha", {5}, 4, 4, 2, "timeout"},
       R"({"event":"queued","seq":9,"of":0,"at_ns":1,"request":"r","tenant":"alpha",)"
       R"("waited_ns":5,"seats":4,"in_use":4,"position":2,"shed":"timeout"})"},
      {Overridden{10, {1}, "alpha", {rule}},
       R"({"event":"overridden","seq":10,"at_ns":1,"tenant":"alpha","rules":[{"id":"ovr_1",)"
       R"("scope":"tenant-route","route":"/shop","dimension":"requests","amount":5,"from_ns":0,)"
       R"("until_ns":9,"asked_ns":0}]})"},
      {Loss{11, 3}, R"({"event":"lost","seq":11,"count":3})"},
  };
  for (const Row& row : rows) {
    CHECK(print_line(row.event) == row.text);
    const auto read = parse_line(row.text);
    if (!read) FAIL(read.error().what);
    CHECK(read->index() == row.event.index());
    CHECK(print_line(*read) == row.text);
  }
}

TEST_CASE("journal line: counts that were given back") {
  const Restored restored{
      11,
      {1},
      {2},
      {{.scope = Scope::tenant_user, .tenant = "alpha", .user = "ana", .window = 20'483, .used = 7},
       {.scope = Scope::global,
        .dimension = Dimension::month_credits,
        .window = 672,
        .used = kWindowUsedMax}}};
  const std::string text =
      R"({"event":"restored","seq":11,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenant-user",)"
      R"("tenant":"alpha","user":"ana","dimension":"day_credits","window":20483,"used":7},)"
      R"({"scope":"global","dimension":"month_credits","window":672,"used":17592186044415}]})";
  CHECK(print_line(restored) == text);
  const auto read = parse_line(text);
  if (!read) FAIL(read.error().what);
  CHECK(std::get<Restored>(*read).counts == restored.counts);
  // As many as there may be, with names that are as long as they get, fit a line.
  Restored most = restored;
  const std::string name(kJournalNameMax, '\1');
  most.counts.assign(
      kJournalCountsMax,
      {.scope = Scope::tenant_route, .tenant = name, .route = name, .used = kWindowUsedMax});
  CHECK(parse_line(print_line(most)).has_value());
}

TEST_CASE("journal line: a header carries its settings, and their hash") {
  const JournalHeader header = journal_header(kSettings);
  const std::string text = print_line(header);
  CHECK(text.find(R"("kind":"mc.admission/v1")") != std::string::npos);
  CHECK(text.find("\"hash\":\"" + hash_of(header.settings) + "\"") != std::string::npos);
  const auto read = parse_line(text);
  if (!read) FAIL(read.error().what);
  const auto& again = std::get<JournalHeader>(*read);
  CHECK(again.run == "adm_1");
  CHECK(again.paths == header.paths);
  CHECK(canonical(again.settings) == canonical(header.settings));
  // One of a version that knew fewer settings.
  const std::string older =
      R"({"event":"header","kind":"mc.admission/v1","run":"adm_1","started_ns":0,"file":1,)"
      R"("first":1,"hash":"sha256:)" +
      to_hex(sys::sha256(R"({"budgets":{"starter":{"gql_qps":2}}})")) +
      R"(","paths":[],"settings":{"budgets":{"starter":{"gql_qps":2}}}})";
  const auto known = parse_line(older);
  if (!known) FAIL(known.error().what);
  CHECK(print_line(*known) == older);
  CHECK(std::get<JournalHeader>(*known).settings.plans.at("starter").gql_qps == 2);
  std::string other = text;
  other.replace(other.find("\"gql_qps\":2"), 11, "\"gql_qps\":3");
  CHECK(parse_line(other).error().what == "hash is not that of the settings");
}

TEST_CASE("journal line: what is no such line is refused, and says which member") {
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {"", "expected a value"},
      {"{}", "no event"},
      {R"({"event":"other"})", "event: no such one: other"},
      {R"({"event":"lost","seq":0,"count":3})", "seq"},
      {R"({"event":"lost","seq":1,"count":1,"x":1})", "x"},
      {R"({"event":"lost","count":3,"seq":11})", "not written as such lines are"},
      {R"({"event":"lost", "seq":11,"count":3})", "not written as such lines are"},
      {R"({"event":"settled","seq":8,"of":7,"at_ns":-1,"used":{}})", "at_ns"},
      {R"({"event":"settled","seq":8,"of":7,"at_ns":126144000000000001,"used":{}})", "at_ns"},
      {R"({"event":"settled","seq":8,"of":7,"at_ns":1,"used":{"bytes":0}})", "used.bytes is 0"},
      {R"({"event":"settled","seq":8,"of":7,"at_ns":1,"used":{"bytes":1000000000000001}})",
       "used.bytes is 1000000000000001, must be 1 to 1000000000000000"},
      {R"({"event":"settled","seq":8,"of":7,"at_ns":1,"used":{"day_credits":1}})",
       "used.day_credits: no such dimension"},
      {R"({"event":"overridden","seq":1,"at_ns":1,"tenant":"a","rules":[{"id":"o",)"
       R"("scope":"global","dimension":"seats","amount":1,"from_ns":0,"until_ns":1,)"
       R"("asked_ns":0}]})",
       "scope"},
      {R"({"event":"overridden","seq":1,"at_ns":1,"tenant":"a","rules":[{"id":"o",)"
       R"("scope":"tenant","dimension":"seats","from_ns":0,"until_ns":1,"asked_ns":0}]})",
       "amount: one of amount and factor"},
      {R"({"event":"restored","seq":1,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenant",)"
       R"("dimension":"credits","window":1,"used":1}]})",
       "dimension: it is day_credits or month_credits"},
      {R"({"event":"restored","seq":1,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenants",)"
       R"("dimension":"day_credits","window":1,"used":1}]})",
       "scope: no such one"},
      {R"({"event":"restored","seq":1,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenant",)"
       R"("dimension":"day_credits","window":1048576,"used":1}]})",
       "window"},
      {R"({"event":"restored","seq":1,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenant",)"
       R"("dimension":"day_credits","window":1,"used":0}]})",
       "used"},
      {R"({"event":"header","kind":"mc.admission/v2","run":"a","started_ns":0,"file":1,"first":1,)"
       R"("hash":"","paths":[],"settings":{}})",
       "kind is mc.admission/v2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_line(row.text);
    REQUIRE_FALSE(read.has_value());
    CAPTURE(read.error().what);
    CHECK(read.error().code == Code::invalid);
    CHECK(read.error().what.find(row.what) != std::string::npos);
  }
  CHECK_FALSE(parse_line(std::string(kJournalLineMax + 1, ' ')).has_value());
}

TEST_CASE("journal: what was asked and used is in memory, in order") {
  Recorder recorder(journal_header(kSettings));
  std::vector<Recorder::Asked> asked;
  for (int i = 0; i < 3; ++i) {
    asked.push_back(recorder.ask({.request = "r" + std::to_string(i)}, recorder.moment(millis(i))));
  }
  recorder.end(asked[0], Amounts().set(Dimension::requests, 1), recorder.moment(millis(9)));
  recorder.journal.turn().queued({asked[1].seq, "r1", "alpha", millis(2), 4, 4, 1, "timeout"},
                                 recorder.moment(millis(10)));
  const std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  REQUIRE(events.size() == 6);
  CHECK(std::get<JournalHeader>(events[0]).first == 1);
  CHECK(outcome_of(std::get<Decision>(events[1])) == "admitted");
  CHECK(std::get<Decision>(events[2]).at == millis(1));
  CHECK(std::get<Decision>(events[2]).wall == recorder.started + millis(1));
  const auto& denied = std::get<Decision>(events[3]);
  CHECK(outcome_of(denied) == "denied");
  CHECK(policy_of(denied.against.at(0)) == "tenant-requests");
  CHECK(denied.eligible_at == asked[2].answer.eligible_at);
  CHECK(std::get<Settlement>(events[4]).of == 1);
  CHECK(std::get<QueueFact>(events[5]).shed == "timeout");
  CHECK(recorder.journal.counters().events == 5);
  CHECK(recorder.journal.flush().has_value());  // no folder: nothing to do
}

TEST_CASE("journal: names that are long or no text are readable, and stay different ones") {
  Recorder recorder(journal_header(kSettings));
  const std::string one(300, 'x'), other = one + "y";
  recorder.ask({.request = one}, recorder.moment({}));
  recorder.ask({.request = other}, recorder.moment({}));
  recorder.ask({.request = "\xff\xfe", .user = std::string(400, '\xe4')}, recorder.moment({}));
  const std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  REQUIRE(events.size() == 4);
  const auto& first = std::get<Decision>(events[1]).request;
  CHECK(first.size() <= kJournalNameMax);
  CHECK(first.starts_with("xxxx"));
  CHECK(first != std::get<Decision>(events[2]).request);
  CHECK(std::get<Decision>(events[3]).request == "~fffe");
}

struct Read {
  std::set<std::int64_t> seqs;
  std::int64_t missing = 0, repeated = 0, lost = 0;
  std::size_t cut = 0;
};

Read read_folder(sim::SimFiles& files) {
  Read out;
  auto reader = JournalReader::open(files, "log");
  if (!reader) FAIL(reader.error().what);
  while (true) {
    const auto line = reader->next();
    if (!line) FAIL(line.error().what);
    if (!*line) break;
    const JournalEvent& event = (*line)->event;
    if (std::holds_alternative<JournalHeader>(event)) continue;
    if (const auto* loss = std::get_if<Loss>(&event)) {
      out.lost += loss->count;
    } else {
      CHECK(out.seqs.insert(seq_of(event)).second);
    }
  }
  out.missing = reader->missing();
  out.repeated = reader->repeated();
  out.cut = reader->cut().size();
  return out;
}

TEST_CASE(
    "journal files: runs follow each other, gaps are counted, what is there twice is given once") {
  const auto header = [](const std::string& run, std::int64_t first) {
    JournalHeader out = journal_header(kSettings, run);
    out.first = first;
    return print_line(out) + "\n";
  };
  const auto settled = [](std::int64_t seq) {
    return print_line(Settlement{seq, 1, {seq}, {}}) + "\n";
  };
  const std::string text = header("adm_1", 1) + settled(1) + settled(2) + header("adm_1", 2) +
                           settled(2) + settled(3) + settled(6) + print_line(Loss{7, 2}) + "\n" +
                           settled(9) + header("adm_2", 5) + settled(5);
  JournalReader reader = JournalReader::of_text(text, "log");
  std::vector<std::int64_t> seqs;
  while (true) {
    const auto line = reader.next();
    if (!line) FAIL(line.error().what);
    if (!*line) break;
    CHECK(print_line((*line)->event) == (*line)->text);
    if (std::holds_alternative<Settlement>((*line)->event)) seqs.push_back(seq_of((*line)->event));
  }
  CHECK(seqs == std::vector<std::int64_t>{1, 2, 3, 6, 9, 5});
  CHECK(reader.repeated() == 1);
  CHECK(reader.missing() == 4);
  CHECK(reader.partial_runs() == 1);
  CHECK(reader.bytes_read() == reader.bytes());
  struct Row {
    std::string text;
    const char* what;
  };
  const Row rows[] = {{settled(1), "log:1: a log begins with a header"},
                      {header("adm_1", 1) + "x\n", "log:2: invalid JSON"},
                      {header("adm_1", 1) + settled(1) + "\n", "log:3: invalid JSON"}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    JournalReader wrong = JournalReader::of_text(row.text, "log");
    auto line = wrong.next();
    while (line && *line) line = wrong.next();
    REQUIRE_FALSE(line.has_value());
    CHECK(line.error().what.starts_with(row.what));
  }
  sim::SimFiles files;
  CHECK(JournalReader::open(files, "nowhere").error().code == Code::not_found);
}

TEST_CASE("journal: files are rotated by size, and the oldest deleted") {
  Recorder recorder(journal_header(kSettings),
                    {.folder = "log", .file_bytes_max = 4'096, .files_max = 3});
  for (int i = 0; i < 200; ++i) {
    recorder.ask({.request = "r" + std::to_string(i)}, recorder.moment(millis(i)));
    if (i % 5 == 4) CHECK(recorder.journal.flush().has_value());
  }
  const std::vector<std::string> names = *recorder.files.list("log");
  CHECK(names.size() == 3);
  for (const std::string& name : names) {
    CHECK(name.starts_with("admission-adm_1-0000"));
    CHECK(recorder.files.bytes_of("log/" + name)->size() < 8'000);
  }
  const Read read = read_folder(recorder.files);
  CHECK(read.missing == 0);
  CHECK(*read.seqs.rbegin() == 200);
  CHECK(read.seqs.size() == 201U - static_cast<std::size_t>(*read.seqs.begin()));
  CHECK(recorder.journal.counters().written == 200);
  // A torn last line is told and nothing else.
  recorder.files.bytes_of("log/" + names.back())->append(R"({"event":"deci)");
  const Read torn = read_folder(recorder.files);
  CHECK(torn.cut == 1);
  CHECK(torn.seqs == read.seqs);
}

TEST_CASE("journal: whichever write fails, every event is in the files once") {
  using Fault = sim::SimFiles::Fault;
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n < 40; ++n) {
      CAPTURE(n);
      Recorder recorder(journal_header(kSettings),
                        {.folder = "log", .file_bytes_max = 4'096, .files_max = 100});
      recorder.files.fail_at(n, fault);
      int failed = 0;
      for (int i = 0; i < 60; ++i) {
        recorder.ask({.request = "r" + std::to_string(i)}, recorder.moment(millis(i)));
        if (i % 6 == 5) failed += recorder.journal.flush().has_value() ? 0 : 1;
      }
      CHECK(recorder.journal.flush().has_value());
      CHECK(failed == (n <= recorder.files.operations() ? 1 : 0));
      CHECK(recorder.journal.counters().failed == static_cast<std::uint64_t>(failed));
      const Read read = read_folder(recorder.files);
      CHECK(read.seqs.size() == 60);
      CHECK(read.missing == 0);
      CHECK(recorder.journal.counters().lost == 0);
    }
  }
}

TEST_CASE("journal: what a full disk makes it lose is counted, and told once it writes again") {
  Recorder recorder(journal_header(kSettings), {.memory_bytes_max = 256 << 10, .folder = "log"});
  recorder.files.set_capacity(3'000);
  for (int i = 0; i < 20'000; ++i) {
    const auto asked =
        recorder.ask({.request = "r" + std::to_string(i)}, recorder.moment(millis(i)));
    CHECK(asked.seq == i + 1);  // requests go on
    if (i % 1'000 == 3) static_cast<void>(recorder.journal.flush());
  }
  CHECK(recorder.journal.counters().failed > 10);
  CHECK(recorder.journal.counters().memory_bytes <= 256 << 10);
  recorder.files.set_capacity(kUnlimited);
  CHECK(recorder.journal.flush().has_value());
  const Read read = read_folder(recorder.files);
  CHECK(read.lost > 0);
  CHECK(read.missing == read.lost);
  CHECK(read.seqs.size() + static_cast<std::size_t>(read.lost) == 20'000);
  CHECK(recorder.journal.counters().lost == static_cast<std::uint64_t>(read.lost));
}

TEST_CASE("journal: what is too old leaves the memory") {
  Recorder recorder(journal_header(kSettings), {.memory_age_max = seconds(60)});
  for (int i = 0; i < 3'000; ++i) {
    recorder.ask({.request = "r"}, recorder.moment(millis(i)));
  }
  for (int i = 0; i < 3'000; ++i) {
    recorder.ask({.request = "r"}, recorder.moment(seconds(90) + millis(i)));
  }
  const std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  CHECK(std::get<JournalHeader>(events[0]).first > 1);
  CHECK(events.size() < 4'500);
  CHECK(seq_of(events.back()) == 6'000);
}

TEST_CASE("journal: what its settings may be") {
  CHECK(JournalConfig().check().has_value());
  const JournalConfig rows[] = {
      {.memory_bytes_max = 1}, {.memory_age_max = {}}, {.file_bytes_max = 1}, {.files_max = 1}};
  const char* const names[] = {"memory_bytes_max", "memory_age_max", "file_bytes_max", "files_max"};
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CHECK(rows[i].check().error().what.starts_with(std::string("journal.") + names[i]));
  }
}

// The order of the journal is that of the book, whoever comes first: shared budgets at their limit
// say otherwise at once.
TEST_CASE("journal: decisions of many threads replay as they were made") {
  Recorder recorder(journal_header(
      R"({"budgets": {"starter": {"gql_qps": 500000, "burst": 0.01, "bytes_per_s": 900000,
                                  "seats": 3, "together": {"seats": 5}}},
          "admission": {"global": {"gql_qps": 900000, "burst": 0.01,
                                   "credits_per_day": 100000}}})"));
  const std::unique_ptr<sys::Clock> clock = sys::real_clock();
  const MonoTime start = clock->mono();
  const auto work = [&](int thread) {
    const std::string tenant = thread % 2 == 0 ? "alpha" : "bravo";
    const Amounts amounts = Amounts()
                                .set(Dimension::requests, 1)
                                .set(Dimension::seats, 1)
                                .set(Dimension::bytes, 1)
                                .set(Dimension::credits, 3);
    std::vector<Recorder::Asked> open;
    for (int i = 0; i < 4'000; ++i) {
      const auto now = [&] { return recorder.moment(clock->mono() - start); };
      auto asked = recorder.ask({.request = "r", .tenant = tenant, .amounts = amounts}, now());
      if (asked.answer.admitted) open.push_back(std::move(asked));
      if (open.size() < 2) continue;
      recorder.end(open[0], Amounts().set(Dimension::bytes, i % 50).set(Dimension::credits, i % 5),
                   now());
      open.erase(open.begin());
    }
    for (Recorder::Asked& asked : open)
      recorder.end(asked, {}, recorder.moment(clock->mono() - start));
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  Verifier verifier;
  for (const JournalEvent& event : events_of(recorder.journal.snapshot())) {
    CHECK(verifier.run(event).has_value());
  }
  CHECK(verifier.report().decisions == 16'000);
  CHECK(verifier.report().settlements > 0);
  CHECK(verifier.report().differences == 0);
  CAPTURE(verifier.report().logged);
  CAPTURE(verifier.report().replayed);
  CHECK(verifier.report().same());
}

}  // namespace
}  // namespace mc::budget
