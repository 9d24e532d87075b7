#include "builtin/runes.h"

#include <algorithm>
#include <span>

#include "builtin/case_table.h"

namespace mc::builtin {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// Empty or the continuation bytes do not fit: size 1.
Rune long_rune(std::string_view text, std::size_t at, std::size_t size) {
  static constexpr unsigned kMask[] = {0, 0, 0x1F, 0x0F, 0x07};
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  char32_t code = byte_at(text, at) & kMask[size];
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3FU);
  }
  if (code < kLeast[size] || code > kRuneMax || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, size};
}

char32_t mapped(std::span<const CaseRange> table, char32_t code) {
  const auto at =
      std::upper_bound(table.begin(), table.end(), code,
                       [](char32_t c, const CaseRange& range) { return c < range.first; });
  if (at == table.begin()) return code;
  const CaseRange& range = *(at - 1);
  if (code > range.last || (code - range.first) % static_cast<char32_t>(range.stride) != 0) {
    return code;
  }
  return static_cast<char32_t>(static_cast<std::int64_t>(code) + range.delta);
}

template <class Map>
std::string mapped_text(std::string_view text, const Map& map) {
  std::string out;
  if (is_ascii(text)) {
    out = text;
    for (char& c : out) c = static_cast<char>(map(static_cast<unsigned char>(c)));
    return out;
  }
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    append_rune(out, map(rune.code));
    at += rune.size;
  }
  return out;
}

void append_hex(std::string& out, char32_t code, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kHex[(code >> static_cast<unsigned>(shift)) & 0xFU];
  }
}

void append_escaped(std::string& out, char32_t code) {
  static constexpr std::string_view kNamed = "\a\b\f\n\r\t\v";
  static constexpr std::string_view kNames = "abfnrtv";
  out += '\\';
  if (const std::size_t at = code < 0x80 ? kNamed.find(static_cast<char>(code)) : kNamed.npos;
      at != kNamed.npos) {
    out += kNames[at];
  } else if (code < ' ' || code == 0x7F) {
    out += 'x';
    append_hex(out, code, 2);
  } else if (code < 0x10000) {
    out += 'u';
    append_hex(out, code, 4);
  } else {
    out += 'U';
    append_hex(out, code, 8);
  }
}

}  // namespace

Rune rune_at(std::string_view text, std::size_t at) {
  const unsigned first = byte_at(text, at);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {};
  return long_rune(text, at, first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4);
}

Rune last_rune(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    const std::size_t at = text.size() - size;
    if ((byte_at(text, at) & 0xC0U) == 0x80U) continue;  // inside a character
    const Rune rune = rune_at(text, at);
    return rune.size == size ? rune : Rune{};
  }
  return {};
}

void append_rune(std::string& out, char32_t code) {
  if (code > kRuneMax || (code >= 0xD800 && code < 0xE000)) code = kReplacement;
  const auto add = [&out](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12U));
    add(0x80U | ((code >> 6U) & 0x3FU));
  } else {
    add(0xF0U | (code >> 18U));
    add(0x80U | ((code >> 12U) & 0x3FU));
    add(0x80U | ((code >> 6U) & 0x3FU));
  }
  add(0x80U | (code & 0x3FU));
}

std::size_t rune_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += rune_at(text, at).size;
  return count;
}

std::size_t rune_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += rune_at(text, at).size;
  return at;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_space(char32_t code) {
  switch (code) {
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return (code >= '\t' && code <= '\r') || (code >= 0x2000 && code <= 0x200A);
  }
}

bool is_printable(char32_t code) {
  if (code < 0x7F) return code >= ' ';
  if (code < 0xA1 || code == 0xAD || is_space(code)) return false;
  // Format characters, surrogates, private use, and what is no character.
  static constexpr char32_t kUnseen[][2] = {
      {0x600, 0x605},     {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},
      {0x890, 0x891},     {0x8E2, 0x8E2},     {0x180E, 0x180E},   {0x200B, 0x200F},
      {0x202A, 0x202E},   {0x2060, 0x206F},   {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},
      {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},
      {0x110CD, 0x110CD}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
      {0xE01F0, 0x10FFFF}};
  return std::none_of(std::begin(kUnseen), std::end(kUnseen),
                      [code](const auto& range) { return code >= range[0] && code <= range[1]; });
}

char32_t to_lower(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return mapped(lower_ranges(), code);
}

char32_t to_upper(char32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  return mapped(upper_ranges(), code);
}

std::string lower_text(std::string_view text) {
  return mapped_text(text, [](char32_t code) { return to_lower(code); });
}

std::string upper_text(std::string_view text) {
  return mapped_text(text, [](char32_t code) { return to_upper(code); });
}

void append_quoted(std::string& out, std::string_view text, char quote, Quoting quoting) {
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    if (rune.size == 1 && static_cast<unsigned char>(text[at]) >= 0x80) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text[at]), 2);
    } else if (rune.code == static_cast<char32_t>(quote) || rune.code == '\\') {
      out += '\\';
      out += static_cast<char>(rune.code);
    } else if (is_printable(rune.code) && (quoting == Quoting::utf8 || rune.code < 0x80)) {
      out.append(text.substr(at, rune.size));
    } else {
      append_escaped(out, rune.code);
    }
    at += rune.size;
  }
  out += quote;
}

}  // namespace mc::builtin
