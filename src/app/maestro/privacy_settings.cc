#include "maestro/privacy_settings.h"

#include "fixed/fixed.h"

namespace mc::app {
namespace {

using accountant::AttoDelta;
using accountant::NanoEpsilon;
using accountant::PicoRho;

tl::unexpected<Error> at(const std::string& path, const Error& error) {
  return fail(error.code, path + ": " + error.what);
}

Result<NanoEpsilon> epsilon_at(const std::string& path, const std::string& text) {
  const Result<NanoEpsilon> read = accountant::parse_epsilon(text);
  if (!read) return at(path, read.error());
  return *read;
}

Result<accountant::Limit> limit_at(const std::string& path, const PrivacyLimit& from) {
  accountant::Limit out;
  if (!from.epsilon.empty()) {
    MC_TRY(out.epsilon, epsilon_at(path + ".epsilon", from.epsilon));
  }
  if (!from.delta.empty()) {
    const Result<AttoDelta> read = accountant::parse_delta(from.delta);
    if (!read) return at(path + ".delta", read.error());
    out.delta = *read;
  }
  if (!from.rho.empty()) {
    const Result<PicoRho> read = accountant::parse_rho(from.rho);
    if (!read) return at(path + ".rho", read.error());
    out.rho = *read;
  }
  return out;
}

Result<accountant::Plan> plan_at(const std::string& path, const PrivacyPlan& from) {
  accountant::Plan out;
  MC_TRY(out.window, limit_at(path + ".window", from.window));
  MC_TRY(out.query_default, epsilon_at(path + ".query_default", from.query_default));
  MC_TRY(out.query_max, epsilon_at(path + ".query_max", from.query_max));
  MC_TRY(out.top_up_window_max, epsilon_at(path + ".top_up_window_max", from.top_up_window_max));
  MC_TRY(out.top_up_lifetime_max,
         epsilon_at(path + ".top_up_lifetime_max", from.top_up_lifetime_max));
  return out;
}

Result<accountant::DatasetRules> rules_at(const std::string& path, const PrivacyDataset& from) {
  accountant::DatasetRules out;
  const Result<accountant::Filter> filter = accountant::parse_filter(from.filter);
  if (!filter) return at(path + ".filter", filter.error());
  out.filter = *filter;
  const Result<accountant::WindowLength> length = accountant::WindowLength::parse(from.window);
  if (!length) return at(path + ".window", length.error());
  out.length = *length;
  MC_TRY(out.all_tenants, limit_at(path + ".all_tenants", from.all_tenants));
  MC_TRY(out.lifetime, limit_at(path + ".lifetime", from.lifetime));
  out.block_days = from.block_days;
  MC_TRY(out.block, limit_at(path + ".block", from.block));
  return out;
}

}  // namespace

Result<accountant::Settings> accountant_settings(const PrivacySettings& settings) {
  accountant::Settings out;
  out.policy_version = settings.policy_version;
  for (const auto& [name, plan] : settings.plans) {
    MC_TRY(out.plans[name], plan_at("privacy.plans." + name, plan));
  }
  for (const auto& [name, rules] : settings.datasets) {
    MC_TRY(out.datasets[name], rules_at("privacy.datasets." + name, rules));
  }
  MC_TRY(out.other_datasets, rules_at("privacy.other_datasets", settings.other_datasets));
  if (const Status sound = out.check(); !sound) return at("privacy", sound.error());
  return out;
}

Result<planner::Settings> planner_settings(const PrivacySettings& settings) {
  planner::Settings out;
  MC_TRY(out.epsilon_min, epsilon_at("privacy.epsilon_min", settings.epsilon_min));
  const Result<AttoDelta> delta = accountant::parse_delta(settings.delta);
  if (!delta) return at("privacy.delta", delta.error());
  out.delta = *delta;
  out.quote_valid = settings.quote_valid;
  out.snapshot = settings.snapshot;
  out.histogram_bins = settings.histogram_bins;
  out.queue_max = settings.queue_max;
  out.queue_valid = settings.queue_valid;
  if (const Status sound = out.check(); !sound) return at("privacy", sound.error());
  return out;
}

Result<ExhaustionNotice> exhaustion_notice(const PrivacySettings& settings) {
  using Lines = NoticeTemplate::Lines;
  const std::string path = "privacy.exhaustion_notice";
  ExhaustionNotice out;
  Result<NoticeTemplate> title =
      NoticeTemplate::parse(settings.exhaustion_notice.title, Lines::one);
  if (!title) return at(path + ".title", title.error());
  Result<NoticeTemplate> text = NoticeTemplate::parse(settings.exhaustion_notice.text, Lines::many);
  if (!text) return at(path + ".text", text.error());
  out.title = std::move(*title);
  out.text = std::move(*text);
  out.ask_at = asks_at(settings);
  return out;
}

std::string asks_at(const PrivacySettings& settings) {
  return settings.override_url.empty() ? "/privacy" : settings.override_url;
}

Status PrivacySettings::check() const {
  MC_TRY([[maybe_unused]] const accountant::Settings accounts, accountant_settings(*this));
  MC_TRY([[maybe_unused]] const planner::Settings planned, planner_settings(*this));
  MC_TRY([[maybe_unused]] const ExhaustionNotice notice, app::exhaustion_notice(*this));
  return ok();
}

}  // namespace mc::app
