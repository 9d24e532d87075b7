#include "maestro/privacy_settings.h"

#include <doctest/doctest.h>

#include "config/config.h"
#include "maestro/own_privacy.h"
#include "maestro/settings.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

Result<config::Loaded<Settings>> load(const std::string& yaml) {
  sim::SimFiles files;
  MC_TRY_OK(files.write_atomic("/mc.yaml", yaml));
  config::Sources sources;
  sources.file = "/mc.yaml";
  return config::load<Settings>(sources, files);
}

TEST_CASE("privacy settings: a wrong value is refused by its path, and so is an unknown key") {
  struct Row {
    std::string yaml, named;
  };
  const Row rows[] = {
      {"{plans: {pro: {window: {epsilon: ten}}}}", "privacy.plans.pro.window.epsilon: "},
      {"{plans: {pro: {window: {epsilon: \"-1\"}}}}", "privacy.plans.pro.window.epsilon: "},
      {"{plans: {pro: {window: {epsilon: \"0.1234567891\"}}}}", "privacy.plans.pro.window.epsilon"},
      {"{plans: {pro: {window: {delta: \"1e-30\"}}}}", "privacy.plans.pro.window.delta: "},
      {"{plans: {pro: {window: {rho: x}}}}", "privacy.plans.pro.window.rho: "},
      {"{plans: {pro: {query_default: NaN}}}", "privacy.plans.pro.query_default: "},
      {"{plans: {pro: {query_max: inf}}}", "privacy.plans.pro.query_max: "},
      {"{plans: {pro: {top_up_window_max: x}}}", "privacy.plans.pro.top_up_window_max: "},
      {"{plans: {pro: {top_up_lifetime_max: x}}}", "privacy.plans.pro.top_up_lifetime_max: "},
      {"{datasets: {visit: {filter: best}}}", "privacy.datasets.visit.filter: "},
      {"{datasets: {visit: {window: \"days:0\"}}}", "privacy.datasets.visit.window: "},
      {"{datasets: {visit: {window: year}}}", "privacy.datasets.visit.window: "},
      {"{datasets: {visit: {all_tenants: {epsilon: x}}}}",
       "privacy.datasets.visit.all_tenants.epsilon: "},
      {"{datasets: {visit: {lifetime: {epsilon: x}}}}",
       "privacy.datasets.visit.lifetime.epsilon: "},
      {"{datasets: {visit: {block: {epsilon: x}}}}", "privacy.datasets.visit.block.epsilon: "},
      {"{datasets: {visit: {block_days: -1}}}", "block_days"},
      {"{datasets: {visit: {filter: approx}}}", "plan default on dataset visit: "},
      {"{other_datasets: {window: never}}", "privacy.other_datasets.window: "},
      {"{epsilon_min: x}", "privacy.epsilon_min: "},
      {"{delta: \"-0.1\"}", "privacy.delta: "},
      {"{quote_valid: 2h}", "quote_valid"},
      {"{snapshot: 0s}", "snapshot"},
      {"{histogram_bins: 1}", "histogram_bins"},
      {"{policy_version: \"\"}", "policy_version"},
      {"{budgets: {}}", "budgets"},
      {"{plans: {pro: {windw: {}}}}", "windw"},
      {"{plans: {pro: {window: {epsilom: \"1\"}}}}", "epsilom"},
      {"{datasets: {visit: {filtr: pure}}}", "filtr"}};
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto loaded = load("privacy: " + row.yaml);
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Code::invalid);
    CAPTURE(loaded.error().what);
    CHECK(loaded.error().what.find(row.named) != std::string::npos);
  }
}

// That of docs/guides/privacy.md.
TEST_CASE("privacy settings: the example of the guide, as the accountant and the planner have it") {
  const auto loaded = load(R"(privacy:
  plans:
    default: {window: {epsilon: "10", delta: "0.0001"}, query_default: "0.5", query_max: "5"}
    starter: {window: {epsilon: "5", delta: "0.0001"}}
  datasets:
    person:
      filter: approx
      window: "days:30"
      all_tenants: {epsilon: "100", delta: "0.001"}
      lifetime: {epsilon: "60", delta: "0.001"}
  epsilon_min: "0.001"
  delta: "0.000001"
  snapshot: 24h
)");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const auto accounts = accountant_settings(loaded->value.privacy);
  REQUIRE_MESSAGE(accounts.has_value(), accounts.error().what);
  CHECK(accounts->plan("starter").window.epsilon == *accountant::parse_epsilon("5"));
  CHECK(accounts->plan("starter").window.delta == *accountant::parse_delta("0.0001"));
  CHECK(accounts->plan("default").window.delta == *accountant::parse_delta("0.0001"));
  CHECK(accounts->plan("other").window.epsilon == *accountant::parse_epsilon("10"));
  CHECK(accounts->plan("starter").query_max == *accountant::parse_epsilon("5"));
  const accountant::DatasetRules& person = accounts->dataset("person");
  CHECK(person.filter == accountant::Filter::approx);
  CHECK(person.length.text() == "days:30");
  CHECK(person.all_tenants.epsilon == *accountant::parse_epsilon("100"));
  CHECK(person.lifetime.epsilon == *accountant::parse_epsilon("60"));
  CHECK(accounts->dataset("other").filter == accountant::Filter::pure);
  const auto planned = planner_settings(loaded->value.privacy);
  REQUIRE(planned.has_value());
  CHECK(planned->epsilon_min == *accountant::parse_epsilon("0.001"));
  CHECK(planned->delta == *accountant::parse_delta("0.000001"));
  CHECK(planned->snapshot == seconds(86'400));
}

TEST_CASE("privacy settings: without any, everybody has the plan that the accountant starts with") {
  const auto accounts = accountant_settings(PrivacySettings{});
  REQUIRE_MESSAGE(accounts.has_value(), accounts.error().what);
  const accountant::Plan plan;
  CHECK(accounts->plan("any").window.epsilon == plan.window.epsilon);
  CHECK(accounts->plan("any").query_default == plan.query_default);
  CHECK(accounts->plan("any").top_up_window_max == plan.top_up_window_max);
  CHECK(accounts->plan("any").top_up_lifetime_max == plan.top_up_lifetime_max);
  CHECK(PrivacyDataset{}.window == accountant::WindowLength().text());
  const auto planned = planner_settings(PrivacySettings{});
  REQUIRE(planned.has_value());
  CHECK(planned->epsilon_min == planner::Settings{}.epsilon_min);
  CHECK(planned->delta == planner::Settings{}.delta);
}

TEST_CASE("privacy settings: budgets are where they were put, or with the state, or in a file") {
  Settings settings;
  settings.data_dir = "/var/lib/../lib/mc";
  CHECK(privacy_url(settings) == "sqlite:/var/lib/mc/privacy.db");
  settings.state_url = "postgres://db/mc";
  CHECK(privacy_url(settings) == "postgres://db/mc");
  settings.privacy.url = "sqlite:/fast/privacy.db";
  CHECK(privacy_url(settings) == "sqlite:/fast/privacy.db");
}

TEST_CASE("privacy settings: a notice that cannot be filled is refused with its setting and line") {
  PrivacySettings settings;
  settings.exhaustion_notice.text = "Budget of {dataset}\nis gone until {resett}";
  CHECK(settings.check().error().what.starts_with(
      "privacy.exhaustion_notice.text: line 2: {resett} is no placeholder"));
  settings.exhaustion_notice = {.title = "gone\nall", .text = "x"};
  CHECK(settings.check().error().what == "privacy.exhaustion_notice.title: line 2: it is one line");
  settings.exhaustion_notice = {.title = "{why}", .text = "{left} of {limit}"};
  CHECK(settings.check().has_value());
  CHECK(exhaustion_notice(settings)->ask_at == "/privacy");
}

}  // namespace
}  // namespace mc::app
