// A strict recursive-descent reader. Why not simdjson's DOM: see docs/adr/0007.
#include <bit>
#include <charconv>
#include <cstring>
#include <memory>
#include <unordered_set>

#include "json/json.h"

namespace mc::json {
namespace {

// Below this many members a linear scan for duplicates beats a hash set.
constexpr std::size_t kScanMembersMax = 16;
constexpr std::size_t kUsualMembers = 4;  // one allocation for most objects

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// How many of the eight bytes come before the first quote, backslash, control character or byte
// over 0x7f. Borrows make false marks, but only behind a true one.
std::ptrdiff_t plain_bytes(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  const std::uint64_t marks =
      control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) | (word & kHighs);
  if constexpr (std::endian::native != std::endian::little) return marks == 0 ? 8 : 0;
  return std::countr_zero(marks) / 8;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  }
}

class TextReader {
 public:
  TextReader(std::string_view text, const Limits& limits)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), limits_(limits) {}

  Result<Value> read() {
    Value value;
    skip_blanks();
    MC_TRY_OK(read_value(value, 0));
    skip_blanks();
    if (at_ != end_) return bad("bytes after the end of the value");
    return value;
  }

 private:
  tl::unexpected<Error> bad(std::string_view why) const {
    return fail(Code::invalid,
                "invalid JSON at byte " + std::to_string(at_ - begin_) + ": " + std::string(why));
  }

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  Status read_literal(std::string_view word, Value value, Value& out) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() ||
        std::string_view(at_, word.size()) != word) {
      return bad("expected a value");
    }
    at_ += word.size();
    out = std::move(value);
    return ok();
  }

  bool skip_digits() {
    const char* first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  }

  // RFC 8259 section 6.
  Status read_number(Value& out) {
    const char* first = at_;
    bool integral = true;
    take('-');
    if (take('0')) {
      if (at_ != end_ && is_digit(*at_)) return bad("a number with a leading zero");
    } else if (!skip_digits()) {
      return bad("expected a value");
    }
    if (take('.')) {
      integral = false;
      if (!skip_digits()) return bad("expected a digit after the decimal point");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integral = false;
      ++at_;
      if (!take('+')) take('-');
      if (!skip_digits()) return bad("expected a digit in the exponent");
    }
    return convert_number(first, integral, out);
  }

  Status convert_number(const char* first, bool integral, Value& out) const {
    const bool negative_zero = integral && at_ - first == 2 && first[0] == '-' && first[1] == '0';
    std::int64_t whole = 0;
    if (integral && !negative_zero && std::from_chars(first, at_, whole).ec == std::errc{}) {
      out = Value(whole);
      return ok();
    }
    double real = 0;
    if (std::from_chars(first, at_, real).ec == std::errc{}) {
      out = Value(real);
      return ok();
    }
    // from_chars reports underflow and overflow alike; strtod tells them apart.
    real = std::strtod(std::string(first, at_).c_str(), nullptr);
    if (real > 1e308 || real < -1e308) return bad("a number outside the range of a double");
    out = Value(real);
    return ok();
  }

  bool read_hex4(std::uint32_t& out) {
    if (end_ - at_ < 4) return false;
    const auto result = std::from_chars(at_, at_ + 4, out, 16);
    if (result.ec != std::errc{} || result.ptr != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  Status read_unicode_escape(std::string& out) {
    std::uint32_t unit = 0;
    if (!read_hex4(unit)) return bad("expected four hexadecimal digits");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return bad("a lone surrogate");
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!take('\\') || !take('u') || !read_hex4(low) || low < 0xDC00 || low > 0xDFFF) {
        return bad("a lone surrogate");
      }
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, unit);
    return ok();
  }

  Status read_escape(std::string& out) {
    if (at_ == end_) return bad("text ends inside a string");
    switch (*at_++) {
      case '"':
        out += '"';
        return ok();
      case '\\':
        out += '\\';
        return ok();
      case '/':
        out += '/';
        return ok();
      case 'b':
        out += '\b';
        return ok();
      case 'f':
        out += '\f';
        return ok();
      case 'n':
        out += '\n';
        return ok();
      case 'r':
        out += '\r';
        return ok();
      case 't':
        out += '\t';
        return ok();
      case 'u':
        return read_unicode_escape(out);
      default:
        --at_;
        return bad("an unknown escape");
    }
  }

  // At the opening quote.
  Status read_string(std::string& out) {
    const char* run = ++at_;
    bool ascii = true;
    for (;;) {
      for (std::ptrdiff_t step = 8; step == 8 && end_ - at_ >= 8;) {
        step = plain_bytes(at_);
        at_ += step;
      }
      if (at_ == end_) return bad("text ends inside a string");
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte == '"') break;
      if (byte < 0x20) return bad("a control character in a string");
      if (byte == '\\') {
        out.append(run, at_);
        ++at_;
        MC_TRY_OK(read_escape(out));
        run = at_;
        continue;
      }
      ascii = ascii && byte < 0x80;
      ++at_;
    }
    out.append(run, at_);
    if (!ascii && !is_valid_utf8(out)) return bad("a string that is not UTF-8");
    ++at_;
    return ok();
  }

  Status read_array(Value& out, int depth) {  // NOLINT(misc-no-recursion): depth_max bounds it
    ++at_;
    Array items;
    skip_blanks();
    if (!take(']')) {
      for (;;) {
        skip_blanks();
        MC_TRY_OK(read_value(items.emplace_back(), depth + 1));
        skip_blanks();
        if (take(']')) break;
        if (!take(',')) return bad("expected ',' or ']'");
      }
    }
    out = Value(std::move(items));
    return ok();
  }

  using Seen = std::unique_ptr<std::unordered_set<std::string>>;  // of large objects only
  static bool repeated(const std::vector<Member>& members, const std::string& key, Seen& seen) {
    if (members.size() < kScanMembersMax) {
      for (const Member& member : members) {
        if (member.name == key) return true;
      }
      return false;
    }
    if (seen == nullptr) {
      seen = std::make_unique<std::unordered_set<std::string>>();
      for (const Member& member : members) seen->insert(member.name);
    }
    return !seen->insert(key).second;
  }

  Status read_member(Object& object, Seen& seen,
                     int depth) {  // NOLINT(misc-no-recursion): depth_max bounds it
    skip_blanks();
    if (at_ == end_ || *at_ != '"') return bad("expected a key in quotes");
    std::string key;
    MC_TRY_OK(read_string(key));
    if (repeated(object.members(), key, seen)) {
      return bad("duplicate key \"" + excerpt(key) + "\"");
    }
    skip_blanks();
    if (!take(':')) return bad("expected ':'");
    skip_blanks();
    object.members().push_back({std::move(key), Value()});
    return read_value(object.members().back().value, depth + 1);
  }

  Status read_object(Value& out, int depth) {  // NOLINT(misc-no-recursion): depth_max bounds it
    ++at_;
    Object object;
    Seen seen;
    skip_blanks();
    if (!take('}')) {
      object.members().reserve(kUsualMembers);
      for (;;) {
        MC_TRY_OK(read_member(object, seen, depth));
        skip_blanks();
        if (take('}')) break;
        if (!take(',')) return bad("expected ',' or '}'");
      }
    }
    out = Value(std::move(object));
    return ok();
  }

  Status read_value(Value& out, int depth) {  // NOLINT(misc-no-recursion): depth_max bounds it
    if (depth > limits_.depth_max) {
      return bad("nested deeper than " + std::to_string(limits_.depth_max));
    }
    if (++values_ > limits_.values_max) {
      return bad("more than " + std::to_string(limits_.values_max) + " values");
    }
    if (at_ == end_) return bad("expected a value");
    switch (*at_) {
      case '{':
        return read_object(out, depth);
      case '[':
        return read_array(out, depth);
      case '"': {
        std::string text;
        MC_TRY_OK(read_string(text));
        out = Value(std::move(text));
        return ok();
      }
      case 't':
        return read_literal("true", Value(true), out);
      case 'f':
        return read_literal("false", Value(false), out);
      case 'n':
        return read_literal("null", Value(), out);
      default:
        return read_number(out);
    }
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  Limits limits_;
  std::size_t values_ = 0;
};

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::invalid, "JSON text of " + std::to_string(text.size()) +
                                   " bytes; the limit is " + std::to_string(limits.bytes_max));
  }
  return TextReader(text, limits).read();
}

}  // namespace mc::json
