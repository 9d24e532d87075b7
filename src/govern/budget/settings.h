// What the configuration says of budgets:
//
//   budgets:
//     starter: {gql_qps: 50, subs_fanout: 1000, exports_per_min: 5}      # each tenant of the plan
//     pro: {gql_qps: 200, seats: 40, users: {gql_qps: 20}, routes: {/shop: {gql_qps: 50}},
//           classes: {batch: {gql_qps: 20, seats: 4, priority: 0}}}
//   admission:
//     global: {gql_qps: 5000}                                            # all tenants together
//     routes: {/shop: {gql_qps: 1000}}
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "budget/limits.h"
#include "json/describe.h"

namespace mc::budget {

// Of those of a tenant's requests that the policies put into a class.
struct ClassSettings : LimitSettings {
  std::optional<std::int64_t> priority;  // under overload, in place of the plan's
};
inline constexpr std::size_t kClassesMax = 16;  // of a plan

// The limits of each tenant of a plan, and inside them those of its users and of its requests to a
// route.
struct PlanSettings : LimitSettings {
  LimitSettings users;
  std::map<std::string, LimitSettings> routes;   // by the route's path
  std::map<std::string, ClassSettings> classes;  // by the class's name
  LimitSettings together;                        // all tenants of the plan
  std::int64_t weight = 1;                       // of seats, where tenants wait for them
  std::int64_t priority = 0;                     // under overload the lowest are turned away first
};

// Of all tenants together.
struct AdmissionSettings {
  LimitSettings global;
  std::map<std::string, LimitSettings> routes;  // by the route's path
  // Requests that run at a time: as many as the services behind stand, found out between these.
  std::int64_t seats_min = 8, seats_max = 1'000;
  std::int64_t waiting_max = 10'000, waiting_of_tenant_max = 1'000;  // requests
  Nanos wait_max = millis(250);
  std::int64_t log_files_max = 8;  // of the admission log, 64 MiB each; 0 = it is in memory only
};

struct BudgetSettings {
  std::map<std::string, PlanSettings> plans;
  AdmissionSettings admission;
};

}  // namespace mc::budget

namespace mc::json {

// A struct that inherits from another one has its fields.
template <class T>
constexpr auto limit_fields() {
  using Amount = Field<T, std::optional<std::int64_t>>;
  constexpr Rules kPositive = {.min = 1};
  return std::tuple{
      Amount{"gql_qps", &T::gql_qps, "GraphQL requests a second", kPositive},
      Amount{"credits_per_s", &T::credits_per_s, "Credits a second", kPositive},
      Amount{"bytes_per_s", &T::bytes_per_s, "Bytes of answers a second", kPositive},
      Amount{"fanout_per_s", &T::fanout_per_s, "Requests to upstreams and statements a second",
             kPositive},
      Amount{"subs_fanout", &T::subs_fanout, "Deliveries to subscribers a second", kPositive},
      Amount{"exports_per_min", &T::exports_per_min, "Exports a minute", kPositive},
      Amount{"seats", &T::seats, "Requests at a time", kPositive},
      Amount{"subscriptions", &T::subscriptions, "Open subscriptions", kPositive},
      Amount{"credits_per_day", &T::credits_per_day, "Credits a day (UTC)", kPositive},
      Amount{"credits_per_month", &T::credits_per_month, "Credits a month (UTC)", kPositive},
      Field<T, double>{"burst", &T::burst, "Seconds of a rate that may be used at once"},
      Field<T, std::vector<std::string>>{"warn_only", &T::warn_only,
                                         "Dimensions that are told, not refused"},
      Field<T, std::map<std::string, std::string>>{
          "on_store_loss", &T::on_store_loss,
          "By dimension, while nodes do not reach the store that they share it in: local_share, "
          "open, closed or last_known"}};
}

template <>
struct Describe<budget::LimitSettings> {
  static constexpr auto fields = limit_fields<budget::LimitSettings>();
};

template <>
struct Describe<budget::ClassSettings> {
  using T = budget::ClassSettings;
  using Priority = Field<T, std::optional<std::int64_t>>;
  static constexpr auto fields = std::tuple_cat(
      limit_fields<T>(), std::tuple{Priority{"priority",
                                             &T::priority,
                                             "Under overload, in place of the plan's",
                                             {.min = 0, .max = 63}}});
};

template <>
struct Describe<budget::PlanSettings> {
  using T = budget::PlanSettings;
  static constexpr auto fields = std::tuple_cat(
      limit_fields<T>(),
      std::tuple{Field{"users", &T::users, "Of each user of a tenant"},
                 Field{"routes", &T::routes, "Of each tenant on a route, by its path"},
                 Field{"classes", &T::classes, "Of each tenant's requests of a class, by its name"},
                 Field{"together", &T::together, "Of all tenants of the plan together"},
                 Field{"weight",
                       &T::weight,
                       "Of seats, against other tenants that wait",
                       {.min = 1, .max = 1'000}},
                 Field{"priority",
                       &T::priority,
                       "Under overload the lowest are turned away first",
                       {.min = 0, .max = 63}}});
};

template <>
struct Describe<budget::AdmissionSettings> {
  using T = budget::AdmissionSettings;
  static constexpr auto fields = std::tuple{
      Field{"global", &T::global, "Of all requests together"},
      Field{"routes", &T::routes, "Of all requests to a route, by its path"},
      Field{"seats_min",
            &T::seats_min,
            "Requests that may run at a time, at least",
            {.min = 1, .max = 100'000}},
      Field{"seats_max",
            &T::seats_max,
            "Requests that may run at a time, at most; equal to seats_min: fixed",
            {.min = 1, .max = 100'000}},
      Field{"waiting_max", &T::waiting_max, "Requests that wait", {.min = 1, .max = 1'000'000}},
      Field{"waiting_of_tenant_max",
            &T::waiting_of_tenant_max,
            "Requests of one tenant that wait",
            {.min = 1, .max = 1'000'000}},
      Field{"wait_max",
            &T::wait_max,
            "How long one waits",
            {.min = mc::millis(1), .max = mc::seconds(60)}},
      Field{"log_files_max",
            &T::log_files_max,
            "Files of the admission log, 64 MiB each; 0 = in memory only",
            {.min = 0, .max = 10'000}}};
};

}  // namespace mc::json
