// What an expression binds: the analysis behind the order of bodies (safety.cc), and behind the
// checks of print() and template strings.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rego/compiler.h"
#include "rego/vars.h"
#include "rego/walk.h"

namespace mc::rego {

// The functions a compilation knows: its rules with arguments and the builtins.
class Functions {
 public:
  static constexpr int kUnknown = -1;
  static constexpr int kAnyNumber = -2;  // of operands
  explicit Functions(const Compilation& compilation);
  // Of the function `ref` names; of a rule without arguments, 0.
  int arity(const Term& ref) const;
  const builtin::Builtin* find_builtin(std::string_view name) const;
  const RuleTree& tree() const { return tree_; }

 private:
  const Compilation& compilation_;
  RuleTree tree_;
  mutable std::unordered_map<std::string, int> known_;
};

// The names of a ref of strings: {"data", "a", "p"}; empty when an operand is no string.
std::vector<std::string> path_of(const Term& ref);
// "net.cidr_merge" of a ref of strings, without quotes; "" as above.
std::string dotted(const Term& ref);

// A term with the names that people wrote for its locals.
std::string written_text(const Compilation& c, Term term);
// A variable's name as people wrote it, "_" of a wildcard.
std::string written_name(const Compilation& c, const std::string& name);

class Outputs {
 public:
  Outputs(Names& names, const Functions& functions) : names_(names), functions_(functions) {}

  // The variables that evaluating `expr` binds when those of `safe` are bound.
  VarList of(const Expr& expr, const VarSet& safe) const;
  // The variables in `node` (a Term, Expr or Body).
  template <class Node>
  VarList vars(const Node& node, const VarWalk& walk) const {
    std::vector<int> found;
    auto add = [&](const Term& var) { found.push_back(names_.id(var.text)); };
    each_var(node, walk, add);
    return VarList::of(std::move(found));
  }
  // `safe` with the outputs of `body`'s expressions, in their order.
  VarSet after(const Body& body, VarSet safe) const;
  // `input`, `data`.
  VarSet roots() const;
  Names& names() const { return names_; }
  const Functions& functions() const { return functions_; }

 private:
  VarList of_call(const Expr& expr, const VarSet& safe) const;
  template <class Node>
  VarList of_refs(const Node& node, const VarSet& safe) const;

  Names& names_;
  const Functions& functions_;
};

}  // namespace mc::rego
