#include "graphql/lexer.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "graphql/graphql.h"
#include "graphql/intern.h"

namespace mc::graphql {
namespace {

std::vector<Token> tokens_of(Lexer& lexer) {
  std::vector<Token> tokens;
  std::uint32_t position = 0;
  do {
    tokens.push_back(lexer.read(position));
    position = tokens.back().end;
  } while (tokens.back().kind != TokenKind::eof && tokens.back().kind != TokenKind::failed);
  return tokens;
}

// The decoded value of a source that is one string.
std::string decoded(const std::string& source) {
  Lexer lexer(source);
  const Token token = lexer.read(0);
  CHECK(token.end == source.size());
  std::string value;
  lexer.append_string(value, token);
  return value;
}

TEST_CASE("lexer: every kind of token with its place") {
  const std::string source = "\xEF\xBB\xBF{ a:$b,...#c\r\n!&()=@[]|} 1 2.5 \"s\" \"\"\"b\"\"\"";
  Lexer lexer(source);
  using enum TokenKind;
  const TokenKind kinds[] = {brace_l, name,    colon,   dollar, name,   spread,       bang,
                             amp,     paren_l, paren_r, equals, at,     bracket_l,    bracket_r,
                             pipe,    brace_r, int_,    float_, string, block_string, eof};
  const std::vector<Token> tokens = tokens_of(lexer);
  REQUIRE(tokens.size() == std::size(kinds));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    CAPTURE(i);
    CHECK(tokens[i].kind == kinds[i]);
  }
  CHECK(tokens[1].start == 5);
  CHECK(lexer.text(tokens[5]) == "...");
  CHECK(lexer.text(tokens[17]) == "2.5");
  CHECK(tokens.back().start == source.size());
}

TEST_CASE("lexer: kinds have the words of graphql-js") {
  CHECK(token_kind_text(TokenKind::eof) == "<EOF>");
  CHECK(token_kind_text(TokenKind::brace_r) == "\"}\"");
  CHECK(token_kind_text(TokenKind::spread) == "\"...\"");
  CHECK(token_kind_text(TokenKind::name) == "Name");
  CHECK(token_kind_text(TokenKind::block_string) == "BlockString");
}

TEST_CASE("lexer: numbers that are numbers") {
  for (const std::string source :
       {"4", "-9", "0", "-0", "4.123", "-4.123", "0.123", "123e4", "123E4", "123e-4", "123e+4",
        "-1.123e4567", "12345678901234567890123"}) {
    CAPTURE(source);
    Lexer lexer(source);
    const Token token = lexer.read(0);
    const bool real = source.find_first_of(".eE") != std::string::npos;
    CHECK(token.kind == (real ? TokenKind::float_ : TokenKind::int_));
    CHECK(token.end == source.size());
  }
}

TEST_CASE("lexer: refuses with the words and places of graphql-js") {
  struct Row {
    std::string source;
    std::uint32_t at;
    const char* message;
  };
  const Row rows[] = {
      {"00", 1, "Invalid number, unexpected digit after 0: \"0\"."},
      {"01", 1, "Invalid number, unexpected digit after 0: \"1\"."},
      {"+1", 0, "Unexpected character: \"+\"."},
      {"1.", 2, "Invalid number, expected digit but got: <EOF>."},
      {"1e", 2, "Invalid number, expected digit but got: <EOF>."},
      {"1.A", 2, "Invalid number, expected digit but got: \"A\"."},
      {"-A", 1, "Invalid number, expected digit but got: \"A\"."},
      {"1.0e\"", 4, "Invalid number, expected digit but got: '\"'."},
      {"1.2.3", 3, "Invalid number, expected digit but got: \".\"."},
      {"0xF", 1, "Invalid number, expected digit but got: \"x\"."},
      {"1_2", 1, "Invalid number, expected digit but got: \"_\"."},
      {"-é", 1, "Invalid number, expected digit but got: U+00E9."},
      {"?", 0, "Unexpected character: \"?\"."},
      {"..", 0, "Unexpected character: \".\"."},
      {"\x7F", 0, "Unexpected character: U+007F."},
      {"\t\x07", 1, "Unexpected character: U+0007."},
      {"😀", 0, "Unexpected character: U+1F600."},
      {"é", 0, "Unexpected character: U+00E9."},
      {"\xEF\xBF\xBD", 0, "Unexpected character: U+FFFD."},
      {"'", 0, "Unexpected single quote character ('), did you mean to use a double quote (\")?"},
      {"\"", 1, "Unterminated string."},
      {"\"a\nb\"", 2, "Unterminated string."},
      {"\"a\rb\"", 2, "Unterminated string."},
      {"\"\"\"a", 4, "Unterminated string."},
      {"\"\"\"\\\"\"\"", 7, "Unterminated string."},
      {"\"\\", 1, "Invalid character escape sequence: \"\\\"."},
      {"\"\\z\"", 1, "Invalid character escape sequence: \"\\z\"."},
      {"\"\\😀\"", 1, "Invalid character escape sequence: \"\\\xEF\xBF\xBD\"."},
      {"\"\\u1\"", 1, "Invalid Unicode escape sequence: \"\\u1\"\"."},
      {"\"\\uXXXX\"", 1, "Invalid Unicode escape sequence: \"\\uXXXX\"."},
      {"\"\\uD83D\"", 1, "Invalid Unicode escape sequence: \"\\uD83D\"."},
      {"\"\\uDE00\"", 1, "Invalid Unicode escape sequence: \"\\uDE00\"."},
      {"\"\\uD83D\\u0041\"", 1, "Invalid Unicode escape sequence: \"\\uD83D\"."},
      {"\"\\u{}\"", 1, "Invalid Unicode escape sequence: \"\\u{}\"."},
      {"\"\\u{D800}\"", 1, "Invalid Unicode escape sequence: \"\\u{D800}\"."},
      {"\"\\u{110000}\"", 1, "Invalid Unicode escape sequence: \"\\u{110000}\"."},
      {"\"\\u{FFFFFFFF}\"", 1, "Invalid Unicode escape sequence: \"\\u{FFFFFFFF\"."},
      {"\"\\u{000000041}\"", 1, "Invalid Unicode escape sequence: \"\\u{000000041\"."},
      {"\"\\u{12", 1, "Invalid Unicode escape sequence: \"\\u{12\"."},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    Lexer lexer(row.source);
    CHECK(tokens_of(lexer).back().kind == TokenKind::failed);
    CHECK(lexer.message() == row.message);
    CHECK(lexer.error_at() == row.at);
  }
}

TEST_CASE("lexer: a NUL is a character like any other, not the end") {
  const std::string source("a\0b", 3);
  Lexer lexer(source);
  CHECK(tokens_of(lexer).back().kind == TokenKind::failed);
  CHECK(lexer.message() == "Unexpected character: U+0000.");
  CHECK(decoded(std::string("\"a\0b\"", 5)) == std::string("a\0b", 3));
}

TEST_CASE("lexer: strings are decoded") {
  struct Row {
    std::string source;
    std::string value;
  };
  const Row rows[] = {
      {"\"\"", ""},
      {"\"plain\"", "plain"},
      {R"("\" \\ \/ \b\f\n\r\t")", "\" \\ / \b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC")", "Aé€"},
      {R"("\uD83D\uDE00")", "😀"},
      {R"("\u{41}\u{1F600}\u{00000042}\u{10FFFF}")", "A😀B\xF4\x8F\xBF\xBF"},
      {R"("é😀 raw")", "é😀 raw"},
      {"\"# not a comment, \xEF\xBB\xBF\"", "# not a comment, \xEF\xBB\xBF"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    CHECK(decoded(row.source) == row.value);
  }
}

// The examples of the specification and of graphql-js.
TEST_CASE("lexer: block strings lose their common indentation and blank ends") {
  struct Row {
    const char* body;
    const char* value;
  };
  const Row rows[] = {
      {"", ""},
      {"simple", "simple"},
      {" white space ", " white space "},
      {"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  ",
       "Hello,\n  World!\n\nYours,\n  GraphQL."},
      {"  first keeps\n    its own\n      indent", "  first keeps\nits own\n  indent"},
      {"\n\n \t \n  x\n\n  y\n \n", "x\n\ny"},
      {"multi\rline\r\nends\n", "multi\nline\nends"},
      {"\n \ta\n \tb", "a\nb"},
      {"a\n\\u{41} \\n", "a\n\\u{41} \\n"},
      {"contains \\\"\"\" quotes", "contains \"\"\" quotes"},
      {"quote \" inside \"\" here", "quote \" inside \"\" here"},
      {"   \n \n", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(decoded("\"\"\"" + std::string(row.body) + "\"\"\"") == row.value);
  }
}

TEST_CASE("lexer: UTF-16 lengths and slices of UTF-8") {
  CHECK(utf16_length("aé€😀") == 5);
  CHECK(utf16_slice("aé€😀b", 0, 3) == "aé€");
  CHECK(utf16_slice("aé€😀b", 1, 4) == "é€😀");
  CHECK(utf16_slice("a😀b", 0, 2) == "a\xEF\xBF\xBD");
  CHECK(utf16_slice("ab", 1, 10) == "b");
}

// The slow twin is the check of base, of one ever longer prefix at a time.
TEST_CASE("lexer: finds the first byte that is not UTF-8") {
  const std::string pieces[] = {"plain ascii text of some length",
                                "é",
                                "€",
                                "😀",
                                "\x80",
                                "\xC0\xAF",
                                "\xED\xA0\x80",
                                "\xF4\x90\x80\x80",
                                "\xE2\x82",
                                "\xF0\x9F\x98",
                                "\xFF",
                                "\xF0\x8F\xBF\xBF",
                                "\xE0\x9F\xBF",
                                "\xC3",
                                "\xEF\xBB\xBF"};
  for (const std::string& first : pieces) {
    for (const std::string& second : pieces) {
      for (const std::string& third : pieces) {
        const std::string text = first + second + third;
        const std::size_t found = find_invalid_utf8(text);
        CAPTURE(text);
        CHECK((found == std::string::npos) == is_valid_utf8(text));
        if (found == std::string::npos) continue;
        CHECK(is_valid_utf8(std::string_view(text).substr(0, found)));
        // No character starts at the place that is blamed.
        for (std::size_t length = 1; length <= 4 && found + length <= text.size(); ++length) {
          CHECK(!is_valid_utf8(std::string_view(text).substr(found, length)));
        }
      }
    }
  }
}

TEST_CASE("intern: numbers names as a map does, wherever the source lies, over many growths") {
  std::uint64_t state = 1;
  std::string source;
  std::vector<std::size_t> ends;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    for (std::uint64_t left = 1 + (state >> 33) % 40; left > 0; --left) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      source += "ab_9"[state >> 62];
    }
    ends.push_back(source.size());
  }
  for (const std::size_t offset : {0U, 1U}) {
    const std::string place = std::string(offset, ' ') + source;
    const std::string_view text = std::string_view(place).substr(offset);
    std::pmr::vector<std::string_view> names;
    Interner interner(names, text);
    std::map<std::string_view, Symbol> twin;
    std::size_t from = 0;
    for (const std::size_t end : ends) {
      const std::string_view name = text.substr(from, end - from);
      const auto [entry, added] = twin.emplace(name, static_cast<Symbol>(twin.size()));
      REQUIRE(interner.intern(name) == entry->second);
      from = end;
    }
    REQUIRE(names.size() == twin.size());
    for (const auto& [name, symbol] : twin) CHECK(names[symbol] == name);
  }
}

// The slow twin is the definition of NameContinue; a name of every length at every distance from
// the end of the source.
TEST_CASE("lexer: a name ends where the first other byte stands") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool inside =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    for (std::uint32_t length = 1; length < 36; ++length) {
      const std::string source = std::string(length, 'x') + c + std::string(byte % 20, 'y');
      Lexer lexer(source);
      const Token token = lexer.read(0);
      REQUIRE(token.kind == TokenKind::name);
      REQUIRE(token.end == (inside ? source.size() : length));
    }
  }
}

}  // namespace
}  // namespace mc::graphql
