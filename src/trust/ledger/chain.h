// Batches that are read to be believed in nothing, and how one follows the other. Private to the
// module; verify() and SelfCheck read with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/mark.h"
#include "ledger/segments.h"
#include "ledger/verify.h"

namespace mc::ledger {

// What a leaf says, to be held against the leaves before it.
struct SeenLeaf {
  std::uint32_t log = 0;
  std::uint64_t seq = 0;
  tlog::Hash prev = {};
  tlog::Hash hash = {};
  bool plain = false;    // of the log "sign": it says nothing of seq and prev
  bool is_head = false;  // what it says is the next of `said` of its batch
};

// How far another log has grown, by a head leaf.
struct SaidHead {
  std::string log;
  tlog::TreeHead head;
};

struct SeenBatch {
  std::vector<std::pair<std::uint32_t, std::string>> logs;
  std::vector<SeenLeaf> leaves;
  std::vector<SaidHead> said;  // by its head leaves
  std::vector<LogHead> heads;
};

// Batches one behind the other, which hold in themselves.
struct SeenPart {
  Mark first;
  Mark end;
  std::uint64_t torn = 0;  // bytes behind the last batch
  std::vector<SeenBatch> batches;
  std::map<std::uint32_t, std::string> names;  // that its leaves give their logs
  std::uint64_t erased = 0;
};

// Takes the next batch of a part in. `corrupt` names the record that does not hold.
Status see(SeenPart& part, const Place& place, const Batch& batch);

// Puts part behind part.
class Chain {
 public:
  // `corrupt` when the log "root" comes to this size with another root.
  void expect(const tlog::TreeHead& head) { expected_ = head; }
  Status add(const SeenPart& part);
  VerifyReport report() const;
  // The head of a log as far as it was read; empty before that.
  tlog::TreeHead head(const std::string& log) const;
  std::uint64_t records() const { return records_; }

 private:
  Status add(const SeenBatch& batch);
  Status add(const SeenLeaf& leaf, const SaidHead* head);

  std::uint64_t records_ = 0;
  std::uint64_t erased_ = 0;
  tlog::TreeHead expected_;
  Mark next_;
  std::vector<LogState> logs_;
  std::map<std::string, std::uint32_t> ids_;
};

}  // namespace mc::ledger
