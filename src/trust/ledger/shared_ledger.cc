// The ledger that several processes share.
#include <chrono>

#include "ledger/ledger.h"
#include "ledger/turns.h"

namespace mc::ledger {
namespace {

bool is_for_good(const Error& error) {
  return error.code == Code::corrupt || error.code == Code::denied;
}

Status remove_all(sys::Files& files, const std::string& folder) {
  MC_TRY(const bool there, files.exists(folder));
  if (!there) return ok();
  MC_TRY(const std::vector<std::string> names, files.list(folder));
  for (const std::string& name : names) MC_TRY_OK(files.remove(folder + "/" + name));
  return ok();
}

// A copy has this file from before its first batch. Without its order it must not go on, which
// would be a fork; and it can be made anew, which the only copy of a ledger cannot.
constexpr const char* kCopyFile = "/copy";

Status note_copy(sys::Files& files, const std::string& folder) {
  MC_TRY_OK(files.make_folders(folder));
  return files.write_atomic(folder + kCopyFile, "a copy of a shared ledger\n");
}

// A folder is one or the other from its first batch on.
Status settle_kind(sys::Files& files, const std::string& folder, bool shared) {
  MC_TRY(const bool copy, files.exists(folder + kCopyFile));
  if (copy && !shared) {
    return fail(Code::conflict,
                folder + " is a copy of a shared ledger and cannot go on alone: set ledger.url");
  }
  if (copy || !shared) return ok();
  const std::string segments = folder + "/segments";
  MC_TRY(const bool there, files.exists(segments));
  if (there) {
    MC_TRY(const std::vector<std::string> names, files.list(segments));
    if (!names.empty()) {
      return fail(Code::conflict,
                  folder +
                      " has a ledger of its own, which cannot be shared: begin a new "
                      "one, and keep this one for its receipts");
    }
  }
  return note_copy(files, folder);
}

// The order has all that a copy has.
Status remove_copy(sys::Files& files, const std::string& folder) {
  MC_TRY(const bool marked, files.exists(folder + "/mark"));
  if (marked) MC_TRY_OK(files.remove(folder + "/mark"));
  MC_TRY_OK(remove_all(files, folder + "/segments"));
  return remove_all(files, folder + "/trees");
}

}  // namespace

Status Ledger::open_store() {
  sys::Files& files = machine_.files;
  MC_TRY_OK(settle_kind(files, config_.folder, order_ != nullptr));
  Result<std::unique_ptr<Store>> opened = Store::open(files, config_.folder, config_.segment_bytes);
  if (!opened && order_ && opened.error().code == Code::corrupt) {
    MC_TRY_OK(remove_copy(files, config_.folder));
    opened = Store::open(files, config_.folder, config_.segment_bytes);
  }
  if (!opened) return tl::unexpected<Error>(opened.error());
  store_ = std::move(*opened);
  if (!order_) return ok();
  turns_ = std::make_unique<Turns>(*store_, *order_);
  return turns_->begin();
}

Status Ledger::erase(const RecordId& record) {
  return turns_ ? turns_->erase(record) : store_->erase(record.log, record.seq);
}

// Waits until there is something to record, or it is time to look what others have recorded.
// False at the end.
bool Ledger::wait_for_turn(Waiting& batch, std::uint64_t& follow) {
  std::unique_lock lock(mutex_);
  queued_.wait_for(lock, std::chrono::nanoseconds(config_.follow_every.count), [this] {
    return taken_ < queue_.entries.size() || follow_wanted_ > follow_done_ || no_more_entries_;
  });
  move_from_queue(batch);
  follow = follow_wanted_;
  return !batch.entries.empty() || !no_more_entries_;
}

void Ledger::take_turns() {
  std::uint64_t follow = 0;
  for (Waiting batch; wait_for_turn(batch, follow); batch = {}) {
    finish_turn(batch.entries.empty() ? turns_->follow() : record(batch), follow);
  }
}

// Tries until it is done, the patience is at its end, or nobody waits any more. A database that
// could not be reached the last time gets one try.
Status Ledger::record(Waiting& batch) {
  const MonoTime last_try = machine_.clock.mono() + config_.patience;
  for (;;) {
    Result<Turns::Answers> answers = turns_->append(batch.entries, machine_.clock.wall());
    bool again = false;
    if (!answers && !is_for_good(answers.error()) && machine_.clock.mono() < last_try) {
      std::unique_lock lock(mutex_);
      again = state_ && turn_state_ && !no_more_entries_;
      if (again) {
        queued_.wait_for(lock, std::chrono::nanoseconds(config_.retry_every.count),
                         [this] { return no_more_entries_; });
      }
    }
    if (again) continue;
    turns_->give_up();
    for (std::size_t i = 0; i < batch.done.size(); ++i) {
      batch.done[i](answers ? (*answers)[i]
                            : Result<Recorded>(tl::unexpected<Error>(answers.error())));
    }
    return answers ? ok() : Status(tl::unexpected<Error>(answers.error()));
  }
}

void Ledger::finish_turn(const Status& done, std::uint64_t follow) {
  if (!done && is_for_good(done.error())) stop(done.error());
  std::optional<Known> mark = turns_->take_mark();
  {
    const std::lock_guard lock(mutex_);
    turn_state_ = done;
    follow_done_ = follow;
    if (mark) mark_ = std::move(mark);
  }
  settled_.notify_all();
  kept_.notify_one();
}

}  // namespace mc::ledger
