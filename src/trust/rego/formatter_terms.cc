// Terms and expressions in the layout of `opa fmt`.
#include <algorithm>

#include "rego/formatter.h"
#include "rego/lexer.h"
#include "rego/operators.h"

namespace mc::rego {
namespace {

constexpr int kTopLevel = 0;   // of = and :=
constexpr int kTightest = 99;  // above every operator

bool is_call_of(const Term& term, std::string_view sign) {
  if (term.kind != Term::Kind::call) return false;
  const Operator* infix = infix_of(term.items);
  return infix != nullptr && infix->sign == sign;
}

}  // namespace

void Formatter::term(const Term& term) {
  switch (term.kind) {
    case Term::Kind::null:
      return write("null");
    case Term::Kind::boolean:
      return write(term.flag ? "true" : "false");
    case Term::Kind::number:
      return write(term.text);
    case Term::Kind::string:
      return string(term);
    case Term::Kind::template_string:
      return source_text(term);
    case Term::Kind::var:
      return write(term.text.starts_with('$') ? "_" : term.text);
    case Term::Kind::ref:
      return reference(term);
    case Term::Kind::call:
      return call(term.items, false);
    case Term::Kind::array:
    case Term::Kind::set:
    case Term::Kind::object:
      return collection(term);
    case Term::Kind::array_comprehension:
    case Term::Kind::set_comprehension:
    case Term::Kind::object_comprehension:
      return comprehension(term);
  }
}

// A literal as it was written, without parentheses around it.
void Formatter::source_text(const Term& term) {
  const std::uint32_t begin = skip(term.at.offset, "(");
  std::string_view text = source_.substr(begin, end_of(term.at) - begin);
  const char quote = text.starts_with('$') ? text[1] : text[0];
  text = text.substr(0, text.rfind(quote) + 1);
  write(text);
}

void Formatter::string(const Term& term) {
  const std::uint32_t begin = skip(term.at.offset, "(");
  if (begin < source_.size() && (source_[begin] == '"' || source_[begin] == '`')) {
    return source_text(term);
  }
  std::string text;
  append_string(text, term.text);
  write(text);
}

void Formatter::reference(const Term& ref) {
  operand(ref.items[0], kTightest, true);
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    const Term& item = ref.items[i];
    const bool quoted = item.at.offset < source_.size() && source_[item.at.offset] == '"';
    if (item.kind == Term::Kind::string && is_identifier(item.text) &&
        !(is_keyword(item.text) && quoted)) {
      write(".");
      write(item.text);
      continue;
    }
    write("[");
    term(item);
    write("]");
  }
}

// An element of a collection: a union there has parentheses, because it could be read as the bar of
// a comprehension.
void Formatter::item(const Term& term_in, Unions unions) {
  const bool is_union = is_call_of(term_in, "|");
  const bool was_so = term_in.at.offset < source_.size() && source_[term_in.at.offset] == '(';
  const bool parentheses = is_union && (unions == Unions::parentheses || was_so);
  if (parentheses) write("(");
  term(term_in);
  if (parentheses) write(")");
}

void Formatter::element(const std::vector<Term>& items, std::size_t index, bool pairs,
                        Unions unions) {
  item(items[index], unions);
  if (!pairs) return;
  write(": ");
  item(items[index + 1], unions);
}

// What stands between brackets, from items[first] on. On several lines when it was so, or when
// there are comments between the elements.
void Formatter::list(const std::vector<Term>& items, std::size_t first, Brackets brackets,
                     bool pairs, Unions unions) {
  const std::size_t step = pairs ? 2 : 1;
  if (items.size() <= first) return;
  bool on_lines = items[first].at.row > row_of(brackets.open);
  std::uint32_t end = brackets.open;
  std::uint32_t row = items[first].at.row;
  for (std::size_t i = first; i < items.size(); i += step) {
    on_lines = on_lines || items[i].at.row > row || comment_between(end, items[i].at.offset);
    row = items[i].at.row;
    end = end_of(items[i + step - 1].at);
  }
  on_lines = on_lines || comment_between(end, brackets.close);
  if (!on_lines) {
    for (std::size_t i = first; i < items.size(); i += step) {
      if (i > first) write(", ");
      element(items, i, pairs, unions);
    }
    return;
  }
  end_line(items[first].at.offset);
  ++level_;
  for (std::size_t i = first; i < items.size(); i += step) {
    if (!in_line_) comments_until(items[i].at.offset);
    element(items, i, pairs, unions);
    const bool is_last = i + step >= items.size();
    const std::uint32_t next = is_last ? brackets.close : items[i + step].at.offset;
    if (!is_last && items[i + step].at.row == items[i].at.row) {
      write(", ");
    } else {
      write(",");
      end_line(next);
    }
  }
  comments_until(brackets.close);
  --level_;
}

void Formatter::collection(const Term& term_in) {
  const bool is_array = term_in.kind == Term::Kind::array;
  const bool is_object = term_in.kind == Term::Kind::object;
  if (term_in.items.empty()) {
    return write(is_array ? "[]" : is_object ? "{}" : "set()");
  }
  const std::uint32_t open = skip(term_in.at.offset, "(");
  const std::uint32_t close = skip(end_of(term_in.items.back().at), ",");
  write(is_array ? "[" : "{");
  list(term_in.items, 0, {open, close}, is_object, Unions::parentheses);
  write(is_array ? "]" : "}");
}

// A head is a term without operators, but for the key of an object, where a union alone would be
// read as the bar.
void Formatter::comprehension_head(const Term& term_in, bool is_key) {
  const bool was_so = term_in.at.offset < source_.size() && source_[term_in.at.offset] == '(';
  operand(term_in, !is_key || was_so || is_call_of(term_in, "|") ? kTightest : kTopLevel, false);
}

void Formatter::comprehension(const Term& term_in) {
  const bool is_array = term_in.kind == Term::Kind::array_comprehension;
  const Term& key = term_in.items[0];
  const Term& last = term_in.items.back();
  const std::uint32_t open = skip(term_in.at.offset, "(");
  write(is_array ? "[" : "{");
  if (key.at.row > row_of(open)) end_line(key.at.offset);
  comprehension_head(key, &key != &last);
  if (&key != &last) {
    write(": ");
    comprehension_head(last, false);
  }
  write(" |");
  const std::uint32_t bar = skip(end_of(last.at));
  const std::uint32_t close = skip(end_of(term_in.body.back().at), ";");
  body_behind(term_in.body, row_of(bar), bar, close);
  write(is_array ? "]" : "}");
}

bool Formatter::is_on_one_line(const std::vector<Expr>& body, std::uint32_t row,
                               std::uint32_t begin, std::uint32_t close) const {
  std::uint32_t end = begin;
  for (const Expr& part : body) {
    if (part.at.row > row || comment_between(end, part.at.offset)) return false;
    end = end_of(part.at);
  }
  return !comment_between(end, close);
}

// A body in brackets whose opening ends on `row` at `begin`. Ends at the start of a line when it is
// written on several.
void Formatter::body_behind(const std::vector<Expr>& parts, std::uint32_t row, std::uint32_t begin,
                            std::uint32_t close) {
  if (is_on_one_line(parts, row, begin, close)) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      write(i == 0 ? " " : "; ");
      expr(parts[i]);
    }
    return;
  }
  end_line(parts[0].at.offset);
  ++level_;
  body(parts, close);
  --level_;
}

void Formatter::body(const std::vector<Expr>& parts, std::uint32_t close) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && parts[i].at.row > end_row(parts[i - 1].at) + 1) blank_line();
    comments_until(parts[i].at.offset);
    expr(parts[i]);
    end_line(i + 1 < parts.size() ? parts[i + 1].at.offset : close);
  }
  comments_until(close);
}

// An operand of an operator of `level`, with parentheses when it binds less, or always.
void Formatter::operand(const Term& term_in, int level, bool always) {
  const Operator* infix = term_in.kind == Term::Kind::call ? infix_of(term_in.items) : nullptr;
  const bool is_in = infix != nullptr && infix->sign == "in";
  const bool needed = infix != nullptr && infix->level < level;
  if (infix == nullptr || infix->level == kTopLevel || (is_in && term_in.items.size() == 4)) {
    return term(term_in);
  }
  const bool parentheses = needed || (always && !is_in);
  if (parentheses) write("(");
  term(term_in);
  if (parentheses) write(")");
}

// Among other terms `k, v in xs` stands in parentheses.
void Formatter::membership(const std::vector<Term>& items, bool is_expr) {
  const int level = infix_of(items)->level;
  const bool with_key = items.size() == 4;
  if (with_key && !is_expr) write("(");
  operand(items[1], level, true);
  if (with_key) {
    write(", ");
    operand(items[2], level + 1, true);
  }
  write(" in ");
  operand(items.back(), level + 1, true);
  if (with_key && !is_expr) write(")");
}

void Formatter::call(const std::vector<Term>& items, bool is_expr) {
  const Operator* infix = infix_of(items);
  if (infix != nullptr && infix->sign == "in") return membership(items, is_expr);
  if (infix == nullptr || (infix->level == kTopLevel && !is_expr)) {
    reference(items[0]);
    const std::uint32_t open = skip(end_of(items[0].at));
    const std::uint32_t close =
        items.size() > 1 ? skip(end_of(items.back().at), ",") : skip(open + 1);
    write("(");
    list(items, 1, {open, close}, false, Unions::plain);
    write(")");
    return;
  }
  operand(items[1], infix->level, !is_expr);
  write(" ");
  write(infix->sign);
  write(" ");
  operand(items[2], infix->level + 1, !is_expr);
}

void Formatter::expr(const Expr& expr) {
  if (expr.negated) write("not ");
  switch (expr.kind) {
    case Expr::Kind::term:
      term(expr.terms[0]);
      break;
    case Expr::Kind::call:
      call(expr.terms, true);
      break;
    case Expr::Kind::some:
      some(expr);
      break;
    case Expr::Kind::every:
      every(expr);
      break;
  }
  if (!expr.with.empty()) modifiers(expr);
}

// The first modifier stays on the line where the expression ended, the others where they stood.
void Formatter::modifiers(const Expr& expr) {
  const std::uint32_t first = expr.with[0].at.offset;
  std::uint32_t end = first;
  while (end > expr.at.offset &&
         std::string_view(" \t\r\n").find(source_[end - 1]) != std::string_view::npos) {
    --end;
  }
  std::uint32_t row = row_of(end > 0 ? end - 1 : 0);
  bool indented = false;
  for (const With& with : expr.with) {
    if (with.at.row > row) {
      if (!indented) ++level_;
      indented = true;
      end_line(with.at.offset);
      comments_until(with.at.offset);
    } else {
      write(" ");
    }
    row = with.at.row;
    write("with ");
    term(with.target);
    write(" as ");
    term(with.value);
  }
  if (indented) --level_;
}

void Formatter::some(const Expr& expr) {
  write("some ");
  if (expr.terms[0].kind == Term::Kind::call) {
    return membership(expr.terms[0].items, true);
  }
  std::uint32_t row = expr.at.row;
  bool indented = false;
  for (std::size_t i = 0; i < expr.terms.size(); ++i) {
    const Term& variable = expr.terms[i];
    if (variable.at.row > row && i > 0) {
      if (!indented) ++level_;
      indented = true;
      end_line(variable.at.offset);
    } else if (i > 0) {
      write(" ");
    }
    row = variable.at.row;
    term(variable);
    if (i + 1 < expr.terms.size()) write(",");
  }
  if (indented) --level_;
}

void Formatter::every(const Expr& expr) {
  write("every ");
  if (!expr.terms[0].text.starts_with('$')) {
    term(expr.terms[0]);
    write(", ");
  }
  term(expr.terms[1]);
  write(" in ");
  operand(expr.terms[2], 2, false);
  write(" {");
  const std::uint32_t open = skip(end_of(expr.terms[2].at));
  const std::uint32_t close = skip(end_of(expr.body.back().at), ";");
  const bool one_line = is_on_one_line(expr.body, row_of(open), open, close);
  body_behind(expr.body, row_of(open), open, close);
  write(one_line ? " }" : "}");
}

}  // namespace mc::rego
