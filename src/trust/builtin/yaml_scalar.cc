#include "builtin/yaml_scalar.h"

#include "builtin/runes.h"

namespace mc::builtin {
namespace {

constexpr int kWidth = 80;
constexpr std::size_t kSimpleKeyMax = 128;

bool is_break(char32_t c) {
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

// libyaml's printable characters as Go's port has them: no tab, and none beyond U+FFFD.
bool is_shown(char32_t c) {
  return c == '\n' || (c >= 0x20 && c <= 0x7e) || (c >= 0xa0 && c <= 0xd7ff) ||
         (c >= 0xe000 && c <= 0xfffd && c != 0xfeff);
}

// Which styles a text allows.
struct Analysis {
  bool multiline = false;
  bool plain = true, single_quoted = true, block = true;
};

class Analyzer {
 public:
  explicit Analyzer(std::string_view text) : text_(text) {}

  Analysis analyze() {
    if (text_.empty()) return {.multiline = false, .plain = true, .block = false};
    indicator_ = text_.starts_with("---") || text_.starts_with("...");
    for (std::size_t at = 0; at < text_.size();) {
      const Rune rune = rune_at(text_, at);
      step(at, rune);
      at += rune.size;
    }
    Analysis out;
    out.multiline = line_break_;
    if (edge_blank_ || line_break_ || indicator_) out.plain = false;
    if (trailing_space_) out.block = false;
    if (break_space_) out.plain = out.single_quoted = false;
    if (space_break_ || special_) out.plain = out.single_quoted = out.block = false;
    return out;
  }

 private:
  bool blank_or_end(std::size_t at) const {
    if (at >= text_.size()) return true;
    const char32_t c = rune_at(text_, at).code;
    return c == ' ' || c == '\t';
  }

  void step(std::size_t at, Rune rune) {
    const char32_t c = rune.code;
    const bool first = at == 0;
    const bool last = at + rune.size == text_.size();
    indicators(c, first, blank_or_end(at + rune.size));
    if (!is_shown(c) || (c == kReplacement && rune.size == 1)) special_ = true;
    if (is_break(c)) {
      line_break_ = true;
      if (first || last) edge_blank_ = true;
      if (previous_space_) space_break_ = true;
    } else if (c == ' ') {
      if (first || last) edge_blank_ = true;
      if (last) trailing_space_ = true;
      if (previous_break_) break_space_ = true;
    }
    previous_space_ = c == ' ';
    previous_break_ = is_break(c);
    after_blank_ = c == ' ' || c == '\t' || is_break(c) || c == 0;
  }

  // Characters with a meaning in block style.
  void indicators(char32_t c, bool first, bool blank_follows) {
    constexpr std::u32string_view kAtStart = U"#,[]{}&*!|>'\"%@`";
    if (first) {
      if (kAtStart.find(c) != std::u32string_view::npos) indicator_ = true;
      if ((c == '?' || c == ':' || c == '-') && blank_follows) indicator_ = true;
    } else {
      if (c == ':' && blank_follows) indicator_ = true;
      if (c == '#' && after_blank_) indicator_ = true;
    }
  }

  std::string_view text_;
  bool indicator_ = false, special_ = false, line_break_ = false;
  bool edge_blank_ = false, trailing_space_ = false, break_space_ = false, space_break_ = false;
  bool previous_space_ = false, previous_break_ = false, after_blank_ = true;
};

enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal };

class TextWriter {
 public:
  TextWriter(std::string& out, std::string_view text, const YamlSpot& spot)
      : out_(out),
        text_(text),
        spot_(spot),
        column_(spot.column),
        folds_(spot.place == YamlPlace::value) {}

  void write(Style style) {
    switch (style) {
      case Style::plain:
        return plain();
      case Style::single_quoted:
        return single_quoted();
      case Style::double_quoted:
        return double_quoted();
      case Style::literal:
        return literal();
    }
  }

 private:
  void put(std::string_view text) {
    out_ += text;
    ++column_;
  }
  void new_line() {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(spot_.indent), ' ');
    column_ = spot_.indent;
  }
  std::string_view piece(std::size_t at, Rune rune) const { return text_.substr(at, rune.size); }
  bool space_at(std::size_t at) const { return at < text_.size() && text_[at] == ' '; }

  void plain() {
    bool spaces = false;
    for (std::size_t at = 0; at < text_.size();) {
      const Rune rune = rune_at(text_, at);
      if (rune.code == ' ') {
        if (folds_ && !spaces && column_ > kWidth && !space_at(at + 1)) {
          new_line();
        } else {
          put(" ");
        }
        spaces = true;
      } else {
        put(piece(at, rune));
        spaces = false;
      }
      at += rune.size;
    }
  }

  // Only for texts of one line: those with breaks are blocks or double quoted.
  void single_quoted() {
    put("'");
    bool spaces = false;
    for (std::size_t at = 0; at < text_.size();) {
      const Rune rune = rune_at(text_, at);
      if (rune.code == ' ') {
        const bool inside = at > 0 && at + 1 < text_.size();
        if (folds_ && !spaces && column_ > kWidth && inside && !space_at(at + 1)) {
          new_line();
        } else {
          put(" ");
        }
        spaces = true;
      } else {
        if (rune.code == '\'') put("'");
        put(piece(at, rune));
        spaces = false;
      }
      at += rune.size;
    }
    put("'");
  }

  void double_quoted() {
    put("\"");
    bool spaces = false;
    for (std::size_t at = 0; at < text_.size();) {
      const Rune rune = rune_at(text_, at);
      const bool broken = rune.code == kReplacement && rune.size == 1;
      if (!is_shown(rune.code) || broken || is_break(rune.code) || rune.code == '"' ||
          rune.code == '\\') {
        escaped(rune.code);
        spaces = false;
      } else if (rune.code == ' ') {
        if (folds_ && !spaces && column_ > kWidth && at > 0 && at + 1 < text_.size()) {
          new_line();
          if (space_at(at + 1)) put("\\");
        } else {
          put(" ");
        }
        spaces = true;
      } else {
        put(piece(at, rune));
        spaces = false;
      }
      at += rune.size;
    }
    put("\"");
  }

  void escaped(char32_t code) {
    constexpr std::u32string_view kFrom = U"\a\b\t\n\v\f\r\x1b\"\\\x85\xa0\x2028\x2029";
    constexpr std::string_view kTo = "abtnvfre\"\\N_LP";
    put("\\");
    if (code == 0) return put("0");
    if (const std::size_t i = kFrom.find(code); i != std::u32string_view::npos) {
      return put(kTo.substr(i, 1));
    }
    const int width = code <= 0xff ? 2 : code <= 0xffff ? 4 : 8;
    put(width == 2 ? "x" : width == 4 ? "u" : "U");
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) {
      put(kHex.substr((code >> shift) & 15, 1));
    }
  }

  void literal() {
    out_ += '|';
    const char32_t first = rune_at(text_, 0).code;
    if (first == ' ' || is_break(first)) out_ += '2';
    const Rune last = last_rune(text_);
    if (!is_break(last.code)) {
      out_ += '-';
    } else if (last.size == text_.size() ||
               is_break(last_rune(text_.substr(0, text_.size() - last.size)).code)) {
      out_ += '+';
    }
    out_ += '\n';
    bool at_start = true;
    for (std::size_t at = 0; at < text_.size();) {
      const Rune rune = rune_at(text_, at);
      if (is_break(rune.code)) {
        out_ += piece(at, rune);
        at_start = true;
      } else {
        if (at_start) out_.append(static_cast<std::size_t>(spot_.indent), ' ');
        out_ += piece(at, rune);
        at_start = false;
      }
      at += rune.size;
    }
  }

  std::string& out_;
  std::string_view text_;
  const YamlSpot& spot_;
  int column_;
  bool folds_;
};

Style style_of(std::string_view text, YamlPlace place) {
  const Analysis analysis = Analyzer(text).analyze();
  if (place == YamlPlace::key && analysis.multiline) return Style::double_quoted;
  if (text.find('\n') != std::string_view::npos) {
    return analysis.block && place == YamlPlace::value ? Style::literal : Style::double_quoted;
  }
  const bool reads_as_text =
      resolve_yaml(text).kind == YamlScalar::Kind::text && !is_yaml_base60(text);
  if (!reads_as_text) return Style::double_quoted;
  if (analysis.plain) return Style::plain;
  return analysis.single_quoted ? Style::single_quoted : Style::double_quoted;
}

bool is_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= 0x80 && (to_lower(c) != c || to_upper(c) != c || c >= 0x100));
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

std::u32string runes_of(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    out += rune.code;
    at += rune.size;
  }
  return out;
}

// Two keys that are the same before `at` and differ there in characters that are no letters.
bool number_less(std::u32string_view a, std::u32string_view b, std::size_t at) {
  std::uint64_t a_number = 0;
  std::uint64_t b_number = 0;
  if (a[at] == '0' || b[at] == '0') {
    // A zero inside of a number counts as one of its digits.
    for (std::size_t i = at; i-- > 0 && is_digit(a[i]);) {
      if (a[i] == '0') continue;
      a_number = b_number = 1;
      break;
    }
  }
  std::size_t a_end = at;
  std::size_t b_end = at;
  for (; a_end < a.size() && is_digit(a[a_end]); ++a_end) a_number = a_number * 10 + a[a_end] - '0';
  for (; b_end < b.size() && is_digit(b[b_end]); ++b_end) b_number = b_number * 10 + b[b_end] - '0';
  if (a_number != b_number) return a_number < b_number;
  if (a_end != b_end) return a_end < b_end;
  return a[at] < b[at];
}

}  // namespace

void append_yaml_text(std::string& out, std::string_view text, const YamlSpot& spot) {
  TextWriter(out, text, spot).write(style_of(text, spot.place));
}

bool is_simple_yaml_key(std::string_view text) {
  return text.size() <= kSimpleKeyMax && !Analyzer(text).analyze().multiline;
}

bool yaml_key_less(std::string_view a_text, std::string_view b_text) {
  const std::u32string a = runes_of(a_text);
  const std::u32string b = runes_of(b_text);
  const std::size_t size = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] == b[i]) continue;
    const bool a_letter = is_letter(a[i]);
    const bool b_letter = is_letter(b[i]);
    if (a_letter && b_letter) return a[i] < b[i];
    if (a_letter || b_letter) return b_letter;
    return number_less(a, b, i);
  }
  return a.size() < b.size();
}

}  // namespace mc::builtin
