// Whether two argument lists say the same: each list gets a number, equal lists equal numbers.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "graphql/graphql.h"

namespace mc::graphql {

// Order of arguments and of object fields does not count; strings and block strings differ, as do
// numbers written differently (graphql-js 16).
class ArgumentSignatures {
 public:
  explicit ArgumentSignatures(const Document& document) : document_(document) {}
  // Of the list that starts at `first`; 0 for no arguments.
  std::uint32_t signature(Index first);
  // A name stands twice in the list, which is an error of its own; such lists have no signature
  // that would be worth anything.
  bool has_doubles(Index first);
  // As graphql-js compares: equal length, and every argument of `a` equals the last of that name
  // in `b`. Lists with doubles may differ from themselves.
  bool same(Index a, Index b);

 private:
  void append_value(std::string& out, Index value) const;
  std::vector<Index> sorted(Index first) const;

  const Document& document_;
  std::unordered_map<Index, std::uint32_t> known_;
  std::unordered_map<Index, bool> doubles_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace mc::graphql
