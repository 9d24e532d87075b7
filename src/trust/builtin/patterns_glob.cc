// glob.match(): the globs of the Go library gobwas/glob, made into a regular expression once, so
// that matching takes time linear in the text whatever the pattern.
#include <re2/re2.h>

#include <optional>
#include <vector>

#include "builtin/caches.h"
#include "builtin/go_values.h"
#include "builtin/patterns.h"
#include "builtin/runes.h"

namespace mc::builtin {

struct CompiledGlob {
  std::unique_ptr<const re2::RE2> regex;
};

namespace {

using re2::RE2;

void append_class_rune(std::string& out, char32_t code) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(code));
  out += text;
}

class GlobParser {
 public:
  GlobParser(std::string_view pattern, std::u32string_view delimiters) : pattern_(pattern) {
    if (delimiters.empty()) {
      any_ = ".";
    } else {
      any_ = "[^";
      for (const char32_t delimiter : delimiters) append_class_rune(any_, delimiter);
      any_ += "]";
    }
  }

  // The expression, or nothing with problem().
  std::optional<std::string> parse() {
    out_ = "(?s:";
    while (problem_.empty() && !at_end()) term();
    // What is left open at the end counts as closed.
    for (; level_ > 0; --level_) out_ += ")";
    if (!problem_.empty()) return std::nullopt;
    return out_ + ")";
  }
  const std::string& problem() const { return problem_; }

 private:
  // A zero character ends the pattern, as it does in the library.
  bool at_end() const { return at_ >= pattern_.size() || pattern_[at_] == '\0'; }
  char peek() const { return at_end() ? '\0' : pattern_[at_]; }

  char32_t take() {
    const Rune rune = rune_at(pattern_, at_);
    if (rune.code == kReplacement) problem_ = "could not read rune";
    at_ += rune.size;
    return rune.code;
  }

  void term() {
    switch (peek()) {
      case '*':
        ++at_;
        if (peek() == '*') {
          ++at_;
          out_ += ".*";
        } else {
          out_ += any_ + "*";
        }
        return;
      case '?':
        ++at_;
        out_ += any_;
        return;
      case '[':
        ++at_;
        return range();
      case '{':
        ++at_;
        ++level_;
        out_ += "(?:";
        return;
      case '}':
        if (level_ == 0) return literal();
        ++at_;
        --level_;
        out_ += ")";
        return;
      case ',':
        if (level_ == 0) return literal();
        ++at_;
        out_ += "|";
        return;
      default:
        return literal();
    }
  }

  void literal() {
    if (peek() == '\\') ++at_;
    if (at_end()) return;
    const char32_t code = take();
    std::string text;
    append_rune(text, code);
    out_ += RE2::QuoteMeta(text);
  }

  // [abc], [a-z], [!abc], [!a-z]: a single range, or characters up to the bracket.
  void range() {
    std::string set = "[";
    if (peek() == '!') {
      ++at_;
      set += "^";
    }
    if (at_end()) return fail_open();
    const std::size_t start = at_;
    const char32_t low = take();
    if (peek() == '-') {
      ++at_;
      if (at_end()) return fail_open();
      const char32_t high = take();
      if (high < low) return fail_order(high, low);
      append_class_rune(set, low);
      set += "-";
      append_class_rune(set, high);
    } else {
      at_ = start;
      if (!characters(set)) return;
    }
    if (at_end()) return fail_open();
    if (peek() != ']') {
      problem_ = "expected close range character";
      return;
    }
    ++at_;
    out_ += set + "]";
  }

  bool characters(std::string& set) {
    const std::size_t before = set.size();
    while (!at_end() && peek() != ']') {
      if (peek() == '\\') ++at_;
      if (!at_end()) append_class_rune(set, take());
    }
    if (set.size() > before || at_end()) return true;
    problem_ = "could not parse range";
    return false;
  }

  void fail_open() { problem_ = "unexpected end of input"; }
  void fail_order(char32_t high, char32_t low) {
    problem_ = "hi character '";
    append_rune(problem_, high);
    problem_ += "' should be greater than lo '";
    append_rune(problem_, low);
    problem_ += "'";
  }

  std::string_view pattern_;
  std::string any_;
  std::size_t at_ = 0;
  int level_ = 0;  // of open braces
  std::string out_;
  std::string problem_;
};

// The delimiters of operand 2: none for null, a dot when the array is empty.
std::optional<std::u32string> delimiters_of(Context& context, Operands operands) {
  const Value given = operands[1];
  if (!context.want(operands, 1, {Kind::array, Kind::null})) return std::nullopt;
  std::u32string out;
  if (given.kind() == Kind::null) return out;
  for (const Value item : given.items()) {
    if (!item.is_string()) {
      fail_element(context, 1, Kind::array, item.kind(), "string");
      return std::nullopt;
    }
    const std::string_view text = item.text();
    const Rune rune = text.empty() ? Rune{} : rune_at(text, 0);
    if (text.empty() || rune.size != text.size()) {
      fail_element(context, 1, Kind::array, item.kind(), "rune");
      return std::nullopt;
    }
    out += rune.code;
  }
  if (out.empty()) out = U".";
  return out;
}

const CompiledGlob* find_glob(Context& context, std::string_view pattern,
                              std::u32string_view delimiters) {
  std::string key;
  for (const char32_t delimiter : delimiters) append_rune(key, delimiter);
  key += '\0';
  key += pattern;
  if (const CompiledGlob* const kept = context.caches.globs.find(key)) return kept;
  if (!context.spend(10 * static_cast<std::int64_t>(pattern.size() + 1))) return nullptr;
  GlobParser parser(pattern, delimiters);
  const std::optional<std::string> expression = parser.parse();
  if (!expression) {
    context.fail(parser.problem());
    return nullptr;
  }
  std::string problem;
  auto glob = std::make_shared<CompiledGlob>();
  glob->regex = make_regex(*expression, problem);
  if (glob->regex == nullptr) {
    context.fail("the glob is too large");
    return nullptr;
  }
  const auto bytes = static_cast<std::size_t>(glob->regex->options().max_mem() / 16);
  return context.caches.globs.put(key, std::move(glob), bytes);
}

}  // namespace

Value glob_match(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  const std::optional<std::u32string> delimiters = delimiters_of(context, operands);
  if (!delimiters || !context.want(operands, 2, {Kind::string})) return {};
  const CompiledGlob* const glob = find_glob(context, operands[0].text(), *delimiters);
  const std::string_view text = operands[2].text();
  if (glob == nullptr || !context.spend(1 + static_cast<std::int64_t>(text.size() / 32))) return {};
  const re2::StringPiece piece(text.data(), text.size());
  return Value::boolean(glob->regex->Match(piece, 0, piece.size(), RE2::ANCHOR_BOTH, nullptr, 0));
}

Value glob_quote_meta(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  constexpr std::string_view kSpecial = "*?\\[]{}";
  std::string out;
  for (const char c : operands[0].text()) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return checked_string(context, out);
}

}  // namespace mc::builtin
