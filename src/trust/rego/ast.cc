#include "rego/ast.h"

#include <algorithm>
#include <utility>

#include "rego/lexer.h"
#include "rego/operators.h"

namespace mc::rego {
namespace {

constexpr Operator kOperators[] = {
    {"eq", "=", 0},
    {"assign", ":=", 0},
    {"internal.member_2", "in", 1},
    {"internal.member_3", "in", 1},
    {"equal", "==", 2},
    {"neq", "!=", 2},
    {"lt", "<", 2},
    {"lte", "<=", 2},
    {"gt", ">", 2},
    {"gte", ">=", 2},
    {"or", "|", 3},
    {"and", "&", 4},
    {"plus", "+", 5},
    {"minus", "-", 5},
    {"mul", "*", 6},
    {"div", "/", 6},
    {"rem", "%", 6},
};

// Prints terms and expressions on one line. Recursion is bounded by the depth of the tree, which
// the parser bounds.
class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void term(const Term& term) {
    switch (term.kind) {
      case Term::Kind::null:
        out_ += "null";
        return;
      case Term::Kind::boolean:
        out_ += term.flag ? "true" : "false";
        return;
      case Term::Kind::number:
        out_ += term.text;
        return;
      case Term::Kind::string:
        append_string(out_, term.text);
        return;
      case Term::Kind::var:
        out_ += term.text.starts_with('$') ? "_" : term.text;
        return;
      case Term::Kind::ref:
        ref(term);
        return;
      case Term::Kind::call:
        call(term.items, kNested);
        return;
      case Term::Kind::template_string:
        template_string(term);
        return;
      default:
        collection(term);
        return;
    }
  }

  void expr(const Expr& expr) {
    if (expr.negated) out_ += "not ";
    switch (expr.kind) {
      case Expr::Kind::term:
        term(expr.terms[0]);
        break;
      case Expr::Kind::call:
        call(expr.terms, kTop);
        break;
      case Expr::Kind::some:
        out_ += "some ";
        if (expr.terms[0].kind == Term::Kind::call) {
          term(expr.terms[0]);
        } else {
          list(expr.terms, 0);
        }
        break;
      case Expr::Kind::every:
        every(expr);
        break;
    }
    for (const With& with : expr.with) {
      out_ += " with ";
      term(with.target);
      out_ += " as ";
      term(with.value);
    }
  }

 private:
  static constexpr int kTop = 0;
  static constexpr int kNested = 1;
  static constexpr int kTightest = 7;  // binds more than every operator

  void list(const std::vector<Term>& terms, std::size_t from) {
    for (std::size_t i = from; i < terms.size(); ++i) {
      if (i > from) out_ += ", ";
      element(terms[i]);
    }
  }

  // Among others, separated by commas: only k, v in xs needs parentheses.
  void element(const Term& term_in) {
    const bool has_comma = term_in.kind == Term::Kind::call && infix_of(term_in.items) != nullptr &&
                           term_in.items.size() == 4;
    if (has_comma) out_ += '(';
    term(term_in);
    if (has_comma) out_ += ')';
  }

  void body(const std::vector<Expr>& body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (i > 0) out_ += "; ";
      expr(body[i]);
    }
  }

  void every(const Expr& every) {
    out_ += "every ";
    if (!every.terms[0].text.starts_with('$')) {
      term(every.terms[0]);
      out_ += ", ";
    }
    term(every.terms[1]);
    out_ += " in ";
    term(every.terms[2]);
    out_ += " { ";
    body(every.body);
    out_ += " }";
  }

  void ref(const Term& ref) {
    operand(ref.items[0], kTightest);
    for (std::size_t i = 1; i < ref.items.size(); ++i) {
      const Term& item = ref.items[i];
      if (item.kind == Term::Kind::string && is_identifier(item.text) && !is_keyword(item.text)) {
        out_ += '.';
        out_ += item.text;
      } else {
        out_ += '[';
        term(item);
        out_ += ']';
      }
    }
  }

  // An operand stands in parentheses when it is an operator that binds less than `level`.
  void operand(const Term& operand, int level) {
    const Operator* inner = operand.kind == Term::Kind::call ? infix_of(operand.items) : nullptr;
    const bool parentheses = inner != nullptr && inner->level >= kNested && inner->level < level;
    if (parentheses) out_ += '(';
    term(operand);
    if (parentheses) out_ += ')';
  }

  // = and := are operators of expressions only.
  void call(const std::vector<Term>& items, int least_level) {
    const Operator* infix = infix_of(items);
    if (infix == nullptr || infix->level < least_level) {
      term(items[0]);
      out_ += '(';
      list(items, 1);
      out_ += ')';
      return;
    }
    operand(items[1], infix->level);
    if (items.size() == 4) {
      out_ += ", ";
      operand(items[2], infix->level + 1);
    }
    out_.append(" ").append(infix->sign).append(" ");
    operand(items.back(), infix->level + 1);
  }

  // The head of a comprehension: a union there would be read as its bar.
  void head(const Term& term_in) { operand(term_in, kTightest); }

  void collection(const Term& term_in) {
    switch (term_in.kind) {
      case Term::Kind::array:
        out_ += '[';
        list(term_in.items, 0);
        out_ += ']';
        return;
      case Term::Kind::set:
        if (term_in.items.empty()) {
          out_ += "set()";
          return;
        }
        out_ += '{';
        list(term_in.items, 0);
        out_ += '}';
        return;
      case Term::Kind::object:
        out_ += '{';
        for (std::size_t i = 0; i + 1 < term_in.items.size(); i += 2) {
          if (i > 0) out_ += ", ";
          element(term_in.items[i]);
          out_ += ": ";
          element(term_in.items[i + 1]);
        }
        out_ += '}';
        return;
      default:
        break;
    }
    const bool is_array = term_in.kind == Term::Kind::array_comprehension;
    out_ += is_array ? '[' : '{';
    head(term_in.items[0]);
    if (term_in.items.size() > 1) {
      out_ += ": ";
      head(term_in.items[1]);
    }
    out_ += " | ";
    body(term_in.body);
    out_ += is_array ? ']' : '}';
  }

  void template_string(const Term& term_in) {
    out_ += term_in.flag ? "$`" : "$\"";
    for (const Term& item : term_in.items) {
      if (item.kind == Term::Kind::string && item.body.empty()) {
        append_template_text(out_, item.text, term_in.flag);
        continue;
      }
      out_ += '{';
      if (item.body.empty()) {
        term(item);
      } else {
        body(item.body);
      }
      out_ += '}';
    }
    out_ += term_in.flag ? '`' : '"';
  }

  std::string& out_;
};

bool equal_terms(const std::vector<Term>& a, const std::vector<Term>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](auto& x, auto& y) { return equal(x, y); });
}

bool equal_exprs(const std::vector<Expr>& a, const std::vector<Expr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Expr& x, const Expr& y) { return equal(x, y); });
}

}  // namespace

const Operator* find_operator(std::string_view function) {
  for (const Operator& candidate : kOperators) {
    if (candidate.function == function) return &candidate;
  }
  return nullptr;
}

const Operator* infix_of(const std::vector<Term>& call) {
  if (call.size() < 3 || call.size() > 4 || call[0].kind != Term::Kind::ref) return nullptr;
  const std::vector<Term>& name = call[0].items;
  if (name.empty() || name[0].kind != Term::Kind::var) return nullptr;
  if (name.size() == 1) return call.size() == 3 ? find_operator(name[0].text) : nullptr;
  if (name.size() != 2 || name[0].text != "internal" || name[1].kind != Term::Kind::string) {
    return nullptr;
  }
  const bool with_key = call.size() == 4;
  if (name[1].text != (with_key ? "member_3" : "member_2")) return nullptr;
  return find_operator(with_key ? "internal.member_3" : "internal.member_2");
}

bool is_identifier(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !is_letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kFrom = "\\\"\b\f\n\r\t";
  constexpr std::string_view kTo = "\\\"bfnrt";
  for (const char c : text) {
    if (const std::size_t at = kFrom.find(c); at != std::string_view::npos) {
      out += '\\';
      out += kTo[at];
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
}

void append_template_text(std::string& out, std::string_view text, bool raw) {
  std::string escaped;
  if (raw) {
    escaped = text;
  } else {
    append_escaped(escaped, text);
  }
  for (const char c : escaped) {
    if (c == '{') out += '\\';
    out += c;
  }
}

std::string to_line(const Diagnostic& diagnostic) {
  std::string line = diagnostic.file;
  if (diagnostic.at.row > 0) {
    if (!line.empty()) line += ':';
    line += std::to_string(diagnostic.at.row) + ":" + std::to_string(diagnostic.at.column);
  }
  if (!line.empty()) line += ": ";
  return line + diagnostic.code + ": " + diagnostic.message;
}

bool Expr::is_call(std::string_view function) const {
  if (kind != Kind::call || terms.empty() || terms[0].kind != Term::Kind::ref) return false;
  const std::vector<Term>& items = terms[0].items;
  if (items.size() == 1) return items[0].is_var(function);
  return ref_text(terms[0]) == function;
}

Term make_var(std::string name, Location at) {
  Term term;
  term.kind = Term::Kind::var;
  term.at = at;
  term.text = std::move(name);
  return term;
}

Term make_string(std::string text, Location at) {
  Term term;
  term.kind = Term::Kind::string;
  term.at = at;
  term.text = std::move(text);
  return term;
}

Term make_ref(std::vector<Term> items, Location at) {
  Term term;
  term.kind = Term::Kind::ref;
  term.at = at;
  term.items = std::move(items);
  return term;
}

Term make_boolean(bool flag, Location at) {
  Term term;
  term.kind = Term::Kind::boolean;
  term.at = at;
  term.flag = flag;
  return term;
}

Term make_call(std::string_view function, std::vector<Term> arguments, Location at) {
  Term term;
  term.kind = Term::Kind::call;
  term.at = at;
  term.items.reserve(arguments.size() + 1);
  term.items.push_back(function_ref(function, at));
  std::move(arguments.begin(), arguments.end(), std::back_inserter(term.items));
  return term;
}

Term function_ref(std::string_view name, Location at) {
  Term ref;
  ref.kind = Term::Kind::ref;
  ref.at = at;
  for (;;) {
    const std::size_t dot = name.find('.');
    std::string part(name.substr(0, dot));
    ref.items.push_back(ref.items.empty() ? make_var(std::move(part), at)
                                          : make_string(std::move(part), at));
    if (dot == std::string_view::npos) return ref;
    name.remove_prefix(dot + 1);
  }
}

std::string ref_text(const Term& ref) {
  if (ref.kind != Term::Kind::ref || ref.items.empty()) return "";
  if (ref.items[0].kind != Term::Kind::var) return "";
  std::string text = ref.items[0].text;
  for (std::size_t i = 1; i < ref.items.size(); ++i) {
    if (ref.items[i].kind != Term::Kind::string) return "";
    text += '.';
    text += ref.items[i].text;
  }
  return text;
}

bool equal(const Term& a, const Term& b) {
  return a.kind == b.kind && a.flag == b.flag && a.text == b.text &&
         equal_terms(a.items, b.items) && equal_exprs(a.body, b.body);
}

bool equal(const Expr& a, const Expr& b) {
  const auto same_with = [](const With& x, const With& y) {
    return equal(x.target, y.target) && equal(x.value, y.value);
  };
  return a.kind == b.kind && a.negated == b.negated && equal_terms(a.terms, b.terms) &&
         std::equal(a.with.begin(), a.with.end(), b.with.begin(), b.with.end(), same_with) &&
         equal_exprs(a.body, b.body);
}

std::string to_text(const Term& term) {
  std::string out;
  Printer(out).term(term);
  return out;
}

std::string to_text(const Expr& expr) {
  std::string out;
  Printer(out).expr(expr);
  return out;
}

}  // namespace mc::rego
