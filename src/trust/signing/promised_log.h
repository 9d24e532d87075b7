// The log of signatures for clients and verifiers of Rekor's first version: the same tree, under an
// ECDSA key of its own. An entry comes with the log's promise (the signed entry timestamp), which
// is a time as well; a checkpoint has the origin "HOST - TREE" and one signature, since verifiers
// of old take no other.
//
// A promise is given only for what is durable and under a signed head of the ledger. Its time is
// that of the record, the same whenever it is read; of an entry from before the key, the begin of
// the key, whose word counts for nothing earlier. All members are thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "proof/proof.h"
#include "signing/sign_log.h"

namespace mc::signing {

// The keys of promises before the current one.
struct EarlierPromises {
  std::vector<std::string> ids = {};
  WallTime until = {};  // a whole second
};

class PromisedLog {
 public:
  // `key`: ECDSA on P-256, else `invalid`.
  static Result<std::unique_ptr<PromisedLog>> make(SignLog& log, crypto::SigningKey key,
                                                   EarlierPromises earlier = {});

  // `repeated`: the entry was there already, however long ago, and has kept its place and time.
  struct Added {
    proof::LogEntry entry;
    bool repeated = false;
  };
  Result<Added> add(std::string body);
  // `not_found` past the newest checkpoint.
  Result<proof::LogEntry> read(std::uint64_t index) const;
  // The entry of a UUID, with or without the tree's number before it: today's, or an earlier one.
  Result<proof::LogEntry> read(std::string_view uuid) const;
  std::string uuid_of(const proof::LogEntry& entry) const;

  struct Head {
    tlog::TreeHead head;
    std::string note;  // the checkpoint
  };
  Result<Head> head() const;
  crypto::PublicKey key() const { return key_.public_key(); }
  const std::string& id() const { return id_; }  // SHA-256 of the key's SPKI, 32 bytes
  // The tree's number: one tree, whose number is made from the key's id and changes with it.
  std::int64_t tree() const { return tree_; }

 private:
  PromisedLog(SignLog& log, crypto::SigningKey key, EarlierPromises earlier);
  Result<std::string> sign(const tlog::TreeHead& head) const;
  Result<proof::LogEntry> promise(std::uint64_t index, std::string body, WallTime at) const;
  Result<std::optional<std::uint64_t>> find(const tlog::Hash& leaf) const;

  SignLog& log_;
  crypto::SigningKey key_;
  std::string id_;
  std::int64_t tree_ = 0;
  std::vector<std::int64_t> trees_;  // its numbers, today's first
  WallTime since_;                   // of its promises
  mutable std::mutex mutex_;         // of the next
  // Places of leaves by the first bytes of their hashes, filled when first asked for: some 50 bytes
  // an entry.
  mutable std::unordered_multimap<std::uint64_t, std::uint64_t> places_;
};

}  // namespace mc::signing
