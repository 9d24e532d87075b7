// The seams to the machine: time, randomness, files. Domain code gets these interfaces through
// constructors; sim/ has in-memory twins with faults; only this module, net and adapters touch
// the real ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::sys {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() = 0;
  virtual MonoTime mono() = 0;
};

// Cryptographically secure in the real world, seeded in sim. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  std::uint64_t next_u64();
};

// UUID version 7 (RFC 9562), shown as prefix + 26 characters of Crockford base32: "job_01hf...".
std::string make_id(std::string_view prefix, Clock& clock, Random& random);

// The same for what comes often: the random bits are a keyed hash of a count, the twelve before
// them the fraction of the millisecond. Who sees some of these ids learns when they were made, not
// how many others were. Thread-safe.
class IdMaker {
 public:
  IdMaker(Clock& clock, std::uint64_t secret) : clock_(clock), secret_(secret) {}
  std::string make(std::string_view prefix);

 private:
  Clock& clock_;
  const std::uint64_t secret_;
  std::atomic<std::uint64_t> count_ = 0;
};

// An open file. Writes go to the position; durable only after sync().
class File {
 public:
  virtual ~File() = default;
  virtual Result<std::size_t> read(std::span<char> out) = 0;  // 0 at the end
  virtual Status write(std::string_view bytes) = 0;           // all or an error of unknown outcome
  virtual Status sync() = 0;
  virtual Status seek(std::int64_t offset) = 0;
  virtual Result<std::int64_t> size() = 0;
};

// An open file without a position. Reads may run beside each other and beside a write elsewhere.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // As much as there is: fewer bytes than `out` has room for only at the end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const = 0;
  // All, or an error of unknown outcome; durable only after sync(). Past the end it grows the file.
  virtual Status write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Status sync() = 0;
  virtual Result<std::uint64_t> size() const = 0;
};

enum class OpenMode { read, append, create_new, truncate };

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // One for random access is made when it is absent. list(): names, sorted; `invalid` of a file.
  virtual Result<std::unique_ptr<RandomAccessFile>> open_random_access(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Status make_folders(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // atomic, synced
  virtual Status sync_folder(const std::string& path) = 0;

  // Whole-file helpers on top of the above. write_atomic: temporary file, sync, rename, sync.
  Result<std::string> read_all(const std::string& path, std::size_t bytes_max = 64 << 20);
  Status write_atomic(const std::string& path, std::string_view bytes);
};

// Held as long as the object lives; a second holder anywhere on the machine gets `conflict`.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};
Result<std::unique_ptr<FolderLock>> lock_folder(const std::string& folder);

std::unique_ptr<Clock> real_clock();
std::unique_ptr<Random> real_random();
std::unique_ptr<Files> real_files();
std::unique_ptr<File> standard_output();  // for the log; works for sockets and pipes too

// The process environment, read once by app at start.
std::string environment(const std::string& name, const std::string& otherwise = "");

// Resident bytes and CPU time of this process, from /proc; for metrics and benches.
struct Usage {
  std::int64_t resident_bytes = 0;
  Nanos cpu;
  std::int64_t open_files = 0;
};
Usage usage();
// Without open_files, which takes milliseconds where there are many.
Usage brief_usage();
// Processors that this process is bound to.
int usable_processors();

// SHA-256 (FIPS 180-4), 32 raw bytes.
std::string sha256(std::string_view bytes);

}  // namespace mc::sys
