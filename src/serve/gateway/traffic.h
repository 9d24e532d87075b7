// What each tenant did lately: requests, refusals, failures and latency in steps of time.
//
// note() counts on the hot path with relaxed atomics; tick() moves the counts to the step of the
// clock they belong to. Steps of 10 s are kept for an hour, steps of 5 min for a day. A quiet
// tenant costs nothing: a step in which it did nothing is not stored.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "metric/metric.h"
#include "sys/sys.h"

namespace mc::gateway {

enum class TrafficWindow : std::uint8_t { minutes_15, hour, day };

struct Latency {
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
};

// One step, or the sum of some.
struct TrafficStep {
  std::int64_t requests = 0;
  std::int64_t refused = 0;           // answered 4xx
  std::int64_t failed = 0;            // answered 5xx
  std::vector<std::int64_t> latency;  // by bucket; empty or of full length
  void add(const TrafficStep& other);
  std::optional<Latency> percentiles() const;  // none without requests
};

struct TenantTraffic {
  std::string tenant;
  TrafficStep total;
  std::vector<std::optional<TrafficStep>> steps;  // oldest first; none before the server began
};

struct TrafficReport {
  WallTime from;  // of the first step
  WallTime to;    // the end of the last, which is the newest complete one
  Nanos step;
  std::vector<TenantTraffic> tenants;  // by name
};

class Traffic {
 public:
  explicit Traffic(sys::Clock& clock);
  ~Traffic();
  void note(std::string_view tenant, int status, Nanos spent);
  // Call at least every few seconds, from one thread.
  void tick();
  // Of the tenants that `wanted` names; one that did nothing has zeros.
  TrafficReport report(const std::vector<std::string>& wanted, TrafficWindow window) const;

 private:
  using Steps = std::map<std::int64_t, TrafficStep>;  // by number: seconds since 1970 / width
  struct Live;
  Live& live(std::string_view tenant);

  sys::Clock& clock_;
  std::int64_t begin_s_;                 // seconds of the wall clock
  std::int64_t now_s_;                   // never goes back
  mutable std::mutex mutex_;             // guards now_s_ and what is stored of each tenant
  mutable std::shared_mutex map_mutex_;  // guards the map itself; its values stay
  std::map<std::string, std::unique_ptr<Live>, std::less<>> live_;
};

}  // namespace mc::gateway
