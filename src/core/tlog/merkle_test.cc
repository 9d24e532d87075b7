#include "tlog/merkle.h"

#include <doctest/doctest.h>

#include <bit>
#include <map>
#include <string>

namespace mc::tlog {
namespace {

// RFC 6962 section 2.1, word for word: the slow twin.
Hash slow_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return kEmptyRoot;
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(slow_root(leaves.first(k)), slow_root(leaves.subspan(k)));
}

Path slow_inclusion(std::size_t m, std::span<const Hash> leaves) {
  if (leaves.size() == 1) return {};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  Path path = m < k ? slow_inclusion(m, leaves.first(k)) : slow_inclusion(m - k, leaves.subspan(k));
  path.push_back(slow_root(m < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

Path slow_consistency(std::size_t m, std::span<const Hash> leaves, bool whole = true) {
  if (m == leaves.size()) return whole ? Path{} : Path{slow_root(leaves)};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  Path path = m <= k ? slow_consistency(m, leaves.first(k), whole)
                     : slow_consistency(m - k, leaves.subspan(k), false);
  path.push_back(slow_root(m <= k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

// A tree in memory that keeps every perfect node.
class Tree final : public Nodes {
 public:
  explicit Tree(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) add("leaf " + std::to_string(i));
  }
  void add(std::string_view leaf) {
    leaves_.push_back(leaf_hash(leaf));
    frontier_.append(leaves_.back(), [&](NodeId node, const Hash& hash) {
      nodes_[{node.level, node.index}] = hash;
    });
  }
  Result<Hash> read(NodeId node) const override {
    const auto found = nodes_.find({node.level, node.index});
    if (found == nodes_.end()) return fail(Code::not_found, "no such node");
    return found->second;
  }
  std::span<const Hash> leaves(std::size_t begin, std::size_t end) const {
    return std::span(leaves_).subspan(begin, end - begin);
  }
  TreeHead head(std::size_t size) const { return {size, slow_root(leaves(0, size))}; }
  const Frontier& frontier() const { return frontier_; }

 private:
  std::vector<Hash> leaves_;
  std::map<std::pair<int, std::uint64_t>, Hash> nodes_;
  Frontier frontier_;
};

constexpr std::size_t kSize = 70;

// Every way to spoil a proof a little. `good` checks it.
template <class Check>
void check_spoiled(const Path& path, const Check& good) {
  CHECK(good(path));
  Path longer = path;
  longer.push_back(kEmptyRoot);
  CHECK_FALSE(good(longer));
  longer.back() = path.empty() ? kEmptyRoot : path.back();
  CHECK_FALSE(good(longer));
  longer.insert(longer.begin(), kEmptyRoot);
  CHECK_FALSE(good(longer));
  for (std::size_t i = 0; i < path.size(); ++i) {
    Path other = path;
    other[i][i % 32] ^= static_cast<std::uint8_t>(1U << (i % 8));
    CHECK_FALSE(good(other));
    other = path;
    other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(good(other));
  }
}

TEST_CASE("merkle: hashes are those of RFC 6962") {
  CHECK(to_hex(std::string_view(reinterpret_cast<const char*>(leaf_hash("").data()), 32)) ==
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(crypto::Sha256().finish() == kEmptyRoot);
  CHECK(Frontier().head() == TreeHead{});
  const Hash a = leaf_hash("a");
  CHECK(leaf_hash(std::string(1, '\x01') + "ab") != node_hash(a, a));
}

TEST_CASE("merkle: the frontier has the root of every size, and can be taken up again") {
  Tree tree(0);
  for (std::size_t size = 0; size <= kSize; ++size) {
    CHECK(tree.frontier().head() == tree.head(size));
    const auto again = Frontier::from(size, tree.frontier().hashes());
    REQUIRE(again.has_value());
    CHECK(again->head() == tree.head(size));
    if (std::popcount(size) != std::popcount(size + 1)) {
      CHECK_FALSE(Frontier::from(size + 1, tree.frontier().hashes()).has_value());
    }
    tree.add("leaf " + std::to_string(size));
  }
}

TEST_CASE("merkle: every leaf of every tree is proven, as the twin does, and no other") {
  const Tree tree(kSize);
  for (std::size_t size = 1; size <= kSize; ++size) {
    const TreeHead head = tree.head(size);
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = prove_inclusion(tree, index, size);
      REQUIRE(path.has_value());
      CHECK(*path == slow_inclusion(index, tree.leaves(0, size)));
      const Hash leaf = tree.leaves(0, size)[index];
      CHECK(check_inclusion(leaf, index, head, *path).has_value());
      CHECK_FALSE(check_inclusion(leaf, (index + 1) % (size + 1), head, *path).has_value());
      CHECK_FALSE(check_inclusion(kEmptyRoot, index, head, *path).has_value());
      if (size % 9 == 0) {
        check_spoiled(*path, [&](const Path& other) {
          return check_inclusion(leaf, index, head, other).has_value();
        });
      }
    }
    CHECK_FALSE(prove_inclusion(tree, size, size).has_value());
  }
}

TEST_CASE("merkle: every two trees are proven consistent, as the twin does") {
  const Tree tree(kSize);
  for (std::size_t newer = 1; newer <= kSize; ++newer) {
    for (std::size_t older = 1; older <= newer; ++older) {
      const auto path = prove_consistency(tree, older, newer);
      REQUIRE(path.has_value());
      CHECK(*path == slow_consistency(older, tree.leaves(0, newer)));
      const TreeHead first = tree.head(older);
      const TreeHead second = tree.head(newer);
      CHECK(check_consistency(first, second, *path).has_value());
      if (older != newer) {
        CHECK_FALSE(
            check_consistency({older, second.root}, {newer, first.root}, *path).has_value());
      }
      if (newer % 9 == 0) {
        check_spoiled(*path, [&](const Path& other) {
          return check_consistency(first, second, other).has_value();
        });
      }
    }
  }
  CHECK_FALSE(prove_consistency(tree, 0, 5).has_value());
  CHECK_FALSE(prove_consistency(tree, 5, 4).has_value());
  CHECK_FALSE(check_consistency({}, tree.head(3), {}).has_value());
  CHECK_FALSE(check_consistency(tree.head(5), tree.head(4), {}).has_value());
}

TEST_CASE("merkle: subtrees are proven against every tree that has them") {
  const Tree tree(kSize);
  std::size_t subtrees = 0;
  for (std::size_t end = 1; end <= 40; ++end) {
    for (std::size_t begin = 0; begin < end; ++begin) {
      const Range range{begin, end};
      std::size_t unit = 1;
      while (unit < end - begin) unit *= 2;
      REQUIRE(range.is_subtree() == (begin % unit == 0));
      if (!range.is_subtree()) continue;
      ++subtrees;
      const Subtree subtree{range, slow_root(tree.leaves(begin, end))};
      CHECK(*subtree_root(tree, range) == subtree.root);
      for (std::size_t size = end; size <= kSize; size += 1 + size % 3) {
        const auto path = prove_subtree(tree, range, size);
        REQUIRE(path.has_value());
        CHECK(check_subtree(subtree, tree.head(size), *path).has_value());
        if (size % 7 != 0) continue;
        check_spoiled(*path, [&](const Path& other) {
          return check_subtree(subtree, tree.head(size), other).has_value();
        });
      }
      for (std::size_t index = begin; index < end; ++index) {
        const Path path = slow_inclusion(index - begin, tree.leaves(begin, end));
        const Hash leaf = tree.leaves(0, kSize)[index];
        CHECK(check_inclusion(leaf, index, subtree, path).has_value());
        CHECK_FALSE(check_inclusion(leaf, index + 1, subtree, path).has_value());
      }
      CHECK_FALSE(check_inclusion(subtree.root, begin - 1, subtree, {}).has_value());
    }
  }
  CHECK(subtrees > 100);
  CHECK_FALSE(Range{3, 3}.is_subtree());
  CHECK(check_subtree({{3, 3}, kEmptyRoot}, tree.head(3), {}).has_value());
  CHECK_FALSE(check_subtree({{3, 3}, leaf_hash("")}, tree.head(3), {}).has_value());
  CHECK_FALSE(check_subtree({{3, 3}, kEmptyRoot}, tree.head(3), Path(1)).has_value());
  CHECK_FALSE(check_subtree({{4, 4}, kEmptyRoot}, tree.head(3), {}).has_value());
  CHECK_FALSE(Range{1, UINT64_MAX}.is_subtree());
  CHECK(Range{0, UINT64_MAX}.is_subtree());
  CHECK_FALSE(prove_subtree(tree, {4, 8}, 7).has_value());
}

TEST_CASE("merkle: numbers at the end of their range are refused, not run over") {
  for (const std::uint64_t size : {std::uint64_t{1} << 63, UINT64_MAX}) {
    CHECK_FALSE(check_inclusion(kEmptyRoot, size - 1, TreeHead{size, kEmptyRoot}, {}).has_value());
    CHECK_FALSE(check_inclusion(kEmptyRoot, size, TreeHead{size, kEmptyRoot}, {}).has_value());
    CHECK_FALSE(check_consistency({1, kEmptyRoot}, {size, kEmptyRoot}, Path(64)).has_value());
    CHECK_FALSE(
        check_consistency({size - 1, kEmptyRoot}, {size, kEmptyRoot}, Path(70)).has_value());
  }
}

}  // namespace
}  // namespace mc::tlog
