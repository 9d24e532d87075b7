// A generalisation hierarchy as a verifier needs it: which texts stand at which level, and how many
// leaves are under each. Read by code of its own; immutable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "recheck/manifest.h"

namespace mc::recheck {

struct Level {
  std::map<std::string, std::uint32_t, std::less<>> find;  // number of a text
  std::vector<std::int64_t> under;                         // leaves, by number
  std::vector<std::uint32_t> parent;                       // number in the next level, by number
};

struct Leaves {
  std::vector<Level> levels;  // 0 = the leaves themselves
  std::int64_t count = 0;     // of leaves

  // Leaves under a text: at this level; 0 when it does not stand there.
  std::int64_t under(std::size_t level, std::string_view text) const;
  struct Span {
    std::int64_t least = 0;  // 0 when the text stands at no level
    std::int64_t most = 0;
  };
  Span under_anywhere(std::string_view text) const;
};

// CSV without a header: a line is a leaf and what it becomes, level by level. `file` must have as
// many lines and columns as the manifest says; `invalid` otherwise, for a leaf that is there twice,
// and for a level that parts what the level before it has joined.
Result<Leaves> read_leaves(std::string_view file, const HierarchyOf& of);

}  // namespace mc::recheck
