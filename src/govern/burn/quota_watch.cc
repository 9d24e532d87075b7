#include "burn/quota_watch.h"

#include <algorithm>
#include <chrono>

namespace mc::burn {
namespace {

using budget::Dimension;

constexpr std::int64_t kSpanSeconds = 300;  // of the demand

bool is_demand(Dimension dimension) {
  return dimension == Dimension::requests || dimension == Dimension::credits ||
         dimension == Dimension::bytes || dimension == Dimension::fanout;
}

// When the rest of a window is gone at the pace of the last hour; none when it lasts to the end.
std::optional<WallTime> exhausted_at(const budget::Book::Line& line, const Usage::Charged& hour,
                                     const budget::Moment& at, WallTime wall) {
  const bool is_day = line.dimension == Dimension::day_credits;
  const std::int64_t of_hour = is_day ? hour.day : hour.month;
  if (of_hour <= 0 || !line.left) return std::nullopt;
  const double hours = static_cast<double>(*line.left) / static_cast<double>(of_hour);
  const budget::Ticks end = is_day ? at.day_end : at.month_end;
  const double until_end = to_seconds(budget::nanos_of(end - at.now));
  if (hours * 3'600 >= until_end) return std::nullopt;
  return wall + Nanos{static_cast<std::int64_t>(hours * 3'600e9)};
}

// The day or month by its number since 1970; of a rate what five minutes there were until now.
void set_time(QuotaBurn& burn, const budget::Moment& at, WallTime wall) {
  using std::chrono::days, std::chrono::months, std::chrono::sys_days;
  const auto begin_of = [](sys_days day) {
    return WallTime{} + Nanos{std::chrono::nanoseconds(day.time_since_epoch()).count()};
  };
  const auto first_of = [](int month) {
    using std::chrono::year;
    return sys_days(year(1970) / 1 / 1 + months(month));
  };
  if (burn.dimension == Dimension::day_credits) {
    burn.from = begin_of(sys_days(days(at.day)));
    burn.until = begin_of(sys_days(days(at.day + 1)));
  } else if (burn.dimension == Dimension::month_credits) {
    burn.from = begin_of(first_of(at.month));
    burn.until = begin_of(first_of(at.month + 1));
  } else {
    burn.from = wall - seconds(kSpanSeconds);
    burn.until = wall;
  }
}

std::int64_t window_of(Dimension dimension, const budget::Moment& at, WallTime wall) {
  if (dimension == Dimension::day_credits) return at.day;
  if (dimension == Dimension::month_credits) return at.month;
  return wall.nanos / seconds(kSpanSeconds).count;
}

int level_after(int before, double burn) {
  if (burn >= kSecondLevel || (before == 90 && burn >= kSecondLevel - kHysteresis)) return 90;
  if (burn >= kFirstLevel || (before >= 80 && burn >= kFirstLevel - kHysteresis)) return 80;
  return 0;
}

}  // namespace

bool is_window(Dimension dimension) {
  return dimension == Dimension::day_credits || dimension == Dimension::month_credits;
}

// Of a tenant that was quiet for long, what was told of a day or month that still runs is known.
void QuotaWatch::forget(const budget::Moment& at) {
  std::erase_if(held_, [&](const auto& one) {
    const Held& held = one.second;
    if (held.seen) return false;
    const Dimension dimension = one.first.second;
    return !is_window(dimension) || held.told_80 != window_of(dimension, at, WallTime{});
  });
}

void QuotaWatch::judge(const Key& key, QuotaBurn burn, std::int64_t window, WallTime wall,
                       std::vector<QuotaEvent>& events) {
  Held& held = held_[key];
  const int before = held.burn.level;
  burn.level = level_after(before, burn.burn);
  // From nothing to 90 at once is one event, of 90.
  if (burn.level > before) {
    std::int64_t& told = burn.level == 90 ? held.told_90 : held.told_80;
    if (told != window) {
      told = window;
      if (burn.level == 90) held.told_80 = window;
      events.push_back({burn, wall});
    }
  }
  held.burn = std::move(burn);
  held.seen = true;
}

std::vector<QuotaEvent> QuotaWatch::look(const Usage& usage, const budget::Book& book,
                                         const budget::Moment& at, MonoTime now, WallTime wall) {
  std::vector<QuotaEvent> events;
  const std::lock_guard lock(mutex_);
  for (auto& one : held_) one.second.seen = false;
  for (const Usage::Demand& demand : usage.demands(now)) {
    budget::Book::Who who;
    who.tenant = demand.tenant;
    who.plan = demand.plan;
    who.route = budget::Book::kAllRoutes;
    for (const budget::Book::Line& line : book.effective(who, at)) {
      if (line.scope != budget::Scope::tenant) continue;
      QuotaBurn burn;
      burn.tenant = demand.tenant;
      burn.dimension = line.dimension;
      burn.quota = line.quota;
      const auto quota = static_cast<double>(line.quota);
      if (is_window(line.dimension) && line.left) {
        burn.used = line.quota - *line.left;
        burn.burn = static_cast<double>(burn.used) / quota;
        burn.exhausted_at = exhausted_at(line, demand.of_hour, at, wall);
      } else if (is_demand(line.dimension)) {
        burn.used = demand.amounts[line.dimension];
        burn.burn = static_cast<double>(burn.used) / (quota * kSpanSeconds);
      } else {
        continue;
      }
      set_time(burn, at, wall);
      judge({demand.tenant, line.dimension}, std::move(burn), window_of(line.dimension, at, wall),
            wall, events);
    }
  }
  forget(at);
  return events;
}

std::vector<QuotaBurn> QuotaWatch::burns(std::optional<std::string_view> tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<QuotaBurn> out;
  for (const auto& [key, held] : held_) {
    if (held.seen && (!tenant || key.first == *tenant)) out.push_back(held.burn);
  }
  return out;
}

}  // namespace mc::burn
