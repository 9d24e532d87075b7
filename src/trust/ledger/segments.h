// The batches of the ledger, one behind the other in files of about kSegmentBytes, each named by
// the number of its first batch in 20 digits. They are the ledger; all else is derived from them.
//
// A batch is written once and never changed but for erasure, which overwrites salt and payload with
// zeros. After a failed write or sync nothing more is appended: what reached the disk is unknown.
// A segment may end in a batch that is not whole, as after a loss of power, when the next segment
// goes on with the same number.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/base.h"
#include "ledger/batch.h"
#include "ledger/tree_files.h"
#include "sys/sys.h"

namespace mc::ledger {

inline constexpr std::uint64_t kSegmentBytes = 64 << 20;  // a batch may be larger

// Up to where the batches are known: what the next one must say of itself, and where it begins.
struct Mark {
  std::uint64_t number = 0;
  tlog::Hash prev = {};
  Place place;
  bool operator==(const Mark&) const = default;
};

// A segment that is appended to: by one thread, and made durable by one.
class SegmentFile {
 public:
  explicit SegmentFile(std::unique_ptr<sys::RandomAccessFile> file) : file_(std::move(file)) {}
  Status write_at(std::uint64_t offset, std::string_view bytes);
  // Makes what was written before `end` durable. One call does it for all that is written by then:
  // the next ones find it done.
  Status sync_to(std::uint64_t end);

 private:
  std::unique_ptr<sys::RandomAccessFile> file_;
  std::atomic<std::uint64_t> written_ = 0;  // up to where
  std::uint64_t synced_ = 0;                // the same, of the thread that makes durable
};

class Segments {
 public:
  // The folder must be there. Nothing is read yet.
  static Result<Segments> open(sys::Files& files, std::string folder,
                               std::uint64_t segment_bytes = kSegmentBytes);

  // The batches from `from` on, in order, until they end. `corrupt` names segment and offset of
  // what is neither a batch nor a torn end, and a missing segment. Gives the mark behind the last
  // batch, and how many bytes of one that is not whole stand after it.
  struct Scanned {
    Mark end;
    std::uint64_t torn = 0;
  };
  using Visit = std::function<Status(const Place& place, const Batch& batch)>;
  Result<Scanned> scan(const Mark& from, const Visit& visit) const;
  // One segment, believing what its first batch says of number and digest before it.
  Result<Scanned> scan_one(std::uint64_t segment, const Visit& visit) const;

  // Appending begins here; a torn end is left behind in a segment of its own.
  Status start(const Scanned& scanned);
  // Where the next batch will be.
  Place next(std::uint64_t number, std::size_t bytes) const;
  // Gives the file, which makes it durable; where it went, next() said. `unavailable` for good
  // after a failure.
  using Shared = std::shared_ptr<SegmentFile>;
  Result<Shared> write(std::uint64_t number, std::string_view bytes);

  // Makes what was written to the last segment durable.
  Status sync() { return file_ == nullptr ? ok() : file_->sync_to(end_.offset); }

  // `size` bytes at a place, or fewer at the end of a segment.
  Result<std::string> read(const Place& place, std::size_t size) const;
  // Overwrites with zeros, durably.
  Status erase(const Place& place, std::size_t size);

  const std::vector<std::uint64_t>& numbers() const { return numbers_; }

 private:
  Segments(sys::Files& files, std::string folder, std::uint64_t segment_bytes)
      : files_(&files), folder_(std::move(folder)), segment_bytes_(segment_bytes) {}
  std::string path(std::uint64_t number) const;
  Result<Scanned> scan_segment(Mark mark, bool believe, const Visit& visit) const;
  static bool may_be_torn(std::string_view rest);

  sys::Files* files_;
  std::string folder_;
  std::uint64_t segment_bytes_;
  std::vector<std::uint64_t> numbers_;  // of the segments, ascending
  Shared file_;                         // the last one, null before the first batch
  Place end_;
  bool failed_ = false;
};

}  // namespace mc::ledger
