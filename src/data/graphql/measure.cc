// The price of a document before it runs. Every fragment is walked once, callees first, and its
// price is added wherever it is spread, with saturating sums: linear in the document, however
// often fragments multiply each other.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "graphql/graphql.h"

namespace mc::graphql {
namespace {

template <class T>
void add(T& sum, T more) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = std::numeric_limits<T>::max();
}

// Of a fragment that spreads itself.
constexpr Measure kEndless = {.depth = std::numeric_limits<std::uint32_t>::max(),
                              .selections = std::numeric_limits<std::uint64_t>::max()};

class Measurer {
 public:
  explicit Measurer(const Document& document)
      : document_(document),
        by_name_(document.names.size(), kNone),
        states_(document.fragments.size(), State::unseen),
        spread_(document.fragments.size(), false),
        prices_(document.fragments.size()) {}

  Measure run();

 private:
  enum class State : std::uint8_t { unseen, open, done };
  struct Step {
    Index selection;
    std::uint32_t depth;  // fields above it
  };
  struct Visit {
    Index fragment;
    std::size_t called = 0;  // how many of its callees have been visited
    std::vector<Index> callees;
  };

  std::vector<Index> callees_of(Index selections);
  void price_fragment(Index fragment);
  Measure price(Index selections, Index directives);
  void price_selection(const SelectionNode& node, std::uint32_t depth, Measure& sum);
  std::uint32_t count_directives(Index first) const;

  const Document& document_;
  std::vector<Index> by_name_;  // fragment by Symbol; the first of a name
  std::vector<State> states_;
  std::vector<bool> spread_;  // by a selection anywhere
  std::vector<Measure> prices_;
  std::vector<Step> steps_;  // the selections still to be walked
};

std::uint32_t Measurer::count_directives(Index first) const {
  std::uint32_t count = 0;
  for (Index i = first; i != kNone; i = document_.directives[i].next) ++count;
  return count;
}

// The fragments that a selection set spreads, once for each spread.
std::vector<Index> Measurer::callees_of(Index selections) {
  std::vector<Index> callees;
  std::vector<Index> pending = {selections};
  while (!pending.empty()) {
    Index i = pending.back();
    pending.pop_back();
    for (; i != kNone; i = document_.selections[i].next) {
      const SelectionNode& node = document_.selections[i];
      if (node.selections != kNone) pending.push_back(node.selections);
      if (node.kind != SelectionKind::spread || by_name_[node.name] == kNone) continue;
      callees.push_back(by_name_[node.name]);
      spread_[callees.back()] = true;
    }
  }
  return callees;
}

// Depth first over the spreads, on a stack of our own: chains may be as long as the document.
void Measurer::price_fragment(Index fragment) {
  if (states_[fragment] != State::unseen) return;
  std::vector<Visit> visits;
  const auto open = [&](Index index) {
    states_[index] = State::open;
    visits.push_back({index, 0, callees_of(document_.fragments[index].selections)});
  };
  open(fragment);
  while (!visits.empty()) {
    Visit& visit = visits.back();
    if (visit.called < visit.callees.size()) {
      const Index callee = visit.callees[visit.called++];
      if (states_[callee] == State::unseen) open(callee);
      continue;
    }
    const FragmentNode& node = document_.fragments[visit.fragment];
    prices_[visit.fragment] = price(node.selections, node.directives);
    states_[visit.fragment] = State::done;
    visits.pop_back();
  }
}

Measure Measurer::price(Index selections, Index directives) {
  Measure sum;
  sum.directives = count_directives(directives);
  steps_.assign(1, {selections, 0});
  while (!steps_.empty()) {
    const Step step = steps_.back();
    steps_.pop_back();
    for (Index i = step.selection; i != kNone; i = document_.selections[i].next) {
      price_selection(document_.selections[i], step.depth, sum);
    }
  }
  return sum;
}

void Measurer::price_selection(const SelectionNode& node, std::uint32_t depth, Measure& sum) {
  add(sum.directives, count_directives(node.directives));
  if (node.kind == SelectionKind::field) {
    add(sum.selections, std::uint64_t{1});
    if (node.alias != kNone) add(sum.aliases, 1U);
    if (depth == 0) add(sum.root_fields, 1U);
    add(depth, 1U);
    sum.depth = std::max(sum.depth, depth);
  }
  if (node.selections != kNone) steps_.push_back({node.selections, depth});
  if (node.kind != SelectionKind::spread || by_name_[node.name] == kNone) return;
  const Index fragment = by_name_[node.name];
  // A fragment that is still open spreads itself: there is no end to it.
  const Measure& price = states_[fragment] == State::open ? kEndless : prices_[fragment];
  add(sum.selections, price.selections);
  add(sum.aliases, price.aliases);
  add(sum.directives, price.directives);
  if (depth == 0) add(sum.root_fields, price.root_fields);
  add(depth, price.depth);
  sum.depth = std::max(sum.depth, depth);
}

// The sum of all operations and of the fragments that nothing spreads (they are validated too).
// Only one operation runs, so depth and root fields are those of the worst.
Measure Measurer::run() {
  for (Index i = 0; i < document_.fragments.size(); ++i) {
    Index& slot = by_name_[document_.fragments[i].name];
    if (slot == kNone) slot = i;
  }
  for (Index i = 0; i < document_.fragments.size(); ++i) price_fragment(i);
  Measure total;
  const auto count = [&](const Measure& price) {
    add(total.selections, price.selections);
    add(total.aliases, price.aliases);
    add(total.directives, price.directives);
    total.depth = std::max(total.depth, price.depth);
  };
  for (const OperationNode& operation : document_.operations) {
    callees_of(operation.selections);  // marks what is spread
    Measure one = price(operation.selections, operation.directives);
    for (Index i = operation.variables; i != kNone; i = document_.variables[i].next) {
      add(one.directives, count_directives(document_.variables[i].directives));
    }
    count(one);
    total.root_fields = std::max(total.root_fields, one.root_fields);
  }
  for (Index i = 0; i < document_.fragments.size(); ++i) {
    // Fragments of a cycle spread each other; their price is endless wherever they stand.
    if (!spread_[i] || prices_[i].depth == kEndless.depth) count(prices_[i]);
  }
  return total;
}

}  // namespace

Measure measure(const Document& document) {
  return Measurer(document).run();
}

std::vector<GraphqlError> check_limits(const Measure& measure, const DocumentLimits& limits) {
  struct Row {
    const char* what;
    std::uint64_t value;
    std::uint64_t limit;
    const char* code;
  };
  const Row rows[] = {
      {"nested levels of fields", measure.depth, limits.depth_max, "DEPTH_LIMIT_EXCEEDED"},
      {"aliases", measure.aliases, limits.aliases_max, "ALIASES_LIMIT_EXCEEDED"},
      {"root fields", measure.root_fields, limits.root_fields_max, "ROOT_FIELDS_LIMIT_EXCEEDED"},
      {"directives", measure.directives, limits.directives_max, "DIRECTIVES_LIMIT_EXCEEDED"},
      {"fields after expansion of fragments", measure.selections, limits.selections_max,
       "SELECTIONS_LIMIT_EXCEEDED"}};
  std::vector<GraphqlError> errors;
  for (const Row& row : rows) {
    if (row.value <= row.limit) continue;
    errors.push_back({std::string("Document has too many ") + row.what + ": the limit is " +
                          std::to_string(row.limit) + ".",
                      {},
                      row.code,
                      {}});
  }
  return errors;
}

}  // namespace mc::graphql
