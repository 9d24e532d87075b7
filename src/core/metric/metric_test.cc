#include "metric/metric.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <set>
#include <thread>

namespace mc::metric {
namespace {

std::vector<std::string> lines_with(const std::string& text, std::string_view start) {
  std::vector<std::string> out;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(start)) out.emplace_back(line);
  }
  return out;
}

TEST_CASE("metric: an empty registry has an empty text") {
  CHECK(Registry().text().empty());
}

TEST_CASE("metric: the text of each type, families and series in order") {
  Registry registry;
  Family<Counter> requests = registry.counters({.name = "mc_requests_total",
                                                .help = "Requests \\ served\nby all.",
                                                .labels = {"tenant", "status"}});
  requests.at({"beta", "200"}).add();
  requests.at({"alpha", "429"}).add(3);
  requests.at({"a\"b\\c\nd", "200"}).add(2);
  registry.gauge({.name = "mc_queue_length", .help = "Waiting requests."}).set(2.5);
  Histogram& wait = registry.histogram(
      {.name = "mc_wait_seconds", .help = "Time in the queue.", .buckets = {0.1, 1}});
  wait.observe(0.1);
  wait.observe(millis(50));
  wait.observe(0.5);
  wait.observe(7);
  CHECK(registry.text() ==
        "# HELP mc_queue_length Waiting requests.\n"
        "# TYPE mc_queue_length gauge\n"
        "mc_queue_length 2.5\n"
        "# HELP mc_requests_total Requests \\\\ served\\nby all.\n"
        "# TYPE mc_requests_total counter\n"
        "mc_requests_total{tenant=\"a\\\"b\\\\c\\nd\",status=\"200\"} 2\n"
        "mc_requests_total{tenant=\"alpha\",status=\"429\"} 3\n"
        "mc_requests_total{tenant=\"beta\",status=\"200\"} 1\n"
        "# HELP mc_wait_seconds Time in the queue.\n"
        "# TYPE mc_wait_seconds histogram\n"
        "mc_wait_seconds_bucket{le=\"0.1\"} 2\n"
        "mc_wait_seconds_bucket{le=\"1\"} 3\n"
        "mc_wait_seconds_bucket{le=\"+Inf\"} 4\n"
        "mc_wait_seconds_sum 7.65\n"
        "mc_wait_seconds_count 4\n");
}

TEST_CASE("metric: a histogram with labels puts le last") {
  Registry registry;
  registry.histograms({.name = "mc_x_seconds", .help = "X.", .labels = {"route"}, .buckets = {1}})
      .at({"/a"})
      .observe(2);
  CHECK(lines_with(registry.text(), "mc_x_seconds_bucket").at(1) ==
        "mc_x_seconds_bucket{route=\"/a\",le=\"+Inf\"} 1");
}

TEST_CASE("metric: the same label set is the same series") {
  Registry registry;
  Family<Counter> family =
      registry.counters({.name = "mc_x_total", .help = "X.", .labels = {"a", "b"}});
  CHECK(&family.at({"x", "y"}) == &family.at({"x", "y"}));
  CHECK(&family.at({"x", "y"}) != &family.at({"xy", ""}));
  CHECK(&family.at({"", "xy"}) != &family.at({"xy", ""}));
}

TEST_CASE("metric: label values past their limit count as other") {
  Registry registry;
  Family<Counter> family = registry.counters(
      {.name = "mc_x_total", .help = "X.", .labels = {{"tenant", 2}, {"status", 10}}});
  for (const char* tenant : {"a", "b", "c", "d", "a"}) family.at({tenant, "200"}).add();
  family.at({"e", "500"}).add();
  const std::vector<std::string> lines = lines_with(registry.text(), "mc_x_total{");
  CHECK(lines == std::vector<std::string>{"mc_x_total{tenant=\"a\",status=\"200\"} 2",
                                          "mc_x_total{tenant=\"b\",status=\"200\"} 1",
                                          "mc_x_total{tenant=\"other\",status=\"200\"} 2",
                                          "mc_x_total{tenant=\"other\",status=\"500\"} 1"});
}

TEST_CASE("metric: a family never exceeds its series limit and loses no count") {
  std::mt19937 random(11);
  Registry registry;
  Family<Counter> family = registry.counters(
      {.name = "mc_x_total", .help = "X.", .labels = {{"a", 40}, {"b", 40}}, .series_max = 50});
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = std::to_string(random() % 200);
    const std::string b = std::to_string(random() % 200);
    family.at({a, b}).add();
  }
  std::int64_t sum = 0;
  std::set<std::string> seen;
  const std::vector<std::string> lines = lines_with(registry.text(), "mc_x_total{");
  for (const std::string& line : lines) {
    seen.insert(line.substr(0, line.find('}')));
    sum += *parse_int(line.substr(line.find("} ") + 2));
  }
  CHECK(lines.size() <= 51);
  CHECK(seen.size() == lines.size());
  CHECK(sum == 20'000);
}

TEST_CASE("metric: hostile label values stay valid text") {
  Registry registry;
  Family<Counter> family = registry.counters({.name = "mc_x_total", .help = "X.", .labels = {"v"}});
  family.at({"\xff\xfe"}).add();
  family.at({std::string(127, 'a') + "\xe2\x82\xac"}).add();
  const std::vector<std::string> lines = lines_with(registry.text(), "mc_x_total{");
  CHECK(lines == std::vector<std::string>{"mc_x_total{v=\"" + std::string(127, 'a') + "\"} 1",
                                          "mc_x_total{v=\"other\"} 1"});
}

TEST_CASE("metric: counts of many threads add up") {
  Registry registry;
  Counter& counter = registry.counter({.name = "mc_x_total", .help = "X."});
  Histogram& histogram = registry.histogram({.name = "mc_x_seconds", .help = "X."});
  Gauge& gauge = registry.gauge({.name = "mc_x", .help = "X."});
  Family<Counter> family =
      registry.counters({.name = "mc_y_total", .help = "Y.", .labels = {{"v", 3}}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i) {
        counter.add();
        histogram.observe(0.25);
        gauge.add(1);
        family.at({std::to_string((i + t) % 6)}).add();
        if (i % 1000 == 0) registry.text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counter.value() == 40'000);
  CHECK(gauge.value() == 40'000);
  const Histogram::Reading reading = histogram.read();
  CHECK(reading.count == 40'000);
  CHECK(reading.sum == 10'000);
  std::int64_t sum = 0;
  for (const std::string& line : lines_with(registry.text(), "mc_y_total{")) {
    sum += *parse_int(line.substr(line.find("} ") + 2));
  }
  CHECK(sum == 40'000);
}

TEST_CASE("metric: each observation falls into the first bucket that holds it") {
  std::mt19937 random(2);
  const std::vector<double> bounds = {-1, 0, 0.5, 2, 10};
  Histogram histogram(bounds);
  std::vector<std::int64_t> wanted(bounds.size() + 1, 0);
  for (int i = 0; i < 5000; ++i) {
    const double value = static_cast<double>(random() % 260) / 20.0 - 2;
    std::size_t bucket = 0;
    while (bucket < bounds.size() && !(value <= bounds[bucket])) ++bucket;
    ++wanted[bucket];
    histogram.observe(value);
  }
  histogram.observe(std::numeric_limits<double>::quiet_NaN());
  CHECK(histogram.read().buckets == wanted);
  CHECK(histogram.read().count == 5000);
}

TEST_CASE("metric: quantiles are right to within a bucket") {
  std::mt19937 random(4);
  Histogram histogram(duration_buckets());
  CHECK(histogram.quantile(0.99) == 0);
  std::vector<double> values;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(std::exp(static_cast<double>(random() % 900) / 100.0 - 7));
    histogram.observe(values.back());
  }
  std::sort(values.begin(), values.end());
  const std::vector<double> bounds = duration_buckets();
  for (const double q : {0.01, 0.5, 0.9, 0.99}) {
    CAPTURE(q);
    const double exact = values[static_cast<std::size_t>(q * 10'000) - 1];
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), exact);
    const double low = at == bounds.begin() ? 0 : *(at - 1);
    CHECK(histogram.quantile(q) >= low);
    CHECK(histogram.quantile(q) <= *at);
  }
}

TEST_CASE("metric: values are collected when the text is made") {
  Registry registry;
  double level = 1;
  registry.collect_gauge({.name = "mc_level", .help = "Level."}, [&] { return level; });
  registry.collect_gauge(
      {.name = "mc_queue_length", .help = "Q.", .labels = {"t"}, .series_max = 2},
      [](const Registry::Emit& emit) {
        emit({"a"}, 1);
        emit({"b"}, 2);
        emit({"c"}, 4);
        emit({"d"}, 8);
        emit({"a"}, 16);
      });
  level = -3;
  CHECK(lines_with(registry.text(), "mc_level ") == std::vector<std::string>{"mc_level -3"});
  CHECK(lines_with(registry.text(), "mc_queue_length{") ==
        std::vector<std::string>{"mc_queue_length{t=\"a\"} 17", "mc_queue_length{t=\"b\"} 2",
                                 "mc_queue_length{t=\"other\"} 12"});
}

TEST_CASE("metric: numbers are exact where they can be, and special values have names") {
  Registry registry;
  registry.counter({.name = "mc_big_total", .help = "B."}).add(9'007'199'254'740'993);
  registry.counter({.name = "mc_busy_seconds_total", .help = "B.", .scale = 1e-9})
      .add(1'500'000'000);
  Family<Gauge> gauges = registry.gauges({.name = "mc_g", .help = "G.", .labels = {"v"}});
  gauges.at({"1"}).set(std::numeric_limits<double>::infinity());
  gauges.at({"2"}).set(-std::numeric_limits<double>::infinity());
  gauges.at({"3"}).set(std::numeric_limits<double>::quiet_NaN());
  const std::string text = registry.text();
  CHECK(lines_with(text, "mc_big_total ").at(0) == "mc_big_total 9007199254740993");
  CHECK(lines_with(text, "mc_busy_seconds_total ").at(0) == "mc_busy_seconds_total 1.5");
  CHECK(lines_with(text, "mc_g{") ==
        std::vector<std::string>{"mc_g{v=\"1\"} +Inf", "mc_g{v=\"2\"} -Inf", "mc_g{v=\"3\"} NaN"});
}

TEST_CASE("metric: process metrics come from the machine") {
  Registry registry;
  add_process_metrics(registry, WallTime{1'767'225'600'500'000'000}, [] {
    return sys::Usage{.resident_bytes = 4096, .cpu = millis(1250), .open_files = 7};
  });
  const std::string text = registry.text();
  CHECK(lines_with(text, "process_").size() == 4);
  CHECK(lines_with(text, "process_cpu_seconds_total ").at(0) == "process_cpu_seconds_total 1.25");
  CHECK(lines_with(text, "process_resident_memory_bytes ").at(0) ==
        "process_resident_memory_bytes 4096");
  CHECK(lines_with(text, "process_start_time_seconds ").at(0) ==
        "process_start_time_seconds 1767225600.5");
  Registry real;
  add_process_metrics(real, WallTime{});
  CHECK(lines_with(real.text(), "process_resident_memory_bytes 0").empty());
}

TEST_CASE("metric: promtool accepts the text of a filled registry") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {  // NOLINT
    std::printf("SKIPPED: promtool (package prometheus) is not installed\n");
    return;
  }
  Registry registry;
  add_process_metrics(registry, WallTime{1'767'225'600'000'000'000});
  Family<Counter> requests = registry.counters(
      {.name = "mc_requests_total", .help = "Requests.", .labels = {{"tenant", 3}, "status"}});
  for (const char* tenant : {"alpha", "b\"\\\n", "gr\xc3\xbc\xc3\x9f", "d", "e"}) {
    requests.at({tenant, "200"}).add();
  }
  registry.gauge({.name = "mc_queue_length", .help = "Waiting \\ requests\n."}).set(-0.5);
  registry.histograms({.name = "mc_wait_seconds", .help = "Wait.", .labels = {"route"}})
      .at({"/graphql"})
      .observe(millis(3));
  registry.collect_gauge({.name = "mc_level", .help = "Level."}, [] { return 1e300; });
  std::FILE* pipe = ::popen("promtool check metrics 2>&1", "w");
  REQUIRE(pipe != nullptr);
  const std::string text = registry.text();
  CHECK(std::fwrite(text.data(), 1, text.size(), pipe) == text.size());
  CHECK(::pclose(pipe) == 0);
}

}  // namespace
}  // namespace mc::metric
