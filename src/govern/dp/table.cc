#include "dp/table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "dp/plan.h"

namespace mc::dp {
namespace {

constexpr unsigned kRadixBitsMax = 12;
constexpr std::size_t kGroupOverhead = 160;  // of two strings, a digest and a node
constexpr std::size_t kBucketEntries = 128;  // that a comparison sort is quick with

bool before(const Table::Entry& a, const Table::Entry& b) {
  return std::tie(a.unit, a.group) < std::tie(b.unit, b.group);
}

// Places each entry by the upper bits of its unit, which are as good as uniform; in place, as in
// the American flag sort (McIlroy, Bostic, McIlroy 1993). Returns where each bucket ends.
std::vector<std::size_t> distribute(std::span<Table::Entry> entries, unsigned bits) {
  const auto bucket = [bits](const Table::Entry& entry) {
    return entry.unit.high() >> (64 - bits);
  };
  std::vector<std::size_t> ends(std::size_t{1} << bits), next(ends.size());
  for (const Table::Entry& entry : entries) ++ends[bucket(entry)];
  std::size_t sum = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    next[i] = sum;
    sum += ends[i];
    ends[i] = sum;
  }
  for (std::size_t i = 0; i < ends.size(); ++i) {
    while (next[i] < ends[i]) {
      Table::Entry held = entries[next[i]];
      for (std::size_t to = bucket(held); to != i; to = bucket(held)) {
        std::swap(held, entries[next[to]++]);
      }
      entries[next[i]++] = held;
    }
  }
  return ends;
}

std::uint32_t folded(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value) * 0x9e37'79b9'7f4a'7c15U;
  return static_cast<std::uint32_t>(bits >> 32);
}

}  // namespace

Groups Groups::none(const PrivacyUnit& unit) {
  Groups out(unit, Keys::none);
  out.add("");
  return out;
}

Result<Groups> Groups::known(const PrivacyUnit& unit, const std::vector<std::string>& keys) {
  if (keys.empty()) return fail(Code::invalid, "keys: none is listed");
  Groups out(unit, Keys::known);
  for (const std::string& key : keys) {
    if (out.indexes_.contains(key)) {
      return fail(Code::invalid, "keys: \"" + excerpt(key) + "\" is listed twice");
    }
    out.add(key);
  }
  return out;
}

Groups Groups::unknown(const PrivacyUnit& unit) {
  return {unit, Keys::unknown};
}

std::uint32_t Groups::add(std::string_view key) {
  const auto index = static_cast<std::uint32_t>(names_.size());
  MC_CHECK(index != kNoGroup);
  names_.emplace_back(key);
  digests_.push_back(unit_->group_digest(key));
  indexes_.emplace(key, index);
  return index;
}

std::uint32_t Groups::index_of(std::string_view key) {
  const auto found = indexes_.find(key);
  if (found != indexes_.end()) return found->second;
  if (keys_ != Keys::unknown || full_) return kNoGroup;
  const std::size_t needed = 2 * key.size() + kGroupOverhead;
  full_ = needed > room_;
  if (full_) return kNoGroup;
  room_ -= needed;
  return add(key);
}

Table::Table(const Groups& groups, const Bounds& bounds, Values values, Limits limits)
    : groups_(&groups), bounds_(bounds), values_(values), limits_(limits) {}

Result<Table> Table::make(const Groups& groups, const Bounds& bounds, Values values,
                          Limits limits) {
  MC_TRY_OK(check_bounds(bounds));
  if (limits.entries_max == 0) return fail(Code::invalid, "entries_max must be 1 or more");
  return Table(groups, bounds, values, limits);
}

Status Table::add(const Rows& rows) {
  const std::size_t size = rows.units.size();
  const bool grouped = groups_->keys() != Keys::none;
  if (rows.groups.size() != (grouped ? size : 0)) {
    return fail(Code::invalid, "groups: one a row is needed, and none without keys");
  }
  if (rows.values.size() != (values_ == Values::some ? size : 0)) {
    return fail(Code::invalid, "values: one a row is needed, and none in a table without values");
  }
  if (!rows.tags.empty() && rows.tags.size() != size) {
    return fail(Code::invalid, "tags: one a row, or none");
  }
  const auto known = [this](std::uint32_t group) {
    return group == kNoGroup || group < groups_->size();
  };
  if (!std::ranges::all_of(rows.groups, known)) {
    return fail(Code::invalid, "groups: an index that is no group's");
  }
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint32_t group = grouped ? rows.groups[i] : 0;
    if (group == kNoGroup) continue;
    MC_TRY_OK(make_room());
    const std::int64_t value = values_ == Values::some ? rows.values[i] : 1;
    const std::uint32_t tag = rows.tags.empty() ? folded(value) : rows.tags[i];
    entries_.push_back({rows.units[i], group, tag, value});
  }
  return ok();
}

// Entries may be half as many again as are allowed, so that it is seldom that they are bounded.
Status Table::make_room() {
  if (spoilt_) return fail(Code::exhausted, "the table has failed before");
  const std::size_t room = limits_.entries_max + limits_.entries_max / 2;
  if (entries_.size() < room) return ok();
  bound();
  if (entries_.size() < limits_.entries_max) return ok();
  spoilt_ = true;
  entries_ = {};
  return fail(Code::exhausted, "the rows need more than " + std::to_string(limits_.entries_max) +
                                   " entries of memory (entries_max)");
}

Result<std::span<const Table::Entry>> Table::bounded() {
  if (spoilt_) return fail(Code::exhausted, "the table has failed before");
  if (sound_ != entries_.size()) bound();
  return std::span<const Entry>(entries_);
}

void Table::sort() {
  const std::size_t size = entries_.size();
  const auto bits = static_cast<unsigned>(std::bit_width(size / kBucketEntries));
  if (bits == 0) return std::sort(entries_.begin(), entries_.end(), before);
  const std::vector<std::size_t> ends = distribute(entries_, std::min(bits, kRadixBitsMax));
  auto begin = entries_.begin();
  for (const std::size_t end : ends) {
    const auto until = entries_.begin() + static_cast<std::ptrdiff_t>(end);
    std::sort(begin, until, before);
    begin = until;
  }
}

void Table::bound() {
  sort();
  std::size_t to = 0;
  for (std::size_t begin = 0; begin < entries_.size();) {
    std::size_t end = begin + 1;
    while (end < entries_.size() && entries_[end].unit == entries_[begin].unit) ++end;
    to = bound_unit(begin, end, to);
    begin = end;
  }
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(to), entries_.end());
  sound_ = to;
}

// Of the unit's groups those of the lowest ranks stay. A rank depends on nothing but the unit and
// the key, so a group that has lost once loses against any superset too: chunks do not matter.
std::size_t Table::bound_unit(std::size_t begin, std::size_t end, std::size_t to) {
  starts_.clear();
  for (std::size_t i = begin; i < end; ++i) {
    if (i == begin || entries_[i].group != entries_[i - 1].group) starts_.push_back(i);
  }
  const auto allowed = static_cast<std::size_t>(bounds_.groups_per_unit);
  std::uint64_t last = ~std::uint64_t{0};  // the highest rank that stays
  ranks_.clear();
  if (starts_.size() > allowed) {
    for (const std::size_t start : starts_) {
      const std::uint64_t digest = groups_->digest(entries_[start].group);
      ranks_.push_back(groups_->unit().group_rank(entries_[start].unit, digest));
    }
    sorted_ranks_ = ranks_;
    const auto at = sorted_ranks_.begin() + static_cast<std::ptrdiff_t>(allowed - 1);
    std::nth_element(sorted_ranks_.begin(), at, sorted_ranks_.end());
    last = *at;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < starts_.size() && kept < allowed; ++i) {
    if (!ranks_.empty() && ranks_[i] > last) continue;
    ++kept;
    to = bound_group(starts_[i], i + 1 < starts_.size() ? starts_[i + 1] : end, to);
  }
  return to;
}

std::size_t Table::bound_group(std::size_t begin, std::size_t end, std::size_t to) {
  const std::int64_t allowed = bounds_.rows_per_group;
  if (values_ == Values::none) {
    std::int64_t rows = 0;
    for (std::size_t i = begin; i < end; ++i) rows = std::min(allowed, rows + entries_[i].value);
    entries_[to] = entries_[begin];
    entries_[to].value = rows;
    return to + 1;
  }
  if (std::cmp_less_equal(end - begin, allowed)) {
    for (std::size_t i = begin; i < end; ++i) entries_[to++] = entries_[i];
    return to;
  }
  rows_.clear();
  const std::uint64_t digest = groups_->digest(entries_[begin].group);
  for (std::size_t i = begin; i < end; ++i) {
    const Entry& entry = entries_[i];
    const std::uint64_t row = digest ^ entry.tag;
    rows_.emplace_back(groups_->unit().row_rank(entry.unit, row), entry.value, entry.tag);
  }
  const auto at = rows_.begin() + static_cast<std::ptrdiff_t>(allowed);
  std::nth_element(rows_.begin(), at, rows_.end());
  const Entry like = entries_[begin];
  std::for_each(rows_.begin(), at, [&](const auto& row) {
    entries_[to++] = {like.unit, like.group, std::get<2>(row), std::get<1>(row)};
  });
  return to;
}

}  // namespace mc::dp
