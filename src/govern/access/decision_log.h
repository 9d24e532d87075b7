// The decision log: what was decided, by which policies, on which inputs, in OPA's format (OPA
// docs, "Decision Logs") with our names beside it. Kept in files of a folder, searchable by id.
//
// Nothing waits for it: decisions go into a bounded queue that a thread of the server drains. An
// input names columns and never holds a value of one. When the queue is full, allowed decisions are
// dropped and counted, denied ones are kept in a reserve of their own; what the disk refuses is
// counted and tried again. What was written and reported as failed may stand in two files: readers
// see it once.
//
// Ids are made before decisions are queued, so neighbours may be written in another order, also
// across two files that follow one another; readers put them right.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/sampling.h"  // IWYU pragma: export
#include "base/base.h"
#include "json/describe.h"
#include "sys/sys.h"

namespace mc::access {

struct DecisionLogConfig {
  std::int64_t queue_max = 65'536;         // decisions
  std::int64_t denied_reserve = 16'384;    // more of them, for denied ones alone
  std::int64_t file_bytes_max = 16 << 20;  // then another file is begun
  std::int64_t files_max = 64;             // older ones are deleted
  SamplingConfig sample = {};              // sampling.h
  Status check() const;
};

// One line of the log; `json` is the whole of it.
struct LoggedDecision {
  std::string id;
  WallTime at;
  bool allowed = false;
  std::string json;
};

struct DecisionQuery {
  std::string tenant = {};
  std::string principal = {};
  std::string rule = {};
  std::string reason = {};
  std::optional<bool> allowed = {};
  WallTime from{}, to{INT64_MAX};
  std::size_t limit = 50;
  std::string before = {};  // decisions older than this id
};

struct DecisionCounters {
  std::uint64_t logged = 0, dropped = 0, sampled_out = 0, failed = 0;
};

class DecisionLog {
 public:
  DecisionLog(sys::Files& files, std::string folder, DecisionLogConfig config);
  // The share of such decisions that is kept, for its line, when this one is; none when it is not,
  // which is counted.
  std::optional<double> wants(const Candidate& candidate);
  // False when it was dropped. Never blocks on a disk.
  bool add(LoggedDecision decision);
  // Writes what is queued; for one thread of the server. Errors are counted and tried again.
  Status flush();
  // What is on disk and in the queue, newest first.
  Result<std::optional<LoggedDecision>> find(std::string_view id);
  Result<std::vector<LoggedDecision>> search(const DecisionQuery& query);
  // Every kept decision of a time, oldest first, until `each` says false: for what-if.
  Status replay(WallTime from, WallTime to, const std::function<bool(const LoggedDecision&)>& each);
  DecisionCounters counters() const;

 private:
  // Shared with those who write and read, so that neither holds the lock to copy texts.
  using Held = std::shared_ptr<const LoggedDecision>;
  struct Place {
    std::string path;
    std::string first_id;
  };
  Result<std::vector<Place>> places() const;
  Status begin_file(const std::vector<Held>& batch);
  Status write(const std::vector<Held>& batch);
  std::vector<Held> queued(std::size_t most = SIZE_MAX) const;  // the first ones

  sys::Files& files_;
  std::string folder_;
  DecisionLogConfig config_;
  mutable std::mutex mutex_;  // of the next two
  std::deque<Held> queue_;    // shortened by flush() alone
  DecisionCounters counters_;
  std::mutex writing_;  // of the next three
  std::unique_ptr<sys::File> file_;
  std::string begun_;  // path of a file that nothing has been written to for certain
  std::int64_t file_bytes_ = 0;
};

}  // namespace mc::access
