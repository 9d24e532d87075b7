#include "log/log.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <random>
#include <thread>

#include "json/json.h"
#include "sim/sim.h"

namespace mc::log {
namespace {

// A file that fails on demand and can run code inside a write, as a slow output would allow.
class TestFile final : public sys::File {
 public:
  Result<std::size_t> read(std::span<char>) override { return std::size_t{0}; }
  Status write(std::string_view text) override {
    ++writes;
    if (on_write) on_write();
    if (broken) return fail(Code::unavailable, "broken pipe");
    bytes += text;
    return ok();
  }
  Status sync() override { return ok(); }
  Status seek(std::int64_t) override { return ok(); }
  Result<std::int64_t> size() override { return static_cast<std::int64_t>(bytes.size()); }

  std::string bytes;
  int writes = 0;
  bool broken = false;
  std::function<void()> on_write;
};

json::Value parsed(std::string_view line) {
  REQUIRE(!line.empty());
  REQUIRE(line.back() == '\n');
  line.remove_suffix(1);
  CHECK(line.find('\n') == std::string_view::npos);
  const Result<json::Value> value = json::parse(line);
  REQUIRE_MESSAGE(value.has_value(), value.error().what << " in " << std::string(line));
  return *value;
}

TEST_CASE("log: an event is one JSON line with the time first") {
  sim::SimClock clock;
  clock.advance(millis(61'007));
  MemorySink sink;
  Log log(clock, sink);
  log.event("export.blocked", {{"tenant", TenantId("alpha")},
                               {"why", Code::denied},
                               {"rows", 42},
                               {"bytes", std::size_t{7}},
                               {"ratio", 0.25},
                               {"retry", false}});
  REQUIRE(sink.lines().size() == 1);
  CHECK(sink.lines()[0] ==
        R"({"ts":"2026-01-01T00:01:01.007Z","level":"info","event":"export.blocked",)"
        R"("tenant":"alpha","why":"denied","rows":42,"bytes":7,"ratio":0.25,"retry":false})"
        "\n");
}

TEST_CASE("log: text for people keeps the same facts") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink, {.level = Level::debug, .format = Format::text});
  sink.expect_error("a.failed");
  log.debug("a.b", {});
  log.warn("a.b", {{"plain", "x"}, {"odd", "two words"}, {"empty", ""}, {"n", -3}});
  log.error("a.failed", {{"odd", "a\nb\x1b[31m"}});
  const std::vector<std::string> lines = sink.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "2026-01-01T00:00:00.000Z debug a.b\n");
  CHECK(lines[1] ==
        "2026-01-01T00:00:00.000Z warn  a.b plain=x odd=\"two words\" empty=\"\" n=-3\n");
  CHECK(lines[2] == "2026-01-01T00:00:00.000Z error a.failed odd=\"a\\nb\\u001b[31m\"\n");
}

TEST_CASE("log: lines below the level are not made") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink, {.level = Level::warn});
  log.event("a.b", {});
  CHECK(sink.lines().empty());
  CHECK(!log.enabled(Level::info));
  log.set_level(Level::info);
  log.event("a.b", {});
  CHECK(sink.lines().size() == 1);
}

TEST_CASE("log: the time follows the clock, also backwards") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    clock.jump_wall(Nanos{static_cast<std::int64_t>(random()) - 2'000'000'000});
    log.event("a.b", {});
    CHECK(*parsed(sink.lines().back()).find("ts")->as_string() == format_rfc3339(clock.wall()));
  }
}

TEST_CASE("log: any bytes in a value come out as one valid line with the same meaning") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(random());
    log.event("a.b", {{"v", text}});
    const json::Value line = parsed(sink.lines().back());
    if (is_valid_utf8(text)) CHECK(*line.find("v")->as_string() == text);
  }
}

TEST_CASE("log: awkward texts") {
  struct Row {
    const char* text;
    const char* json;
  };
  const Row rows[] = {
      {"\"\\/", R"("\"\\/")"},
      {"\n\r\t\b\x7f", R"("\n\r\t\u0008\u007f")"},
      {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
       "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\""},
      {"\xc2\x9b"
       "31m",
       R"("\u009b31m")"},
      {"\xff", R"("\ufffd")"},
      {"\xc0\xaf", R"("\ufffd\ufffd")"},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
      {"\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
      {"\xe2\x82", R"("\ufffd\ufffd")"},
  };
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  for (const Row& row : rows) {
    log.event("a.b", {{"v", row.text}});
    const std::string line = sink.lines().back();
    CHECK(line.substr(line.find("\"v\":") + 4) == std::string(row.json) + "}\n");
  }
}

TEST_CASE("log: numbers without a JSON form are null") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  log.event("a.b", {{"x", std::numeric_limits<double>::quiet_NaN()},
                    {"y", std::numeric_limits<double>::infinity()},
                    {"z", std::numeric_limits<std::int64_t>::min()}});
  const json::Value line = parsed(sink.lines().back());
  CHECK(line.find("x")->is_null());
  CHECK(line.find("y")->is_null());
  CHECK(*line.find("z")->as_int() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("log: long values are cut with a mark and the line keeps its limit") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  for (const std::size_t length : {1020U, 1024U, 1025U, 5000U, 100'000U}) {
    for (const char* unit : {"a", "\"", "\xe2\x82\xac", "\xff"}) {
      std::string text;
      while (text.size() < length) text += unit;
      log.event("a.b", {{"a", text}, {"b", text}, {"c", text}, {"d", text}, {"last", 1}});
      CHECK(sink.lines().back().size() <= kLineMax);
      const json::Value line = parsed(sink.lines().back());
      const std::string& shown = *line.find("a")->as_string();
      const bool cut = shown.size() >= 3 && shown.substr(shown.size() - 3) == "…";
      const bool fits = length <= 1024 && (*unit == 'a' || text.size() <= 1024) && *unit != '"' &&
                        *unit != '\xff';
      CHECK(cut == !fits);
    }
  }
}

TEST_CASE("log: fields that do not fit are counted, not lost silently") {
  sim::SimClock clock;
  MemorySink sink;
  Log log(clock, sink);
  const std::string big(2000, 'x');
  log.event("a.b", {{"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", big}, {"f", big}});
  const json::Value line = parsed(sink.lines().back());
  REQUIRE(line.find("cut") != nullptr);
  CHECK(*line.find("cut")->as_int() == 2);
  CHECK(line.find("d") != nullptr);
  CHECK(line.find("e") == nullptr);
}

TEST_CASE("log: the file sink writes at its size, at a warning, and when its time is up") {
  sim::SimClock clock;
  TestFile file;
  FileSink sink(file, clock, {.flush_bytes = 180});
  Log log(clock, sink);
  log.event("a.b", {});
  CHECK(file.writes == 0);
  clock.advance(millis(99));
  sink.tick();
  CHECK(file.writes == 0);
  clock.advance(millis(1));
  sink.tick();
  CHECK(file.writes == 1);
  sink.tick();
  CHECK(file.writes == 1);
  log.warn("a.b", {});
  CHECK(file.writes == 2);
  for (int i = 0; i < 3; ++i) log.event("a.b", {});
  CHECK(file.writes == 3);
  log.event("a.b", {});
  sink.flush();
  CHECK(file.writes == 4);
  CHECK(split(file.bytes, '\n').size() == 7);
  CHECK(sink.dropped() == 0);
}

TEST_CASE("log: an unbuffered sink writes each line at once") {
  sim::SimClock clock;
  TestFile file;
  FileSink sink(file, clock, {.flush_bytes = 0});
  Log log(clock, sink);
  for (int i = 1; i <= 5; ++i) {
    log.event("a.b", {{"i", i}});
    CHECK(file.writes == i);
  }
}

TEST_CASE("log: what is left is written when the sink ends") {
  sim::SimClock clock;
  TestFile file;
  {
    FileSink sink(file, clock);
    Log(clock, sink).event("a.b", {});
  }
  parsed(file.bytes);
}

TEST_CASE("log: lines lost to a broken output are counted and told later") {
  sim::SimClock clock;
  TestFile file;
  FileSink sink(file, clock, {.flush_bytes = 0});
  Log log(clock, sink);
  file.broken = true;
  for (int i = 0; i < 3; ++i) log.event("a.b", {});
  CHECK(sink.dropped() == 3);
  CHECK(file.bytes.empty());
  file.broken = false;
  log.event("a.c", {});
  CHECK(sink.dropped() == 3);
  const std::vector<std::string_view> lines = split(file.bytes, '\n');
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].empty());  // ends whatever the failed write had begun
  const json::Value note = parsed(std::string(lines[1]) + "\n");
  CHECK(*note.find("event")->as_string() == "log.dropped");
  CHECK(*note.find("lines")->as_int() == 3);
  CHECK(*parsed(std::string(lines[2]) + "\n").find("event")->as_string() == "a.c");
}

TEST_CASE("log: while one thread writes, others leave lines up to the limit and drop the rest") {
  sim::SimClock clock;
  TestFile file;
  FileSink sink(file, clock, {.flush_bytes = 0, .bytes_max = 1000});
  Log log(clock, sink);
  const std::string filler(200, 'x');
  bool first = true;
  file.on_write = [&] {
    if (!std::exchange(first, false)) return;
    // A second thread, as the writing one holds the output.
    std::thread([&] {
      for (int i = 0; i < 10; ++i) log.event("b.b", {{"filler", filler}});
    }).join();
  };
  log.event("a.b", {});
  CHECK(sink.dropped() == 7);  // three lines of 270 bytes fit into 1000
  CHECK(file.writes == 2);     // the writer took what the other thread had left
  const std::vector<std::string_view> lines = split(file.bytes, '\n');
  REQUIRE(lines.size() == 6);
  CHECK(lines[1].find("\"event\":\"log.dropped\",\"lines\":7") != std::string_view::npos);
}

TEST_CASE("log: lines of many threads stay whole and complete") {
  sim::SimClock clock;
  TestFile file;
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  {
    FileSink sink(file, clock, {.flush_bytes = 4096});
    Log log(clock, sink);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < kLines; ++i) log.event("a.b", {{"t", t}, {"i", i}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::vector<int> next(kThreads, 0);
  std::vector<std::string_view> lines = split(file.bytes, '\n');
  lines.pop_back();
  CHECK(lines.size() == kThreads * kLines);
  for (const std::string_view text : lines) {
    const json::Value line = parsed(std::string(text) + "\n");
    const auto t = static_cast<std::size_t>(*line.find("t")->as_int());
    CHECK(*line.find("i")->as_int() == next[t]++);
  }
}

TEST_CASE("log: an error event that no test announced is found") {
  sim::SimClock clock;
  MemorySink sink(1);
  Log log(clock, sink);
  sink.expect_error("known.failed");
  log.error("known.failed", {});
  CHECK(sink.unexpected_errors().empty());
  log.error("other.failed", {{"text", "\"event\":\"known.failed\""}});
  REQUIRE(sink.unexpected_errors().size() == 1);  // found although the line itself was dropped
  CHECK(sink.dropped() == 1);
  CHECK(sink.count("known.failed") == 1);
  sink.clear();  // or this test would, rightly, abort
  CHECK(sink.unexpected_errors().empty());
}

}  // namespace
}  // namespace mc::log
