// How many seats there are: a limit of concurrency that finds the knee of what stands behind it.
//
// Vegas (Brakmo, Peterson 1995), as of requests: what answers take longer than without load is time
// in a queue behind us, and in_use * (1 - no_load / now) requests stand in it. Few of them: one
// more step, if half of the seats were in use at all. Many: fewer seats.
//
// - Medians are compared with medians. Of single answers a service whose times differ would always
//   look loaded.
// - no_load, for each class of routes, is the 5th percentile of the medians of 10 s in the last ten
//   minutes, of quiet ones (half of the seats in use at most) where there are any. Loaded ones may
//   lower it, never raise it: a queue that we keep ourselves does not become what is normal. There
//   are no probes. Of a service that is saturated from the first request on it is what the first
//   ones took: begin with few seats, their number grows within seconds.
// - Answers that come a lot faster are the new measure at once.
// - When seats were cut by a third, all were used and answers came no faster, it is no queue of
//   ours: the service has become slower, and what it takes now is the new measure. Where others
//   queue at the same service this cannot be told apart.
// - A tenth of the answers failing takes seats too, where it is so of every class that is asked
//   often: one service that fails beside others that do not takes no seats of theirs. Failed ones
//   say nothing of time.
//
// Pure; of one thread; 64 classes of routes of 3 kB each at most, made when they are seen.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "admission/log_histogram.h"
#include "base/base.h"

namespace mc::admission {

struct LimiterSettings {
  std::int64_t seats_min = 8;  // equal to seats_max: fixed
  std::int64_t seats_start = 16;
  std::int64_t seats_max = 1'000;
};
inline constexpr std::int64_t kSeatsMost = 100'000;    // that can be asked for
inline constexpr std::uint32_t kRouteClassesMax = 64;  // those beyond share the last

class Limiter {
 public:
  explicit Limiter(const LimiterSettings& settings = {});

  struct Sample {
    std::uint32_t route_class = 0;
    Nanos service;            // without any wait of ours
    std::int64_t in_use = 0;  // seats, just before this one was given back
    bool ok = true;           // it was answered, in time
    MonoTime now;             // not before that of the last one
  };
  // True when there are more or fewer seats than before.
  bool add(const Sample& sample);
  // Where everything begins anew: another configuration, another service.
  void reset(const LimiterSettings& settings);

  std::int64_t seats() const { return static_cast<std::int64_t>(seats_); }
  Nanos no_load(std::uint32_t route_class) const;  // 0 = not known
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kSlots = 60;
  struct Slot {
    std::int64_t median = 0;  // 0 = too few
    bool quiet = false;
  };
  struct RouteClass {
    LogHistogram window;  // since the last decision, as is `failed`
    std::int64_t failed = 0;
    LogHistogram slot;
    bool slot_quiet = true;
    bool faster = false;  // the last window was
    std::array<Slot, kSlots> slots{};
    std::int64_t no_load = 0;
  };
  struct Window {
    MonoTime begin;
    std::int64_t answered = 0, failed = 0, in_use_sum = 0, in_use_most = 0;
  };
  void close_slots(MonoTime now);
  void close_slot(RouteClass& of);
  bool due(MonoTime now) const;
  void decide();
  bool fails() const;
  bool learns_faster();
  double quickness(bool with_margin);
  void shrink(double by, double slowness, double in_use);
  void take_as_normal();

  LimiterSettings settings_;
  double seats_ = 0;
  std::array<std::unique_ptr<RouteClass>, kRouteClassesMax> classes_;
  bool begun_ = false;
  Window window_;
  MonoTime slot_begin_;
  std::int64_t slot_in_use_most_ = 0;
  std::size_t slot_at_ = 0;
  double cut_from_ = 0;      // seats; 0 = they were not cut lately
  double cut_slowness_ = 0;  // then
};

}  // namespace mc::admission
