#include "rego/lexer.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace mc::rego {
namespace {

constexpr std::string_view kNames[] = {"illegal",
                                       "eof",
                                       "whitespace",
                                       "identifier",
                                       "package",
                                       "import",
                                       "as",
                                       "default",
                                       "else",
                                       "not",
                                       "some",
                                       "with",
                                       "null",
                                       "true",
                                       "false",
                                       "in",
                                       "every",
                                       "contains",
                                       "if",
                                       "number",
                                       "string",
                                       "string",
                                       "template-string-part",
                                       "template-string-end",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "(",
                                       ")",
                                       ",",
                                       ":",
                                       ";",
                                       ".",
                                       "plus",
                                       "minus",
                                       "mul",
                                       "div",
                                       "rem",
                                       "and",
                                       "or",
                                       "eq",
                                       "equal",
                                       "assign",
                                       "neq",
                                       "gt",
                                       "lt",
                                       "gte",
                                       "lte"};
static_assert(std::size(kNames) == static_cast<std::size_t>(Token::lte) + 1);

enum : std::uint8_t { kLetter = 1, kDigit = 2, kBlank = 4 };
constexpr std::array<std::uint8_t, 256> kClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = kLetter;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = kLetter;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = kDigit;
  table['_'] = kLetter;
  for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<std::size_t>(c)] = kBlank;
  return table;
}();
bool is(char c, int kinds) {
  return (kClass[static_cast<unsigned char>(c)] & kinds) != 0;
}
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The keyword `text` is, or identifier. By length first: most words are names.
Token word_token(std::string_view text) {
  if (text.size() < 2 || text.size() > 8) return Token::identifier;
  for (auto i = static_cast<std::size_t>(Token::package); i <= static_cast<std::size_t>(Token::if_);
       ++i) {
    if (kNames[i] == text) return static_cast<Token>(i);
  }
  return Token::identifier;
}

}  // namespace

std::string_view token_name(Token token) {
  return kNames[static_cast<std::size_t>(token)];
}

bool is_keyword(std::string_view text) {
  return word_token(text) != Token::identifier;
}

void Lexer::skip_mark() {
  position_ = 3;
  wide_ = 2;
}

void Lexer::reset(const Mark& mark) {
  current_ = mark.current;
  position_ = mark.position;
  row_ = mark.row;
  line_start_ = mark.line_start;
  wide_ = mark.wide;
  comments_.resize(std::min(comments_.size(), mark.comments));
}

void Lexer::advance() {
  if (at_end()) return;
  const char c = text_[position_++];
  if (c == '\n') {
    ++row_;
    line_start_ = position_;
    wide_ = 0;
    return;
  }
  while (!at_end() && is_continuation(text_[position_])) {
    ++position_;
    ++wide_;
  }
}

void Lexer::comment() {
  Comment comment;
  const Position begin = here();
  const std::size_t newline = text_.find('\n', position_);
  const std::size_t end = newline == std::string_view::npos ? text_.size() : newline;
  std::string_view line = text_.substr(position_, end - position_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  comment.text = line.substr(1);
  comment.at = {0, begin.row, begin.column, begin.offset, static_cast<std::uint32_t>(line.size())};
  comments_.push_back(std::move(comment));
  while (position_ < end) advance();
}

void Lexer::skip_blanks() {
  while (!at_end()) {
    const char c = text_[position_];
    if (is(c, kBlank)) {
      current_.space_before = true;
      if (c == '\n') current_.newline_before = true;
      advance();
    } else if (c == '#') {
      current_.space_before = true;
      comment();
    } else {
      return;
    }
  }
}

void Lexer::begin_token() {
  ++scanned_;
  current_.previous_end = current_.end;
  current_.previous_last = current_.last;
  current_.space_before = false;
  current_.newline_before = false;
  current_.error = nullptr;
}

void Lexer::end_token(Token token) {
  current_.token = current_.error != nullptr ? Token::illegal : token;
  current_.end = position_;
  current_.last = {position_ - 1, row_, position_ - line_start_ - wide_};
}

void Lexer::fail(const char* error) {
  if (current_.error == nullptr) current_.error = error;
}

void Lexer::next() {
  begin_token();
  skip_blanks();
  current_.at = here();
  if (at_end()) {
    end_token(Token::eof);
    return;
  }
  const char c = text_[position_];
  if (is(c, kLetter)) {
    const std::uint32_t begin = position_;
    while (is(peek(), kLetter | kDigit)) ++position_;
    end_token(word_token(text_.substr(begin, position_ - begin)));
    return;
  }
  if (is(c, kDigit)) {
    number();
    end_token(Token::number);
    return;
  }
  advance();
  switch (c) {
    case '"':
      string();
      return end_token(Token::string);
    case '`':
      raw_string();
      return end_token(Token::raw_string);
    case '$':
      if (peek() == '"' || peek() == '`') {
        const Raw raw = peek() == '`' ? Raw::yes : Raw::no;
        advance();
        return template_string(raw);
      }
      fail("illegal $ character");
      return end_token(Token::illegal);
    default:
      return end_token(operator_token(c));
  }
}

Token Lexer::operator_token(char c) {
  // The second token when '=' follows.
  const auto pair = [this](Token alone, Token with_equals) {
    if (peek() != '=') return alone;
    advance();
    return with_equals;
  };
  switch (c) {
    case '[':
      return Token::left_bracket;
    case ']':
      return Token::right_bracket;
    case '{':
      return Token::left_brace;
    case '}':
      return Token::right_brace;
    case '(':
      return Token::left_paren;
    case ')':
      return Token::right_paren;
    case ',':
      return Token::comma;
    case ';':
      return Token::semicolon;
    case '.':
      return Token::dot;
    case '+':
      return Token::plus;
    case '-':
      return Token::minus;
    case '*':
      return Token::mul;
    case '/':
      return Token::div;
    case '%':
      return Token::rem;
    case '&':
      return Token::and_;
    case '|':
      return Token::or_;
    case ':':
      return pair(Token::colon, Token::assign);
    case '=':
      return pair(Token::eq, Token::equal);
    case '>':
      return pair(Token::gt, Token::gte);
    case '<':
      return pair(Token::lt, Token::lte);
    case '!':
      if (peek() != '=') fail("illegal ! character");
      return pair(Token::illegal, Token::neq);
    default:
      return Token::illegal;
  }
}

void Lexer::number() {
  const auto digits = [this] {
    const std::uint32_t begin = position_;
    while (is(peek(), kDigit)) ++position_;
    return position_ > begin;
  };
  digits();
  if (peek() == '.') {
    ++position_;
    if (!digits()) fail("expected fraction");
  }
  if (peek() == 'e' || peek() == 'E') {
    ++position_;
    if (peek() == '+' || peek() == '-') ++position_;
    if (!digits()) fail("expected exponent");
  }
  // "0a2b" is one wrong number, not a number and a name.
  if (is(peek(), kLetter)) fail("illegal number format");
  while (is(peek(), kLetter | kDigit)) ++position_;
}

void Lexer::escape(bool braces) {
  const char c = peek();
  if (at_end()) return;
  if (c == 'u') {
    for (int i = 0; i < 4 && !at_end() && peek() != '\n'; ++i) advance();
  } else if (std::string_view("\\\"/bfnrt").find(c) != std::string_view::npos ||
             (braces && c == '{')) {
    advance();
  } else {
    fail("illegal escape sequence");
  }
}

void Lexer::string() {
  for (;;) {
    const char c = peek();
    if (at_end() || c == '\n') return fail("non-terminated string");
    advance();
    if (c == '"') return;
    if (c == '\\') escape(false);
  }
}

void Lexer::raw_string() {
  for (;;) {
    if (at_end()) return fail("non-terminated string");
    const char c = peek();
    advance();
    if (c == '`') return;
  }
}

void Lexer::template_string(Raw raw) {
  for (;;) {
    const char c = peek();
    if (at_end() || (c == '\n' && raw == Raw::no)) {
      fail("non-terminated string");
      return end_token(Token::illegal);
    }
    advance();
    if (c == (raw == Raw::yes ? '`' : '"')) return end_token(Token::template_end);
    if (c == '{') return end_token(Token::template_part);
    if (c != '\\') continue;
    if (raw == Raw::no) {
      escape(true);
    } else if (peek() == '{') {
      advance();
    }
  }
}

void Lexer::next_of_template(Raw raw) {
  begin_token();
  current_.at = {current_.end - 1, row_, position_ - line_start_ - wide_};
  template_string(raw);
}

}  // namespace mc::rego
