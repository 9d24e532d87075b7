#include "builtin/armor.h"

#include <array>

namespace mc::builtin {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::uint8_t kNoDigit = 0xff;
using Digits = std::array<std::uint8_t, 256>;

constexpr Digits digits_with(char c62, char c63) {
  Digits out{};
  out.fill(kNoDigit);
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    out[static_cast<std::uint8_t>(kLetters[i])] = static_cast<std::uint8_t>(i);
  }
  out[static_cast<std::uint8_t>(c62)] = 62;
  out[static_cast<std::uint8_t>(c63)] = 63;
  return out;
}
constexpr Digits kStandard = digits_with('+', '/');
constexpr Digits kUrl = digits_with('-', '_');

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

class Base64Reader {
 public:
  Base64Reader(const Digits& digits, std::string_view text) : digits_(digits), text_(text) {}

  Result<std::string> read() {
    out_.reserve(text_.size() / 4 * 3 + 3);
    while (good_ && !done_) group();
    if (!good_) {
      return fail(Code::invalid, "illegal base64 data at input byte " + std::to_string(bad_at_));
    }
    return std::move(out_);
  }

 private:
  void refuse(std::size_t at) {
    good_ = false;
    bad_at_ = at;
  }
  void skip_line_ends() {
    while (at_ < text_.size() && is_line_end(text_[at_])) ++at_;
  }
  // Four digits, or less and padding.
  void group() {
    std::uint32_t bits = 0;
    int count = 0;
    while (count < 4) {
      if (at_ == text_.size()) {
        done_ = true;
        if (count > 0) refuse(at_ - static_cast<std::size_t>(count));
        return;
      }
      const char c = text_[at_++];
      if (is_line_end(c)) continue;
      const std::uint8_t digit = digits_[static_cast<std::uint8_t>(c)];
      if (digit != kNoDigit) {
        bits = bits << 6 | digit;
        ++count;
        continue;
      }
      if (c != '=' || count < 2) return refuse(at_ - 1);
      if (!padding(count)) return;
      break;
    }
    bits <<= 6 * (4 - count);
    for (int i = 0; i < count - 1; ++i) out_ += static_cast<char>(bits >> (16 - 8 * i) & 0xff);
  }
  // Behind the first '='.
  bool padding(int count) {
    if (count == 2) {
      skip_line_ends();
      if (at_ == text_.size()) return refuse(text_.size()), false;
      if (text_[at_] != '=') return refuse(at_ - 1), false;
      ++at_;
    }
    skip_line_ends();
    if (at_ < text_.size()) return refuse(at_), false;
    done_ = true;
    return true;
  }

  const Digits& digits_;
  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0, bad_at_ = 0;
  bool good_ = true, done_ = false;
};

// The first line of `rest` without the blanks at its end; `rest` then starts behind it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
    line.remove_suffix(1);
  }
  return line;
}

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "\n-----END ";
constexpr std::string_view kDashes = "-----";
constexpr int kTriesMax = 100;

// Moves behind the next "-----BEGIN " that starts a line.
bool find_begin(std::string_view& rest) {
  if (rest.starts_with(kBegin)) {
    rest.remove_prefix(kBegin.size());
    return true;
  }
  const std::size_t at = rest.find("\n-----BEGIN ");
  if (at == std::string_view::npos) return false;
  rest.remove_prefix(at + 1 + kBegin.size());
  return true;
}

// The lines from `rest` up to the END line of `type`; nullopt when that is missing or another.
std::optional<std::string> read_body(std::string_view& rest, std::string_view type, bool headers) {
  std::size_t end = rest.find(kEnd);
  std::size_t trailer = end + kEnd.size();
  if (!headers && rest.starts_with(kEnd.substr(1))) {
    end = 0;
    trailer = kEnd.size() - 1;
  }
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view behind = rest.substr(trailer);
  if (!behind.starts_with(type)) return std::nullopt;
  behind.remove_prefix(type.size());
  if (!behind.starts_with(kDashes)) return std::nullopt;
  behind.remove_prefix(kDashes.size());
  if (!take_line(behind).empty()) return std::nullopt;
  std::string digits;
  for (const char c : rest.substr(0, end)) {
    if (c != ' ' && c != '\t') digits += c;
  }
  Result<std::string> bytes = decode_base64(digits);
  if (!bytes) return std::nullopt;
  rest = behind;
  return std::move(*bytes);
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  return Base64Reader(kStandard, text).read();
}

Result<std::string> decode_base64url(std::string_view text) {
  if (text.ends_with('=') || text.size() % 4 == 0) return Base64Reader(kUrl, text).read();
  if (text.size() % 4 == 1) {
    return fail(Code::invalid, "illegal base64url string: " + excerpt(text));
  }
  return Base64Reader(kUrl, std::string(text) + (text.size() % 4 == 2 ? "==" : "=")).read();
}

std::optional<PemBlock> next_pem_block(std::string_view& rest) {
  std::string_view at = rest;
  // Every line that only looks like a beginning is read up to the next end.
  for (int tries = 0; tries < kTriesMax && find_begin(at); ++tries) {
    const std::string_view first = take_line(at);
    if (!first.ends_with(kDashes)) continue;
    const std::string_view type = first.substr(0, first.size() - kDashes.size());
    bool headers = false;
    for (;;) {  // "Proc-Type: 4,ENCRYPTED"
      if (at.empty()) return std::nullopt;
      std::string_view behind = at;
      if (take_line(behind).find(':') == std::string_view::npos) break;
      headers = true;
      at = behind;
    }
    if (std::optional<std::string> bytes = read_body(at, type, headers)) {
      rest = at;
      return PemBlock{std::string(type), std::move(*bytes)};
    }
  }
  return std::nullopt;
}

}  // namespace mc::builtin
