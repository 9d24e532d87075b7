// What every class of an anonymised table must fulfil, decided on whole numbers only.
//
// A class is what shares all generalised quasi-identifiers. Parameters are exact decimals, so the
// same table passes or fails on every machine. Rows of classes that fail are suppressed.
//
// `Monotone` below: once a class fulfils it, so does every class that contains it; then the number
// of suppressed rows never grows with generalisation, and a search may prune by it. The others are
// monotone for whole tables at most (a generalisation of a table without failing classes has none),
// which suppression breaks: a failing class can pull a good one with it when both are joined.
//   k-anonymity           Sweeney 2002         monotone
//   k-map                 Sweeney 2001         monotone
//   distinct l-diversity  Machanavajjhala 2007 monotone
//   entropy l-diversity   Machanavajjhala 2007 not with suppression; implies distinct l
//   recursive (c,l)       Machanavajjhala 2007 not with suppression; implies distinct l
//   t-closeness, all      Li, Li, Venkatasubramanian 2007, not with suppression
//   delta-presence        Nergiz, Atzori, Clifton 2007, not with suppression
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kanon/decimal.h"
#include "kanon/hierarchy.h"

namespace mc::kanon {

enum class Kind : std::uint8_t {
  distinct_l,      // at least l different values
  entropy_l,       // entropy of the values at least log(l)
  recursive_cl,    // r1 < c * (r_l + ... + r_m), counts in falling order
  t_equal,         // distance of the values to those of the table at most t, all equally far
  t_hierarchical,  // the same, as far as the lowest level at which a hierarchy joins two
  t_ordered,       // the same, as far as the ranks of two are apart
};
std::string_view kind_name(Kind kind);  // "distinct-l"

struct Criterion {
  Kind kind = Kind::distinct_l;
  Decimal l = {};  // more than 1; whole for distinct_l and recursive_cl
  Decimal c = {};
  Decimal t = {};  // 0 to 1
  bool operator==(const Criterion&) const = default;
  Status check() const;
  std::string text() const;  // "recursive-(4,3)"
};

// The values of one sensitive column in the released rows of the whole table, and what criteria
// need of them. Immutable.
struct Sensitive {
  std::string name;
  std::size_t column = 0;             // of the table
  std::vector<Criterion> criteria;    // all must hold
  std::vector<std::uint32_t> totals;  // rows of each code in the whole table
  std::uint64_t rows = 0;             // their sum
  // Of t_ordered: the codes of these rows in the order of their values.
  std::vector<std::uint32_t> by_rank;
  // Of t_hierarchical: by code its value at level 1; behind that by value at level i that at i + 1.
  // The last level has one value.
  std::vector<std::vector<std::uint32_t>> tree;
};

// How many rows of a class have a value.
struct ValueCount {
  std::uint32_t value = 0;  // code of the sensitive column
  std::uint32_t rows = 0;
};

// `counts`: each value of the class once, with at least one row, by rising code.
bool fulfils(const Criterion& criterion, const Sensitive& sensitive,
             std::span<const ValueCount> counts);
bool fulfils_all(const Sensitive& sensitive, std::span<const ValueCount> counts);
// The least number of different values that the criteria imply: 1 when they imply none.
std::uint32_t distinct_implied(const Sensitive& sensitive);

// Bounds for the released share of those rows of the known population that fall in a class.
struct Presence {
  Decimal min = {};
  Decimal max = {.nano = kNano};
  bool operator==(const Presence&) const = default;
};

// What concerns sizes. `population` of a class counts the rows of the input whether they are to be
// released or not; without a declared population it equals `rows`.
struct Sizes {
  std::uint32_t k = 1;
  std::uint32_t k_map = 1;
  std::optional<Presence> presence = std::nullopt;
};
bool fulfils(const Sizes& sizes, std::uint32_t rows, std::uint32_t population);

}  // namespace mc::kanon
