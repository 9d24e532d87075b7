// Bodies and their expressions.
#include "rego/outputs.h"
#include "rego/planner.h"
#include "rego/walk.h"

namespace mc::rego {

void Planner::plan_body(const Body& body) {
  for (const Expr& expr : body) {
    if (expr.at.row > 0) set_location(expr.at);
    plan_expr(expr);
  }
}

void Planner::plan_expr(const Expr& expr) {
  if (++depth_ > kDepthMax) fail("expressions nest too deep", expr.at);
  if (errors_.empty()) {
    if (expr.negated) {
      plan_negation([&] { plan_positive(expr); });
    } else {
      plan_positive(expr);
    }
  }
  --depth_;
}

void Planner::plan_positive(const Expr& expr) {
  if (!expr.with.empty()) return plan_with(expr);
  plan_bare(expr);
}

// Without `not` and `with`.
void Planner::plan_bare(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::term:
      return plan_term_expr(expr.terms[0]);
    case Expr::Kind::call:
      return plan_call_expr(expr);
    case Expr::Kind::every:
      return plan_every(expr);
    case Expr::Kind::some:
      for (const Term& term : expr.terms) {
        if (!is_var(term)) fail("`some .. in` was not rewritten", expr.at);
      }
      return;
  }
}

// A literal that is not false holds; the rest is known when it runs.
void Planner::plan_term_expr(const Term& term) {
  if (term.kind == Term::Kind::boolean) {
    if (!term.flag) fail_here();
    return;
  }
  if (is_scalar(term)) return;
  const Operand value = plan_term(term);
  const bool may_be_false =
      is_var(term) || term.kind == Term::Kind::ref || term.kind == Term::Kind::call;
  if (may_be_false) equal(value, Operand::boolean(false), Op::not_equal);
}

// An iteration that is left open does not tell whether its end was reached: a local does.
void Planner::plan_negation(const Action& action) {
  bool is_open = false;
  const Local found = new_local();
  Block tried = in_block([&] {
    const Block* const start = cur_;
    action();
    is_open = cur_ != start;
    if (is_open) assign(found, Operand::boolean(true));
  });
  std::vector<Block> blocks;
  if (!is_open) {
    blocks.push_back(std::move(tried));
    return add_block(std::move(blocks), Op::not_);
  }
  blocks.push_back(std::move(tried));
  std::vector<Block> whole;
  whole.push_back(in_block([&] {
    reset(found);
    add_block(std::move(blocks));
    is_kind(Op::is_defined, Operand::local(found));
  }));
  add_block(std::move(whole), Op::not_);
}

// No element may fail; what is no collection is undefined.
void Planner::plan_every(const Expr& expr) {
  const Operand domain = plan_term(expr.terms[2]);
  if (!errors_.empty()) return;
  plan_negation([&] {
    for (const Op kind : {Op::is_array, Op::is_object, Op::is_set}) {
      plan_negation([&] { is_kind(kind, domain); });
    }
  });
  const Local failed = new_local();
  reset(failed);
  std::vector<Block> blocks;
  blocks.push_back(in_block([&] {
    Local key = 0, value = 0;
    scan(domain, key, value);
    plan_negation([&] {
      if (!is_wildcard(expr.terms[0].text)) unify_value(Operand::local(key), expr.terms[0]);
      if (!is_wildcard(expr.terms[1].text)) unify_value(Operand::local(value), expr.terms[1]);
      plan_body(expr.body);
    });
    assign(failed, Operand::boolean(true));
    add(Op::break_).integer = 1;  // out of the iteration
  }));
  add_block(std::move(blocks));
  is_kind(Op::is_undefined, Operand::local(failed));
}

// The replacements hold in the blocks of WithStmts around the expression, and in the functions that
// are planned for it. What it binds is known after them: each variable by its local, or, where the
// expression iterates, by an array of the solutions.
void Planner::plan_with(const Expr& expr) {
  Overlay overlay = *frame_.overlay;
  std::map<std::string, Operand> mocks = frame_.mocks;
  std::vector<Statement> replaced;
  for (const With& with : expr.with) {
    if (!plan_mock(with, overlay, mocks)) plan_replacement(with, overlay, replaced);
  }
  if (!errors_.empty()) return;
  const Overlay* const outer = frame_.overlay;
  frame_.overlay = &overlays_.make(std::move(overlay));
  frame_.mocks.swap(mocks);
  if (replaced.empty()) {
    plan_bare(expr);
  } else {
    plan_replaced(expr, std::move(replaced));
  }
  frame_.mocks.swap(mocks);
  frame_.overlay = outer;
}

void Planner::plan_replaced(const Expr& expr, std::vector<Statement> replaced) {
  Ways ways;
  ways.has_value = false;
  ways.target = new_local();
  bool is_open = false;
  const std::size_t mark = frame_.bound.size();
  Block inner = in_block(
      [&] {
        const Block* const start = cur_;
        plan_bare(expr);
        is_open = cur_ != start;
        if (!is_open) return;
        for (std::size_t i = mark; i < frame_.bound.size(); ++i) {
          if (!is_wildcard(frame_.bound[i])) ways.names.push_back(frame_.bound[i]);
        }
        ways.is_single = ways.names.empty();
        end_way(ways, Operand::boolean(true));
        forget(mark);
      },
      true);
  for (auto with = replaced.rbegin(); with != replaced.rend(); ++with) {
    with->blocks.push_back(std::move(inner));
    inner = {};
    inner.statements.push_back(std::move(*with));
  }
  if (is_open) {
    take_ways(ways, std::move(inner));
  } else {
    cur_->statements.push_back(std::move(inner.statements[0]));
  }
}

// A replaced document: the WithStmt of it, in which the rules there are hidden.
void Planner::plan_replacement(const With& with, Overlay& overlay,
                               std::vector<Statement>& replaced) {
  const std::vector<Term>& items = with.target.items;
  Statement made;
  made.op = Op::with;
  made.at = at_;
  made.target = items.empty() || items[0].is_var("input") ? kInput : kData;
  Path path{"data"};
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i].kind != Term::Kind::string) {
      return fail("the target of `with` is no path of strings", with.at);
    }
    path.push_back(items[i].text);
    made.with_path.push_back(string_index(items[i].text));
  }
  made.a = copied(plan_term(with.value));
  replaced.push_back(std::move(made));
  if (replaced.back().target == kInput) return;
  bool exact = false;
  const DocNode* const node = tree_.find(path, exact);
  if (node != nullptr && exact) overlay.hidden.emplace(node->id, node);
}

// False when the target is a document.
bool Planner::plan_mock(const With& with, Overlay& overlay, std::map<std::string, Operand>& mocks) {
  const Term& target = with.target;
  std::string name = is_var(target) ? target.text : dotted(target);
  if (name == "input" || name == "data" || name.empty()) return false;
  if (target.kind == Term::Kind::ref) {
    if (target.items[0].is_var("input")) return false;
    if (target.items[0].is_var("data")) {
      const Path path = path_of(target);
      if (tree_.find_function(path) < 0) return false;
      name = path_text(path);
    }
  }
  Mock mock;
  const Term& value = with.value;
  const std::string value_name = is_var(value)                   ? value.text
                                 : value.kind == Term::Kind::ref ? dotted(value)
                                                                 : "";
  if (value.kind == Term::Kind::ref && value.items[0].is_var("data")) {
    mock.group = tree_.find_function(path_of(value));
  }
  if (mock.group >= 0) {
    mock.kind = Mock::Kind::function;
  } else if (!value_name.empty() && find_var(value_name) == nullptr &&
             find_builtin(value_name) != nullptr) {
    mock.kind = Mock::Kind::builtin;
    mock.builtin = value_name;
  } else if (is_constant(value)) {
    mock.kind = Mock::Kind::constant;
    mock.constant = value;
  } else {
    mocks[name] = copied(plan_term(value));
  }
  overlay.mocks[name] = std::move(mock);
  return true;
}

}  // namespace mc::rego
