// Counts of days and months in the state database. Private to the module.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "budget/account.h"
#include "budget/window_count.h"
#include "sql/sql.h"

namespace mc::budget {

// Counts of one transaction: what else needs the connection waits for no more than these.
inline constexpr std::size_t kWindowsPerWrite = 500;
inline constexpr std::int64_t kOthersDaysKept = 100, kOthersMonthsKept = 4;

// The table knows no scope tenant-class: a class's count is a row of scope tenant-user without a
// user whose plan is the class. No row of a user's names a plan, so it is none of theirs, and an
// older version reads it as the count of a user without a name, whom nobody is.
//
// Works on a connection lent by its owner. Each node, by its name, has counts of its own.
class WindowStore {
 public:
  WindowStore(sql::Connection& connection, std::string node)
      : connection_(connection), node_(std::move(node)) {}

  // All of the node's, latest windows first, in parts of at most `size`. `corrupt` names what is
  // not understood; `use` has had what came before it.
  using Use = std::function<Status(std::span<const WindowCount>)>;
  Status read(std::size_t size, const Use& use);
  // In place of those that are there: all of them or none, in one transaction.
  Status write(std::span<const WindowCount> counts);
  // Deletes the node's of windows that are over, or further ahead than the next one; with `all`
  // also those of other nodes, whose clocks are others, that have been over for long.
  enum class Whose : std::uint8_t { own, all };
  Status remove_old(const Moment& at, Whose whose);

 private:
  sql::Connection& connection_;
  const std::string node_;
};

}  // namespace mc::budget
