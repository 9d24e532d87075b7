#include "maestro/own_pressure.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace mc::app {
namespace {

constexpr std::chrono::seconds kEach(1);
constexpr std::int64_t kAll = 1'000;       // thousandths
constexpr std::int64_t kBusyLeast = 500;   // of a loop, for its lag to be its own doing
constexpr std::int64_t kCpuAll = 950;      // as of admission::PressureLimits
constexpr std::size_t kLooks = 5;          // that failed answers are counted over
constexpr std::int64_t kAskedLeast = 20;   // of a route in these, to be heard
constexpr std::int64_t kMost = 1'000'000;  // of what is in parts of something

std::int64_t thousandths(double value, double of) {
  if (of <= 0 || value <= 0) return 0;
  return static_cast<std::int64_t>(std::min(kAll * (value / of), static_cast<double>(kMost)));
}

Nanos lag_of(const std::vector<net::LoopLoad>& loops, std::int64_t busy_least) {
  Nanos most;
  for (const net::LoopLoad& loop : loops) {
    if (loop.busy >= busy_least) most = std::max(most, loop.late);
  }
  return most;
}

// Of a group that others fill, shedding our requests frees nothing.
std::int64_t memory_of(const sys::HostReading& host) {
  if (!host.memory || !host.memory->own) return 0;
  return thousandths(static_cast<double>(host.memory->used),
                     static_cast<double>(host.memory->limit));
}

std::string_view nearest(const admission::PressureParts& parts) {
  if (parts.loop_lag >= parts.most()) return "loop_lag";
  return parts.memory >= parts.most() ? "memory" : "failed";
}

}  // namespace

admission::Pressures PressureMeter::look(const Seen& seen) {
  admission::Pressures out;
  out.cpu = cpu_of(seen);
  // A loop is late also because others use the processors, or because it waits for a disk: fewer
  // requests would change neither.
  if (mostly_arrive(seen)) {
    out.loop_lag = lag_of(seen.loops, out.cpu >= kCpuAll ? 0 : kBusyLeast);
  }
  out.memory = memory_of(seen.host);
  out.failed = failed_of(seen);
  before_ = {seen.now, seen.host.cpu, seen.requests, seen.arrived};
  return out;
}

std::int64_t PressureMeter::cpu_of(const Seen& seen) const {
  if (!before_) return 0;
  const auto used = static_cast<double>((seen.host.cpu - before_->cpu).count);
  return thousandths(used,
                     static_cast<double>((seen.now - before_->at).count) * seen.host.processors);
}

bool PressureMeter::mostly_arrive(const Seen& seen) const {
  if (!before_) return true;
  return 2 * (seen.arrived - before_->arrived) >= seen.requests - before_->requests;
}

// Of the route that fails least among those that are in use: one that fails beside others is kept
// away by its circuit breaker, and its requests are not others' to pay for.
std::int64_t PressureMeter::failed_of(const Seen& seen) {
  std::int64_t least = kAll;
  bool heard = false;
  const bool before = !routes_.empty() && routes_.front().size() == seen.routes.size();
  for (std::size_t i = 0; before && i < seen.routes.size(); ++i) {
    const std::int64_t asked = seen.routes[i].asked - routes_.front()[i].asked;
    const std::int64_t failed = seen.routes[i].failed - routes_.front()[i].failed;
    const bool sent = !seen.routes[i].upstream.empty();  // datasets are read here
    if (!sent || asked < kAskedLeast) continue;
    heard = true;
    least = std::min(least, kAll * failed / asked);
  }
  routes_.push_back(seen.routes);
  if (routes_.size() > kLooks) routes_.pop_front();
  return heard ? least : 0;
}

void OwnPressure::step() {
  const PressureMeter::Seen seen = world_.see();
  const admission::Pressures pressures = meter_.look(seen);
  world_.report(pressures);
  shown_.with([&](std::optional<Shown>& shown) {
    shown = {seen.host.memory.has_value(), lag_of(seen.loops, 0)};
  });
  tell(world_.admission(), pressures);
}

void OwnPressure::tell(const admission::Snapshot& now, const admission::Pressures& pressures) {
  const bool turns = now.pressed != pressed_;
  const bool in_vain = !turns && now.in_vain && !told_in_vain_;
  if (!turns && !in_vain) return;
  pressed_ = now.pressed;
  told_in_vain_ = in_vain;
  const char* state = in_vain ? "in_vain" : pressed_ ? "begins" : "ends";
  world_.log.warn("admission.pressure", {{"state", state},
                                         {pressed_ ? "of" : "", nearest(now.pressure)},
                                         {"loop_lag_us", pressures.loop_lag.count / 1'000},
                                         {"cpu_permille", pressures.cpu},
                                         {"memory_permille", pressures.memory},
                                         {"failed_permille", pressures.failed}});
}

void OwnPressure::add_metrics(metric::Registry& metrics) {
  using metric::Registry;
  const auto shown = [this] { return shown_.with([](const auto& now) { return now; }); };
  metrics.collect_gauge({.name = "mc_loop_lag_seconds",
                         .help = "How late the latest event loop is, half of a second or longer."},
                        [shown](const Registry::Emit& emit) {
                          if (const auto now = shown()) emit({}, to_seconds(now->lag_most));
                        });
  metrics.collect_gauge({.name = "mc_pressure_ratio",
                         .help = "What is short, in parts of its limit: from 1 on requests of "
                                 "those who use more than their share are turned away; cpu alone "
                                 "turns away nobody.",
                         .labels = {{"of", 4}}},
                        [this, shown](const Registry::Emit& emit) {
                          const auto now = shown();
                          if (!now) return;
                          const admission::PressureParts parts = world_.admission().pressure;
                          emit({"loop_lag"}, parts.loop_lag);
                          emit({"cpu"}, parts.cpu);
                          if (now->memory_limited) emit({"memory"}, parts.memory);
                          emit({"failed"}, parts.failed);
                        });
  metrics.collect_gauge({.name = "mc_admission_pressed",
                         .help = "1 while something besides seats is short, and lasts."},
                        [this] { return world_.admission().pressed ? 1.0 : 0.0; });
  metrics.collect_gauge(
      {.name = "mc_admission_cursor_ratio",
       .help = "Below which part of all priorities requests are turned away; 0 = nobody is.",
       .labels = {{"class", admission::kClasses}}},
      [this](const Registry::Emit& emit) {
        constexpr std::array<std::string_view, admission::kClasses> kNames = {
            "system", "interactive", "batch", "exports"};
        const admission::Snapshot now = world_.admission();
        for (std::size_t i = 1; i < kNames.size(); ++i) {
          emit({kNames[i]}, now.classes[i].cursor / double{admission::kLevels});
        }
      });
}

PressureChores::PressureChores(OwnPressure& pressure)
    : pressure_(pressure), thread_([this] { run(); }) {}

PressureChores::~PressureChores() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void PressureChores::run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEach, [this] { return end_; })) {
    lock.unlock();
    pressure_.step();
    lock.lock();
  }
}

}  // namespace mc::app
