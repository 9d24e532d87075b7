#include "gateway/traffic.h"

#include <algorithm>

namespace mc::gateway {
namespace {

// Finer than the exported histogram: a read by key takes a tenth of a millisecond.
const std::vector<double>& bounds() {
  static const std::vector<double> seconds = {
      0.00005, 0.0001, 0.0002, 0.00035, 0.0005, 0.00075, 0.001, 0.0015, 0.002,
      0.003,   0.005,  0.0075, 0.01,    0.015,  0.025,   0.05,  0.075,  0.1,
      0.15,    0.25,   0.5,    1,       2.5,    5,       10,    30};
  return seconds;
}

struct Shape {
  std::int64_t width_s = 10;
  std::int64_t steps = 90;
};
Shape shape_of(TrafficWindow window) {
  switch (window) {
    case TrafficWindow::minutes_15:
      return {10, 90};
    case TrafficWindow::hour:
      return {10, 360};
    case TrafficWindow::day:
      return {120, 720};
  }
  return {};
}

constexpr std::int64_t kFineWidth = 10;
constexpr std::int64_t kFineSteps = 360;
constexpr std::int64_t kCoarseWidth = 120;
constexpr std::int64_t kCoarseSteps = 720;

std::int64_t to_s(WallTime time) {
  return time.nanos / 1'000'000'000;
}

}  // namespace

struct Traffic::Live {
  metric::Counter requests, refused, failed;
  metric::Histogram latency{bounds()};
  // Below under mutex_.
  TrafficStep taken;  // of the counters, up to the last tick
  Steps fine, coarse;

  TrafficStep read() const {
    return {requests.value(), refused.value(), failed.value(), latency.read().buckets};
  }
};

void TrafficStep::add(const TrafficStep& other) {
  requests += other.requests;
  refused += other.refused;
  failed += other.failed;
  latency.resize(std::max(latency.size(), other.latency.size()));
  for (std::size_t i = 0; i < other.latency.size(); ++i) latency[i] += other.latency[i];
}

std::optional<Latency> TrafficStep::percentiles() const {
  if (requests == 0) return std::nullopt;
  const auto at = [&](double q) { return metric::quantile(bounds(), latency, q) * 1e3; };
  return Latency{at(0.5), at(0.95), at(0.99)};
}

Traffic::Traffic(sys::Clock& clock)
    : clock_(clock), begin_s_(to_s(clock.wall())), now_s_(begin_s_) {}
Traffic::~Traffic() = default;

Traffic::Live& Traffic::live(std::string_view tenant) {
  {
    const std::shared_lock lock(map_mutex_);
    const auto found = live_.find(tenant);
    if (found != live_.end()) return *found->second;
  }
  const std::unique_lock lock(map_mutex_);
  std::unique_ptr<Live>& made = live_[std::string(tenant)];
  if (made == nullptr) made = std::make_unique<Live>();
  return *made;
}

void Traffic::note(std::string_view tenant, int status, Nanos spent) {
  Live& counts = live(tenant);
  counts.requests.add();
  if (status >= 500) {
    counts.failed.add();
  } else if (status >= 400) {
    counts.refused.add();
  }
  counts.latency.observe(spent);
}

void Traffic::tick() {
  const std::shared_lock map_lock(map_mutex_);
  const std::lock_guard lock(mutex_);
  now_s_ = std::max(now_s_, to_s(clock_.wall()));
  for (const auto& [tenant, counts] : live_) {
    TrafficStep now = counts->read();
    if (now.requests != counts->taken.requests) {
      TrafficStep change = now;
      change.requests -= counts->taken.requests;
      change.refused -= counts->taken.refused;
      change.failed -= counts->taken.failed;
      for (std::size_t i = 0; i < counts->taken.latency.size(); ++i) {
        change.latency[i] -= counts->taken.latency[i];
      }
      counts->fine[now_s_ / kFineWidth].add(change);
      counts->coarse[now_s_ / kCoarseWidth].add(change);
      counts->taken = std::move(now);
    }
    const auto drop = [](Steps& steps, std::int64_t before) {
      steps.erase(steps.begin(), steps.lower_bound(before));
    };
    drop(counts->fine, now_s_ / kFineWidth - kFineSteps);
    drop(counts->coarse, now_s_ / kCoarseWidth - kCoarseSteps);
  }
}

TrafficReport Traffic::report(const std::vector<std::string>& wanted, TrafficWindow window) const {
  const Shape shape = shape_of(window);
  const std::shared_lock map_lock(map_mutex_);
  const std::lock_guard lock(mutex_);
  const std::int64_t end = now_s_ / shape.width_s;
  const std::int64_t first = end - shape.steps;
  TrafficReport out;
  out.step = seconds(shape.width_s);
  out.from = {first * shape.width_s * 1'000'000'000};
  out.to = {end * shape.width_s * 1'000'000'000};
  for (const std::string& tenant : wanted) {
    TenantTraffic& traffic = out.tenants.emplace_back();
    traffic.tenant = tenant;
    traffic.steps.resize(static_cast<std::size_t>(shape.steps));
    for (std::int64_t i = std::max(first, begin_s_ / shape.width_s); i < end; ++i) {
      traffic.steps[static_cast<std::size_t>(i - first)].emplace();
    }
    const auto found = live_.find(tenant);
    if (found == live_.end()) continue;
    const Steps& steps = shape.width_s == kFineWidth ? found->second->fine : found->second->coarse;
    for (auto step = steps.lower_bound(first); step != steps.end() && step->first < end; ++step) {
      traffic.total.add(step->second);
      traffic.steps[static_cast<std::size_t>(step->first - first)] = step->second;
    }
  }
  return out;
}

}  // namespace mc::gateway
