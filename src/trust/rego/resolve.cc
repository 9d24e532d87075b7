// Names to full refs: imports and the rules of the package. A name that a body declares, or an
// argument, is not resolved. `input` and `data` alone become refs, as everything below them is.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "rego/compiler.h"
#include "rego/walk.h"

namespace mc::rego {

namespace {

using Kind = Term::Kind;
using NameSet = std::set<std::string>;

struct Global {
  Term ref;
  bool used = false;
};
using Globals = std::unordered_map<std::string, Global>;

std::string import_name(const Import& import) {
  if (!import.alias.empty() || import.path.items.empty()) return import.alias;
  return import.path.items.back().text;
}

std::string import_text(const Import& import) {
  const std::string text = "import " + to_text(import.path);
  return import.alias.empty() ? text : text + " as " + import.alias;
}

// `import future.keywords` and `import rego.v1` name no document.
bool names_document(const Import& import) {
  return !import.path.items.empty() && !import.path.items[0].is_var("future") &&
         !import.path.items[0].is_var("rego");
}

void add_vars(NameSet& names, const Term& term) {
  auto add = [&](const Term& var) { names.insert(var.text); };
  each_var(term, {}, add);
}

// The variables that `body` declares by := or some, without those of comprehensions in it.
NameSet declared_vars(const Body& body) {
  NameSet names;
  auto on_term = [](const Term& term) { return !is_comprehension(term); };
  auto on_expr = [&](const Expr& expr) {
    if (expr.is_call("assign") && expr.terms.size() == 3) add_vars(names, expr.terms[1]);
    if (expr.kind != Expr::Kind::some) return true;
    for (const Term& term : expr.terms) {
      if (is_var(term)) names.insert(term.text);
      if (term.kind != Kind::call) continue;
      for (std::size_t i = 1; i + 1 < term.items.size(); ++i) add_vars(names, term.items[i]);
    }
    return true;
  };
  visit(body, on_expr, on_term);
  return names;
}

class Resolver {
 public:
  explicit Resolver(Globals& globals) : globals_(globals) {}

  void rule(Rule& rule) {
    NameSet arguments;
    for (const Term& argument : rule.head.arguments) collect_argument(arguments, argument);
    scopes_.push_back(std::move(arguments));
    scopes_.push_back(declared_vars(rule.body));
    for (std::size_t i = 1; i < rule.head.ref.items.size(); ++i) term(rule.head.ref.items[i]);
    if (rule.head.key) term(*rule.head.key);
    if (rule.head.value) term(*rule.head.value);
    body(rule.body);
    scopes_.clear();
  }

  void query(Body& query) {
    scopes_.push_back(declared_vars(query));
    body(query);
    scopes_.clear();
  }

 private:
  // Variables an argument may bind: not the keys of objects, nothing below sets and closures.
  void collect_argument(NameSet& names, const Term& argument) {
    const VarWalk walk{.skip_object_keys = true, .skip_closures = true, .skip_sets = true};
    auto add = [&](const Term& var) { names.insert(var.text); };
    each_var(argument, walk, add);
  }

  Global* find(const std::string& name) {
    const auto at = globals_.find(name);
    if (at == globals_.end()) return nullptr;
    for (const NameSet& scope : scopes_) {
      if (scope.contains(name)) return nullptr;
    }
    at->second.used = true;
    return &at->second;
  }

  static Term placed(const Term& ref, const Location& at) {
    Term copy = ref;
    copy.at = at;
    for (Term& item : copy.items) item.at = at;
    return copy;
  }

  void body(Body& body) {
    for (Expr& one : body) expr(one);
  }

  void expr(Expr& expr) {
    if (expr.kind == Expr::Kind::every) {
      NameSet locals;
      add_vars(locals, expr.terms[0]);
      add_vars(locals, expr.terms[1]);
      scopes_.push_back(std::move(locals));
      term(expr.terms[2]);
      body(expr.body);
      scopes_.pop_back();
    } else {
      for (Term& one : expr.terms) {
        // `some x` declares x; it is no mention of what else is called so.
        if (expr.kind != Expr::Kind::some || one.kind == Kind::call) term(one);
      }
    }
    for (With& with : expr.with) {
      term(with.target);
      term(with.value);
    }
  }

  void term(Term& term) {
    switch (term.kind) {
      case Kind::var:
        if (const Global* const global = find(term.text)) {
          term = placed(global->ref, term.at);
        } else if (term.text == "input" || term.text == "data") {
          const Location at = term.at;
          term = make_ref({make_var(std::move(term.text), at)}, at);
        }
        return;
      case Kind::ref:
        return ref(term);
      case Kind::array_comprehension:
      case Kind::set_comprehension:
      case Kind::object_comprehension:
        scopes_.push_back(declared_vars(term.body));
        for (Term& item : term.items) this->term(item);
        body(term.body);
        scopes_.pop_back();
        return;
      default:
        for (Term& item : term.items) this->term(item);
    }
  }

  void ref(Term& ref) {
    std::vector<Term> items;
    items.reserve(ref.items.size());
    for (std::size_t i = 0; i < ref.items.size(); ++i) {
      Term& item = ref.items[i];
      const Global* const global = is_var(item) ? find(item.text) : nullptr;
      if (global && i == 0) {
        items = placed(global->ref, item.at).items;
      } else if (global) {
        items.push_back(placed(global->ref, item.at));
      } else {
        if (i > 0 || !is_var(item)) term(item);
        items.push_back(std::move(item));
      }
    }
    ref.items = std::move(items);
  }

  Globals& globals_;
  std::vector<NameSet> scopes_;
};

// An `else` branch answers for the same name and arguments as its rule.
void share_heads(Rule& rule) {
  each_branch(rule, [&](Rule& branch) {
    if (&branch == &rule) return;
    branch.head.ref = rule.head.ref;
    branch.head.arguments = rule.head.arguments;
    branch.head.kind = rule.head.kind;
    branch.head.key = rule.head.key;
  });
}

// False, with the error told, when an argument is named `input` or `data`.
bool check_arguments(Compilation& c, const Rule& rule) {
  const Term* root = nullptr;
  for (const Term& argument : rule.head.arguments) {
    visit_terms(argument, [&](const Term& term) {
      if (term.kind == Kind::set || term.kind == Kind::call || is_comprehension(term)) return false;
      const bool bare = is_var(term) && (term.text == "input" || term.text == "data");
      if ((bare || is_root(term)) && root == nullptr) root = &term;
      return term.kind != Kind::ref;
    });
  }
  if (root == nullptr) return true;
  const std::string& name = is_var(*root) ? root->text : root->items[0].text;
  c.error("rego_compile_error", "args must not shadow " + name + " (use a different variable name)",
          rule.at);
  return false;
}

void resolve_module(Compilation& c, Module& module, const std::vector<std::string>& exports) {
  Globals globals;
  for (const std::string& name : exports) {
    Term ref = module.package;
    ref.items.push_back(make_string(name, module.package_at));
    globals[name] = {std::move(ref)};
  }
  for (const Import& import : module.imports) {
    if (names_document(import)) globals[import_name(import)] = {import.path};
  }
  for (Rule& rule : module.rules) {
    share_heads(rule);
    each_branch(rule, [&](Rule& branch) {
      if (check_arguments(c, branch)) Resolver(globals).rule(branch);
    });
  }
  if (!c.options.strict) return;
  for (const Import& import : module.imports) {
    if (names_document(import) && !globals[import_name(import)].used) {
      c.error("rego_compile_error", import_text(import) + " unused", import.at);
    }
  }
}

// Rules and variables named `input` or `data`.
void check_roots(Compilation& c, const Module& module) {
  for (const Rule& rule : module.rules) {
    if (rule.head.ref.items.empty()) continue;
    const std::string& name = rule.head.ref.items[0].text;
    if (name == "input" || name == "data") {
      c.error("rego_compile_error",
              "rules must not shadow " + name + " (use a different rule name)", rule.at);
    }
  }
  const auto check_assignment = [&](const Expr& expr) {
    if (expr.is_call("assign") && expr.terms.size() > 1 && is_root(expr.terms[1])) {
      c.error("rego_compile_error",
              "variables must not shadow " + expr.terms[1].items[0].text +
                  " (use a different variable name)",
              expr.at);
    }
    return true;
  };
  for (const Rule& rule : module.rules) {
    each_branch(rule, [&](const Rule& branch) {
      each_head_term(branch.head, [&](const Term& term) { visit_exprs(term, check_assignment); });
      visit_exprs(branch.body, check_assignment);
    });
  }
}

void check_imports(Compilation& c, const Module& module) {
  std::unordered_map<std::string, const Import*> seen;
  for (const Import& import : module.imports) {
    const auto [at, added] = seen.try_emplace(import_name(import), &import);
    if (!added) {
      c.error("rego_compile_error", "import must not shadow " + import_text(*at->second),
              import.at);
    }
  }
}

}  // namespace

bool resolve_names(Compilation& c) {
  const std::size_t before = c.errors.size();
  std::unordered_map<std::string, std::vector<std::string>> exports;  // by package
  for (const Module& module : c.modules) {
    std::vector<std::string>& names = exports[to_text(module.package)];
    for (const Rule& rule : module.rules) {
      if (!rule.head.ref.items.empty()) names.push_back(rule.head.ref.items[0].text);
    }
  }
  for (auto& [package, names] : exports) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }
  for (Module& module : c.modules) resolve_module(c, module, exports[to_text(module.package)]);
  if (c.errors.size() > before) return false;
  for (const Module& module : c.modules) check_roots(c, module);
  if (c.errors.size() > before) return false;
  for (const Module& module : c.modules) check_imports(c, module);
  Globals none;
  for (NamedQuery& query : c.queries) Resolver(none).query(query.body);
  return c.errors.size() == before;
}

}  // namespace mc::rego
