// Terms: collections, comprehensions, references and calls.
#include <algorithm>
#include <utility>

#include "rego/parser.h"

namespace mc::rego {
namespace {

bool may_head_reference(Term::Kind kind) {
  switch (kind) {
    case Term::Kind::null:
    case Term::Kind::boolean:
    case Term::Kind::number:
    case Term::Kind::string:
    case Term::Kind::ref:
    case Term::Kind::template_string:
      return false;
    default:
      return true;
  }
}

}  // namespace

bool Parser::term(Term& out) {
  if (!enter()) return false;
  height_ = 0;
  const std::uint32_t offset = current().at.offset;
  bool good = term_start(out);
  if (good) {
    next();  // the last token of the term
    if (at_adjacent(Token::left_paren) || at_adjacent(Token::dot) ||
        at_adjacent(Token::left_bracket)) {
      good = reference(out, offset);
    } else if (out.is_var("input") || out.is_var("data")) {
      const Location at = out.at;
      out = make_ref({std::move(out)}, at);
    }
  }
  leave();
  return good;
}

// A term without what may follow it. Leaves the last token of the term as the current one.
bool Parser::term_start(Term& out) {
  out.at = here();
  switch (token()) {
    case Token::null:
      out.kind = Term::Kind::null;
      return true;
    case Token::true_:
    case Token::false_:
      out.kind = Term::Kind::boolean;
      out.flag = token() == Token::true_;
      return true;
    case Token::minus:
    case Token::dot:
    case Token::number:
      return number(out);
    case Token::string:
      return string(out);
    case Token::raw_string: {
      const std::string_view text = lexer_.lexeme();
      out.kind = Term::Kind::string;
      out.text = text.substr(1, text.size() - 2);
      return true;
    }
    case Token::template_part:
    case Token::template_end:
      return template_string(out);
    case Token::contains:  // a keyword in the heads of rules only
    case Token::identifier:
      out = name(out.at);
      return true;
    case Token::left_bracket:
      return array(out);
    case Token::left_brace:
      return braces(out);
    case Token::left_paren:
      return parenthesis(out);
    default:
      illegal();
      return false;
  }
}

bool Parser::parenthesis(Term& out) {
  const std::uint32_t offset = current().at.offset;
  next();
  if (!expression(out, KeyValue::yes)) return false;
  if (token() != Token::right_paren) {
    error(here(), "non-terminated expression");
    return false;
  }
  // The text of the term has its parentheses; that is how the formatter knows them.
  out.at.offset = offset;
  out.at.length = current().end - offset;
  return true;
}

// Terms separated by commas up to `end`, which stays the current token. A comma may stand last.
bool Parser::list(Token end, Term& out) {
  int height = height_;
  while (token() != end) {
    Term item;
    if (!expression(item, KeyValue::no)) return false;
    out.items.push_back(std::move(item));
    height = std::max(height, height_);
    if (token() == end) break;
    if (token() != Token::comma) {
      illegal("expected \",\" or \"" + std::string(token_name(end)) + "\"");
      return false;
    }
    next();
  }
  return grow(height);
}

bool Parser::pairs(Term& out) {
  int height = height_;
  while (token() != Token::right_brace) {
    Term key;
    Term value;
    if (!expression(key, KeyValue::no)) return false;
    height = std::max(height, height_);
    if (token() != Token::colon) {
      illegal("expected \":\"");
      return false;
    }
    next();
    if (!expression(value, KeyValue::no)) return false;
    height = std::max(height, height_);
    out.items.push_back(std::move(key));
    out.items.push_back(std::move(value));
    if (token() == Token::right_brace) break;
    if (token() != Token::comma) {
      illegal("expected \",\" or \"}\"");
      return false;
    }
    next();
  }
  return grow(height);
}

// A `|` follows the head(s) in out.items. `no`: it is the operator after all, and the text from
// `start` is to be read again.
Parser::Found Parser::comprehension(Term& out, Term::Kind kind, const Mark& start) {
  const std::uint32_t bar = current().at.offset;
  const bool array = kind == Term::Kind::array_comprehension;
  const bool object = kind == Term::Kind::object_comprehension;
  bool good = false;
  if (!no_comprehensions_.contains(bar)) {
    const int height = height_;
    next();
    good = body(array ? Token::right_bracket : Token::right_brace, out.body);
    if (good) {
      out.kind = kind;
      out.at.length = current().end - out.at.offset;
      return grow(std::max(height, height_)) ? Found::yes : Found::error;
    }
    if (!object && token() != Token::comma) return Found::error;
    no_comprehensions_.insert(bar);
  }
  out.body.clear();
  out.items.clear();
  reset(start);
  return Found::no;
}

bool Parser::array(Term& out) {
  out.kind = Term::Kind::array;
  next();
  if (token() != Token::right_bracket) {
    bool maybe_comprehension = true;
    if (token() == Token::comma) {  // [, x] is an old way to refuse a comprehension
      maybe_comprehension = false;
      next();
    }
    const Mark start = mark();
    const std::uint32_t offset = current().at.offset;
    Term head;
    if (!term(head)) return false;
    Found found = Found::no;
    if (token() == Token::or_ && maybe_comprehension) {
      out.items.push_back(std::move(head));
      found = comprehension(out, Term::Kind::array_comprehension, start);
      if (found != Found::no) return found == Found::yes;
      if (!list(Token::right_bracket, out)) return false;
    } else {
      if (!operators_and_in(head, KeyValue::no, offset)) return false;
      out.items.push_back(std::move(head));
      if (token() == Token::comma) {
        next();
      } else if (token() != Token::right_bracket) {
        illegal("expected \",\" or \"]\"");
        return false;
      }
      if (!list(Token::right_bracket, out)) return false;
    }
  }
  out.at.length = current().end - out.at.offset;
  return true;
}

// The rest of a set whose first item stands in out.items.
bool Parser::set_rest(Term& out) {
  out.kind = Term::Kind::set;
  if (token() == Token::comma) next();
  if (!list(Token::right_brace, out)) return false;
  out.at.length = current().end - out.at.offset;
  return true;
}

bool Parser::braces(Term& out) {
  next();
  if (token() == Token::right_brace) {
    out.kind = Term::Kind::object;
    out.at.length = current().end - out.at.offset;
    return true;
  }
  bool maybe_comprehension = true;
  if (token() == Token::comma) {
    maybe_comprehension = false;
    next();
  }
  const Mark start = mark();
  const std::uint32_t offset = current().at.offset;
  Term head;
  if (!term(head)) return false;
  if (token() == Token::or_ && maybe_comprehension) {
    out.items.push_back(std::move(head));
    const Found found = comprehension(out, Term::Kind::set_comprehension, start);
    return found == Found::no ? set_rest(out) : found == Found::yes;
  }
  if (!operators_and_in(head, KeyValue::no, offset)) return false;
  out.items.push_back(std::move(head));
  if (token() == Token::colon) return object(out, maybe_comprehension);
  if (token() == Token::right_brace || token() == Token::comma) return set_rest(out);
  illegal("non-terminated set");
  return false;
}

// The rest of an object whose first key stands in out.items, from its colon.
bool Parser::object(Term& out, bool maybe_comprehension) {
  next();
  const Mark start = mark();
  const std::uint32_t offset = current().at.offset;
  const int key_height = height_;
  Term value;
  if (!term(value)) return false;
  height_ = std::max(height_, key_height);
  if (token() == Token::or_ && maybe_comprehension) {
    const Term key = out.items[0];
    out.items.push_back(std::move(value));
    const Found found = comprehension(out, Term::Kind::object_comprehension, start);
    if (found != Found::no) return found == Found::yes;
    out.items.push_back(key);
    value = Term();
    if (!expression(value, KeyValue::no)) return false;
  } else if (!operators_and_in(value, KeyValue::no, offset)) {
    return false;
  }
  height_ = std::max(height_, key_height);
  if (token() != Token::right_brace && token() != Token::comma) {
    illegal("non-terminated object");
    return false;
  }
  out.kind = Term::Kind::object;
  out.items.push_back(std::move(value));
  if (token() == Token::comma) next();
  if (!pairs(out)) return false;
  out.at.length = current().end - out.at.offset;
  return true;
}

// One operand of a reference: .name or [term].
bool Parser::operand(Term& reference) {
  if (token() == Token::dot) {
    next();
    if (current().space_before) {
      const Position& dot = current().at;
      error({0, dot.row, dot.column, dot.offset, 0},
            "unexpected whitespace token: expected identifier");
      return false;
    }
    if (token() != Token::identifier && !is_keyword(token())) {
      illegal("expected identifier");
      return false;
    }
    reference.items.push_back(make_string(std::string(lexer_.lexeme()), here()));
    next();
    return true;
  }
  next();
  Term key;
  if (!expression(key, KeyValue::yes)) return false;
  if (token() != Token::right_bracket) {
    illegal("expected [");
    return false;
  }
  reference.items.push_back(std::move(key));
  next();
  return true;
}

// `out` is the head of a reference or a function; the current token is the first of . [ ( behind
// it.
bool Parser::reference(Term& out, std::uint32_t offset) {
  const auto at_operand = [this] {
    return at_adjacent(Token::dot) || at_adjacent(Token::left_bracket);
  };
  do {
    const Location begin = out.at;
    if (!may_head_reference(out.kind)) {
      error(begin, "illegal ref (head cannot be " + std::string(kind_name(out.kind)) + ")");
    }
    Term ref;
    ref.kind = Term::Kind::ref;
    ref.items.push_back(std::move(out));
    int height = height_;
    bool is_call = token() == Token::left_paren;
    if (!is_call) {
      do {
        height_ = 0;
        if (!operand(ref)) return false;
        height = std::max(height, height_);
      } while (at_operand());
      is_call = at_adjacent(Token::left_paren);
    }
    ref.at = from(begin, offset);
    out = std::move(ref);
    if (!grow(height)) return false;
    if (!is_call) return true;
    if (!call(out, offset)) return false;
  } while (at_operand());
  return true;
}

// `out` is the function; the current token is its parenthesis.
bool Parser::call(Term& out, std::uint32_t offset) {
  Term call;
  call.kind = Term::Kind::call;
  const Location begin = out.at;
  const bool is_set = out.items.size() == 1 && out.items[0].is_var("set");
  call.items.push_back(std::move(out));
  next();
  if (is_set && token() == Token::right_paren) {
    call.kind = Term::Kind::set;
    call.items.clear();
  } else if (!list(Token::right_paren, call)) {
    return false;
  }
  next();
  call.at = from(begin, offset);
  out = std::move(call);
  return true;
}

}  // namespace mc::rego
