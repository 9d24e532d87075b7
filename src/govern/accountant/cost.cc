#include "accountant/cost.h"

#include <algorithm>
#include <string>

#include "fixed/fixed.h"

namespace mc::accountant {
namespace {

using fixed::Fixed;
using fixed::Round;

constexpr std::array<std::string_view, 4> kFilterNames = {"pure", "approx", "zcdp", "rdp"};
constexpr std::int64_t kPicoPerNano = 1'000;

Status refused(std::string_view member, std::string_view limit) {
  return fail(Code::invalid,
              "cost: " + std::string(member) + " is not from 0 to " + std::string(limit));
}

// ln(1 / delta), and 2 * orders of them for a curve.
Fixed log_of_inverse(AttoDelta delta, Round round) {
  return fixed::log_ratio(static_cast<std::uint64_t>(kDeltaMax.get()),
                          static_cast<std::uint64_t>(delta.get()), round);
}

// x / (order - 1), where order - 1 = (quarters - 4) / 4.
Fixed over_order(Fixed x, std::int64_t quarters, Round round) {
  return fixed::divide(fixed::multiply(x, 4, round), Fixed::whole(quarters - 4), round);
}

NanoEpsilon to_epsilon(Fixed x) {
  const Result<std::int64_t> units = fixed::to_units(x, kEpsilonDigits, Round::up);
  return units ? std::min(NanoEpsilon(*units), kEpsilonMax) : kEpsilonMax;
}

Result<Amount> curve_amount(const Cost& cost) {
  Amount out{cost.epsilon, cost.delta, cost.rho, {}};
  for (std::size_t i = 0; i < kOrderQuarters.size(); ++i) {
    // rho is at most 10^15 and the quarters 1,024: no overflow.
    const std::int64_t times = cost.rho.get() * kOrderQuarters[i];
    std::int64_t at = times / 4 + (times % 4 != 0 ? 1 : 0);
    if (cost.epsilon.get() > 0) at = std::min(at, cost.epsilon.get() * kPicoPerNano);
    out.curve[i] = PicoRho(at);
  }
  return out;
}

}  // namespace

std::string_view name_of(Filter filter) {
  return kFilterNames[static_cast<std::size_t>(filter)];
}

Result<Filter> parse_filter(std::string_view name) {
  for (std::size_t i = 0; i < kFilterNames.size(); ++i) {
    if (kFilterNames[i] == name) return static_cast<Filter>(i);
  }
  return fail(Code::invalid,
              "filter '" + excerpt(name) + "' is none of pure, approx, zcdp and rdp");
}

Status Cost::check() const {
  if (epsilon < NanoEpsilon() || epsilon > kEpsilonMax) {
    return refused("epsilon", to_decimal(kEpsilonMax));
  }
  if (delta < AttoDelta() || delta > kDeltaMax) return refused("delta", to_decimal(kDeltaMax));
  if (rho < PicoRho() || rho > kRhoMax) return refused("rho", to_decimal(kRhoMax));
  if (epsilon == NanoEpsilon() && rho == PicoRho()) {
    return fail(Code::invalid, "cost: neither epsilon nor rho is more than 0");
  }
  return ok();
}

Status Amount::add(const Amount& more) {
  const auto epsilon_sum = accountant::add(epsilon, more.epsilon);
  const auto delta_sum = accountant::add(delta, more.delta);
  const auto rho_sum = accountant::add(rho, more.rho);
  Curve curve_sum = {};
  bool fits = epsilon_sum && delta_sum && rho_sum;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const auto sum = accountant::add(curve[i], more.curve[i]);
    fits = fits && sum.has_value();
    curve_sum[i] = sum.value_or(PicoRho());
  }
  if (!fits) return fail(Code::exhausted, "a sum of privacy loss is over 64 bits");
  *this = {*epsilon_sum, *delta_sum, *rho_sum, curve_sum};
  return ok();
}

void Amount::subtract(const Amount& less) {
  epsilon = epsilon - less.epsilon;
  delta = delta - less.delta;
  rho = rho - less.rho;
  MC_CHECK(epsilon >= NanoEpsilon() && delta >= AttoDelta() && rho >= PicoRho());
  for (std::size_t i = 0; i < curve.size(); ++i) {
    curve[i] = curve[i] - less.curve[i];
    MC_CHECK(curve[i] >= PicoRho());
  }
}

Result<Amount> amount_of(const Cost& cost, Filter filter) {
  MC_TRY_OK(cost.check());
  const bool by_epsilon = filter == Filter::pure || filter == Filter::approx;
  if (by_epsilon && cost.epsilon == NanoEpsilon()) {
    return fail(Code::invalid, "cost: a release without epsilon cannot be taken by the filter " +
                                   std::string(name_of(filter)));
  }
  if (filter == Filter::pure && cost.delta > AttoDelta()) {
    return fail(Code::invalid, "cost: a release with a delta cannot be taken by the filter pure");
  }
  if (by_epsilon) return Amount{cost.epsilon, cost.delta, cost.rho, {}};
  Cost with_rho = cost;
  if (with_rho.rho == PicoRho()) {
    MC_TRY(with_rho.rho, rho_of(cost.epsilon));
  }
  if (filter == Filter::rdp) return curve_amount(with_rho);
  return Amount{with_rho.epsilon, with_rho.delta, with_rho.rho, {}};
}

Status Limit::check(Filter filter) const {
  if (none()) return ok();
  const bool by_rho = filter == Filter::zcdp;
  const std::string name(name_of(filter));
  if (by_rho ? !rho.has_value() : !epsilon.has_value()) {
    return fail(Code::invalid,
                "limit: the filter " + name + " needs " + (by_rho ? "rho" : "epsilon"));
  }
  if (by_rho ? epsilon.has_value() : rho.has_value()) {
    return fail(Code::invalid,
                "limit: the filter " + name + " has no " + (by_rho ? "epsilon" : "rho"));
  }
  const bool needs_delta = filter == Filter::approx || filter == Filter::rdp;
  if (needs_delta && !delta)
    return fail(Code::invalid, "limit: the filter " + name + " needs delta");
  if (filter == Filter::pure && delta)
    return fail(Code::invalid, "limit: the filter pure has no delta");
  if (filter == Filter::rdp && *delta < AttoDelta(2)) {
    return fail(Code::invalid, "limit: delta of the filter rdp is less than 2e-18");
  }
  const Cost range{epsilon.value_or(NanoEpsilon()), delta.value_or(AttoDelta()),
                   rho.value_or(PicoRho())};
  const bool zero = range.epsilon == NanoEpsilon() && range.rho == PicoRho();
  return zero ? ok() : range.check();
}

Limit Limit::under(Filter filter) const {
  Limit out = *this;
  if (filter == Filter::zcdp) {
    out.epsilon.reset();
  } else {
    out.rho.reset();
  }
  if (filter == Filter::pure) out.delta.reset();
  return out.none() ? *this : out;
}

Curve curve_of(NanoEpsilon epsilon, AttoDelta delta) {
  const Fixed target = fixed::from_units(epsilon.get(), kEpsilonDigits, Round::down);
  const Fixed log_term = log_of_inverse(AttoDelta(delta.get() / 2), Round::up) +
                         fixed::log_ratio(kOrderQuarters.size(), 1, Round::up);
  Curve out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Fixed left = target - over_order(log_term, kOrderQuarters[i], Round::up);
    out[i] = PicoRho(fixed::to_units(left, kRhoDigits, Round::down).value_or(INT64_MAX / 4));
  }
  return out;
}

Result<PicoRho> rho_of(NanoEpsilon epsilon) {
  // Of 10^-18 to 10^-12, by half.
  constexpr fixed::Int128 kDivisor = 2'000'000;
  const fixed::Int128 square = fixed::Int128{epsilon.get()} * epsilon.get();
  const fixed::Int128 rho = (square + kDivisor - 1) / kDivisor;
  if (rho > kRhoMax.get()) {
    return fail(Code::invalid, "cost: epsilon " + to_decimal(epsilon) + " is a rho of over " +
                                   to_decimal(kRhoMax));
  }
  return PicoRho(static_cast<std::int64_t>(rho));
}

NanoEpsilon epsilon_of(PicoRho rho, AttoDelta delta) {
  const Fixed bound = fixed::from_units(rho.get(), kRhoDigits, Round::up);
  const Fixed product = fixed::multiply(bound, log_of_inverse(delta, Round::up), Round::up);
  const Fixed root = fixed::sqrt(product, Round::up);
  return to_epsilon(fixed::add(bound, fixed::multiply(root, 2, Round::up), Round::up));
}

NanoEpsilon epsilon_of(const Curve& curve, AttoDelta delta) {
  const Fixed log_term = log_of_inverse(delta, Round::up);
  NanoEpsilon best = kEpsilonMax;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const Fixed bound = fixed::from_units(curve[i].get(), kRhoDigits, Round::up);
    const Fixed more = over_order(log_term, kOrderQuarters[i], Round::up);
    best = std::min(best, to_epsilon(fixed::add(bound, more, Round::up)));
  }
  return best;
}

}  // namespace mc::accountant
