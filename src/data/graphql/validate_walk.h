// The one walk over the operations and fragments of a document. Every rule that looks at a single
// node runs here; rules across fragments get what they need (usages, spreads) collected.
#pragma once

#include <map>
#include <vector>

#include "graphql/validate.h"
#include "graphql/validate_overlap.h"
#include "graphql/validate_values.h"

namespace mc::graphql {

class DocumentWalk {
 public:
  DocumentWalk(ValidationContext& context, DirectiveTable& table);
  void run();

 private:
  // validate_walk.cc
  void walk_operation(Index index);
  void walk_fragment(Index index);
  void walk_variables(const OperationNode& operation);
  void walk_selections(Index first, const TypeDef* parent, const FieldDef* enclosing);
  void walk_field(Index index, const TypeDef* parent);
  void walk_spread(const SelectionNode& node, const TypeDef* parent, const FieldDef* enclosing);
  void walk_inline(const SelectionNode& node, const TypeDef* parent, const FieldDef* enclosing);
  void walk_arguments(Index first, const TypeDef* parent, const FieldDef& field);
  void walk_directives(Index first, std::string_view location, const FieldDef* enclosing);
  void walk_type(Index type);
  void check_leaf(const SelectionNode& node, const FieldDef& field);
  void check_required(const SelectionNode& node, const FieldDef& field);
  void unknown_field(const SelectionNode& node, const TypeDef& parent);
  void unknown_type(Symbol name, std::uint32_t at);
  void check_spreadable(const SelectionNode& node, const TypeDef* type, const TypeDef* parent);

  // validate_operations.cc
  void check_operation_names();
  void check_fragment_names();
  void check_unique_variables(const OperationNode& operation);
  void check_subscription(const OperationNode& operation);
  void check_cycles(Index fragment);
  void check_introspection_depth(Index field);
  void check_unused_fragments();
  void check_variables(Index operation);
  void check_position(const VariableUsage& usage, const VariableNode& variable);
  struct Reach {
    std::vector<Index> fragments;
    std::vector<VariableUsage> usages;  // of all of them
  };
  std::vector<Index> reached_fragments(const std::vector<Symbol>& first);
  std::vector<Symbol> spread_names(const std::vector<Index>& spreads) const;
  const Reach& reach_of(const std::vector<Index>& spreads);
  void spend(std::size_t steps);

  ValidationContext& context_;
  const Schema& schema_;
  const Document& document_;
  Findings& findings_;
  DirectiveCheck directives_;
  ValueWalk values_;
  OverlapCheck overlap_;

  std::vector<VariableUsage>* usages_ = nullptr;  // of the operation or fragment walked now
  std::vector<std::vector<VariableUsage>> operation_usages_, fragment_usages_;
  std::vector<std::vector<Index>> operation_spreads_, fragment_spreads_;
  std::map<std::vector<Symbol>, Reach> reaches_;  // operations often spread the same
  std::vector<bool> cycle_visited_;               // by name of a fragment
  std::size_t budget_;                            // of the rules across fragments
  bool exhausted_ = false;

  // MaxIntrospectionDepth: by name, the list depths at which a fragment passed or failed.
  std::unordered_map<Symbol, int> depth_passed_, depth_failed_;
  bool in_deep_introspection_ = false;
};

}  // namespace mc::graphql
