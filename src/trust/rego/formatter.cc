#include "rego/formatter.h"

#include <algorithm>
#include <tuple>

namespace mc::rego {
namespace {

bool is_true(const Term& term) {
  return term.kind == Term::Kind::boolean && term.flag;
}

std::string_view trim_end(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n\v\f");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

bool is_metadata(std::string_view comment) {
  comment.remove_prefix(std::min(comment.find_first_not_of("# \t"), comment.size()));
  return comment.starts_with("METADATA");
}

}  // namespace

bool is_empty_body(const Body& body) {
  return body.empty() || (body.size() == 1 && body[0].kind == Expr::Kind::term &&
                          !body[0].negated && body[0].with.empty() && is_true(body[0].terms[0]));
}

Formatter::Formatter(const Module& module) : module_(module), source_(module.source) {
  lines_.push_back(0);
  for (std::size_t i = 0; i < source_.size(); ++i) {
    if (source_[i] == '\n') lines_.push_back(static_cast<std::uint32_t>(i + 1));
  }
  for (const Comment& comment : module.comments) {
    Note note{"#" + std::string(trim_end(comment.text)), comment.at.row, comment.at.offset, false};
    note.alone = starts_line(note.offset);
    notes_.push_back(std::move(note));
  }
  for (const Rule& rule : module.rules) {
    const std::size_t parts = rule.head.ref.items.size();
    long_heads_ = long_heads_ || parts > 2 || (parts == 2 && rule.head.key.has_value());
  }
}

std::uint32_t Formatter::row_of(std::uint32_t offset) const {
  const auto behind = std::upper_bound(lines_.begin(), lines_.end(), offset);
  return static_cast<std::uint32_t>(behind - lines_.begin());
}

std::uint32_t Formatter::next_line(std::uint32_t row) const {
  return row < lines_.size() ? lines_[row] : static_cast<std::uint32_t>(source_.size());
}

bool Formatter::starts_line(std::uint32_t offset) const {
  const std::uint32_t line = lines_[row_of(offset) - 1];
  return trim_end(source_.substr(line, offset - line)).empty();
}

std::uint32_t Formatter::skip(std::uint32_t offset, std::string_view also) const {
  std::size_t at = offset;
  while (at < source_.size()) {
    const char c = source_[at];
    if (c == '#') {
      at = std::min(source_.find('\n', at), source_.size());
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
               also.find(c) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return static_cast<std::uint32_t>(at);
}

bool Formatter::comment_between(std::uint32_t begin, std::uint32_t end) const {
  const auto first =
      std::lower_bound(notes_.begin(), notes_.end(), begin,
                       [](const Note& note, std::uint32_t at) { return note.offset < at; });
  return first != notes_.end() && first->offset < end;
}

void Formatter::write(std::string_view text) {
  if (!in_line_) out_.append(level_, '\t');
  in_line_ = true;
  out_ += text;
}

void Formatter::end_line(std::uint32_t limit) {
  if (next_note_ < notes_.size()) {
    const Note& note = notes_[next_note_];
    if (!note.alone && note.offset < limit) {
      write(" ");
      write(note.text);
      ++next_note_;
    }
  }
  out_ += '\n';
  in_line_ = false;
}

void Formatter::blank_line() {
  if (in_line_) end_line(0);
  if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
}

// The comments before `offset` that are not written yet, on lines of their own.
void Formatter::comments_until(std::uint32_t offset) {
  const std::size_t first = next_note_;
  bool in_metadata = false;
  while (next_note_ < notes_.size() && notes_[next_note_].offset < offset) {
    const Note& note = notes_[next_note_];
    if (next_note_ > first) {
      const bool apart = note.row > notes_[next_note_ - 1].row + 1;
      if (apart || (in_metadata && is_metadata(note.text))) blank_line();
      if (apart) in_metadata = false;
    }
    in_metadata = in_metadata || is_metadata(note.text);
    if (in_line_) end_line(0);
    write(note.text);
    out_ += '\n';
    in_line_ = false;
    ++next_note_;
  }
  if (next_note_ > first && row_of(offset) > notes_[next_note_ - 1].row + 1) blank_line();
}

void Formatter::module_package() {
  comments_until(module_.package_at.offset);
  Term path = module_.package;
  path.items.erase(path.items.begin());
  path.items[0].kind = Term::Kind::var;
  write("package ");
  reference(path);
  end_line(next_line(end_row(module_.package_at)));
  blank_line();
}

// Sorted, each with the comment at the end of its line.
void Formatter::import_group(std::size_t first, std::size_t last) {
  struct Line {
    std::string order;
    const Import* import;
    std::string note;
  };
  std::vector<Line> lines;
  comments_until(module_.imports[first].at.offset);
  for (std::size_t i = first; i < last; ++i) {
    const Import& import = module_.imports[i];
    Line line{"", &import, ""};
    for (const Term& item : import.path.items) line.order.append(item.text).push_back('\0');
    line.order += import.alias;
    if (next_note_ < notes_.size() && notes_[next_note_].row == import.at.row) {
      line.note = notes_[next_note_++].text;
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.order, a.import) < std::tie(b.order, b.import);
  });
  for (const Line& line : lines) {
    write("import ");
    reference(line.import->path);
    if (!line.import->alias.empty()) write(" as " + line.import->alias);
    if (!line.note.empty()) write(" " + line.note);
    end_line(0);
  }
  blank_line();
}

void Formatter::imports(std::size_t first, std::size_t last) {
  std::size_t begin = first;
  for (std::size_t i = first + 1; i <= last; ++i) {
    if (i < last && module_.imports[i].at.row <= module_.imports[i - 1].at.row + 1) continue;
    import_group(begin, i);
    begin = i;
  }
}

bool Formatter::may_group(const Rule& rule) const {
  return rule.body.size() <= 1 && !rule.is_default;
}

// A rule on one line stays together with the rule that stood on the next.
void Formatter::rules(std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) {
    const Rule& current = module_.rules[i];
    comments_until(current.at.offset);
    const std::size_t begin = out_.size();
    rule(current);
    const bool is_line = out_.find('\n', begin) + 1 == out_.size();
    if (i + 1 < last && is_line && may_group(current) && may_group(module_.rules[i + 1]) &&
        module_.rules[i + 1].at.row == current.at.row + 1) {
      continue;
    }
    blank_line();
  }
}

void Formatter::rule(const Rule& rule) {
  if (rule.is_default) write("default ");
  rule_branch(rule, false, next_line(row_of(rule.end.offset)));
}

void Formatter::rule_branch(const Rule& rule, bool is_else, std::uint32_t limit) {
  const bool is_constant = rule.otherwise.empty() && is_empty_body(rule.body);
  head(rule, is_else, is_constant);
  if (is_constant) return end_line(limit);
  rule_body(rule, limit);
}

void Formatter::head_ref(const Term& ref) {
  if (long_heads_ || ref.items.size() != 2) return reference(ref);
  term(ref.items[0]);
  write("[");
  term(ref.items[1]);
  write("]");
}

void Formatter::head(const Rule& rule, bool is_else, bool is_constant) {
  const Head& head = rule.head;
  if (is_else) {
    write("else");
  } else {
    head_ref(head.ref);
    if (!head.arguments.empty()) {
      const std::uint32_t open = skip(end_of(head.ref.at));
      const std::uint32_t close = skip(end_of(head.arguments.back().at), ",");
      write("(");
      list(head.arguments, 0, {open, close}, false, Unions::plain);
      write(")");
    }
  }
  if (head.key) {
    write(" contains ");
    term(*head.key);
    return;
  }
  if (head.value && (!is_true(*head.value) || is_constant || rule.is_default)) {
    write(" := ");
    term(*head.value);
  }
}

// One expression stays behind `if` on the line of the head. A set needs its braces: they would be
// read as those of a body.
bool Formatter::is_one_liner(const Rule& rule, std::uint32_t close) const {
  const Expr& first = rule.body[0];
  const bool is_set =
      first.kind == Expr::Kind::term && !first.negated && first.terms[0].kind == Term::Kind::set;
  return rule.body.size() == 1 && !is_set && first.at.row == end_row(rule.head.at) &&
         !comment_between(end_of(first.at), close);
}

void Formatter::rule_body(const Rule& rule, std::uint32_t limit) {
  const std::uint32_t last = end_of(rule.body.back().at);
  const std::uint32_t close = rule.has_braces ? skip(last, ";") : last;
  const Rule* branch = rule.otherwise.empty() ? nullptr : &rule.otherwise[0];
  const bool is_line = is_one_liner(rule, close);
  write(" if ");
  if (is_line) {
    expr(rule.body[0]);
  } else {
    write("{");
    end_line(rule.body[0].at.offset);
    ++level_;
    body(rule.body, close);
    --level_;
    write("}");
  }
  if (branch == nullptr) return end_line(limit);
  else_branch(rule, *branch, is_line, limit);
}

// `else` stays behind the brace where it stood there, and begins a paragraph otherwise.
void Formatter::else_branch(const Rule& before, const Rule& branch, bool was_line,
                            std::uint32_t limit) {
  const std::uint32_t at = branch.at.offset;
  const bool comments_above = next_note_ < notes_.size() && notes_[next_note_].offset < at;
  if (!starts_line(at) && !was_line && !comments_above && row_of(at) > before.at.row) {
    write(" ");
  } else {
    end_line(at);
    blank_line();
    comments_until(at);
  }
  rule_branch(branch, true, limit);
}

std::string Formatter::run() {
  module_package();
  std::size_t import = 0;
  std::size_t rule = 0;
  while (import < module_.imports.size() || rule < module_.rules.size()) {
    const std::size_t first_import = import;
    while (import < module_.imports.size() &&
           (rule == module_.rules.size() ||
            module_.imports[import].at.offset < module_.rules[rule].at.offset)) {
      ++import;
    }
    if (import > first_import) imports(first_import, import);
    const std::size_t first_rule = rule;
    while (rule < module_.rules.size() &&
           (import == module_.imports.size() ||
            module_.rules[rule].at.offset < module_.imports[import].at.offset)) {
      ++rule;
    }
    if (rule > first_rule) rules(first_rule, rule);
  }
  for (; next_note_ < notes_.size(); ++next_note_) {
    if (in_line_) end_line(0);
    out_ += notes_[next_note_].text + "\n";
  }
  while (out_.ends_with("\n\n")) out_.pop_back();
  return std::move(out_);
}

}  // namespace mc::rego
