#include "signing/sign_log.h"

#include <algorithm>

namespace mc::signing {

Result<std::unique_ptr<SignLog>> SignLog::open(ledger::Ledger& ledger, tlog::NoteSigner signer) {
  std::unique_ptr<SignLog> out(new SignLog(ledger, std::move(signer)));
  MC_TRY([[maybe_unused]] const ledger::LogCheckpoint first, out->publish());
  return out;
}

Result<ledger::LogCheckpoint> SignLog::publish() {
  MC_TRY(ledger::LogCheckpoint made, ledger_.publish_log(ledger::kSignLog, {&signer_, 1}));
  const std::lock_guard lock(mutex_);
  if (newest_.note.empty() || made.head.size > newest_.head.size) newest_ = made;
  return made;
}

Result<SignLog::Appended> SignLog::append_under_checkpoint(std::string body) {
  ledger::Entry entry;
  entry.log = ledger::kSignLog;
  const tlog::Hash hash = tlog::leaf_hash(body);
  std::copy_n(hash.begin(), entry.key.size(), entry.key.begin());
  entry.leaf = std::move(body);
  MC_TRY(const ledger::Recorded recorded, ledger_.append(std::move(entry)));
  MC_TRY(ledger::LogCheckpoint checkpoint, publish());
  return Appended{recorded, std::move(checkpoint)};
}

Result<ledger::Recorded> SignLog::append(std::string body) {
  MC_TRY([[maybe_unused]] const proof::Entry read, proof::parse_entry(body));
  MC_TRY(const Appended appended, append_under_checkpoint(std::move(body)));
  return appended.recorded;
}

Result<proof::LogEntry> SignLog::add(std::string body) {
  MC_TRY(const proof::Entry read, proof::parse_entry(body));
  MC_TRY(Appended appended, append_under_checkpoint(body));
  const ledger::Recorded& recorded = appended.recorded;
  ledger::LogCheckpoint& checkpoint = appended.checkpoint;
  proof::LogProof proof{recorded.seq, checkpoint.head, {}, std::move(checkpoint.note)};
  MC_TRY(proof.path,
         ledger_.store().prove_inclusion(ledger::kSignLog, recorded.seq, proof.head.size));
  proof::LogEntry out;
  out.index = static_cast<std::int64_t>(recorded.seq);
  out.log_id = key().long_id();
  out.kind = read.kind;
  out.version = read.version;
  out.proof = std::move(proof);
  out.body = std::move(body);
  return out;
}

std::string SignLog::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return newest_.note;
}

tlog::TreeHead SignLog::head() const {
  const std::lock_guard lock(mutex_);
  return newest_.head;
}

Result<std::string> SignLog::tile(const tlog::Tile& tile) const {
  MC_TRY(const tlog::Tile whole, tlog::tile_of(tile.level, tile.index, head().size));
  if (tile.width < 1 || tile.width > whole.width) {
    return fail(Code::not_found, "signature log: the tile is not as wide");
  }
  if (tile.level != tlog::kEntries) return ledger_.store().tile(ledger::kSignLog, tile);
  std::string out;
  const std::uint64_t first = tile.index * tlog::kTileWidth;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(tile.width); ++i) {
    MC_TRY(const ledger::ReadRecord record, ledger_.store().read(ledger::kSignLog, first + i));
    MC_TRY_OK(tlog::append_entry(out, record.leaf));
  }
  return out;
}

}  // namespace mc::signing
