// Literals: numbers, strings and template strings.
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

}  // namespace mc::rego
