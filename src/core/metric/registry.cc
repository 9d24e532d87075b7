// The registry and its text: exposition format 0.0.4.
#include <charconv>
#include <cmath>
#include <mutex>

#include "metric/metric.h"
#include "metric/series.h"

namespace mc::metric {

struct Registry::State {
  mutable std::mutex mutex;  // guards the map; each Series has its own lock
  std::map<std::string, std::unique_ptr<detail::Series>> families;
};

namespace {

using detail::Entry;
using detail::Series;
using detail::Type;
using Labels = std::vector<std::string>;

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      (out += '\\') += c;
    } else {
      out += c;
    }
  }
}

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
  }
}

// `le` is the extra label of histogram buckets, "" for none.
struct Line {
  std::string_view suffix = {};
  std::string_view le = {};
};

void append_line(std::string& out, const Spec& spec, const Labels& values, Line line) {
  (out += spec.name) += line.suffix;
  const bool any = !values.empty() || !line.le.empty();
  if (any) out += '{';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    (out += spec.labels[i].name) += "=\"";
    append_escaped(out, values[i], true);
    out += '"';
  }
  if (!line.le.empty()) {
    out += values.empty() ? "le=\"" : ",le=\"";
    (out += line.le) += '"';
  }
  out += any ? "} " : " ";
}

void append_histogram(std::string& out, const Spec& spec, const Entry& entry) {
  const Histogram::Reading reading = entry.histogram->read();
  const std::vector<double>& bounds = entry.histogram->bounds();
  std::int64_t below = 0;
  for (std::size_t i = 0; i < reading.buckets.size(); ++i) {
    below += reading.buckets[i];
    std::string bound;
    if (i < bounds.size()) {
      append_number(bound, bounds[i]);
    } else {
      bound = "+Inf";
    }
    append_line(out, spec, entry.values, {"_bucket", bound});
    out += std::to_string(below) + "\n";
  }
  append_line(out, spec, entry.values, {"_sum"});
  append_number(out, reading.sum);
  out += '\n';
  append_line(out, spec, entry.values, {"_count"});
  out += std::to_string(reading.count) + "\n";
}

void append_entry(std::string& out, const Series& series, const Entry& entry) {
  const Spec& spec = series.spec();
  if (series.type() == Type::histogram) return append_histogram(out, spec, entry);
  append_line(out, spec, entry.values, {});
  if (series.type() == Type::gauge) {
    append_number(out, entry.gauge->value());
  } else if (spec.scale == 1) {
    out += std::to_string(entry.counter->value());  // exact past 2^53
  } else {
    append_number(out, static_cast<double>(entry.counter->value()) * spec.scale);
  }
  out += '\n';
}

void append_collected(std::string& out, const Series& series) {
  const Spec& spec = series.spec();
  std::map<Labels, double> readings;
  series.collect([&](LabelValues values, double value) {
    MC_CHECK(values.size() == spec.labels.size());
    Labels labels;
    for (const std::string_view label : values) labels.push_back(detail::clean_label(label));
    if (readings.size() >= spec.series_max && readings.find(labels) == readings.end()) {
      labels.assign(labels.size(), std::string(detail::kOther));
    }
    readings[labels] += value * spec.scale;
  });
  for (const auto& [labels, value] : readings) {
    append_line(out, spec, labels, {});
    append_number(out, value);
    out += '\n';
  }
}

std::string_view type_name(Type type) {
  constexpr std::array<std::string_view, 3> kNames = {"counter", "gauge", "histogram"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

detail::Series& Registry::add(Spec spec, Type type) {
  const std::lock_guard lock(state_->mutex);
  std::string name = spec.name;
  auto series = std::make_unique<Series>(std::move(spec), type);
  const auto [at, fresh] = state_->families.emplace(std::move(name), std::move(series));
  MC_CHECK(fresh);  // two owners of one name would mix their numbers
  return *at->second;
}

Family<Counter> Registry::counters(Spec spec) {
  return Family<Counter>(add(std::move(spec), Type::counter));
}
Family<Gauge> Registry::gauges(Spec spec) {
  return Family<Gauge>(add(std::move(spec), Type::gauge));
}
Family<Histogram> Registry::histograms(Spec spec) {
  return Family<Histogram>(add(std::move(spec), Type::histogram));
}

void Registry::collect(Spec spec, Type type, Collect collect) {
  Series& series = add(std::move(spec), type);
  const std::lock_guard lock(state_->mutex);
  series.collect = std::move(collect);
}
void Registry::collect_gauge(Spec spec, Collect read) {
  collect(std::move(spec), Type::gauge, std::move(read));
}
void Registry::collect_counter(Spec spec, Collect read) {
  collect(std::move(spec), Type::counter, std::move(read));
}
void Registry::collect_gauge(Spec spec, std::function<double()> read) {
  collect(std::move(spec), Type::gauge,
          [read = std::move(read)](const Emit& emit) { emit({}, read()); });
}

std::string Registry::text() const {
  const std::lock_guard lock(state_->mutex);
  std::string out;
  for (const auto& [name, series] : state_->families) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, series->spec().help, false);
    out.append("\n# TYPE ").append(name).append(" ").append(type_name(series->type())).append("\n");
    if (series->collect) {
      append_collected(out, *series);
      continue;
    }
    for (const Entry* entry : series->sorted()) append_entry(out, *series, *entry);
  }
  return out;
}

void add_process_metrics(Registry& registry, WallTime start, std::function<sys::Usage()> usage) {
  registry.collect_gauge({.name = "process_resident_memory_bytes", .help = "Resident memory."},
                         [usage] { return static_cast<double>(usage().resident_bytes); });
  registry.collect_counter(
      {.name = "process_cpu_seconds_total", .help = "User and system CPU time spent."},
      [usage](const Registry::Emit& emit) { emit({}, to_seconds(usage().cpu)); });
  registry.collect_gauge({.name = "process_open_fds", .help = "Open file descriptors."},
                         [usage] { return static_cast<double>(usage().open_files); });
  registry.collect_gauge(
      {.name = "process_start_time_seconds", .help = "Start of the process, Unix time."},
      [start] { return static_cast<double>(start.nanos) / 1e9; });
}

}  // namespace mc::metric
