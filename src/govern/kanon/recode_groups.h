// Groups of rows that will be classes, while they are built and changed. Private to the module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kanon/recode.h"
#include "kanon/recode_space.h"

namespace mc::kanon {

// Rows of one point in one group.
struct Member {
  std::uint32_t point = 0;
  std::uint32_t rows = 0;
};

struct Group {
  std::vector<Member> members;
  Nodes nodes;             // the narrowest that cover all members
  std::uint64_t cost = 0;  // of each row
  std::uint32_t rows = 0;
  std::uint64_t total() const { return cost * rows; }
};

// Counts steps against a limit, and asks the watch now and then.
class Meter {
 public:
  Meter(const RecodeWatch& watch, RecodeStats& stats) : watch_(&watch), stats_(&stats) {}
  // From now on there may be so many in all. Goes on unless the watch ended it.
  void allow(std::uint64_t steps);
  // False = end what you do; stays so until more are allowed.
  bool spend(std::uint64_t steps);
  bool cancelled() const { return go_ == Go::cancel; }
  RecodeProgress progress;

 private:
  const RecodeWatch* watch_;
  RecodeStats* stats_;
  std::uint64_t limit_ = 0;
  std::uint64_t since_ = 0;
  bool ended_ = true;
  Go go_ = Go::on;
};

class Groups {
 public:
  Groups(const Problem& problem, const Space& space);

  const Space& space() const { return *space_; }
  std::uint32_t rows_min() const { return rows_min_; }
  bool has_criteria() const { return !problem_->sensitive().empty(); }
  // Whether rows may be a class.
  bool fulfil(std::span<const Member> members) const;
  // The criteria alone.
  bool fulfil_criteria(std::span<const Member> members) const;
  Group make(std::vector<Member> members) const;  // members of the same point become one
  void refresh(Group& group) const;               // from its members
  void add(Group& group, std::span<const Member> members) const;
  // The rows must be there. Members without rows go.
  void take(Group& group, Member member) const;

  std::uint64_t total() const;
  std::int64_t mean_pico() const;  // of total() by rows and columns

  std::vector<Group> all;  // without rows = no group

 private:
  const Problem* problem_;
  const Space* space_;
  std::uint32_t rows_min_ = 1;
  std::uint64_t rows_ = 0;
};

}  // namespace mc::kanon
