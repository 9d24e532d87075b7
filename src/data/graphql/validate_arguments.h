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

 private:
  void append_value(std::string& out, Index value) const;

  const Document& document_;
  std::unordered_map<Index, std::uint32_t> known_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace mc::graphql
