#include "csv/csv.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mc::csv {
namespace {

std::size_t find(std::string_view text, char wanted, std::size_t from) {
  if (from >= text.size()) return std::string_view::npos;
  const void* at = std::memchr(text.data() + from, wanted, text.size() - from);
  if (at == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

Parser::Step Parser::next(std::string_view input, bool last) {
  fields_.clear();
  consumed_ = 0;
  lines_ = 0;
  if (skipping_) {
    const std::size_t end = find(input, '\n', 0);
    skipping_ = end == std::string_view::npos;
    consumed_ = skipping_ ? input.size() : end + 1;
    lines_ = skipping_ ? 0 : 1;
  }
  // Blank lines are no rows.
  while (consumed_ < input.size()) {
    const std::string_view rest = input.substr(consumed_);
    const std::size_t blank = rest[0] == '\n' ? 1 : rest.starts_with("\r\n") ? 2 : 0;
    if (blank == 0) break;
    consumed_ += blank;
    ++lines_;
  }
  const std::string_view rest = input.substr(consumed_);
  if (rest.empty()) return last ? Step::end : Step::more;
  const std::size_t end = find(rest, '\n', 0);
  const std::string_view line = rest.substr(0, end);
  if (line.size() > row_bytes_max_) {
    return bad("the row is longer than the limit", rest);
  }
  if (end == std::string_view::npos && !last) return Step::more;
  if (find(line, '"', 0) != std::string_view::npos) return quoted_row(rest, last);
  return plain_line(without_cr(line), end == std::string_view::npos ? rest.size() : end + 1);
}

Parser::Step Parser::plain_line(std::string_view line, std::size_t end) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t cut = find(line, delimiter_, at);
    if (cut == std::string_view::npos) break;
    fields_.push_back({line.substr(at, cut - at), false});
    at = cut + 1;
  }
  fields_.push_back({line.substr(at), false});
  consumed_ += end;
  ++lines_;
  return Step::row;
}

Parser::Step Parser::bad(const char* error, std::string_view input) {
  error_ = error;
  bad_field_ = fields_.size();
  fields_.clear();
  const std::size_t end = find(input, '\n', 0);
  skipping_ = end == std::string_view::npos;
  consumed_ += skipping_ ? input.size() : end + 1;
  if (!skipping_) ++lines_;
  return Step::bad;
}

Parser::Step Parser::quoted_field(std::string_view input, bool last, std::size_t& at) {
  const std::size_t start = unquoted_.size();
  ++at;
  for (;;) {
    const std::size_t quote = find(input, '"', at);
    const std::size_t stop = quote == std::string_view::npos ? input.size() : quote;
    if (stop > row_bytes_max_) return bad("the row is longer than the limit", input);
    if (quote == std::string_view::npos) {
      return last ? bad("the quoted field does not end", input) : Step::more;
    }
    unquoted_.append(input, at, stop - at);
    at = quote + 1;
    if (at >= input.size() && !last) return Step::more;  // it may be doubled
    if (at >= input.size() || input[at] != '"') break;
    unquoted_.push_back('"');
    ++at;
  }
  fields_.push_back({std::string_view(unquoted_).substr(start), true});
  return Step::row;
}

Parser::Step Parser::plain_field(std::string_view input, bool last, std::size_t& at) {
  std::size_t end = at;
  while (end < input.size() && input[end] != delimiter_ && input[end] != '\n') {
    if (input[end] == '"') return bad("a quote inside an unquoted field", input);
    ++end;
  }
  if (end > row_bytes_max_) return bad("the row is longer than the limit", input);
  if (end >= input.size() && !last) return Step::more;
  const bool line_end = end >= input.size() || input[end] == '\n';
  const std::string_view text = input.substr(at, end - at);
  fields_.push_back({line_end ? without_cr(text) : text, false});
  at = end;
  return Step::row;
}

Parser::Step Parser::quoted_row(std::string_view input, bool last) {
  unquoted_.clear();
  unquoted_.reserve(std::min(input.size(), row_bytes_max_ + 1));  // views into it stay valid
  std::size_t at = 0;
  for (;;) {
    const bool quoted = at < input.size() && input[at] == '"';
    const Step step = quoted ? quoted_field(input, last, at) : plain_field(input, last, at);
    if (step != Step::row) return step;
    // Behind a field: a delimiter, the end of the line, or the end of everything.
    if (at < input.size() && input[at] == '\r') {
      if (at + 1 >= input.size() && !last) return Step::more;
      if (at + 1 >= input.size() || input[at + 1] == '\n') ++at;
    }
    if (at >= input.size()) break;
    if (input[at] == '\n') {
      ++at;
      break;
    }
    if (input[at] != delimiter_) {
      fields_.pop_back();
      return bad("text behind a closing quote", input);
    }
    ++at;
  }
  lines_ += std::count(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  if (at > 0 && input[at - 1] != '\n') ++lines_;
  consumed_ += at;
  return Step::row;
}

char detect_delimiter(std::string_view sample) {
  constexpr std::array<char, 4> kCandidates = {',', ';', '\t', '|'};
  constexpr std::size_t kLines = 20;
  char best = ',';
  std::size_t best_score = 0;
  for (const char candidate : kCandidates) {
    Parser parser(candidate, sample.size() + 1);
    std::string_view rest = sample;
    std::size_t columns = 0;
    std::size_t equal = 0;
    for (std::size_t line = 0; line < kLines; ++line) {
      const Parser::Step step = parser.next(rest, false);
      if (step == Parser::Step::more || step == Parser::Step::end) break;
      rest.remove_prefix(parser.consumed());
      if (step == Parser::Step::bad) continue;
      if (columns == 0) columns = parser.fields().size();
      if (parser.fields().size() == columns) ++equal;
    }
    // A sample of one line without its end still has its header.
    if (columns == 0 && parser.next(rest, true) == Parser::Step::row) {
      columns = parser.fields().size();
      equal = 1;
    }
    const std::size_t score = columns < 2 ? 0 : equal * 1000 + columns;
    if (score > best_score) {
      best_score = score;
      best = candidate;
    }
  }
  return best;
}

}  // namespace mc::csv
