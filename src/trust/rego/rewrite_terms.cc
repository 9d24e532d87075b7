// One thing at a time: no call stands inside another term, a comprehension's head and a rule's head
// are simple, values of `with` are simple.
#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

Expr make_equality(Term left, Term right, const Location& at) {
  Expr expr;
  expr.kind = Expr::Kind::call;
  expr.at = at;
  expr.generated = true;
  expr.terms.reserve(3);
  expr.terms.push_back(function_ref("eq", at));
  expr.terms.push_back(std::move(left));
  expr.terms.push_back(std::move(right));
  return expr;
}

void lift(Compilation& c, Term& term, Body& to) {
  Term local = make_var(c.new_local(), term.at);
  const Location at = term.at;
  to.push_back(make_equality(local, std::move(term), at));
  term = std::move(local);
}

bool requires_evaluation(const Term& term) {
  bool found = false;
  visit_terms(term, [&](const Term& part) {
    found = found || part.kind == Kind::ref || is_comprehension(part);
    return !found;
  });
  return found;
}

namespace {

// Calls inside terms become expressions of their own, before the one they stood in.
class Expander {
 public:
  explicit Expander(Compilation& c) : c_(c) {}

  void body(Body& body) {
    Body out;
    out.reserve(body.size());
    for (Expr& one : body) expr(std::move(one), out);
    body = std::move(out);
  }

  void term(Term& term, Body& before) {
    switch (term.kind) {
      case Kind::call:
        return call(term, before);
      case Kind::ref:
        return ref(term, before);
      case Kind::array_comprehension:
      case Kind::set_comprehension:
      case Kind::object_comprehension:
        comprehension(term);
        return;
      default:
        for (Term& item : term.items) this->term(item, before);
    }
  }

 private:
  void comprehension(Term& term) {
    Body after;
    for (Term& item : term.items) this->term(item, after);
    body(term.body);
    for (Term& item : term.items) {
      if (requires_evaluation(item)) lift(c_, item, after);
    }
    for (Expr& one : after) term.body.push_back(std::move(one));
  }

  void call(Term& term, Body& before) {
    for (std::size_t i = 1; i < term.items.size(); ++i) this->term(term.items[i], before);
    Term local = make_var(c_.new_local(), term.at);
    Expr expr;
    expr.kind = Expr::Kind::call;
    expr.generated = true;
    expr.at = term.at;
    expr.terms = std::move(term.items);
    expr.terms.push_back(local);
    before.push_back(std::move(expr));
    term = std::move(local);
  }

  void ref(Term& ref, Body& before) {
    for (Term& item : ref.items) term(item, before);
    // [1, 2][i] is local[i].
    if (!is_var(ref.items[0]) && ref.items[0].kind != Kind::ref) lift(c_, ref.items[0], before);
  }

  void expr(Expr expr, Body& out) {
    for (With& with : expr.with) term(with.value, out);
    Body before;
    if (expr.kind == Expr::Kind::every) {
      lift(c_, expr.terms[2], before);
      Expr domain = std::move(before[0]);
      before.clear();
      term(domain.terms[2], before);
      before.push_back(std::move(domain));
      body(expr.body);
    } else {
      for (std::size_t i = expr.kind == Expr::Kind::call ? 1 : 0; i < expr.terms.size(); ++i) {
        term(expr.terms[i], before);
      }
    }
    for (Expr& one : before) {
      one.with = expr.with;
      out.push_back(std::move(one));
    }
    out.push_back(std::move(expr));
  }

  Compilation& c_;
};

void expand_head(Compilation& c, Rule& branch) {
  Expander expander(c);
  Head& head = branch.head;
  Body before;
  if (head.key) expander.term(*head.key, before);
  if (head.value) expander.term(*head.value, before);
  if (head.key && requires_evaluation(*head.key)) lift(c, *head.key, before);
  if (head.value && requires_evaluation(*head.value)) lift(c, *head.value, before);
  for (Expr& expr : before) branch.body.push_back(std::move(expr));
}

// The arguments of all branches stay the same.
void expand_arguments(Compilation& c, Rule& rule) {
  Expander expander(c);
  Body before;
  for (Term& argument : rule.head.arguments) {
    expander.term(argument, before);
    if (requires_evaluation(argument)) lift(c, argument, before);
  }
  each_branch(rule, [&](Rule& branch) {
    if (&branch != &rule) branch.head.arguments = rule.head.arguments;
    branch.body.insert(branch.body.end(), before.begin(), before.end());
  });
}

// print() and internal.print() have no value.
template <class Node>
void check_void_calls(Compilation& c, const Node& node) {
  visit_terms(node, [&](const Term& term) {
    if (term.kind != Kind::call) return true;
    const std::string function = dotted(term.items[0]);
    if (function == "print" || function == "internal.print") {
      c.error("rego_type_error", to_text(term) + " used as value", term.at);
    }
    return true;
  });
}

struct Texts {
  bool templates = false, prints = false;
};

template <class Node>
void find_texts(Texts& texts, const Node& node) {
  auto on_expr = [&](const Expr& expr) {
    texts.prints = texts.prints || expr.is_call("print");
    return true;
  };
  auto on_term = [&](const Term& term) {
    texts.templates = texts.templates || term.kind == Kind::template_string;
    return true;
  };
  visit(node, on_expr, on_term);
}
Texts texts_of(const Rule& branch) {
  Texts texts;
  each_head_term(branch.head, [&](const Term& term) { find_texts(texts, term); });
  find_texts(texts, branch.body);
  return texts;
}

bool rewrite_texts(Compilation& c, const Functions& functions) {
  const std::size_t before = c.errors.size();
  each_rule(c.modules, [&](Rule& branch) {
    if (!texts_of(branch).templates) return;
    Names names;
    rewrite_templates(c, Outputs(names, functions), branch);
  });
  for (NamedQuery& query : c.queries) {
    Names names;
    rewrite_templates(c, Outputs(names, functions), query.body);
  }
  if (c.errors.size() > before) return false;
  each_rule(c.modules, [&](const Rule& branch) {
    each_head_term(branch.head, [&](const Term& term) { check_void_calls(c, term); });
    check_void_calls(c, branch.body);
  });
  for (const NamedQuery& query : c.queries) check_void_calls(c, query.body);
  if (c.errors.size() > before) return false;
  each_rule(c.modules, [&](Rule& branch) {
    if (!texts_of(branch).prints) return;
    Names names;
    rewrite_prints(c, Outputs(names, functions), branch);
  });
  for (NamedQuery& query : c.queries) {
    Names names;
    rewrite_prints(c, Outputs(names, functions), query.body);
  }
  return c.errors.size() == before;
}

}  // namespace

bool rewrite_terms(Compilation& c) {
  const std::size_t before = c.errors.size();
  const Functions functions(c);
  if (!rewrite_texts(c, functions)) return false;
  Expander expander(c);
  for (Module& module : c.modules) {
    for (Rule& rule : module.rules) {
      if (!rule.head.arguments.empty()) expand_arguments(c, rule);
      each_branch(rule, [&](Rule& branch) {
        expand_head(c, branch);
        expander.body(branch.body);
      });
    }
  }
  for (NamedQuery& query : c.queries) expander.body(query.body);
  rewrite_metadata(c);
  each_rule(c.modules, [&](Rule& branch) { rewrite_with(c, functions, branch.body); });
  for (NamedQuery& query : c.queries) rewrite_with(c, functions, query.body);
  return c.errors.size() == before;
}

}  // namespace mc::rego
