// GraphQL text to tokens: one pass over bytes with class tables, no copy of anything.
//
// The source must be valid UTF-8 and NUL terminated (std::string is), so that one byte past the end
// can be looked at. A token is two offsets; the characters of a string are decoded only when the
// parser wants them. The lexer has no state but its first error, so a token can be read twice.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mc::graphql {

enum class TokenKind : std::uint8_t {
  sof,
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
  pipe,
  brace_r,
  name,
  int_,
  float_,
  string,
  block_string,
  failed  // the lexer or the parser has found an error; matches nothing
};
// As it stands in messages: "{" with its quotes, Name, <EOF>.
std::string_view token_kind_text(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::sof;
  std::uint32_t start = 0;
  std::uint32_t end = 0;
};

// What a byte can begin.
enum class ByteClass : std::uint8_t {
  other,
  blank,
  letter,
  digit,
  punctuator,
  quote,
  comment,
  bom
};

struct ByteTables {
  std::array<ByteClass, 256> classes{};
  std::array<TokenKind, 256> punctuators{};
  std::array<bool, 256> name{};  // NameContinue
};
extern const ByteTables kBytes;

class Lexer {
 public:
  explicit Lexer(std::string_view source) : text_(source.data()), size_(source.size()) {}

  // The next token at or after `position`; comments are skipped.
  Token read(std::uint32_t position);
  // The same in two steps: a name or a punctuator, as nearly all tokens are, needs no call. Where
  // `read_frequent` says no, `read_rare` goes on at the start of the token.
  bool read_frequent(std::uint32_t position, Token& token) const;
  Token read_rare(std::uint32_t position);

  // Of the first error; empty when there was none.
  const std::string& message() const { return message_; }
  std::uint32_t error_at() const { return error_at_; }

  // The decoded characters of a string or block string token, appended.
  void append_string(std::string& out, const Token& token) const;

  std::string_view text(const Token& token) const {
    return std::string_view(text_ + token.start, token.end - token.start);
  }

 private:
  std::uint32_t name_end(std::uint32_t position) const;
  Token read_other(std::uint32_t position);
  Token read_number(std::uint32_t start);
  bool read_digits(std::uint32_t& position);
  Token read_string(std::uint32_t start);
  Token read_block_string(std::uint32_t start);
  std::uint32_t escape_end(std::uint32_t position);
  std::uint32_t fixed_escape_end(std::uint32_t position);
  std::uint32_t braced_escape_end(std::uint32_t position);
  std::uint32_t skip_comment(std::uint32_t position) const;
  Token fail(std::uint32_t position, std::string message);
  std::string describe(std::uint32_t position) const;

  const char* text_;
  std::size_t size_;
  std::string message_;
  std::uint32_t error_at_ = 0;
};

// Up to `units` UTF-16 code units of `text` from `position`; half a pair becomes U+FFFD.
std::string utf16_slice(std::string_view text, std::size_t position, std::size_t units);
// The length of UTF-8 text in UTF-16 code units.
std::size_t utf16_length(std::string_view text);
void append_utf8(std::string& out, std::uint32_t code_point);
// The offset of the first byte that is not valid UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// The end of the NameContinue characters at `position`. Sixteen at a time: names are short and of
// every length, so a loop over bytes would mispredict its end each time.
inline std::uint32_t Lexer::name_end(std::uint32_t position) const {
#ifdef __SSE2__
  while (position + 16 <= size_) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_ + position));
    // Shifted so that the last of a range is 127, the range is what lies above its first.
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letters =
        _mm_cmpgt_epi8(_mm_add_epi8(lower, _mm_set1_epi8(127 - 'z')), _mm_set1_epi8(127 - 26));
    const __m128i digits =
        _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(127 - '9')), _mm_set1_epi8(127 - 10));
    const __m128i underscores = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
    const __m128i all = _mm_or_si128(_mm_or_si128(letters, digits), underscores);
    const auto others = static_cast<std::uint32_t>(_mm_movemask_epi8(all)) ^ 0xFFFFU;
    if (others != 0) return position + static_cast<std::uint32_t>(std::countr_zero(others));
    position += 16;
  }
#endif
  while (kBytes.name[static_cast<unsigned char>(text_[position])]) ++position;
  return position;
}

[[gnu::always_inline]] inline bool Lexer::read_frequent(std::uint32_t position,
                                                        Token& token) const {
  while (kBytes.classes[static_cast<unsigned char>(text_[position])] == ByteClass::blank) {
    ++position;
  }
  const auto byte = static_cast<unsigned char>(text_[position]);
  const ByteClass begins = kBytes.classes[byte];
  if (begins == ByteClass::letter) [[likely]] {
    token = {TokenKind::name, position, name_end(position + 1)};
    return true;
  }
  token = {kBytes.punctuators[byte], position, position + 1};
  return begins == ByteClass::punctuator;
}

inline Token Lexer::read(std::uint32_t position) {
  Token token;
  return read_frequent(position, token) ? token : read_rare(token.start);
}

}  // namespace mc::graphql
