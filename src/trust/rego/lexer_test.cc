#include "rego/lexer.h"

#include <doctest/doctest.h>

namespace mc::rego {
namespace {

// "identifier:a :=:...": names and texts of all tokens, a blank between them.
std::string tokens_of(std::string_view text) {
  std::vector<Comment> comments;
  Lexer lexer(text, comments);
  std::string out;
  for (lexer.next(); lexer.current().token != Token::eof; lexer.next()) {
    if (!out.empty()) out += ' ';
    out += std::string(token_name(lexer.current().token)) + ":" + std::string(lexer.lexeme());
    if (lexer.current().error != nullptr) out += std::string("!") + lexer.current().error;
  }
  return out;
}

}  // namespace

TEST_CASE("lexer: cuts a text into tokens") {
  struct Row {
    std::string_view text, tokens;
  };
  const Row rows[] = {
      {"", ""},
      {" \t\r\n", ""},
      {"a := _b1", "identifier:a assign::= identifier:_b1"},
      {"x==y!=z", "identifier:x equal:== identifier:y neq:!= identifier:z"},
      {"< <= > >= =", "lt:< lte:<= gt:> gte:>= eq:="},
      {"+-*/%&|", "plus:+ minus:- mul:* div:/ rem:% and:& or:|"},
      {"[]{}(),:;.", "[:[ ]:] {:{ }:} (:( ):) ,:, ::: ;:; .:."},
      {"if iff contains every", "if:if identifier:iff contains:contains every:every"},
      {"1 2.5 1e9 2E-3", "number:1 number:2.5 number:1e9 number:2E-3"},
      {"`a\nb`", "string:`a\nb`"},
      {R"("a\"b")", R"(string:"a\"b")"},
      {R"($"plain")", R"(template-string-end:$"plain")"},
      {R"($"a{)", R"(template-string-part:$"a{)"},
      {R"($"\{")", R"(template-string-end:$"\{")"},
      {"$`\\{\n`", "template-string-end:$`\\{\n`"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(tokens_of(row.text) == row.tokens);
  }
}

TEST_CASE("lexer: says what is wrong with a token") {
  struct Row {
    std::string_view text, error;
  };
  const Row rows[] = {
      {"\"abc\n", "non-terminated string"},
      {"`abc", "non-terminated string"},
      {"$\"abc", "non-terminated string"},
      {"$`abc", "non-terminated string"},
      {"\"\\x\"", "illegal escape sequence"},
      {"1.", "expected fraction"},
      {"1e", "expected exponent"},
      {"0a1", "illegal number format"},
      {"!", "illegal ! character"},
      {"$x", "illegal $ character"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    std::vector<Comment> comments;
    Lexer lexer(row.text, comments);
    lexer.next();
    CHECK(lexer.current().token == Token::illegal);
    REQUIRE(lexer.current().error != nullptr);
    CHECK(lexer.current().error == row.error);
  }
  CHECK(tokens_of("@") == "illegal:@");
  CHECK(tokens_of("\xC3\xA9x") == "illegal:\xC3\xA9 identifier:x");
}

TEST_CASE("lexer: counts rows from newlines and columns in characters") {
  std::vector<Comment> comments;
  Lexer lexer("\xEF\xBB\xBFx \"\xC3\xA9\" y # \xC3\xA9 c\r\n  `a\nb` z", comments);
  struct Row {
    std::uint32_t row, column;
  };
  for (const Row& row : {Row{1, 2}, {1, 4}, {1, 8}, {2, 3}, {3, 4}}) {
    lexer.next();
    CAPTURE(lexer.lexeme());
    CHECK(lexer.current().at.row == row.row);
    CHECK(lexer.current().at.column == row.column);
  }
  CHECK(lexer.current().last.row == 3);
  CHECK(lexer.current().last.column == 4);
  REQUIRE(comments.size() == 1);
  CHECK(comments[0].text == " \xC3\xA9 c");
  CHECK(comments[0].at.row == 1);
  CHECK(comments[0].at.column == 10);
}

TEST_CASE("lexer: a token knows the blanks and newlines before it") {
  std::vector<Comment> comments;
  Lexer lexer("a(b) # c\nd", comments);
  lexer.next();
  CHECK_FALSE(lexer.ref_follows());
  lexer.next();
  CHECK_FALSE(lexer.current().space_before);
  lexer.next();
  lexer.next();
  CHECK(lexer.current().token == Token::right_paren);
  lexer.next();
  CHECK(lexer.current().space_before);
  CHECK(lexer.current().newline_before);
  CHECK(lexer.current().previous_end == 4);
  CHECK(lexer.current().previous_last.column == 4);
}

TEST_CASE("lexer: goes back to a mark, comments too") {
  std::vector<Comment> comments;
  Lexer lexer("a # one\nb # two\nc", comments);
  lexer.next();
  const Lexer::Mark mark = lexer.mark();
  lexer.next();
  lexer.next();
  CHECK(lexer.lexeme() == "c");
  CHECK(comments.size() == 2);
  lexer.reset(mark);
  CHECK(lexer.lexeme() == "a");
  CHECK(comments.empty());
  lexer.next();
  CHECK(lexer.lexeme() == "b");
  CHECK(lexer.current().at.row == 2);
  CHECK(comments.size() == 1);
}

TEST_CASE("lexer: continues a template string behind an expression") {
  std::vector<Comment> comments;
  Lexer lexer("$\"a{x}b{y}\"", comments);
  lexer.next();
  CHECK(lexer.current().token == Token::template_part);
  lexer.next();
  lexer.next();
  CHECK(lexer.current().token == Token::right_brace);
  lexer.next_of_template(Lexer::Raw::no);
  CHECK(lexer.current().token == Token::template_part);
  CHECK(lexer.lexeme() == "}b{");
  lexer.next();
  lexer.next();
  lexer.next_of_template(Lexer::Raw::no);
  CHECK(lexer.current().token == Token::template_end);
  CHECK(lexer.lexeme() == "}\"");
}

}  // namespace mc::rego
