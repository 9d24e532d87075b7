#include "ledger/self_check.h"

#include "ledger/chain.h"
#include "ledger/ledger.h"

namespace mc::ledger {
namespace {

// Ends a scan that has read enough; no scan fails like this by itself.
constexpr Code kEnough = Code::exhausted;

}  // namespace

SelfCheck::SelfCheck(sys::Files& files, std::string folder, const Ledger& ledger)
    : files_(files),
      folder_(std::move(folder)),
      ledger_(ledger),
      chain_(std::make_unique<Chain>()) {}

SelfCheck::~SelfCheck() = default;

void SelfCheck::restart() {
  chain_ = std::make_unique<Chain>();
  at_ = {};
  complete_ = false;
}

Status SelfCheck::step(std::uint64_t bytes) {
  // What is published is on the disk.
  const Result<tlog::TreeHead> known = ledger_.store().head(kRootLog);
  const std::uint64_t size = known ? known->size : 0;
  const Status first = read(bytes, size);
  const Status done = first ? first : read(bytes, size);
  if (!done) return done;
  return compare(size);
}

Status SelfCheck::read(std::uint64_t bytes, std::uint64_t size) {
  MC_TRY(const Segments segments, Segments::open(files_, folder_ + "/segments"));
  if (segments.numbers().empty()) return ok();
  SeenPart part;
  std::uint64_t left = bytes;
  const auto visit = [&](const Place& place, const Batch& batch) -> Status {
    MC_TRY_OK(see(part, place, batch));
    if (batch.size >= left) return fail(kEnough, "");
    left -= batch.size;
    return ok();
  };
  const Result<Segments::Scanned> scanned = segments.scan(at_, visit);
  if (!scanned && scanned.error().code != kEnough) return tl::unexpected<Error>(scanned.error());
  if (const Status added = chain_->add(part); !added) {
    restart();  // it has taken in a part of it
    return added;
  }
  at_ = scanned ? scanned->end : part.end;
  if (scanned && chain_->head(kRootLog).size < size) {
    return fail(Code::corrupt, "ledger: batches are missing behind batch " +
                                   std::to_string(at_.number) + ", or are damaged");
  }
  return ok();
}

Status SelfCheck::compare(std::uint64_t size) {
  const tlog::TreeHead read = chain_->head(kRootLog);
  // A batch may be on the disk and not acknowledged yet.
  if (read.size > 0 && read.size <= size) {
    MC_TRY(const tlog::Hash root, ledger_.store().root_at(kRootLog, read.size));
    if (root != read.root) {
      return fail(Code::corrupt, "ledger: the batches on the disk are not those of its trees");
    }
  }
  const std::lock_guard lock(mutex_);
  progress_.records = chain_->records();
  progress_.behind = size > read.size ? size - read.size : 0;
  if (progress_.behind == 0 && !complete_) {
    complete_ = true;
    ++progress_.passes;
  }
  return ok();
}

SelfCheck::Progress SelfCheck::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

}  // namespace mc::ledger
