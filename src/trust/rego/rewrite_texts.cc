// Template strings and print(): what they show may be undefined, so each part is put into a set of
// its own, which is empty then.
#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

// {local | local = term}
Term captured(Compilation& c, Term term) {
  const Location at = term.at;
  Term local = make_var(c.new_local(), at);
  Term set;
  set.kind = Kind::set_comprehension;
  set.at = at;
  set.items.push_back(local);
  Expr eq = make_equality(std::move(local), std::move(term), at);
  eq.generated = false;
  set.body.push_back(std::move(eq));
  return set;
}

// False, with an error for each, when variables of `term` are not of `safe`.
bool check_declared(Compilation& c, const Outputs& outputs, const Term& term, const VarSet& safe) {
  VarList unknown = outputs.vars(term, kOwnVars);
  unknown.remove(safe);
  for (const int id : unknown) {
    c.error("rego_compile_error",
            "var " + written_name(c, outputs.names().text(id)) + " is undeclared", term.at);
  }
  return unknown.empty();
}

VarSet argument_vars(const Outputs& outputs, const Head& head) {
  VarSet vars = outputs.roots();
  for (const Term& argument : head.arguments) vars.add(outputs.vars(argument, {}));
  return vars;
}

bool is_constant(const Term& term) {
  if (is_scalar(term) || is_var(term)) return true;
  if (term.kind != Kind::array && term.kind != Kind::set && term.kind != Kind::object) return false;
  bool ground = true;
  visit_terms(term, [&](const Term& part) {
    ground = ground && (is_scalar(part) || part.kind == Kind::array || part.kind == Kind::set ||
                        part.kind == Kind::object);
    return ground;
  });
  return ground;
}

// A rule that has a value whatever the input: it needs no set around it.
bool is_always_defined(const Functions& functions, const Term& ref) {
  const std::vector<std::string> path = path_of(ref);
  if (path.size() < 2 || path[0] != "data") return false;
  const RuleTree* const node = functions.tree().find(path);
  if (node == nullptr || node->rules.empty()) return false;
  for (const Rule* const rule : node->rules) {
    if (!rule->head.arguments.empty() || rule->head.ref.items.empty()) return false;
    for (std::size_t i = 1; i < rule->head.ref.items.size(); ++i) {
      if (rule->head.ref.items[i].kind != Kind::string) return false;
    }
  }
  const Rule& first = *node->rules[0];
  if (first.is_default || first.head.kind == Head::Kind::partial_set) return true;
  if (node->rules.size() == 1) {
    return first.body.empty() && first.head.value && is_constant(*first.head.value);
  }
  for (const Rule* const rule : node->rules) {
    if (rule->is_default) return true;
  }
  return false;
}

class Templates {
 public:
  Templates(Compilation& c, const Outputs& outputs) : c_(c), outputs_(outputs) {}

  // The variables bound after `body`.
  VarSet body(Body& body, const VarSet& safe) {
    VarSet after = outputs_.after(body, safe);
    for (Expr& one : body) expr(one, after);
    return after;
  }

  void term(Term& term, const VarSet& safe) {
    if (is_comprehension(term)) {
      const VarSet after = body(term.body, safe);
      for (Term& item : term.items) this->term(item, after);
      return;
    }
    for (Term& item : term.items) this->term(item, safe);
    if (term.kind == Kind::template_string) rewrite(term, safe);
  }

 private:
  void expr(Expr& expr, const VarSet& safe) {
    for (Term& one : expr.terms) term(one, safe);
    if (expr.kind == Expr::Kind::every) {
      VarSet inner = safe;
      inner.add(outputs_.vars(expr.terms[0], {}));
      inner.add(outputs_.vars(expr.terms[1], {}));
      body(expr.body, inner);
    }
    for (With& with : expr.with) term(with.value, safe);
  }

  void rewrite(Term& term, const VarSet& safe) {
    Term parts;
    parts.kind = Kind::array;
    parts.at = term.at;
    if (term.items.empty()) parts.items.push_back(make_string("", term.at));
    for (Term& part : term.items) {
      if (part.kind == Kind::string) {
        parts.items.push_back(std::move(part));
      } else if (is_var(part) ||
                 (part.kind == Kind::ref && is_always_defined(outputs_.functions(), part))) {
        Term set;
        set.kind = Kind::set;
        set.at = part.at;
        set.items.push_back(std::move(part));
        parts.items.push_back(std::move(set));
      } else if (part.kind == Kind::call && dotted(part.items[0]) == "walk") {
        c_.error("rego_compile_error",
                 "illegal call to relation built-in 'walk' that may cause multiple outputs",
                 part.at);
      } else if (check_declared(c_, outputs_, part, safe)) {
        parts.items.push_back(captured(c_, std::move(part)));
      }
    }
    const Location at = term.at;
    std::vector<Term> arguments;
    arguments.push_back(std::move(parts));
    term = make_call("internal.template_string", std::move(arguments), at);
  }

  Compilation& c_;
  const Outputs& outputs_;
};

bool is_print(const Expr& expr) {
  return expr.is_call("print");
}

class Prints {
 public:
  Prints(Compilation& c, const Outputs& outputs) : c_(c), outputs_(outputs) {}

  VarSet body(Body& body, VarSet safe) {
    for (Expr& expr : body) {
      for (Term& term : expr.terms) closures(term, safe);
      if (expr.kind == Expr::Kind::every) {
        VarSet inner = safe;
        inner.add(outputs_.vars(expr.terms[0], {}));
        inner.add(outputs_.vars(expr.terms[1], {}));
        this->body(expr.body, inner);
      }
      for (With& with : expr.with) closures(with.value, safe);
      if (is_print(expr)) rewrite(expr, safe);
      safe.add(outputs_.of(expr, safe));
      for (const int id : outputs_.vars(expr, {})) {
        if (outputs_.names().text(id).starts_with("__local")) safe.add(id);
      }
    }
    return safe;
  }

  void closures(Term& term, const VarSet& safe) {
    if (is_comprehension(term)) {
      const VarSet after = body(term.body, safe);
      for (Term& item : term.items) closures(item, after);
      return;
    }
    for (Term& item : term.items) closures(item, safe);
  }

 private:
  void rewrite(Expr& expr, const VarSet& safe) {
    Term list;
    list.kind = Kind::array;
    list.at = expr.at;
    bool declared = true;
    for (std::size_t i = 1; i < expr.terms.size(); ++i) {
      declared = check_declared(c_, outputs_, expr.terms[i], safe) && declared;
      if (declared) list.items.push_back(captured(c_, std::move(expr.terms[i])));
    }
    if (!declared) return;
    const Location at = expr.terms[0].at;
    expr.terms.clear();
    expr.terms.push_back(function_ref("internal.print", at));
    expr.terms.push_back(std::move(list));
  }

  Compilation& c_;
  const Outputs& outputs_;
};

void erase_prints(Body& body);

void erase_prints_below(Term& term) {
  for (Term& item : term.items) erase_prints_below(item);
  if (!term.body.empty()) erase_prints(term.body);
}

void erase_prints(Body& body) {
  if (body.empty()) return;
  const Location at = body[0].at;
  std::erase_if(body, is_print);
  for (Expr& expr : body) {
    for (Term& term : expr.terms) erase_prints_below(term);
    erase_prints(expr.body);
    for (With& with : expr.with) erase_prints_below(with.value);
  }
  if (!body.empty()) return;
  Expr always;
  always.at = at;
  always.terms.push_back(make_boolean(true, at));
  body.push_back(std::move(always));
}

}  // namespace

void rewrite_templates(Compilation& c, const Outputs& outputs, Rule& branch) {
  Templates templates(c, outputs);
  const VarSet after = templates.body(branch.body, argument_vars(outputs, branch.head));
  each_head_term(branch.head, [&](Term& term) { templates.term(term, after); });
}

void rewrite_templates(Compilation& c, const Outputs& outputs, Body& query) {
  Templates(c, outputs).body(query, outputs.roots());
}

void rewrite_prints(Compilation& c, const Outputs& outputs, Rule& branch) {
  if (!c.options.allow_print) {
    each_head_term(branch.head, erase_prints_below);
    return erase_prints(branch.body);
  }
  Prints prints(c, outputs);
  const VarSet after = prints.body(branch.body, argument_vars(outputs, branch.head));
  each_head_term(branch.head, [&](Term& term) { prints.closures(term, after); });
}

void rewrite_prints(Compilation& c, const Outputs& outputs, Body& query) {
  if (!c.options.allow_print) return erase_prints(query);
  Prints(c, outputs).body(query, outputs.roots());
}

}  // namespace mc::rego
