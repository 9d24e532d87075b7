#include "ledger/turns.h"

#include "ledger/draft.h"

namespace mc::ledger {

Status Turns::begin() {
  const OrderEnd here = store_.end();
  MC_TRY(const OrderEnd there, order_.end());
  if (there.number < here.number) {
    return fail(Code::corrupt, "ledger: the database has " + std::to_string(there.number) +
                                   " batches, the copy here " + std::to_string(here.number) +
                                   ": a part of it was lost, or a backup restored");
  }
  if (here.number > 0) {
    MC_TRY(const tlog::Hash digest, order_.digest(here.number - 1));
    if (digest != here.digest) {
      return fail(Code::corrupt, "ledger: the database has another batch " +
                                     std::to_string(here.number - 1) +
                                     " than the copy here: it is another ledger's, or a fork");
    }
  }
  MC_TRY_OK(erase_redacted());
  MC_TRY(const tlog::TreeHead newest, order_.signed_head());  // before what it was signed of
  MC_TRY_OK(follow());
  if (newest.size == 0) return ok();
  const Result<tlog::Hash> root = store_.root_at(kRootLog, newest.size);
  if (root && *root == newest.root) return ok();
  return fail(Code::corrupt, "ledger: the batches in the database are not those whose head of " +
                                 std::to_string(newest.size) + " leaves was signed");
}

Status Turns::follow() {
  MC_TRY(const OrderEnd end, order_.end());
  return take_in(end);
}

Status Turns::take_in(const OrderEnd& end) {
  for (OrderEnd here = store_.end(); here != end; here = store_.end()) {
    if (here.number >= end.number) {
      return fail(Code::corrupt,
                  "ledger: the database has lost batches that this process has, or "
                  "has others");
    }
    MC_TRY(const std::string bytes, order_.batch(here.number));
    MC_TRY(std::optional<Known> mark, store_.take_in(bytes));
    note(std::move(mark));
    if (unsure_ && unsure_->end == here) unsure_->stored = store_.end().digest == unsure_->digest;
  }
  return erase_redacted();
}

Result<Turns::Answers> Turns::append(std::span<const Prepared> entries, WallTime now) {
  Result<Answers> out = append_in_turn(entries, now);
  order_.leave_turn();
  return out;
}

Result<Turns::Answers> Turns::append_in_turn(std::span<const Prepared> entries, WallTime now) {
  MC_TRY_OK(follow());  // most of it before the others have to wait
  MC_TRY(const OrderEnd end, order_.begin_turn());
  MC_TRY_OK(take_in(end));
  const std::optional<Unsure> before = std::exchange(unsure_, std::nullopt);
  if (before && before->stored) return before->answers;
  Store::Draft draft = store_.draft(entries, now);
  if (draft.bytes.empty()) return std::move(draft.answers);
  if (const Status done = order_.append(end, {draft.batch.digest, draft.bytes}); !done) {
    store_.drop(draft);
    unsure_ = Unsure{end, draft.batch.digest, std::move(draft.answers), false};
    return tl::unexpected<Error>(done.error());
  }
  MC_TRY(std::optional<Known> mark, store_.accept(draft));
  note(std::move(mark));
  return std::move(draft.answers);
}

void Turns::note(std::optional<Known> mark) {
  if (mark) mark_ = std::move(mark);
}

// Another process may have ended between a redaction and the erasure.
Status Turns::erase_redacted() {
  for (const RecordId& record : store_.take_redacted()) wait_to_erase(record);
  for (;;) {
    RecordId record;
    {
      const std::lock_guard lock(mutex_);
      if (unerased_.empty()) return ok();
      record = unerased_.back();
    }
    MC_TRY_OK(erase_in_order(record));
    const std::lock_guard lock(mutex_);
    std::erase(unerased_, record);
  }
}

void Turns::wait_to_erase(const RecordId& record) {
  const std::lock_guard lock(mutex_);
  unerased_.push_back(record);
}

std::optional<Known> Turns::take_mark() {
  const std::lock_guard lock(mutex_);
  return unerased_.empty() ? std::exchange(mark_, std::nullopt) : std::nullopt;
}

Status Turns::erase(const RecordId& record) {
  MC_TRY_OK(store_.erase(record.log, record.seq));
  const Status erased = erase_in_order(record);
  if (!erased && erased.error().code == Code::unavailable) wait_to_erase(record);
  return erased;
}

Status Turns::erase_in_order(const RecordId& record) {
  MC_TRY(const Store::Erasable part, store_.erasable(record));
  return order_.erase(part.batch, part.offset, part.size);
}

}  // namespace mc::ledger
