// Rules: heads, bodies, else branches, and the checks that Rego v1 makes of them.
#include <algorithm>
#include <utility>

#include "builtin/builtin.h"
#include "rego/parser.h"

namespace mc::rego {
namespace {

bool is_scalar(const Term& term) {
  return term.kind == Term::Kind::null || term.kind == Term::Kind::boolean ||
         term.kind == Term::Kind::number || term.kind == Term::Kind::string;
}

// Whether there is a variable in `term`, outside of comprehensions' bodies.
bool is_ground(const Term& term) {
  if (term.kind == Term::Kind::var) return false;
  return std::all_of(term.items.begin(), term.items.end(), is_ground);
}

bool operands_are_ground(const Term& ref) {
  return ref.items.size() < 2 || std::all_of(ref.items.begin() + 1, ref.items.end(), is_ground);
}

void set_kind(Head& head) {
  if (head.key) {
    head.kind = Head::Kind::partial_set;
  } else if (!head.arguments.empty()) {
    head.kind = Head::Kind::function;
  } else if (head.ref.items.size() > 1 && !is_scalar(head.ref.items.back())) {
    head.kind = Head::Kind::partial_object;
  } else {
    head.kind = Head::Kind::complete;
  }
}

// The reference of a head out of what was read before `:=`, `contains` or `if`. False when it can
// be none.
bool take_reference(Term& term, Head& head) {
  const Location at = term.at;
  if (term.kind == Term::Kind::var) {
    head.ref = make_ref({std::move(term)}, at);
  } else if (term.kind == Term::Kind::ref) {
    head.ref = std::move(term);
  } else if (term.kind == Term::Kind::call) {
    head.ref = std::move(term.items[0]);
    head.arguments.assign(std::make_move_iterator(term.items.begin() + 1),
                          std::make_move_iterator(term.items.end()));
  } else {
    return false;
  }
  return true;
}

bool is_arithmetic_or_comparison(Token token) {
  return token >= Token::plus && token <= Token::lte && token != Token::eq &&
         token != Token::assign;
}

}  // namespace

Head Parser::copy_of(const Head& head) {
  Head copy = head;
  for (Term& argument : copy.arguments) {
    if (argument.kind == Term::Kind::var && argument.text.starts_with('$')) {
      argument = wildcard(argument.at);
    }
  }
  return copy;
}

// Sets where `rule` stands and what its head is.
void Parser::finish(Rule& rule, const Location& begin) {
  rule.at = since(begin);
  const Position& last = current().previous_last;
  rule.end = {0, last.row, last.column, last.offset, 1};
  if (!rule.head.value && !rule.head.key) rule.head.value = make_boolean(true, rule.head.at);
  set_kind(rule.head);
}

bool Parser::head_reference(Head& head, Written& written) {
  const std::uint32_t offset = current().at.offset;
  Term ref = name(here());
  height_ = 0;
  next();
  if (!current().space_before && is_arithmetic_or_comparison(token())) illegal();
  if (token() == Token::left_paren || token() == Token::dot || token() == Token::left_bracket) {
    written.spaced = current().space_before;
    if (!reference(ref, offset)) {
      illegal("expected rule head name");
      return false;
    }
  }
  return take_reference(ref, head);
}

bool Parser::head_value(Rule& rule, Written& written) {
  Head& head = rule.head;
  const Token sign = token();
  Term value;
  if (sign == Token::contains) {
    const std::string name = to_text(head.ref);
    if (!head.arguments.empty()) {
      illegal("the contains keyword can only be used with multi-value rule definitions (e.g., " +
              name + " contains <VALUE> { ... })");
    }
    next();
    if (!expression(value, KeyValue::yes)) {
      illegal("expected rule key term (e.g., " + name + " contains <VALUE> { ... })");
      return false;
    }
    head.key = std::move(value);
    written.contains_keyword = true;
    return true;
  }
  if (sign != Token::assign && sign != Token::eq) return true;
  next();
  head.assigned = sign == Token::assign;
  if (!expression(value, KeyValue::yes)) {
    const std::string name = to_text(head.ref);
    if (!head.arguments.empty()) {
      illegal("expected function value term (e.g., " + name + "(...) := <VALUE> { ... })");
    } else if (rule.is_default) {
      illegal("expected default rule value term (e.g., default " + name + " := <VALUE>)");
    } else {
      illegal("expected rule value term (e.g., " + name + " := <VALUE> { ... })");
    }
    return false;
  }
  head.value = std::move(value);
  written.value = true;
  return true;
}

Parser::Found Parser::head(Rule& rule, Written& written) {
  const Location at = here();
  if (!head_reference(rule.head, written)) return errors_.empty() ? Found::no : Found::error;
  const std::vector<Term>& items = rule.head.ref.items;
  if (items[0].kind != Term::Kind::var) {
    illegal("rule head ref " + to_text(rule.head.ref) + " invalid");
    return Found::error;
  }
  if (!head_value(rule, written)) return Found::error;
  rule.head.at = since(at);
  return Found::yes;
}

bool Parser::braced_body(Rule& rule) {
  next();
  if (!body(Token::right_brace, rule.body)) return false;
  next();
  rule.has_braces = true;
  return true;
}

// Behind `if`: one expression, unless it is a set in braces, because { x } is a body then.
bool Parser::if_body(Rule& rule) {
  next();
  const Mark start = mark();
  const bool has_brace = token() == Token::left_brace;
  Expr expr;
  const bool good = literal(expr);
  const bool is_set =
      expr.kind == Expr::Kind::term && !expr.terms.empty() && expr.terms[0].kind == Term::Kind::set;
  if (has_brace && (!good || is_set)) {
    reset(start);
    return braced_body(rule);
  }
  // Without a brace there is no other reading, and the errors noted are the right ones.
  if (good) rule.body.push_back(std::move(expr));
  return good;
}

Parser::Found Parser::rule_body(Rule& rule, Written& written) {
  if (token() == Token::if_) {
    written.if_keyword = true;
    return if_body(rule) ? Found::yes : Found::error;
  }
  if (token() == Token::left_brace) return braced_body(rule) ? Found::yes : Found::error;
  if (written.contains_keyword) return Found::yes;
  // The rest is read again as an expression, and told why it is no rule.
  const bool complete =
      written.value && !written.spaced && token() != Token::with && token() != Token::semicolon;
  return complete ? Found::yes : Found::no;
}

// The parts of `rule` up to its first body.
Parser::Found Parser::rule(Rule& rule, Written& written) {
  const Location at = here();
  keyword_as_name();
  if (token() == Token::default_) {
    next();
    rule.is_default = true;
    keyword_as_name();
  }
  if (token() != Token::identifier) return Found::no;
  Found found = head(rule, written);
  if (found != Found::yes) return found;
  if (rule.is_default) {
    rule.at = since(at);
    if (!check_default(rule)) return Found::error;
    finish(rule, at);
    return Found::yes;
  }
  found = rule_body(rule, written);
  if (found != Found::yes) return found;
  const bool is_else = token() == Token::else_ && !rule.body.empty() && !keyword_as_name();
  finish(rule, at);
  check_rule(rule, written);
  if (!is_else) return Found::yes;
  if (!operands_are_ground(rule.head.ref)) {
    error(here(), "else keyword cannot be used on rules with variables in head");
    return Found::error;
  }
  if (rule.head.key) {
    error(here(), "else keyword cannot be used on multi-value rules");
    return Found::error;
  }
  if (!else_branches(rule)) return Found::error;
  finish(rule, at);
  return Found::yes;
}

// One branch without those that follow it.
bool Parser::else_branch(const Head& head, Rule& branch, Written& written) {
  const Location at = here();
  branch.head = copy_of(head);
  branch.head.assigned = false;
  branch.head.value.reset();
  next();
  if (token() == Token::assign || token() == Token::eq) {
    branch.head.assigned = token() == Token::assign;
    next();
    Term value;
    if (!expression(value, KeyValue::yes)) return false;
    branch.head.value = std::move(value);
    written.value = true;
  } else if (token() != Token::left_brace && token() != Token::if_) {
    illegal("expected else value term or rule body");
    return false;
  }
  branch.head.at = since(at);
  if (token() == Token::if_) {
    written.if_keyword = true;
    next();
    if (token() == Token::eof) {
      illegal("rule body expected");
      return false;
    }
    if (token() != Token::left_brace) {
      Expr expr;
      if (!literal(expr)) return false;
      branch.body.push_back(std::move(expr));
    }
  }
  if (token() == Token::left_brace && branch.body.empty() && !braced_body(branch)) return false;
  finish(branch, at);
  check_rule(branch, written);
  return true;
}

bool Parser::else_branches(Rule& rule) {
  std::vector<Rule> branches;
  do {
    if (branches.size() >= static_cast<std::size_t>(std::max(0, limits_.depth_max))) {
      error(here(), "max parsing recursion depth exceeded");
      return false;
    }
    Rule branch;
    Written written;
    if (!else_branch(rule.head, branch, written)) return false;
    branches.push_back(std::move(branch));
  } while (token() == Token::else_ && !branches.back().body.empty() && !keyword_as_name());
  const Location end = branches.back().end;
  while (branches.size() > 1) {
    Rule last = std::move(branches.back());
    branches.pop_back();
    branches.back().end = end;
    branches.back().at.length = end.offset + 1 - branches.back().at.offset;
    branches.back().otherwise.push_back(std::move(last));
  }
  rule.otherwise = std::move(branches);
  return true;
}

// p if { ... } { ... }: another rule with the same head for each further body.
bool Parser::chained_rules(Module& module, std::size_t first, const Written& written) {
  while (token() == Token::left_brace) {
    if (!module.rules[first].otherwise.empty()) {
      error(here(), "expected else keyword");
      return false;
    }
    const Location at = here();
    Rule rule;
    rule.head = copy_of(module.rules[first].head);
    rule.head.at = at;
    if (!braced_body(rule)) return false;
    finish(rule, at);
    check_rule(rule, written);
    module.rules.push_back(std::move(rule));
  }
  return true;
}

Parser::Found Parser::rules(Module& module) {
  const Mark start = mark();
  Rule first;
  Written written;
  const Found found = rule(first, written);
  if (found == Found::error || !errors_.empty()) return Found::error;
  if (found == Found::no) {
    reset(start);
    Body body;
    if (!query(Semicolon::ends, Token::eof, body)) return Found::error;
    rule_of_body(module, body);
    return Found::yes;
  }
  const bool may_chain = !first.is_default && !first.body.empty();
  module.rules.push_back(std::move(first));
  if (may_chain && !chained_rules(module, module.rules.size() - 1, written)) return Found::error;
  return Found::yes;
}

bool Parser::check_default_value(const Term& value, const Location& at) {
  switch (value.kind) {
    case Term::Kind::array_comprehension:
    case Term::Kind::set_comprehension:
    case Term::Kind::object_comprehension:
      return true;
    case Term::Kind::ref:
    case Term::Kind::var:
    case Term::Kind::call:
      error(at, "illegal default rule (value cannot contain " + std::string(kind_name(value.kind)) +
                    ")");
      return false;
    default:
      break;
  }
  bool good = true;
  for (const Term& item : value.items) good = check_default_value(item, at) && good;
  return good;
}

bool Parser::check_default(const Rule& rule) {
  if (!rule.head.value) {
    error(rule.at, "illegal default rule (must have a value)");
    return false;
  }
  bool good = check_default_value(*rule.head.value, rule.at);
  const std::vector<Term>& arguments = rule.head.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Term& argument = arguments[i];
    if (argument.kind != Term::Kind::var) {
      error(rule.at, "illegal default rule (arguments cannot contain " +
                         std::string(kind_name(argument.kind)) + ")");
      good = false;
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!arguments[j].is_var(argument.text)) continue;
      error(rule.at, "illegal default rule (arguments cannot be repeated " + argument.text + ")");
      good = false;
      break;
    }
  }
  return good;
}

void Parser::check_rule(const Rule& rule, const Written& written) {
  const auto refuse = [&](std::string message) {
    rule_errors_.push_back({"rego_parse_error", std::move(message), "", rule.at});
  };
  const Head& head = rule.head;
  if (head.ref.items.size() == 1 && is_keyword(head.ref.items[0].text)) {
    refuse(head.ref.items[0].text + " keyword cannot be used for rule name");
  }
  if (!rule.body.empty() && !written.if_keyword) {
    refuse(std::string("`if` keyword is required before ") +
           (head.arguments.empty() ? "rule" : "function") + " body");
    // p[x] { ... } was a partial set before Rego v1.
    if (head.ref.items.size() == 2 && head.arguments.empty() && !written.value &&
        !written.contains_keyword) {
      refuse("`contains` keyword is required for partial set rules");
    }
  }
}

// A statement that is an expression: p := 1 was read as a rule before, so this is seldom one.
void Parser::rule_of_body(Module& module, Body& body) {
  Rule rule;
  Written written;
  const Location at = body[0].at;
  std::string problem = body.size() > 1 ? "multiple expressions cannot be used for rule head"
                                        : rule_of_expr(rule, body[0], written);
  if (!problem.empty()) {
    statement_errors_.push_back({"rego_parse_error", std::move(problem), "", at});
    return;
  }
  rule.head.at = at;
  finish(rule, at);
  rule.at = at;
  check_rule(rule, written);
  module.rules.push_back(std::move(rule));
}

std::string Parser::rule_of_term(Rule& rule, Term& term, Written& written) {
  const std::string kind(kind_name(term.kind));
  if (term.kind != Term::Kind::ref) return kind + " cannot be used for rule name";
  if (term.items.size() == 1) return kind + "s cannot be used for rule head";
  if (term.items[0].kind != Term::Kind::var) return "invalid rule head: " + to_text(term);
  // p[x] alone was an element of a partial set before Rego v1.
  rule_errors_.push_back({"rego_parse_error",
                          term.items.size() == 2
                              ? "`contains` keyword is required for partial set rules"
                              : "rule must have value assignment and/or body declaration",
                          "", term.at});
  written.value = true;
  take_reference(term, rule.head);
  return "";
}

std::string Parser::rule_of_equation(Rule& rule, Expr& expr) {
  if (expr.terms.size() < 3) return "assignment requires two operands";
  rule.head.assigned = expr.is_call("assign");
  const std::string kind(kind_name(expr.terms[1].kind));
  const std::string text = to_text(expr.terms[1]);
  if (!take_reference(expr.terms[1], rule.head)) return kind + " cannot be used for rule name";
  if (rule.head.ref.items[0].kind != Term::Kind::var) return "invalid rule head: " + text;
  rule.head.value = std::move(expr.terms[2]);
  return "";
}

// Empty, or why `expr` is no rule.
std::string Parser::rule_of_expr(Rule& rule, Expr& expr, Written& written) {
  if (!expr.with.empty()) return "expressions using with keyword cannot be used for rule head";
  if (expr.negated) return "negated expressions cannot be used for rule head";
  if (expr.kind == Expr::Kind::some) return "'some' declarations cannot be used for rule head";
  if (expr.kind == Expr::Kind::every) return "expression cannot be used for rule head";
  if (expr.kind == Expr::Kind::term) return rule_of_term(rule, expr.terms[0], written);
  if (expr.is_call("eq") || expr.is_call("assign")) return rule_of_equation(rule, expr);
  const std::string function = ref_text(expr.terms[0]);
  if (!function.empty() && builtin::find_builtin(function) != nullptr) {
    return "rule name conflicts with built-in function";
  }
  if (expr.terms.size() < 2) return "rule argument list must take at least one argument";
  Term& name = expr.terms[0];
  if (name.items[0].kind != Term::Kind::var) return "invalid rule head: " + to_text(name);
  rule.head.ref = std::move(name);
  rule.head.arguments.assign(std::make_move_iterator(expr.terms.begin() + 1),
                             std::make_move_iterator(expr.terms.end()));
  return "";
}

}  // namespace mc::rego
