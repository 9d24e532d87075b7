#include "rego/outputs.h"

#include <algorithm>
#include <map>
#include <set>

namespace mc::rego {

using Kind = Term::Kind;

Functions::Functions(const Compilation& compilation)
    : compilation_(compilation), tree_(make_rule_tree(compilation.modules)) {}

const builtin::Builtin* Functions::find_builtin(std::string_view name) const {
  for (const builtin::Builtin& more : compilation_.options.capabilities.more) {
    if (more.name == name) return &more;
  }
  return builtin::find_builtin(name);
}

std::vector<std::string> path_of(const Term& ref) {
  std::vector<std::string> path;
  if (ref.kind != Kind::ref || ref.items.empty() || ref.items[0].kind != Kind::var) return path;
  for (std::size_t i = 0; i < ref.items.size(); ++i) {
    if (i > 0 && ref.items[i].kind != Kind::string) return {};
    path.push_back(ref.items[i].text);
  }
  return path;
}

std::string dotted(const Term& ref) {
  std::string name;
  for (const std::string& part : path_of(ref)) {
    if (!name.empty()) name += '.';
    name += part;
  }
  return name;
}

std::string written_name(const Compilation& c, const std::string& name) {
  const auto at = c.written_names.find(name);
  const std::string& text = at == c.written_names.end() ? name : at->second;
  return is_wildcard(text) ? "_" : text;
}

std::string written_text(const Compilation& c, Term term) {
  visit_terms(term, [&](Term& part) {
    if (is_var(part)) part.text = written_name(c, part.text);
    return true;
  });
  return to_text(term);
}

int Functions::arity(const Term& ref) const {
  if (ref.kind != Kind::ref) return kUnknown;
  std::string key;
  for (const Term& item : ref.items) {
    key += item.text;
    key += item.kind == Kind::string ? '\0' : '\1';
  }
  const auto [at, added] = known_.try_emplace(std::move(key), kUnknown);
  if (!added) return at->second;
  const std::vector<std::string> path = path_of(ref);
  if (path.empty()) return kUnknown;
  if (const builtin::Builtin* const found = find_builtin(dotted(ref))) {
    const int count = builtin::operand_count(*found);
    at->second = count < 0 ? kAnyNumber : count;
  } else if (const RuleTree* const node = tree_.find(path); node && !node->rules.empty()) {
    at->second = static_cast<int>(node->rules[0]->head.arguments.size());
  }
  return at->second;
}

namespace {

// Finds the variables that a unification binds: as the language has it, those on one side whose
// counterpart on the other is known.
class Unifier {
 public:
  // Bound are `safe` and `found`.
  Unifier(const Outputs& outputs, const VarSet& safe, const VarList& found)
      : outputs_(outputs), safe_(safe), found_(found) {}

  void unify(const Term& a, const Term& b) {
    switch (a.kind) {
      case Kind::var:
        return unify_var(id(a), b);
      case Kind::ref:
      case Kind::call:
        if (b.kind == Kind::var || b.kind == Kind::array || b.kind == Kind::object) {
          if (known(a)) mark_all(b);
        }
        return;
      case Kind::array_comprehension:
        if (b.kind == Kind::var || b.kind == Kind::array) mark_all(b);
        return;
      case Kind::object_comprehension:
        if (b.kind == Kind::var || b.kind == Kind::object) mark_all(b);
        return;
      case Kind::array:
      case Kind::object:
        return unify_pattern(a, b);
      default:
        if (b.kind == Kind::var) mark(id(b));
    }
  }
  VarList unified() const { return VarList::of({unified_.begin(), unified_.end()}); }

 private:
  static constexpr VarWalk kPattern{
      .skip_ref_heads = true, .skip_object_keys = true, .skip_closures = true};

  int id(const Term& var) const { return outputs_.names().id(var.text); }
  bool is_bound(int var) const { return safe_.has(var) || found_.has(var); }
  bool is_safe(int var) const { return is_bound(var) || unified_.contains(var); }
  // A ref whose head, a call whose operands are bound.
  bool known(const Term& term) const {
    const VarList needed = outputs_.vars(term.kind == Kind::ref ? term.items[0] : term, kOwnVars);
    return std::all_of(needed.begin(), needed.end(), [&](int var) { return is_bound(var); });
  }

  void unify_var(int a, const Term& b) {
    switch (b.kind) {
      case Kind::var: {
        const int other = id(b);
        if (is_safe(other)) {
          mark(a);
        } else if (is_safe(a)) {
          mark(other);
        } else {
          wait(a, other);
          wait(other, a);
        }
        return;
      }
      case Kind::array:
      case Kind::object:
        return unify_whole(a, b);
      case Kind::ref:
      case Kind::call:
        if (known(b)) mark(a);
        return;
      default:
        mark(a);
    }
  }

  void unify_pattern(const Term& a, const Term& b) {
    if (b.kind == Kind::var) return unify_whole(id(b), a);
    if (b.kind == Kind::ref || b.kind == Kind::call) {
      if (known(b)) mark_all(a);
      return;
    }
    if (is_comprehension(b)) {
      if (a.kind == Kind::array) mark_all(a);
      return;
    }
    if (b.kind != a.kind || a.items.size() != b.items.size()) return;
    if (a.kind == Kind::array) {
      for (std::size_t i = 0; i < a.items.size(); ++i) unify(a.items[i], b.items[i]);
      return;
    }
    std::map<std::string, const Term*> values;
    for (std::size_t i = 0; i + 1 < b.items.size(); i += 2) {
      values.emplace(to_text(b.items[i]), &b.items[i + 1]);
    }
    for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
      const auto value = values.find(to_text(a.items[i]));
      if (value != values.end()) unify(a.items[i + 1], *value->second);
    }
  }

  // A variable against a whole pattern: each side waits for the other.
  void unify_whole(int a, const Term& pattern) {
    if (is_safe(a)) return mark_all(pattern);
    bool waits = false;
    for (const int var : outputs_.vars(pattern, kPattern)) {
      if (is_safe(var)) continue;
      wait(a, var);
      waits = true;
    }
    if (!waits) mark(a);
  }
  void wait(int var, int for_var) {
    waits_[var].insert(for_var);
    awaited_[for_var].push_back(var);
  }

  void mark_all(const Term& pattern) {
    for (const int var : outputs_.vars(pattern, kPattern)) mark(var);
  }

  // Marks a variable bound, and those that follow from it.
  void mark(int first) {
    std::vector<int> todo{first};
    while (!todo.empty()) {
      const int var = todo.back();
      todo.pop_back();
      unified_.insert(var);
      if (const auto own = waits_.find(var); own != waits_.end()) {
        todo.insert(todo.end(), own->second.begin(), own->second.end());
        waits_.erase(own);
      }
      const auto followers = awaited_.find(var);
      if (followers == awaited_.end()) continue;
      for (const int follower : followers->second) {
        const auto at = waits_.find(follower);
        if (at == waits_.end() || at->second.erase(var) == 0 || !at->second.empty()) continue;
        waits_.erase(at);
        todo.push_back(follower);
      }
      awaited_.erase(followers);
    }
  }

  const Outputs& outputs_;
  const VarSet& safe_;
  const VarList& found_;
  std::set<int> unified_;
  std::map<int, std::set<int>> waits_;       // what a variable waits for
  std::map<int, std::vector<int>> awaited_;  // the other way round
};

}  // namespace

// The operands of refs whose head is bound: a ref finds their values by itself.
template <class Node>
VarList Outputs::of_refs(const Node& node, const VarSet& safe) const {
  std::vector<int> found;
  visit_terms(node, [&](const Term& term) {
    if (is_comprehension(term)) return false;
    if (term.kind == Kind::ref && !term.items.empty()) {
      const Term& head = term.items[0];
      const bool bound =
          is_var(head) ? safe.has(names_.id(head.text)) : vars(head, kOwnVars).within(safe);
      if (!bound) return false;
      auto add = [&](const Term& var) { found.push_back(names_.id(var.text)); };
      each_operand_var(term, {.skip_ref_heads = true}, add);
    }
    return true;
  });
  return VarList::of(std::move(found));
}

VarList Outputs::of(const Expr& expr, const VarSet& safe) const {
  if (expr.negated) return {};
  for (const With& with : expr.with) {
    bool bound = true;
    auto check = [&](const Term& var) { bound = bound && safe.has(names_.id(var.text)); };
    each_with_var(with, kOwnVars, check);
    if (!bound) return {};
  }
  switch (expr.kind) {
    case Expr::Kind::every:
      return of_refs(expr.terms[2], safe);
    case Expr::Kind::call:
      return of_call(expr, safe);
    default:
      return of_refs(expr, safe);
  }
}

VarList Outputs::of_call(const Expr& expr, const VarSet& safe) const {
  VarList found = of_refs(expr, safe);
  if (expr.is_call("eq")) {
    if (expr.terms.size() != 3) return {};
    Unifier unifier(*this, safe, found);
    unifier.unify(expr.terms[1], expr.terms[2]);
    VarList outputs = unifier.unified();
    outputs.add(found);
    outputs.remove(safe);
    return outputs;
  }
  const int arity = functions_.arity(expr.terms[0]);
  if (arity == Functions::kUnknown) return {};
  const std::size_t inputs =
      arity == Functions::kAnyNumber ? expr.terms.size() : static_cast<std::size_t>(arity) + 1;
  if (inputs >= expr.terms.size()) return found;
  const VarWalk walk{
      .skip_ref_heads = true, .skip_object_keys = true, .skip_closures = true, .skip_sets = true};
  for (std::size_t i = 1; i < inputs; ++i) {
    VarList needed = vars(expr.terms[i], walk);
    needed.remove(found);
    if (!needed.within(safe)) return {};
  }
  for (std::size_t i = inputs; i < expr.terms.size(); ++i) found.add(vars(expr.terms[i], walk));
  return found;
}

VarSet Outputs::after(const Body& body, VarSet safe) const {
  for (const Expr& expr : body) safe.add(of(expr, safe));
  return safe;
}

VarSet Outputs::roots() const {
  VarSet roots;
  roots.add(names_.id("input"));
  roots.add(names_.id("data"));
  return roots;
}

}  // namespace mc::rego
