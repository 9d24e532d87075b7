#include "metric/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>

#include "metric/series.h"

namespace mc::metric {

std::size_t shard_of_this_thread() {
  // A thread keeps its shard; which one does not matter, only that threads spread.
  static thread_local const std::size_t shard = [] {
    const std::size_t hash = std::hash<std::thread::id>{}(std::this_thread::get_id());
    // Thread ids are addresses: their low bits say nothing, so take them through a multiplication.
    return static_cast<std::size_t>((hash * 0x9E3779B97F4A7C15ULL) >> 32U) % kShards;
  }();
  return shard;
}

std::int64_t Counter::value() const {
  std::int64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.count.load(std::memory_order_relaxed);
  return sum;
}

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), shards_(kShards) {
  MC_CHECK(!bounds_.empty() && bounds_.size() < kBucketsMax);
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    MC_CHECK(std::isfinite(bounds_[i]) && (i == 0 || bounds_[i - 1] < bounds_[i]));
  }
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // would turn the sum into NaN for ever
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  Shard& shard = shards_[shard_of_this_thread()];
  const auto index = static_cast<std::size_t>(at - bounds_.begin());
  shard.buckets[index].fetch_add(1, std::memory_order_relaxed);
  shard.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
  Reading out;
  out.buckets.resize(bounds_.size() + 1);
  for (const Shard& shard : shards_) {
    for (std::size_t i = 0; i < out.buckets.size(); ++i) {
      const std::int64_t n = shard.buckets[i].load(std::memory_order_relaxed);
      out.buckets[i] += n;
      out.count += n;
    }
    out.sum += shard.sum.load(std::memory_order_relaxed);
  }
  return out;
}

double quantile(const std::vector<double>& bounds, const std::vector<std::int64_t>& buckets,
                double q) {
  const std::int64_t count = std::accumulate(buckets.begin(), buckets.end(), std::int64_t{0});
  if (count == 0) return 0;
  const double rank = q * static_cast<double>(count);
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto here = static_cast<double>(buckets[i]);
    if (here > 0 && below + here >= rank) {
      const double low = i == 0 ? std::min(0.0, bounds[0]) : bounds[i - 1];
      return low + (bounds[i] - low) * std::max(0.0, rank - below) / here;
    }
    below += here;
  }
  return bounds.back();  // in the +Inf bucket: the best that is known is "past the last bound"
}

std::vector<double> duration_buckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

namespace detail {
namespace {

// The map key: every value with its length, so that no two label sets share one.
std::string key_of(const std::vector<std::string>& values) {
  std::string key;
  for (const std::string& value : values) {
    key += static_cast<char>(value.size());  // at most kLabelBytesMax
    key += value;
  }
  return key;
}

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view e) { return name.ends_with(e); });
}

// What promtool would complain about later is refused at start.
void check_spec(const Spec& spec, Type type) {
  MC_CHECK(is_name(spec.name) && !spec.help.empty() && spec.series_max > 0);
  MC_CHECK(spec.name.ends_with("_total") == (type == Type::counter));
  MC_CHECK(!ends_with_any(spec.name, {"_count", "_sum", "_bucket", "_ms", "_milliseconds",
                                      "_minutes", "_hours", "_kilobytes", "_percent"}));
  for (const Label& label : spec.labels) {
    MC_CHECK(is_name(label.name) && !label.name.starts_with("__") && label.values_max > 0);
    MC_CHECK(label.name != "le" || type != Type::histogram);
  }
}

}  // namespace

static_assert(kLabelBytesMax <= 255, "key_of stores a length in one byte");

std::string clean_label(std::string_view value) {
  if (!is_valid_utf8(value)) return std::string(kOther);
  if (value.size() <= kLabelBytesMax) return std::string(value);
  std::size_t end = kLabelBytesMax;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return std::string(value.substr(0, end));
}

Series::Series(Spec spec, Type type)
    : spec_(std::move(spec)), type_(type), known_(spec_.labels.size()) {
  check_spec(spec_, type_);
}

std::vector<std::string> Series::admit(const std::vector<std::string>& values) const {
  std::vector<std::string> out = values;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool known = known_[i].find(out[i]) != known_[i].end();
    if (!known && known_[i].size() >= spec_.labels[i].values_max) out[i] = kOther;
  }
  if (find(out) == nullptr && entries_.size() >= spec_.series_max) {
    std::fill(out.begin(), out.end(), std::string(kOther));
  }
  return out;
}

Entry* Series::find(const std::vector<std::string>& values) const {
  const auto found = entries_.find(key_of(values));
  return found == entries_.end() ? nullptr : found->second.get();
}

// Keys in the map hold clean values only, so a key that is found was clean.
Entry* Series::find_as_given(LabelValues given) const {
  std::array<char, 512> key;
  std::size_t size = 0;
  for (const std::string_view value : given) {
    if (value.size() > kLabelBytesMax || size + 1 + value.size() > key.size()) return nullptr;
    key[size++] = static_cast<char>(value.size());
    if (!value.empty()) std::memcpy(key.data() + size, value.data(), value.size());
    size += value.size();
  }
  const auto found = entries_.find(std::string_view(key.data(), size));
  return found == entries_.end() ? nullptr : found->second.get();
}

Entry& Series::make(std::vector<std::string> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != kOther) known_[i].insert(values[i]);
  }
  auto entry = std::make_unique<Entry>();
  if (type_ == Type::counter) entry->counter = std::make_unique<Counter>();
  if (type_ == Type::gauge) entry->gauge = std::make_unique<Gauge>();
  if (type_ == Type::histogram) {
    entry->histogram =
        std::make_unique<Histogram>(spec_.buckets.empty() ? duration_buckets() : spec_.buckets);
  }
  std::string key = key_of(values);
  entry->values = std::move(values);
  return *entries_.emplace(std::move(key), std::move(entry)).first->second;
}

Entry& Series::at(LabelValues given) {
  MC_CHECK(given.size() == spec_.labels.size());
  {
    const std::shared_lock lock(mutex_);
    if (Entry* entry = find_as_given(given)) return *entry;
  }
  std::vector<std::string> values;
  values.reserve(given.size());
  for (const std::string_view value : given) values.push_back(clean_label(value));
  {
    // Also values past the limit end here, so that a flood of them takes no exclusive lock.
    const std::shared_lock lock(mutex_);
    if (Entry* entry = find(values)) return *entry;
    if (Entry* entry = find(admit(values))) return *entry;
  }
  const std::unique_lock lock(mutex_);
  std::vector<std::string> admitted = admit(values);
  if (Entry* entry = find(admitted)) return *entry;
  return make(std::move(admitted));
}

std::vector<const Entry*> Series::sorted() const {
  std::vector<const Entry*> out;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, entry] : entries_) out.push_back(entry.get());
  }
  std::sort(out.begin(), out.end(),
            [](const Entry* a, const Entry* b) { return a->values < b->values; });
  return out;
}

}  // namespace detail

template <>
Counter& Family<Counter>::at(LabelValues values) const {
  return *series_->at(values).counter;
}
template <>
Gauge& Family<Gauge>::at(LabelValues values) const {
  return *series_->at(values).gauge;
}
template <>
Histogram& Family<Histogram>::at(LabelValues values) const {
  return *series_->at(values).histogram;
}

}  // namespace mc::metric
