// Ground terms as values, and the parse of a lone term.
#include <utility>

#include "rego/rego.h"
#include "term/number.h"

namespace mc::rego {
namespace {

Result<term::Value> collection_value(term::Arena& arena, const Term& term) {
  if (term.kind == Term::Kind::object) {
    term::Value object = term::object(arena, term.items.size() / 2);
    for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
      MC_TRY(const term::Value key, to_value(arena, term.items[i]));
      MC_TRY(const term::Value value, to_value(arena, term.items[i + 1]));
      term::insert(arena, object, key, value);
    }
    return object;
  }
  const bool is_set = term.kind == Term::Kind::set;
  term::Value list =
      is_set ? term::set(arena, term.items.size()) : term::array(arena, term.items.size());
  for (const Term& item : term.items) {
    MC_TRY(const term::Value value, to_value(arena, item));
    if (is_set) {
      term::add(arena, list, value);
    } else {
      term::append(arena, list, value);
    }
  }
  return list;
}

}  // namespace

Result<term::Value> to_value(term::Arena& arena, const Term& term) {
  switch (term.kind) {
    case Term::Kind::null:
      return term::Value::null();
    case Term::Kind::boolean:
      return term::Value::boolean(term.flag);
    case Term::Kind::string:
      return term::string(arena, term.text);
    case Term::Kind::number: {
      const term::Value number = term::number(arena, term.text);
      if (number.is_undefined()) return fail(Code::invalid, "no number: " + excerpt(term.text));
      return number;
    }
    case Term::Kind::array:
    case Term::Kind::set:
    case Term::Kind::object:
      return collection_value(arena, term);
    default:
      return fail(Code::invalid, "no value but an expression: " + excerpt(to_text(term)));
  }
}

Checked<Term> parse_term(std::string_view text, const ParseLimits& limits) {
  Checked<Body> body = parse_query(text, "", limits);
  if (!body) return tl::unexpected(std::move(body).error());
  Expr& expr = body->front();
  std::string problem;
  if (body->size() != 1) {
    problem = "expected exactly one term";
  } else if (expr.kind != Expr::Kind::term || expr.negated || !expr.with.empty()) {
    problem = "expected term but got " + to_text(expr);
  } else {
    term::Arena arena(limits.bytes_max);
    if (const Result<term::Value> value = to_value(arena, expr.terms[0]); !value) {
      problem = value.error().what;
    }
  }
  if (problem.empty()) return std::move(expr.terms[0]);
  return tl::unexpected(
      std::vector<Diagnostic>{{"rego_parse_error", std::move(problem), "", expr.at}});
}

}  // namespace mc::rego
