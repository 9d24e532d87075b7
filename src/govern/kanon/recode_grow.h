// The first groups of local recoding: cheapest cells first. Private to the module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kanon/recode_cube.h"
#include "kanon/recode_groups.h"

namespace mc::kanon {

// Puts every row into a group. In rounds of rising price, cells that hold enough rows without a
// group become groups, cheapest first. A cell that holds too few may borrow from groups that have
// more than enough; what these rows lose by it is paid by the others. Rows that are left at the end
// join where it costs least.
class Grow {
 public:
  Grow(Groups& groups, Meter& meter, RecodeStats& stats);
  void run();

 private:
  struct Found {  // a cell that may become a group
    std::int64_t price = 0;
    std::uint64_t cost = 0;
    std::size_t from = 0, size = 0;  // its items in found_items_
  };
  struct Loan {
    std::int64_t loss = 0;  // of each row
    std::uint32_t item = 0;
    std::uint32_t rows = 0;
  };
  void round(std::uint64_t price_max);
  void list_items(bool lend);
  bool note(std::span<const std::uint32_t> items, std::uint64_t cost, std::uint64_t price_max);
  bool form(const Found& found, std::uint64_t price_max);
  bool lenders_fulfil() const;
  std::int64_t price(std::span<const std::uint32_t> items, std::uint64_t cost);
  bool borrow(std::span<const std::uint32_t> items, std::uint64_t cost, std::uint64_t rows);
  std::uint64_t free_in(std::span<const std::uint32_t> items) const;

  Groups* groups_;
  Meter* meter_;
  RecodeStats* stats_;
  CubeWalk walk_;
  std::vector<std::uint32_t> free_;  // rows of each point that have no group
  std::uint64_t left_ = 0;           // their sum
  std::uint64_t settled_ = 0;        // no cell that costs less has enough of them
  std::vector<Item> items_;
  std::vector<Found> found_;
  std::vector<std::uint32_t> found_items_;
  std::vector<Loan> lenders_, loans_;
  std::vector<std::uint32_t> lent_;  // by group, while loans are chosen
  bool full_ = false;                // found_items_ has no more room
};

}  // namespace mc::kanon
