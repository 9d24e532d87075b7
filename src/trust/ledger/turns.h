// Keeps a store and the order that it is a copy of together. For one thread, but for erase().
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/base.h"
#include "ledger/order.h"
#include "ledger/store.h"

namespace mc::ledger {

class Turns {
 public:
  using Answers = std::vector<Result<Recorded>>;

  Turns(Store& store, Order& order) : store_(store), order_(order) {}

  // At the start: the store must be what the order begins with, and the order have all that was
  // signed. `corrupt` when it is another ledger's, or a part of the order was lost.
  Status begin();
  // Takes in all that the order has.
  Status follow();
  // One turn. After `unavailable` the records may be stored or not; the same entries given again
  // are then not stored twice. Other errors are for good.
  Result<Answers> append(std::span<const Prepared> entries, WallTime now);
  // What the store is to keep as its mark, when it is due: not while an erasure waits for the
  // order.
  std::optional<Known> take_mark();
  // What append() left open is given up: the next entries are others.
  void give_up() { unsure_.reset(); }
  // Salt and payload of a record, here and in the order. After `unavailable` they are gone here,
  // and follow() goes on trying there. Any thread.
  Status erase(const RecordId& record);

 private:
  // A batch of ours that the order has or has not.
  struct Unsure {
    OrderEnd end;  // before it
    tlog::Hash digest = {};
    Answers answers;
    bool stored = false;
  };
  Result<Answers> append_in_turn(std::span<const Prepared> entries, WallTime now);
  Status take_in(const OrderEnd& end);
  void note(std::optional<Known> mark);
  Status erase_redacted();
  void wait_to_erase(const RecordId& record);
  Status erase_in_order(const RecordId& record);

  Store& store_;
  Order& order_;
  std::optional<Unsure> unsure_;
  std::optional<Known> mark_;
  std::mutex mutex_;                // of the next
  std::vector<RecordId> unerased_;  // in the order
};

}  // namespace mc::ledger
