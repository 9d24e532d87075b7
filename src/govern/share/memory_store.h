// The store in memory: the rules that every store holds to, in the open. Adapters are compared with
// it, and tests of many nodes run on it with a clock of their own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "share/store.h"

namespace mc::share {

// Answers at once, at the time that it was last told. One thread.
class MemoryStore : public Store {
 public:
  // Times of the store, in microseconds; `started` tells how cold it is: a rate that it has never
  // heard of may have been used up just before a start that lost everything.
  void set_clock(std::int64_t now_us) { now_us_ = now_us; }
  void restart_empty();  // at the time of now

  void ask(std::string_view node, std::vector<Ask> asks, Done done) override;
  Reply answer(std::string_view node, const Ask& ask);

  struct Sum {
    std::int64_t level = 0;  // ticks
    std::int64_t leases = 0;
  };
  Sum sum(const std::string& key) const;

 private:
  struct Node {
    std::int64_t seq = 0, reported = 0, lease = 0, until = 0;
  };
  struct State {
    std::int64_t level = 0, at = 0, each = 1;
    std::map<std::string, Node, std::less<>> nodes;
  };
  struct Others {
    std::int64_t leases = 0, nodes = 0, first_end = 0;  // 0 = none
  };
  State& state_of(const Ask& ask);
  void drain(State& state, const Shape& shape) const;
  void end_lease(State& state, const Shape& shape, Node& node) const;
  Others look_at_others(State& state, const Shape& shape, std::string_view node) const;
  static std::int64_t wait_us(const Ask& ask, std::int64_t level, std::int64_t leases,
                              std::int64_t first_end_us);

  std::int64_t now_us_ = 0, started_us_ = INT64_MIN / 2;
  std::map<std::string, State> states_;
};

}  // namespace mc::share
