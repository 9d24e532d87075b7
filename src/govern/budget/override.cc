#include "budget/override.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "budget/reserve.h"
#include "budget/settings.h"

namespace mc::budget {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"pending", "active", "expired", "revoked",
                                                     "refused"};
constexpr std::int64_t kThousandths = 1'000;
constexpr std::size_t kFactorDigitsMax = 3;  // behind the point
constexpr WallTime kNeverChanges{INT64_MAX};

// By the number of the dimension.
constexpr std::optional<std::int64_t> LimitSettings::* kSettings[kDimensions] = {
    &LimitSettings::gql_qps,         &LimitSettings::credits_per_s,
    &LimitSettings::bytes_per_s,     &LimitSettings::fanout_per_s,
    &LimitSettings::subs_fanout,     &LimitSettings::exports_per_min,
    &LimitSettings::seats,           &LimitSettings::subscriptions,
    &LimitSettings::credits_per_day, &LimitSettings::credits_per_month};

Status check_line(std::string_view name, const std::string& text, std::size_t max) {
  if (!text.empty() && text.size() <= max && is_readable_line(text)) return ok();
  return fail(Code::invalid, std::string(name) + ": it must be one line of 1 to " +
                                 std::to_string(max) + " bytes, without direction marks");
}

Status check_times(const Override& wanted, WallTime now) {
  if (wanted.from < now || wanted.from - now > kOverrideAheadMax) {
    return fail(Code::invalid, "from: it is not before now, and at most 7 days ahead");
  }
  if (wanted.until <= wanted.from || wanted.until - wanted.from > kOverrideMax) {
    return fail(Code::invalid, "until: it is after from, by at most 24 hours");
  }
  return ok();
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

bool is_of(const Override& rule, Scope scope, std::string_view path) {
  return rule.scope == scope && (scope != Scope::tenant_route || rule.route == path);
}

// Puts what holds now into the limits of one scope after the other.
class Holding {
 public:
  Holding(std::span<const Override> rules, WallTime now) : rules_(rules), now_(now) {}

  Limits put_in(LimitSettings settings, const OwnLimits::Source& place, std::string_view path) {
    const LimitSettings plan = settings;
    for (std::size_t i = 0; i < kDimensions; ++i) {
      const auto dimension = static_cast<Dimension>(i);
      const auto last = std::find_if(rules_.rbegin(), rules_.rend(), [&](const Override& rule) {
        return rule.dimension == dimension && rule.holds(now_) && is_of(rule, place.scope, path);
      });
      if (last == rules_.rend()) continue;
      // Of the plan's own limit, so that it says the same whatever else holds.
      Result<LimitSettings> changed = overridden(plan, *last);
      if (!changed) continue;
      amount_in(settings, dimension) = amount_in(*changed, dimension);
      sources.push_back({place.scope, place.route, dimension, last->id, last->until});
    }
    Result<Limits> made = Limits::make(settings);
    MC_CHECK(made);  // each was made by itself
    return std::move(*made);
  }

  std::vector<OwnLimits::Source> sources;

 private:
  const std::span<const Override> rules_;
  const WallTime now_;
};

}  // namespace

std::string_view name_of(OverrideState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<OverrideState> override_state_of(std::string_view name) {
  const auto* const at = std::find(kStates.begin(), kStates.end(), name);
  if (at == kStates.end()) return std::nullopt;
  return static_cast<OverrideState>(at - kStates.begin());
}

std::optional<Scope> scope_of(std::string_view name) {
  for (std::size_t i = 0; i < kScopes; ++i) {
    if (name_of(static_cast<Scope>(i)) == name) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

Result<std::int64_t> parse_factor(std::string_view text) {
  const auto bad = [] {
    return fail(Code::invalid,
                "factor: a decimal of 0.001 to 1000, with at most three digits behind the point");
  };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view rest = point == std::string_view::npos ? "0" : text.substr(point + 1);
  if (!is_digits(whole) || whole.size() > 4 || !is_digits(rest) || rest.size() > kFactorDigitsMax) {
    return bad();
  }
  std::string digits(whole);
  digits.append(rest).append(kFactorDigitsMax - rest.size(), '0');
  MC_TRY(const std::int64_t out, parse_int(digits));
  if (out < kFactorMin || out > kFactorMax) return bad();
  return out;
}

std::string print_factor(std::int64_t thousandths) {
  std::string out = std::to_string(thousandths / kThousandths);
  std::string rest = std::to_string(kThousandths + thousandths % kThousandths).substr(1);
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  return rest.empty() ? out : out + "." + rest;
}

Status check_limit(const Override& wanted) {
  if (wanted.scope == Scope::tenant_class) {
    return fail(Code::invalid, "scope: limits of a class (tenant-class) cannot be overridden");
  }
  if (!is_own(wanted.scope)) {
    return fail(Code::invalid, "scope: it is tenant, tenant-route or tenant-user");
  }
  if (wanted.route.empty() == (wanted.scope == Scope::tenant_route)) {
    return fail(Code::invalid, "route: scope tenant-route has one, the others have none");
  }
  if (wanted.amount.has_value() == wanted.factor.has_value()) {
    return fail(Code::invalid, "amount: one of amount and factor is needed, not both");
  }
  if (wanted.factor && (*wanted.factor < kFactorMin || *wanted.factor > kFactorMax)) {
    return fail(Code::invalid, "factor: it is 0.001 to 1000");
  }
  return ok();
}

Status check(const Override& wanted, WallTime now) {
  MC_TRY_OK(check_limit(wanted));
  const auto is_known = [&](std::string_view code) { return code == wanted.reason; };
  if (std::ranges::none_of(kOverrideReasons, is_known)) {
    std::string known;
    for (const std::string_view code : kOverrideReasons) {
      known.append(known.empty() ? "" : ", ").append(code);
    }
    return fail(Code::invalid, "reason: it is one of " + known);
  }
  MC_TRY_OK(check_line("note", wanted.note, kNoteBytesMax));
  MC_TRY_OK(check_line("ticket", wanted.ticket, kTicketBytesMax));
  return check_times(wanted, now);
}

std::optional<std::int64_t>& amount_in(LimitSettings& settings, Dimension dimension) {
  return settings.*kSettings[static_cast<std::size_t>(dimension)];
}

Result<LimitSettings> overridden(const LimitSettings& settings, const Override& by) {
  LimitSettings out = settings;
  std::optional<std::int64_t>& amount = amount_in(out, by.dimension);
  const std::string name(name_of(by.dimension));
  if (by.factor) {
    if (!amount) {
      return fail(Code::invalid, "factor: the plan has no limit of " + name + " of scope " +
                                     std::string(name_of(by.scope)) +
                                     " to multiply; give an amount");
    }
    const __int128 times = static_cast<__int128>(*amount) * *by.factor / kThousandths;
    amount = static_cast<std::int64_t>(std::clamp<__int128>(times, 1, INT64_MAX));
  } else {
    amount = by.amount;
  }
  const Result<Limits> made = Limits::make(out);
  if (!made) {
    return fail(Code::invalid, (by.factor ? "factor: " : "amount: ") + made.error().what);
  }
  return out;
}

const OwnLimits::Source* OwnLimits::find(Scope scope, std::size_t route,
                                         Dimension dimension) const {
  const auto at = std::ranges::find_if(sources, [&](const Source& one) {
    return one.scope == scope && one.dimension == dimension &&
           (scope != Scope::tenant_route || one.route == route);
  });
  return at == sources.end() ? nullptr : &*at;
}

OwnLimits own_limits(const PlanSettings* plan, std::span<const Override> rules,
                     const std::vector<std::string>& paths, WallTime now) {
  static const PlanSettings kNoPlan;
  const PlanSettings& from = plan == nullptr ? kNoPlan : *plan;
  OwnLimits out;
  Holding holding(rules, now);
  out.tenant = holding.put_in(from, {.scope = Scope::tenant}, "");
  out.users = holding.put_in(from.users, {.scope = Scope::tenant_user}, "");
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto at = from.routes.find(paths[i]);
    const bool has_own = at != from.routes.end();
    out.routes.push_back(holding.put_in(has_own ? at->second : LimitSettings(),
                                        {.scope = Scope::tenant_route, .route = i}, paths[i]));
    out.has_routes = out.has_routes || !out.routes.back().empty();
  }
  for (const auto& [name, settings] : from.classes) {
    Result<Limits> made = Limits::make(settings);
    MC_CHECK(made);  // the book was made with it
    out.classes.emplace(name, std::move(*made));
  }
  out.sources = std::move(holding.sources);
  out.until = kNeverChanges;
  for (const Override& rule : rules) {
    if (rule.state != OverrideState::active) continue;
    if (rule.from > now) out.until = std::min(out.until, rule.from);
    if (rule.until > now) out.until = std::min(out.until, rule.until);
  }
  return out;
}

void sort_by_beginning(std::vector<Override>& rules) {
  const auto beginning = [](const Override& rule) { return std::tuple(rule.from, rule.record); };
  std::vector<Override> sorted;
  sorted.reserve(rules.size());
  for (Override& rule : rules) {
    const auto at = std::ranges::upper_bound(sorted, beginning(rule), {}, beginning);
    sorted.insert(at, std::move(rule));
  }
  rules = std::move(sorted);
}

}  // namespace mc::budget
