// Keeps the counts of days and months beyond the process: no budget is forgotten by a restart.
//
// restore() gives the book what the state database has; flush() writes what has changed since. So
// a process that is killed forgets what was used since its last flush, and one that ends in order
// nothing. As many transactions as kWindowsPerWrite makes of it, and none when nothing changed.
//
// What the database refuses is tried again by the next flush, and nobody waits for it. Nothing is
// written before everything was read once, so that a count is never replaced by a lower one.
// Restoring late takes the larger of both counts.
//
// Thread-safe; both block for the database.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/base.h"
#include "budget/book.h"
#include "budget/journal.h"
#include "identity/identity.h"
#include "sys/sys.h"

namespace mc::budget {

class WindowKeeper {
 public:
  // All outlive it.
  struct World {
    identity::Directory& directory;  // of the state database
    sys::Clock& clock;
    Book& book;
    Journal* journal = nullptr;  // of the book; null = what is restored is not in it
  };
  // `node` names this server among those of one state database, the same after a restart.
  WindowKeeper(World world, std::string node)
      : world_(world), node_(std::move(node)), start_(world.clock.mono()) {}

  Status restore();
  Status flush();
  // Counts that have changed and are not in the database, as the last flush left them.
  std::size_t unsaved() const { return unsaved_.load(std::memory_order_relaxed); }

 private:
  Moment moment() const { return Moment::of(world_.clock.mono() - start_, world_.clock.wall()); }
  Status restore_locked();
  Status write(std::span<const WindowCount>& rest);  // which is what it has left
  Status remove_old();

  const World world_;
  const std::string node_;
  const MonoTime start_;
  std::mutex mutex_;  // of the following
  bool restored_ = false;
  std::optional<std::int32_t> removed_;  // the day in which old ones were last deleted
  std::atomic<std::size_t> unsaved_ = 0;
};

}  // namespace mc::budget
