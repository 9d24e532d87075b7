// The guard of intersections: what several releases of one dataset to one tenant tell together.
//
// Who has two releases knows of a person whose class in both is known that the row is in both
// classes, so the rows that two classes share are the class that counts: they must be none or at
// least k. And who subtracts one from the other sees the rows that only one of them has. Classes
// that share rows make a component; within one the rows that are in just one of the two releases
// must be none or at least k as well. A new release is held against each earlier one, and against
// all of them together: its rows are grouped by their class in each, where not to be in a release
// counts as a class. So rows that none of several has are found, and a release of other rows hides
// nothing. Decision: docs/adr/0033-kanon-search.md.
//
// What is in such a group is told too, so it has to fulfil the criteria of the new release's
// sensitive columns as any class does: two releases that are diverse each can leave one value to
// the rows that they share. Values are known of rows that the table still has; a group with others
// is held against k alone, and so is a sensitive column that only earlier releases have.
//
// A map of classes remembers of a release which rows were in which class, rows by 64 bits of a
// keyed hash of their row key. Its stored form is in docs/formats/kanon.md. Everything here is
// pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kanon/kanon.h"

namespace mc::kanon {

// The rows of a table by the hashes of their row keys. `secret` is the same for all releases of a
// dataset to a tenant, 32 bytes or more. `invalid` when the problem has no row key, or two rows
// that are to be released have the same one.
struct RowKeys {
  static Result<RowKeys> make(const Problem& problem, const Secret& secret);
  std::vector<std::uint64_t> key;     // HMAC-SHA-256 of the row key, its first 64 bits
  std::vector<std::uint32_t> by_key;  // rows that are to be released, by rising key
};

class ClassMap {
 public:
  ClassMap() = default;
  ClassMap(const RowKeys& keys, const Classes& classes);
  // `corrupt` for all but what encode() writes.
  static Result<ClassMap> decode(std::string_view bytes);
  // How many rows decode() would give, none when it would give none for its beginning.
  static std::optional<std::uint64_t> rows_in(std::string_view bytes);
  std::string encode() const;

  struct Row {
    std::uint64_t key = 0;  // hash of the row key
    std::uint32_t of_class = 0;
    bool operator==(const Row&) const = default;
  };
  const std::vector<Row>& rows() const { return rows_; }  // by rising key
  std::uint32_t classes() const { return classes_; }
  // What its groups were promised to have at least, beside what is stored; 0 = nothing is known.
  std::uint32_t k() const { return k_; }
  void promise(std::uint32_t k) { k_ = k; }
  bool operator==(const ClassMap&) const = default;

 private:
  std::vector<Row> rows_;
  std::uint32_t classes_ = 0;
  std::uint32_t k_ = 0;
};

enum class Leak : std::uint8_t {
  shared,    // rows that classes of several releases share
  differing  // rows that one of two releases has and the other lacks, within a component
};

struct Exposure {
  Leak leak = Leak::shared;
  std::optional<std::size_t> earlier = std::nullopt;  // which release; none = all of them together
  std::uint64_t groups = 0;                           // that are not empty and fail
  std::uint64_t rows = 0;                             // in these
  std::uint64_t smallest = 0;
  std::uint32_t k = 0;  // that was wanted of them
  // What they do not fulfil, "distinct-2 of illness"; "" = they are smaller than k.
  std::string criterion = "";
  bool operator==(const Exposure&) const = default;
};

// Sizes alone. `k`: of the new release; what an earlier one has promised counts when that is more.
// Empty when the new release may go out. The worst comes first: least rows in a group.
std::vector<Exposure> exposures(const ClassMap& now, std::span<const ClassMap> earlier,
                                std::uint32_t k);

// A change of the new release with which it passes.
struct Change {
  Levels levels = {};  // empty when the classes were not made by levels
  Classes classes;
  Loss loss;
};

struct GuardVerdict {
  ClassMap map;                   // of the release as asked for, to be stored when it goes out
  std::vector<Exposure> exposed;  // empty = passes
  // Of the level vectors at or above that of the release, the one of least loss that passes.
  std::optional<Change> generalise = std::nullopt;
  // Recoded against the earlier ones: the rows of groups that are too small left out as well.
  std::optional<Change> suppress = std::nullopt;
  bool complete = true;  // false: the search ended early, and a better change may be there
  bool passes() const { return exposed.empty(); }
};

struct GuardOptions {
  std::uint64_t nodes_max = 300;  // level vectors that are tried for a change
  // Asked between tries for a change; false ends the search, and what was found counts.
  std::function<bool()> goes_on = {};
};
struct Asked {
  const Problem& problem;
  const RowKeys& keys;
  const Classes& classes;
  Levels levels = {};  // of a global recoding, empty of a local one
};

GuardVerdict guard(const Asked& asked, std::span<const ClassMap> earlier,
                   const GuardOptions& options = {});

}  // namespace mc::kanon
