// The planner: rewritten rules -> OPA's IR. Private to the module (plan_policy() of compiler.h).
//
// Statements are appended to the block `cur_`. An iteration opens a block and leaves `cur_` within
// it, so that what is planned next runs once for each solution; whoever plans a body of its own
// (a comprehension, a negation, a function) uses in_block(), which comes back. A variable is bound
// to the operand that holds its value: no copies. Where there are several ways to a solution (a ref
// through packages), each way stores it (a local, or an array that is then scanned), so that the
// rest of the body is planned once.
//
// Recursion is as deep as terms and bodies nest, which kDepthMax bounds; functions wait in a queue.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>

#include "rego/compiler.h"
#include "rego/planner_overlay.h"
#include "rego/planner_tree.h"

namespace mc::rego {

using vm::plan::Block;
using vm::plan::Local;
using vm::plan::Op;
using vm::plan::Operand;
using vm::plan::Statement;

inline constexpr Local kInput = 0, kData = 1;

// A value written out, without variables.
bool is_constant(const Term& term);

class Planner {
 public:
  Planner(const Compilation& compilation, const RuleTree& tree);
  Checked<vm::plan::Policy> run();

 private:
  static constexpr int kDepthMax = 500;    // of recursion
  static constexpr int kNestingMax = 400;  // of blocks; vm refuses more than 500

  // An operand of a ref, and its value once it is known.
  struct Key {
    const Term* term = nullptr;
    std::optional<Operand> value;
  };
  using Keys = std::vector<Key>;
  // Solutions of several ways to them.
  struct Ways {
    std::vector<std::string> names;  // bound by each way
    bool is_single = false;          // one solution at most
    bool has_value = true;           // that of a ref
    Local target = 0;                // it, or the array of all
  };
  using Action = std::function<void()>;
  // What is called: a function of the plan, a builtin, or just a value.
  struct Callee {
    enum class Kind : std::uint8_t { function, builtin, value } kind = Kind::builtin;
    std::string name;
    int arity = 0;                  // -1: any number, and no value
    std::vector<Operand> operands;  // before the arguments
    Operand value;
  };

  // planner.cc
  void plan_query(const NamedQuery& query);
  void plan_entrypoint(const Entrypoint& entrypoint);
  std::string function_name(int group, const Overlay& overlay);
  void fail(const std::string& message, const Location& at);
  void fail_unsafe(const std::string& name, const Location& at);

  // planner_rules.cc
  struct Chain;
  void plan_function(int id, const Overlay& overlay);
  void plan_value_rules(const Group& group);
  void plan_chain(const Rule& rule, Chain& chain);
  void plan_default(const Rule& rule, bool assigned);
  void plan_set_rules(const Group& group);
  void plan_object_rules(const Group& group);
  void plan_object_default(const Group& group, const GroupRule& entry);
  void insert_nested(const Group& group, const GroupRule& entry, const Rule& branch);
  Local open_nested(Local object, Operand key, bool is_set, bool mixed);
  void plan_head_and_body(const Rule& rule, const Action& then);
  void return_value(Operand value);

  // planner_exprs.cc
  void plan_body(const Body& body);
  void plan_expr(const Expr& expr);
  void plan_positive(const Expr& expr);
  void plan_bare(const Expr& expr);
  void plan_term_expr(const Term& term);
  void plan_negation(const Action& action);
  void plan_every(const Expr& expr);
  void plan_with(const Expr& expr);
  void plan_replaced(const Expr& expr, std::vector<Statement> replaced);
  void plan_replacement(const With& with, Overlay& overlay, std::vector<Statement>& replaced);
  bool plan_mock(const With& with, Overlay& overlay, std::map<std::string, Operand>& mocks);

  // planner_calls.cc
  void plan_call_expr(const Expr& expr);
  Operand plan_call(const Term& call);
  Callee resolve(const Term& function);
  Callee callee_of(int id, const Overlay& overlay);
  int arity_of(int group) const;
  Callee builtin_callee(const std::string& name, const Location& at);
  const builtin::Builtin* find_builtin(const std::string& name) const;
  Operand emit_call(const Callee& callee, const std::vector<Operand>& arguments);

  // planner_terms.cc
  Operand plan_term(const Term& term);
  Operand plan_number(const std::string& text);
  Operand plan_composite(const Term& term);
  Operand plan_comprehension(const Term& term);
  Operand plan_ref(const Term& ref);
  Operand follow(Operand from, const Keys& keys, std::size_t next);
  void unify(const Term& a, const Term& b);
  void unify_patterns(const Term& a, const Term& b);
  void unify_value(Operand value, const Term& term);
  void unify_array(Operand value, const Term& array);
  void unify_object(Operand value, const Term& object);
  void bind_rest(const Term& term);  // after fail_here(): nothing runs, but all is bound
  void bind(const std::string& name, Operand value);
  const Operand* find_var(const std::string& name) const;
  bool is_bound(const Term& term) const;  // all variables are
  bool needs_scan(const Term& key) const;

  // planner_data.cc
  Operand plan_data_ref(const Term& ref);
  Operand plan_data_keys(const Term& ref);
  Operand plan_data_ways(Keys keys, std::size_t next, const DocNode& node);
  void plan_ways(const DocNode& node, const Keys& keys, std::size_t next, const Ways& ways);
  void plan_way(const DocNode& child, const Keys& keys, std::size_t next, const Ways& ways);
  void plan_base_way(const DocNode& node, const Keys& keys, std::size_t next, const Ways& ways);
  bool plan_dynamic_way(const DocNode& node, const Keys& keys, std::size_t next, const Ways& ways,
                        std::vector<Block>& blocks);
  void exclude_children(const DocNode& node, Operand key);
  void end_way(const Ways& ways, Operand value);
  Operand take_ways(const Ways& ways, Block tried);
  Operand call_group(int group);
  void plan_extent(const Group& group);
  void plan_virtual(const DocNode& node, Local object);
  std::optional<std::string> name_of(const Key& key) const;
  const DocNode* find_child(const DocNode& node, const std::string& name) const;
  bool is_hidden(const DocNode& node) const;

  // planner_emit.cc
  Statement& add(Op op);
  void add_block(std::vector<Block> blocks, Op op = Op::block);
  // Plans into a block of its own; what is bound there is forgotten unless `keep`.
  Block in_block(const Action& action, bool keep = false);
  void open_block(Statement& statement);
  void forget(std::size_t mark);
  Local new_local() { return frame_.next++; }
  Operand new_operand() { return Operand::local(new_local()); }
  Operand string(const std::string& text) { return Operand::string(string_index(text)); }
  std::int32_t string_index(const std::string& text);
  Operand integer(std::int64_t value);
  Operand dot(Operand from, Operand key);
  void equal(Operand a, Operand b, Op op = Op::equal);
  void assign(Local target, Operand value, Op op = Op::assign_var);
  void reset(Local target);
  void is_kind(Op op, Operand value);
  void append(Local array, Operand value);
  Local make(Op op, std::size_t capacity = 0);
  void insert(Local object, Operand key, Operand value, Op op = Op::object_insert);
  void scan(Operand from, Local& key, Local& value);
  void fail_here();
  Operand copied(Operand value);
  void set_location(const Location& at);

  // Of the function or plan in the making.
  struct Frame {
    std::unordered_map<std::string, Operand> vars;
    std::vector<std::string> bound;  // in order
    const Overlay* overlay = nullptr;
    std::map<std::string, Operand> mocks;  // values of parameters that stand for functions
    Local next = 2;
    Local result = 0;
  };

  const Compilation& compilation_;
  DocTree tree_;
  Overlays overlays_;
  vm::plan::Policy policy_;
  std::unordered_map<std::string, std::int32_t> strings_;
  std::set<std::string> used_builtins_;
  std::map<std::pair<int, int>, std::string> functions_;  // group, overlay
  std::deque<std::pair<int, const Overlay*>> waiting_;    // of functions_
  std::vector<Diagnostic> errors_;

  Frame frame_;
  std::vector<Block>* blocks_ = nullptr;  // of the function
  Block* cur_ = nullptr;
  vm::plan::Location at_;
  Path base_;  // of the ref being planned: its operands up to where it is
  int depth_ = 0, nesting_ = 0;
};

}  // namespace mc::rego
