#include "graphql/lexer.h"

#include <cstring>
#include <limits>
#include <vector>

namespace mc::graphql {
namespace {

constexpr ByteTables make_byte_tables() {
  ByteTables tables;
  for (std::size_t i = 0; i < 256; ++i) {
    const auto c = static_cast<unsigned char>(i);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    tables.name[i] = letter || digit;
    if (letter) tables.classes[i] = ByteClass::letter;
    if (digit || c == '-') tables.classes[i] = ByteClass::digit;
  }
  for (const char c : {' ', '\t', '\n', '\r', ','}) {
    tables.classes[static_cast<unsigned char>(c)] = ByteClass::blank;
  }
  constexpr std::string_view kCharacters = "!$&():=@[]{|}";
  constexpr TokenKind kKinds[] = {TokenKind::bang,      TokenKind::dollar,  TokenKind::amp,
                                  TokenKind::paren_l,   TokenKind::paren_r, TokenKind::colon,
                                  TokenKind::equals,    TokenKind::at,      TokenKind::bracket_l,
                                  TokenKind::bracket_r, TokenKind::brace_l, TokenKind::pipe,
                                  TokenKind::brace_r};
  for (std::size_t i = 0; i < kCharacters.size(); ++i) {
    const auto c = static_cast<unsigned char>(kCharacters[i]);
    tables.classes[c] = ByteClass::punctuator;
    tables.punctuators[c] = kKinds[i];
  }
  tables.classes['"'] = ByteClass::quote;
  tables.classes['#'] = ByteClass::comment;
  tables.classes[0xEF] = ByteClass::bom;
  return tables;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_leading_surrogate(std::uint32_t code) {
  return code >= 0xD800 && code <= 0xDBFF;
}
bool is_trailing_surrogate(std::uint32_t code) {
  return code >= 0xDC00 && code <= 0xDFFF;
}
bool is_scalar_value(std::uint32_t code) {
  return code <= 0xD7FF || (code >= 0xE000 && code <= 0x10FFFF);
}

constexpr std::uint32_t kBadHex = std::numeric_limits<std::uint32_t>::max();

std::uint32_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a' + 10);
  return kBadHex;
}

// Four hexadecimal digits at `text`, or kBadHex. The NUL at the end stops it in time.
std::uint32_t four_hex_digits(const char* text) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t digit = hex_digit(text[i]);
    if (digit == kBadHex) return kBadHex;
    value = value << 4 | digit;
  }
  return value;
}

// Length and value of the character at `position`; the text is valid UTF-8.
std::uint32_t code_point_at(std::string_view text, std::size_t position, std::size_t& length) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[position + i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return length = 1, first;
  if (first < 0xE0) return length = 2, (first & 0x1F) << 6 | (byte(1) & 0x3F);
  if (first < 0xF0) {
    return length = 3, (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  }
  length = 4;
  return (first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

std::size_t first_byte_above_ascii(std::string_view text, std::size_t from) {
  std::size_t i = from;
  while (i + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080U) != 0) break;
    i += 8;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

// Length of the valid multi-byte sequence at `i`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t offset) -> unsigned {
    return i + offset < text.size() ? static_cast<unsigned char>(text[i + offset]) : 0U;
  };
  const auto tail = [&](std::size_t offset) { return (byte(offset) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_large = first == 0xF4 && byte(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

// The lines of a block string between its quotes, with \""" replaced.
std::vector<std::string> raw_lines(std::string_view raw) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r' || raw[i] == '\n') {
      if (raw[i] == '\r' && i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
      lines.emplace_back();
    } else if (raw.substr(i, 4) == "\\\"\"\"") {
      lines.back() += "\"\"\"";
      i += 3;
    } else {
      lines.back() += raw[i];
    }
  }
  return lines;
}

// BlockStringValue() of the specification, section 2.9.4.
void append_dedented(std::string& out, std::string_view raw) {
  std::vector<std::string> lines = raw_lines(raw);
  std::size_t common = std::string::npos;
  std::size_t first = lines.size();
  std::size_t last = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::size_t indent = 0;
    while (indent < lines[i].size() && is_blank(lines[i][indent])) ++indent;
    if (indent == lines[i].size()) continue;
    if (first == lines.size()) first = i;
    last = i;
    if (i != 0 && indent < common) common = indent;
  }
  for (std::size_t i = first; i < lines.size() && i <= last; ++i) {
    if (i != first) out += '\n';
    std::string_view line = lines[i];
    if (i != 0) line.remove_prefix(std::min(common, line.size()));
    out += line;
  }
}

}  // namespace

constexpr ByteTables kBytes = make_byte_tables();

std::string_view token_kind_text(TokenKind kind) {
  constexpr std::string_view kTexts[] = {
      "<SOF>", "<EOF>", "\"!\"", "\"$\"",  "\"&\"",       "\"(\"", "\")\"", "\"...\"",
      "\":\"", "\"=\"", "\"@\"", "\"[\"",  "\"]\"",       "\"{\"", "\"|\"", "\"}\"",
      "Name",  "Int",   "Float", "String", "BlockString", ""};
  return kTexts[static_cast<std::size_t>(kind)];
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::size_t utf16_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    length += (byte & 0xC0) != 0x80;  // every character once,
    length += byte >= 0xF0;           // and once more outside the basic plane
  }
  return length;
}

std::string utf16_slice(std::string_view text, std::size_t position, std::size_t units) {
  std::string out;
  while (units > 0 && position < text.size()) {
    std::size_t length = 0;
    const std::uint32_t code = code_point_at(text, position, length);
    if (code > 0xFFFF && units == 1) {
      append_utf8(out, 0xFFFD);
      break;
    }
    out += text.substr(position, length);
    units -= code > 0xFFFF ? 2 : 1;
    position += length;
  }
  return out;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t i = first_byte_above_ascii(text, 0);
  while (i < text.size()) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      i = first_byte_above_ascii(text, i);
      continue;
    }
    const std::size_t length = sequence_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

Token Lexer::fail(std::uint32_t position, std::string message) {
  message_ = std::move(message);
  error_at_ = position;
  return {TokenKind::failed, position, position};
}

std::string Lexer::describe(std::uint32_t position) const {
  if (position >= size_) return "<EOF>";
  std::size_t length = 0;
  const std::uint32_t code = code_point_at({text_, size_}, position, length);
  if (code == '"') return "'\"'";
  if (code >= 0x20 && code <= 0x7E) return {'"', static_cast<char>(code), '"'};
  std::string digits;
  for (std::uint32_t rest = code; rest != 0; rest >>= 4) {
    digits.insert(digits.begin(), "0123456789ABCDEF"[rest & 15]);
  }
  return "U+" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

Token Lexer::read_rare(std::uint32_t position) {
  for (;;) {
    const ByteClass begins = kBytes.classes[static_cast<unsigned char>(text_[position])];
    if (begins == ByteClass::digit) return read_number(position);
    if (begins == ByteClass::quote) {
      const bool block = text_[position + 1] == '"' && text_[position + 2] == '"';
      return block ? read_block_string(position) : read_string(position);
    }
    if (begins == ByteClass::comment) {
      position = skip_comment(position + 1);
    } else if (std::string_view(text_, size_).substr(position, 3) == "\xEF\xBB\xBF") {
      position += 3;  // a byte order mark is blank
    } else {
      return read_other(position);
    }
    Token token;
    if (read_frequent(position, token)) return token;
    position = token.start;
  }
}

Token Lexer::read_other(std::uint32_t position) {
  const auto size = static_cast<std::uint32_t>(size_);
  if (position >= size) return {TokenKind::eof, size, size};
  if (std::string_view(text_, size_).substr(position, 3) == "...") {
    return {TokenKind::spread, position, position + 3};
  }
  if (text_[position] == '\'') {
    return fail(position,
                "Unexpected single quote character ('), did you mean to use a double quote (\")?");
  }
  return fail(position, "Unexpected character: " + describe(position) + ".");
}

std::uint32_t Lexer::skip_comment(std::uint32_t position) const {
  while (position < size_ && text_[position] != '\n' && text_[position] != '\r') ++position;
  return position;
}

bool Lexer::read_digits(std::uint32_t& position) {
  if (!is_digit(text_[position])) {
    fail(position, "Invalid number, expected digit but got: " + describe(position) + ".");
    return false;
  }
  while (is_digit(text_[position])) ++position;
  return true;
}

Token Lexer::read_number(std::uint32_t start) {
  constexpr Token kFailed = {TokenKind::failed, 0, 0};
  std::uint32_t position = start + (text_[start] == '-' ? 1 : 0);
  TokenKind kind = TokenKind::int_;
  if (text_[position] == '0') {
    ++position;
    if (is_digit(text_[position])) {
      return fail(position,
                  "Invalid number, unexpected digit after 0: " + describe(position) + ".");
    }
  } else if (!read_digits(position)) {
    return kFailed;
  }
  if (text_[position] == '.') {
    kind = TokenKind::float_;
    if (!read_digits(++position)) return kFailed;
  }
  if (text_[position] == 'e' || text_[position] == 'E') {
    kind = TokenKind::float_;
    ++position;
    if (text_[position] == '+' || text_[position] == '-') ++position;
    if (!read_digits(position)) return kFailed;
  }
  const auto next = static_cast<unsigned char>(text_[position]);
  if (next == '.' || kBytes.classes[next] == ByteClass::letter) {
    return fail(position, "Invalid number, expected digit but got: " + describe(position) + ".");
  }
  return {kind, start, position};
}

Token Lexer::read_string(std::uint32_t start) {
  std::uint32_t position = start + 1;
  while (position < size_) {
    const char c = text_[position];
    if (c == '"') return {TokenKind::string, start, position + 1};
    if (c == '\n' || c == '\r') break;
    if (c == '\\') {
      position = escape_end(position);
      if (position == 0) return {TokenKind::failed, start, start};
    } else {
      ++position;
    }
  }
  return fail(position, "Unterminated string.");
}

// The offset after the escape sequence at `position`; 0 after an error.
std::uint32_t Lexer::escape_end(std::uint32_t position) {
  switch (text_[position + 1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return position + 2;
    case 'u':
      return text_[position + 2] == '{' ? braced_escape_end(position) : fixed_escape_end(position);
    default:
      fail(position, "Invalid character escape sequence: \"" +
                         utf16_slice({text_, size_}, position, 2) + "\".");
      return 0;
  }
}

std::uint32_t Lexer::fixed_escape_end(std::uint32_t position) {
  const std::uint32_t code = four_hex_digits(text_ + position + 2);
  if (code != kBadHex && is_scalar_value(code)) return position + 6;
  // A pair of surrogates as in JSON; one alone is nothing.
  if (code != kBadHex && is_leading_surrogate(code) && text_[position + 6] == '\\' &&
      text_[position + 7] == 'u') {
    const std::uint32_t trailing = four_hex_digits(text_ + position + 8);
    if (trailing != kBadHex && is_trailing_surrogate(trailing)) return position + 12;
  }
  fail(position,
       "Invalid Unicode escape sequence: \"" + utf16_slice({text_, size_}, position, 6) + "\".");
  return 0;
}

// "\u{" is at `position`. graphql-js reads at most eight digits and 32 bits of them.
std::uint32_t Lexer::braced_escape_end(std::uint32_t position) {
  std::uint32_t point = 0;
  std::uint32_t size = 3;
  while (size < 12) {
    const char c = text_[position + size++];
    if (c == '}') {
      if (size < 5 || !is_scalar_value(point)) break;
      return position + size;
    }
    const std::uint32_t digit = hex_digit(c);
    if (digit == kBadHex) break;
    point = point << 4 | digit;
    if (point > 0x7FFFFFFF) break;
  }
  fail(position,
       "Invalid Unicode escape sequence: \"" + utf16_slice({text_, size_}, position, size) + "\".");
  return 0;
}

Token Lexer::read_block_string(std::uint32_t start) {
  std::uint32_t position = start + 3;
  while (position < size_) {
    const char c = text_[position];
    const bool quotes = c == '"' && text_[position + 1] == '"' && text_[position + 2] == '"';
    if (quotes) return {TokenKind::block_string, start, position + 3};
    const bool escaped = c == '\\' && text_[position + 1] == '"' && text_[position + 2] == '"' &&
                         text_[position + 3] == '"';
    position += escaped ? 4 : 1;
  }
  return fail(position, "Unterminated string.");
}

void Lexer::append_string(std::string& out, const Token& token) const {
  std::string_view raw = text(token);
  if (token.kind == TokenKind::block_string) {
    append_dedented(out, raw.substr(3, raw.size() - 6));
    return;
  }
  raw = raw.substr(1, raw.size() - 2);
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\')) {
    out += raw.substr(0, i);
    std::size_t used = 2;
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (raw[i + 1] != 'u') {
      out += kTo[kFrom.find(raw[i + 1])];
    } else if (raw[i + 2] == '{') {
      std::uint32_t point = 0;
      for (used = 3; raw[i + used] != '}'; ++used) point = point << 4 | hex_digit(raw[i + used]);
      append_utf8(out, point);
      ++used;
    } else {
      std::uint32_t point = four_hex_digits(raw.data() + i + 2);
      used = 6;
      if (is_leading_surrogate(point)) {
        const std::uint32_t trailing = four_hex_digits(raw.data() + i + 8);
        point = 0x10000 + ((point - 0xD800) << 10) + (trailing - 0xDC00);
        used = 12;
      }
      append_utf8(out, point);
    }
    raw.remove_prefix(i + used);
  }
  out += raw;
}

}  // namespace mc::graphql
