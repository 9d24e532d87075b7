// What tenants asked for and what came of it, for the last three days: per tenant and route, in
// rings of steps of 10 s, 1 min, 10 min and 1 h. Of any number of threads; one short lock a call.
//
// A tenant takes about 3 KiB and 3 KiB more for each route that it uses, from its first request on;
// one that is quiet for three days takes nothing. Only callers who are known are counted.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "budget/limits.h"
#include "budget/reserve.h"

namespace mc::burn {

inline constexpr std::size_t kTenantsMax = 4'000;      // those that come later count as one,
inline constexpr std::string_view kOtherTenants = "";  // of this name, and have no quotas told
inline constexpr Nanos kStep = seconds(10);            // the finest
inline constexpr std::size_t kStepsShown = 30;         // five minutes

enum class Outcome : std::uint8_t {
  served,
  rejected,  // by a budget of its own: 429
  shed,      // by overload, or by what it shares with others: 503
  failed,    // any other 5xx
};

struct Counts {
  std::int64_t served = 0, rejected = 0, shed = 0, failed = 0;
  std::int64_t slow = 0;  // of those served: over the objective
  void add(const Counts& other);
  // What the objective is held against: a tenant that is over its own budget is no fault of ours.
  std::int64_t events() const { return served + shed + failed; }
  std::int64_t bad() const { return shed + failed + slow; }
  bool operator==(const Counts&) const = default;
};

// The windows that sums are asked for. Steps that are not over count as far as they are.
enum class Span : std::uint8_t { minutes_5, minutes_30, hour, hours_6, days_3 };
inline constexpr std::size_t kSpans = 5;

class Usage {
 public:
  struct Asker {
    std::string_view tenant;
    std::string_view plan;
    std::size_t route = 0;  // an index into the paths
  };
  struct End {
    Outcome outcome = Outcome::served;
    Nanos spent;
    Nanos waited;  // for a seat
  };

  // Requests that took longer than `slow_after` are slow. Steps count from `start` on.
  Usage(std::vector<std::string> paths, Nanos slow_after, MonoTime start);
  ~Usage();
  Usage(const Usage&) = delete;
  Usage& operator=(const Usage&) = delete;

  // What the tenant's day and month were charged. It is not what was asked for: what was refused
  // takes nothing of them, and a request may be exempt from one of these and not from another.
  struct Charged {
    std::int64_t day = 0, month = 0;  // less than nothing: some came back
    bool operator==(const Charged&) const = default;
  };

  // Asked of budgets, admitted or not: for quotas, demand is what counts.
  void asked(const Asker& asker, const budget::Amounts& amounts, const Charged& charged,
             MonoTime now);
  // What was admitted was `used` in truth, and the windows were charged so much more.
  void settled(const Asker& asker, const budget::Amounts& taken, const budget::Amounts& used,
               const Charged& more_charged, MonoTime now);
  void ended(const Asker& asker, const End& end, MonoTime now);
  // Forgets tenants that were quiet for three days. Each minute or so.
  void tick(MonoTime now);

  struct Row {
    std::string tenant, route;
    Counts total;
    double wait_p95_ms = 0;     // of five to ten minutes
    std::vector<Counts> steps;  // kStepsShown of kStep, oldest first
  };
  // Of the last five minutes, of tenants and routes with requests in them, by name; of one tenant
  // when it is named.
  std::vector<Row> rows(std::optional<std::string_view> tenant, MonoTime now) const;
  struct Sums {
    std::string tenant;
    std::array<Counts, kSpans> of;  // by Span
  };
  std::vector<Sums> sums(MonoTime now) const;  // of all tenants that are known, by name

  struct Demand {
    std::string tenant, plan;
    // Of the last five minutes, by Dimension: requests, credits, bytes, fanout.
    budget::Amounts amounts;
    Charged of_hour;  // not less than nothing
  };
  std::vector<Demand> demands(MonoTime now) const;  // of all tenants that are known
  bool is_full() const;                             // some are counted as one

 private:
  struct Series;
  struct Tenant;
  struct Part;
  Part& part_of(std::string_view tenant) const;
  // With the part's lock held.
  static Tenant& tenant_of(Part& part, const Asker& asker);
  std::int64_t step_of(MonoTime now, Nanos width) const;

  const std::vector<std::string> paths_;
  const Nanos slow_after_;
  const MonoTime start_;
  std::unique_ptr<std::array<Part, 16>> parts_;
};

}  // namespace mc::burn
