#include "graphrego/lexer.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace mc::graphrego {

std::string_view kind_text(TokenKind kind) {
  static constexpr std::string_view kTexts[] = {
      "<Invalid>", "<EOF>", "!",     "$",      "&",           "(",      ")", "...",
      ":",         "=",     "@",     "[",      "]",           "{",      "}", "|",
      "Name",      "Int",   "Float", "String", "BlockString", "Comment"};
  return kTexts[static_cast<std::size_t>(kind)];
}

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte >= 0x20 && byte != 0x7f) {
          out += c;
        } else {
          out += "\\x";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        }
    }
  }
  return out + '"';
}

std::string Token::text() const {
  std::string out(kind_text(kind));
  if (!value.empty()) out += " " + quote(value);
  return out;
}

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_char(char c) {
  return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

TokenKind punctuator(char c) {
  switch (c) {
    case '!':
      return TokenKind::bang;
    case '$':
      return TokenKind::dollar;
    case '&':
      return TokenKind::amp;
    case '(':
      return TokenKind::paren_l;
    case ')':
      return TokenKind::paren_r;
    case ':':
      return TokenKind::colon;
    case '=':
      return TokenKind::equals;
    case '@':
      return TokenKind::at;
    case '[':
      return TokenKind::bracket_l;
    case ']':
      return TokenKind::bracket_r;
    case '{':
      return TokenKind::brace_l;
    case '}':
      return TokenKind::brace_r;
    case '|':
      return TokenKind::pipe;
    default:
      return TokenKind::invalid;
  }
}

void append_utf8(std::string& out, std::uint32_t rune) {
  if (rune >= 0xd800 && rune < 0xe000) rune = 0xfffd;  // as Go writes half a surrogate pair
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xc0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (rune & 0x3f));
  }
}

std::size_t indent_of(std::string_view line) {
  const std::size_t at = line.find_first_not_of(" \t");
  return at == std::string_view::npos ? line.size() : at;
}

// BlockStringValue() of the GraphQL specification.
std::string block_string_value(std::string_view raw) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0;;) {
    const std::size_t end = raw.find('\n', at);
    lines.push_back(raw.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t indent = indent_of(lines[i]);
    if (indent < lines[i].size()) common = std::min(common, indent);
  }
  if (common != std::string_view::npos) {
    for (std::size_t i = 1; i < lines.size(); ++i) {
      lines[i].remove_prefix(std::min(common, lines[i].size()));
    }
  }
  const auto blank = [](std::string_view line) { return indent_of(line) == line.size(); };
  auto first = lines.begin(), last = lines.end();
  while (first != last && blank(*first)) ++first;
  while (first != last && blank(*(last - 1))) --last;
  std::string out;
  for (auto line = first; line != last; ++line) {
    if (line != first) out += '\n';
    out += *line;
  }
  return out;
}

}  // namespace

Token Lexer::make(TokenKind kind, std::string value) {
  return {kind,
          std::move(value),
          {static_cast<std::uint32_t>(line_),
           static_cast<std::uint32_t>(start_runes_ - line_start_runes_ + 1)}};
}

Token Lexer::invalid() {
  Token token = make(TokenKind::invalid, "");
  token.at.column = static_cast<std::uint32_t>(end_runes_ - line_start_runes_ + 1);
  return token;
}

void Lexer::take_rune() {
  ++end_;
  while (end_ < input_.size() && (static_cast<unsigned char>(input_[end_]) & 0xc0) == 0x80) ++end_;
  ++end_runes_;
}

void Lexer::skip_blanks() {
  while (end_ < input_.size()) {
    switch (input_[end_]) {
      case '\t':
      case ' ':
      case ',':
        move(1);
        break;
      case '\n':
        move(1);
        new_line();
        break;
      case '\r':
        move(1);
        new_line();
        if (starts_with("\n")) move(1);
        break;
      default:
        if (!starts_with("\xef\xbb\xbf")) return;
        take_rune();
    }
  }
}

Token Lexer::next() {
  skip_blanks();
  start_ = end_;
  start_runes_ = end_runes_;
  if (end_ >= input_.size()) return make(TokenKind::eof, "");
  const char c = input_[end_];
  if (const TokenKind kind = punctuator(c); kind != TokenKind::invalid) {
    move(1);
    return make(kind, "");
  }
  if (starts_with("...")) {
    move(3);
    return make(TokenKind::spread, "");
  }
  if (c == '#') return read_comment();
  if (c == '-' || is_digit(c)) return read_number();
  if (is_name_char(c)) return read_name();
  if (starts_with("\"\"\"")) return read_block_string();
  if (c == '"') return read_string();
  return invalid();
}

Token Lexer::read_name() {
  while (end_ < input_.size() && is_name_char(input_[end_])) move(1);
  return make(TokenKind::name, std::string(input_.substr(start_, end_ - start_)));
}

Token Lexer::read_comment() {
  while (end_ < input_.size()) {
    const char c = input_[end_];
    if (static_cast<unsigned char>(c) <= 0x1f && c != '\t') break;
    take_rune();
  }
  return make(TokenKind::comment, std::string(input_.substr(start_, end_ - start_)));
}

bool Lexer::take(char c) {
  if (end_ >= input_.size() || input_[end_] != c) return false;
  move(1);
  return true;
}

std::size_t Lexer::take_digits() {
  const std::size_t before = end_;
  while (end_ < input_.size() && is_digit(input_[end_])) move(1);
  return end_ - before;
}

Token Lexer::read_number() {
  TokenKind kind = TokenKind::int_;
  take('-');
  if (take('0')) {
    if (end_ < input_.size() && is_digit(input_[end_])) return invalid();
  } else if (take_digits() == 0) {
    return invalid();
  }
  if (take('.')) {
    kind = TokenKind::float_;
    if (take_digits() == 0) return invalid();
  }
  if (take('e') || take('E')) {
    kind = TokenKind::float_;
    if (!take('-')) take('+');
    if (take_digits() == 0) return invalid();
  }
  return make(kind, std::string(input_.substr(start_, end_ - start_)));
}

// After a backslash at end_.
bool Lexer::read_escape(std::string& out) {
  static constexpr std::string_view kEscapes = "\"/\\bfnrt", kMeanings = "\"/\\\b\f\n\r\t";
  if (end_ + 1 >= input_.size()) {
    move(1);
    return false;
  }
  const char escape = input_[end_ + 1];
  if (escape != 'u') {
    const std::size_t at = kEscapes.find(escape);
    if (at == std::string_view::npos) {
      move(1);
      return false;
    }
    out += kMeanings[at];
    move(2);
    return true;
  }
  std::uint32_t rune = 0;
  const std::string_view digits = input_.substr(end_ + 2, 4);
  for (const char c : digits) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
      move(1);
      return false;
    }
    rune = rune * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  if (end_ + 6 >= input_.size()) {
    move(1);
    return false;
  }
  append_utf8(out, rune);
  move(6);
  return true;
}

Token Lexer::read_string() {
  move(1);
  ++start_;
  ++start_runes_;  // the place of a string is that of its content
  std::string value;
  while (end_ < input_.size()) {
    const char c = input_[end_];
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return invalid();
    if (c == '"') {
      Token token = make(TokenKind::string, std::move(value));
      move(1);
      return token;
    }
    if (c == '\\') {
      if (!read_escape(value)) return invalid();
      continue;
    }
    const std::size_t from = end_;
    take_rune();
    value += input_.substr(from, end_ - from);
  }
  return invalid();
}

Token Lexer::read_block_string() {
  move(3);
  start_ += 3;
  start_runes_ += 3;
  std::string raw;
  while (end_ < input_.size()) {
    const char c = input_[end_];
    if (starts_with("\"\"\"")) {
      Token token = make(TokenKind::block_string, block_string_value(raw));
      move(3);
      return token;
    }
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      return invalid();
    }
    if (starts_with("\\\"\"\"")) {
      raw += "\"\"\"";
      move(4);
    } else if (c == '\r') {
      if (starts_with("\r\n")) move(1);
      raw += '\n';
      move(1);
      new_line();
    } else {
      const std::size_t from = end_;
      take_rune();
      raw += input_.substr(from, end_ - from);
      if (c == '\n') new_line();
    }
  }
  return invalid();
}

}  // namespace mc::graphrego
