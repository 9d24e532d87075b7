#include "kanon/criteria.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "kanon/log2.h"

namespace mc::kanon {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
using Counts = std::span<const ValueCount>;

std::uint64_t rows_of(Counts counts) {
  std::uint64_t rows = 0;
  for (const ValueCount& each : counts) rows += each.rows;
  return rows;
}

// Adds `times` for each prime factor of x.
void factor(std::uint64_t x, std::int64_t times, std::map<std::uint64_t, std::int64_t>& exponents) {
  for (std::uint64_t prime = 2; prime * prime <= x; ++prime) {
    for (; x % prime == 0; x /= prime) exponents[prime] += times;
  }
  if (x > 1) exponents[x] += times;
}

// Whether n^n * 10^(9n) == l_nano^n * product of c^c: entropy is exactly log(l).
bool entropy_equals(Counts counts, std::uint64_t n, std::uint64_t l_nano) {
  std::map<std::uint64_t, std::int64_t> exponents;
  const auto rows = static_cast<std::int64_t>(n);
  factor(n, rows, exponents);
  factor(kNano, rows, exponents);
  factor(l_nano, -rows, exponents);
  for (const ValueCount& each : counts) factor(each.rows, -std::int64_t{each.rows}, exponents);
  return std::all_of(exponents.begin(), exponents.end(),
                     [](const auto& each) { return each.second == 0; });
}

// n log n - sum of c log c >= n log l. The logarithms are fixed-point with known errors; what these
// leave open is decided by prime factors, and is false when not equal: such a difference is below
// 2^-50 bits a row.
bool entropy_l(const Criterion& criterion, Counts counts) {
  constexpr Int128 kError = 2;  // of log2_fixed
  const auto l_nano = static_cast<std::uint64_t>(criterion.l.nano);
  const std::uint64_t n = rows_of(counts);
  if (Uint128{counts.size()} * kNano < l_nano) return false;
  Int128 low = Int128{n} * (Int128{log2_fixed(n)} + Int128{log2_fixed(kNano)} -
                            Int128{log2_fixed(l_nano)} - kError);
  Int128 high = low + Int128{n} * 3 * kError;
  for (const ValueCount& each : counts) {
    const Int128 log = log2_fixed(each.rows);
    low -= Int128{each.rows} * (log + kError);
    high -= Int128{each.rows} * log;
  }
  if (low >= 0) return true;
  if (high < 0) return false;
  return entropy_equals(counts, n, l_nano);
}

bool recursive_cl(const Criterion& criterion, Counts counts) {
  const auto l = static_cast<std::size_t>(criterion.l.nano / kNano);
  if (counts.size() < l) return false;
  std::vector<std::uint32_t> falling;
  for (const ValueCount& each : counts) falling.push_back(each.rows);
  std::sort(falling.begin(), falling.end(), std::greater<>());
  const std::uint64_t tail = std::accumulate(falling.begin() + static_cast<std::ptrdiff_t>(l) - 1,
                                             falling.end(), std::uint64_t{0});
  return Uint128{falling[0]} * kNano < static_cast<Uint128>(criterion.c.nano) * tail;
}

// share of the class - share of the table, times rows of both.
Int128 extra(const Sensitive& sensitive, std::uint64_t n, ValueCount of) {
  return Int128{of.rows} * sensitive.rows - Int128{sensitive.totals[of.value]} * n;
}

// By code, for all values of the table.
std::vector<Int128> extras(const Sensitive& sensitive, Counts counts, std::uint64_t n) {
  std::vector<Int128> out(sensitive.totals.size());
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = extra(sensitive, n, {i, 0});
  for (const ValueCount& each : counts) out[each.value] = extra(sensitive, n, each);
  return out;
}

bool t_equal(const Criterion& criterion, const Sensitive& sensitive, Counts counts) {
  const std::uint64_t n = rows_of(counts);
  Int128 distance = 0;  // doubled
  std::uint64_t met = 0;
  for (const ValueCount& each : counts) {
    const Int128 more = extra(sensitive, n, each);
    distance += more < 0 ? -more : more;
    met += sensitive.totals[each.value];
  }
  distance += Int128{sensitive.rows - met} * n;
  return distance * kNano <= Int128{criterion.t.nano} * 2 * n * sensitive.rows;
}

// What is over in one child of a node and lacking in another moves through the node: section 4.2 of
// the paper. Heights are counted in levels, the top's is the greatest distance.
bool t_hierarchical(const Criterion& criterion, const Sensitive& sensitive, Counts counts) {
  const std::uint64_t n = rows_of(counts);
  std::vector<Int128> below = extras(sensitive, counts, n);
  Int128 cost = 0;
  int height = 0;
  for (const std::vector<std::uint32_t>& parents : sensitive.tree) {
    ++height;
    const std::size_t nodes = std::size_t{1} + *std::max_element(parents.begin(), parents.end());
    std::vector<Int128> over(nodes), lack(nodes);
    for (std::size_t i = 0; i < below.size(); ++i) {
      if (below[i] > 0) over[parents[i]] += below[i];
      if (below[i] < 0) lack[parents[i]] -= below[i];
    }
    below.assign(nodes, 0);
    for (std::size_t i = 0; i < nodes; ++i) {
      cost += height * std::min(over[i], lack[i]);
      below[i] = over[i] - lack[i];
    }
  }
  return cost * kNano <= Int128{criterion.t.nano} * height * n * sensitive.rows;
}

bool t_ordered(const Criterion& criterion, const Sensitive& sensitive, Counts counts) {
  const std::uint64_t n = rows_of(counts);
  const std::vector<Int128> each = extras(sensitive, counts, n);
  Int128 carried = 0, cost = 0;
  for (const std::uint32_t code : sensitive.by_rank) {
    carried += each[code];
    cost += carried < 0 ? -carried : carried;
  }
  const auto steps = static_cast<std::int64_t>(sensitive.by_rank.size()) - 1;
  return cost * kNano <= Int128{criterion.t.nano} * steps * n * sensitive.rows;
}

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr std::array<KindName, 6> kKinds = {{{Kind::distinct_l, "distinct-l"},
                                             {Kind::entropy_l, "entropy-l"},
                                             {Kind::recursive_cl, "recursive-cl"},
                                             {Kind::t_equal, "t-equal"},
                                             {Kind::t_hierarchical, "t-hierarchical"},
                                             {Kind::t_ordered, "t-ordered"}}};

bool by_t(Kind kind) {
  return kind == Kind::t_equal || kind == Kind::t_hierarchical || kind == Kind::t_ordered;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)].name;
}

Status Criterion::check() const {
  const std::string name(kind_name(kind));
  if (by_t(kind)) {
    if (t.nano > kNano) return fail(Code::invalid, name + ": t must be from 0 to 1");
    if (l.nano != 0 || c.nano != 0) return fail(Code::invalid, name + " has t only");
    return ok();
  }
  if (t.nano != 0) return fail(Code::invalid, name + " has no t");
  if (l.nano <= kNano) return fail(Code::invalid, name + ": l must be more than 1");
  if (l.nano > 1'000'000 * kNano) return fail(Code::invalid, name + ": l is more than 1000000");
  if (kind != Kind::entropy_l && l.nano % kNano != 0) {
    return fail(Code::invalid, name + ": l must be a whole number");
  }
  if ((kind == Kind::recursive_cl) != (c.nano > 0)) {
    return fail(Code::invalid,
                kind == Kind::recursive_cl ? name + ": c must be more than 0" : name + " has no c");
  }
  return ok();
}

std::string Criterion::text() const {
  switch (kind) {
    case Kind::distinct_l:
      return "distinct-" + to_text(l);
    case Kind::entropy_l:
      return "entropy-" + to_text(l);
    case Kind::recursive_cl:
      return "recursive-(" + to_text(c) + "," + to_text(l) + ")";
    default:
      return std::string(kind_name(kind)) + "-" + to_text(t);
  }
}

bool fulfils(const Criterion& criterion, const Sensitive& sensitive, Counts counts) {
  switch (criterion.kind) {
    case Kind::distinct_l:
      return Uint128{counts.size()} * kNano >= static_cast<Uint128>(criterion.l.nano);
    case Kind::entropy_l:
      return entropy_l(criterion, counts);
    case Kind::recursive_cl:
      return recursive_cl(criterion, counts);
    case Kind::t_equal:
      return t_equal(criterion, sensitive, counts);
    case Kind::t_hierarchical:
      return t_hierarchical(criterion, sensitive, counts);
    case Kind::t_ordered:
      return t_ordered(criterion, sensitive, counts);
  }
  return false;
}

bool fulfils_all(const Sensitive& sensitive, Counts counts) {
  return std::all_of(sensitive.criteria.begin(), sensitive.criteria.end(),
                     [&](const Criterion& each) { return fulfils(each, sensitive, counts); });
}

std::uint32_t distinct_implied(const Sensitive& sensitive) {
  std::int64_t most = 1;
  for (const Criterion& each : sensitive.criteria) {
    // Entropy is at most the logarithm of the number of values.
    if (!by_t(each.kind)) most = std::max(most, (each.l.nano + kNano - 1) / kNano);
  }
  return static_cast<std::uint32_t>(most);
}

bool fulfils(const Sizes& sizes, std::uint32_t rows, std::uint32_t population) {
  if (rows < sizes.k || population < sizes.k_map) return false;
  if (!sizes.presence) return true;
  const Int128 released = Int128{rows} * kNano;
  return released >= Int128{sizes.presence->min.nano} * population &&
         released <= Int128{sizes.presence->max.nano} * population;
}

}  // namespace mc::kanon
