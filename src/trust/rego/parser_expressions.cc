// Operators, expressions and bodies.
#include <algorithm>
#include <utility>

#include "rego/parser.h"

namespace mc::rego {
namespace {

// From loose to tight. `in` is looser than all of them, `=` and `:=` stand only in expressions.
constexpr int kRelation = 1;
constexpr int kOr = 2;
constexpr int kAnd = 3;
constexpr int kSum = 4;
constexpr int kProduct = 5;

int level_of(Token token) {
  switch (token) {
    case Token::equal:
    case Token::neq:
    case Token::lt:
    case Token::gt:
    case Token::lte:
    case Token::gte:
      return kRelation;
    case Token::or_:
      return kOr;
    case Token::and_:
      return kAnd;
    case Token::plus:
    case Token::minus:
      return kSum;
    case Token::mul:
    case Token::div:
    case Token::rem:
      return kProduct;
    default:
      return 0;
  }
}

constexpr std::string_view kMember = "internal.member_2";
constexpr std::string_view kMemberWithKey = "internal.member_3";

}  // namespace

// `left` becomes a call of `function` with left and right as operands.
void Parser::make_infix(Term& left, std::string_view function, const Location& at, Term right) {
  const Location begin = left.at;
  Term call;
  call.kind = Term::Kind::call;
  call.at = begin;
  call.items.reserve(3);
  call.items.push_back(function_ref(function, at));
  call.items.push_back(std::move(left));
  call.items.push_back(std::move(right));
  left = std::move(call);
}

bool Parser::expression(Term& out, KeyValue key_value) {
  const std::uint32_t offset = current().at.offset;
  return term(out) && operators_and_in(out, key_value, offset);
}

bool Parser::operators_and_in(Term& left, KeyValue key_value, std::uint32_t offset) {
  return operators(left, kRelation, offset) && membership(left, key_value, offset);
}

// What follows `left`: operators that bind at least as tight as `level`. An operand that cannot be
// read leaves an error and the term before it, as in OPA.
bool Parser::operators(Term& left, int level, std::uint32_t offset) {
  for (;;) {
    const Token sign = token();
    const int found = level_of(sign);
    if (found == 0 || found < level) return true;
    const int height = height_;
    const Location at = here();
    next();
    const std::uint32_t right_offset = current().at.offset;
    Term right;
    if (!term(right) || !operators(right, found + 1, right_offset)) return true;
    make_infix(left, token_name(sign), at, std::move(right));
    left.at = from(left.at, offset);
    if (!grow(std::max(height, height_))) return false;
  }
}

// `k, v in xs` when a comma follows `left`; otherwise nothing is read.
bool Parser::key_value_membership(Term& left, std::uint32_t offset) {
  const Mark start = mark();
  next();
  Term value;
  const std::uint32_t value_offset = current().at.offset;
  int height = height_;
  if (term(value) && operators(value, kRelation, value_offset) && token() == Token::in) {
    height = std::max(height, height_);
    const Location at = here();
    next();
    const std::uint32_t domain_offset = current().at.offset;
    Term domain;
    if (term(domain) && operators(domain, kRelation, domain_offset)) {
      make_infix(left, kMemberWithKey, at, std::move(value));
      left.items.push_back(std::move(domain));
      left.at = from(left.at, offset);
      return grow(std::max(height, height_));
    }
  }
  reset(start);
  return false;
}

bool Parser::membership(Term& left, KeyValue key_value, std::uint32_t offset) {
  for (;;) {
    if (key_value == KeyValue::yes && token() == Token::comma &&
        key_value_membership(left, offset)) {
      if (token() == Token::in) continue;
      return true;
    }
    keyword_as_name();
    if (token() != Token::in) return true;
    const int height = height_;
    const Location at = here();
    next();
    const std::uint32_t right_offset = current().at.offset;
    Term right;
    if (!term(right) || !operators(right, kRelation, right_offset)) return true;
    make_infix(left, kMember, at, std::move(right));
    left.at = from(left.at, offset);
    if (!grow(std::max(height, height_))) return false;
    if (token() != Token::in) return true;
  }
}

bool Parser::body(Token end, Body& out) {
  if (!enter()) return false;
  const bool good = query(Semicolon::separates, end, out);
  leave();
  return good;
}

bool Parser::query(Semicolon semicolon, Token end, Body& out) {
  if (token() == end) {
    error(here(), "found empty body");
    return false;
  }
  int height = 0;
  for (;;) {
    Expr expr;
    if (!literal(expr)) return false;
    height = std::max(height, height_);
    out.push_back(std::move(expr));
    height_ = height + 1;
    if (token() == Token::semicolon) {
      next();
      continue;
    }
    if (token() == end || semicolon == Semicolon::ends) return true;
    if (current().newline_before) continue;
    // One error is enough for a body.
    if (errors_.empty()) illegal("expected \\n or ; or " + std::string(token_name(end)));
    return false;
  }
}

bool Parser::literal(Expr& out) {
  const Location at = here();
  height_ = 0;
  bool negated = false;
  bool good = false;
  if (!keyword_as_name() && token() == Token::not_) {
    next();
    negated = true;
    keyword_as_name();
  }
  if (negated && (token() == Token::some || token() == Token::every)) {
    illegal("illegal negation of '" + std::string(token_name(token())) + "'");
  } else if (token() == Token::some) {
    good = some(out);
  } else if (token() == Token::every) {
    good = every(out);
  } else {
    good = plain_literal(out, negated);
  }
  out.at = since(at);
  return good;
}

bool Parser::plain_literal(Expr& out, bool negated) {
  if (!expr(out)) return false;
  out.negated = negated;
  return token() != Token::with || modifiers(out.with);
}

bool Parser::expr(Expr& out) {
  Term left;
  if (!expression(left, KeyValue::yes)) return false;
  if (token() == Token::assign || token() == Token::eq) {
    const int height = height_;
    Term function = function_ref(token_name(token()), here());
    next();
    Term right;
    if (!expression(right, KeyValue::yes)) return false;
    out.kind = Expr::Kind::call;
    out.terms.reserve(3);
    out.terms.push_back(std::move(function));
    out.terms.push_back(std::move(left));
    out.terms.push_back(std::move(right));
    height_ = std::max(height, height_);
    return true;
  }
  if (left.kind == Term::Kind::call) {
    out.kind = Expr::Kind::call;
    out.terms = std::move(left.items);
    return true;
  }
  out.terms.push_back(std::move(left));
  return true;
}

bool Parser::modifiers(std::vector<With>& out) {
  const int before = height_;
  int height = before;
  while (token() == Token::with) {
    With with;
    const Location at = here();
    next();
    if (token() != Token::identifier) {
      illegal("expected ident");
      return false;
    }
    if (!term(with.target)) return false;
    if (with.target.kind == Term::Kind::var) {
      const Location target_at = with.target.at;
      with.target = make_ref({std::move(with.target)}, target_at);
    }
    if (with.target.kind != Term::Kind::ref) illegal("expected with target path");
    if (token() != Token::as) {
      illegal("expected as keyword");
      return false;
    }
    next();
    if (!expression(with.value, KeyValue::yes)) return false;
    with.at = since(at);
    out.push_back(std::move(with));
    height = std::max(height, height_);
  }
  height_ = height;
  return true;
}

bool Parser::some(Expr& out) {
  out.kind = Expr::Kind::some;
  const Mark start = mark();
  next();
  Term domain;
  if (expression(domain, KeyValue::yes) && domain.kind == Term::Kind::call) {
    const std::string function = ref_text(domain.items[0]);
    if (function != kMember && function != kMemberWithKey) {
      illegal("expected `x in xs` or `x, y in xs` expression");
      return false;
    }
    if (domain.items.size() != (function == kMember ? 3 : 4)) {
      illegal("illegal domain");
      return false;
    }
    out.terms.push_back(std::move(domain));
    return token() != Token::with || modifiers(out.with);
  }
  reset(start);
  do {
    next();
    if (token() != Token::identifier) {
      illegal("expected var");
      return false;
    }
    out.terms.push_back(name(here()));
    next();
  } while (token() == Token::comma);
  return true;
}

bool Parser::every(Expr& out) {
  out.kind = Expr::Kind::every;
  const Location at = here();
  next();
  Term domain;
  if (!expression(domain, KeyValue::yes)) return false;
  const std::string function =
      domain.kind == Term::Kind::call ? ref_text(domain.items[0]) : std::string();
  if (function != kMember && function != kMemberWithKey) {
    illegal("expected `x[, y] in xs { ... }` expression");
    return false;
  }
  const bool with_key = function == kMemberWithKey;
  if (domain.items.size() != (with_key ? 4 : 3)) {
    illegal("illegal domain");
    return false;
  }
  out.terms.reserve(3);
  if (!with_key) out.terms.push_back(wildcard(at));
  for (std::size_t i = 1; i < domain.items.size(); ++i) {
    out.terms.push_back(std::move(domain.items[i]));
  }
  if (out.terms[0].kind != Term::Kind::var) {
    illegal("expected key to be a variable");
    return false;
  }
  if (out.terms[1].kind != Term::Kind::var) {
    illegal("expected value to be a variable");
    return false;
  }
  if (token() != Token::left_brace) {
    illegal("missing body");
    return false;
  }
  const int height = height_;
  next();
  if (!body(Token::right_brace, out.body)) return false;
  next();
  if (!grow(std::max(height, height_))) return false;
  return token() != Token::with || modifiers(out.with);
}

}  // namespace mc::rego
