#include "planner/grid.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mc::planner {
namespace {

__extension__ using Wide = __int128;

constexpr std::array<std::int64_t, 10> kPowers = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

std::int64_t power(int exponent) {
  return kPowers[static_cast<std::size_t>(exponent)];
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Of a decimal of the model: -?digits[.digits], checked before.
struct Decimal {
  std::int64_t units = 0;
  int places = 0;
};
Result<Decimal> read_decimal(std::string_view text) {
  Decimal out;
  std::string digits;
  bool behind = false;
  for (const char c : text) {
    if (c == '.') {
      behind = true;
      continue;
    }
    digits += c;
    if (behind) ++out.places;
  }
  MC_TRY(out.units, parse_int(digits));
  if (out.places > dataset::kDecimalPlacesMax) {
    return fail(Code::invalid, "more than 9 digits behind the point");
  }
  return out;
}

Result<std::int64_t> scaled(const Decimal& decimal, int places) {
  std::int64_t out = 0;
  if (__builtin_mul_overflow(decimal.units, power(places - decimal.places), &out)) {
    return fail(Code::invalid, "a grid has too many digits");
  }
  return out;
}

}  // namespace

Result<Grid> Grid::of(const dataset::PrivateColumn& column) {
  MC_TRY(const Decimal low, read_decimal(column.min));
  MC_TRY(const Decimal high, read_decimal(column.max));
  MC_TRY(const Decimal step, read_decimal(column.step));
  Grid out;
  out.places_ = std::max({low.places, high.places, step.places});
  MC_TRY(out.low_, scaled(low, out.places_));
  MC_TRY(out.high_, scaled(high, out.places_));
  MC_TRY(out.step_, scaled(step, out.places_));
  if (out.step_ < 1 || out.low_ >= out.high_) return fail(Code::invalid, "a grid needs two points");
  return out;
}

std::int64_t Grid::nearest(Wide units) const {
  const Wide clamped = std::clamp<Wide>(units, low_, high_);
  const Wide above = clamped - low_;
  const Wide index = (above + step_ / 2) / step_;
  return static_cast<std::int64_t>(std::min<Wide>(low_ + index * step_, high_));
}

std::optional<std::int64_t> Grid::point_of(const sql::Rows::Value& value) const {
  switch (value.type) {
    case sql::Type::integer:
      return nearest(Wide{value.integer} * power(places_));
    case sql::Type::real:
      return of_real(value.real);
    case sql::Type::text:
      return of_text(value.text);
    default:
      return std::nullopt;
  }
}

// The bits of IEEE 754: sign, 11 of the exponent, 52 of the fraction.
std::optional<std::int64_t> Grid::of_real(double value) const {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const bool negative = bits >> 63 != 0;
  const auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  if (exponent == 0x7FF) {
    if (fraction != 0) return std::nullopt;
    return negative ? low_ : high_;
  }
  const std::uint64_t whole = exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52;
  const int shift = (exponent == 0 ? 1 : exponent) - 1'075;
  Wide units = Wide{static_cast<std::int64_t>(whole)} * power(places_);  // below 2^83
  if (shift > 40) {
    units = whole == 0 ? 0 : Wide{1} << 120;
  } else if (shift >= 0) {
    units <<= shift;
  } else if (shift < -100) {
    units = 0;
  } else {
    units = (units + (Wide{1} << (-shift - 1))) >> -shift;
  }
  return nearest(negative ? -units : units);
}

// As databases print numbers: -?digits[.digits][e[+-]digits].
std::optional<std::int64_t> Grid::of_text(std::string_view text) const {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text == "Infinity") return negative ? low_ : high_;
  constexpr Wide kMost = Wide{1} << 100;
  Wide units = 0;
  std::int64_t behind = 0;  // digits behind the point that units has
  bool point = false, any = false;
  std::size_t at = 0;
  for (; at < text.size() && (digit(text[at]) || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    if (units < kMost) {
      units = units * 10 + (text[at] - '0');
      behind += point ? 1 : 0;
    } else {
      behind -= point ? 0 : 1;
    }
  }
  std::int64_t exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const Result<std::int64_t> read = parse_int(rest);
    if (!read || *read > 100'000 || *read < -100'000) return std::nullopt;
    exponent = *read;
    at = text.size();
  }
  if (!any || at != text.size()) return std::nullopt;
  std::int64_t more = places_ + exponent - behind;  // digits to append, or to take away
  for (; more > 0 && units < kMost && units != 0; --more) units *= 10;
  while (more < -1 && units != 0) {
    units /= 10;
    ++more;
  }
  if (more == -1) units = (units + 5) / 10;
  return nearest(negative ? -units : units);
}

std::vector<std::int64_t> Grid::edges(std::int64_t bins) const {
  const std::int64_t steps = (high_ - low_) / step_;
  const std::int64_t each = std::max<std::int64_t>(1, (steps + bins - 1) / bins);
  std::vector<std::int64_t> out;
  for (std::int64_t i = each; i < steps && out.size() + 1 < static_cast<std::size_t>(bins);
       i += each) {
    out.push_back(low_ + i * step_);
  }
  return out;
}

std::vector<std::int64_t> Grid::points(std::size_t most) const {
  const std::int64_t steps = (high_ - low_) / step_;
  const auto room = static_cast<std::int64_t>(most) - 1;
  const std::int64_t each = std::max<std::int64_t>(1, (steps + room - 1) / room);
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < steps; i += each) out.push_back(low_ + i * step_);
  out.push_back(high_);
  return out;
}

std::string decimal_of(Wide units, int places) {
  const bool negative = units < 0;
  Wide rest = negative ? -units : units;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest > 0);
  const auto least = static_cast<std::size_t>(places) + 1;
  if (digits.size() < least) digits.append(least - digits.size(), '0');
  std::ranges::reverse(digits);
  if (places > 0) {
    digits.insert(digits.size() - static_cast<std::size_t>(places), ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative ? "-" + digits : digits;
}

}  // namespace mc::planner
