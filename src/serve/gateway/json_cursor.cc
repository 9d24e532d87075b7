#include "gateway/json_cursor.h"

#include <array>

#include "json/json.h"

namespace mc::gateway {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// What ends a run of plain bytes in a text: a quote, a backslash, a control character.
constexpr std::array<bool, 256> kStops = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

}  // namespace

bool JsonCursor::fail() {
  failed_ = true;
  at_ = end_;
  return false;
}

char JsonCursor::next() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  return at_ == end_ ? '\0' : *at_;
}

bool JsonCursor::take(char punctuation) {
  if (next() != punctuation) return false;
  ++at_;
  return true;
}

bool JsonCursor::word(std::string_view wanted) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(wanted)) {
    return fail();
  }
  at_ += wanted.size();
  return true;
}

bool JsonCursor::digits() {
  const char* const first = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return at_ != first || fail();
}

bool JsonCursor::number() {
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;  // a digit behind it is nothing that can follow
  } else if (!digits()) {
    return false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  return true;
}

// Behind a backslash.
bool JsonCursor::escape() {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  if (at_ == end_) return fail();
  const char c = *at_++;
  if (c != 'u') return kSimple.find(c) != std::string_view::npos || fail();
  for (int i = 0; i < 4; ++i) {
    if (at_ == end_ || !is_hex(*at_)) return fail();
    ++at_;
  }
  return true;
}

bool JsonCursor::quoted(bool& escaped) {
  ++at_;
  while (true) {
    while (at_ != end_ && !kStops[static_cast<unsigned char>(*at_)]) ++at_;
    if (at_ == end_) return fail();
    const char c = *at_++;
    if (c == '"') return true;
    escaped = true;
    if (c != '\\') return fail();
    if (!escape()) return false;
  }
}

bool JsonCursor::text(Text& out) {
  if (next() != '"') return fail();
  const char* const first = at_;
  out.escaped = false;
  if (!quoted(out.escaped)) return false;
  out.token = {first, static_cast<std::size_t>(at_ - first)};
  return true;
}

std::optional<std::string> JsonCursor::Text::decoded() const {
  if (!escaped) return std::string(inside());
  const Result<json::Value> value = json::parse(token, {.bytes_max = token.size()});
  if (!value || value->as_string() == nullptr) return std::nullopt;
  return *value->as_string();
}

bool JsonCursor::scalar(std::string_view& token) {
  const char c = next();
  const char* const first = at_;
  bool escaped = false;
  bool good = false;
  if (c == '"') {
    good = quoted(escaped);
  } else if (c == '-' || is_digit(c)) {
    good = number();
  } else {
    good = word(c == 't' ? "true" : c == 'f' ? "false" : "null");
  }
  if (good) token = {first, static_cast<std::size_t>(at_ - first)};
  return good;
}

bool JsonCursor::members(int depth) {
  if (take('}')) return true;
  do {
    Text name;
    if (!text(name)) return false;
    if (!take(':')) return fail();
    if (!value(depth + 1)) return false;
  } while (take(','));
  return take('}') || fail();
}

bool JsonCursor::elements(int depth) {
  if (take(']')) return true;
  do {
    if (!value(depth + 1)) return false;
  } while (take(','));
  return take(']') || fail();
}

bool JsonCursor::value(int depth) {
  if (depth > kDepthMax) return fail();
  if (take('{')) return members(depth);
  if (take('[')) return elements(depth);
  std::string_view token;
  return scalar(token);
}

bool JsonCursor::skip(std::string_view& token) {
  next();
  const char* const first = at_;
  if (!value(1)) return false;
  token = {first, static_cast<std::size_t>(at_ - first)};
  return true;
}

}  // namespace mc::gateway
