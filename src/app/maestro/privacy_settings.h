// The configuration of differential privacy: budgets by plan and dataset, and what a query may be.
// Amounts are decimals as text: they are exact.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "accountant/accountant.h"
#include "base/base.h"
#include "json/describe.h"
#include "maestro/privacy_notice.h"
#include "planner/settings.h"

namespace mc::app {

// "" = none.
struct PrivacyLimit {
  std::string epsilon, delta, rho;
};
struct PrivacyPlan {
  PrivacyLimit window{.epsilon = "10", .delta = "", .rho = ""};
  std::string query_default = "0.5", query_max = "5";
  std::string top_up_window_max = "10", top_up_lifetime_max = "50";
};
struct PrivacyDataset {
  std::string filter = "pure";
  std::string window = "days:30";
  PrivacyLimit all_tenants, lifetime;
  std::int64_t block_days = 0;
  PrivacyLimit block;
};
struct PrivacyNotice {
  std::string title{kNoticeTitle};
  std::string text{kNoticeText};
};
struct PrivacySettings {
  std::string url;
  std::string policy_version = "1";
  std::map<std::string, PrivacyPlan> plans;
  std::map<std::string, PrivacyDataset> datasets;
  PrivacyDataset other_datasets;
  std::string epsilon_min = "0.001";
  std::string delta = "0.000001";
  Nanos quote_valid = seconds(60);
  Nanos snapshot = seconds(24LL * 3'600);
  std::int64_t histogram_bins = 20;
  std::int64_t queue_max = 100;
  Nanos queue_valid = seconds(24LL * 3'600);
  std::string override_url;
  PrivacyNotice exhaustion_notice;

  Status check() const;  // `invalid` names the setting
};

Result<accountant::Settings> accountant_settings(const PrivacySettings& settings);
Result<planner::Settings> planner_settings(const PrivacySettings& settings);
std::string asks_at(const PrivacySettings& settings);  // where more budget is asked for
// `invalid` names the setting and the line of the template.
Result<ExhaustionNotice> exhaustion_notice(const PrivacySettings& settings);

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::PrivacyLimit> {
  using T = mc::app::PrivacyLimit;
  static constexpr auto fields = std::tuple{
      Field{"epsilon", &T::epsilon, "Sum of epsilon, a decimal; empty = none", {.max = 40}},
      Field{"delta", &T::delta, "Sum of delta; empty = none", {.max = 40}},
      Field{"rho", &T::rho, "Sum of rho, of the filter zcdp; empty = none", {.max = 40}},
  };
};

template <>
struct mc::json::Describe<mc::app::PrivacyPlan> {
  using T = mc::app::PrivacyPlan;
  static constexpr auto fields = std::tuple{
      Field{"window", &T::window, "What one purpose may spend of a dataset in a window"},
      Field{"query_default",
            &T::query_default,
            "Epsilon of a query that says none",
            {.min = 1, .max = 40}},
      Field{"query_max", &T::query_max, "Epsilon of one query at most", {.min = 1, .max = 40}},
      Field{"top_up_window_max",
            &T::top_up_window_max,
            "What top-ups may add to a window",
            {.min = 1, .max = 40}},
      Field{"top_up_lifetime_max",
            &T::top_up_lifetime_max,
            "What top-ups may add to a dataset for good",
            {.min = 1, .max = 40}},
  };
};

template <>
struct mc::json::Describe<mc::app::PrivacyDataset> {
  using T = mc::app::PrivacyDataset;
  static constexpr auto fields = std::tuple{
      Field{"filter", &T::filter, "How costs add up: pure, approx, zcdp or rdp"},
      Field{"window", &T::window, "day, week, month or days:N; from midnight UTC"},
      Field{"all_tenants", &T::all_tenants, "What all tenants together may spend in a window"},
      Field{"lifetime", &T::lifetime, "What one tenant may spend for good"},
      Field{"block_days",
            &T::block_days,
            "Days of event time with a budget of their own; 0 = none",
            {.min = 0, .max = 3'660}},
      Field{"block", &T::block, "What all tenants together may spend of such days for good"},
  };
};

template <>
struct mc::json::Describe<mc::app::PrivacyNotice> {
  using T = mc::app::PrivacyNotice;
  static constexpr auto fields = std::tuple{
      Field{"title", &T::title, "One line, with placeholders as {dataset}", {.max = 500}},
      Field{"text", &T::text, "Lines with placeholders; {{ is a brace", {.max = 8'000}},
  };
};

template <>
struct mc::json::Describe<mc::app::PrivacySettings> {
  using T = mc::app::PrivacySettings;
  static constexpr auto fields = std::tuple{
      Field{"url", &T::url,
            "Where budgets are kept: sqlite:/path or postgres://...; empty = sqlite in data_dir"},
      Field{"policy_version",
            &T::policy_version,
            "Names these rules in accountant hashes; change it with them",
            {.min = 1, .max = 100}},
      Field{"plans", &T::plans, "Budgets of tenants, by the name of their plan"},
      Field{"datasets", &T::datasets, "Rules of datasets, by name"},
      Field{"other_datasets", &T::other_datasets, "Rules of datasets that are not named"},
      Field{"epsilon_min", &T::epsilon_min, "Epsilon of one query at least", {.min = 1, .max = 40}},
      Field{"delta",
            &T::delta,
            "Of one query with Gaussian noise or keys that are not public",
            {.min = 1, .max = 40}},
      Field{"quote_valid",
            &T::quote_valid,
            "How long a quote holds",
            {.min = mc::seconds(1), .max = mc::seconds(3'600)}},
      Field{"snapshot",
            &T::snapshot,
            "Answers of one such span are given again, and cost nothing more",
            {.min = mc::seconds(1), .max = mc::seconds(366LL * 86'400)}},
      Field{"histogram_bins",
            &T::histogram_bins,
            "Of a histogram that says none",
            {.min = 2, .max = 1'000}},
      Field{"queue_max",
            &T::queue_max,
            "Queries of one tenant that may wait for a window; 0 = none",
            {.max = mc::planner::kQueueMaxMax}},
      Field{"queue_valid",
            &T::queue_valid,
            "How long after its time a query that waited may still be run",
            {.min = mc::seconds(1), .max = mc::seconds(366LL * 86'400)}},
      Field{"override_url", &T::override_url,
            "Where more budget is asked for, shown in refusals; empty = the portal's page"},
      Field{"exhaustion_notice", &T::exhaustion_notice,
            "What is told when a budget is used up, or will be within a day"},
  };
};
