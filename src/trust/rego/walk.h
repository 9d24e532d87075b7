// Walks over the syntax tree. Recursion is as deep as the tree, which the parser bounds
// (ParseLimits::depth_max).
#pragma once

#include <string>
#include <type_traits>

#include "rego/ast.h"

namespace mc::rego {

// Calls on_expr and on_term for `node` (a Term, Expr, With or Body, const or not) and for all below
// it, bodies of closures included, outer before inner. False from one: nothing below that node.
template <class Node, class OnExpr, class OnTerm>
void visit(Node& node, OnExpr& on_expr, OnTerm& on_term) {
  using Plain = std::remove_const_t<Node>;
  if constexpr (std::is_same_v<Plain, Body>) {
    for (auto& expr : node) visit(expr, on_expr, on_term);
  } else if constexpr (std::is_same_v<Plain, With>) {
    visit(node.target, on_expr, on_term);
    visit(node.value, on_expr, on_term);
  } else if constexpr (std::is_same_v<Plain, Expr>) {
    if (!on_expr(node)) return;
    for (auto& term : node.terms) visit(term, on_expr, on_term);
    visit(node.body, on_expr, on_term);
    for (auto& with : node.with) visit(with, on_expr, on_term);
  } else {
    if (!on_term(node)) return;
    for (auto& term : node.items) visit(term, on_expr, on_term);
    visit(node.body, on_expr, on_term);
  }
}

template <class Node, class OnTerm>
void visit_terms(Node& node, OnTerm&& on_term) {
  auto on_expr = [](const Expr&) { return true; };
  visit(node, on_expr, on_term);
}

template <class Node, class OnExpr>
void visit_exprs(Node& node, OnExpr&& on_expr) {
  auto on_term = [](const Term&) { return true; };
  visit(node, on_expr, on_term);
}

// The same for a rule's head: its arguments, the operands of its ref, key and value.
template <class Head, class Visitor>
void each_head_term(Head& head, Visitor&& visitor) {
  for (auto& argument : head.arguments) visitor(argument);
  for (std::size_t i = 1; i < head.ref.items.size(); ++i) visitor(head.ref.items[i]);
  if (head.key) visitor(*head.key);
  if (head.value) visitor(*head.value);
}

// Calls f for `rule` and each of its `else` branches, in order.
template <class AnyRule, class F>
void each_branch(AnyRule& rule, F&& f) {
  for (AnyRule* branch = &rule; branch != nullptr;
       branch = branch->otherwise.empty() ? nullptr : &branch->otherwise.front()) {
    f(*branch);
  }
}

// Calls f(Rule&) for all rules of a compilation's modules and their `else` branches.
template <class Modules, class F>
void each_rule(Modules& modules, F&& f) {
  for (auto& module : modules) {
    for (auto& rule : module.rules) each_branch(rule, f);
  }
}

inline bool is_comprehension(const Term& term) {
  return term.kind == Term::Kind::array_comprehension ||
         term.kind == Term::Kind::set_comprehension ||
         term.kind == Term::Kind::object_comprehension;
}
inline bool is_scalar(const Term& term) {
  return term.kind <= Term::Kind::string;
}
inline bool is_var(const Term& term) {
  return term.kind == Term::Kind::var;
}
// `input` or `data` alone, as a ref of one item.
inline bool is_root(const Term& term) {
  return term.kind == Term::Kind::ref && term.items.size() == 1 &&
         (term.items[0].is_var("input") || term.items[0].is_var("data"));
}
inline bool is_wildcard(const std::string& name) {
  return name.starts_with('$');
}

// Which variables each_var() tells. The name of a called function is never one.
struct VarWalk {
  bool skip_ref_heads = false;
  bool skip_object_keys = false;
  bool skip_closures = false;  // comprehensions, and the body, key and value of `every`
  bool skip_sets = false;
};
inline constexpr VarWalk kOwnVars{.skip_closures = true};  // what an expression needs or makes

template <class F>
void each_var(const Term& term, const VarWalk& walk, F& f);
template <class F>
void each_var(const Expr& expr, const VarWalk& walk, F& f);

template <class F>
void each_var(const Body& body, const VarWalk& walk, F& f) {
  for (const Expr& expr : body) each_var(expr, walk, f);
}

// The items of a ref, or of the ref of a called function, after its head.
template <class F>
void each_operand_var(const Term& ref, const VarWalk& walk, F& f) {
  for (std::size_t i = 1; i < ref.items.size(); ++i) each_var(ref.items[i], walk, f);
}

// Not the head of the target, nor that of a value that is a ref: both name documents or functions.
template <class F>
void each_with_var(const With& with, const VarWalk& walk, F& f) {
  each_operand_var(with.target, walk, f);
  if (with.value.kind == Term::Kind::ref) {
    each_operand_var(with.value, walk, f);
  } else {
    each_var(with.value, walk, f);
  }
}

template <class F>
void each_var(const Term& term, const VarWalk& walk, F& f) {
  switch (term.kind) {
    case Term::Kind::var:
      f(term);
      return;
    case Term::Kind::ref:
      if (!walk.skip_ref_heads && !term.items.empty()) each_var(term.items[0], walk, f);
      each_operand_var(term, walk, f);
      return;
    case Term::Kind::call:
      each_operand_var(term.items[0], walk, f);
      each_operand_var(term, walk, f);
      return;
    case Term::Kind::set:
      if (walk.skip_sets) return;
      break;
    case Term::Kind::object:
      for (std::size_t i = 0; i < term.items.size(); ++i) {
        if (i % 2 == 1 || !walk.skip_object_keys) each_var(term.items[i], walk, f);
      }
      return;
    default:
      if (walk.skip_closures &&
          (is_comprehension(term) || term.kind == Term::Kind::template_string)) {
        return;
      }
      break;
  }
  for (const Term& item : term.items) each_var(item, walk, f);
  each_var(term.body, walk, f);
}

template <class F>
void each_var(const Expr& expr, const VarWalk& walk, F& f) {
  if (expr.kind == Expr::Kind::every && walk.skip_closures) {
    each_var(expr.terms[2], walk, f);
  } else if (expr.kind == Expr::Kind::call) {
    each_operand_var(expr.terms[0], walk, f);
    for (std::size_t i = 1; i < expr.terms.size(); ++i) each_var(expr.terms[i], walk, f);
  } else {
    for (const Term& term : expr.terms) each_var(term, walk, f);
    each_var(expr.body, walk, f);
  }
  for (const With& with : expr.with) {
    each_with_var(with, walk, f);
  }
}

}  // namespace mc::rego
