// The trees of the logs as files, so that a proof needs a few short reads and no memory. All of it
// is derived from the batches and can be made anew.
//
//   ID.nodes    32 bytes each: the perfect nodes in the order in which they become complete, a leaf
//               before the parents that it completes (as golang.org/x/mod/sumdb/tlog has them)
//   ID.places   16 bytes a leaf: number of its segment, offset of its record there
//
// Thread-safe. Files are opened when needed; at most kOpenLogsMax stay open.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"
#include "tlog/tlog.h"

namespace mc::ledger {

inline constexpr std::size_t kOpenLogsMax = 128;

// Where a record begins.
struct Place {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  bool operator==(const Place&) const = default;
};

// The place of a node among the nodes of its tree.
std::uint64_t node_position(tlog::NodeId node);

// What a batch adds to one log, gathered while its leaves are appended.
struct Growth {
  std::uint64_t first_leaf = 0;
  std::string nodes;
  std::vector<std::size_t> offsets;  // of its records in the batch, while that has no place yet
  std::string places;
  void reserve_places();  // for all of `offsets`
  void add(const tlog::Hash& node);
  void add(const Place& place);
};

class TreeFiles {
 public:
  TreeFiles(sys::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  // Writing the same again changes nothing.
  Status write(std::uint32_t log, const Growth& growth);
  // All that was written since the last one.
  Status sync();

  // `corrupt` when the file ends before.
  Result<tlog::Hash> node(std::uint32_t log, tlog::NodeId node) const;
  Result<Place> place(std::uint32_t log, std::uint64_t seq) const;
  // The hashes of a tile of a tree that is as large as the tile says.
  Result<std::string> tile(std::uint32_t log, const tlog::Tile& tile) const;

 private:
  struct Pair {
    std::unique_ptr<sys::RandomAccessFile> nodes;
    std::unique_ptr<sys::RandomAccessFile> places;
  };
  using Open = std::shared_ptr<const Pair>;
  Result<Open> open(std::uint32_t log) const;

  sys::Files& files_;
  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::uint32_t, Open>> recent_;  // the last used first
  std::set<std::uint32_t> unsynced_;
};

// The perfect nodes of one log, for proofs.
class LogNodes final : public tlog::Nodes {
 public:
  LogNodes(const TreeFiles& files, std::uint32_t log) : files_(files), log_(log) {}
  Result<tlog::Hash> read(tlog::NodeId node) const override { return files_.node(log_, node); }

 private:
  const TreeFiles& files_;
  std::uint32_t log_;
};

}  // namespace mc::ledger
