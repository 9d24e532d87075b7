#include "burn/usage.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <tuple>

#include "burn/ring.h"

namespace mc::burn {
namespace {

using budget::Dimension;

constexpr Nanos kMinute = seconds(60), kTenMinutes = seconds(600), kHour = seconds(3'600);
constexpr std::int64_t kFiveMinutes = kStepsShown;  // in steps
constexpr Nanos kQuiet = seconds(3LL * 24 * 3'600);

// Waits by powers of two of 0.25 ms; the last holds all from 512 ms on.
constexpr std::size_t kWaitBuckets = 13;
constexpr double kFirstWaitMs = 0.25;

struct Waits {
  std::array<std::int64_t, kWaitBuckets> counts = {};
};

std::size_t bucket_of(Nanos waited) {
  const auto quarters =
      static_cast<std::uint64_t>(std::max<std::int64_t>(waited.count, 0) / 250'000);
  return std::min<std::size_t>(std::bit_width(quarters), kWaitBuckets - 1);
}

// The upper bound of the bucket in which the 95th of 100 is; of the first one, 0.
double p95_of(const Waits& waits) {
  std::int64_t all = 0;
  for (const std::int64_t count : waits.counts) all += count;
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < kWaitBuckets; ++i) {
    seen += waits.counts[i];
    if (all == 0 || seen * 100 < all * 95) continue;
    return i == 0 ? 0 : kFirstWaitMs * static_cast<double>(std::uint64_t{1} << i);
  }
  return 0;
}

// What was asked for in a step.
struct Asked {
  std::int64_t requests = 0, credits = 0, bytes = 0, fanout = 0;
  void add(const Asked& other) {
    requests += other.requests;
    credits += other.credits;
    bytes += other.bytes;
    fanout += other.fanout;
  }
};

Asked asked_of(const budget::Amounts& amounts) {
  return {amounts[Dimension::requests], amounts[Dimension::credits], amounts[Dimension::bytes],
          amounts[Dimension::fanout]};
}

void count(const Usage::End& end, Nanos slow_after, Counts& into) {
  switch (end.outcome) {
    case Outcome::served:
      ++into.served;
      if (end.spent > slow_after) ++into.slow;
      return;
    case Outcome::rejected:
      ++into.rejected;
      return;
    case Outcome::shed:
      ++into.shed;
      return;
    case Outcome::failed:
      ++into.failed;
      return;
  }
}

}  // namespace

void Counts::add(const Counts& other) {
  served += other.served;
  rejected += other.rejected;
  shed += other.shed;
  failed += other.failed;
  slow += other.slow;
}

// One more step each than what is asked for: the newest is not over.
struct Usage::Series {
  Ring<Counts, kStepsShown + 1> tens;
  Ring<Counts, 61> minutes;
  Ring<Counts, 37> ten_minutes;
  Ring<Counts, 73> hours;
  Ring<Waits, 2> waits;  // of five minutes
};

struct Usage::Tenant {
  std::string plan;
  MonoTime last;
  Ring<Asked, kStepsShown + 1> asked;
  Ring<Charged, 61> charged;                    // by minutes
  std::vector<std::unique_ptr<Series>> routes;  // by index; null = never used
};

struct Usage::Part {
  mutable std::mutex mutex;
  std::map<std::string, std::unique_ptr<Tenant>, std::less<>> tenants;
};

Usage::Usage(std::vector<std::string> paths, Nanos slow_after, MonoTime start)
    : paths_(std::move(paths)),
      slow_after_(slow_after),
      start_(start),
      parts_(std::make_unique<std::array<Part, 16>>()) {}

Usage::~Usage() = default;

Usage::Part& Usage::part_of(std::string_view tenant) const {
  return (*parts_)[std::hash<std::string_view>()(tenant) % parts_->size()];
}

Usage::Tenant& Usage::tenant_of(Part& part, const Asker& asker) {
  auto found = part.tenants.find(asker.tenant);
  if (found == part.tenants.end()) {
    const bool full = part.tenants.size() >= kTenantsMax / 16;
    const std::string_view name = full ? kOtherTenants : asker.tenant;
    found = part.tenants.find(name);
    if (found == part.tenants.end()) {
      found = part.tenants.emplace(name, std::make_unique<Tenant>()).first;
    }
  }
  Tenant& tenant = *found->second;
  if (tenant.plan != asker.plan) tenant.plan = asker.plan;
  return tenant;
}

std::int64_t Usage::step_of(MonoTime now, Nanos width) const {
  return std::max<std::int64_t>((now - start_).count, 0) / width.count;
}

void Usage::asked(const Asker& asker, const budget::Amounts& amounts, const Charged& charged,
                  MonoTime now) {
  Part& part = part_of(asker.tenant);
  const std::lock_guard lock(part.mutex);
  Tenant& tenant = tenant_of(part, asker);
  tenant.last = std::max(tenant.last, now);
  tenant.asked.at(step_of(now, kStep)).add(asked_of(amounts));
  Charged& minute = tenant.charged.at(step_of(now, kMinute));
  minute.day += charged.day;
  minute.month += charged.month;
}

void Usage::settled(const Asker& asker, const budget::Amounts& taken, const budget::Amounts& used,
                    const Charged& more_charged, MonoTime now) {
  budget::Amounts more;
  for (const Dimension dimension : {Dimension::credits, Dimension::bytes, Dimension::fanout}) {
    more.set(dimension, used[dimension] - taken[dimension]);
  }
  asked(asker, more, more_charged, now);
}

void Usage::ended(const Asker& asker, const End& end, MonoTime now) {
  Part& part = part_of(asker.tenant);
  const std::lock_guard lock(part.mutex);
  Tenant& tenant = tenant_of(part, asker);
  tenant.last = std::max(tenant.last, now);
  if (asker.route >= paths_.size()) return;
  if (tenant.routes.size() <= asker.route) tenant.routes.resize(paths_.size());
  std::unique_ptr<Series>& series = tenant.routes[asker.route];
  if (series == nullptr) series = std::make_unique<Series>();
  count(end, slow_after_, series->tens.at(step_of(now, kStep)));
  count(end, slow_after_, series->minutes.at(step_of(now, kMinute)));
  count(end, slow_after_, series->ten_minutes.at(step_of(now, kTenMinutes)));
  count(end, slow_after_, series->hours.at(step_of(now, kHour)));
  ++series->waits.at(step_of(now, seconds(300))).counts[bucket_of(end.waited)];
}

void Usage::tick(MonoTime now) {
  for (Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    std::erase_if(part.tenants, [&](const auto& one) { return now - one.second->last > kQuiet; });
  }
}

std::vector<Usage::Row> Usage::rows(std::optional<std::string_view> wanted, MonoTime now) const {
  std::vector<Row> out;
  const std::int64_t newest = step_of(now, kStep);
  const auto add = [&](const std::string& name, const Tenant& tenant) {
    for (std::size_t i = 0; i < tenant.routes.size(); ++i) {
      if (tenant.routes[i] == nullptr) continue;
      const Series& series = *tenant.routes[i];
      Row row{name, paths_[i], {}, 0, {}};
      series.tens.each(newest, kFiveMinutes, [&](const Counts& step) {
        row.total.add(step);
        row.steps.push_back(step);
      });
      if (row.total == Counts{}) continue;
      Waits waits;
      series.waits.each(step_of(now, seconds(300)), 2, [&](const Waits& some) {
        for (std::size_t j = 0; j < kWaitBuckets; ++j) waits.counts[j] += some.counts[j];
      });
      row.wait_p95_ms = p95_of(waits);
      out.push_back(std::move(row));
    }
  };
  for (const Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    for (const auto& [name, tenant] : part.tenants) {
      if (!wanted || name == *wanted) add(name, *tenant);
    }
  }
  std::sort(out.begin(), out.end(), [](const Row& a, const Row& b) {
    return std::tie(a.tenant, a.route) < std::tie(b.tenant, b.route);
  });
  return out;
}

std::vector<Usage::Sums> Usage::sums(MonoTime now) const {
  std::map<std::string, Sums> out;  // the other tenants are in every part
  for (const Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    for (const auto& [name, tenant] : part.tenants) {
      Sums& sums = out[name];
      sums.tenant = name;
      const auto add_to = [&](Span span) {
        return [&sums, span](const Counts& step) {
          sums.of[static_cast<std::size_t>(span)].add(step);
        };
      };
      for (const auto& series : tenant->routes) {
        if (series == nullptr) continue;
        series->tens.each(step_of(now, kStep), kFiveMinutes, add_to(Span::minutes_5));
        series->minutes.each(step_of(now, kMinute), 30, add_to(Span::minutes_30));
        series->minutes.each(step_of(now, kMinute), 60, add_to(Span::hour));
        series->ten_minutes.each(step_of(now, kTenMinutes), 36, add_to(Span::hours_6));
        series->hours.each(step_of(now, kHour), 72, add_to(Span::days_3));
      }
    }
  }
  std::vector<Sums> sorted;
  sorted.reserve(out.size());
  for (auto& named : out) sorted.push_back(std::move(named.second));
  return sorted;
}

std::vector<Usage::Demand> Usage::demands(MonoTime now) const {
  std::vector<Demand> out;
  for (const Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    for (const auto& [name, tenant] : part.tenants) {
      if (name == kOtherTenants) continue;
      Asked asked;
      tenant->asked.each(step_of(now, kStep), kFiveMinutes, [&](const Asked& a) { asked.add(a); });
      // What was given back later than it was asked for may outweigh the rest.
      const auto least = [](std::int64_t amount) { return std::max<std::int64_t>(amount, 0); };
      Demand demand;
      demand.tenant = name;
      demand.plan = tenant->plan;
      demand.amounts.set(Dimension::requests, asked.requests)
          .set(Dimension::credits, least(asked.credits))
          .set(Dimension::bytes, least(asked.bytes))
          .set(Dimension::fanout, least(asked.fanout));
      Charged of_hour;
      tenant->charged.each(step_of(now, kMinute), 60, [&](const Charged& minute) {
        of_hour.day += minute.day;
        of_hour.month += minute.month;
      });
      demand.of_hour = {least(of_hour.day), least(of_hour.month)};
      out.push_back(std::move(demand));
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Demand& a, const Demand& b) { return a.tenant < b.tenant; });
  return out;
}

bool Usage::is_full() const {
  return std::ranges::any_of(*parts_, [](const Part& part) {
    const std::lock_guard lock(part.mutex);
    return part.tenants.contains(kOtherTenants);
  });
}

}  // namespace mc::burn
