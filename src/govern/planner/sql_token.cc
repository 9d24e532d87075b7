#include "planner/sql_token.h"

#include <algorithm>
#include <array>

namespace mc::planner {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kNumberBytesMax = 40;

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool letter(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}
bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

tl::unexpected<Error> sql_error(std::size_t at, const std::string& what) {
  return fail(Code::invalid, "sql:" + std::to_string(at) + ": " + what);
}

bool SqlToken::is(std::string_view keyword) const {
  return kind == Kind::word && equals_ignoring_case(text, keyword);
}

Result<SqlToken> SqlTokens::next() {
  while (at_ < text_.size() && blank(text_[at_])) ++at_;
  if (at_ == text_.size()) return SqlToken{SqlToken::Kind::end, "", at_ + 1};
  const char c = text_[at_];
  if (c == '\'') return quoted(SqlToken::Kind::text);
  if (c == '"') return quoted(SqlToken::Kind::quoted_name);
  const bool negative = c == '-' && at_ + 1 < text_.size() && digit(text_[at_ + 1]);
  if (digit(c) || negative) return number();
  if (!letter(c)) return sign();
  const std::size_t start = at_;
  while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]))) ++at_;
  if (at_ - start > kNameBytesMax) {
    return sql_error(start + 1, "a name is longer than " + std::to_string(kNameBytesMax));
  }
  return SqlToken{SqlToken::Kind::word, std::string(text_.substr(start, at_ - start)), start + 1};
}

Result<SqlToken> SqlTokens::quoted(SqlToken::Kind kind) {
  const std::size_t start = at_;
  const char quote = text_[at_++];
  SqlToken out{kind, "", start + 1};
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] != quote) {
      out.text += text_[at_];
      continue;
    }
    ++at_;
    if (at_ == text_.size() || text_[at_] != quote) return out;
    out.text += quote;
  }
  return sql_error(start + 1, "the quote is never closed");
}

Result<SqlToken> SqlTokens::number() {
  const std::size_t start = at_;
  if (text_[at_] == '-') ++at_;
  const auto digits = [this] {
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
  };
  digits();
  SqlToken out{SqlToken::Kind::integer, "", start + 1};
  if (at_ + 1 < text_.size() && text_[at_] == '.' && digit(text_[at_ + 1])) {
    out.kind = SqlToken::Kind::decimal;
    ++at_;
    digits();
  }
  if (at_ < text_.size() && (letter(text_[at_]) || text_[at_] == '.')) {
    return sql_error(start + 1, "a number is written with digits and one point");
  }
  if (at_ - start > kNumberBytesMax) {
    return sql_error(start + 1, "a number is longer than " + std::to_string(kNumberBytesMax));
  }
  out.text = text_.substr(start, at_ - start);
  return out;
}

Result<SqlToken> SqlTokens::sign() {
  constexpr std::array<std::string_view, 11> kSigns = {"<=", ">=", "<>", "!=", "<", ">",
                                                       "=",  "(",  ")",  ",",  "*"};
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("--") || rest.starts_with("/*")) {
    return sql_error(at_ + 1, "comments are not allowed");
  }
  const auto* const found =
      std::ranges::find_if(kSigns, [&](std::string_view sign) { return rest.starts_with(sign); });
  const std::size_t start = at_;
  if (found != kSigns.end()) {
    at_ += found->size();
    return SqlToken{SqlToken::Kind::sign, std::string(*found), start + 1};
  }
  if (rest[0] == ';') {
    ++at_;
    return SqlToken{SqlToken::Kind::sign, ";", start + 1};
  }
  if (std::string_view("+-/%|&^").find(rest[0]) != std::string_view::npos) {
    return sql_error(start + 1, "expressions are not allowed");
  }
  return sql_error(start + 1, "this character is not allowed here");
}

}  // namespace mc::planner
