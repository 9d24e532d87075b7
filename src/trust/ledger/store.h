// The ledger in one folder: batches in segments, trees in files. One process, one thread that
// writes; any thread reads. Whoever opens it holds the lock of the data directory.
//
//   FOLDER/segments/   the batches (segments.h)
//   FOLDER/trees/      nodes and places of each log (tree_files.h), derived
//   FOLDER/mark        where a start begins to read (mark.h), derived
//
// Every commit appends to each log that was touched and then, for each of them, one leaf with its
// new head to the log "root": a tree of all heads, so that one signed head vouches for all.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "ledger/entry.h"
#include "ledger/mark.h"
#include "ledger/order.h"
#include "sys/sys.h"

namespace mc::ledger {

inline constexpr std::size_t kRepeatKeysMax = 100'000;

struct Recorded {
  std::uint64_t seq = 0;
  WallTime time;
  tlog::Hash leaf_hash = {};
  bool repeated = false;
};

struct RecordId {
  std::string log;
  std::uint64_t seq = 0;
  bool operator==(const RecordId&) const = default;
};

struct ReadRecord {
  std::string leaf;
  Salt salt = {};
  std::string payload;
  bool erased = false;  // or never there, in the logs "root" and "sign"
};

class Store {
 public:
  // Reads what the mark does not cover, checks each leaf against its log and each head against its
  // tree, and makes the files of the trees whole again. `corrupt` when something does not fit:
  // nothing is changed then.
  static Result<std::unique_ptr<Store>> open(sys::Files& files, const std::string& folder,
                                             std::uint64_t segment_bytes = kSegmentBytes);

  // A commit in two steps, so that the next batch is made while the disk works on this one. stage()
  // is for one thread, and writes; settle() is for one thread, in the order of stage(), and makes
  // it durable. `answers` has one for each entry, in order, and is good once settle() has returned
  // well. An error of either is one for all entries: the disk failed, and nothing more is recorded
  // until the next start. Each batch is later than the one
  // before it: a clock that goes back is overruled.
  struct Pending;
  Result<Pending> stage(std::span<const Prepared> entries, WallTime now);
  Status settle(const Pending& pending);
  // Both, and the mark when it is due.
  Result<std::vector<Result<Recorded>>> commit(std::span<const Prepared> entries, WallTime now);

  // The store as the copy of an order (order.h), which makes batches durable; for one thread.
  // draft() makes the next batch and writes nothing. Then accept() takes it in, or drop() leaves
  // all as it was; take_in() takes in one that another process has made, and erases what it says.
  // `corrupt` when that is none that can follow here. Both give the mark when it is due.
  struct Draft;
  Draft draft(std::span<const Prepared> entries, WallTime now);
  Result<std::optional<Known>> accept(Draft& draft);
  void drop(Draft& draft);
  Result<std::optional<Known>> take_in(std::string_view bytes);
  OrderEnd end() const { return {known_.mark.number, known_.mark.prev}; }
  // What was erased because a batch said so, since the last call.
  std::vector<RecordId> take_redacted() { return std::exchange(redacted_, {}); }
  // The part of a batch that an erasure overwrites.
  struct Erasable {
    std::uint64_t batch = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  Result<Erasable> erasable(const RecordId& record) const;

  std::vector<std::string> logs() const;
  // `not_found` without such a log.
  Result<tlog::TreeHead> head(const std::string& log) const;
  Result<ReadRecord> read(const std::string& log, std::uint64_t seq) const;
  // When a record was written, by the head of its log that its batch ends with: also of a leaf that
  // does not say so itself.
  Result<WallTime> written_at(const std::string& log, std::uint64_t seq) const;
  // RFC 6962, in the tree of `size` leaves; `invalid` past the log's size.
  Result<tlog::Path> prove_inclusion(const std::string& log, std::uint64_t seq,
                                     std::uint64_t size) const;
  Result<tlog::Path> prove_consistency(const std::string& log, std::uint64_t older,
                                       std::uint64_t newer) const;
  // Of the first `size` leaves, from the disk.
  Result<tlog::Hash> root_at(const std::string& log, std::uint64_t size) const;
  // Of hashes: leaves are read one by one.
  Result<std::string> tile(const std::string& log, const tlog::Tile& tile) const;

  // Overwrites salt and payload; the leaf and all proofs stay. Doing it again changes nothing. A
  // start does it again for each redaction (redaction_target()) behind the mark.
  Status erase(const std::string& log, std::uint64_t seq);
  // Makes the trees durable and moves the mark to what was known after a batch that has settled.
  Status keep(const Known& known);

  // Bytes of a batch that was never acknowledged, found at the start.
  std::uint64_t torn() const { return torn_; }

 private:
  Store(sys::Files& files, std::string folder, Segments segments)
      : files_(files),
        folder_(std::move(folder)),
        segments_(std::move(segments)),
        trees_(files, folder_ + "/trees") {}
  Status recover();
  Status erase_again();
  Status replay(const Place& place, const Batch& batch);
  std::uint32_t id_of(const std::string& log, Draft& draft);
  void append_leaf(Draft& draft, std::uint32_t log, const tlog::Hash& leaf);
  Result<Recorded> append_entry(Draft& draft, std::uint32_t log, const Prepared& from);
  void append_heads(Draft& draft, std::uint32_t root);
  Result<Pending> write(Draft& draft);
  Result<Pending> write_copy(Draft& draft);
  Result<std::optional<Known>> replay_copy(std::string_view bytes);
  Status show(const Pending& pending);
  void publish(const std::vector<LogHead>& heads, const std::vector<std::string>& names);
  // A log's id with it: the key of one tenant says nothing to another.
  using RepeatId = std::pair<std::uint32_t, RepeatKey>;
  const Recorded* find_repeat(const Draft& draft, const RepeatId& id) const;
  void remember(const RepeatId& id, const Recorded& recorded);
  // The id and size of a log as published.
  struct Published {
    std::uint32_t id = 0;
    tlog::TreeHead head;
  };
  Result<Published> published(const std::string& log) const;
  Result<std::string> read_at(const Place& place) const;  // all of a record

  sys::Files& files_;
  std::string folder_;
  Segments segments_;
  TreeFiles trees_;
  std::string spare_;  // the writer's, to print the next batch into
  Known known_;        // the writer's
  std::unordered_map<std::string, std::uint32_t> ids_;  // the writer's
  std::map<RepeatId, Recorded> repeats_;
  std::deque<RepeatId> repeat_order_;
  std::uint64_t torn_ = 0;
  // What the batches that were read say is to be erased, and what was erased for that.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> redactions_;
  std::vector<RecordId> redacted_;
  std::atomic<bool> failed_ = false;
  mutable std::mutex mutex_;  // of heads_
  std::map<std::string, Published> heads_;
};

// What settle() needs of a batch.
struct Store::Pending {
  std::vector<Result<Recorded>> answers;
  Segments::Shared file;  // null when there was nothing to write
  std::uint64_t end = 0;  // of the batch in it
  std::map<std::uint32_t, Growth> growth;
  std::vector<LogHead> heads;
  std::vector<std::string> names;  // of their logs
  std::optional<Known> keep;       // the mark is due
};

}  // namespace mc::ledger
