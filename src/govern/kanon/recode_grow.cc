#include "kanon/recode_grow.h"

#include <algorithm>
#include <limits>

#include "kanon/recode_rest.h"

namespace mc::kanon {
namespace {

constexpr std::int64_t kNoPrice = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kFirstPrice = kWholeColumn / 50;
constexpr std::uint64_t kLendMax = 3 * kWholeColumn;  // dearer cells borrow no more
// What lenders lose counts twice: they could have helped a cell that comes later.
constexpr std::int64_t kLossWeight = 2;
constexpr std::size_t kFoundMax = std::size_t{1} << 23;  // items of one round

}  // namespace

Grow::Grow(Groups& groups, Meter& meter, RecodeStats& stats)
    : groups_(&groups),
      meter_(&meter),
      stats_(&stats),
      walk_(groups.space()),
      free_(groups.space().rows) {
  for (const std::uint32_t rows : free_) left_ += rows;
  meter_->progress.total = left_;
}

void Grow::list_items(bool lend) {
  items_.clear();
  for (std::uint32_t point = 0; point < free_.size(); ++point) {
    if (free_[point] > 0) items_.push_back({point, kFree, free_[point], 0});
  }
  if (!lend) return;
  for (std::uint32_t i = 0; i < groups_->all.size(); ++i) {
    const Group& group = groups_->all[i];
    if (group.rows <= groups_->rows_min()) continue;
    const std::uint32_t spare = group.rows - groups_->rows_min();
    for (const Member& each : group.members) {
      items_.push_back({each.point, i, std::min(each.rows, spare), group.cost});
    }
  }
}

std::uint64_t Grow::free_in(std::span<const std::uint32_t> items) const {
  std::uint64_t out = 0;
  for (const std::uint32_t i : items) {
    if (items_[i].group == kFree) out += free_[items_[i].point];
  }
  return out;
}

// Chooses `rows` rows of groups that can spare them, those that lose least; false = there are not
// so many.
bool Grow::borrow(std::span<const std::uint32_t> items, std::uint64_t cost, std::uint64_t rows) {
  lenders_.clear();
  loans_.clear();
  for (const std::uint32_t i : items) {
    if (items_[i].group == kFree || items_[i].rows == 0) continue;
    const Group& group = groups_->all[items_[i].group];
    if (group.rows <= groups_->rows_min()) continue;
    lenders_.push_back({static_cast<std::int64_t>(cost) - static_cast<std::int64_t>(group.cost), i,
                        items_[i].rows});
  }
  std::sort(lenders_.begin(), lenders_.end(), [](const Loan& a, const Loan& b) {
    return a.loss != b.loss ? a.loss < b.loss : a.item < b.item;
  });
  for (const Loan& each : lenders_) {
    const std::uint32_t from = items_[each.item].group;
    const std::uint32_t spare = groups_->all[from].rows - groups_->rows_min() - lent_[from];
    const std::uint64_t part = std::min<std::uint64_t>({each.rows, spare, rows});
    if (part == 0) continue;
    loans_.push_back({each.loss, each.item, static_cast<std::uint32_t>(part)});
    lent_[from] += static_cast<std::uint32_t>(part);
    rows -= part;
  }
  for (const Loan& each : loans_) lent_[items_[each.item].group] = 0;
  return rows == 0;
}

// What a free row of the cell pays; loans_ is what has to be borrowed.
std::int64_t Grow::price(std::span<const std::uint32_t> items, std::uint64_t cost) {
  loans_.clear();
  const std::uint64_t rows = free_in(items);
  if (rows == 0) return kNoPrice;
  if (rows >= groups_->rows_min()) return static_cast<std::int64_t>(cost);
  if (!borrow(items, cost, groups_->rows_min() - rows)) return kNoPrice;
  std::int64_t loss = 0;
  for (const Loan& each : loans_) loss += each.loss * each.rows;
  return static_cast<std::int64_t>(cost) + kLossWeight * loss / static_cast<std::int64_t>(rows);
}

bool Grow::note(std::span<const std::uint32_t> items, std::uint64_t cost, std::uint64_t price_max) {
  const std::int64_t each = price(items, cost);
  if (each > static_cast<std::int64_t>(price_max)) return true;
  if (loans_.empty() && cost < settled_) return true;  // failed the criteria before
  full_ = found_items_.size() + items.size() > kFoundMax && !found_.empty();
  if (full_) return false;
  found_.push_back({each, cost, found_items_.size(), items.size()});
  found_items_.insert(found_items_.end(), items.begin(), items.end());
  return true;
}

bool Grow::lenders_fulfil() const {
  if (!groups_->has_criteria()) return true;
  std::vector<std::uint32_t> lenders;
  lenders.reserve(loans_.size());
  for (const Loan& each : loans_) lenders.push_back(items_[each.item].group);
  std::sort(lenders.begin(), lenders.end());
  lenders.erase(std::unique(lenders.begin(), lenders.end()), lenders.end());
  return std::all_of(lenders.begin(), lenders.end(), [&](std::uint32_t lender) {
    Group left = groups_->all[lender];
    for (const Loan& each : loans_) {
      const Item& item = items_[each.item];
      if (item.group == lender) groups_->take(left, {item.point, each.rows});
    }
    return groups_->fulfil_criteria(left.members);
  });
}

// Makes a group of a cell, if it is still as cheap as it was.
bool Grow::form(const Found& found, std::uint64_t price_max) {
  const auto items = std::span(found_items_).subspan(found.from, found.size);
  if (price(items, found.cost) > static_cast<std::int64_t>(price_max)) return false;
  std::vector<Member> members;
  for (const std::uint32_t i : items) {
    const Item& item = items_[i];
    if (item.group != kFree || free_[item.point] == 0) continue;
    members.push_back({item.point, free_[item.point]});
  }
  const std::size_t own = members.size();
  for (const Loan& each : loans_) members.push_back({items_[each.item].point, each.rows});
  if (!groups_->fulfil_criteria(members) || !lenders_fulfil()) return false;
  for (std::size_t i = 0; i < own; ++i) {
    left_ -= members[i].rows;
    free_[members[i].point] = 0;
  }
  for (const Loan& each : loans_) {
    Item& item = items_[each.item];
    groups_->take(groups_->all[item.group], {item.point, each.rows});
    item.rows -= each.rows;
    stats_->lent += each.rows;
  }
  groups_->all.push_back(groups_->make(std::move(members)));
  return true;
}

void Grow::round(std::uint64_t price_max) {
  do {
    list_items(price_max <= kLendMax);
    lent_.assign(groups_->all.size(), 0);
    found_.clear();
    found_items_.clear();
    full_ = false;
    walk_.run(items_, {groups_->rows_min(), price_max, price_max, kLossWeight}, *meter_,
              [&](std::span<const std::uint32_t> items, std::uint64_t cost) {
                return note(items, cost, price_max);
              });
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      if (a.price != b.price) return a.price < b.price;
      return a.cost != b.cost ? a.cost < b.cost : a.from < b.from;
    });
    bool any = false;
    for (const Found& each : found_) any |= form(each, price_max);
    meter_->progress.done = meter_->progress.total - left_;
    if (!any) break;
  } while (full_ && meter_->spend(0));
}

void Grow::run() {
  const std::uint64_t most = std::max(groups_->space().columns() * kWholeColumn, kLendMax);
  std::uint64_t price_max = 0;
  while (left_ > 0 && settled_ <= most && meter_->spend(0)) {
    round(price_max);
    settled_ = price_max + 1;
    price_max = price_max == 0      ? kFirstPrice
                : price_max == most ? most + 1
                                    : std::min(most, price_max + price_max * 3 / 10);
  }
  if (meter_->cancelled()) return;
  std::vector<Member> rest;
  for (std::uint32_t point = 0; point < free_.size(); ++point) {
    if (free_[point] > 0) rest.push_back({point, free_[point]});
  }
  settle(*groups_, std::move(rest));
  meter_->progress.done = meter_->progress.total;
}

}  // namespace mc::kanon
