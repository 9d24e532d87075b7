#include "recheck/diversity.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace mc::recheck {
namespace {

__extension__ using Wide = __int128;
using Powers = std::vector<std::pair<std::uint64_t, Wide>>;  // base, exponent

// More different factors than this are no tie that anybody means.
constexpr std::size_t kFactorsMax = 256;

// Whether the product of the powers is exactly 1: their bases are split until no two of them have a
// factor in common, and then every exponent must be 0.
bool is_one(Powers work) {
  Powers apart;
  while (!work.empty()) {
    const auto [base, exponent] = work.back();
    work.pop_back();
    if (base == 1 || exponent == 0) continue;
    const std::uint64_t own = base;
    const auto shares = [own](const auto& other) { return std::gcd(own, other.first) > 1; };
    const auto found = std::find_if(apart.begin(), apart.end(), shares);
    if (found == apart.end()) {
      apart.emplace_back(base, exponent);
      if (apart.size() > kFactorsMax) return false;
      continue;
    }
    const auto [other, others] = *found;
    apart.erase(found);
    const std::uint64_t common = std::gcd(base, other);
    work.emplace_back(common, exponent + others);
    work.emplace_back(base / common, exponent);
    work.emplace_back(other / common, others);
  }
  return apart.empty();
}

}  // namespace

bool is_distinct(std::span<const std::int64_t> rows, const Decimal& l) {
  return static_cast<Wide>(rows.size()) * l.scale() >= l.digits;
}

bool is_entropic(std::span<const std::int64_t> rows, const Decimal& l) {
  // With n rows: n^n / product(r^r) >= l^n, compared by logarithms.
  std::map<std::int64_t, std::int64_t> alike;  // how many values have as many rows
  std::int64_t n = 0;
  for (const std::int64_t one : rows) {
    ++alike[one];
    n += one;
  }
  const auto log_of = [](std::uint64_t number) {
    return std::log(static_cast<long double>(number));
  };
  const auto times = static_cast<long double>(n);
  const long double left = times * (log_of(static_cast<std::uint64_t>(n)) + log_of(l.scale()));
  long double right = times * log_of(l.digits);
  Powers powers = {{static_cast<std::uint64_t>(n), n}, {l.scale(), n}, {l.digits, -Wide{n}}};
  for (const auto& [one, values] : alike) {
    right += static_cast<long double>(one) * static_cast<long double>(values) *
             log_of(static_cast<std::uint64_t>(one));
    powers.emplace_back(static_cast<std::uint64_t>(one), -Wide{one} * values);
  }
  constexpr long double kDoubt = 1e-15L;  // of the size of the terms, far above their rounding
  const long double doubt = kDoubt * (left + 1);
  if (left - right > doubt) return true;
  return right - left <= doubt && is_one(std::move(powers));
}

bool is_recursive(std::span<const std::int64_t> rows, const Decimal& c, const Decimal& l) {
  std::vector<std::int64_t> falling(rows.begin(), rows.end());
  std::sort(falling.begin(), falling.end(), std::greater<>());
  const auto skipped = static_cast<std::size_t>(l.digits / l.scale()) - 1;  // l is at least 1
  std::int64_t tail = 0;
  for (std::size_t i = skipped; i < falling.size(); ++i) tail += falling[i];
  return !falling.empty() && static_cast<Wide>(falling[0]) * c.scale() <
                                 static_cast<Wide>(c.digits) * static_cast<Wide>(tail);
}

}  // namespace mc::recheck
