#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "json/json.h"

namespace mc::json {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// 0 = as it is; 'u' = \u00XX; otherwise the letter after the backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

// RFC 8785 section 3.2.3 orders keys by UTF-16 code units. UTF-8 byte order differs from that
// only between U+E000..U+FFFF and the supplementary planes.
std::uint32_t utf16_rank(unsigned char lead) {
  return lead >= 0xF0 ? 0xEDU * 256 + lead : lead * 256U;  // surrogates sort before U+E000
}

bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto p = static_cast<unsigned char>(*x);
  const auto q = static_cast<unsigned char>(*y);
  const bool leads = p >= 0xC0 && q >= 0xC0;  // continuation bytes compare as they are
  return leads ? utf16_rank(p) < utf16_rank(q) : p < q;
}

// Eight bytes without quote, backslash and control character; others never need an escape.
bool need_no_escape(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  return (control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\'))) == 0;
}

// Most text; the last eight bytes are looked at twice rather than one by one.
bool all_need_no_escape(std::string_view text) {
  if (text.size() < 8) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return kEscapes[static_cast<unsigned char>(c)] == 0; });
  }
  const std::size_t last = text.size() - 8;
  for (std::size_t at = 0; at < last; at += 8) {
    if (!need_no_escape(text.data() + at)) return false;
  }
  return need_no_escape(text.data() + last);
}

// All three at once: what is short costs more to append than to copy.
void append_between(std::string& out, std::string_view before, std::string_view text,
                    std::string_view after) {
  const std::size_t from = out.size();
  out.append(before.size() + text.size() + after.size(), '\0');
  char* at = out.data() + from;
  at = std::copy(before.begin(), before.end(), at);
  at = std::copy(text.begin(), text.end(), at);
  std::copy(after.begin(), after.end(), at);
}

class TreePrinter {
 public:
  enum class Style { compact, pretty, canonical };
  TreePrinter(std::string& out, Style style) : out_(out), style_(style) {}

  // Depth is bounded by the limits of parse(); trees made in code are shallow.
  void print(const Value& value, int depth) {  // NOLINT(misc-no-recursion)
    if (value.is_null()) {
      out_ += "null";
    } else if (const bool* flag = value.as_bool()) {
      out_ += *flag ? "true" : "false";
    } else if (const std::int64_t* whole = value.as_int()) {
      print_int(*whole);
    } else if (const double* real = value.as_double()) {
      append_double(out_, *real);
    } else if (const std::string* text = value.as_string()) {
      append_quoted(out_, *text);
    } else if (const Array* array = value.as_array()) {
      print_array(*array, depth);
    } else {
      print_object(*value.as_object(), depth);
    }
  }

 private:
  void print_int(std::int64_t whole) {
    constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
    if (style_ == Style::canonical && (whole > kExactMax || whole < -kExactMax)) {
      append_double(out_, static_cast<double>(whole));
    } else {
      out_ += std::to_string(whole);
    }
  }

  void line(int depth) {
    if (style_ != Style::pretty) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  void print_array(const Array& array, int depth) {  // NOLINT(misc-no-recursion)
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      line(depth + 1);
      print(array[i], depth + 1);
    }
    if (!array.empty()) line(depth);
    out_ += ']';
  }

  void print_object(const Object& object, int depth) {  // NOLINT(misc-no-recursion)
    std::vector<const Member*> order;
    order.reserve(object.size());
    for (const Member& member : object.members()) order.push_back(&member);
    if (style_ == Style::canonical) {
      std::sort(order.begin(), order.end(),
                [](const Member* a, const Member* b) { return utf16_less(a->name, b->name); });
    }
    out_ += '{';
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0) out_ += ',';
      line(depth + 1);
      append_quoted(out_, order[i]->name);
      out_ += style_ == Style::pretty ? ": " : ":";
      print(order[i]->value, depth + 1);
    }
    if (!order.empty()) line(depth);
    out_ += '}';
  }

  std::string& out_;
  Style style_;
};

std::string print_as(const Value& value, TreePrinter::Style style) {
  std::string out;
  TreePrinter(out, style).print(value, 0);
  return out;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  if (all_need_no_escape(text)) return append_between(out, "\"", text, "\"");
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i > 8 && need_no_escape(text.data() + i)) i += 8;
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text, start, i - start);
    start = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

// ECMAScript Number::toString (ECMA-262 section 6.1.6.1.20), which RFC 8785 takes over.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {
    out += '0';
    return;
  }
  std::array<char, 40> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                     std::fabs(number), std::chars_format::scientific);
  const std::string_view shortest(buffer.data(),
                                  static_cast<std::size_t>(written.ptr - buffer.data()));
  const std::size_t e = shortest.find('e');
  std::string digits(shortest.substr(0, 1));
  if (e > 2) digits += shortest.substr(2, e - 2);
  const int exponent = std::atoi(std::string(shortest.substr(e + 1)).c_str());
  const int length = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  if (number < 0) out += '-';
  if (length <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - length), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (length > 1) out.append(".").append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  }
}

std::string print(const Value& value) {
  return print_as(value, TreePrinter::Style::compact);
}
std::string print_pretty(const Value& value) {
  return print_as(value, TreePrinter::Style::pretty);
}
std::string canonical(const Value& value) {
  return print_as(value, TreePrinter::Style::canonical);
}

void Writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}
Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
  ++depth_;
  return *this;
}
Writer& Writer::end_object() {
  out_ += '}';
  comma_ = true;
  --depth_;
  return *this;
}
Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
  ++depth_;
  return *this;
}
Writer& Writer::end_array() {
  out_ += ']';
  comma_ = true;
  --depth_;
  return *this;
}
Writer& Writer::key(std::string_view name) {
  if (all_need_no_escape(name)) {
    append_between(out_, comma_ ? ",\"" : "\"", name, "\":");
  } else {
    separate();
    append_quoted(out_, name);
    out_ += ':';
  }
  comma_ = false;
  return *this;
}
Writer& Writer::value(std::string_view text) {
  if (all_need_no_escape(text)) {
    append_between(out_, comma_ ? ",\"" : "\"", text, "\"");
    comma_ = true;
    return *this;
  }
  separate();
  append_quoted(out_, text);
  return *this;
}
Writer& Writer::value(std::int64_t number) {
  separate();
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out_.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  return *this;
}
Writer& Writer::value(double number) {
  separate();
  append_double(out_, number);
  return *this;
}
Writer& Writer::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}
Writer& Writer::value(const Value& tree) {
  separate();
  TreePrinter(out_, TreePrinter::Style::compact).print(tree, 0);
  return *this;
}
Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}
Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace mc::json
