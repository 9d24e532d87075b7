// Text helpers that several modules need: UTF-8 checks, hexadecimal, base64url, case folding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mc {

bool is_valid_utf8(std::string_view bytes);
// UTF-8 without control characters (C0, DEL, C1): what can stand in a line for people.
bool is_one_line(std::string_view bytes);
// The same without the characters that turn the direction of what follows (Unicode's Bidi_Control)
// and those that end a line or a paragraph: a text that somebody writes for others, and that reads
// as it stands.
bool is_readable_line(std::string_view bytes);

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

// RFC 4648 section 5, no padding.
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);
// RFC 4648 section 4, padded.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);  // only what to_base64() writes

// Crockford base32 of a 128-bit value in 26 characters, upper bits first.
std::string to_crockford(std::uint64_t high, std::uint64_t low, std::string_view prefix = "");

// ASCII only; bytes above 0x7f are left alone.
std::string to_lower(std::string_view text);
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
// Of equal size, case ignored.
inline bool same_letters(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}
// Most names that are compared differ in length already, so that is decided at the call.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_letters(a, b);
}

std::vector<std::string_view> split(std::string_view text, char separator);
// Without spaces and tabs at its ends.
inline std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

Result<std::int64_t> parse_int(std::string_view text);  // decimal, whole text, in range

// SipHash-1-3 (Aumasson, Bernstein) under a process-wide secret seed, for tables whose keys come
// from outside: collisions cannot be prepared. Not for anything stored or signed.
std::uint64_t keyed_hash(std::uint64_t seed, std::string_view bytes);

// At most `max` bytes of `text`, cut at a character boundary, for error messages.
std::string excerpt(std::string_view text, std::size_t max = 60);

}  // namespace mc
