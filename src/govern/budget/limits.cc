#include "budget/limits.h"

#include <algorithm>
#include <cmath>

namespace mc::budget {
namespace {

constexpr std::array<std::string_view, kDimensions> kDimensionNames = {
    "requests", "credits", "bytes",         "fanout",      "deliveries",
    "exports",  "seats",   "subscriptions", "day_credits", "month_credits"};
constexpr std::array<std::string_view, kScopes> kScopeNames = {
    "global", "plan", "tenant", "route", "tenant-route", "tenant-user", "tenant-class"};

constexpr std::array<std::string_view, kOnLosses> kOnLossNames = {"local_share", "open", "closed",
                                                                  "last_known"};

struct RateRow {
  std::string_view name;
  std::optional<std::int64_t> LimitSettings::* member;
  Dimension dimension;
  Nanos period;
};
constexpr RateRow kRates[] = {
    {"gql_qps", &LimitSettings::gql_qps, Dimension::requests, seconds(1)},
    {"credits_per_s", &LimitSettings::credits_per_s, Dimension::credits, seconds(1)},
    {"bytes_per_s", &LimitSettings::bytes_per_s, Dimension::bytes, seconds(1)},
    {"fanout_per_s", &LimitSettings::fanout_per_s, Dimension::fanout, seconds(1)},
    {"subs_fanout", &LimitSettings::subs_fanout, Dimension::deliveries, seconds(1)},
    {"exports_per_min", &LimitSettings::exports_per_min, Dimension::exports, seconds(60)},
};
struct MaxRow {
  std::string_view name;
  std::optional<std::int64_t> LimitSettings::* member;
  Dimension dimension;
  std::int64_t bound;
};
constexpr MaxRow kMaxima[] = {
    {"seats", &LimitSettings::seats, Dimension::seats, kHeldMax},
    {"subscriptions", &LimitSettings::subscriptions, Dimension::subscriptions, kHeldMax},
    {"credits_per_day", &LimitSettings::credits_per_day, Dimension::day_credits, kWindowMax},
    {"credits_per_month", &LimitSettings::credits_per_month, Dimension::month_credits, kWindowMax},
};

}  // namespace

std::string_view name_of(Dimension dimension) {
  return kDimensionNames[static_cast<std::size_t>(dimension)];
}

std::optional<Dimension> dimension_of(std::string_view name) {
  const auto at = std::find(kDimensionNames.begin(), kDimensionNames.end(), name);
  if (at == kDimensionNames.end()) return std::nullopt;
  return static_cast<Dimension>(at - kDimensionNames.begin());
}

std::vector<std::string_view> DimensionSet::names() const {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (has(dimension)) out.push_back(name_of(dimension));
  }
  return out;
}

DimensionSet DimensionSet::of_bits(std::uint16_t bits) {
  DimensionSet out;
  out.bits_ = bits;
  return out;
}

bool is_class_name(std::string_view name) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
           letter == '-';
  };
  return !name.empty() && name.size() <= kClassNameMax && std::ranges::all_of(name, fits);
}

std::string_view name_of(Scope scope) {
  return kScopeNames[static_cast<std::size_t>(scope)];
}

std::string_view name_of(OnLoss on_loss) {
  return kOnLossNames[static_cast<std::size_t>(on_loss)];
}

std::optional<OnLoss> on_loss_of(std::string_view name) {
  const auto at = std::find(kOnLossNames.begin(), kOnLossNames.end(), name);
  if (at == kOnLossNames.end()) return std::nullopt;
  return static_cast<OnLoss>(at - kOnLossNames.begin());
}

Result<Limits> Limits::make(const LimitSettings& settings) {
  if (!(settings.burst >= kBurstMin && settings.burst <= kBurstMax)) {
    return fail(Code::invalid, "burst: 0.01 to 3600 seconds of the rate");
  }
  Limits out;
  const auto thousandths = static_cast<std::int64_t>(std::llround(settings.burst * 1'000));
  for (const RateRow& row : kRates) {
    const std::optional<std::int64_t>& amount = settings.*row.member;
    if (!amount) continue;
    // Thousandths of a second are as fine as it gets; what is too large for a rate is refused
    // there.
    const __int128 burst = (static_cast<__int128>(*amount) * thousandths + 999) / 1'000;
    const auto whole = static_cast<std::int64_t>(std::clamp<__int128>(burst, 1, kAmountMax + 1));
    MC_TRY_OK(out.add_rate(row.dimension, row.name, {*amount, row.period, whole}));
  }
  for (const MaxRow& row : kMaxima) {
    const std::optional<std::int64_t>& max = settings.*row.member;
    if (!max) continue;
    if (*max < 1 || *max > row.bound) {
      return fail(Code::invalid, std::string(row.name) + ": 1 to " + std::to_string(row.bound));
    }
    out.all_.push_back({.dimension = row.dimension, .max = *max});
  }
  for (const std::string& name : settings.warn_only) {
    MC_TRY(Limit* const limit, out.named("warn_only", name));
    limit->warn_only = true;
  }
  for (const auto& [name, mode] : settings.on_store_loss) {
    MC_TRY(Limit* const limit, out.named("on_store_loss", name));
    limit->on_loss = on_loss_of(mode);
    if (!limit->on_loss) {
      return fail(Code::invalid, "on_store_loss." + name +
                                     ": local_share, open, closed or last_known, not '" +
                                     excerpt(mode) + "'");
    }
  }
  return out;
}

Result<Limits::Limit*> Limits::named(std::string_view setting, const std::string& name) {
  const std::string where = std::string(setting) + ": ";
  const std::optional<Dimension> dimension = dimension_of(name);
  if (!dimension) return fail(Code::invalid, where + "no dimension '" + excerpt(name) + "'");
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Limit& limit) { return limit.dimension == *dimension; });
  if (at == all_.end()) return fail(Code::invalid, where + name + " has no limit here");
  return &*at;
}

Status Limits::add_rate(Dimension dimension, std::string_view name, const RateLimit& limit) {
  auto rate = Rate::make(limit);
  if (!rate) return fail(Code::invalid, std::string(name) + ": " + rate.error().what);
  all_.push_back({.dimension = dimension, .rate = *rate});
  return ok();
}

const Limits::Limit* Limits::find(Dimension dimension) const {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Limit& limit) { return limit.dimension == dimension; });
  return at == all_.end() ? nullptr : &*at;
}

}  // namespace mc::budget
