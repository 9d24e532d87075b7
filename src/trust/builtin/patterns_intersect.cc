// regex.globs_match(): whether two glob-like expressions have a text in common, as the Go library
// yashtewari/glob-intersection decides it. Its answers are kept, also where they are not exact (a
// starred token at the end is not taken as empty); its exponential search is not: the same
// recursion is filled as a table from the ends of the two expressions.
#include <algorithm>
#include <optional>
#include <vector>

#include "builtin/go_values.h"
#include "builtin/patterns.h"
#include "builtin/runes.h"

namespace mc::builtin {
namespace {

enum class Flag : std::uint8_t { none, plus, star };

struct Range {
  char32_t first, last;
  friend bool operator==(const Range&, const Range&) = default;
};

// One character, or any, or one of a set; perhaps repeated.
struct Token {
  bool any = false;
  std::vector<Range> set;  // sorted, apart from each other
  Flag flag = Flag::none;
};

bool overlap(const Token& a, const Token& b) {
  // A dot meets every set, also an empty one.
  if (a.any || b.any) return true;
  auto i = a.set.begin();
  auto j = b.set.begin();
  while (i != a.set.end() && j != b.set.end()) {
    if (i->first <= j->last && j->first <= i->last) return true;
    if (i->last < j->last) {
      ++i;
    } else {
      ++j;
    }
  }
  return false;
}

void tidy(std::vector<Range>& set) {
  std::sort(set.begin(), set.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> out;
  for (const Range& range : set) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  set = std::move(out);
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view input) : input_(input) {
    for (std::size_t at = 0; at < input.size();) {
      const Rune rune = rune_at(input, at);
      runes_ += rune.code;
      at += rune.size;
    }
  }

  std::optional<std::vector<Token>> tokens() {
    std::vector<Token> out;
    while (at_ < runes_.size()) {
      Token token;
      if (!next_token(token)) return std::nullopt;
      // t+t* is t+, and so on: repetitions of the same in a row are one.
      if (!out.empty() && token.flag != Flag::none && out.back().flag != Flag::none &&
          token.any == out.back().any && token.set == out.back().set) {
        const bool plus = token.flag == Flag::plus || out.back().flag == Flag::plus;
        out.back().flag = plus ? Flag::plus : Flag::star;
      } else {
        out.push_back(std::move(token));
      }
    }
    return out;
  }
  const std::string& problem() const { return problem_; }

 private:
  bool refuse(std::size_t at, const std::string& why) {
    problem_ = "input:" + std::string(input_) + ", pos:" + std::to_string(at) + ", " + why +
               ": the input provided is invalid";
    return false;
  }

  bool next_rune(char32_t& code, bool& escaped) {
    escaped = runes_[at_] == U'\\';
    if (escaped && at_ + 1 == runes_.size()) {
      return refuse(at_, "input ends with a \\ (escape) character");
    }
    if (escaped) ++at_;
    code = runes_[at_++];
    return true;
  }

  bool next_token(Token& token) {
    char32_t code = 0;
    bool escaped = false;
    if (!next_rune(code, escaped)) return false;
    if (escaped) {
      token.set = {{code, code}};
    } else if (code == U'.') {
      token.any = true;
    } else if (code == U']') {
      return refuse(at_, "set-close ']' with no preceding '['");
    } else if (code == U'+' || code == U'*') {
      const std::string flag(1, static_cast<char>(code));
      return refuse(at_, "flag '" + flag + "' must be preceded by a non-flag");
    } else if (code == U'[') {
      if (!set_token(token)) return false;
    } else {
      token.set = {{code, code}};
    }
    return take_flag(token);
  }

  bool take_flag(Token& token) {
    if (at_ >= runes_.size()) return true;
    if (runes_[at_] == U'\\' && at_ + 1 == runes_.size()) {
      return refuse(at_, "input ends with a \\ (escape) character");
    }
    if (runes_[at_] == U'+') token.flag = Flag::plus;
    if (runes_[at_] == U'*') token.flag = Flag::star;
    if (token.flag != Flag::none) ++at_;
    return true;
  }

  bool set_token(Token& token) {
    std::optional<char32_t> previous;
    while (at_ < runes_.size()) {
      char32_t code = 0;
      bool escaped = false;
      if (!next_rune(code, escaped)) return false;
      if (!escaped && code == U']') {
        tidy(token.set);
        return true;
      }
      if (!escaped && code == U'-') {
        if (!set_range(token, previous)) return false;
        previous.reset();
      } else {
        token.set.push_back({code, code});
        previous = code;
      }
    }
    return refuse(at_, "found [ without matching ]");
  }

  bool set_range(Token& token, std::optional<char32_t> first) {
    if (!first) return refuse(at_, "range character '-' must be preceded by a Unicode character");
    if (at_ + 1 >= runes_.size()) {
      return refuse(at_, "range character '-' must be followed by a Unicode character");
    }
    char32_t last = 0;
    bool escaped = false;
    if (!next_rune(last, escaped)) return false;
    if (!escaped && (last == U']' || last == U'-')) {
      return refuse(at_, "range character '-' cannot be followed by a special symbol");
    }
    if (last < *first) {
      std::string why = "range is out of order: '";
      append_rune(why, last);
      why += "' comes before '";
      append_rune(why, *first);
      return refuse(at_, why + "' in Unicode");
    }
    token.set.push_back({*first, last});
    return true;
  }

  std::string_view input_;
  std::u32string runes_;
  std::size_t at_ = 0;
  std::string problem_;
};

using Glob = std::span<const Token>;

// Takes equal lengths without flags off both ends; false when they differ there.
bool trim(Glob& a, Glob& b) {
  const auto plain = [](const Token& x, const Token& y) {
    return x.flag == Flag::none && y.flag == Flag::none;
  };
  std::size_t left = 0;
  while (left < a.size() && left < b.size() && plain(a[left], b[left])) {
    if (!overlap(a[left], b[left])) return false;
    ++left;
  }
  // One token stays, so that neither becomes empty.
  if (left > 0) --left;
  std::size_t right = 0;
  while (a.size() - right > left && b.size() - right > left &&
         plain(a[a.size() - 1 - right], b[b.size() - 1 - right])) {
    if (!overlap(a[a.size() - 1 - right], b[b.size() - 1 - right])) return false;
    ++right;
  }
  if (right > 0) --right;
  a = a.subspan(left, a.size() - left - right);
  b = b.subspan(left, b.size() - left - right);
  return true;
}

// meet(i, j): a from i and b from j have a text in common. eat_a(i, j): they do when a[i] is
// repeated and takes from b as it likes; eat_b likewise. Rows of i, from the last to the first.
class Table {
 public:
  Table(Glob a, Glob b) : a_(a), b_(b) {
    const std::size_t width = b.size() + 1;
    for (auto* row : {&meet_, &eat_a_, &eat_b_, &meet_below_, &eat_b_below_}) row->resize(width);
  }

  std::optional<bool> run(Context& context) {
    end_row();
    for (std::size_t i = a_.size(); i-- > 0;) {
      if (!context.spend(1 + static_cast<std::int64_t>(b_.size() / 8))) return std::nullopt;
      meet_.swap(meet_below_);
      eat_b_.swap(eat_b_below_);
      row(i);
    }
    return meet_[0] != 0;
  }

 private:
  using Row = std::vector<char>;

  void end_row() {
    for (std::size_t j = 0; j <= b_.size(); ++j) {
      meet_[j] = j == b_.size() ? 1 : 0;
      eat_b_[j] = j + 1 == b_.size() ? 1 : 0;
    }
  }

  void row(std::size_t i) {
    const std::size_t end = b_.size();
    meet_[end] = 0;
    eat_b_[end] = 0;
    eat_a_[end] = i + 1 == a_.size() ? 1 : 0;
    for (std::size_t j = end; j-- > 0;) {
      const bool same = overlap(a_[i], b_[j]);
      const bool a_goes_on = i + 1 < a_.size() && overlap(b_[j], a_[i + 1]) && meet_below_[j] != 0;
      eat_a_[j] = a_goes_on || (same && eat_a_[j + 1] != 0) ? 1 : 0;
      const bool b_goes_on = j + 1 < end && overlap(a_[i], b_[j + 1]) && meet_[j + 1] != 0;
      eat_b_[j] = b_goes_on || (same && eat_b_below_[j] != 0) ? 1 : 0;
      meet_[j] = meets(i, j, same) ? 1 : 0;
    }
  }

  bool meets(std::size_t i, std::size_t j, bool same) const {
    switch (a_[i].flag) {
      case Flag::star:
        return eat_a_[j] != 0;
      case Flag::plus:
        return same && (eat_a_[j + 1] != 0 || (b_[j].flag != Flag::none && meet_below_[j] != 0));
      case Flag::none:
        break;
    }
    switch (b_[j].flag) {
      case Flag::star:
        return eat_b_[j] != 0;
      case Flag::plus:
        return same && eat_b_below_[j] != 0;
      case Flag::none:
        break;
    }
    return same && meet_below_[j + 1] != 0;
  }

  Glob a_, b_;
  Row meet_, eat_a_, eat_b_, meet_below_, eat_b_below_;
};

}  // namespace

Value regex_globs_match(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  std::vector<Token> globs[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string_view text = operands[i].text();
    if (!context.spend(1 + static_cast<std::int64_t>(text.size()))) return {};
    Tokenizer tokenizer(text);
    std::optional<std::vector<Token>> tokens = tokenizer.tokens();
    if (!tokens) return context.fail(tokenizer.problem());
    globs[i] = std::move(*tokens);
  }
  Glob a = globs[0];
  Glob b = globs[1];
  if (!trim(a, b)) return Value::boolean(false);
  const std::optional<bool> met = Table(a, b).run(context);
  return met ? Value::boolean(*met) : Value();
}

}  // namespace mc::builtin
