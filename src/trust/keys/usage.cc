#include "keys/usage.h"

#include <array>

namespace mc::keys {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

std::int64_t minute_of(WallTime time) {
  return to_unix_ms(time) / kMinuteMs;
}

}  // namespace

std::string_view name_of(Actor actor) {
  constexpr std::array<std::string_view, 5> kNames = {"person", "machine", "job", "other_tenant",
                                                      "break_glass"};
  return kNames[static_cast<std::size_t>(actor)];
}

void Usage::count(WallTime at, const UseOf& of, const Count& count) {
  const std::int64_t minute = minute_of(at);
  const std::lock_guard lock(mutex_);
  auto place = counts_.find({minute, of});
  if (place == counts_.end()) {
    const bool room = counts_.size() < kUsesMax;
    const UseOf rest{of.tenant, "", of.actor, ""};
    place = counts_.try_emplace({minute, room ? of : rest}).first;
  }
  place->second.opened += count.opened;
  place->second.sealed += count.sealed;
  place->second.refused += count.refused;
}

std::vector<MinuteOfUse> Usage::drain(WallTime now, bool all) {
  std::vector<MinuteOfUse> out;
  const std::int64_t present = minute_of(now);
  const std::lock_guard lock(mutex_);
  for (auto at = counts_.begin(); at != counts_.end();) {
    const auto& [minute, of] = at->first;
    if (minute >= present && !all) break;
    out.push_back({from_unix_ms(minute * kMinuteMs), of, at->second.opened, at->second.sealed,
                   at->second.refused});
    at = counts_.erase(at);
  }
  return out;
}

}  // namespace mc::keys
