#include "accountant/settings.h"

namespace mc::accountant {
namespace {

constexpr std::size_t kNamesMax = 10'000;

Status named(const Status& status, const std::string& what) {
  if (status) return ok();
  return fail(status.error().code, what + ": " + status.error().what);
}

Status check_plan(const std::string& name, const Plan& plan) {
  const bool in_order = plan.query_default > NanoEpsilon() && plan.query_max <= kEpsilonMax &&
                        plan.query_default <= plan.query_max;
  if (!in_order) {
    return fail(Code::invalid, "plan " + name + ": 0 < query_default <= query_max <= " +
                                   to_decimal(kEpsilonMax) + " does not hold");
  }
  if (plan.top_up_window_max < NanoEpsilon() || plan.top_up_window_max > kEpsilonMax ||
      plan.top_up_lifetime_max < NanoEpsilon() || plan.top_up_lifetime_max > kEpsilonMax) {
    return fail(Code::invalid, "plan " + name + ": what top-ups may add is not from 0 to " +
                                   to_decimal(kEpsilonMax));
  }
  return ok();
}

Status check_rules(const std::string& name, const DatasetRules& rules) {
  MC_TRY_OK(named(rules.all_tenants.check(rules.filter), "dataset " + name + ", all tenants"));
  MC_TRY_OK(named(rules.lifetime.check(rules.filter), "dataset " + name + ", lifetime"));
  MC_TRY_OK(named(rules.block.check(rules.filter), "dataset " + name + ", block"));
  if (rules.block_days < 0 || rules.block_days > 366) {
    return fail(Code::invalid, "dataset " + name + ": block_days is not from 0 to 366");
  }
  return ok();
}

// A limit that does not say what the filter goes by would hold nothing back.
Status check_fit(const Settings& settings, const std::string& dataset, const DatasetRules& rules) {
  for (const auto& [name, plan] : settings.plans) {
    MC_TRY_OK(named(plan.window.under(rules.filter).check(rules.filter),
                    "plan " + name + " on dataset " + dataset));
  }
  return ok();
}

// That the cell adds up as the mother does, and knows one budget for each account.
Status check_grant(const Settings& settings, const Grant& grant) {
  MC_TRY_OK(grant.shard.check());
  const DatasetRules& rules = settings.dataset(grant.shard.dataset);
  if (rules.filter != grant.filter || !(rules.length == grant.length) || rules.block_days != 0) {
    return fail(Code::invalid, "dataset " + grant.shard.dataset + ": filter, window and blocks " +
                                   "are not those of the grant " + grant.id.get());
  }
  const Shard& shard = grant.shard;
  const Grant* first =
      settings.grant(shard.tenant.get(), shard.dataset, shard.purpose, grant.window.start);
  if (first != &grant) {
    return fail(Code::invalid,
                "the grants " + first->id.get() + " and " + grant.id.get() + " are of one account");
  }
  return ok();
}

}  // namespace

Status Settings::check() const {
  if (policy_version.empty() || policy_version.size() > 200 || !is_one_line(policy_version)) {
    return fail(Code::invalid, "policy_version is not one line of 1 to 200 bytes");
  }
  if (!plans.contains("default")) return fail(Code::invalid, "there is no plan 'default'");
  if (plans.size() > kNamesMax || datasets.size() > kNamesMax) {
    return fail(Code::invalid, "more than " + std::to_string(kNamesMax) + " plans or datasets");
  }
  for (const auto& [name, plan] : plans) MC_TRY_OK(check_plan(name, plan));
  for (const auto& [name, rules] : datasets) {
    MC_TRY_OK(check_rules(name, rules));
    MC_TRY_OK(check_fit(*this, name, rules));
  }
  MC_TRY_OK(check_rules("(others)", other_datasets));
  MC_TRY_OK(check_fit(*this, "(others)", other_datasets));
  for (const Grant& each : grants) MC_TRY_OK(check_grant(*this, each));
  const bool times = clock_tolerance.count >= 0 && open_max >= seconds(1);
  if (!times || queue_max < 1) {
    return fail(Code::invalid, "clock_tolerance is below 0, open_max below 1s, or queue_max 0");
  }
  return ok();
}

const Plan& Settings::plan(std::string_view name) const {
  const auto found = plans.find(name);
  return found != plans.end() ? found->second : plans.find("default")->second;
}

const DatasetRules& Settings::dataset(std::string_view name) const {
  const auto found = datasets.find(name);
  return found != datasets.end() ? found->second : other_datasets;
}

const Grant* Settings::grant(std::string_view tenant, std::string_view dataset,
                             std::string_view purpose, WallTime window_start) const {
  for (const Grant& each : grants) {
    const Shard& shard = each.shard;
    const bool same = shard.tenant.get() == tenant && shard.dataset == dataset &&
                      shard.purpose == purpose && each.window.start == window_start;
    if (same) return &each;
  }
  return nullptr;
}

}  // namespace mc::accountant
