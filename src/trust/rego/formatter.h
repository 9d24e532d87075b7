// Writes a module in the layout of `opa fmt`. Private to the module.
//
// Tabs indent; what stood on lines of its own in a collection or a body keeps them, everything else
// is joined. Comments are kept: one that stood alone is written before what followed it, one at the
// end of a line ends the line again. A comment where the layout has no line break (inside `a + b`)
// moves to the next end of a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"

namespace mc::rego {

// A body of `true` alone says no more than none, and is left out.
bool is_empty_body(const Body& body);

class Formatter {
 public:
  explicit Formatter(const Module& module);
  std::string run();

 private:
  enum class Unions : std::uint8_t { plain, parentheses };
  struct Note {  // a comment
    std::string text;
    std::uint32_t row = 0;
    std::uint32_t offset = 0;
    bool alone = false;  // on its line
  };
  struct Brackets {
    std::uint32_t open = 0, close = 0;  // offsets
  };

  // formatter.cc: lines, comments, the parts of a module
  std::uint32_t row_of(std::uint32_t offset) const;
  std::uint32_t end_row(const Location& at) const {
    return row_of(at.offset + (at.length > 0 ? at.length - 1 : 0));
  }
  static std::uint32_t end_of(const Location& at) { return at.offset + at.length; }
  std::uint32_t next_line(std::uint32_t row) const;  // the offset where it starts
  bool starts_line(std::uint32_t offset) const;      // nothing but blanks before it
  // The first character at or behind `offset` that is no blank, comment or one of `also`.
  std::uint32_t skip(std::uint32_t offset, std::string_view also = "") const;
  bool comment_between(std::uint32_t begin, std::uint32_t end) const;
  void write(std::string_view text);
  void end_line(std::uint32_t limit);  // with a comment that ended a line before `limit`
  void blank_line();
  void comments_until(std::uint32_t offset);
  void module_package();
  void imports(std::size_t first, std::size_t last);
  void import_group(std::size_t first, std::size_t last);
  void rules(std::size_t first, std::size_t last);
  bool may_group(const Rule& rule) const;
  void rule(const Rule& rule);
  void rule_branch(const Rule& rule, bool is_else, std::uint32_t limit);
  void rule_body(const Rule& rule, std::uint32_t limit);
  bool is_one_liner(const Rule& rule, std::uint32_t close) const;
  void else_branch(const Rule& before, const Rule& branch, bool was_line, std::uint32_t limit);
  void head(const Rule& rule, bool is_else, bool is_constant);
  void head_ref(const Term& ref);

  // formatter_terms.cc
  void term(const Term& term);
  void string(const Term& term);
  void source_text(const Term& term);
  void reference(const Term& ref);
  void collection(const Term& term);
  void item(const Term& term, Unions unions);
  void element(const std::vector<Term>& items, std::size_t index, bool pairs, Unions unions);
  void list(const std::vector<Term>& items, std::size_t first, Brackets brackets, bool pairs,
            Unions unions);
  void comprehension(const Term& term);
  void comprehension_head(const Term& term, bool is_key);
  bool is_on_one_line(const std::vector<Expr>& body, std::uint32_t row, std::uint32_t begin,
                      std::uint32_t close) const;
  void body_behind(const std::vector<Expr>& body, std::uint32_t row, std::uint32_t begin,
                   std::uint32_t close);
  void call(const std::vector<Term>& items, bool is_expr);
  void membership(const std::vector<Term>& items, bool is_expr);
  void operand(const Term& term, int level, bool always);
  void expr(const Expr& expr);
  void modifiers(const Expr& expr);
  void some(const Expr& expr);
  void every(const Expr& expr);
  void body(const std::vector<Expr>& body, std::uint32_t close);

  const Module& module_;
  std::string_view source_;
  std::vector<std::uint32_t> lines_;  // offsets of their first characters
  std::vector<Note> notes_;
  std::size_t next_note_ = 0;
  std::string out_;
  std::size_t level_ = 0;
  bool in_line_ = false;
  bool long_heads_ = false;  // a head has more than two parts: then all are written with dots
};

}  // namespace mc::rego
