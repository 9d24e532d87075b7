#include "noise/mechanism.h"

#include <bit>
#include <numeric>
#include <string>

namespace mc::noise {
namespace {

using fixed::Uint128;

// The chance of more whole steps in one draw is below e^-1024: the randomness would be broken.
constexpr std::uint64_t kStepsMost = 1024;

Uint128 common_divisor(Uint128 a, Uint128 b) {
  while (b != 0) {
    a %= b;
    std::swap(a, b);
  }
  return a;
}

Status check_part(std::uint64_t value, std::uint64_t most, const char* name) {
  if (value >= 1 && value <= most) return ok();
  return fail(Code::invalid, std::string(name) + ": from 1 to " + std::to_string(most) + ", not " +
                                 std::to_string(value));
}

std::uint64_t whole_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const std::uint64_t next = root | std::uint64_t{1} << bit;
    if (next * next <= value) root = next;
  }
  return root;
}

// |X| of a Laplace of scale numerator/denominator and its sign, as one draw of algorithm 2: a
// geometric number in steps of the numerator and below them, cut by the denominator.
struct Drawn {
  std::uint64_t size = 0;
  bool negative = false;
};
Drawn draw_laplace(Fraction scale, Source& source) {
  for (;;) {
    const std::uint64_t part = scale.numerator == 1 ? 0 : source.below(scale.numerator);
    if (part != 0 && !source.bernoulli_exp(part, scale.numerator)) continue;
    std::uint64_t steps = 0;
    while (source.bernoulli_exp(1, 1)) {
      ++steps;
      MC_CHECK(steps < kStepsMost);
    }
    const std::uint64_t all = part + scale.numerator * steps;
    const std::uint64_t size = scale.denominator == 1 ? all : all / scale.denominator;
    const bool negative = source.coin();
    if (size != 0 || !negative) return {size, negative};  // 0 has one sign only
  }
}

}  // namespace

Fraction reduced(Fraction value) {
  const std::uint64_t by = std::gcd(value.numerator, value.denominator);
  return by <= 1 ? value : Fraction{value.numerator / by, value.denominator / by};
}

Result<Fraction> fraction_up(Uint128 numerator, Uint128 denominator, Fraction most,
                             std::string_view name) {
  MC_CHECK(denominator > 0 && numerator > 0);
  const Uint128 by = common_divisor(numerator, denominator);
  numerator /= by;
  denominator /= by;
  if (numerator <= most.numerator && denominator <= most.denominator) {
    return Fraction{static_cast<std::uint64_t>(numerator), static_cast<std::uint64_t>(denominator)};
  }
  if ((numerator - 1) / denominator >= most.numerator) {
    return fail(Code::invalid, std::string(name) + ": at most " + std::to_string(most.numerator));
  }
  // The finest power of two with which the numerator, rounded up, still fits.
  std::uint64_t scale = std::bit_floor(most.denominator);
  for (;; scale /= 2) {
    if (numerator / denominator > most.numerator / scale) continue;
    const fixed::Quotient out = fixed::multiply_divide(numerator, scale, denominator);
    const Uint128 up = out.rest == 0 ? out.whole : out.whole + 1;
    if (up <= most.numerator) return reduced({static_cast<std::uint64_t>(up), scale});
  }
}

Result<DiscreteLaplace> DiscreteLaplace::make(Fraction scale) {
  MC_TRY_OK(check_part(scale.numerator, kScaleMost, "numerator of the noise's scale"));
  MC_TRY_OK(check_part(scale.denominator, kScaleMost, "denominator of the noise's scale"));
  return DiscreteLaplace(reduced(scale));
}

std::int64_t DiscreteLaplace::draw(Source& source) const {
  const Drawn drawn = draw_laplace(scale_, source);
  const auto size = static_cast<std::int64_t>(drawn.size);
  return drawn.negative ? -size : size;
}

Result<DiscreteGaussian> DiscreteGaussian::make(Fraction sigma_squared) {
  MC_TRY_OK(
      check_part(sigma_squared.numerator, kVarianceMost, "numerator of the noise's variance"));
  MC_TRY_OK(check_part(sigma_squared.denominator, kVarianceDenominatorMost,
                       "denominator of the noise's variance"));
  const Fraction value = reduced(sigma_squared);
  return DiscreteGaussian(value, whole_root(value.numerator / value.denominator) + 1);
}

// With chance e^-((size - sigma^2/t)^2 / (2 sigma^2)); for sigma^2 = a/b that is
// e^-((size b t - a)^2 / (2 a b t^2)). As t is the next whole above sigma and size is below 1025 t,
// size b t is below 2^11 (4 a + b) and 2 a b t^2 below 8 a^2 + 2 a b: 2^74 and 2^124.
bool DiscreteGaussian::accepts(std::uint64_t size, Source& source) const {
  const Uint128 a = sigma_squared_.numerator;
  const Uint128 bt = Uint128{sigma_squared_.denominator} * proposal_;
  const Uint128 left = bt * size;
  const Uint128 off = left > a ? left - a : a - left;
  const Uint128 denominator = 2 * a * bt * proposal_;
  if (off >> 64 == 0) return source.bernoulli_exp(off * off, denominator);
  // The square in full width: a whole part and a fraction of the exponent.
  const fixed::Quotient exponent = fixed::multiply_divide(off, off, denominator);
  for (Uint128 i = 0; i < exponent.whole; ++i) {
    if (!source.bernoulli_exp(1, 1)) return false;
  }
  return source.bernoulli_exp(exponent.rest, denominator);
}

std::int64_t DiscreteGaussian::draw(Source& source) const {
  for (;;) {
    const Drawn drawn = draw_laplace({proposal_, 1}, source);
    if (!accepts(drawn.size, source)) continue;
    const auto size = static_cast<std::int64_t>(drawn.size);
    return drawn.negative ? -size : size;
  }
}

Result<std::int64_t> noised(std::int64_t value, std::int64_t noise, std::string_view name) {
  if (value > kValueMost || value < -kValueMost) {
    return fail(Code::invalid, std::string(name) + ": at most " + std::to_string(kValueMost) +
                                   " above or below 0, before noise");
  }
  std::int64_t out = 0;
  if (__builtin_add_overflow(value, noise, &out)) return noise < 0 ? INT64_MIN : INT64_MAX;
  return out;
}

}  // namespace mc::noise
