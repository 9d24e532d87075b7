// Merkle trees over SHA-256 as in RFC 6962 section 2.1: hashes, proofs and their checks. Leaves are
// counted from 0. A perfect node (level, index) covers the 2^level leaves from index * 2^level on.
//
// Subtrees are those of draft-ietf-plants-merkle-tree-certs section 4: a range [begin, end) of
// leaves whose hash can be proven against every larger tree. All functions are pure; a proof that
// does not hold is `invalid`, with the reason.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"

namespace mc::tlog {

using Hash = crypto::Digest;
using Path = std::vector<Hash>;

// Leaf and node hashes have prefixes of their own, so neither passes for the other.
Hash leaf_hash(std::string_view leaf);                // SHA-256(0x00 || leaf)
Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
// The root of a tree without leaves: SHA-256 of nothing.
inline constexpr Hash kEmptyRoot = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

struct TreeHead {
  std::uint64_t size = 0;
  Hash root = kEmptyRoot;
  bool operator==(const TreeHead&) const = default;
};

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  // Not empty, and `begin` is a multiple of the least power of two that is not below its length.
  bool is_subtree() const;
};

struct NodeId {
  int level = 0;
  std::uint64_t index = 0;
  bool operator==(const NodeId&) const = default;
};

// What a proof is made from: the perfect nodes of a tree.
class Nodes {
 public:
  virtual ~Nodes() = default;
  // `not_found` when the tree has no such node.
  virtual Result<Hash> read(NodeId node) const = 0;
};

// The hash of a subtree.
Result<Hash> subtree_root(const Nodes& nodes, Range range);
// RFC 6962 section 2.1.1, of a leaf in the tree of the first `size` leaves. `invalid` when it has
// no such leaf.
Result<Path> prove_inclusion(const Nodes& nodes, std::uint64_t index, std::uint64_t size);
// RFC 6962 section 2.1.2; 0 < older <= newer. Empty when they are equal.
Result<Path> prove_consistency(const Nodes& nodes, std::uint64_t older, std::uint64_t newer);
// Of a subtree in the tree of the first `size` leaves.
Result<Path> prove_subtree(const Nodes& nodes, Range range, std::uint64_t size);

// RFC 9162 section 2.1.3.2.
Status check_inclusion(const Hash& leaf, std::uint64_t index, const TreeHead& tree,
                       std::span<const Hash> path);
// RFC 9162 section 2.1.4.2. A tree without leaves has no proof and is refused.
Status check_consistency(const TreeHead& older, const TreeHead& newer, std::span<const Hash> path);
struct Subtree {
  Range range;
  Hash root = {};
};
// Of a leaf in a subtree.
Status check_inclusion(const Hash& leaf, std::uint64_t index, const Subtree& subtree,
                       std::span<const Hash> path);
// Of a subtree in a tree. The empty one, at any place, is in every tree and has an empty proof.
Status check_subtree(const Subtree& subtree, const TreeHead& tree, std::span<const Hash> path);

// The right edge of a growing tree: all that is needed to append to it and to know its root, at
// most 64 hashes ("compact range").
class Frontier {
 public:
  Frontier() = default;
  // The hashes of the perfect subtrees of the first `size` leaves, largest first; `invalid` when
  // there are not as many as `size` has bits set.
  static Result<Frontier> from(std::uint64_t size, Path hashes);

  // `note(NodeId, const Hash&)` gets every perfect node that is complete with this leaf, the leaf
  // itself first.
  template <class Note>
  void append(const Hash& leaf, const Note& note) {
    Hash hash = leaf;
    std::uint64_t index = size_;
    note(NodeId{0, index}, hash);
    for (int level = 1; (index & 1) != 0; ++level) {
      hash = node_hash(hashes_.back(), hash);
      hashes_.pop_back();
      index >>= 1;
      note(NodeId{level, index}, hash);
    }
    hashes_.push_back(hash);
    ++size_;
  }
  void append(const Hash& leaf) {
    append(leaf, [](NodeId, const Hash&) {});
  }

  std::uint64_t size() const { return size_; }
  const Path& hashes() const { return hashes_; }
  TreeHead head() const;

 private:
  std::uint64_t size_ = 0;
  Path hashes_;  // largest first
};

}  // namespace mc::tlog
