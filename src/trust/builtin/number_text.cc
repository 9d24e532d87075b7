#include "builtin/number_text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

bool is_digit(char c, bool hex) {
  return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

// The parts of a number of Go's syntax, without underscores.
struct Written {
  bool negative = false, hex = false, has_exponent = false;
  std::string whole, fraction, exponent;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool read(Written& out) {
    if (has('+') || has('-')) out.negative = text_[at_++] == '-';
    if (at_ + 1 < text_.size() && text_[at_] == '0' && (text_[at_ + 1] | 0x20) == 'x') {
      out.hex = true;
      at_ += 2;
      after_digit_ = true;  // an underscore may follow the prefix
    }
    if (!digits(out.whole, out.hex)) return false;
    if (has('.')) {
      ++at_;
      after_digit_ = false;
      if (!digits(out.fraction, out.hex)) return false;
    }
    if (out.whole.empty() && out.fraction.empty()) return false;
    const char mark = out.hex ? 'p' : 'e';
    if (at_ < text_.size() && (text_[at_] | 0x20) == mark) {
      ++at_;
      out.has_exponent = true;
      if (has('+') || has('-')) out.exponent += text_[at_++];
      after_digit_ = false;
      const std::size_t before = out.exponent.size();
      if (!digits(out.exponent, false) || out.exponent.size() == before) return false;
    }
    return at_ == text_.size() && (!out.hex || out.has_exponent);
  }

 private:
  bool has(char c) const { return at_ < text_.size() && text_[at_] == c; }

  // Underscores stand between digits only.
  bool digits(std::string& out, bool hex) {
    for (; at_ < text_.size(); ++at_) {
      if (is_digit(text_[at_], hex)) {
        out += text_[at_];
        after_digit_ = true;
      } else if (text_[at_] == '_') {
        if (!after_digit_ || at_ + 1 >= text_.size() || !is_digit(text_[at_ + 1], hex)) {
          return false;
        }
      } else {
        break;
      }
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool after_digit_ = false;
};

// The same number as JSON or C writes it.
std::string plain(const Written& number) {
  std::string out = number.negative ? "-" : "";
  std::string whole = number.whole;
  if (!number.hex) {
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.empty()) whole = "0";
  }
  out += (number.hex ? "0x" : "") + whole;
  if (!number.fraction.empty()) out += "." + number.fraction;
  if (number.has_exponent) out += (number.hex ? "p" : "e") + number.exponent;
  return out;
}

Value refuse(Context& context, std::string_view text, std::string_view why) {
  std::string message = "strconv.ParseFloat: parsing ";
  append_quoted(message, text, '"', Quoting::utf8);
  return context.fail(message + ": " + std::string(why));
}

}  // namespace

Value parse_number(Context& context, std::string_view text) {
  if (!context.spend(static_cast<std::int64_t>(text.size() / 8))) return {};
  Written written;
  if (!Reader(text).read(written)) return refuse(context, text, "invalid syntax");
  const std::string number = plain(written);
  if (!std::isfinite(std::strtod(number.c_str(), nullptr))) {
    return refuse(context, text, "value out of range");
  }
  if (!written.hex) {
    const Value kept = term::number(context.arena, text);
    return kept.is_undefined() ? term::number(context.arena, number) : kept;
  }
  return term::number(context.arena, std::strtold(number.c_str(), nullptr));
}

}  // namespace mc::builtin
