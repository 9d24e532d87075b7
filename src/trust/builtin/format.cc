#include "builtin/format.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "builtin/big.h"
#include "builtin/float_text.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

using Of = FormatArgument::Kind;

constexpr int kNumberMax = 1'000'000;  // of widths, precisions and indexes, as in Go

struct Flags {
  bool plus = false, minus = false, sharp = false, space = false, zero = false;
  bool plus_v = false, sharp_v = false;  // the flags of %+v and %#v
  bool has_width = false, has_precision = false;
  int width = 0, precision = 0;
};

std::string upper_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return text;
}

// One run of a format; as fmt's pp.
class Printer {
 public:
  Printer(Context& context, std::string_view format, std::span<const FormatArgument> arguments)
      : context_(context), format_(format), arguments_(arguments) {}

  std::optional<std::string> run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) directive();
      if (!context_.spend(1) || !context_.reserve(out_.size())) return std::nullopt;
    }
    if (!reordered_ && next_ < arguments_.size()) extra();
    if (!context_.reserve(out_.size())) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool at_char(char c) const { return at_ < format_.size() && format_[at_] == c; }

  void read_flags() {
    flags_ = {};
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '#':
          flags_.sharp = true;
          break;
        case '0':
          flags_.zero = true;
          break;
        case '+':
          flags_.plus = true;
          break;
        case '-':
          flags_.minus = true;
          break;
        case ' ':
          flags_.space = true;
          break;
        default:
          return;
      }
    }
  }

  // Digits from at_ up to `end`. Past kNumberMax the rest of the format is passed over.
  std::optional<int> read_number(std::size_t end) {
    if (at_ >= end || format_[at_] < '0' || format_[at_] > '9') return std::nullopt;
    int number = 0;
    for (; at_ < end && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      if (number > kNumberMax) {
        at_ = end;
        return std::nullopt;
      }
      number = number * 10 + (format_[at_] - '0');
    }
    return number;
  }

  // "[3]": the next argument. True when there was one, even one that does not exist.
  bool read_index() {
    if (!at_char('[')) return false;
    reordered_ = true;
    const std::size_t close = format_.find(']', at_);
    if (close == std::string_view::npos || format_.size() - at_ < 3) {
      ++at_;
      good_index_ = false;
      return false;
    }
    ++at_;
    const std::optional<int> number = read_number(close);
    const bool whole = number && at_ == close;
    at_ = close + 1;
    if (whole && *number >= 1 && static_cast<std::size_t>(*number) <= arguments_.size()) {
      next_ = static_cast<std::size_t>(*number) - 1;
      return true;
    }
    good_index_ = false;
    return whole;
  }

  // '*': the width or precision is an argument.
  std::optional<int> take_int() {
    if (next_ >= arguments_.size()) return std::nullopt;
    const FormatArgument& argument = arguments_[next_++];
    if (argument.kind != Of::integer || std::abs(argument.integer) > kNumberMax) {
      return std::nullopt;
    }
    return static_cast<int>(argument.integer);
  }

  void read_width(bool after_index) {
    if (at_char('*')) {
      ++at_;
      const std::optional<int> width = take_int();
      if (!width) out_ += "%!(BADWIDTH)";
      flags_.has_width = width.has_value();
      flags_.width = width.value_or(0);
      if (flags_.width < 0) {
        flags_.width = -flags_.width;
        flags_.minus = true;
        flags_.zero = false;
      }
      after_index_ = false;
      return;
    }
    const std::optional<int> width = read_number(format_.size());
    flags_.has_width = width.has_value();
    flags_.width = width.value_or(0);
    if (after_index && width) good_index_ = false;  // "%[3]2d"
  }

  void read_precision() {
    if (!at_char('.')) return;
    ++at_;
    if (after_index_) good_index_ = false;  // "%[3].2d"
    after_index_ = read_index();
    if (at_char('*')) {
      ++at_;
      std::optional<int> precision = take_int();
      if (precision && *precision < 0) precision.reset();
      if (!precision) out_ += "%!(BADPREC)";
      flags_.has_precision = precision.has_value();
      flags_.precision = precision.value_or(0);
      after_index_ = false;
      return;
    }
    flags_.precision = read_number(format_.size()).value_or(0);
    flags_.has_precision = true;
  }

  // After a '%'.
  void directive() {
    good_index_ = true;
    read_flags();
    after_index_ = read_index();
    read_width(after_index_);
    read_precision();
    if (!after_index_) after_index_ = read_index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const Rune verb = rune_at(format_, at_);
    const std::string_view name = format_.substr(at_, verb.size);
    at_ += verb.size;
    if (verb.code == '%') {
      out_ += '%';
    } else if (!good_index_) {
      out_.append("%!").append(name).append("(BADINDEX)");
    } else if (next_ >= arguments_.size()) {
      out_.append("%!").append(name).append("(MISSING)");
    } else {
      if (verb.code == 'v') {
        flags_.sharp_v = std::exchange(flags_.sharp, false);
        flags_.plus_v = std::exchange(flags_.plus, false);
      }
      print(arguments_[next_++], verb.code);
    }
  }

  void extra() {
    flags_ = {};
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      if (i > next_) out_ += ", ";
      out_.append(arguments_[i].type).append("=");
      print(arguments_[i], 'v');
    }
    out_ += ')';
  }

  // NOLINTNEXTLINE(misc-no-recursion): print() of %v always knows the verb
  void bad_verb(const FormatArgument& argument, char32_t verb) {
    out_ += "%!";
    append_rune(out_, verb);
    if (argument.kind == Of::big_integer) {
      out_.append("(big.Int=").append(argument.text).append(")");
      return;
    }
    if (argument.type == "<nil>") {
      out_ += "(<nil>)";
      return;
    }
    out_.append("(").append(argument.type).append("=");
    print(argument, 'v');
    out_ += ')';
  }

  // NOLINTNEXTLINE(misc-no-recursion): see bad_verb()
  void print(const FormatArgument& argument, char32_t verb) {
    if (verb == 'T') return pad_text(argument.type);
    bool known = false;
    switch (argument.kind) {
      case Of::integer:
        known = print_integer(argument, verb);
        break;
      case Of::big_integer:
        known = print_big(argument, verb);
        break;
      case Of::floating:
        known = print_float(argument.floating, verb);
        break;
      case Of::boolean:
        known = verb == 't' || verb == 'v';
        if (known) pad_text(argument.integer != 0 ? "true" : "false");
        break;
      case Of::text:
      case Of::named:
        known = (verb == 'v' || argument.type != "<nil>") && print_text(argument.text, verb);
        break;
    }
    if (!known) bad_verb(argument, verb);
  }

  void fill(int count, char with) {
    if (count > 0) out_.append(static_cast<std::size_t>(count), with);
  }

  // In characters; zeros only to the left.
  void pad(std::string_view text, bool zeros) {
    const int missing = flags_.has_width ? flags_.width - static_cast<int>(rune_count(text)) : 0;
    if (!flags_.minus) fill(missing, zeros ? '0' : ' ');
    out_ += text;
    if (flags_.minus) fill(missing, ' ');
  }
  void pad_text(std::string_view text) { pad(text, flags_.zero && !flags_.minus); }

  std::string quoted(std::string_view text, char quote) const {
    std::string out;
    append_quoted(out, text, quote, flags_.plus ? Quoting::ascii : Quoting::utf8);
    return out;
  }

  bool print_integer(const FormatArgument& argument, char32_t verb) {
    const std::int64_t n = argument.integer;
    switch (verb) {
      case 'v':
      case 'd':
        number_text(std::to_string(n), verb, 10);
        return true;
      case 'b':
        number_text(big::in_base(std::to_string(n), 2), verb, 2);
        return true;
      case 'o':
      case 'O':
        number_text(big::in_base(std::to_string(n), 8), verb, 8);
        return true;
      case 'x':
        number_text(big::in_base(std::to_string(n), 16), verb, 16);
        return true;
      case 'X':
        number_text(upper_ascii(big::in_base(std::to_string(n), 16)), verb, 16);
        return true;
      case 'c':
      case 'q': {
        std::string text;
        append_rune(text, n < 0 || n > kRuneMax ? kReplacement : static_cast<char32_t>(n));
        pad_text(verb == 'c' ? text : quoted(text, '\''));
        return true;
      }
      case 'U':
        unicode(n);
        return true;
      default:
        return false;
    }
  }

  // `digits` have a sign when negative.
  void number_text(std::string digits, char32_t verb, int base) {
    const bool negative = digits.front() == '-';
    if (negative) digits.erase(0, 1);
    int least = 0;
    if (flags_.has_precision) {
      least = flags_.precision;
      if (least == 0 && digits == "0") return pad("", false);
    } else if (flags_.zero && !flags_.minus && flags_.has_width) {
      least = flags_.width - (negative || flags_.plus || flags_.space ? 1 : 0);
    }
    const int missing = least - static_cast<int>(digits.size());
    if (missing > 0) digits.insert(0, static_cast<std::size_t>(missing), '0');
    if (flags_.sharp) {
      if (base == 2) digits.insert(0, "0b");
      if (base == 8 && digits.front() != '0') digits.insert(0, "0");
      if (base == 16) digits.insert(0, verb == 'X' ? "0X" : "0x");
    }
    if (verb == 'O') digits.insert(0, "0o");
    if (negative || flags_.plus || flags_.space) {
      digits.insert(0, negative ? "-" : flags_.plus ? "+" : " ");
    }
    pad(digits, false);
  }

  void unicode(std::int64_t n) {
    std::string digits =
        upper_ascii(big::in_base(std::to_string(static_cast<std::uint64_t>(n)), 16));
    const int least = flags_.has_precision ? std::max(4, flags_.precision) : 4;
    const int missing = least - static_cast<int>(digits.size());
    if (missing > 0) digits.insert(0, static_cast<std::size_t>(missing), '0');
    digits.insert(0, "U+");
    if (flags_.sharp && n >= 0 && n <= kRuneMax && is_printable(static_cast<char32_t>(n))) {
      digits += " '";
      append_rune(digits, static_cast<char32_t>(n));
      digits += '\'';
    }
    pad(digits, false);
  }

  bool print_big(const FormatArgument& argument, char32_t verb) {
    int base = 10;
    switch (verb) {
      case 'd':
      case 's':
      case 'v':
        break;
      case 'b':
        base = 2;
        break;
      case 'o':
      case 'O':
        base = 8;
        break;
      case 'x':
      case 'X':
        base = 16;
        break;
      default:
        return false;
    }
    if (argument.text.size() > big::kDigitsMax) base = 10;
    std::string digits = big::in_base(argument.text, base);
    if (verb == 'X') digits = upper_ascii(digits);
    const bool negative = digits.front() == '-';
    if (negative) digits.erase(0, 1);
    std::string head = negative                       ? "-"
                       : flags_.plus || flags_.plus_v ? "+"
                       : flags_.space                 ? " "
                                                      : "";
    if (flags_.sharp || flags_.sharp_v) {
      if (base == 2) head += "0b";
      if (verb == 'o') head += "0";
      if (base == 16) head += verb == 'X' ? "0X" : "0x";
    }
    if (verb == 'O') head += "0o";
    int zeros = flags_.has_precision ? flags_.precision - static_cast<int>(digits.size()) : 0;
    zeros = std::max(zeros, 0);
    const int missing =
        flags_.has_width ? flags_.width - zeros - static_cast<int>(head.size() + digits.size()) : 0;
    const bool fill_zeros = flags_.zero && !flags_.minus && !flags_.has_precision;
    if (!flags_.minus && !fill_zeros) fill(missing, ' ');
    out_ += head;
    fill(fill_zeros ? missing : zeros, '0');
    out_ += digits;
    if (flags_.minus) fill(missing, ' ');
    return true;
  }

  bool print_float(double value, char32_t verb) {
    int precision = -1;
    char letter = 'g';
    switch (verb) {
      case 'v':
        break;
      case 'b':
      case 'g':
      case 'G':
      case 'x':
      case 'X':
        letter = static_cast<char>(verb);
        break;
      case 'f':
      case 'e':
      case 'E':
        letter = static_cast<char>(verb);
        precision = 6;
        break;
      case 'F':
        letter = 'f';
        precision = 6;
        break;
      default:
        return false;
    }
    if (flags_.has_precision) precision = flags_.precision;
    std::string number = float_text(value, letter, precision);
    const bool negative = number.front() == '-';
    if (negative) number.erase(0, 1);
    if (flags_.sharp && letter != 'b') keep_point(number, letter, precision);
    const char sign = negative ? '-' : flags_.plus ? '+' : flags_.space ? ' ' : '\0';
    if (sign == '\0') {
      pad_text(number);
    } else if (const int missing = flags_.width - static_cast<int>(number.size()) - 1;
               flags_.zero && !flags_.minus && flags_.has_width && missing > 0) {
      out_ += sign;
      fill(missing, '0');
      out_ += number;
    } else {
      number.insert(number.begin(), sign);
      pad_text(number);
    }
    return true;
  }

  // '#': always a point, and for %g all digits of the precision.
  static void keep_point(std::string& number, char letter, int precision) {
    int digits = 0;
    if (letter == 'g' || letter == 'G' || letter == 'x') digits = precision < 0 ? 6 : precision;
    const bool hex = letter == 'x' || letter == 'X';
    const std::size_t tail_at = std::min(number.find_first_of(hex ? "pP" : "eE"), number.size());
    const std::string tail = number.substr(tail_at);
    number.resize(tail_at);
    bool seen = false;  // a digit that counts
    for (const char c : number) {
      if (c == '.') continue;
      seen = seen || c != '0';
      if (seen) --digits;
    }
    if (number.find('.') == std::string::npos) {
      if (number == "0") --digits;
      number += '.';
    }
    if (digits > 0) number.append(static_cast<std::size_t>(digits), '0');
    number += tail;
  }

  bool print_text(std::string_view text, char32_t verb) {
    if (verb == 'x' || verb == 'X') {
      hex(text, verb == 'X');
      return true;
    }
    const bool quote = verb == 'q' || (verb == 'v' && flags_.sharp_v);
    if (!quote && verb != 's' && verb != 'v') return false;
    if (flags_.has_precision) {
      text = text.substr(0, rune_offset(text, static_cast<std::size_t>(flags_.precision)));
    }
    if (!quote) {
      pad_text(text);
    } else if (flags_.sharp && can_backquote(text)) {
      pad_text("`" + std::string(text) + "`");
    } else {
      pad_text(quoted(text, '"'));
    }
    return true;
  }

  static bool can_backquote(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const Rune rune = rune_at(text, at);
      at += rune.size;
      if (rune.size == 1 && (rune.code == kReplacement || (rune.code < ' ' && rune.code != '\t') ||
                             rune.code == '`' || rune.code == 0x7F)) {
        return false;
      }
      if (rune.code == 0xFEFF) return false;
    }
    return true;
  }

  // The bytes of a text; with a space flag apart.
  void hex(std::string_view text, bool upper) {
    if (flags_.has_precision) {
      text = text.substr(0, static_cast<std::size_t>(flags_.precision));
    }
    const std::string_view prefix = upper ? "0X" : "0x";
    const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (flags_.space && i > 0) out += ' ';
      if (flags_.sharp && (flags_.space || i == 0)) out += prefix;
      const auto byte = static_cast<unsigned char>(text[i]);
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
    pad_text(out);
  }

  Context& context_;
  std::string_view format_;
  std::span<const FormatArgument> arguments_;
  std::string out_;
  std::size_t at_ = 0;    // in the format
  std::size_t next_ = 0;  // argument
  Flags flags_;
  bool reordered_ = false;    // some directive had an index
  bool good_index_ = true;    // of this directive
  bool after_index_ = false;  // just read one
};

}  // namespace

FormatArgument format_argument(Value value) {
  FormatArgument argument;
  if (value.is_small()) {
    argument.kind = Of::integer;
    argument.integer = value.small();
    argument.type = "int";
  } else if (value.is_number()) {
    argument.text = term::number_text(value);
    const bool digits = argument.text.find_first_not_of("-0123456789") == std::string::npos;
    const double floating = term::to_double(value);
    if (digits) {
      argument.kind = Of::big_integer;
      argument.type = "*big.Int";
    } else if (std::isfinite(floating)) {
      argument.kind = Of::floating;
      argument.floating = floating;
      argument.type = "float64";
    }
  } else if (value.is_string()) {
    argument.text = value.text();
  } else {
    term::append_rego(argument.text, value);
  }
  return argument;
}

std::vector<FormatArgument> format_arguments(std::span<const Value> values) {
  std::vector<FormatArgument> arguments;
  arguments.reserve(values.size());
  for (const Value value : values) arguments.push_back(format_argument(value));
  return arguments;
}

std::optional<std::string> format_go(Context& context, std::string_view format,
                                     std::span<const FormatArgument> arguments) {
  return Printer(context, format, arguments).run();
}

}  // namespace mc::builtin
