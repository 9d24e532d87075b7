// The log of signatures: entries in Rekor's form in the ledger's log "sign", with checkpoints of
// their own under a host name, as Sigstore's verifiers want it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/base.h"
#include "ledger/ledger.h"
#include "proof/proof.h"
#include "tlog/tlog.h"

namespace mc::signing {

class SignLog final : public proof::SignatureLog {
 public:
  // Signs the head as it is.
  static Result<std::unique_ptr<SignLog>> open(ledger::Ledger& ledger, tlog::NoteSigner signer);

  // Durable, and under a checkpoint, when it returns: two syncs of the disk. A body that was logged
  // lately keeps its place.
  Result<proof::LogEntry> add(std::string body) override;

  // The same without the proof.
  Result<ledger::Recorded> append(std::string body);

  std::string checkpoint() const;  // the newest
  tlog::TreeHead head() const;     // of that checkpoint
  const ledger::Store& store() const { return ledger_.store(); }
  // c2sp.org/tlog-tiles, entries too; `not_found` past the checkpoint's tree.
  Result<std::string> tile(const tlog::Tile& tile) const;
  const tlog::NoteKey& key() const { return signer_.key(); }

 private:
  SignLog(ledger::Ledger& ledger, tlog::NoteSigner signer)
      : ledger_(ledger), signer_(std::move(signer)) {}
  struct Appended {
    ledger::Recorded recorded;
    ledger::LogCheckpoint checkpoint;  // of a tree that has it
  };
  Result<Appended> append_under_checkpoint(std::string body);
  Result<ledger::LogCheckpoint> publish();

  ledger::Ledger& ledger_;
  tlog::NoteSigner signer_;
  mutable std::mutex mutex_;  // of the next
  ledger::LogCheckpoint newest_;
};

}  // namespace mc::signing
