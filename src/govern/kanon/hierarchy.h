// A generalisation hierarchy: for each value of a column what it becomes, level by level.
//
// Its file has no header; a line is a leaf and its generalisations, leftmost the leaf, rightmost
// the top ("39;30-39;*"). Quoted cells may hold the delimiter; lines end with LF or CRLF; `""` is
// the empty text, an empty cell without quotes is a missing value. Refused as `invalid`, by name
// and line: missing values, lines of unequal length, a leaf twice, a level that parts what the
// level before it joined, invalid UTF-8, a byte order mark, blank lines, and what is past a limit.
// Immutable; any number of threads may read it. Codes of a level follow its first lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"

namespace mc::kanon {

struct HierarchyOptions {
  char delimiter = ';';
  std::size_t bytes_max = 128 << 20;
  std::size_t leaves_max = 2'000'000;
  std::size_t levels_max = 64;
  std::size_t cell_bytes_max = 4096;
};

class Hierarchy {
 public:
  // `name` is for messages: the file or the column.
  static Result<Hierarchy> read(std::string name, std::string_view text,
                                const HierarchyOptions& options = {});

  const std::string& name() const { return name_; }
  std::size_t levels() const { return levels_.size(); }  // 1 = leaves only
  std::size_t leaves() const { return levels_[0].of_leaf.size(); }
  std::size_t values(std::size_t level) const { return levels_[level].labels.size(); }
  // The value that a leaf has at a level; at level 0 the leaf itself.
  std::uint32_t value_of(std::size_t level, std::uint32_t leaf) const {
    return levels_[level].of_leaf[leaf];
  }
  const std::string& label(std::size_t level, std::uint32_t value) const {
    return levels_[level].labels[value];
  }
  // Not of the top level.
  std::uint32_t parent(std::size_t level, std::uint32_t value) const {
    return levels_[level].parents[value];
  }
  std::uint32_t leaves_under(std::size_t level, std::uint32_t value) const {
    return levels_[level].under[value];
  }
  std::optional<std::uint32_t> find_leaf(std::string_view text) const;
  const crypto::Digest& digest() const { return digest_; }  // SHA-256 of the file

 private:
  friend struct HierarchyBuilder;
  struct Level {
    std::vector<std::string> labels;     // by value
    std::vector<std::uint32_t> of_leaf;  // by leaf
    std::vector<std::uint32_t> parents;  // by value, in the next level; empty at the top
    std::vector<std::uint32_t> under;    // leaves of a value
  };
  std::string name_;
  std::vector<Level> levels_;
  std::vector<std::uint32_t> sorted_leaves_;  // by text, for find_leaf
  crypto::Digest digest_ = {};
};

}  // namespace mc::kanon
