#include <re2/re2.h>

#include "builtin/caches.h"
#include "builtin/patterns.h"

namespace mc::builtin {
namespace {

using re2::RE2;

// A small automaton is enough for nearly all; what does not fit is tried again with more.
constexpr std::int64_t kMemorySmall = std::int64_t{1} << 20;
constexpr std::int64_t kMemoryLarge = std::int64_t{8} << 20;
constexpr int kNestingMax = 1'000;  // as in Go

// Where the syntax of Go and of this RE2 differ, in one pass over the pattern.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  // What RE2 takes; empty optional with problem() when Go refuses what RE2 would take.
  bool translate() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c == '[') {
        if (!bracket()) return false;
      } else if (c == '(') {
        if (++depth_ > kNestingMax) {
          problem_ = "expression nests too deeply: `" + std::string(pattern_) + "`";
          return false;
        }
        group();
      } else {
        if (c == ')') --depth_;
        take(1);
      }
    }
    return true;
  }
  const std::string& text() const { return out_; }
  const std::string& problem() const { return problem_; }

 private:
  void take(std::size_t count) {
    out_ += pattern_.substr(at_, count);
    at_ = std::min(at_ + count, pattern_.size());
  }

  // Go has no \C, which matches half a character.
  bool escape() {
    const std::string_view rest = pattern_.substr(at_);
    if (rest.starts_with("\\C")) {
      problem_ = "invalid escape sequence: `\\C`";
      return false;
    }
    if (rest.starts_with("\\Q")) {
      const std::size_t end = rest.find("\\E");
      take(end == std::string_view::npos ? rest.size() : end + 2);
    } else {
      take(2);
    }
    return true;
  }

  bool bracket() {
    take(1);
    if (at_ < pattern_.size() && pattern_[at_] == '^') take(1);
    if (at_ < pattern_.size() && pattern_[at_] == ']') take(1);
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      if (pattern_[at_] == '\\') {
        if (!escape()) return false;
      } else if (pattern_.substr(at_, 2) == "[:") {
        const std::size_t end = pattern_.find(":]", at_ + 2);
        take(end == std::string_view::npos ? 1 : end + 2 - at_);
      } else {
        take(1);
      }
    }
    take(1);
    return true;
  }

  // (?<name>...) is newer than this RE2.
  void group() {
    const std::string_view rest = pattern_.substr(at_);
    if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      out_ += "(?P<";
      at_ += 3;
    } else {
      take(1);
    }
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
  std::string problem_;
};

std::string_view reason_in_go(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "regexp/syntax: internal error";
  }
}

RE2::Options options(std::int64_t memory) {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(memory);
  return out;
}

}  // namespace

std::unique_ptr<const RE2> make_regex(std::string_view pattern, std::string& problem) {
  Translator translator(pattern);
  if (!translator.translate()) {
    problem = "error parsing regexp: " + translator.problem();
    return nullptr;
  }
  auto regex = std::make_unique<const RE2>(translator.text(), options(kMemorySmall));
  if (regex->error_code() == RE2::ErrorPatternTooLarge) {
    regex = std::make_unique<const RE2>(translator.text(), options(kMemoryLarge));
  }
  if (regex->ok()) return regex;
  problem = "error parsing regexp: " + std::string(reason_in_go(regex->error_code()));
  const bool whole = regex->error_code() == RE2::ErrorPatternTooLarge;
  if (regex->error_code() != RE2::ErrorTrailingBackslash) {
    problem += ": `" + (whole ? std::string(pattern) : regex->error_arg()) + "`";
  } else {
    problem += ": ``";
  }
  return nullptr;
}

const RE2* find_regex(Context& context, std::string_view pattern) {
  if (const RE2* const kept = context.caches.regexes.find(pattern)) return kept;
  // Making one costs about a microsecond a byte.
  if (!context.spend(10 * static_cast<std::int64_t>(pattern.size() + 1))) return nullptr;
  std::string problem;
  std::shared_ptr<const RE2> made = make_regex(pattern, problem);
  if (made == nullptr) {
    context.fail(std::move(problem));
    return nullptr;
  }
  // Its automaton grows while it is used, seldom to its limit.
  const auto bytes = static_cast<std::size_t>(made->options().max_mem() / 16);
  return context.caches.regexes.put(pattern, std::move(made), bytes + pattern.size());
}

bool regex_found(Context& context, const RE2& regex, std::string_view text) {
  if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 32))) return false;
  const re2::StringPiece piece(text.data(), text.size());
  return regex.Match(piece, 0, piece.size(), RE2::UNANCHORED, nullptr, 0);
}

}  // namespace mc::builtin
