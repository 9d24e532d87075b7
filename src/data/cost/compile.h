// From a validated document to the code of a CostProgram.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cost/program.h"

namespace mc::cost {

// Which of the objects of one type another type's condition covers: positions in `possible`.
struct Coverage {
  std::vector<std::uint32_t> objects;
  bool all = false;
};

class Compiler {
 public:
  Compiler(const CostModel::State& model, const graphql::Document& document,
           CostProgram::Body& code);

  Status run(const graphql::OperationNode& operation);

 private:
  using Index = graphql::Index;
  using Symbol = graphql::Symbol;

  // A selection set and what is known around it. `sizing` is the field above whose directives may
  // give sizes to the fields of this set, as a selection.
  struct Set {
    Index first = graphql::kNone;
    const graphql::TypeDef* parent = nullptr;
    Index sizing = graphql::kNone;
    int depth = 0;
  };
  // A weight of an argument or input field; `top` when it is not known yet (of a variable).
  struct Place {
    graphql::TypeId type = graphql::kNoType;
    Milli weight = 0;
    bool top = false;
  };
  // Where the cost of literals goes.
  struct Sink {
    WeightSum sum;
    std::int64_t times = 0;
  };

  // compile.cc
  Status compile_unit(std::size_t unit);
  Status check_steps() const;
  Status compile_set(const Set& set);
  Status compile_selection(Index selection, const Set& set);
  Status compile_body(Index selection, const Set& set);
  Status compile_field(Index selection, const Set& set);
  Status compile_fragment(Index selection, const Set& set);
  Status compile_choices(const std::vector<Index>& fragments, const Set& set);
  std::optional<Range> make_rows(const std::vector<Index>& fragments, const Set& set);
  Result<const graphql::TypeDef*> condition_of(Index selection, const Set& set) const;
  const Coverage& coverage(const graphql::TypeDef& parent, const graphql::TypeDef& condition);
  std::uint32_t unit_of(Index fragment, Index sizing);
  Status check_cycles() const;
  std::optional<Cost> folded(std::size_t from) const;
  void emit(Op op, std::uint32_t index = 0);
  void emit_add(const Cost& cost);
  void truncate(std::size_t to);
  void land(const std::vector<std::uint32_t>& tests);

  // compile_values.cc
  bool taken_out(Index directives) const;
  std::vector<std::uint32_t> emit_tests(Index directives);
  std::uint32_t variable(Symbol name);
  void add_arguments(Index first, const std::vector<graphql::InputValueDef>& definitions,
                     const std::vector<Milli>& weights, Field& field);
  void add_directives(Index first, Field& field);
  void add_literal(Index value, const Place& place, Sink& sink);
  void add_variable(Symbol name, const Place& place, Sink& sink);
  Range sizes_of(Index selection, const graphql::FieldDef& definition);
  Slice resolve_slice(Index value, const SlicingPath& path, std::size_t step);
  void fold_size(Size& size);
  void set_count(Index selection, const graphql::FieldDef& definition, const Set& set,
                 Field& field);
  Index argument_named(Index first, std::string_view name) const;

  const CostModel::State& model_;
  const graphql::Schema& schema_;
  const graphql::Document& document_;
  CostProgram::Body& code_;
  std::vector<Index> fragments_;                         // by Symbol
  std::unordered_map<Symbol, Index> definitions_;        // of variables
  std::unordered_map<Symbol, std::uint32_t> variables_;  // those in use
  std::unordered_map<Index, Range> sizes_;               // by selection
  std::vector<std::pair<Index, Index>> unit_keys_;       // fragment, sizing
  std::map<std::pair<Index, Index>, std::uint32_t> unit_index_;
  std::unordered_map<std::uint64_t, Coverage> coverages_;
  std::size_t work_ = 0;     // selections, values and covered objects looked at
  std::size_t barrier_ = 0;  // instructions before it are jumped to or of another unit
};

}  // namespace mc::cost
