#include "noise/losses.h"

#include <algorithm>

#include "noise/gaussian.h"

namespace mc::noise {

using fixed::Fixed;
using fixed::Int128;
using fixed::Probability;
using fixed::Round;
using fixed::Uint128;

namespace {

constexpr Uint128 kOne = Probability::kOne;
constexpr Uint128 kNano = 1'000'000'000;

// a * b of two masses, rounded up by at most 3 units.
inline Uint128 product_up(Uint128 a, Uint128 b) {
  const auto a_high = static_cast<std::uint64_t>(a >> 64), a_low = static_cast<std::uint64_t>(a);
  const auto b_high = static_cast<std::uint64_t>(b >> 64), b_low = static_cast<std::uint64_t>(b);
  const Uint128 cross = Uint128{a_high} * b_low + Uint128{a_low} * b_high;
  return (Uint128{a_high} * b_high << 1) + (cross >> 63) + 3;
}

Probability limited(Uint128 mass) {
  return Probability::from_raw(std::min(mass, kOne));
}

Uint128 scaled_down(Uint128 mass, Probability by) {
  return fixed::multiply(limited(mass), by, Round::down).raw();
}

// How many points can still come above 0 when `spare` is added; at least one.
std::size_t needed(Fixed top, Fixed step, Fixed spare) {
  const Fixed reach = fixed::add(top, spare, Round::up);
  if (reach <= Fixed()) return 1;
  const Int128 points = fixed::divide(reach, step, Round::up).raw() >> 64;
  return static_cast<std::size_t>(std::min(points, Int128{1} << 40)) + 2;
}

// Masses at the ends that are too small to matter: those of large losses count as infinite, those
// of small ones as the smallest loss that is kept.
constexpr Uint128 kNegligible = Uint128{1} << 24;  // 2^-103
void trim(Losses& losses) {
  std::size_t first = 0;
  Uint128 lost = 0;
  while (first + 1 < losses.masses.size() && lost + losses.masses[first] < kNegligible) {
    lost += losses.masses[first++];
  }
  Uint128 low = 0;
  while (losses.masses.size() > first + 1 && low + losses.masses.back() < kNegligible) {
    low += losses.masses.back();
    losses.masses.pop_back();
  }
  losses.masses.back() = std::min(losses.masses.back() + low, kOne);
  losses.masses.erase(losses.masses.begin(),
                      losses.masses.begin() + static_cast<std::ptrdiff_t>(first));
  losses.top =
      losses.top - fixed::multiply(losses.step, static_cast<std::int64_t>(first), Round::down);
  losses.beyond_high = fixed::add(losses.beyond_high, limited(lost));
}

// The chance that one of two is infinite.
Probability either(Probability a, Probability b, Round round) {
  return fixed::multiply(a.complement(), b.complement(), fixed::opposite(round)).complement();
}

// Adds up from the largest loss on: `all` is the mass of the losses so far, `kept` is what Q gives
// them, in terms of the last one: the sum of mass e^-(loss - last loss).
struct Running {
  explicit Running(const Losses& losses) : losses_(losses), shrink_(step_down(losses.step)) {}
  static Probability step_down(Fixed step) {
    return fixed::exp_negative(static_cast<Uint128>(step.raw()), Uint128{1} << 64, Round::down);
  }
  void add(std::size_t j) {
    kept = scaled_down(kept, shrink_) + losses_.masses[j];
    all += losses_.masses[j];
  }
  // Delta of finite losses at `below` under the last one.
  Uint128 delta_at(Probability below) const {
    const Uint128 off = scaled_down(kept, below);
    return all > off ? all - off : 0;
  }
  Uint128 delta_at_next() const { return delta_at(shrink_); }

  Uint128 all = 0, kept = 0;

 private:
  const Losses& losses_;
  Probability shrink_;  // e^-step
};

Fixed loss_at(const Losses& losses, std::size_t j) {
  return losses.top - fixed::multiply(losses.step, static_cast<std::int64_t>(j), Round::down);
}

}  // namespace

Losses two_point_losses(std::int64_t epsilon_nano) {
  return laplace_losses(epsilon_nano, 1);
}

// With p = e^(-epsilon/d): outcomes up to 0 have loss epsilon, each further one 2 epsilon/d less,
// and those from d on -epsilon.
Losses laplace_losses(std::int64_t epsilon_nano, std::int64_t sensitivity) {
  const auto nano = static_cast<Uint128>(epsilon_nano);
  const Uint128 under = kNano * static_cast<Uint128>(sensitivity);
  const Probability p_low = fixed::exp_negative(nano, under, Round::down);
  const auto over_1_and_p = [&](Uint128 mass) {  // at most mass / (1 + p)
    const Uint128 sum_half = (kOne >> 1) + (p_low.raw() >> 1);
    return fixed::probability((mass + 1) >> 1, sum_half, Round::up).raw();
  };
  Losses out;
  out.top = fixed::from_units(epsilon_nano, fixed::kNanoDigits, Round::up);
  out.step = fixed::divide(fixed::from_units(epsilon_nano, fixed::kNanoDigits, Round::down),
                           Fixed::whole(sensitivity), Round::down);
  out.step = Fixed::from_raw(std::max<Int128>(out.step.raw() * 2, 1));
  out.masses.push_back(over_1_and_p(kOne));
  for (std::int64_t y = 1; y <= sensitivity; ++y) {
    const Uint128 power =
        fixed::exp_negative(nano * static_cast<Uint128>(y), under, Round::up).raw();
    const Uint128 share = y == sensitivity ? power : product_up(power, p_low.complement().raw());
    out.masses.push_back(over_1_and_p(std::min(share, kOne)));
  }
  return out;
}

Losses gaussian_losses(const DiscreteGaussian& noise, std::int64_t sensitivity) {
  constexpr std::int64_t kRunsMost = 16'384;
  constexpr std::int64_t kReach = 12;  // sigma: what lies beyond has a chance below 2^-105
  const GaussianTail tails(noise);
  const Fraction squared = noise.sigma_squared();
  const auto ratio_of = [&](Round round) {
    return fixed::ratio(static_cast<std::int64_t>(squared.numerator),
                        static_cast<std::int64_t>(squared.denominator), round);
  };
  const std::int64_t sigma =
      static_cast<std::int64_t>(fixed::sqrt(ratio_of(Round::up), Round::up).raw() >> 64) + 1;
  const std::int64_t reach = kReach * sigma + sensitivity;
  const std::int64_t run = (2 * reach) / kRunsMost + 1;
  // Of outcome y the loss is (d^2 - 2 y d) / (2 sigma^2).
  const Fixed each_up = fixed::divide(Fixed::whole(sensitivity), ratio_of(Round::down), Round::up);
  const Fixed each_down =
      fixed::divide(Fixed::whole(sensitivity), ratio_of(Round::up), Round::down);
  Losses out;
  out.top = fixed::multiply(
      fixed::divide(Fixed::whole(sensitivity + 2 * reach), Fixed::whole(2), Round::up), each_up,
      Round::up);
  out.step = fixed::multiply(each_down, run, Round::down);
  for (std::int64_t from = -reach; from <= reach; from += run) {
    out.masses.push_back(tails.between_up(from, from + run).raw());
  }
  const Probability outside = tails.at_least(reach, Round::up);
  out.masses.back() = std::min(out.masses.back() + outside.raw(), kOne);
  out.beyond_high = outside;
  trim(out);
  return out;
}

Losses sum_of(const Losses& a, const Losses& b, Fixed spare) {
  MC_CHECK(a.step == b.step);
  Losses out;
  out.top = a.top + b.top;
  out.step = a.step;
  out.beyond_low = either(a.beyond_low, b.beyond_low, Round::down);
  out.beyond_high = either(a.beyond_high, b.beyond_high, Round::up);
  const std::size_t size =
      std::min(a.masses.size() + b.masses.size() - 1, needed(out.top, out.step, spare));
  out.masses.resize(size);
  for (std::size_t j = 0; j < b.masses.size() && j < size; ++j) {
    const Uint128 by = b.masses[j];
    if (by == 0) continue;
    const std::size_t count = std::min(a.masses.size(), size - j);
    for (std::size_t i = 0; i < count; ++i) out.masses[i + j] += product_up(a.masses[i], by);
  }
  for (Uint128& mass : out.masses) mass = std::min(mass, kOne);
  return out;
}

// Sums of more points than this are spread on half as many first: a product of two sums of N points
// takes N^2 steps.
constexpr std::size_t kSquaredMost = 2'048;

Losses times(const Losses& one, std::int64_t count) {
  MC_CHECK(count > 0);
  if (count == 1) return one;
  // What the other ones can add to a part of the sum at most.
  const Fixed all = fixed::multiply(one.top, count, Round::up);
  if (one.masses.size() == 2) {
    Losses out = one;
    for (std::int64_t i = 1; i < count; ++i) out = sum_of(out, one, all - out.top - one.top);
    return out;
  }
  Losses out;
  Losses power = one;
  bool any = false;
  for (std::int64_t left = count; left > 0; left >>= 1) {
    while (power.masses.size() > kSquaredMost) {
      power = spread(power, Fixed::from_raw(2 * power.step.raw()));
    }
    if (any && out.step != power.step) out = spread(out, power.step);
    if ((left & 1) != 0) {
      out = any ? sum_of(out, power, fixed::subtract(all, out.top + power.top, Round::up)) : power;
      any = true;
      trim(out);
    }
    if (left > 1) {
      power = sum_of(power, power, all);
      trim(power);
    }
  }
  return out;
}

Losses spread(const Losses& losses, Fixed step) {
  Losses out;
  out.top = losses.top;
  out.step = step;
  out.beyond_low = losses.beyond_low;
  out.beyond_high = losses.beyond_high;
  const auto exp_minus = [](Fixed x, Round round) {
    return fixed::exp_negative(static_cast<Uint128>(x.raw()), Uint128{1} << 64, round);
  };
  const Probability whole = exp_minus(step, Round::up).complement();  // at most 1 - e^-g
  for (std::size_t j = 0; j < losses.masses.size(); ++j) {
    if (losses.masses[j] == 0) continue;
    const Fixed under_top = fixed::multiply(losses.step, static_cast<std::int64_t>(j), Round::down);
    const auto cell = static_cast<std::size_t>(under_top.raw() / step.raw());
    const Fixed u = Fixed::from_raw(under_top.raw() % step.raw());
    out.masses.resize(std::max(out.masses.size(), cell + 2));
    // To the upper one (1 - e^(u-g)) / (1 - e^-g) of it, to the lower one the rest, which is
    // e^(u-g) (1 - e^-u) / (1 - e^-g).
    const Probability upper = exp_minus(step - u, Round::down).complement();
    const Probability lower = fixed::multiply(exp_minus(step - u, Round::up),
                                              exp_minus(u, Round::down).complement(), Round::up);
    const auto part = [&](Probability share) {
      return product_up(losses.masses[j], fixed::divide(share, whole, Round::up).raw());
    };
    out.masses[cell] = std::min(out.masses[cell] + part(upper), kOne);
    if (u != Fixed()) out.masses[cell + 1] = std::min(out.masses[cell + 1] + part(lower), kOne);
  }
  return out;
}

Result<Fixed> epsilon_of(const Losses& losses, Probability delta) {
  if (losses.beyond_high >= delta) {
    return fail(
        Code::exhausted,
        "delta of the batch: its mechanisms alone take " +
            fixed::print_decimal(fixed::to_units(losses.beyond_high, fixed::kAttoDigits, Round::up),
                                 fixed::kAttoDigits));
  }
  // What finite losses may take: delta = beyond + (1 - beyond) of it.
  const Uint128 share = fixed::divide(fixed::subtract(delta, losses.beyond_high),
                                      losses.beyond_low.complement(), Round::down)
                            .raw();
  Running running(losses);
  for (std::size_t j = 0; j < losses.masses.size(); ++j) {
    running.add(j);
    const Fixed loss = loss_at(losses, j);
    if (loss <= Fixed()) return Fixed();
    const bool is_last = j + 1 == losses.masses.size() || loss <= losses.step;
    if (running.delta_at_next() <= share && !is_last) continue;
    if (running.all <= share) return Fixed();
    // all - e^(epsilon - loss) kept = share
    const Probability by =
        fixed::divide(limited(running.all - share), limited(running.kept), Round::up);
    return std::max(
        fixed::add(loss, fixed::log(fixed::to_fixed(by, Round::up), Round::up), Round::up),
        Fixed());
  }
  return Fixed();
}

Probability delta_of(const Losses& losses, Fixed epsilon) {
  Running running(losses);
  Probability finite;
  for (std::size_t j = 0; j < losses.masses.size() && loss_at(losses, j) > epsilon; ++j) {
    running.add(j);
    const Fixed below = loss_at(losses, j) - epsilon;
    if (below > losses.step && j + 1 < losses.masses.size()) continue;
    finite = limited(running.delta_at(
        fixed::exp_negative(static_cast<Uint128>(below.raw()), Uint128{1} << 64, Round::down)));
  }
  return fixed::add(losses.beyond_high,
                    fixed::multiply(losses.beyond_low.complement(), finite, Round::up));
}

}  // namespace mc::noise
