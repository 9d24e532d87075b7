// Documents for a policy to read: made up of the names and values that its plan and its case have,
// or changed from one that is given. Deterministic: the same seed, the same documents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/sim.h"
#include "term/term.h"
#include "vm/plan.h"

namespace mc::conformance {

// A way down from input or data; an empty name stands for any.
using Way = std::vector<std::string>;

// What documents are made of.
struct Vocabulary {
  std::vector<std::string> strings;        // names and texts
  std::vector<std::string> numbers;        // as JSON
  std::vector<Way> input_ways, data_ways;  // that the plan goes
  bool reads_anything = false;             // input or data, beyond calls of its own rules

  static Vocabulary of(const vm::plan::Policy& plan);
  void add(term::Value document);  // the names and values in it
};

class Mutator {
 public:
  Mutator(const Vocabulary& vocabulary, term::Arena& arena, std::uint64_t seed)
      : vocabulary_(vocabulary), arena_(arena), random_(seed) {}

  // `document` with 1 to 4 changes: leaves, kinds, names, members and items.
  term::Value changed(term::Value document);
  // A new one, with values where `ways` lead.
  term::Value made(const std::vector<Way>& ways);
  // One time in `n`.
  bool chance(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_.next_u64() % n; }
  const std::string& a_string();
  term::Value a_leaf();
  term::Value a_value(int depth);
  term::Value change(term::Value value, int depth);
  term::Value change_here(term::Value value);
  term::Value change_object(term::Value object);
  term::Value change_list(term::Value list);
  term::Value change_leaf(term::Value leaf);
  term::Value with_way(term::Value value, const Way& way, std::size_t from);

  const Vocabulary& vocabulary_;
  term::Arena& arena_;
  sim::SimRandom random_;
};

// `data` without what lies at one of `rules` (paths of names), and without what is no object above
// them or at one of `packages`: a host refuses such base data, so no answer is right for them.
term::Value without_conflicts(term::Arena& arena, term::Value data, const std::vector<Way>& rules,
                              const std::vector<Way>& packages);

}  // namespace mc::conformance
