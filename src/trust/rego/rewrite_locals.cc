// Declared variables (:=, some, every, arguments) get names of their own, so that scopes no longer
// matter; := becomes =, `some` of variables goes. Told here: a variable declared twice in a scope,
// or after it was used, or never used.
#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "rego/compiler.h"
#include "rego/outputs.h"
#include "rego/walk.h"

namespace mc::rego {

namespace {

using Kind = Term::Kind;
using NameSet = std::set<std::string>;

enum class Occurrence : std::uint8_t { none, argument, seen, assigned, declared };

struct Local {
  std::string name;  // the new one; the old one when it is only seen
  Occurrence occurrence = Occurrence::none;
  int count = 0;
  Location at;
};
using Scope = std::unordered_map<std::string, Local>;

void add_vars(NameSet& names, const Term& term) {
  auto add = [&](const Term& var) { names.insert(var.text); };
  each_var(term, {}, add);
}

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return "number";
    case Kind::string:
      return "string";
    case Kind::var:
      return "var";
    case Kind::ref:
      return "ref";
    case Kind::array:
      return "array";
    case Kind::set:
      return "set";
    case Kind::object:
      return "object";
    case Kind::array_comprehension:
      return "arraycomprehension";
    case Kind::set_comprehension:
      return "setcomprehension";
    case Kind::object_comprehension:
      return "objectcomprehension";
    case Kind::call:
      return "call";
    case Kind::template_string:
      return "templatestring";
  }
  return "";
}

class Rewriter {
 public:
  explicit Rewriter(Compilation& c, Names& names, const Functions& functions)
      : c_(c), outputs_(names, functions) {}

  void rule(Rule& rule);
  void query(Body& query) {
    start({});
    body(query, {});
  }

 private:
  void start(const Scope& arguments) {
    scopes_.assign(1, arguments);
    errors_before_ = c_.errors.size();
  }
  void error(std::string message, const Location& at) {
    c_.error("rego_compile_error", std::move(message), at);
  }

  Local* find(const std::string& name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto at = scope->find(name); at != scope->end()) return &at->second;
    }
    return nullptr;
  }
  void see(const std::string& name) {
    if (Local* const local = find(name)) ++local->count;
  }
  // A new name for `name` in the innermost scope; empty, with the error, when it cannot have one.
  std::string declare(const std::string& name, Occurrence occurrence, const Location& at);
  void declare_in_place(Term& var, Occurrence occurrence, const Location& at) {
    std::string name = declare(var.text, occurrence, at);
    if (!name.empty()) var.text = std::move(name);
  }

  void argument(Term& term);
  void head_closures(Term& term);
  void branch(Rule& branch, const Scope& arguments, NameSet& unused_arguments);
  void rename_in_head(Term& term);

  void body(Body& body, const NameSet& used);
  bool expr(Expr& expr);  // false: it only declared
  bool some(Expr& expr);
  void every(Expr& expr);
  void assignment(Expr& expr);
  void assignee(Term& term);
  void term(Term& term);
  void call(Term& term);
  void comprehension(Term& term);
  void with(With& with);
  void check_unused(const Location& at, const NameSet& used, const Body& body);

  Compilation& c_;
  Outputs outputs_;
  std::vector<Scope> scopes_;
  std::size_t errors_before_ = 0;
};

std::string Rewriter::declare(const std::string& name, Occurrence occurrence, const Location& at) {
  const auto shown = [&] { return is_wildcard(name) ? std::string("_") : name; };
  const auto found = scopes_.back().find(name);
  if (found != scopes_.back().end()) {
    switch (found->second.occurrence) {
      case Occurrence::seen:
        error("var " + shown() + " referenced above", at);
        return "";
      case Occurrence::assigned:
        error("var " + shown() + " assigned above", at);
        return "";
      case Occurrence::declared:
        error("var " + shown() + " declared above", at);
        return "";
      case Occurrence::argument:
        error("arg " + shown() + " redeclared", at);
        return "";
      case Occurrence::none:
        break;
    }
  }
  std::string fresh = c_.new_local();
  scopes_.back()[name] = {fresh, occurrence, 1, at};
  c_.written_names[fresh] = name;
  return fresh;
}

void Rewriter::argument(Term& term) {
  switch (term.kind) {
    case Kind::var:
      if (const Local* const local = find(term.text)) {
        see(term.text);
        term.text = local->name;
      } else {
        declare_in_place(term, Occurrence::argument, term.at);
      }
      return;
    case Kind::object:
      for (std::size_t i = 1; i < term.items.size(); i += 2) argument(term.items[i]);
      return;
    case Kind::array:
      for (Term& item : term.items) argument(item);
      return;
    case Kind::ref:
      for (std::size_t i = 0; i < term.items.size(); ++i) {
        const bool root = i == 0 && (term.items[0].is_var("input") || term.items[0].is_var("data"));
        if (!root) argument(term.items[i]);
      }
      return;
    case Kind::call:
      return error("rule arguments cannot contain calls", term.at);
    default:
      return;
  }
}

void Rewriter::rule(Rule& rule) {
  start({});
  NameSet unused_arguments;
  if (c_.options.strict) {
    for (const Term& term : rule.head.arguments) add_vars(unused_arguments, term);
  }
  for (Term& term : rule.head.arguments) argument(term);
  const Scope arguments = scopes_[0];
  each_branch(rule, [&](Rule& one) {
    if (&one != &rule) one.head.arguments = rule.head.arguments;
    branch(one, arguments, unused_arguments);
  });
  for (const std::string& name : unused_arguments) {
    if (is_wildcard(name)) continue;
    error("unused argument " + name + ". (hint: use _ (wildcard variable) instead)", rule.head.at);
  }
}

// Comprehensions in a head come first, in scopes of their own; then the body, then the names the
// body declared are used in the head.
void Rewriter::branch(Rule& branch, const Scope& arguments, NameSet& unused_arguments) {
  start({});
  each_head_term(branch.head, [&](Term& term) { head_closures(term); });
  NameSet used;
  Head& head = branch.head;
  for (std::size_t i = 1; i < head.ref.items.size(); ++i) add_vars(used, head.ref.items[i]);
  if (head.key) add_vars(used, *head.key);
  if (head.value) {
    NameSet in_value;
    add_vars(in_value, *head.value);
    for (const std::string& name : in_value) unused_arguments.erase(name);
    used.merge(in_value);
  }
  scopes_.assign(1, arguments);
  body(branch.body, used);
  each_head_term(head, [&](Term& term) { rename_in_head(term); });
  for (auto at = unused_arguments.begin(); at != unused_arguments.end();) {
    const Local* const local = find(*at);
    at = local && local->count > 1 ? unused_arguments.erase(at) : std::next(at);
  }
}

void Rewriter::head_closures(Term& term) {
  if (is_comprehension(term)) {
    scopes_.assign(1, {});
    return comprehension(term);
  }
  for (Term& item : term.items) head_closures(item);
}

void Rewriter::rename_in_head(Term& term) {
  const auto rename = [&](Term& var) {
    if (is_var(var)) {
      if (const auto at = scopes_[0].find(var.text); at != scopes_[0].end()) {
        var.text = at->second.name;
      }
    }
    return true;
  };
  visit_terms(term, rename);
}

void Rewriter::body(Body& body, const NameSet& used) {
  const Location at = body.empty() ? Location{} : body[0].at;
  Body kept;
  kept.reserve(body.size());
  for (Expr& one : body) {
    if (expr(one)) kept.push_back(std::move(one));
  }
  body = std::move(kept);
  check_unused(at, used, body);
  if (body.empty() && at.row > 0) {
    Expr always;
    always.at = at;
    always.generated = true;
    always.terms.push_back(make_boolean(true, at));
    body.push_back(std::move(always));
  }
}

bool Rewriter::expr(Expr& expr) {
  if (expr.kind == Expr::Kind::some) return some(expr);
  if (expr.kind == Expr::Kind::every) {
    every(expr);
  } else if (expr.is_call("assign")) {
    assignment(expr);
    return true;
  } else {
    for (Term& one : expr.terms) term(one);
  }
  for (With& one : expr.with) with(one);
  return true;
}

// `some k, v in xs` is v = xs[k], with what k and v newly mention declared.
bool Rewriter::some(Expr& expr) {
  if (expr.terms.empty() || expr.terms[0].kind != Kind::call) {
    for (Term& var : expr.terms) {
      if (is_var(var) && declare(var.text, Occurrence::declared, expr.at).empty()) break;
    }
    return false;
  }
  Term member = std::move(expr.terms[0]);
  std::vector<Term>& operands = member.items;  // the function, key or not, value, collection
  if (operands.size() < 3) return false;
  Term collection = std::move(operands.back());
  Term value = std::move(operands[operands.size() - 2]);
  Term key = operands.size() > 3 ? std::move(operands[1]) : make_var(c_.new_local(), member.at);
  NameSet safe_names;
  add_vars(safe_names, collection);
  Term element;
  if (collection.kind == Kind::ref) {
    element = std::move(collection);
  } else {
    element = make_ref({}, member.at);
    element.items.push_back(std::move(collection));
  }
  element.items.push_back(std::move(key));
  expr.kind = Expr::Kind::call;
  expr.terms.clear();
  expr.terms.push_back(function_ref("eq", expr.at));
  expr.terms.push_back(std::move(value));
  expr.terms.push_back(std::move(element));

  VarSet safe;
  for (const std::string& name : safe_names) safe.add(outputs_.names().id(name));
  Expr plain = expr;
  plain.negated = false;
  plain.with.clear();
  NameSet fresh;
  for (const int id : outputs_.of(plain, safe)) fresh.insert(outputs_.names().text(id));
  for (const std::string& name : fresh) {
    if (declare(name, Occurrence::declared, expr.at).empty()) return false;
  }
  for (Term& one : expr.terms) term(one);
  for (With& one : expr.with) with(one);
  return true;
}

void Rewriter::every(Expr& expr) {
  term(expr.terms[2]);
  scopes_.emplace_back();
  const Location at = expr.body.empty() ? expr.at : expr.body[0].at;
  for (std::size_t i = 0; i < 2; ++i) {
    Term& var = expr.terms[i];
    if (!is_var(var)) {
      var = make_var(c_.new_local(), expr.at);
    } else if (!is_wildcard(var.text)) {
      const std::string name = declare(var.text, Occurrence::declared, expr.at);
      if (name.empty()) break;
      var.text = name;
      // An unused one is told at the body.
      scopes_.back()[c_.written_names[name]].at = at;
    }
  }
  body(expr.body, {});
  scopes_.pop_back();
}

void Rewriter::assignment(Expr& expr) {
  if (expr.negated) return error("cannot assign vars inside negated expression", expr.at);
  if (expr.terms.size() != 3) return;
  const std::size_t before = c_.errors.size();
  term(expr.terms[2]);
  for (With& one : expr.with) term(one.value);
  const std::size_t scope = scopes_.size() - 1;
  assignee(expr.terms[1]);
  // An unused one is told at the expression.
  const auto place = [&](const Term& var) {
    if (!is_var(var)) return true;
    const auto written = c_.written_names.find(var.text);
    if (written == c_.written_names.end()) return true;
    const auto local = scopes_[scope].find(written->second);
    if (local != scopes_[scope].end() && local->second.name == var.text) {
      local->second.at = expr.at;
    }
    return true;
  };
  visit_terms(expr.terms[1], place);
  if (c_.errors.size() == before) expr.terms[0] = function_ref("eq", expr.terms[0].at);
}

void Rewriter::assignee(Term& term) {
  switch (term.kind) {
    case Kind::var:
      return declare_in_place(term, Occurrence::assigned, term.at);
    case Kind::array:
      for (Term& item : term.items) assignee(item);
      return;
    case Kind::object:
      for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
        this->term(term.items[i]);
        assignee(term.items[i + 1]);
      }
      return;
    case Kind::ref:
      if (is_root(term)) {
        std::string name = declare(term.items[0].text, Occurrence::assigned, term.at);
        if (!name.empty()) term = make_var(std::move(name), term.at);
        return;
      }
      [[fallthrough]];
    default:
      error("cannot assign to " + std::string(kind_text(term.kind)), term.at);
  }
}

void Rewriter::term(Term& term) {
  switch (term.kind) {
    case Kind::var:
      if (const Local* const local = find(term.text)) {
        see(term.text);
        term.text = local->name;
      } else {
        scopes_.back()[term.text] = {term.text, Occurrence::seen, 1, term.at};
      }
      return;
    case Kind::ref:
      if (is_root(term)) {
        const Local* const local = find(term.items[0].text);
        if (local && local->occurrence != Occurrence::seen) {
          term = make_var(local->name, term.at);
        }
        return;
      }
      break;
    case Kind::call:
      call(term);
      break;
    case Kind::array_comprehension:
    case Kind::set_comprehension:
    case Kind::object_comprehension:
      return comprehension(term);
    default:
      break;
  }
  for (Term& item : term.items) this->term(item);
}

// Functions are no values: a local variable cannot be called.
void Rewriter::call(Term& term) {
  bool shadowed = false;
  const std::string function = to_text(term.items[0]);
  visit_terms(term.items[0], [&](const Term& part) {
    const Local* const local = is_var(part) ? find(part.text) : nullptr;
    shadowed = shadowed || (local && local->name != part.text);
    return true;
  });
  if (shadowed) error("called function " + function + " shadowed", term.at);
}

void Rewriter::comprehension(Term& term) {
  NameSet used;
  for (const Term& item : term.items) add_vars(used, item);
  scopes_.emplace_back();
  body(term.body, used);
  for (Term& item : term.items) this->term(item);
  scopes_.pop_back();
}

// `with input.x as y` keeps `input` although a local may be called so.
void Rewriter::with(With& with) {
  std::string root;
  if (with.target.kind == Kind::ref && !with.target.items.empty() &&
      with.target.items[0].is_var("input")) {
    root = "input";
  }
  term(with.target);
  if (!root.empty()) {
    if (is_var(with.target)) {
      with.target = make_ref({make_var(root, with.at)}, with.target.at);
    }
    with.target.items[0].text = root;
  }
  term(with.value);
}

// Once a scope ends: names that were declared, or in strict mode assigned, and nowhere mentioned.
void Rewriter::check_unused(const Location& at, const NameSet& used, const Body& body) {
  if (c_.errors.size() > errors_before_) return;
  NameSet used_names;
  for (const std::string& name : used) {
    const Local* const local = find(name);
    used_names.insert(local ? local->name : name);
  }
  struct Unused {
    std::string text;
    Location at;
  };
  std::map<std::string, Unused> assigned;
  std::map<std::string, Unused> declared;
  for (const auto& [name, local] : scopes_.back()) {
    if (used_names.contains(local.name)) continue;
    const Location& where = local.at.row > 0 ? local.at : at;
    if (local.occurrence == Occurrence::assigned) {
      if (c_.options.strict && !is_wildcard(name) && local.count <= 1) {
        assigned[local.name] = {"assigned var " + name + " unused", where};
      }
    } else if (local.occurrence == Occurrence::declared && !name.starts_with("__local")) {
      declared[local.name] = {
          "declared var " + (is_wildcard(name) ? std::string("_") : name) + " unused", where};
    }
  }
  for (const auto& [name, unused] : assigned) error(unused.text, unused.at);
  if (declared.empty() || !assigned.empty()) return;
  auto mention = [&](const Term& var) { declared.erase(var.text); };
  each_var(body, {}, mention);
  for (const auto& [name, unused] : declared) error(unused.text, unused.at);
}

// A head's ref keeps constants and variables; what else stands in it becomes an eq in the body.
void lift_head_operands(Compilation& c, Rule& rule) {
  for (std::size_t i = 1; i < rule.head.ref.items.size(); ++i) {
    Term& item = rule.head.ref.items[i];
    if (is_var(item) || is_scalar(item)) continue;
    Term local = make_var(c.new_local(), item.at);
    Expr eq;
    eq.kind = Expr::Kind::call;
    eq.generated = true;
    eq.at = item.at;
    eq.terms.push_back(function_ref("eq", item.at));
    eq.terms.push_back(local);
    eq.terms.push_back(std::move(item));
    item = std::move(local);
    rule.body.push_back(std::move(eq));
  }
}

// Names of new locals start after those that people wrote.
void skip_written_locals(Compilation& c) {
  const auto skip = [&](const Term& term) {
    if (!is_var(term) || !term.text.starts_with("__local")) return true;
    int number = -1;
    const char* const end = term.text.data() + term.text.size();
    const auto parsed = std::from_chars(term.text.data() + 7, end, number);
    if (parsed.ec == std::errc() && number < (1 << 30)) {
      c.next_local = std::max(c.next_local, number + 1);
    }
    return true;
  };
  each_rule(c.modules, [&](const Rule& rule) {
    each_head_term(rule.head, [&](const Term& term) { visit_terms(term, skip); });
    visit_terms(rule.body, skip);
  });
  for (const NamedQuery& query : c.queries) visit_terms(query.body, skip);
}

}  // namespace

bool rewrite_locals(Compilation& c) {
  const std::size_t before = c.errors.size();
  skip_written_locals(c);
  const Functions functions(c);
  for (Module& module : c.modules) {
    for (Rule& rule : module.rules) {
      lift_head_operands(c, rule);
      Names names;
      Rewriter(c, names, functions).rule(rule);
    }
  }
  for (NamedQuery& query : c.queries) {
    Names names;
    Rewriter(c, names, functions).query(query.body);
  }
  return c.errors.size() == before;
}

}  // namespace mc::rego
