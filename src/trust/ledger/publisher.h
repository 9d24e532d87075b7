// Signs heads of the log "root" as checkpoints (c2sp.org/tlog-checkpoint), and never two that do
// not belong to one history.
//
// Before a signature leaves, the head is read back from the disk and written to a file of its own.
// A start compares the ledger with that file: a ledger that is smaller than what was signed was
// restored from a backup or lost its end, one with another root is not the one that was signed.
// Both are refused, so a copy of a machine cannot fork the log as long as this file is not copied
// with it: keep it on another disk.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "ledger/store.h"
#include "tlog/tlog.h"

namespace mc::ledger {

// The newest head that was signed: two slots of 4,096 bytes, written in turns. A slot is magic
// "MChead01", generation 8, size 8, root 32, SHA-256 of these, zeros.
class SignedHead {
 public:
  // `corrupt` when the file has something and neither slot is whole.
  static Result<SignedHead> open(sys::Files& files, const std::string& path);
  const std::optional<tlog::TreeHead>& last() const { return last_; }
  // Durable when it returns.
  Status advance(const tlog::TreeHead& head);

 private:
  explicit SignedHead(std::unique_ptr<sys::RandomAccessFile> file) : file_(std::move(file)) {}
  std::unique_ptr<sys::RandomAccessFile> file_;
  std::optional<tlog::TreeHead> last_;
  std::uint64_t generation_ = 0;
};

// A checkpoint of the head, signed by each of `signers`, whose name is its origin.
Result<std::string> sign_head(const tlog::TreeHead& head,
                              std::span<const tlog::NoteSigner> signers);

class Publisher {
 public:
  // `corrupt` when the store is not the one whose head was signed, or has lost a part of it. With
  // an order, what is signed is noted there too. `signers`, one or more of one name, all sign.
  static Result<std::unique_ptr<Publisher>> make(const Store& store, SignedHead signed_head,
                                                 std::vector<tlog::NoteSigner> signers,
                                                 Order* order = nullptr);

  // The checkpoint of the head as it is now, under the signers' name as origin. `corrupt` when the
  // disk says something else than the writer knows; nothing is signed from then on. `unavailable`
  // when the order cannot be reached.
  Result<std::string> sign();
  // Whether there is more than what was signed.
  bool is_behind() const;

 private:
  Publisher(const Store& store, SignedHead signed_head, std::vector<tlog::NoteSigner> signers,
            Order* order)
      : store_(store),
        signed_(std::move(signed_head)),
        signers_(std::move(signers)),
        order_(order) {}

  const Store& store_;
  SignedHead signed_;
  std::vector<tlog::NoteSigner> signers_;
  Order* order_;  // may be null
  bool stopped_ = false;
};

}  // namespace mc::ledger
