#include "rego/dynamics.h"

#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

bool is_composite(const Term& term) {
  return term.kind == Kind::array || term.kind == Kind::object || term.kind == Kind::set;
}

// xs[[a, b]]: whether its operand looks up or finds depends on what is bound.
bool has_composite_operands(const Body& body) {
  bool found = false;
  visit_terms(body, [&](const Term& term) {
    for (std::size_t i = 1; term.kind == Kind::ref && i < term.items.size(); ++i) {
      found = found || is_composite(term.items[i]);
    }
    return !found;
  });
  return found;
}

class Dynamics {
 public:
  Dynamics(Compilation& c, const Outputs& outputs, bool track)
      : c_(c), outputs_(outputs), track_(track) {}

  void body(Body& body, VarSet bound) {
    Body out;
    out.reserve(body.size());
    for (Expr& one : body) expr(std::move(one), out, bound);
    body = std::move(out);
  }

 private:
  // The expression being rewritten.
  struct Site {
    const Expr& expr;
    VarSet& bound;
    Body before, after;
  };

  void expr(Expr expr, Body& out, VarSet& bound) {
    Site site{expr, bound, {}, {}};
    if (expr.is_call("eq")) {
      for (std::size_t i = 1; i < expr.terms.size(); ++i) side(site, expr.terms[i]);
    } else if (expr.kind == Expr::Kind::call) {
      for (std::size_t i = 1; i < expr.terms.size(); ++i) one(site, expr.terms[i]);
    } else if (expr.kind == Expr::Kind::every) {
      one(site, expr.terms[2]);
      VarSet inner = bound;
      inner.add(outputs_.vars(expr.terms[0], {}));
      inner.add(outputs_.vars(expr.terms[1], {}));
      body(expr.body, std::move(inner));
    } else if (is_comprehension(expr.terms[0])) {
      one(site, expr.terms[0]);
    } else {
      side(site, expr.terms[0]);
    }
    for (Expr& support : site.before) push(std::move(support), out, bound);
    push(std::move(expr), out, bound);
    for (Expr& support : site.after) push(std::move(support), out, bound);
  }

  void push(Expr expr, Body& out, VarSet& bound) {
    if (track_) bound.add(outputs_.of(expr, bound));
    out.push_back(std::move(expr));
  }

  // A side of an eq: a ref or a comprehension may stand there.
  void side(Site& site, Term& term) {
    if (term.kind == Kind::ref) {
      operands(site, term);
    } else if (is_comprehension(term)) {
      body(term.body, inner_bound(site));
    } else {
      one(site, term);
    }
  }

  VarSet inner_bound(const Site& site) const {
    VarSet bound = site.bound;
    for (const Expr& support : site.before) {
      if (track_) bound.add(outputs_.of(support, bound));
    }
    return bound;
  }

  void operands(Site& site, Term& ref) {
    for (std::size_t i = 1; i < ref.items.size(); ++i) {
      Term& item = ref.items[i];
      one(site, item);
      if (!is_composite(item)) continue;
      const bool known = outputs_.vars(item, kOwnVars).within(inner_bound(site));
      lift(c_, item, known ? site.before : site.after);
    }
  }

  void one(Site& site, Term& term) {
    if (term.kind == Kind::ref) {
      operands(site, term);
      raise(site, term);
    } else if (is_comprehension(term)) {
      body(term.body, inner_bound(site));
      raise(site, term);
    } else {
      for (Term& item : term.items) one(site, item);
    }
  }

  void raise(Site& site, Term& term) {
    lift(c_, term, site.before);
    site.before.back().with = site.expr.with;
  }

  Compilation& c_;
  const Outputs& outputs_;
  bool track_;
};

}  // namespace

void rewrite_dynamics(Compilation& c, const Outputs& outputs, Body& body, VarSet bound) {
  Dynamics(c, outputs, has_composite_operands(body)).body(body, std::move(bound));
}

}  // namespace mc::rego
