#include "budget/window_keeper.h"

#include <algorithm>

#include "budget/window_store.h"

namespace mc::budget {

Status WindowKeeper::restore() {
  const std::lock_guard lock(mutex_);
  return restore_locked();
}

Status WindowKeeper::restore_locked() {
  if (restored_) return ok();
  std::vector<WindowCount> all;  // nothing is taken back before everything was read
  const auto add = [&all](std::span<const WindowCount> counts) {
    all.insert(all.end(), counts.begin(), counts.end());
    return ok();
  };
  MC_TRY_OK(world_.directory.lend([&](sql::Connection& connection) {
    return WindowStore(connection, node_).read(kJournalCountsMax, add);
  }));
  std::erase_if(all, [](const WindowCount& one) { return one.used == 0; });
  const Moment at = moment();
  for (std::span<const WindowCount> rest = all; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kJournalCountsMax));
    std::optional<Journal::Turn> turn;
    if (world_.journal != nullptr) turn.emplace(world_.journal->turn());
    world_.book.restore_windows(part, at);
    if (turn) turn->restored(part, at);
    rest = rest.subspan(part.size());
  }
  restored_ = true;
  return ok();
}

Status WindowKeeper::flush() {
  const std::lock_guard lock(mutex_);
  const Status restored = restore_locked();
  const std::vector<WindowCount> changed = world_.book.changed_windows(moment());
  std::span<const WindowCount> rest = changed;
  const Status written = restored ? write(rest) : restored;
  unsaved_.store(rest.size(), std::memory_order_relaxed);
  MC_TRY_OK(written);
  return remove_old();
}

Status WindowKeeper::write(std::span<const WindowCount>& rest) {
  while (!rest.empty()) {
    const std::span<const WindowCount> part = rest.first(std::min(rest.size(), kWindowsPerWrite));
    MC_TRY_OK(world_.directory.lend(
        [&](sql::Connection& connection) { return WindowStore(connection, node_).write(part); }));
    world_.book.windows_kept(part);
    rest = rest.subspan(part.size());
  }
  return ok();
}

Status WindowKeeper::remove_old() {
  const Moment at = world_.book.latest(moment());
  if (removed_ == at.day) return ok();
  // A clock that has just jumped touches no counts of others.
  const auto whose =
      removed_ && at.day == *removed_ + 1 ? WindowStore::Whose::all : WindowStore::Whose::own;
  MC_TRY_OK(world_.directory.lend([&](sql::Connection& connection) {
    return WindowStore(connection, node_).remove_old(at, whose);
  }));
  removed_ = at.day;
  return ok();
}

}  // namespace mc::budget
