// The type checker (OPA's ast/check.go and env.go): infers the types of variables and rules, and
// refuses operands, references and unifications that can never succeed. Private to the module.
//
// Not here: types from JSON schemas in annotations; `input` and base documents are `any`. As in
// OPA, calls in the body of `every` are not checked, references in it are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "rego/compiler.h"
#include "rego/types.h"

namespace mc::rego::types {

// The types of the variables of a body; those of the bodies around it are seen through it.
class Scope {
 public:
  explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}
  // Null when it is not known.
  TypePtr find(const std::string& name) const;
  void set(const std::string& name, TypePtr type) { types_[name] = std::move(type); }

 private:
  const Scope* outer_;
  std::unordered_map<std::string, TypePtr> types_;
};

// The types of rules by their paths: a value where the constant prefix of a rule ends.
class RuleTypes {
 public:
  struct Less {
    bool operator()(const Term& a, const Term& b) const { return compare_constants(a, b) < 0; }
  };
  struct Node {
    TypePtr value;
    std::map<Term, std::unique_ptr<Node>, Less> children;
    const Node* child(const Term& key) const;  // null also when `key` is no constant
    TypePtr extent() const;  // the type of the whole document: packages may have base documents too
    std::vector<Term> keys() const;
  };
  using Path = std::vector<Term>;  // constants, below data

  const Node& data() const { return data_; }
  // The rule is there, and nothing is known of it.
  void put_any(const Path& path);
  // Joins `type` with what is known at, above and below `path`.
  void insert(const Path& path, const TypePtr& type);
  // Of a ref into data; `any` where no rule is.
  TypePtr find(const Term& ref) const;

 private:
  Node& make(const Path& path);
  Node data_;
};

// The steps of a compilation that unifies() may take: past them, types fit.
inline constexpr std::int64_t kStepsMax = 50'000'000;

class Checker {
 public:
  explicit Checker(Compilation& compilation);

  // With its `else` branches. Rules that it refers to were checked before.
  void check_rule(const Term& package, const Rule& rule);
  void check_query(const Body& body);

  // The type of a term where the variables of `scope` are known; null = not known.
  TypePtr type_of(const Term& term, const Scope& scope);
  const RuleTypes& rules() const { return rules_; }
  // Of all checks so far, in the order of their places.
  std::vector<Diagnostic> take_errors();

 private:
  using Errors = std::vector<Diagnostic>;
  // An error, and whether it may only follow from a type that is not known.
  struct Finding {
    Diagnostic diagnostic;
    bool from_unknown = false;
  };
  struct Call {  // of an expression
    const Term* function;
    std::vector<const Term*> operands;
  };

  // types_check.cc
  void check_branch(const Term& package, const Rule& rule, const Rule& branch);
  TypePtr branch_type(const Rule& rule, const Rule& branch, Scope& scope);
  void check_body(const Body& body, Scope& scope, Errors& errors);
  void check_closures(const Expr& expr, const Scope& scope, Errors& errors);
  TypePtr check_comprehension(const Term& term, const Scope& scope, Errors& errors);
  std::optional<Finding> check_expr(const Expr& expr, Scope& scope);
  std::optional<Finding> check_with(const Expr& expr, Scope& scope);
  std::optional<Finding> check_eq(const Expr& expr, const Call& call, Scope& scope);
  std::optional<Finding> check_call(const Expr& expr, const Call& call, Scope& scope);
  static std::optional<Call> call_of(const Expr& expr);
  std::vector<TypePtr> types_of(const std::vector<const Term*>& terms, const Scope& scope);
  TypePtr builtin_type(const std::string& name);
  static TypePtr signature_type(const builtin::Builtin& builtin);
  Diagnostic error(const Location& at, std::string message) const;

  // types_terms.cc
  TypePtr type_of_object(const Term& term, const Scope& scope);
  TypePtr type_of_ref(const Term& ref, const Scope& scope);

  // types_refs.cc
  void check_refs(const Expr& expr, Scope& scope, Errors& errors);
  void check_refs(const Term& term, Scope& scope, Errors& errors);
  bool check_ref(const Term& ref, Scope& scope, Errors& errors);
  bool check_ref_of_data(const Term& ref, Scope& scope, Errors& errors);
  bool check_ref_of_value(const Term& ref, std::size_t from, TypePtr type, Scope& scope,
                          Errors& errors);
  struct Wanted {
    TypePtr have;  // null = the operand itself is shown
    TypePtr want;
    std::vector<Term> one_of;
  };
  std::optional<Wanted> check_operand(const Term& operand, const TypePtr& type, Scope& scope);
  Diagnostic invalid_ref(const Term& ref, std::size_t at, const Wanted& wanted) const;
  Diagnostic unsupported_ref(const Term& ref, std::size_t at, const TypePtr& have) const;
  Term as_written(Term ref) const;

  // types_unify.cc
  enum class Join : bool { no, yes };  // types of a variable: must fit, or are joined
  bool unify(const Term& a, const Term& b, Scope& scope);
  bool unify_arrays(const Term& a, const Term& b, Scope& scope);
  bool unify_objects(const Term& a, const Term& b, Scope& scope);
  bool fit(const Term& term, const TypePtr& type, Scope& scope, Join join);
  bool fit_var(const Term& var, const TypePtr& type, Scope& scope, Join join);
  bool fit_parts(const Term& term, const TypePtr& type, Scope& scope, Join join);
  bool fit_object(const Term& object, const TypePtr& type, Scope& scope, Join join);
  bool fits(const TypePtr& a, const TypePtr& b) { return unifies(a, b, steps_left_); }

  Compilation& compilation_;
  RuleTypes rules_;
  std::unordered_map<std::string, TypePtr> builtins_;
  std::unordered_map<const Term*, TypePtr> comprehensions_;
  int nesting_ = 0;  // of comprehensions
  std::int64_t steps_left_ = kStepsMax;
  Errors errors_;
};

// The members of an object term; of equal constant keys the last.
std::vector<std::pair<const Term*, const Term*>> members_of(const Term& object);

// "n" of count; empty when OPA has no name (types_names.cc).
std::string_view result_name(std::string_view function);

// A rule with the package it stands in.
struct PlacedRule {
  const Term* package = nullptr;
  const Rule* rule = nullptr;
};
// Every rule after those it refers to (types_order.cc).
std::vector<PlacedRule> rules_in_order(const Compilation& compilation, const RuleTree& tree);

}  // namespace mc::rego::types
