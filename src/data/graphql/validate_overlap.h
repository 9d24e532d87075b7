// OverlappingFieldsCanBeMerged (specification 5.3.2) in two steps. A fast pass over merged sets of
// fields, each distinct set once, says whether there is a conflict at all; its time is linear for
// documents that are not made to hurt. Only then, or when the fast pass runs out of its budget,
// fields are compared in pairs as graphql-js does, for the same words and places, with a budget
// too.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graphql/validate.h"

namespace mc::graphql {

class OverlapCheck {
 public:
  explicit OverlapCheck(ValidationContext& context);
  ~OverlapCheck();
  OverlapCheck(const OverlapCheck&) = delete;
  OverlapCheck& operator=(const OverlapCheck&) = delete;

  // The fast pass over the whole document. Afterwards needed() says whether check() may find
  // anything.
  void prepare();
  bool needed() const { return needed_; }

  // Reports every conflict within one selection set whose fields are asked of `parent`.
  void check(Index first, const TypeDef* parent);

 private:
  struct Pairs;
  ValidationContext& context_;
  bool needed_ = false;
  std::unique_ptr<Pairs> pairs_;
};

// The fast pass; exposed for its tests.
enum class MergeVerdict { clean, conflict, exhausted };
MergeVerdict check_merged_sets(ValidationContext& context, std::size_t budget);

}  // namespace mc::graphql
