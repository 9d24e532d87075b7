#include "builtin/encoding.h"

#include <array>
#include <optional>

#include "base/base.h"
#include "builtin/go_values.h"
#include "builtin/runes.h"

namespace mc::builtin {
namespace {

bool spend_bytes(Context& context, std::string_view text) {
  return context.spend(1 + static_cast<std::int64_t>(text.size() / 16));
}

enum class Alphabet : std::uint8_t { standard, url };

int digit_of(char c, Alphabet alphabet) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (alphabet == Alphabet::standard ? '+' : '-')) return 62;
  if (c == (alphabet == Alphabet::standard ? '/' : '_')) return 63;
  return -1;
}

// Go's decoder of padded base64: line breaks are passed over, and bits behind the end are ignored.
class Base64Reader {
 public:
  Base64Reader(std::string_view text, Alphabet alphabet) : text_(text), alphabet_(alphabet) {}

  // Nothing when it is none; then bad_at() is the byte that Go names.
  std::optional<std::string> read() {
    std::string out;
    while (!done_) {
      if (!quantum(out)) return std::nullopt;
    }
    return out;
  }
  std::size_t bad_at() const { return bad_at_; }

 private:
  bool fail_at(std::size_t at) {
    bad_at_ = at;
    return false;
  }
  void skip_breaks() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  bool quantum(std::string& out) {
    std::array<int, 4> digits{};
    std::size_t count = 0;
    while (count < 4) {
      if (at_ == text_.size()) {
        done_ = true;
        return count == 0 || fail_at(at_ - count);
      }
      const char c = text_[at_++];
      const int digit = digit_of(c, alphabet_);
      if (digit >= 0) {
        digits[count++] = digit;
      } else if (c != '\n' && c != '\r') {
        if (c != '=' || !padding(count)) return c == '=' ? false : fail_at(at_ - 1);
        done_ = true;
        break;
      }
    }
    const int bits = (digits[0] << 18) | (digits[1] << 12) | (digits[2] << 6) | digits[3];
    for (std::size_t i = 1; i < count; ++i) {
      out += static_cast<char>((bits >> (24 - 8 * static_cast<int>(i))) & 0xff);
    }
    return true;
  }

  // Behind the first "=" of a group with `count` digits.
  bool padding(std::size_t count) {
    if (count < 2) return fail_at(at_ - 1);
    if (count == 2) {
      skip_breaks();
      if (at_ == text_.size()) return fail_at(at_);
      if (text_[at_] != '=') return fail_at(at_ - 1);
      ++at_;
    }
    skip_breaks();
    return at_ == text_.size() || fail_at(at_);
  }

  std::string_view text_;
  Alphabet alphabet_;
  std::size_t at_ = 0;
  std::size_t bad_at_ = 0;
  bool done_ = false;
};

Value decoded_base64(Context& context, std::string_view text, Alphabet alphabet) {
  Base64Reader reader(text, alphabet);
  const std::optional<std::string> bytes = reader.read();
  if (!bytes) {
    return context.fail("illegal base64 data at input byte " + std::to_string(reader.bad_at()));
  }
  return checked_string(context, *bytes);
}

Value base64_encode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  return checked_string(context, to_base64(operands[0].text()));
}

Value base64_decode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  return decoded_base64(context, operands[0].text(), Alphabet::standard);
}

Value base64_is_valid(Context& context, Operands operands) {
  if (!operands[0].is_string()) return Value::boolean(false);
  if (!spend_bytes(context, operands[0].text())) return {};
  return Value::boolean(Base64Reader(operands[0].text(), Alphabet::standard).read().has_value());
}

Value base64url_encode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  std::string out = to_base64url(operands[0].text());
  out.append((4 - out.size() % 4) % 4, '=');
  return checked_string(context, out);
}

Value base64url_encode_no_pad(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  return checked_string(context, to_base64url(operands[0].text()));
}

Value base64url_decode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  std::string text(operands[0].text());
  if (!text.ends_with('=')) {
    if (text.size() % 4 == 1) return context.fail("illegal base64url string: " + text);
    text.append((4 - text.size() % 4) % 4, '=');
  }
  return decoded_base64(context, text, Alphabet::url);
}

Value hex_encode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  return checked_string(context, to_hex(operands[0].text()));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Go's %#U of a byte: U+0067 'g'.
std::string shown_byte(char c) {
  const auto code = static_cast<unsigned char>(c);
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(code));
  std::string out = text;
  if (is_printable(code)) {
    out += " '";
    append_rune(out, code);
    out += "'";
  }
  return out;
}

Value hex_decode(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1) || !spend_bytes(context, operands[0].text())) return {};
  const std::string_view text = operands[0].text();
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const bool pair = i + 1 < text.size();
    for (std::size_t k = i; k < i + (pair ? 2 : 1); ++k) {
      if (hex_digit(text[k]) >= 0) continue;
      return context.fail("encoding/hex: invalid byte: " + shown_byte(text[k]));
    }
    if (!pair) return context.fail("encoding/hex: odd length hex string");
    out += static_cast<char>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1]));
  }
  return checked_string(context, out);
}

constexpr std::string_view kText = "(x: string) => string";
constexpr std::string_view kTest = "(x: string) => boolean";

constexpr Builtin kTable[] = {
    {"base64.decode", kText, base64_decode},
    {"base64.encode", kText, base64_encode},
    {"base64.is_valid", kTest, base64_is_valid},
    {"base64url.decode", kText, base64url_decode},
    {"base64url.encode", kText, base64url_encode},
    {"base64url.encode_no_pad", kText, base64url_encode_no_pad},
    {"hex.decode", kText, hex_decode},
    {"hex.encode", kText, hex_encode},
    {"semver.compare", "(a: string, b: string) => number", semver_compare},
    {"semver.is_valid", "(vsn: any) => boolean", semver_is_valid},
    {"units.parse", "(x: string) => number", units_parse},
    {"units.parse_bytes", "(x: string) => number", units_parse_bytes},
    {"urlquery.decode", kText, urlquery_decode},
    {"urlquery.decode_object", "(x: string) => object[string: array[string]]",
     urlquery_decode_object},
    {"urlquery.encode", kText, urlquery_encode},
    {"urlquery.encode_object",
     "(object: object[string: string | array[string] | set[string]]) => string",
     urlquery_encode_object},
    {"uuid.parse", "(uuid: string) => object[string: any]", uuid_parse},
    {"uuid.rfc4122", "(k: string) => string", uuid_rfc4122, false},
};

}  // namespace

std::span<const Builtin> encoding_builtins() {
  return kTable;
}

}  // namespace mc::builtin
