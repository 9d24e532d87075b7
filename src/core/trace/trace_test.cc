#include "trace/trace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "json/json.h"
#include "sim/sim.h"

namespace mc::trace {
namespace {

constexpr const char* kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct World {
  sim::SimClock clock;
  sim::SimRandom random{7};
  log::MemorySink sink;
  log::Log log{clock, sink};
};

TEST_CASE("trace: traceparent is read as the specification says") {
  struct Row {
    const char* header;
    bool accepted;
    bool sampled;
  };
  const Row rows[] = {
      {kGood, true, true},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true, true},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02", true, false},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true, true},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future", true, true},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", false, false},
      {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false, false},
      {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, false},
      {"0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, false},
      {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00F067aa0ba902b7-01", false, false},
      {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", false, false},
      {"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false, false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false, false},
      {" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, false},
      {"", false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    const Result<Context> context = parse_traceparent(row.header);
    REQUIRE(context.has_value() == row.accepted);
    if (!context) continue;
    CHECK(context->sampled == row.sampled);
    CHECK(context->trace_id_hex() == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(context->span_id_hex() == "00f067aa0ba902b7");
  }
  CHECK(format_traceparent(*parse_traceparent(kGood)) == kGood);
}

TEST_CASE("trace: tracestate is read as the specification says") {
  const std::string key256 = "k" + std::string(255, '0');
  const std::string tenant241(241, '1');
  const std::string value256(256, 'v');
  struct Row {
    std::string header;
    bool accepted;
    std::string list;
  };
  const Row rows[] = {
      {"", true, ""},
      {"foo=1", true, "foo=1"},
      {"foo=1,bar=2", true, "foo=1,bar=2"},
      {" foo=1 \t,\t bar=2 ", true, "foo=1,bar=2"},
      {",foo=1,,bar=2, ,", true, "foo=1,bar=2"},
      {"a-*_/0=~ !", true, "a-*_/0=~ !"},
      {"0t@v=1", true, "0t@v=1"},
      {"foo=a b", true, "foo=a b"},
      {key256 + "=1", true, key256 + "=1"},
      {tenant241 + "@" + "v2345678901234=1", true, tenant241 + "@v2345678901234=1"},
      {"k=" + value256, true, "k=" + value256},
      {"foo=1,foo=2", false, ""},
      {"foo", false, ""},
      {"=1", false, ""},
      {"foo=", false, ""},
      {"foo =1", false, ""},
      {"Foo=1", false, ""},
      {"0foo=1", false, ""},
      {"foo=1=2", false, ""},
      {"foo=\x1f", false, ""},
      {"foo=\x7f", false, ""},
      {"foo=\xc3\xbc", false, ""},
      {"foo@=1", false, ""},
      {"@foo=1", false, ""},
      {"foo@0v=1", false, ""},
      {"foo@a@b=1", false, ""},
      {key256 + "0=1", false, ""},
      {tenant241 + "1@v=1", false, ""},
      {"t@v23456789012345=1", false, ""},
      {"k=" + value256 + "v", false, ""},
      {std::string(8193, ','), false, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    const Result<std::string> list = parse_tracestate(row.header);
    REQUIRE(list.has_value() == row.accepted);
    if (list) CHECK(*list == row.list);
  }
}

TEST_CASE("trace: tracestate has at most 32 members") {
  std::string header;
  for (int i = 0; i < 32; ++i) header += (i == 0 ? "k" : ",k") + std::to_string(i) + "=1";
  CHECK(parse_tracestate(header) == header);
  CHECK(!parse_tracestate(header + ",last=1").has_value());
}

TEST_CASE("trace: a long tracestate loses whole members, the long ones first") {
  const std::string big = "big=" + std::string(200, 'b');
  const std::string small = "s" + std::string(99, '0') + "=" + std::string(20, 's');  // 121
  std::string header = big;
  for (const char* prefix : {"a", "b", "c", "d"}) header += "," + (prefix + small);
  std::string wanted;
  for (const char* prefix : {"a", "b", "c", "d"})
    wanted += (wanted.empty() ? "" : ",") + (prefix + small);
  CHECK(wanted.size() <= 512);
  CHECK(parse_tracestate(header) == wanted);
  const Result<std::string> more = parse_tracestate(wanted + ",e" + small);
  CHECK(more == wanted);  // none is long: the last goes
}

TEST_CASE("trace: a bad tracestate is discarded alone, a bad traceparent takes all") {
  CHECK(extract(kGood, "foo=1")->state == "foo=1");
  CHECK(extract(kGood, "FOO=1")->state.empty());
  CHECK(!extract("00-bad", "foo=1").has_value());
  CHECK(!extract("", "").has_value());
}

TEST_CASE("trace: a child keeps trace, decision and state of its parent") {
  World world;
  for (const double ratio : {0.0, 1.0}) {
    Tracer tracer(world.clock, world.random, {.ratio = ratio});
    for (const bool sampled : {false, true}) {
      Context parent = *parse_traceparent(kGood);
      parent.sampled = sampled;
      parent.state = "foo=1";
      Span span = tracer.start("x", Kind::server, parent);
      CHECK(span.context().trace_id == parent.trace_id);
      CHECK(span.context().span_id != parent.span_id);
      CHECK(span.context().sampled == sampled);
      CHECK(span.context().state == "foo=1");
      CHECK(span.recording() == sampled);
      span.end();
      const std::vector<SpanData> ended = tracer.take(10);
      REQUIRE(ended.size() == (sampled ? 1 : 0));
      if (sampled) CHECK(ended[0].parent == parent.span_id);
    }
  }
}

TEST_CASE("trace: the ratio of sampled roots holds, and depends on the trace id alone") {
  World world;
  for (const double ratio : {0.0, 0.1, 0.5, 1.0}) {
    CAPTURE(ratio);
    Tracer tracer(world.clock, world.random, {.ratio = ratio});
    int sampled = 0;
    constexpr int kRoots = 4000;
    for (int i = 0; i < kRoots; ++i) {
      sampled += tracer.start("x", Kind::internal).context().sampled ? 1 : 0;
    }
    // Six standard deviations of a binomial; the seed is fixed.
    const double slack = 6 * std::sqrt(kRoots * ratio * (1 - ratio));
    CHECK(std::abs(sampled - kRoots * ratio) <= slack);
  }
}

TEST_CASE("trace: a span that is not sampled records nothing") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 0});
  {
    Span span = tracer.start("x", Kind::server);
    span.set("a", 1);
    span.event("e");
    span.status(Outcome::error, "bad");
    CHECK(!format_traceparent(span.context()).ends_with("-01"));
  }
  CHECK(tracer.queued() == 0);
}

TEST_CASE("trace: a span ends once, also when moved, and keeps its context") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  {
    Span first = tracer.start("first", Kind::server);
    const Context context = first.context();
    Span second = std::move(first);
    second.end();
    second.end();
    second.set("late", 1);
    CHECK(second.context() == context);
    CHECK(tracer.queued() == 1);
    Span third = tracer.start("third", Kind::client);
    third = tracer.start("fourth", Kind::client);  // ends the third
    CHECK(tracer.queued() == 2);
  }
  CHECK(tracer.queued() == 3);
  CHECK(tracer.take(1)[0].name == "first");
  CHECK(tracer.take(5).size() == 2);
}

TEST_CASE("trace: durations survive a jump of the wall clock") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Span span = tracer.start("x", Kind::server);
  world.clock.advance(millis(5));
  world.clock.jump_wall(seconds(-3600));
  span.end();
  const SpanData data = tracer.take(1).at(0);
  CHECK(data.end - data.start == millis(5));
}

TEST_CASE("trace: everything a span holds is bounded") {
  World world;
  Tracer tracer(world.clock, world.random,
                {.ratio = 1, .queue_max = 2, .attributes_max = 3, .events_max = 2, .text_max = 8});
  {
    Span span = tracer.start("0123456789", Kind::server);
    for (int i = 0; i < 5; ++i) span.set("k" + std::to_string(i), i);
    span.set("k1", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
    span.set("k2", "\xff\xfeok");
    for (int i = 0; i < 5; ++i) span.event("e", {{"a", true}, {"a", false}});
    span.status(Outcome::error, "a long message");
    for (int i = 0; i < 3; ++i) tracer.start("x", Kind::internal).end();
  }
  CHECK(tracer.queued() == 2);
  CHECK(tracer.dropped() == 2);  // the third small one, and the big one that ended last
  Span again = tracer.start("0123456789", Kind::server);
  tracer.take(2);
  for (int i = 0; i < 5; ++i) again.set("k" + std::to_string(i), i);
  again.set("k1", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
  again.set("k2", "\xff\xfeok");
  for (int i = 0; i < 5; ++i) again.event("e", {{"a", true}, {"a", false}});
  again.status(Outcome::error, "a long message");
  again.end();
  const SpanData data = tracer.take(1).at(0);
  CHECK(data.name == "01234567");
  CHECK(data.attributes == Attributes{{"k0", std::int64_t{0}},
                                      {"k1", std::string("\xe2\x82\xac\xe2\x82\xac")},
                                      {"k2", std::string("??ok")}});
  CHECK(data.attributes_dropped == 2);
  CHECK(data.events.size() == 2);
  CHECK(data.events[0].attributes == Attributes{{"a", false}});
  CHECK(data.events_dropped == 3);
  CHECK(data.message == "a long m");
}

TEST_CASE("trace: the OTLP JSON mapping") {
  World world;
  Tracer tracer(world.clock, world.random, {.service_version = "1.2", .ratio = 1});
  Context parent = *parse_traceparent(kGood);
  parent.state = "foo=1";
  Span span = tracer.start("POST /graphql", Kind::server, parent);
  span.set("http.response.status_code", 200);
  span.set("big", Attribute(std::numeric_limits<std::int64_t>::max()));
  span.set("share", Attribute(0.5));
  span.set("odd", Attribute(-std::numeric_limits<double>::infinity()));
  span.set("hit", Attribute(true));
  span.set("tenant", "al\"pha");
  world.clock.advance(millis(1));
  span.event("queued", {{"n", std::int64_t{3}}});
  span.status(Outcome::error, "no");
  world.clock.advance(millis(1));
  const std::string id = span.context().span_id_hex();
  span.end();
  CHECK(encode_otlp(tracer.take(1), tracer.options()) ==
        R"({"resourceSpans":[{"resource":{"attributes":[)"
        R"({"key":"service.name","value":{"stringValue":"maestro-conductor"}},)"
        R"({"key":"service.version","value":{"stringValue":"1.2"}}]},)"
        R"("scopeSpans":[{"scope":{"name":"mc.trace"},"spans":[{)"
        R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":")" +
            id +
            R"(","parentSpanId":"00f067aa0ba902b7","traceState":"foo=1","flags":1,)"
            R"("name":"POST /graphql","kind":2,"startTimeUnixNano":"1767225600000000000",)"
            R"("endTimeUnixNano":"1767225600002000000","attributes":[)"
            R"({"key":"http.response.status_code","value":{"intValue":"200"}},)"
            R"({"key":"big","value":{"intValue":"9223372036854775807"}},)"
            R"({"key":"share","value":{"doubleValue":0.5}},)"
            R"({"key":"odd","value":{"doubleValue":"-Infinity"}},)"
            R"({"key":"hit","value":{"boolValue":true}},)"
            R"({"key":"tenant","value":{"stringValue":"al\"pha"}}],)"
            R"("events":[{"timeUnixNano":"1767225600001000000","name":"queued",)"
            R"("attributes":[{"key":"n","value":{"intValue":"3"}}]}],)"
            R"("status":{"message":"no","code":2}}]}]}]})");
}

// Answers from a script, then accepts; keeps what it got.
class ScriptedExporter final : public Exporter {
 public:
  Status send(std::string_view body) override {
    bodies.emplace_back(body);
    if (answers.empty()) return ok();
    Status answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  std::vector<std::string> bodies;
  std::deque<Status> answers;
};

void end_spans(Tracer& tracer, int count) {
  for (int i = 0; i < count; ++i) tracer.start("x", Kind::internal).end();
}

TEST_CASE("trace: batches go out when full, or when their time has come") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log, {.batch_max = 4});
  ScriptedExporter exporter;
  end_spans(tracer, 3);
  CHECK(pump.step(exporter) == 0);
  end_spans(tracer, 6);
  CHECK(pump.step(exporter) == 8);
  CHECK(exporter.bodies.size() == 2);
  world.clock.advance(millis(4999));
  CHECK(pump.step(exporter) == 0);
  world.clock.advance(millis(1));
  CHECK(pump.step(exporter) == 1);
  CHECK(pump.step(exporter) == 0);
  for (const std::string& body : exporter.bodies) CHECK(json::parse(body).has_value());
}

TEST_CASE("trace: passing failures are retried with back-off, then given up and counted") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log,
            {.batch_max = 1, .retry_max = seconds(4), .attempts_max = 5});
  ScriptedExporter exporter;
  for (int i = 0; i < 5; ++i) exporter.answers.push_back(fail(Code::unavailable, "down"));
  end_spans(tracer, 1);
  std::vector<std::int64_t> sent_at_ms;
  const MonoTime start = world.clock.mono();
  for (int i = 0; i < 200; ++i) {
    const std::size_t before = exporter.bodies.size();
    pump.step(exporter);
    if (exporter.bodies.size() > before)
      sent_at_ms.push_back(to_millis(world.clock.mono() - start));
    world.clock.advance(millis(100));
  }
  CHECK(sent_at_ms == std::vector<std::int64_t>{0, 1000, 3000, 7000, 11000});
  CHECK(pump.dropped() == 1);
  CHECK(pump.accepted() == 0);
  CHECK(world.sink.count("trace.export_retried") == 4);
  CHECK(world.sink.count("trace.spans_dropped") == 1);
  for (const std::string& body : exporter.bodies) CHECK(body == exporter.bodies[0]);
}

TEST_CASE("trace: the collector's Retry-After is kept to") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log, {.batch_max = 1});
  ScriptedExporter exporter;
  exporter.answers.push_back(tl::unexpected<Error>(Error{Code::exhausted, "slow down", 20}));
  end_spans(tracer, 1);
  pump.step(exporter);
  world.clock.advance(millis(19'999));
  CHECK(pump.step(exporter) == 0);
  CHECK(exporter.bodies.size() == 1);
  world.clock.advance(millis(1));
  CHECK(pump.step(exporter) == 1);
}

TEST_CASE("trace: a refused batch is dropped at once and the next one goes out") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log, {.batch_max = 2});
  ScriptedExporter exporter;
  exporter.answers.push_back(fail(Code::invalid, "bad request"));
  end_spans(tracer, 4);
  CHECK(pump.step(exporter) == 2);
  CHECK(pump.dropped() == 2);
}

TEST_CASE("trace: one batch is under way at a time") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log, {.batch_max = 1});
  end_spans(tracer, 2);
  CHECK(pump.take().has_value());
  CHECK(!pump.take().has_value());
  pump.settle(ok());
  CHECK(pump.take().has_value());
  pump.settle(ok());
  pump.settle(ok());  // of nothing: changes nothing
  CHECK(pump.accepted() == 2);
}

TEST_CASE("trace: at the end everything is tried once") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1});
  Pump pump(tracer, world.clock, world.log, {.batch_max = 2});
  ScriptedExporter exporter;
  exporter.answers.push_back(ok());
  exporter.answers.push_back(fail(Code::unavailable, "down"));
  end_spans(tracer, 5);
  CHECK(pump.finish(exporter) == 3);
  CHECK(pump.dropped() == 2);
  CHECK(tracer.queued() == 0);
  CHECK(exporter.bodies.size() == 3);
}

TEST_CASE("trace: spans of many threads are all queued or counted") {
  World world;
  Tracer tracer(world.clock, world.random, {.ratio = 1, .queue_max = 100});
  const Context parent = *parse_traceparent(kGood);
  std::vector<std::vector<Span>> spans(4);
  for (std::vector<Span>& of_thread : spans) {
    // Started here, as the seeded generator is not for several threads.
    for (int i = 0; i < 50; ++i) of_thread.push_back(tracer.start("x", Kind::internal, parent));
  }
  std::vector<std::thread> threads;
  for (std::vector<Span>& of_thread : spans) {
    threads.emplace_back([&of_thread] { of_thread.clear(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(tracer.queued() == 100);
  CHECK(tracer.dropped() == 100);
}

}  // namespace
}  // namespace mc::trace
