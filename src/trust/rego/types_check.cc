#include "rego/types_check.h"

#include <algorithm>
#include <utility>

#include "builtin/builtin.h"
#include "rego/walk.h"

namespace mc::rego::types {

namespace {

// Comprehensions are looked at again when the types around them are known better, but not in every
// one of them that stands in another: that would double the work with each level.
constexpr int kFreshNestingMax = 4;

}  // namespace

Checker::Checker(Compilation& compilation) : compilation_(compilation) {
  for (const builtin::Builtin& more : compilation.options.capabilities.more) {
    builtins_[std::string(more.name)] = signature_type(more);
  }
}

Diagnostic Checker::error(const Location& at, std::string message) const {
  const bool placed = at.row > 0 && at.file < compilation_.files.size();
  return {"rego_type_error", std::move(message), placed ? compilation_.files[at.file] : "", at};
}

// A signature that cannot be read leaves the function unchecked.
TypePtr Checker::signature_type(const builtin::Builtin& builtin) {
  Result<TypePtr> parsed = parse_signature(builtin.signature);
  if (!parsed || !is_function(*parsed)) return any();
  Type named = **parsed;
  std::string& result = named.names[named.items.size()];
  if (result.empty()) result = result_name(builtin.name);
  return function(std::move(named));
}

TypePtr Checker::builtin_type(const std::string& name) {
  const auto [at, added] = builtins_.try_emplace(name, nullptr);
  if (!added) return at->second;
  const builtin::Builtin* const found = builtin::find_builtin(name);
  if (found != nullptr) at->second = signature_type(*found);
  return at->second;
}

std::optional<Checker::Call> Checker::call_of(const Expr& expr) {
  const std::vector<Term>* terms = nullptr;
  if (expr.kind == Expr::Kind::call) {
    terms = &expr.terms;
  } else if (expr.kind == Expr::Kind::term && expr.terms[0].kind == Term::Kind::call) {
    terms = &expr.terms[0].items;
  }
  if (terms == nullptr || terms->empty()) return std::nullopt;
  Call call{&terms->front(), {}};
  for (std::size_t i = 1; i < terms->size(); ++i) call.operands.push_back(&(*terms)[i]);
  return call;
}

std::vector<TypePtr> Checker::types_of(const std::vector<const Term*>& terms, const Scope& scope) {
  std::vector<TypePtr> found;
  for (const Term* term : terms) found.push_back(type_of(*term, scope));
  return found;
}

namespace {

std::string call_message(const Term& function, std::string_view what,
                         const std::vector<TypePtr>& have, std::string_view want) {
  return to_text(function) + ": " + std::string(what) + "\n\thave: " + list_text(have) +
         "\n\twant: " + std::string(want);
}

bool has_unknown(const std::vector<TypePtr>& types) {
  return std::any_of(types.begin(), types.end(), is_unknown);
}

}  // namespace

std::optional<Checker::Finding> Checker::check_eq(const Expr& expr, const Call& call,
                                                  Scope& scope) {
  const Term &left = *call.operands[0], &right = *call.operands[1];
  const TypePtr left_type = type_of(left, scope), right_type = type_of(right, scope);
  if (unify(left, right, scope)) return std::nullopt;
  return Finding{error(expr.at, "match error\n\tleft  : " + to_text(left_type) +
                                    "\n\tright : " + to_text(right_type)),
                 is_unknown(left_type) || is_unknown(right_type)};
}

std::optional<Checker::Finding> Checker::check_call(const Expr& expr, const Call& call,
                                                    Scope& scope) {
  const TypePtr type = type_of(*call.function, scope);
  if (type && type->kind == Type::Kind::any) return std::nullopt;  // a function with an error
  if (!is_function(type)) {
    return Finding{error(expr.at, "undefined function " + to_text(*call.function)), false};
  }
  const auto wrong = [&](std::string_view what) {
    const std::vector<TypePtr> have = types_of(call.operands, scope);
    return Finding{error(expr.at, call_message(*call.function, what, have,
                                               operands_text(*type, Shown::with_result))),
                   has_unknown(have)};
  };
  const std::size_t fixed = type->items.size(), all = fixed + (type->rest ? 1 : 0);
  if (call.operands.size() > all && !type->variadic) return wrong("too many arguments");
  if (call.operands.size() < fixed) return wrong("too few arguments");
  for (std::size_t i = 0; i < call.operands.size(); ++i) {
    const TypePtr& wanted = i < fixed ? type->items[i] : i < all ? type->rest : type->variadic;
    if (!fit(*call.operands[i], wanted, scope, Join::no)) return wrong("invalid argument(s)");
  }
  return std::nullopt;
}

// Functions may be replaced by functions of the same number of operands that take the same.
std::optional<Checker::Finding> Checker::check_with(const Expr& expr, Scope& scope) {
  for (const With& with : expr.with) {
    const TypePtr target = type_of(with.target, scope);
    if (!is_function(target)) continue;
    const TypePtr value = type_of(with.value, scope);
    if (!is_function(value) || fits(target, value)) continue;
    return Finding{error(with.at, call_message(with.target, "arity mismatch", value->items,
                                               operands_text(*target, Shown::operands))),
                   has_unknown(value->items)};
  }
  return std::nullopt;
}

std::optional<Checker::Finding> Checker::check_expr(const Expr& expr, Scope& scope) {
  if (std::optional<Finding> found = check_with(expr, scope)) return found;
  const std::optional<Call> call = call_of(expr);
  if (!call) return std::nullopt;
  // x == y is checked as x = y is.
  const std::string name = ref_text(*call->function);
  if ((name == "eq" || name == "equal") && call->operands.size() == 2) {
    return check_eq(expr, *call, scope);
  }
  return check_call(expr, *call, scope);
}

TypePtr Checker::check_comprehension(const Term& term, const Scope& scope, Errors& errors) {
  if (nesting_ > kFreshNestingMax) {
    const auto known = comprehensions_.find(&term);
    if (known != comprehensions_.end()) return known->second;
  }
  ++nesting_;
  Scope inner(&scope);
  const std::size_t before = errors.size();
  check_body(term.body, inner, errors);
  TypePtr type;
  if (errors.size() == before) {
    const TypePtr first = type_of(term.items[0], inner);
    if (term.kind == Term::Kind::array_comprehension) {
      type = array({}, first);
    } else if (term.kind == Term::Kind::set_comprehension) {
      type = set(first);
    } else {
      type = object({}, Dynamic{first, type_of(term.items[1], inner)});
    }
  }
  --nesting_;
  comprehensions_[&term] = type;
  return type;
}

void Checker::check_closures(const Expr& expr, const Scope& scope, Errors& errors) {
  Errors found;
  visit_terms(expr, [&](const Term& term) {
    if (!is_comprehension(term)) return true;
    Errors of_this;
    check_comprehension(term, scope, of_this);
    if (!of_this.empty()) found = std::move(of_this);
    return false;
  });
  errors.insert(errors.end(), found.begin(), found.end());
}

void Checker::check_body(const Body& body, Scope& scope, Errors& errors) {
  for (const Expr& expr : body) {
    const std::size_t before = errors.size();
    check_closures(expr, scope, errors);
    check_refs(expr, scope, errors);
    std::optional<Finding> found = check_expr(expr, scope);
    // What follows from an error told already is not told.
    if (!found || (found->from_unknown && errors.size() > before)) continue;
    errors.push_back(std::move(found->diagnostic));
  }
}

void Checker::check_query(const Body& body) {
  Scope scope;
  check_body(body, scope, errors_);
}

namespace {

// The constant start of a rule's path below data, and how many items of the head are in it.
std::pair<RuleTypes::Path, std::size_t> constant_path(const Term& package, const Term& ref) {
  RuleTypes::Path path;
  for (std::size_t i = 1; i < package.items.size(); ++i) {
    path.push_back(make_string(package.items[i].text, {}));
  }
  if (ref.items.empty()) {
    path.push_back(make_string(ref.text, {}));
    return {std::move(path), 0};
  }
  path.push_back(make_string(ref.items[0].text, {}));
  std::size_t used = 1;
  for (; used < ref.items.size(); ++used) {
    std::optional<Term> key = constant(ref.items[used]);
    if (!key) break;
    path.push_back(std::move(*key));
  }
  return {std::move(path), used};
}

const Term& ref_of(const Rule& rule, const Rule& branch) {
  const bool own = !branch.head.ref.items.empty() || !branch.head.ref.text.empty();
  return own ? branch.head.ref : rule.head.ref;
}

}  // namespace

TypePtr Checker::branch_type(const Rule& rule, const Rule& branch, Scope& scope) {
  const Head& head = branch.head;
  const auto value_type = [&] { return head.value ? type_of(*head.value, scope) : boolean(); };
  const std::vector<Term>& arguments =
      head.arguments.empty() ? rule.head.arguments : head.arguments;
  if (!arguments.empty()) {
    std::vector<TypePtr> operands;
    for (const Term& argument : arguments) {
      visit_terms(argument, [&](const Term& term) {
        if (is_var(term) && !scope.find(term.text)) scope.set(term.text, any());
        return true;
      });
      operands.push_back(type_of(argument, scope));
    }
    return function(std::move(operands), value_type());
  }
  TypePtr type;
  if (head.kind == Head::Kind::partial_set && head.key) {
    const TypePtr key = type_of(*head.key, scope);
    if (key) type = set(key);
  } else {
    type = value_type();
  }
  // p[x].q := v at p is an object of what x may be, of objects; p[x] contains y one of sets.
  const Term& ref = ref_of(rule, branch);
  const std::size_t used = constant_path(rule.head.ref, ref).second;
  for (std::size_t i = ref.items.size(); i-- > used && type;) {
    TypePtr key = type_of(ref.items[i], scope);
    type = key ? object({}, Dynamic{std::move(key), std::move(type)}) : nullptr;
  }
  return type;
}

void Checker::check_branch(const Term& package, const Rule& rule, const Rule& branch) {
  const RuleTypes::Path path = constant_path(package, ref_of(rule, branch)).first;
  Scope scope;
  Errors errors;
  check_body(branch.body, scope, errors);
  if (!errors.empty()) {
    errors_.insert(errors_.end(), errors.begin(), errors.end());
    rules_.put_any(path);  // what refers to the rule is not wrong for that
    return;
  }
  if (const TypePtr type = branch_type(rule, branch, scope)) rules_.insert(path, type);
}

void Checker::check_rule(const Term& package, const Rule& rule) {
  each_branch(rule, [&](const Rule& branch) { check_branch(package, rule, branch); });
}

std::vector<Diagnostic> Checker::take_errors() {
  const auto place = [](const Diagnostic& d) {
    return std::tie(d.file, d.at.row, d.at.column, d.message);
  };
  std::sort(errors_.begin(), errors_.end(),
            [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  // The parts an expression was taken apart to share its `with`, and what is wrong with it.
  const auto same = [&](const Diagnostic& a, const Diagnostic& b) { return place(a) == place(b); };
  errors_.erase(std::unique(errors_.begin(), errors_.end(), same), errors_.end());
  return std::move(errors_);
}

}  // namespace mc::rego::types
