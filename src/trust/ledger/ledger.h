// The ledger: records that nobody can change, leave out or put in later without its being seen.
//
// Any thread appends; one thread of the ledger takes all that waits, writes it with one sync
// (group commit), answers, and signs the head of the log "root" about once a second.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/base.h"
#include "ledger/batch.h"      // IWYU pragma: export
#include "ledger/publisher.h"  // IWYU pragma: export
#include "ledger/record.h"     // IWYU pragma: export
#include "ledger/store.h"      // IWYU pragma: export
#include "ledger/verify.h"     // IWYU pragma: export
#include "sys/sys.h"

namespace mc::ledger {

struct LedgerConfig {
  std::string folder;
  std::string signed_head_file;  // best on another disk than the folder
  std::size_t queue_max = 100'000;
  std::size_t batch_records_max = 4'096;
  std::size_t batch_bytes_max = 8 << 20;  // of payloads
  Nanos checkpoint_every = seconds(1);
  std::uint64_t segment_bytes = kSegmentBytes;
};

struct LedgerMachine {
  sys::Files& files;
  sys::Clock& clock;
  sys::Random& random;
};

class Ledger {
 public:
  // `signer`: Ed25519, its name is the log's origin. Errors: those of Store::open() and
  // Publisher::make().
  static Result<std::unique_ptr<Ledger>> open(const LedgerConfig& config, LedgerMachine machine,
                                              tlog::NoteSigner signer);
  // Writes what waits, signs, ends.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // `done` is called once, on the ledger's thread and so without delay, when the record is durable
  // or refused. `exhausted` at once when queue_max wait, `unavailable` when a write has failed:
  // what waited then may or may not be found after the next start, where its key tells.
  using Done = std::function<void(const Result<Recorded>&)>;
  void append(Entry entry, Done done);
  // The same, waiting.
  Result<Recorded> append(Entry entry);

  // Signs what is durable now and gives the checkpoint.
  Result<std::string> publish();
  // The newest checkpoint; empty before the first.
  std::string checkpoint() const;
  // Why nothing more is recorded or signed; ok while all is well.
  Status state() const;

  const Store& store() const { return *store_; }

 private:
  // Entries and who waits for them, side by side.
  struct Waiting {
    std::vector<Prepared> entries;
    std::vector<Done> done;
  };
  Ledger(const LedgerConfig& config, LedgerMachine machine) : config_(config), machine_(machine) {}
  void run();
  // Takes what one batch may hold; waits for something to do. False at the end.
  bool take(Waiting& batch, bool& sign);
  void move_from_queue(Waiting& batch);  // mutex_ held
  void write(Waiting& batch);
  void sign();

  LedgerConfig config_;
  LedgerMachine machine_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Publisher> publisher_;  // of the ledger's thread

  mutable std::mutex mutex_;  // of all below
  std::condition_variable wake_;
  std::condition_variable signed_;
  Waiting queue_;
  std::size_t taken_ = 0;          // entries at the front of the queue
  std::uint64_t sign_wanted_ = 0;  // calls of publish()
  std::uint64_t sign_done_ = 0;    // those that are answered
  std::string checkpoint_;
  Status state_ = ok();
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace mc::ledger
