#include "admission/settings.h"

#include <string>
#include <string_view>

namespace mc::admission {
namespace {

constexpr std::int64_t kWaitingMost = 10'000'000;

struct Bounds {
  std::string_view field;
  std::int64_t value, low, high;
};

Status check_length(std::string_view field, Nanos value, Nanos low, Nanos high) {
  if (value >= low && value <= high) return ok();
  return fail(Code::invalid, std::string(field) + " must be " + format_duration(low) + " to " +
                                 format_duration(high));
}

}  // namespace

Status check(const Settings& settings) {
  const LimiterSettings& limiter = settings.limiter;
  const FairQueueLimits& queue = settings.queue;
  const PressureLimits& pressure = settings.pressure;
  const Bounds all[] = {
      {"limiter.seats_min", limiter.seats_min, 1, kSeatsMost},
      {"limiter.seats_max", limiter.seats_max, limiter.seats_min, kSeatsMost},
      {"limiter.seats_start", limiter.seats_start, 1, kSeatsMost},
      {"queue.waiting_max", static_cast<std::int64_t>(queue.waiting_max), 1, kWaitingMost},
      {"queue.of_tenant_max", static_cast<std::int64_t>(queue.of_tenant_max), 1, kWaitingMost},
      {"cursor.window_requests", settings.cursor.window_requests, 100, 1'000'000},
      {"pressure.cpu", pressure.cpu, 1, 1'000},
      {"pressure.memory", pressure.memory, 1, 1'000},
      {"pressure.failed", pressure.failed, 1, 1'000},
      {"lend_pct", settings.lend_pct, 0, 100},
      {"tenant_pct", settings.tenant_pct, 1, 100},
      {"batch_pct", settings.batch_pct, 1, 100},
      {"export_pct", settings.export_pct, 1, 100}};
  for (const Bounds& of : all) {
    if (of.value >= of.low && of.value <= of.high) continue;
    return fail(Code::invalid, std::string(of.field) + " must be " + std::to_string(of.low) +
                                   " to " + std::to_string(of.high));
  }
  MC_TRY_OK(check_length("queue.wait_max", queue.wait_max, millis(1), seconds(60)));
  MC_TRY_OK(check_length("queue.standing.wait", queue.standing.wait, millis(1), queue.wait_max));
  MC_TRY_OK(check_length("queue.standing.after", queue.standing.after, millis(1), seconds(60)));
  MC_TRY_OK(check_length("cursor.window", settings.cursor.window, millis(100), seconds(60)));
  MC_TRY_OK(check_length("cursor.wait", settings.cursor.wait, millis(1), seconds(60)));
  MC_TRY_OK(check_length("pressure.loop_lag", pressure.loop_lag, millis(1), seconds(60)));
  MC_TRY_OK(check_length("idle", settings.idle, millis(10), seconds(600)));
  return ok();
}

}  // namespace mc::admission
