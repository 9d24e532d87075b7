// Characters of UTF-8 text, as Go's unicode and utf8 packages see them: each byte of an invalid
// sequence counts as one U+FFFD. Case mapping is the simple one, one character to one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mc::builtin {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kRuneMax = 0x10FFFF;

struct Rune {
  char32_t code = kReplacement;
  std::size_t size = 1;  // in bytes
};
// Of the character that starts at `at`, which lies inside `text`.
Rune rune_at(std::string_view text, std::size_t at);
// Of the character that ends where `text` ends; `text` is not empty.
Rune last_rune(std::string_view text);
void append_rune(std::string& out, char32_t code);  // U+FFFD for what is no character
std::size_t rune_count(std::string_view text);
// The byte at which character `index` starts; the size of `text` when it has no more than `index`.
std::size_t rune_offset(std::string_view text, std::size_t index);

bool is_ascii(std::string_view text);
bool is_space(char32_t code);      // Unicode's White_Space
bool is_printable(char32_t code);  // letters, marks, numbers, punctuation, symbols, U+0020
char32_t to_lower(char32_t code);
char32_t to_upper(char32_t code);
std::string lower_text(std::string_view text);
std::string upper_text(std::string_view text);

// As Go's strconv quotes, between `quote`s: "\n", "\x00", "\u00ad"; all of it ASCII on demand.
enum class Quoting : std::uint8_t { utf8, ascii };
void append_quoted(std::string& out, std::string_view text, char quote, Quoting quoting);

// What simple case mapping adds to each second or every character of a range (case_table.cc).
struct CaseRange {
  char32_t first, last;
  std::int32_t delta;
  std::int32_t stride;
};

}  // namespace mc::builtin
