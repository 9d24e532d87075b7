// Records that nobody waits for: what has happened is told to the ledger, whether it takes it or
// not, and nothing that is served is held up by that.
//
// put() takes a short lock, no more. record() gives the ledger what waits, in its order, each once,
// and stops at the first that it does not take. That is kept in a file then, so that a restart
// forgets nothing: a ledger whose disk failed records again after the next start only. A process
// that is killed before record() has tried loses what it was told last.
//
// A file that is not one of a spool's is moved aside ("....corrupt"); that is told and counts as
// one that was dropped, as nobody can say how many there were.
//
// Past kSpooledMax and kSpooledBytesMax what comes is dropped, and so is what can stand in no
// ledger; that is counted and told.
//
// Thread-safe. start() begins a thread that records; without it whoever has the spool does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/base.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "metric/metric.h"
#include "sys/sys.h"

namespace mc::app {

inline constexpr std::size_t kSpooledMax = 1'000;
inline constexpr std::size_t kSpooledBytesMax = 4 << 20;  // of payloads

class RecordSpool {
 public:
  // Gives the ledger an entry and waits until it is durable; errors as Ledger::append().
  using Append = std::function<Status(const ledger::Entry&)>;
  static Append append_to(ledger::Ledger& ledger);
  // All outlive it, and the ledger behind `append`.
  struct World {
    sys::Files& files;
    sys::Random& random;
    log::Log& log;
    Append append;
    Nanos record_again = millis(500);  // how long the thread waits for a ledger that took nothing
  };
  // With what waits in the file. An error when that cannot be read, or not be moved aside.
  static Result<std::unique_ptr<RecordSpool>> open(World world, std::string file);
  ~RecordSpool();
  RecordSpool(const RecordSpool&) = delete;
  RecordSpool& operator=(const RecordSpool&) = delete;

  // An entry without a key gets one, so that it is recorded once also over a restart.
  void put(ledger::Entry entry);
  // Blocks for the ledger. An error when something waits still, or the file is not what it should.
  Status record();
  // The newest of this action that waits; none when all such are recorded.
  std::optional<ledger::Entry> newest(std::string_view action) const;
  bool waits(const ledger::RepeatKey& key) const;  // whether one of this key does

  void start();
  // Ends the thread, and tries once more.
  void stop();
  std::size_t waiting() const;
  std::uint64_t dropped() const;
  void add_metrics(metric::Registry& metrics);

 private:
  RecordSpool(World world, std::string file) : world_(world), file_(std::move(file)) {}
  Status load();
  Status put_aside(const Error& why);
  Status save();
  Status remove_file();
  void drop(const ledger::Entry& entry, const std::string& why);  // mutex_ held
  void pop();                                                     // mutex_ held
  void run();

  const World world_;
  const std::string file_;
  std::mutex recording_;      // taken before the next; of the three behind it
  std::uint64_t saved_ = 0;   // the version that the file has
  bool failing_ = false;      // told that the ledger takes nothing
  bool unstored_ = false;     // told that the file does not
  mutable std::mutex mutex_;  // of all below
  std::condition_variable woken_;
  bool end_ = false;
  std::deque<ledger::Entry> waiting_;
  std::size_t bytes_ = 0;  // of their payloads
  std::uint64_t version_ = 0;
  std::uint64_t dropped_ = 0;
  std::thread thread_;
};

}  // namespace mc::app
