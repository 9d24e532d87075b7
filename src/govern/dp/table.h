// Rows of a release, bounded by unit as they come: what is left is the same whatever their order
// and however they are cut into chunks.
//
// Memory: 32 bytes an entry (a row that counts, or of a table without values a group of a unit),
// at most one and a half times Limits::entries_max of them, and twice that while it grows.
// `exhausted` when more than entries_max are left. It tells something of the data, so compare the
// snapshot's number of rows with entries_max beforehand, or charge for it as for any other failure.
//
// Not thread-safe. Nothing of a table is public; a Release is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "dp/spec.h"
#include "dp/unit.h"

namespace mc::dp {

inline constexpr std::uint32_t kNoGroup = UINT32_MAX;
inline constexpr std::size_t kGroupBytesMax = 256 << 20;  // of unknown keys, with what keeps them

// Keys of groups, and for each an index. A key is any bytes: the canonical text of its columns.
class Groups {
 public:
  // `unit` outlives it.
  static Groups none(const PrivacyUnit& unit);
  // `invalid` for a key that comes twice. A release has them in this order.
  static Result<Groups> known(const PrivacyUnit& unit, const std::vector<std::string>& keys);
  // A release has those that it shows ordered by bytes.
  static Groups unknown(const PrivacyUnit& unit);

  // Of known keys: kNoGroup for others, whose rows are left out. Of unknown ones: a new index, or
  // kNoGroup when there is no room for it; then full(), and what is released is not to be shown.
  std::uint32_t index_of(std::string_view key);
  bool full() const { return full_; }

  Keys keys() const { return keys_; }
  std::size_t size() const { return names_.size(); }
  const std::string& name(std::uint32_t index) const { return names_[index]; }
  std::uint64_t digest(std::uint32_t index) const { return digests_[index]; }
  const PrivacyUnit& unit() const { return *unit_; }

 private:
  Groups(const PrivacyUnit& unit, Keys keys) : unit_(&unit), keys_(keys) {}
  std::uint32_t add(std::string_view key);

  const PrivacyUnit* unit_;
  Keys keys_;
  std::size_t room_ = kGroupBytesMax;  // for names
  bool full_ = false;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> digests_;
  // Keys come from outside: their hash is keyed, and looked up without a copy.
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): of the standard
    std::size_t operator()(std::string_view key) const { return keyed_hash(0, key); }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> indexes_;
};

// A chunk of columns of equal length.
struct Rows {
  std::span<const Unit> units;
  std::span<const std::uint32_t> groups;  // empty with Keys::none; kNoGroup: the row is left out
  std::span<const std::int64_t> values;   // empty when the table has none
  // Which row it is, by a digest of its key, when a unit has too many in a group. Without tags it
  // goes by their values, and rows of one value stay or go together.
  std::span<const std::uint32_t> tags;
};

class Table {
 public:
  enum class Values : std::uint8_t { none, some };
  struct Limits {
    std::size_t entries_max = std::size_t{8} << 20;
  };
  // `groups` outlives it and may grow meanwhile. `invalid` for bounds that price() refuses.
  static Result<Table> make(const Groups& groups, const Bounds& bounds, Values values,
                            Limits limits);
  static Result<Table> make(const Groups& groups, const Bounds& bounds, Values values) {
    return make(groups, bounds, values, Limits{});
  }

  // `invalid` for columns of other lengths or a group that is none, and nothing is added;
  // `exhausted`: the table is of no use any more.
  Status add(const Rows& rows);

  // What a unit has in a group: sorted by unit, then group. For release() and tests.
  struct Entry {
    Unit unit;
    std::uint32_t group;
    std::uint32_t tag;
    std::int64_t value;  // without values: how many rows
  };
  Result<std::span<const Entry>> bounded();

  const Groups& groups() const { return *groups_; }
  const Bounds& bounds() const { return bounds_; }
  Values values() const { return values_; }

 private:
  Table(const Groups& groups, const Bounds& bounds, Values values, Limits limits);
  void sort();
  void bound();
  std::size_t bound_unit(std::size_t begin, std::size_t end, std::size_t to);
  std::size_t bound_group(std::size_t begin, std::size_t end, std::size_t to);
  Status make_room();

  const Groups* groups_;
  Bounds bounds_;
  Values values_;
  Limits limits_;
  std::vector<Entry> entries_;
  std::size_t sound_ = 0;  // so many of them were left when they were last bounded
  bool spoilt_ = false;
  // Scratch of one unit and one group.
  std::vector<std::size_t> starts_;
  std::vector<std::uint64_t> ranks_, sorted_ranks_;
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::uint32_t>> rows_;
};

}  // namespace mc::dp
