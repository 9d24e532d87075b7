// The store as the copy of an order.
#include "ledger/draft.h"

namespace mc::ledger {
namespace {

tl::unexpected<Error> refused(const std::string& why, std::uint64_t batch) {
  return fail(Code::corrupt, "ledger: batch " + std::to_string(batch) + " of the database: " + why);
}

}  // namespace

// A copy is synced when a segment is full, and before a mark points into the next. What a loss of
// power takes of it in between, the order still has.
Result<Store::Pending> Store::write_copy(Draft& draft) {
  const Place place = segments_.next(draft.batch.number, draft.bytes.size());
  const bool begins = place.offset == 0;
  if (begins) MC_TRY_OK(segments_.sync());
  MC_TRY(Pending out, write(draft));
  if (begins) MC_TRY_OK(out.file->sync_to(out.end));
  return out;
}

Result<std::optional<Known>> Store::accept(Draft& draft) {
  if (failed_) return stopped();
  Result<Pending> written = write_copy(draft);
  Status done = ok();
  if (!written) {
    done = tl::unexpected<Error>(written.error());
  } else {
    done = show(*written);
  }
  if (!done) {
    failed_ = true;
    return tl::unexpected<Error>(done.error());
  }
  return std::move(written->keep);
}

Result<std::optional<Known>> Store::take_in(std::string_view bytes) {
  if (failed_) return stopped();
  Result<std::optional<Known>> out = replay_copy(bytes);
  if (!out) failed_ = true;
  return out;
}

Result<std::optional<Known>> Store::replay_copy(std::string_view bytes) {
  Result<Batch> batch = parse_batch(bytes);
  if (!batch) return refused(batch.error().what, known_.mark.number);
  if (batch->size != bytes.size() || batch->number != known_.mark.number ||
      batch->prev != known_.mark.prev) {
    return refused("it does not follow the one before it", known_.mark.number);
  }
  MC_TRY_OK(replay(segments_.next(batch->number, bytes.size()), *batch));
  Draft draft;
  draft.batch = std::move(*batch);
  draft.bytes = bytes;
  MC_TRY(Pending written, write_copy(draft));
  publish(written.heads, written.names);
  MC_TRY_OK(erase_again());
  return std::move(written.keep);
}

Result<Store::Erasable> Store::erasable(const RecordId& record) const {
  MC_TRY(const Published found, published(record.log));
  MC_TRY(const Place place, trees_.place(found.id, record.seq));
  Erasable out;
  MC_TRY([[maybe_unused]] const Segments::Scanned scanned,
         segments_.scan_one(place.segment, [&](const Place& at, const Batch& batch) {
           for (const StoredRecord& each : batch.records) {
             if (at.offset + each.offset() != place.offset) continue;
             out = {batch.number, each.salt_offset, each.salt.size() + each.payload.size()};
           }
           return ok();
         }));
  if (out.size == 0) return fail(Code::corrupt, "ledger: a record that is to be erased is missing");
  return out;
}

}  // namespace mc::ledger
