// The ledger: records that nobody can change, leave out or put in later without its being seen.
//
// Any thread appends. Three threads of the ledger do the rest: one takes all that waits and writes
// it as a batch (group commit); one syncs what is written, answers, and signs the head of the log
// "root" about once a second; one moves the mark when a segment is full.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/base.h"
#include "ledger/batch.h"       // IWYU pragma: export
#include "ledger/entry.h"       // IWYU pragma: export
#include "ledger/keys.h"        // IWYU pragma: export
#include "ledger/order.h"       // IWYU pragma: export
#include "ledger/publisher.h"   // IWYU pragma: export
#include "ledger/record.h"      // IWYU pragma: export
#include "ledger/self_check.h"  // IWYU pragma: export
#include "ledger/sql_order.h"   // IWYU pragma: export
#include "ledger/store.h"       // IWYU pragma: export
#include "ledger/verify.h"      // IWYU pragma: export
#include "sys/sys.h"

namespace mc::ledger {

class Turns;

struct LedgerConfig {
  std::string folder;
  std::string signed_head_file;  // best on another disk than the folder
  std::size_t queue_max = 100'000;
  std::size_t batch_records_max = 4'096;
  std::size_t batch_bytes_max = 8 << 20;  // at most, but for the last record
  std::size_t staged_max = 4;             // batches between written and durable
  Nanos checkpoint_every = seconds(1);
  std::uint64_t segment_bytes = kSegmentBytes;
  // Of a shared ledger: how often it looks for what others have appended, how long a record may
  // wait for a database that cannot be reached, and how often it tries.
  Nanos follow_every = millis(200);
  Nanos patience = seconds(10);
  Nanos retry_every = millis(100);
};

struct LedgerMachine {
  sys::Files& files;
  sys::Clock& clock;
  sys::Random& random;
};

struct LogCheckpoint {
  tlog::TreeHead head;
  std::string note;
};

// Ed25519 keys whose name is the log's origin: the one that signs, and while it takes the place of
// another (keys.h) that one too.
struct LedgerKeys {
  LedgerKeys(tlog::NoteSigner own,  // NOLINT(google-explicit-constructor): mostly there is one
             std::optional<tlog::NoteSigner> before = std::nullopt)
      : current(std::move(own)), previous(std::move(before)) {}
  tlog::NoteSigner current;
  std::optional<tlog::NoteSigner> previous;
};

class Ledger {
 public:
  // Errors: those of Store::open() and Publisher::make(); `invalid` for keys of two names. With an
  // order the ledger is shared, and its folder a copy, which is made anew when it is damaged.
  static Result<std::unique_ptr<Ledger>> open(const LedgerConfig& config, LedgerMachine machine,
                                              LedgerKeys keys,
                                              std::unique_ptr<Order> order = nullptr);
  // Writes what waits, signs, ends.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // `done` is called once, on a thread of the ledger and so without delay, when the record is
  // durable or refused. At once `invalid` for what cannot stand in the ledger, and `exhausted` when
  // queue_max wait. `unavailable` when a write has failed: what waited then may or may not be found
  // after the next start, where its key tells.
  using Done = std::function<void(const Result<Recorded>&)>;
  void append(Entry entry, Done done);
  // The same, waiting.
  Result<Recorded> append(Entry entry);

  // Erases the payload of a record, once a redaction is durable that says so: `why` without log,
  // type and action. Blocks. A crash in between is made good by the next start. `not_found` without
  // such a record, `conflict` when it is erased already, `denied` in the logs "root",
  // "sign" and "keys".
  Result<Recorded> redact(const std::string& log, std::uint64_t seq, Entry why);

  // Signs what is durable now, in any process, and gives the checkpoint.
  Result<std::string> publish();
  // A checkpoint of one log as it is now, signed by each of `signers`, under their name as origin;
  // of an empty one when there is no such log. It leaves only when a signed head of the log "root"
  // vouches for it, so that it cannot be forked more easily than that.
  Result<LogCheckpoint> publish_log(const std::string& log,
                                    std::span<const tlog::NoteSigner> signers);
  // The ledger's own keys under the name of one of its logs, "localhost/audit/alpha": the one that
  // it has for good first.
  Result<std::vector<tlog::NoteSigner>> signers_of(const std::string& log) const;
  // The newest checkpoint; empty before the first.
  std::string checkpoint() const;
  // A checkpoint of this ledger with the cosignatures of witnesses, for readers; empty before the
  // first.
  void keep_cosigned(std::string checkpoint);
  std::string cosigned() const;
  // Why nothing is recorded or signed: for good, or while the database cannot be reached.
  Status state() const;
  // Stops for the reason that was found elsewhere: a disk that no longer has what was written.
  void refuse(const Error& why) { stop(why); }

  const Store& store() const { return *store_; }
  const tlog::NoteKey& key() const { return signers_.front().key(); }  // that signs checkpoints
  // All that do: key(), and while it takes the place of another that one too.
  std::vector<tlog::NoteKey> keys() const;

 private:
  // Entries and who waits for them, side by side.
  struct Waiting {
    std::vector<Prepared> entries;
    std::vector<Done> done;
  };
  // A batch that was written, or why it was not.
  struct Staged {
    Result<Store::Pending> pending;
    std::vector<Done> done;
  };
  Ledger(const LedgerConfig& config, LedgerMachine machine, LedgerKeys keys);
  Status open_store();
  void write_batches();
  void take_turns();
  bool wait_for_turn(Waiting& batch, std::uint64_t& follow);
  Status record(Waiting& batch);
  void finish_turn(const Status& done, std::uint64_t follow);
  Status erase(const RecordId& record);
  bool take(Waiting& batch);             // waits for some; false at the end
  void move_from_queue(Waiting& batch);  // mutex_ held
  void settle_batches();
  bool take(std::vector<Staged>& batches, std::uint64_t& sign);
  void settle(Staged& batch);
  void sign(std::uint64_t wanted);
  void keep_marks();
  void stop(const Error& why);

  LedgerConfig config_;
  LedgerMachine machine_;
  Salts salts_{machine_.random};
  std::vector<tlog::NoteSigner> signers_;  // one or two
  std::unique_ptr<Order> order_;           // of a shared ledger, as the turns
  std::unique_ptr<Store> store_;
  std::unique_ptr<Turns> turns_;          // of the thread that writes
  std::unique_ptr<Publisher> publisher_;  // of the thread that settles

  mutable std::mutex mutex_;  // of all below
  std::condition_variable queued_;
  std::condition_variable staged_some_;
  std::condition_variable settled_;  // there is a signature, or a turn has ended
  std::condition_variable kept_;
  Waiting queue_;
  std::size_t taken_ = 0;   // entries at the front of the queue
  std::size_t enough_ = 1;  // entries in the queue that the thread that writes waits for
  std::vector<Staged> staged_;
  std::size_t unsettled_ = 0;      // entries that are staged or with the disk
  std::optional<Known> mark_;      // to be kept
  int redacting_ = 0;              // while somebody does, no mark is kept
  std::uint64_t sign_wanted_ = 0;  // calls of publish()
  std::uint64_t sign_done_ = 0;    // those that are answered
  Status sign_state_ = ok();       // of the last one
  std::uint64_t follow_wanted_ = 0;
  std::uint64_t follow_done_ = 0;
  Status turn_state_ = ok();  // of the last turn
  std::string checkpoint_;
  std::string cosigned_;
  Status state_ = ok();
  // What the destructor ends, one after the other.
  bool no_more_entries_ = false;
  bool no_more_batches_ = false;
  bool no_more_marks_ = false;

  std::thread writer_;
  std::thread settler_;
  std::thread keeper_;
};

}  // namespace mc::ledger
