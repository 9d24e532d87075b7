// The tokens of Rego, one at a time. Private to the module.
//
// Blanks and comments are no tokens: a token knows whether it had some before it, because `f (x)`
// is no call and a newline ends an expression. Going back is cheap (mark() and reset()). Positions
// are those of OPA: rows and columns from 1, columns in characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"

namespace mc::rego {

enum class Token : std::uint8_t {
  illegal,
  eof,
  whitespace,  // only named in messages
  identifier,
  // Keywords, `in`, `every`, `contains` and `if` last.
  package,
  import,
  as,
  default_,
  else_,
  not_,
  some,
  with,
  null,
  true_,
  false_,
  in,
  every,
  contains,
  if_,
  number,
  string,
  raw_string,
  template_part,  // $"...{ or }...{ of a template string
  template_end,   // $"..." without an expression, or }..."
  left_bracket,
  right_bracket,
  left_brace,
  right_brace,
  left_paren,
  right_paren,
  comma,
  colon,
  semicolon,
  dot,
  // Operators
  plus,
  minus,
  mul,
  div,
  rem,
  and_,
  or_,
  eq,      // =
  equal,   // ==
  assign,  // :=
  neq,
  gt,
  lt,
  gte,
  lte,
};
// As messages name it: "identifier", "{", "assign". Operators by the name of their function.
std::string_view token_name(Token token);
inline bool is_keyword(Token token) {
  return token >= Token::package && token <= Token::if_;
}
// A keyword of the language by its text.
bool is_keyword(std::string_view text);

struct Position {
  std::uint32_t offset = 0, row = 1, column = 1;
};

struct Lexeme {
  Token token = Token::eof;
  bool space_before = false;
  bool newline_before = false;
  const char* error = nullptr;  // of an illegal token: what is wrong, null = an unknown character
  Position at;
  std::uint32_t end = 0;           // offset behind it
  Position last;                   // its last character
  std::uint32_t previous_end = 0;  // of the token before
  Position previous_last;
};

class Lexer {
 public:
  // `text` is valid UTF-8 without NUL and outlives the lexer; comments go to `comments`.
  Lexer(std::string_view text, std::vector<Comment>& comments) : text_(text), comments_(comments) {
    if (text_.starts_with("\xEF\xBB\xBF")) skip_mark();
  }

  const Lexeme& current() const { return current_; }
  std::string_view lexeme() const {
    return text_.substr(current_.at.offset, current_.end - current_.at.offset);
  }
  std::string_view text(std::uint32_t begin, std::uint32_t end) const {
    return text_.substr(begin, end > begin ? end - begin : 0);
  }
  void next();
  // The current token is the `}` that ends an expression of a template string: scans what follows.
  enum class Raw : std::uint8_t { no, yes };
  void next_of_template(Raw raw);
  // Whether the character right behind the current token starts an operand of a reference.
  bool ref_follows() const {
    return current_.end < text_.size() &&
           (text_[current_.end] == '.' || text_[current_.end] == '[');
  }
  void set_token(Token token) { current_.token = token; }

  struct Mark {
    Lexeme current;
    std::uint32_t position = 0, row = 1, line_start = 0, wide = 0;
    std::size_t comments = 0;
  };
  Mark mark() const { return {current_, position_, row_, line_start_, wide_, comments_.size()}; }
  void reset(const Mark& mark);
  std::size_t scanned() const { return scanned_; }  // tokens, also those read again

 private:
  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  bool at_end() const { return position_ >= text_.size(); }
  Position here() const { return {position_, row_, position_ - line_start_ - wide_ + 1}; }
  void skip_mark();
  void begin_token();
  void end_token(Token token);
  void skip_blanks();
  void comment();
  void advance();  // one character of any kind
  void fail(const char* error);
  Token operator_token(char c);
  void number();
  void string();
  void raw_string();
  void template_string(Raw raw);
  void escape(bool braces);

  std::string_view text_;
  std::vector<Comment>& comments_;
  Lexeme current_;
  std::uint32_t position_ = 0;
  std::uint32_t row_ = 1;
  std::uint32_t line_start_ = 0;
  std::uint32_t wide_ = 0;  // bytes on this line that start no character
  std::size_t scanned_ = 0;
};

}  // namespace mc::rego
