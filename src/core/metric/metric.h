// Metrics: counters, gauges and histograms, and their text for Prometheus (exposition format
// 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/).
//
// A Registry is made by main() and passed on; there is no global one. Registering and at() take a
// lock; keep the handle they return (valid as long as the registry). Counting takes no lock: each
// thread adds to one of a few cache lines with a relaxed atomic. Label values come from outside, so
// each label and each family has a limit; what is past it counts under the value "other".
// Names, units and duplicate registration are the programmer's: a wrong one aborts at start.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::metric {

constexpr std::size_t kShards = 4;
constexpr std::size_t kLabelBytesMax = 128;  // longer label values are cut

// Which shard this thread counts on.
std::size_t shard_of_this_thread();

class Counter {
 public:
  void add(std::int64_t n = 1) {
    shards_[shard_of_this_thread()].count.fetch_add(n, std::memory_order_relaxed);
  }
  std::int64_t value() const;

 private:
  struct alignas(64) Shard {
    std::atomic<std::int64_t> count = 0;
  };
  std::array<Shard, kShards> shards_;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// A value below which the fraction q of the observations lie, interpolated inside its bucket as
// histogram_quantile does; 0 without observations. `buckets` are not cumulative, the last is +Inf.
double quantile(const std::vector<double>& bounds, const std::vector<std::int64_t>& buckets,
                double q);

class Histogram {
 public:
  // Upper bounds in rising order, without +Inf; at most 30.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  void observe(Nanos duration) { observe(to_seconds(duration)); }

  struct Reading {
    std::vector<std::int64_t> buckets;  // not cumulative; the last is +Inf
    double sum = 0;
    std::int64_t count = 0;
  };
  Reading read() const;
  const std::vector<double>& bounds() const { return bounds_; }
  double quantile(double q) const { return metric::quantile(bounds_, read().buckets, q); }

 private:
  static constexpr std::size_t kBucketsMax = 31;
  struct alignas(64) Shard {
    std::array<std::atomic<std::int64_t>, kBucketsMax> buckets{};
    std::atomic<double> sum = 0;
  };
  std::vector<double> bounds_;
  std::vector<Shard> shards_;
};

// 0.5 ms to 30 s, for request durations in seconds.
std::vector<double> duration_buckets();

struct Label {
  Label(const char* label, std::size_t max = 100) : name(label), values_max(max) {}
  std::string name;
  std::size_t values_max;
};

struct Spec {
  std::string name;  // mc_..., base units; counters end in _total
  std::string help;
  std::vector<Label> labels = {};
  std::size_t series_max = 1000;     // label sets of this family, the "other" one not counted
  std::vector<double> buckets = {};  // histograms; empty = duration_buckets()
  double scale = 1;                  // counters: exported value = count * scale (1e-9: ns -> s)
};

using LabelValues = std::initializer_list<std::string_view>;

namespace detail {
class Series;  // one family's label sets
enum class Type : std::uint8_t;
}  // namespace detail

// A handle to all series of one name; copyable, as cheap as a pointer.
template <class M>
class Family {
 public:
  explicit Family(detail::Series& series) : series_(&series) {}
  // One value for each label, in the order of the spec.
  M& at(LabelValues values) const;

 private:
  detail::Series* series_;
};
template <>
Counter& Family<Counter>::at(LabelValues values) const;
template <>
Gauge& Family<Gauge>::at(LabelValues values) const;
template <>
Histogram& Family<Histogram>::at(LabelValues values) const;

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Without labels: the one series.
  Counter& counter(Spec spec) { return counters(std::move(spec)).at({}); }
  Gauge& gauge(Spec spec) { return gauges(std::move(spec)).at({}); }
  Histogram& histogram(Spec spec) { return histograms(std::move(spec)).at({}); }
  // With labels.
  Family<Counter> counters(Spec spec);
  Family<Gauge> gauges(Spec spec);
  Family<Histogram> histograms(Spec spec);

  // Values that are read when the text is made. `collect` calls `emit` once per label set (values
  // of a repeated set, and of sets past series_max, are added up); it runs under the registry's
  // lock, must not call the registry, and what it refers to must outlive it.
  using Emit = std::function<void(LabelValues values, double value)>;
  using Collect = std::function<void(const Emit& emit)>;
  void collect_gauge(Spec spec, Collect collect);
  void collect_counter(Spec spec, Collect collect);
  void collect_gauge(Spec spec, std::function<double()> read);

  // Families sorted by name, series by label values.
  std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  detail::Series& add(Spec spec, detail::Type type);
  void collect(Spec spec, detail::Type type, Collect collect);
  struct State;
  std::unique_ptr<State> state_;
};

// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds and
// process_start_time_seconds, read by `usage` at each text().
void add_process_metrics(Registry& registry, WallTime start,
                         std::function<sys::Usage()> usage = sys::usage);

}  // namespace mc::metric
