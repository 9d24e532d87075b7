#include "accountant/units.h"

#include "fixed/fixed.h"

namespace mc::accountant {
namespace {

template <class Unit>
Result<Unit> parse(std::string_view text, const fixed::DecimalRule& rule) {
  MC_TRY(const std::int64_t units, fixed::parse_decimal(text, rule));
  return Unit(units);
}

}  // namespace

Result<NanoEpsilon> parse_epsilon(std::string_view text) {
  return parse<NanoEpsilon>(
      text, {.name = "epsilon", .digits = kEpsilonDigits, .most = kEpsilonMax.get()});
}

Result<PicoRho> parse_rho(std::string_view text) {
  return parse<PicoRho>(text, {.name = "rho", .digits = kRhoDigits, .most = kRhoMax.get()});
}

Result<AttoDelta> parse_delta(std::string_view text) {
  return parse<AttoDelta>(text, {.name = "delta", .digits = kDeltaDigits, .most = kDeltaMax.get()});
}

std::string to_decimal(NanoEpsilon amount) {
  return fixed::print_decimal(amount.get(), kEpsilonDigits);
}

std::string to_decimal(PicoRho amount) {
  return fixed::print_decimal(amount.get(), kRhoDigits);
}

std::string to_decimal(AttoDelta amount) {
  return fixed::print_decimal(amount.get(), kDeltaDigits);
}

}  // namespace mc::accountant
