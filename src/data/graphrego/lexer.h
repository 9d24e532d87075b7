// GraphQL text to tokens, as gqlparser counts lines and columns. Private to the module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mc::graphrego {

enum class TokenKind : std::uint8_t {
  invalid,
  eof,
  bang,
  dollar,
  amp,
  paren_l,
  paren_r,
  spread,
  colon,
  equals,
  at,
  bracket_l,
  bracket_r,
  brace_l,
  brace_r,
  pipe,
  name,
  int_,
  float_,
  string,
  block_string,
  comment
};
std::string_view kind_text(TokenKind kind);  // "<EOF>", "{", "Name"

struct Place {
  std::uint32_t line = 0, column = 0;  // from 1; 0 = not known; columns count code points
};

struct Token {
  TokenKind kind = TokenKind::eof;
  std::string value;  // of names, numbers, strings (decoded) and comments
  Place at;
  std::string text() const;  // as messages show it: Name "on"
};

class Lexer {
 public:
  explicit Lexer(std::string_view input) : input_(input) {}
  // What cannot be read is one `invalid` token; nothing is read after it.
  Token next();

 private:
  void skip_blanks();
  Token make(TokenKind kind, std::string value);
  Token invalid();
  Token read_name();
  Token read_number();
  Token read_comment();
  Token read_string();
  Token read_block_string();
  bool read_escape(std::string& out);
  bool take(char c);
  std::size_t take_digits();
  void take_rune();  // one code point
  bool starts_with(std::string_view text) const { return input_.substr(end_).starts_with(text); }
  void move(std::size_t ascii) {
    end_ += ascii;
    end_runes_ += ascii;
  }
  void new_line() {
    ++line_;
    line_start_runes_ = end_runes_;
  }

  std::string_view input_;
  std::size_t start_ = 0, start_runes_ = 0, end_ = 0, end_runes_ = 0;
  std::size_t line_ = 1, line_start_runes_ = 0;
};

// A string as Go's strconv.Quote writes it.
std::string quote(std::string_view text);

}  // namespace mc::graphrego
