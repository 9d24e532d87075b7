#include "tlog/merkle.h"

#include <algorithm>
#include <bit>
#include <string>

namespace mc::tlog {
namespace {

constexpr std::uint8_t kLeafPrefix = 0;
constexpr std::uint8_t kNodePrefix = 1;

// The least power of two that is not below `n`; 0 when that is past 64 bits.
std::uint64_t ceil_to_power(std::uint64_t n) {
  return n > (1ULL << 63) ? 0 : std::bit_ceil(n);
}

// Where a tree of n > 1 leaves divides: the largest power of two below n.
std::uint64_t split_of(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

Status too_short() {
  return fail(Code::invalid, "the proof has too few hashes");
}
Status too_long() {
  return fail(Code::invalid, "the proof has too many hashes");
}
Status other_root() {
  return fail(Code::invalid, "the proof leads to another root");
}

// Climbs from a leaf to the root of a tree of `size` leaves.
Status climb(const Hash& leaf, std::uint64_t index, const TreeHead& tree,
             std::span<const Hash> path) {
  if (index >= tree.size) {
    return fail(Code::invalid, "leaf " + std::to_string(index) + " is not in a tree of " +
                                   std::to_string(tree.size) + " leaves");
  }
  std::uint64_t at = index;
  std::uint64_t last = tree.size - 1;
  Hash hash = leaf;
  for (const Hash& next : path) {
    if (last == 0) return too_long();
    if ((at & 1) != 0 || at == last) {
      hash = node_hash(next, hash);
      const int up = (at & 1) != 0 ? 0 : std::countr_zero(at);
      at >>= up;
      last >>= up;
    } else {
      hash = node_hash(hash, next);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0) return too_short();
  return hash == tree.root ? ok() : other_root();
}

// The root of leaves [begin, end), which divide as a tree of their own; not empty.
Result<Hash> root_of(const Nodes& nodes, std::uint64_t begin, std::uint64_t end) {
  Path pieces;  // perfect, from the left
  while (begin < end) {
    const std::uint64_t length = std::bit_floor(end - begin);
    const int level = std::countr_zero(length);
    MC_TRY(const Hash hash, nodes.read({level, begin >> level}));
    pieces.push_back(hash);
    begin += length;
  }
  Hash root = pieces.back();
  for (std::size_t i = pieces.size() - 1; i-- > 0;) root = node_hash(pieces[i], root);
  return root;
}

Status check_range(Range range, std::uint64_t size) {
  if (range.is_subtree() && range.end <= size) return ok();
  return fail(Code::invalid, "leaves " + std::to_string(range.begin) + " to " +
                                 std::to_string(range.end) + " are no subtree of a tree of " +
                                 std::to_string(size));
}

// Three positions that climb together: of the subtree's first and last leaf, of the tree's last.
struct Climb {
  std::uint64_t first;
  std::uint64_t last;
  std::uint64_t edge;
  void up(int levels) {
    first >>= levels;
    last >>= levels;
    edge >>= levels;
  }
};

}  // namespace

Hash leaf_hash(std::string_view leaf) {
  return crypto::Sha256().add(kLeafPrefix).add(leaf).finish();
}
Hash node_hash(const Hash& left, const Hash& right) {
  return crypto::Sha256().add(kNodePrefix).add(left).add(right).finish();
}

bool Range::is_subtree() const {
  if (begin >= end) return false;
  const std::uint64_t unit = ceil_to_power(end - begin);
  return unit == 0 ? begin == 0 : begin % unit == 0;
}

Result<Hash> subtree_root(const Nodes& nodes, Range range) {
  MC_TRY_OK(check_range(range, range.end));
  return root_of(nodes, range.begin, range.end);
}

Result<Path> prove_inclusion(const Nodes& nodes, std::uint64_t index, std::uint64_t size) {
  if (index >= size) {
    return fail(Code::invalid, "leaf " + std::to_string(index) + " is not in a tree of " +
                                   std::to_string(size) + " leaves");
  }
  return prove_subtree(nodes, {index, index + 1}, size);
}

Result<Path> prove_consistency(const Nodes& nodes, std::uint64_t older, std::uint64_t newer) {
  return prove_subtree(nodes, {0, older}, newer);
}

Result<Path> prove_subtree(const Nodes& nodes, Range range, std::uint64_t size) {
  MC_TRY_OK(check_range(range, size));
  Path path;  // from the root down
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  bool whole = true;  // what is left of the range is all of it
  while (range.begin != begin || range.end != end) {
    const std::uint64_t middle = begin + split_of(end - begin);
    if (range.end <= middle) {
      MC_TRY(const Hash right, root_of(nodes, middle, end));
      path.push_back(right);
      end = middle;
      continue;
    }
    MC_TRY(const Hash left, root_of(nodes, begin, middle));
    path.push_back(left);
    if (range.begin < middle) {
      range.begin = middle;
      whole = false;
    }
    begin = middle;
  }
  if (!whole) {
    MC_TRY(const Hash rest, root_of(nodes, begin, end));
    path.push_back(rest);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Status check_inclusion(const Hash& leaf, std::uint64_t index, const TreeHead& tree,
                       std::span<const Hash> path) {
  return climb(leaf, index, tree, path);
}

Status check_inclusion(const Hash& leaf, std::uint64_t index, const Subtree& subtree,
                       std::span<const Hash> path) {
  const Range range = subtree.range;
  MC_TRY_OK(check_range(range, range.end));
  if (index < range.begin) return fail(Code::invalid, "the leaf is before the subtree");
  return climb(leaf, index - range.begin, {range.end - range.begin, subtree.root}, path);
}

Status check_consistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> path) {
  if (older.size == 0) return fail(Code::invalid, "a tree without leaves proves nothing");
  if (older.size > newer.size) return fail(Code::invalid, "the older tree is the larger one");
  return check_subtree({{0, older.size}, older.root}, newer, path);
}

// Section 4.4.3 of the draft; with `begin` 0 this is RFC 9162 section 2.1.4.2.
Status check_subtree(const Subtree& subtree, const TreeHead& tree, std::span<const Hash> path) {
  const Range range = subtree.range;
  if (range.begin == range.end && range.end <= tree.size) {
    if (!path.empty()) return too_long();
    return subtree.root == kEmptyRoot ? ok() : other_root();
  }
  MC_TRY_OK(check_range(range, tree.size));
  Climb at{range.begin, range.end - 1, tree.size - 1};
  if (at.last == at.edge) {
    while (at.first != at.last) at.up(1);
  } else {
    while (at.first != at.last && (at.last & 1) != 0) at.up(1);
  }
  Hash inner = subtree.root;
  std::size_t next = 0;
  if (at.first != at.last) {
    if (path.empty()) return too_short();
    inner = path[next++];
  }
  Hash outer = inner;
  for (; next < path.size(); ++next) {
    const Hash& hash = path[next];
    if (at.edge == 0) return too_long();
    if ((at.last & 1) != 0 || at.last == at.edge) {
      if (at.first < at.last) inner = node_hash(hash, inner);
      outer = node_hash(hash, outer);
      at.up(std::countr_zero(at.last));
    } else {
      outer = node_hash(outer, hash);
    }
    at.up(1);
  }
  if (at.edge != 0) return too_short();
  if (inner != subtree.root) return fail(Code::invalid, "the proof is of another subtree");
  return outer == tree.root ? ok() : other_root();
}

Result<Frontier> Frontier::from(std::uint64_t size, Path hashes) {
  if (std::popcount(size) != static_cast<int>(hashes.size())) {
    return fail(Code::invalid, "a tree of " + std::to_string(size) + " leaves has not " +
                                   std::to_string(hashes.size()) + " hashes at its edge");
  }
  Frontier out;
  out.size_ = size;
  out.hashes_ = std::move(hashes);
  return out;
}

TreeHead Frontier::head() const {
  if (hashes_.empty()) return {};
  Hash root = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
  return {size_, root};
}

}  // namespace mc::tlog
