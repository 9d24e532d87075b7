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
  const Status first = read(bytes);
  const Status done = first ? first : read(bytes);
  if (!done) return done;
  return compare();
}

// What was read and held is taken in whole, so a failure leaves the state as it was.
Status SelfCheck::read(std::uint64_t bytes) {
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
  MC_TRY_OK(chain_->add(part));
  if (scanned) at_ = scanned->end;
  if (!scanned) at_ = part.end;
  return ok();
}

Status SelfCheck::compare() {
  const tlog::TreeHead read = chain_->head(kRootLog);
  const Result<tlog::TreeHead> known = ledger_.store().head(kRootLog);
  const std::uint64_t size = known ? known->size : 0;
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
