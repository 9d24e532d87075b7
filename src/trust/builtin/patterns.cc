#include "builtin/patterns.h"

#include <re2/re2.h>

#include <optional>
#include <vector>

#include "builtin/go_values.h"
#include "builtin/runes.h"

namespace mc::builtin {
namespace {

using re2::RE2;
using Groups = std::vector<re2::StringPiece>;

re2::StringPiece piece_of(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view_of(const re2::StringPiece& piece) {
  return {piece.data(), piece.size()};
}

// The matches in a text one after the other; `^` and `\b` see what lies before.
class Matches {
 public:
  Matches(Context& context, const RE2& regex, std::string_view text)
      : context_(context),
        regex_(regex),
        text_(text),
        groups_(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1) {}

  // Fills groups() from `from` on; false at the end or at a limit.
  bool search(std::size_t from) {
    const std::size_t left = text_.size() - from;
    if (!context_.spend(1 + static_cast<std::int64_t>(std::min<std::size_t>(left, 4'096) / 32))) {
      return false;
    }
    return regex_.Match(piece_of(text_), from, text_.size(), RE2::UNANCHORED, groups_.data(),
                        static_cast<int>(groups_.size()));
  }
  const Groups& groups() const { return groups_; }
  std::size_t begin() const { return static_cast<std::size_t>(groups_[0].data() - text_.data()); }
  std::size_t end() const { return begin() + groups_[0].size(); }

  // Go's rule of "All": the next match that is not an empty one right behind the last.
  bool next() {
    while (position_ <= text_.size()) {
      if (!search(position_)) return false;
      bool taken = true;
      if (end() == position_) {
        taken = begin() != last_end_;
        position_ += std::max<std::size_t>(width(position_), 1);
      } else {
        position_ = end();
      }
      last_end_ = end();
      if (taken) return true;
    }
    return false;
  }

  std::size_t width(std::size_t at) const {
    return at < text_.size() ? rune_at(text_, at).size : 0;
  }

 private:
  Context& context_;
  const RE2& regex_;
  std::string_view text_;
  Groups groups_;
  std::size_t position_ = 0;
  std::size_t last_end_ = static_cast<std::size_t>(-1);
};

Value finished(const Context& context, Value value) {
  return context.fault ? Value() : value;
}

Value regex_match(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  const RE2* const regex = find_regex(context, operands[0].text());
  if (regex == nullptr) return {};
  const bool found = regex_found(context, *regex, operands[1].text());
  return finished(context, Value::boolean(found));
}

Value regex_is_valid(Context& context, Operands operands) {
  if (!operands[0].is_string()) return Value::boolean(false);
  const bool valid = find_regex(context, operands[0].text()) != nullptr;
  if (!valid && context.fault && context.fault->failure == Failure::cancelled) return {};
  context.fault.reset();
  return Value::boolean(valid);
}

Value regex_find_n(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  const std::optional<std::int64_t> count = want_int(context, operands, 2);
  if (!count) return {};
  const RE2* const regex = find_regex(context, operands[0].text());
  if (regex == nullptr) return {};
  Value out = term::array(context.arena);
  Matches matches(context, *regex, operands[1].text());
  for (std::int64_t i = 0; i != *count && matches.next(); ++i) {
    term::append(context.arena, out, checked_string(context, view_of(matches.groups()[0])));
    if (context.fault) return {};
  }
  return finished(context, out);
}

Value regex_find_all(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  const std::optional<std::int64_t> count = want_int(context, operands, 2);
  if (!count) return {};
  const RE2* const regex = find_regex(context, operands[0].text());
  if (regex == nullptr) return {};
  Value out = term::array(context.arena);
  Matches matches(context, *regex, operands[1].text());
  for (std::int64_t i = 0; i != *count && matches.next(); ++i) {
    Value groups = term::array(context.arena, matches.groups().size());
    for (const re2::StringPiece& group : matches.groups()) {
      term::append(context.arena, groups, checked_string(context, view_of(group)));
    }
    if (context.fault) return {};
    term::append(context.arena, out, groups);
  }
  return finished(context, out);
}

Value regex_split(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  const RE2* const regex = find_regex(context, operands[0].text());
  if (regex == nullptr) return {};
  const std::string_view text = operands[1].text();
  Value out = term::array(context.arena);
  const auto put = [&](std::size_t from, std::size_t to) {
    term::append(context.arena, out, checked_string(context, text.substr(from, to - from)));
  };
  if (text.empty() && !operands[0].text().empty()) {
    put(0, 0);
    return out;
  }
  std::size_t begin = 0;
  std::size_t end = 0;
  Matches matches(context, *regex, text);
  while (matches.next()) {
    end = matches.begin();
    if (matches.end() != 0) put(begin, end);
    if (context.fault) return {};
    begin = matches.end();
  }
  if (end != text.size()) put(begin, text.size());
  return finished(context, out);
}

// What "$1" and "${name}" in a replacement stand for, as Go's Regexp.Expand.
class Expansion {
 public:
  Expansion(const RE2& regex, const RE2& name_pattern)
      : regex_(regex), name_pattern_(name_pattern) {}

  void append(std::string& out, std::string_view replacement, const Groups& groups) const {
    while (!replacement.empty()) {
      const std::size_t dollar = replacement.find('$');
      out += replacement.substr(0, dollar);
      if (dollar == std::string_view::npos) return;
      replacement.remove_prefix(dollar + 1);
      if (replacement.starts_with('$')) {
        out += '$';
        replacement.remove_prefix(1);
        continue;
      }
      const std::string_view name = take_name(replacement);
      if (name.empty()) {
        out += '$';
      } else if (const std::optional<std::size_t> group = group_of(name)) {
        if (*group < groups.size()) out += view_of(groups[*group]);
      }
    }
  }

 private:
  // Empty when no name follows the dollar; then nothing is taken.
  std::string_view take_name(std::string_view& rest) const {
    const bool brace = rest.starts_with('{');
    const std::string_view from = rest.substr(brace ? 1 : 0);
    re2::StringPiece found;
    if (!name_pattern_.Match(piece_of(from), 0, from.size(), RE2::ANCHOR_START, &found, 1)) {
      return {};
    }
    const std::string_view name = view_of(found);
    if (brace && !from.substr(name.size()).starts_with('}')) return {};
    rest = from.substr(name.size() + (brace ? 1 : 0));
    return name;
  }

  std::optional<std::size_t> group_of(std::string_view name) const {
    std::size_t number = 0;
    bool is_number = name[0] != '0' || name.size() == 1;
    for (const char c : name) {
      if (c < '0' || c > '9' || number >= 100'000'000) is_number = false;
      if (!is_number) break;
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    if (is_number) return number;
    const auto& names = regex_.NamedCapturingGroups();
    const auto at = names.find(std::string(name));
    if (at == names.end()) return std::nullopt;
    return static_cast<std::size_t>(at->second);
  }

  const RE2& regex_;
  const RE2& name_pattern_;
};

Value regex_replace(Context& context, Operands operands) {
  if (!want_strings(context, operands, 3)) return {};
  const std::string_view text = operands[0].text();
  const std::string_view replacement = operands[2].text();
  const RE2* const names = find_regex(context, "[\\pL\\p{Nd}_]+");
  if (names == nullptr) return {};
  const RE2* const regex = find_regex(context, operands[1].text());
  if (regex == nullptr) return {};
  const Expansion expansion(*regex, *names);
  Matches matches(context, *regex, text);
  std::string out;
  std::size_t last_end = 0;
  std::size_t position = 0;
  while (position <= text.size() && matches.search(position)) {
    const std::size_t begin = matches.begin();
    const std::size_t end = matches.end();
    out += text.substr(last_end, begin - last_end);
    // Not for the empty text right behind another match.
    if (end > last_end || begin == 0) expansion.append(out, replacement, matches.groups());
    if (!context.reserve(out.size())) return {};
    last_end = end;
    position = std::max(end, position + std::max<std::size_t>(matches.width(position), 1));
  }
  if (context.fault) return {};
  if (last_end == 0 && out.empty() && position == 0) return operands[0];
  if (last_end < text.size()) out += text.substr(last_end);
  return checked_string(context, out);
}

// A template turned into a regular expression: what lies between the delimiters is one already.
std::optional<std::string> template_pattern(Context& context, std::string_view text, char open,
                                            char close) {
  std::string out = "^";
  std::size_t literal_from = 0;
  std::size_t opened_at = 0;
  int level = 0;
  const auto unbalanced = [&] {
    context.fail("unbalanced braces in " + go_quoted(text));
    return std::nullopt;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == open) {
      if (++level == 1) opened_at = i;
    } else if (text[i] == close) {
      if (--level < 0) return unbalanced();
      if (level > 0) continue;
      const std::string part(text.substr(opened_at + 1, i - opened_at - 1));
      out += RE2::QuoteMeta(piece_of(text.substr(literal_from, opened_at - literal_from)));
      out += "(" + part + ")";
      literal_from = i + 1;
      // Each part must be an expression of its own: "<a)|(b>" is none.
      if (find_regex(context, "^" + part + "$") == nullptr) return std::nullopt;
    }
  }
  if (level != 0) return unbalanced();
  out += RE2::QuoteMeta(piece_of(text.substr(literal_from)));
  return out + "$";
}

Value regex_template_match(Context& context, Operands operands) {
  if (!want_strings(context, operands, 4)) return {};
  const std::string_view open = operands[2].text();
  const std::string_view close = operands[3].text();
  for (const auto& [name, text] :
       {std::pair("start", open), std::pair<const char*, std::string_view>("end", close)}) {
    if (text.size() == 1) continue;
    // OPA says the length of the start delimiter for both.
    return context.fail(std::string(name) +
                        " delimiter has to be exactly one character long but is " +
                        std::to_string(open.size()) + " long");
  }
  const auto pattern = template_pattern(context, operands[0].text(), open[0], close[0]);
  if (!pattern) return {};
  const RE2* const regex = find_regex(context, *pattern);
  if (regex == nullptr) return {};
  const bool found = regex_found(context, *regex, operands[1].text());
  return finished(context, Value::boolean(found));
}

constexpr std::string_view kMatch = "(pattern: string, value: string) => boolean";

constexpr Builtin kTable[] = {
    {"glob.match", "(pattern: string, delimiters: array[string] | null, match: string) => boolean",
     glob_match},
    {"glob.quote_meta", "(pattern: string) => string", glob_quote_meta},
    {"re_match", kMatch, regex_match},
    {"regex.find_all_string_submatch_n",
     "(pattern: string, value: string, number: number) => array[array[string]]", regex_find_all},
    {"regex.find_n", "(pattern: string, value: string, number: number) => array[string]",
     regex_find_n},
    {"regex.globs_match", "(glob1: string, glob2: string) => boolean", regex_globs_match},
    {"regex.is_valid", "(pattern: string) => boolean", regex_is_valid},
    {"regex.match", kMatch, regex_match},
    {"regex.replace", "(s: string, pattern: string, value: string) => string", regex_replace},
    {"regex.split", "(pattern: string, value: string) => array[string]", regex_split},
    {"regex.template_match",
     "(template: string, value: string, delimiter_start: string, delimiter_end: string) => "
     "boolean",
     regex_template_match},
};

}  // namespace

std::span<const Builtin> pattern_builtins() {
  return kTable;
}

}  // namespace mc::builtin
