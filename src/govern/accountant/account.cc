#include "accountant/account.h"

#include <algorithm>
#include <array>

namespace mc::accountant {
namespace {

constexpr std::array<std::string_view, 4> kScopeNames = {"window", "dataset", "lifetime", "block"};
constexpr std::array<std::string_view, 3> kTopUpStateNames = {"active", "revoked", "expired"};
constexpr std::array<std::string_view, 5> kShortNames = {"nothing", "epsilon", "delta", "rho",
                                                         "orders"};
constexpr std::int64_t kPicoPerNano = 1'000;

Amount total(const Account& account) {
  Amount out = account.spent;
  MC_CHECK(out.add(account.reserved).has_value());  // reserve() has seen that it fits
  return out;
}

// How often `part` fits into what is left of `whole`.
template <class Unit>
std::int64_t times(Unit left, Unit part) {
  if (part.get() <= 0) return INT64_MAX;
  return std::max<std::int64_t>(left.get(), 0) / part.get();
}

Status bad_top_up(const std::string& what) {
  return fail(Code::invalid, "top-up: " + what);
}

}  // namespace

std::string_view name_of(Scope scope) {
  return kScopeNames[static_cast<std::size_t>(scope)];
}

Result<Scope> parse_scope(std::string_view name) {
  for (std::size_t i = 0; i < kScopeNames.size(); ++i) {
    if (kScopeNames[i] == name) return static_cast<Scope>(i);
  }
  return fail(Code::corrupt, "'" + excerpt(name) + "' is no scope of an account");
}

std::string_view name_of(TopUpState state) {
  return kTopUpStateNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(Account::Short what) {
  return kShortNames[static_cast<std::size_t>(what)];
}

Status TopUp::check() const {
  constexpr std::size_t kBytesMax = 200;
  const std::pair<std::string_view, const std::string*> names[] = {
      {"tenant", &tenant.get()}, {"id", &id},     {"dataset", &dataset},
      {"purpose", &purpose},     {"plan", &plan}, {"record", &record}};
  for (const auto& [name, text] : names) {
    if (text->empty() || text->size() > kBytesMax || !is_one_line(*text)) {
      return bad_top_up(std::string(name) + " is not one line of 1 to 200 bytes");
    }
  }
  if (epsilon <= NanoEpsilon() || epsilon > kEpsilonMax) {
    return bad_top_up("epsilon is not more than 0, or over " + to_decimal(kEpsilonMax));
  }
  return ok();
}

std::optional<NanoEpsilon> Account::epsilon_left() const {
  if (!limit.epsilon) return std::nullopt;
  if (filter != Filter::rdp) return *limit.epsilon + top_up - total(*this).epsilon;
  return NanoEpsilon(std::max<std::int64_t>(best_order_left(), 0) / kPicoPerNano);
}

std::optional<PicoRho> Account::rho_left() const {
  if (!limit.rho) return std::nullopt;
  return *limit.rho - total(*this).rho;
}

// Cannot overflow: limits and sums are far from the ends.
std::int64_t Account::order_left(std::size_t order) const {
  return curve_limit[order].get() + top_up.get() * kPicoPerNano -
         (spent.curve[order].get() + reserved.curve[order].get());
}

std::int64_t Account::best_order_left() const {
  std::int64_t best = INT64_MIN;
  for (std::size_t i = 0; i < curve_limit.size(); ++i) best = std::max(best, order_left(i));
  return best;
}

Account::Short Account::short_of(const Amount& amount) const {
  Amount sum = total(*this);
  if (!sum.add(amount)) return Short::epsilon;
  if (limit.none()) return Short::nothing;
  const AttoDelta delta_limit = limit.delta.value_or(AttoDelta());
  const bool halved = filter == Filter::rdp;
  if (sum.delta > (halved ? AttoDelta(delta_limit.get() / 2) : delta_limit)) return Short::delta;
  switch (filter) {
    case Filter::pure:
    case Filter::approx:
      return sum.epsilon > *limit.epsilon + top_up ? Short::epsilon : Short::nothing;
    case Filter::zcdp:
      return sum.rho > *limit.rho ? Short::rho : Short::nothing;
    case Filter::rdp:
      break;
  }
  for (std::size_t i = 0; i < kOrderQuarters.size(); ++i) {
    if (order_left(i) >= amount.curve[i].get()) return Short::nothing;
  }
  return Short::orders;
}

bool Account::holds() const {
  return short_of(Amount{}) == Short::nothing;
}

void Account::reserve(const Amount& amount) {
  MC_CHECK(reserved.add(amount).has_value());
}

void Account::release(const Amount& amount) {
  reserved.subtract(amount);
  shrink_used_top_up();
}

void Account::settle(const Amount& amount) {
  reserved.subtract(amount);
  MC_CHECK(spent.add(amount).has_value());
}

void Account::take_back(const Amount& amount) {
  spent.subtract(amount);
  shrink_used_top_up();
}

void Account::configure(const Limit& configured) {
  if (filter == Filter::rdp) return configure_orders(configured);
  const Amount sum = total(*this);
  limit = configured;
  if (limit.epsilon) limit.epsilon = std::max(*limit.epsilon, sum.epsilon - top_up);
  // Under pure it is what was spent when the filter was approx.
  const bool takes_delta = (filter != Filter::pure || sum.delta > AttoDelta()) && !limit.none();
  if (takes_delta) limit.delta = std::max(limit.delta.value_or(AttoDelta()), sum.delta);
  if (limit.rho) limit.rho = std::max(*limit.rho, sum.rho);
  shrink_used_top_up();
}

// The least limit from the configured one on with which one order still holds.
void Account::configure_orders(const Limit& configured) {
  const bool same = limit == configured && curve_limit != Curve{};
  limit = configured;
  if (same || limit.none()) return;
  const AttoDelta spent_delta = total(*this).delta;
  limit.delta = std::max(*limit.delta, spent_delta + spent_delta);
  curve_limit = curve_of(*limit.epsilon, *limit.delta);
  const std::int64_t best = best_order_left();
  if (best >= 0) return;
  // One more for what rounding takes.
  limit.epsilon = *limit.epsilon + NanoEpsilon((-best + kPicoPerNano - 1) / kPicoPerNano + 1);
  curve_limit = curve_of(*limit.epsilon, *limit.delta);
}

Status Account::follow(Filter configured, const Limit& with) {
  const auto by_epsilon = [](Filter each) {
    return each == Filter::pure || each == Filter::approx;
  };
  if (filter != configured && !(by_epsilon(filter) && by_epsilon(configured))) {
    return fail(Code::invalid,
                "dataset '" + excerpt(key.dataset) + "' has the filter " +
                    std::string(name_of(configured)) + ", and " + std::string(name_of(filter)) +
                    " before: what was spent of its budget (" + std::string(name_of(key.scope)) +
                    ") cannot be counted so; it has to keep its filter");
  }
  // Twice as much has to fit, for the half of rdp.
  const AttoDelta spent_delta = total(*this).delta;
  if (configured == Filter::rdp && spent_delta.get() > INT64_MAX / 2) {
    return fail(Code::exhausted, "dataset '" + excerpt(key.dataset) + "': delta is over 4");
  }
  const Status fits = with.check(configured);
  if (!fits) {
    return fail(fits.error().code, "dataset '" + excerpt(key.dataset) +
                                       "' has no limit that holds (" +
                                       std::string(name_of(key.scope)) + "): " + fits.error().what);
  }
  filter = configured;
  configure(with);
  return ok();
}

void Account::add(const TopUp& more) {
  top_ups.emplace(more.id, more);
  top_up = top_up + more.epsilon;
}

// What is used beyond the limit is of those that have ended first.
NanoEpsilon Account::end_top_up(const std::string& id) {
  const auto found = top_ups.find(id);
  MC_CHECK(found != top_ups.end());
  const NanoEpsilon amount = found->second.epsilon;
  const NanoEpsilon before = top_up;
  top_ups.erase(found);
  top_up_used = top_up_used + amount;
  shrink_used_top_up();
  return before - top_up;
}

void Account::shrink_used_top_up() {
  NanoEpsilon beyond{};
  if (filter == Filter::rdp) {
    // The least allowance with which one order still holds.
    const NanoEpsilon with = top_up;
    top_up = NanoEpsilon();
    const std::int64_t best = best_order_left();
    top_up = with;
    if (best < 0) beyond = NanoEpsilon((-best + kPicoPerNano - 1) / kPicoPerNano);
  } else if (limit.epsilon) {
    beyond = std::max(NanoEpsilon(), total(*this).epsilon - *limit.epsilon);
  }
  NanoEpsilon active{};
  for (const auto& [id, one] : top_ups) active = active + one.epsilon;
  top_up_used = std::min(top_up_used, beyond);
  top_up = active + top_up_used;
}

std::vector<std::string> Account::expired(WallTime now) const {
  std::vector<std::string> out;
  for (const auto& [id, one] : top_ups) {
    if (one.expires_at <= now || end <= now) out.push_back(id);
  }
  return out;
}

std::int64_t Account::charges_left(const Amount& amount) const {
  if (limit.none()) return INT64_MAX;
  const Amount sum = total(*this);
  const AttoDelta delta_limit = limit.delta.value_or(AttoDelta());
  if (filter == Filter::rdp) {
    std::int64_t best = 0;
    for (std::size_t i = 0; i < kOrderQuarters.size(); ++i) {
      best = std::max(best, times(PicoRho(order_left(i)), amount.curve[i]));
    }
    return std::min(best, times(AttoDelta(delta_limit.get() / 2) - sum.delta, amount.delta));
  }
  const std::int64_t by_delta = times(delta_limit - sum.delta, amount.delta);
  if (filter == Filter::zcdp) {
    return std::min(by_delta, times(*limit.rho - sum.rho, amount.rho));
  }
  return std::min(by_delta, times(*limit.epsilon + top_up - sum.epsilon, amount.epsilon));
}

}  // namespace mc::accountant
