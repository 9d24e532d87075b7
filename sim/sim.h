// The fake world: a clock that moves only when told, a seeded generator, a disk with faults.
// For tests and simulations; nothing in src includes this.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::sim {

// Starts at 2026-01-01T00:00:00Z. Wall time may jump; monotonic time only goes forward.
// Any thread reads it; who tests moves it.
class SimClock final : public sys::Clock {
 public:
  WallTime wall() override { return {wall_.load()}; }
  MonoTime mono() override { return {mono_.load()}; }
  void advance(Nanos by);
  void jump_wall(Nanos by) { wall_ += by.count; }

 private:
  std::atomic<std::int64_t> wall_ = 1'767'225'600'000'000'000;
  std::atomic<std::int64_t> mono_ = 1'000'000'000;
};

// SplitMix64 (Steele, Lea, Flood 2014). Deterministic, not secure.
class SimRandom final : public sys::Random {
 public:
  explicit SimRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t next();
  std::uint64_t state_;
};

// A disk in memory. Writes are seen at once but survive crash() only after sync(). Files may be
// used by several threads.
class SimFiles final : public sys::Files {
 public:
  enum class Fault { not_stored, stored_but_reported_failed };
  Result<std::unique_ptr<sys::File>> open(const std::string& path, sys::OpenMode mode) override;
  Result<std::unique_ptr<sys::RandomAccessFile>> open_random_access(
      const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Status make_folders(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_folder(const std::string& path) override;

  // The n-th write, sync, rename or remove from now on (1 = the next) fails once.
  void fail_at(std::int64_t n, Fault fault);
  // Bytes the disk takes in all; a write past it fails and stores nothing.
  void set_capacity(std::size_t bytes) { capacity_ = bytes; }
  // What a test would find on the disk, and what it would change there.
  std::string* bytes_of(const std::string& path);
  // Power loss: unsynced bytes are gone. Open files must be dropped by the caller first.
  void crash();
  std::int64_t operations() const { return operations_; }

 private:
  friend class SimFile;
  friend class SimRandomAccessFile;
  struct Inode {
    std::string bytes;
    std::string durable;
  };
  std::recursive_mutex mutex_;  // of all below and of the files
  // Counts an operation; not_stored or stored_but_reported_failed when it is the chosen one.
  std::optional<Fault> count();
  // A write of `bytes` at `offset`, as the faults and the capacity let it.
  Status store(Inode& inode, std::size_t offset, std::string_view bytes);
  Status keep(Inode& inode);  // a sync of it
  std::map<std::string, std::shared_ptr<Inode>> inodes_;
  std::set<std::string> folders_;
  std::int64_t operations_ = 0;
  std::int64_t fail_at_ = 0;
  Fault fault_ = Fault::not_stored;
  std::size_t capacity_ = SIZE_MAX;
};

}  // namespace mc::sim
