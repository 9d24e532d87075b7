// The order of bodies. An expression can be evaluated once the variables it needs are bound; each
// body is put into such an order, else as written. What no order makes safe is an error.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "rego/dynamics.h"
#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

bool is_before(const Location& a, const Location& b) {
  if (a.file != b.file) return a.file < b.file;
  return a.row != b.row ? a.row < b.row : a.column < b.column;
}

struct Unsafe {
  Location at;
  VarList vars;
};

class Order {
 public:
  explicit Order(const Outputs& outputs) : outputs_(outputs) {}

  // Orders `body` and the closures in it. `globals` are bound before.
  void body(Body& body, const VarSet& globals);
  const std::vector<Unsafe>& unsafe() const { return unsafe_; }

 private:
  struct Item {
    VarList own;       // variables of the expression
    VarList closures;  // of the body, in closures of the expression
    VarList missing;   // after the last try
    bool placed = false;
  };

  std::vector<Item> items_of(const Body& body, const VarSet& globals) const;
  std::vector<std::size_t> place(const Body& body, std::vector<Item>& items, VarSet safe) const;
  bool can_place(const Expr& expr, Item& item, const VarSet& safe, VarList& outputs) const;
  void closures(Expr& expr, VarSet& globals);
  void closures_of(Term& term, const Location& at, const VarSet& globals);
  VarList closure_vars(const Expr& expr) const;

  const Outputs& outputs_;
  std::vector<Unsafe> unsafe_;
};

VarList Order::closure_vars(const Expr& expr) const {
  VarList vars;
  const auto on_term = [&](const Term& term) {
    if (!is_comprehension(term)) return true;
    vars.add(outputs_.vars(term, {}));
    return false;
  };
  for (const Term& term : expr.terms) visit_terms(term, on_term);
  for (const With& with : expr.with) visit_terms(with, on_term);
  if (expr.kind == Expr::Kind::every) vars.add(outputs_.vars(expr.body, {}));
  return vars;
}

std::vector<Order::Item> Order::items_of(const Body& body, const VarSet& globals) const {
  std::vector<Item> items(body.size());
  VarSet all;
  for (std::size_t i = 0; i < body.size(); ++i) {
    items[i].own = outputs_.vars(body[i], kOwnVars);
    all.add(items[i].own);
  }
  for (std::size_t i = 0; i < body.size(); ++i) {
    items[i].closures = closure_vars(body[i]);
    items[i].closures.keep(all);
    items[i].closures.remove(globals);
  }
  return items;
}

// True when `expr` can be evaluated now; then `outputs` are what it binds.
bool Order::can_place(const Expr& expr, Item& item, const VarSet& safe, VarList& outputs) const {
  outputs = outputs_.of(expr, safe);
  item.missing = item.own;
  item.missing.remove(safe);
  // What an expression binds, its own closures cannot close over.
  if (!item.closures.empty() && item.closures == outputs) return false;
  VarList needed = item.missing;
  needed.add(item.closures);
  needed.remove(safe);
  needed.remove(outputs);
  if (needed.empty()) return true;
  item.missing = std::move(needed);
  return false;
}

// Goes through the body again and again, and takes each time what can be evaluated. An expression
// is looked at again only once a variable of it got bound.
std::vector<std::size_t> Order::place(const Body& body, std::vector<Item>& items,
                                      VarSet safe) const {
  std::unordered_map<int, std::vector<std::size_t>> mentions;
  std::set<std::size_t> todo;
  for (std::size_t i = 0; i < items.size(); ++i) {
    todo.insert(todo.end(), i);
    for (const int var : items[i].own) mentions[var].push_back(i);
    for (const int var : items[i].closures) mentions[var].push_back(i);
  }
  std::vector<std::size_t> order;
  VarList outputs;
  for (std::size_t next = 0; !todo.empty();) {
    auto at = todo.lower_bound(next);
    if (at == todo.end()) at = todo.begin();
    const std::size_t i = *at;
    todo.erase(at);
    next = i + 1;
    if (!can_place(body[i], items[i], safe, outputs)) continue;
    items[i].placed = true;
    order.push_back(i);
    for (const int var : outputs) {
      if (safe.has(var)) continue;
      safe.add(var);
      for (const std::size_t other : mentions[var]) {
        if (!items[other].placed) todo.insert(other);
      }
    }
  }
  return order;
}

void Order::body(Body& body, const VarSet& globals) {
  std::vector<Item> items = items_of(body, globals);
  const std::vector<std::size_t> order = place(body, items, globals);
  const bool complete = order.size() == body.size();
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (!items[i].placed) unsafe_.push_back({body[i].at, items[i].missing});
  }
  VarSet known = globals;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0) known.add(items[order[i - 1]].own);
    closures(body[order[i]], known);
  }
  if (!complete) return;
  Body ordered;
  ordered.reserve(body.size());
  for (const std::size_t i : order) ordered.push_back(std::move(body[i]));
  body = std::move(ordered);
}

void Order::closures(Expr& expr, VarSet& globals) {
  for (Term& term : expr.terms) closures_of(term, expr.at, globals);
  for (With& with : expr.with) closures_of(with.value, expr.at, globals);
  if (expr.kind != Expr::Kind::every) return;
  globals.add(outputs_.vars(expr.terms[0], {}));
  globals.add(outputs_.vars(expr.terms[1], {}));
  body(expr.body, globals);
}

void Order::closures_of(Term& term, const Location& at, const VarSet& globals) {
  if (!is_comprehension(term)) {
    for (Term& item : term.items) closures_of(item, at, globals);
    return;
  }
  VarList missing;
  for (const Term& item : term.items) missing.add(outputs_.vars(item, {}));
  missing.remove(outputs_.vars(term.body, kOwnVars));
  missing.remove(globals);
  if (!missing.empty()) unsafe_.push_back({at, std::move(missing)});
  body(term.body, globals);
}

// The name to show; empty for a local of the compiler's own.
std::string shown(const Compilation& c, const std::string& name) {
  const std::string text = written_name(c, name);
  return text.starts_with("__local") ? "" : text;
}

constexpr const char* kUnsafe = "rego_unsafe_var_error";

// Each variable once, where it first stands; expressions, when there are only unnamed ones.
void tell(Compilation& c, const Names& names, std::vector<Unsafe> unsafe) {
  std::sort(unsafe.begin(), unsafe.end(),
            [](const Unsafe& a, const Unsafe& b) { return is_before(a.at, b.at); });
  VarSet told;
  bool any = false;
  for (const Unsafe& one : unsafe) {
    for (const int id : one.vars) {
      if (told.has(id)) continue;
      told.add(id);
      const std::string name = shown(c, names.text(id));
      if (name.empty()) continue;
      any = true;
      c.error(kUnsafe, "var " + name + " is unsafe", one.at);
    }
  }
  if (any) return;
  VarSet seen;
  for (const Unsafe& one : unsafe) {
    if (!one.vars.within(seen)) c.error(kUnsafe, "expression is unsafe", one.at);
    seen.add(one.vars);
  }
}

VarSet arguments_and_roots(const Outputs& outputs, const Rule& branch) {
  VarSet vars = outputs.roots();
  for (const Term& argument : branch.head.arguments) vars.add(outputs.vars(argument, {}));
  return vars;
}

// Variables of a head that its body does not mention.
void check_head(Compilation& c, const Functions& functions, const Rule& branch) {
  Names names;
  const Outputs outputs(names, functions);
  VarList missing;
  each_head_term(branch.head, [&](const Term& term) { missing.add(outputs.vars(term, {})); });
  if (missing.empty()) return;
  missing.remove(arguments_and_roots(outputs, branch));
  missing.remove(outputs.vars(branch.body, kOwnVars));
  for (const int id : missing) {
    const std::string name = shown(c, names.text(id));
    if (!name.empty()) c.error(kUnsafe, "var " + name + " is unsafe", branch.at);
  }
}

void order_body(Compilation& c, const Outputs& outputs, Body& body, const VarSet& globals) {
  Order order(outputs);
  order.body(body, globals);
  if (!order.unsafe().empty()) tell(c, outputs.names(), order.unsafe());
}

// In rules, x == y binds nothing but is the same as x = y once the order is found.
void rewrite_equals(Body& body) {
  visit_exprs(body, [](Expr& expr) {
    if (expr.terms.size() == 3 && expr.is_call("equal")) {
      expr.terms[0] = function_ref("eq", expr.terms[0].at);
    }
    return true;
  });
}

}  // namespace

bool order_bodies(Compilation& c) {
  const std::size_t before = c.errors.size();
  const Functions functions(c);
  each_rule(c.modules, [&](const Rule& branch) { check_head(c, functions, branch); });
  if (c.errors.size() > before) return false;
  each_rule(c.modules, [&](Rule& branch) {
    Names names;
    const Outputs outputs(names, functions);
    order_body(c, outputs, branch.body, arguments_and_roots(outputs, branch));
  });
  if (c.errors.size() > before) return false;
  for (NamedQuery& query : c.queries) {
    Names names;
    const Outputs outputs(names, functions);
    order_body(c, outputs, query.body, outputs.roots());
  }
  if (c.errors.size() > before) return false;
  each_rule(c.modules, [&](Rule& branch) {
    Names names;
    const Outputs outputs(names, functions);
    rewrite_equals(branch.body);
    rewrite_dynamics(c, outputs, branch.body, arguments_and_roots(outputs, branch));
  });
  for (NamedQuery& query : c.queries) {
    Names names;
    const Outputs outputs(names, functions);
    rewrite_dynamics(c, outputs, query.body, outputs.roots());
  }
  return c.errors.size() == before;
}

}  // namespace mc::rego
