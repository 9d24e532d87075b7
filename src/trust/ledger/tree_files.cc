#include "ledger/tree_files.h"

#include <bit>

#include "ledger/bytes.h"

namespace mc::ledger {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kPlaceBytes = 16;

Result<std::string> read_exactly(const sys::RandomAccessFile& file, std::uint64_t offset,
                                 std::size_t size) {
  std::string out(size, '\0');
  MC_TRY(const std::size_t found, file.read_at(offset, out));
  if (found != size) return fail(Code::corrupt, "ledger: a file of a tree is too short");
  return out;
}

// Of the nodes that are complete before leaf `leaf`.
std::uint64_t nodes_before(std::uint64_t leaf) {
  return 2 * leaf - static_cast<std::uint64_t>(std::popcount(leaf));
}

}  // namespace

std::uint64_t node_position(tlog::NodeId node) {
  const std::uint64_t last_leaf = ((node.index + 1) << node.level) - 1;
  return nodes_before(last_leaf) + static_cast<std::uint64_t>(node.level);
}

void Growth::reserve_places() {
  places.reserve(offsets.size() * kPlaceBytes);
}

void Growth::add(const tlog::Hash& node) {
  put(nodes, node);
}

void Growth::add(const Place& place) {
  put(places, place.segment);
  put(places, place.offset);
}

Result<TreeFiles::Open> TreeFiles::open(std::uint32_t log) const {
  const std::lock_guard lock(mutex_);
  for (auto at = recent_.begin(); at != recent_.end(); ++at) {
    if (at->first != log) continue;
    recent_.splice(recent_.begin(), recent_, at);
    return at->second;
  }
  Pair made;
  const std::string stem = folder_ + "/" + std::to_string(log);
  MC_TRY(made.nodes, files_.open_random_access(stem + ".nodes"));
  MC_TRY(made.places, files_.open_random_access(stem + ".places"));
  recent_.emplace_front(log, std::make_shared<const Pair>(std::move(made)));
  if (recent_.size() > kOpenLogsMax) recent_.pop_back();
  return recent_.front().second;
}

Status TreeFiles::write(std::uint32_t log, const Growth& growth) {
  MC_TRY(const Open file, open(log));
  MC_TRY_OK(file->nodes->write_at(nodes_before(growth.first_leaf) * kHashBytes, growth.nodes));
  MC_TRY_OK(file->places->write_at(growth.first_leaf * kPlaceBytes, growth.places));
  const std::lock_guard lock(mutex_);
  unsynced_.insert(log);
  return ok();
}

Status TreeFiles::sync() {
  std::set<std::uint32_t> logs;
  {
    const std::lock_guard lock(mutex_);
    logs.swap(unsynced_);
  }
  for (const std::uint32_t log : logs) {
    MC_TRY(const Open file, open(log));
    MC_TRY_OK(file->nodes->sync());
    MC_TRY_OK(file->places->sync());
  }
  return files_.sync_folder(folder_);
}

Result<tlog::Hash> TreeFiles::node(std::uint32_t log, tlog::NodeId node) const {
  MC_TRY(const Open file, open(log));
  MC_TRY(const std::string bytes,
         read_exactly(*file->nodes, node_position(node) * kHashBytes, kHashBytes));
  return Cursor(bytes).array<tlog::Hash>();
}

Result<Place> TreeFiles::place(std::uint32_t log, std::uint64_t seq) const {
  MC_TRY(const Open file, open(log));
  MC_TRY(const std::string bytes, read_exactly(*file->places, seq * kPlaceBytes, kPlaceBytes));
  Cursor cursor(bytes);
  Place out;
  out.segment = cursor.number<std::uint64_t>();
  out.offset = cursor.number<std::uint64_t>();
  return out;
}

Result<std::string> TreeFiles::tile(std::uint32_t log, const tlog::Tile& tile) const {
  MC_TRY(const Open file, open(log));
  std::string out;
  for (int i = 0; i < tile.width; ++i) {
    const tlog::NodeId node{tile.level * tlog::kTileLevels,
                            tile.index * tlog::kTileWidth + static_cast<std::uint64_t>(i)};
    MC_TRY(const std::string bytes,
           read_exactly(*file->nodes, node_position(node) * kHashBytes, kHashBytes));
    out += bytes;
  }
  return out;
}

}  // namespace mc::ledger
