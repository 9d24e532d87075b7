// Sums over the last steps of time. Private to the module.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace mc::burn {

// One cell a step, the last N of them. Steps are numbered as time goes; one that was left behind
// by N and more is forgotten, and what comes late for it counts in the oldest there is.
template <class Cell, std::size_t N>
class Ring {
 public:
  Cell& at(std::int64_t step) {
    advance(step);
    return cells_[slot(std::max(step, newest_ - std::int64_t{N} + 1))];
  }

  // The cell of a step that is kept, else an empty one.
  Cell get(std::int64_t step) const {
    const bool kept = step <= newest_ && step > newest_ - std::int64_t{N} && step >= 0;
    return kept ? cells_[slot(step)] : Cell{};
  }

  // Of the `count` steps that end with `step`, at most N.
  template <class Add>
  void each(std::int64_t step, std::int64_t count, const Add& add) const {
    for (std::int64_t i = step - count + 1; i <= step; ++i) add(get(i));
  }

 private:
  static std::size_t slot(std::int64_t step) { return static_cast<std::size_t>(step) % N; }
  void advance(std::int64_t step) {
    if (step <= newest_) return;
    const std::int64_t from = std::max(newest_ + 1, step - std::int64_t{N} + 1);
    for (std::int64_t i = std::max<std::int64_t>(from, 0); i <= step; ++i) cells_[slot(i)] = {};
    newest_ = step;
  }

  std::array<Cell, N> cells_ = {};
  std::int64_t newest_ = -1;
};

}  // namespace mc::burn
