#include "postgres/placeholder.h"

namespace mc::postgres {
namespace {

constexpr std::int64_t kPlaceholderMax = 65'535;  // the protocol counts them in 16 bits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// What PostgreSQL's scanner takes as part of an identifier (scan.l: ident_cont).
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Each skip_* gives the position behind the thing that starts at `at`, the end when it is open.
std::size_t skip_quoted(std::string_view sql, std::size_t at, bool backslash_escapes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (backslash_escapes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      // A doubled quote reads as the end of one literal and the start of the next: same effect,
      // but an E'' literal must stay one.
      if (at + 1 >= sql.size() || sql[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return sql.size();
}

std::size_t skip_line_comment(std::string_view sql, std::size_t at) {
  const std::size_t end = sql.find_first_of("\n\r", at);
  return end == std::string_view::npos ? sql.size() : end;
}

std::size_t skip_block_comment(std::string_view sql, std::size_t at) {
  int depth = 0;
  while (at + 1 < sql.size()) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") {
      ++depth;
      at += 2;
    } else if (two == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return sql.size();
}

// $$...$$ or $tag$...$tag$; `at` + 1 when the dollar starts neither.
std::size_t skip_dollar_quoted(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && is_word(sql[end]) && sql[end] != '$') ++end;
  const bool tag = end < sql.size() && sql[end] == '$' && !(is_digit(sql[at + 1]));
  if (!tag) return at + 1;
  const std::string_view mark = sql.substr(at, end + 1 - at);
  const std::size_t close = sql.find(mark, end + 1);
  return close == std::string_view::npos ? sql.size() : close + mark.size();
}

std::size_t skip_word(std::string_view sql, std::size_t at) {
  const std::size_t start = at;
  while (at < sql.size() && is_word(sql[at])) ++at;
  const bool escapes = at == start + 1 && (sql[start] == 'E' || sql[start] == 'e');
  if (escapes && at < sql.size() && sql[at] == '\'') return skip_quoted(sql, at, true);
  return at;
}

// The end of whatever starts at `at`, one character at least.
std::size_t skip_token(std::string_view sql, std::size_t at) {
  const std::string_view two = sql.substr(at, 2);
  if (sql[at] == '\'' || sql[at] == '"') return skip_quoted(sql, at, false);
  if (two == "--") return skip_line_comment(sql, at);
  if (two == "/*") return skip_block_comment(sql, at);
  if (sql[at] == '$') return skip_dollar_quoted(sql, at);
  return is_word(sql[at]) ? skip_word(sql, at) : at + 1;
}

}  // namespace

Result<std::string> rewrite_placeholders(std::string_view sql) {
  std::string out;
  out.reserve(sql.size());
  std::size_t at = 0;
  while (at < sql.size()) {
    if (sql[at] != '?' || at + 1 >= sql.size() || !is_digit(sql[at + 1])) {
      const std::size_t end = skip_token(sql, at);
      out += sql.substr(at, end - at);
      at = end;
      continue;
    }
    std::size_t end = at + 1;
    while (end < sql.size() && is_digit(sql[end])) ++end;
    const std::string_view digits = sql.substr(at + 1, end - at - 1);
    const Result<std::int64_t> number = parse_int(digits);
    if (!number || *number < 1 || *number > kPlaceholderMax) {
      return fail(Code::invalid, "placeholder ?" + excerpt(digits, 20) + " is not in 1..65535");
    }
    // A placeholder may stand directly behind a word (`LIMIT?1`); the blank keeps `$1` apart.
    if (!out.empty() && is_word(out.back())) out += ' ';
    out += '$' + std::to_string(*number);
    if (end < sql.size() && is_word(sql[end])) out += ' ';
    at = end;
  }
  return out;
}

}  // namespace mc::postgres
