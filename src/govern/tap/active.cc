#include "tap/active.h"

#include <algorithm>
#include <tuple>

namespace mc::tap {
namespace {

budget::Rate rate_of(const Terms& terms) {
  if (terms.action != Action::clamp_rate) return {};
  const auto made = budget::Rate::make(
      {.amount = *terms.rate, .period = seconds(1), .burst = terms.burst.value_or(*terms.rate)});
  MC_CHECK(made);  // check() has bounded both
  return *made;
}

}  // namespace

// A rate of one a second, with the largest burst, grows back within the limit.
static_assert(kRateMax <= budget::kPerSecondMax);
static_assert(seconds(kRateMax) <= budget::kDepthMax);

void Recent::add(MonoTime now) {
  tenths_.add(now);
  seconds_.add(now);
}

Active::Active(Tap tap, MonoTime ends, MonoTime start)
    : tap_(std::move(tap)),
      ends_(ends),
      start_(start),
      stage_(stage_of(tap_.terms)),
      rate_(rate_of(tap_.terms)) {}

std::int64_t Active::cost_of(std::int64_t operations) const {
  return std::clamp<std::int64_t>(operations, 1, rate_.limit().burst);
}

budget::Taken Active::take(std::int64_t operations, MonoTime now) {
  return bucket_.take(rate_, cost_of(operations), budget::ticks_of(now - start_));
}

void Active::undo(std::int64_t operations) {
  bucket_.undo(rate_, cost_of(operations));
}

bool Active::sit() {
  std::int64_t seated = seated_.load(std::memory_order_relaxed);
  do {
    if (seated >= *terms().seats) return false;
  } while (!seated_.compare_exchange_weak(seated, seated + 1, std::memory_order_acq_rel));
  return true;
}

void Active::note(std::string_view tenant, bool refused, MonoTime now) {
  const std::lock_guard lock(mutex_);
  matched_.add(now);
  ++matched_total_;
  if (refused) {
    refused_.add(now);
    ++refused_total_;
  }
  auto at = tenants_.find(tenant);
  if (at == tenants_.end() && tenants_.size() >= kTenantsTold) {
    std::erase_if(tenants_, [&](const auto& one) { return one.second.last_minute(now) == 0; });
    // One place is for all others.
    if (tenants_.size() >= kTenantsTold) tenant = "";
    at = tenants_.find(tenant);
  }
  if (at == tenants_.end()) at = tenants_.emplace(std::string(tenant), Recent()).first;
  at->second.add(now);
}

Affected Active::affected(MonoTime now) const {
  const std::lock_guard lock(mutex_);
  Affected out;
  out.last_second = matched_.last_second(now);
  out.last_minute = matched_.last_minute(now);
  out.total = matched_total_;
  out.refused_last_second = refused_.last_second(now);
  out.refused_last_minute = refused_.last_minute(now);
  out.refused_total = refused_total_;
  for (const auto& [tenant, recent] : tenants_) {
    const std::int64_t count = recent.last_minute(now);
    if (count > 0) out.tenants.push_back({tenant, count});
  }
  std::ranges::sort(out.tenants, [](const Affected::Of& a, const Affected::Of& b) {
    return std::tie(b.last_minute, a.tenant) < std::tie(a.last_minute, b.tenant);
  });
  if (out.tenants.size() > kTenantsTold) out.tenants.resize(kTenantsTold);
  return out;
}

}  // namespace mc::tap
