// Terms: scalars, collections, comprehensions, references and calls.
#include <algorithm>
#include <cmath>
#include <utility>

#include "rego/parser.h"

namespace mc::rego {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// The four digits behind \u.
bool hex4(std::string_view text, std::uint32_t& code) {
  if (text.size() < 4) return false;
  code = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    code = code << 4 | static_cast<std::uint32_t>(digit);
  }
  return true;
}

// `text` starts behind "\u". A pair of surrogates is one character, a lone one U+FFFD, as in Go.
bool unicode_escape(std::string_view text, std::size_t& used, std::string& out) {
  std::uint32_t code = 0;
  if (!hex4(text, code)) return false;
  used = 4;
  std::uint32_t low = 0;
  if (code >= 0xD800 && code < 0xDC00 && text.substr(4).starts_with("\\u") &&
      hex4(text.substr(6), low) && low >= 0xDC00 && low < 0xE000) {
    used = 10;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
  return true;
}

// OPA refuses numbers of more than 1e5 binary digits before or after the point.
bool is_too_big(std::string_view text) {
  constexpr std::size_t kShort = 300;  // without an exponent
  if (text.size() < kShort && text.find_first_of("eE") == std::string_view::npos) return false;
  std::int64_t exponent = 0;
  std::size_t digits_end = text.size();
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    digits_end = e;
    const bool negative = text[e + 1] == '-';
    for (const char c : text.substr(e + 1)) {
      if (c < '0' || c > '9') continue;
      exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), 1'000'000'000);
    }
    if (negative) exponent = -exponent;
  }
  // The number is 0.lead x 10^point.
  std::int64_t point = 0;
  long double lead = 0;
  int taken = 0;
  bool after_point = false;
  for (const char c : text.substr(0, digits_end)) {
    if (c == '.') after_point = true;
    if (c < '0' || c > '9') continue;
    const bool leading_zero = taken == 0 && c == '0';
    if (after_point ? leading_zero : !leading_zero) point += after_point ? -1 : 1;
    if (leading_zero) continue;
    if (taken < 18) lead = lead * 10 + (c - '0');
    ++taken;
  }
  if (taken == 0) return false;
  const long double log2 = std::log2(lead) + (static_cast<long double>(point + exponent) -
                                              static_cast<long double>(std::min(taken, 18))) *
                                                 std::log2(10.0L);
  const long double binary = std::floor(log2) + 1;
  return binary > 1e5L || binary < -1e5L;
}

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

bool unescape(std::string_view text, std::string& out) {
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++i == text.size()) return false;
    constexpr std::string_view kFrom = "\\\"/bfnrt";
    constexpr std::string_view kTo = "\\\"/\b\f\n\r\t";
    if (const std::size_t at = kFrom.find(text[i]); at != std::string_view::npos) {
      out += kTo[at];
      continue;
    }
    std::size_t used = 0;
    if (text[i] != 'u' || !unicode_escape(text.substr(i + 1), used, out)) return false;
    i += used;
  }
  return true;
}

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

bool Parser::number(Term& out) {
  out.kind = Term::Kind::number;
  if (token() == Token::minus) {
    out.text = "-";
    next();
    if (token() != Token::number && token() != Token::dot) {
      illegal("expected number");
      return false;
    }
  }
  bool fraction = false;
  if (token() == Token::dot) {
    fraction = true;
    out.text += "0.";  // ".5" is no JSON number
    next();
    if (token() != Token::number) {
      illegal("expected number");
      return false;
    }
  }
  const std::string_view digits = lexer_.lexeme();
  if (!fraction && digits.size() > 1 && digits[0] == '0' && digits[1] != '.' && digits[1] != 'e' &&
      digits[1] != 'E') {
    illegal("expected number without leading zero");
    return false;
  }
  if (fraction && digits.find('.') != std::string_view::npos) {
    illegal("invalid float");
    return false;
  }
  out.text += digits;
  out.at.length = current().end - out.at.offset;
  if (is_too_big(out.text)) {
    error(here(), "number too big");
    return false;
  }
  return true;
}

bool Parser::string(Term& out) {
  const std::string_view text = lexer_.lexeme();
  const std::string_view inside = text.substr(1, text.size() - 2);
  out.kind = Term::Kind::string;
  if (inside.find('\\') == std::string_view::npos) {
    out.text = inside;
    return true;
  }
  if (unescape(inside, out.text)) return true;
  error(here(), "illegal string literal: " + std::string(text));
  return false;
}

// The text of the current part, as a string among the items; empty ones are left out.
bool Parser::template_text(Term& out) {
  std::string_view part = lexer_.lexeme();
  if (part[0] == '$') part.remove_prefix(1);
  const std::string_view inside = part.substr(1, part.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    // \{ is a brace; other escapes are left for unescape().
    if (inside[i] == '\\' && i + 1 < inside.size()) {
      if (inside[i + 1] != '{') plain += inside[i];
      if (!out.flag || inside[i + 1] == '{') plain += inside[++i];
    } else {
      plain += inside[i];
    }
  }
  std::string text;
  if (out.flag || plain.find('\\') == std::string::npos) {
    text = std::move(plain);
  } else if (!unescape(plain, text)) {
    error(here(), "illegal template-string part: " + std::string(part));
    return false;
  }
  if (!text.empty()) out.items.push_back(make_string(std::move(text), here()));
  return true;
}

bool Parser::template_expression(Term& out) {
  Expr expr;
  if (!literal(expr)) {
    error(here(), "invalid template-string expression");
    return false;
  }
  std::string problem;
  if (expr.negated) {
    problem = "negation ('not')";
  } else if (expr.is_call("eq")) {
    problem = "unification ('=')";
  } else if (expr.is_call("assign")) {
    problem = "assignment (':=')";
  } else if (expr.kind == Expr::Kind::every) {
    problem = "'every'";
  } else if (expr.kind == Expr::Kind::some) {
    problem = "'some'";
  }
  if (!problem.empty()) {
    error(expr.at, "unexpected " + problem + " in template-string expression");
    return false;
  }
  Term item;
  if (expr.kind == Expr::Kind::call) {
    item.kind = Term::Kind::call;
    item.at = expr.at;
    item.items = expr.terms;
  } else {
    item = expr.terms[0];
  }
  if (!expr.with.empty()) item.body.push_back(std::move(expr));
  out.items.push_back(std::move(item));
  return true;
}

bool Parser::template_string(Term& out) {
  out.kind = Term::Kind::template_string;
  const Lexer::Raw raw = lexer_.lexeme().starts_with("$`") ? Lexer::Raw::yes : Lexer::Raw::no;
  out.flag = raw == Lexer::Raw::yes;
  int height = 0;
  for (;;) {
    if (token() != Token::template_part && token() != Token::template_end) {
      error(here(), "expected template-string part");
      return false;
    }
    if (!template_text(out)) return false;
    if (token() == Token::template_end) break;
    next();
    if (!template_expression(out)) return false;
    height = std::max(height, height_);
    if (token() != Token::right_brace) {
      error(here(), "expected } to end template string expression");
      return false;
    }
    next_of_template(raw);
  }
  out.at.length = current().end - out.at.offset;
  return grow(height);
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
