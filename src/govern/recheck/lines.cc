#include "recheck/lines.h"

#include <utility>

namespace mc::recheck {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// ASCII that can be shown, and delimiters: nearly every line, and nothing more is to be checked.
bool is_plain(std::string_view text, char delimiter) {
  unsigned odd = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(byte < 0x20 && c != delimiter) |
           static_cast<unsigned>(byte >= 0x7f) | static_cast<unsigned>(c == '"');
  }
  return odd == 0;
}

bool needs_quotes(std::string_view text, char delimiter) {
  return text.empty() || text.find(delimiter) != std::string_view::npos ||
         text.find('"') != std::string_view::npos;
}

}  // namespace

Lines::Lines(char delimiter, std::size_t row_bytes_max, Take take)
    : delimiter_(delimiter),
      row_bytes_max_(row_bytes_max),
      take_(std::move(take)),
      parser_(delimiter, row_bytes_max) {}

void Lines::end_with(const Error& error) {
  fault_ = Error{error.code, "line " + std::to_string(lines_) + ": " + error.what};
  begun_.clear();
}

void Lines::add(std::string_view bytes) {
  while (!fault_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (begun_.size() + part.size() > row_bytes_max_) {
      ++lines_;
      return end_with(
          {Code::invalid, "it has more than " + std::to_string(row_bytes_max_) + " bytes"});
    }
    if (end == std::string_view::npos) {
      begun_ += part;
      return;
    }
    ++lines_;
    Status taken;
    if (begun_.empty()) {
      taken = line(part);
    } else {
      begun_ += part;
      taken = line(begun_);
      begun_.clear();
    }
    if (!taken) return end_with(taken.error());
    bytes.remove_prefix(end + 1);
  }
}

Status Lines::finish() {
  if (!fault_ && !begun_.empty()) {
    ++lines_;
    end_with({Code::invalid, "the file ends in the middle of it"});
  }
  if (!fault_ && lines_ == 0) {
    fault_ = Error{Code::invalid, "the file is empty"};
  }
  return fault_ ? Status(tl::unexpected<Error>(*fault_)) : ok();
}

Status Lines::check_form(std::string_view text) const {
  if (text.find('\0') != std::string_view::npos) return fail(Code::invalid, "it has a NUL byte");
  if (text.ends_with('\r')) return fail(Code::invalid, "it ends with CR LF, not with LF");
  if (lines_ == 1 && text.starts_with(kByteOrderMark)) {
    return fail(Code::invalid, "it begins with a byte order mark");
  }
  return ok();
}

Status Lines::line(std::string_view text) {
  if (text.empty()) return fail(Code::invalid, "it is blank");
  const bool plain = is_plain(text, delimiter_);
  if (!plain) MC_TRY_OK(check_form(text));
  if (parser_.next(text, true) != csv::Parser::Step::row || parser_.consumed() != text.size()) {
    // A quoted field that holds a line's end is cut by it, and so does not end either.
    return fail(Code::invalid, std::string("field ") + std::to_string(parser_.bad_field() + 1) +
                                   ": " + parser_.error());
  }
  if (plain) return take_plain();
  std::string again;
  std::vector<std::string_view> texts;
  for (const csv::Field& field : parser_.fields()) {
    if (!is_one_line(field.text)) {
      return fail(Code::invalid, "field " + std::to_string(texts.size() + 1) +
                                     ": a control character, or no UTF-8");
    }
    texts.push_back(field.text);
  }
  append_line(again, texts, delimiter_);
  again.pop_back();
  if (again != text)
    return fail(Code::invalid, "a field is quoted that need not be, or an empty one is not");
  return take_(parser_.fields());
}

// Of a line without quotes all texts must be such as need none.
Status Lines::take_plain() {
  for (const csv::Field& field : parser_.fields()) {
    if (field.text.empty()) return fail(Code::invalid, "an empty field is not quoted");
  }
  return take_(parser_.fields());
}

void append_line(std::string& out, const std::vector<std::string_view>& texts, char delimiter) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += delimiter;
    if (!needs_quotes(texts[i], delimiter)) {
      out += texts[i];
      continue;
    }
    out += '"';
    for (const char c : texts[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace mc::recheck
