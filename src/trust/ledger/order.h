// One ledger of several processes. A database has the batches, in one order; every process has a
// copy of them in its own folder (store.h), from which it reads, proves and signs.
//
// A batch is appended in a turn: a transaction that holds the end of the order, so that it has
// taken in what the others have appended, and that moves the end from where it was (compare and
// swap on number, digest and epoch). There is no leader that could be lost, or be two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "tlog/tlog.h"

namespace mc::ledger {

// Behind the last batch: the number of the next, and what it must say of the one before it.
struct OrderEnd {
  std::uint64_t number = 0;
  tlog::Hash digest = {};
  bool operator==(const OrderEnd&) const = default;
};

struct OrderedBatch {
  tlog::Hash digest = {};
  std::string_view bytes;
};

// Turns and reading are for one thread; the rest is thread-safe. `denied` when this process was
// fenced: it appends and signs nothing any more. `unavailable` when the database cannot be reached.
class Order {
 public:
  virtual ~Order() = default;

  // Waits until no other process has the turn, and gives the end, which then stays where it is.
  virtual Result<OrderEnd> begin_turn() = 0;
  // Ends the turn with a batch, durable when it returns well. After any failure nobody knows:
  // the next turn shows.
  virtual Status append(const OrderEnd& end, const OrderedBatch& batch) = 0;
  // Ends it without one, if there is a turn.
  virtual void leave_turn() = 0;

  // In a turn or out of it.
  virtual Result<OrderEnd> end() = 0;
  virtual Result<std::string> batch(std::uint64_t number) = 0;
  virtual Result<tlog::Hash> digest(std::uint64_t number) = 0;

  // The largest head of the log "root" that a process has signed, empty before the first.
  virtual Result<tlog::TreeHead> signed_head() = 0;
  // Before a signature leaves. `corrupt` when another root of this size was signed.
  virtual Status note_signed(const tlog::TreeHead& head) = 0;
  // Overwrites a part of a batch with zeros, unless it has them already.
  virtual Status erase(std::uint64_t number, std::uint64_t offset, std::uint64_t size) = 0;
};

}  // namespace mc::ledger
