// A parser by recursive descent, with precedence climbing for operators. Private to the module.
//
// It follows OPA's parser in what it accepts and how it reads what is ambiguous: `{a | b}` is a
// comprehension before it is a union, `if {x}` a body before it is a set. Where it tries one
// reading first, it goes back to a Mark; what failed once as a comprehension is not tried again,
// and the number of tokens read is bounded, so that hostile text costs linear time. Depth is
// bounded twice: the calls of the parser, and the height of the tree (long chains of operators).
//
// Functions answer false when nothing could be read; then an error was noted.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "rego/ast.h"
#include "rego/lexer.h"
#include "rego/rego.h"

namespace mc::rego {

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits)
      : limits_(limits), lexer_(text, comments_), tokens_max_(text.size() * 3 + 65536) {
    next();
  }

  // A whole file, without its annotations. What stands in `errors` afterwards decides.
  void parse_module(Module& module);
  void parse_query(Body& body);

  std::vector<Diagnostic>& errors() { return errors_; }
  std::vector<Comment>& comments() { return comments_; }

 private:
  enum class KeyValue : std::uint8_t { no, yes };  // may `k, v in xs` stand here
  enum class Semicolon : std::uint8_t { ends, separates };
  struct Mark {
    Lexer::Mark lexer;
    std::size_t errors = 0;
    int wildcards = 0;
    int height = 0;
  };
  // How a rule was written, for the checks of Rego v1.
  struct Written {
    bool if_keyword = false;
    bool contains_keyword = false;
    bool value = false;
    bool spaced = false;  // p [x]: a reference in a head only
  };
  enum class Found : std::uint8_t { yes, no, error };

  // parser.cc: tokens, errors, modules and queries
  const Lexeme& current() const { return lexer_.current(); }
  Token token() const { return lexer_.current().token; }
  void next();
  void next_of_template(Lexer::Raw raw);
  void note_illegal();
  bool at_adjacent(Token token) const;  // it is current, and no space stands before it
  Mark mark() const { return {lexer_.mark(), errors_.size(), wildcards_, height_}; }
  void reset(const Mark& mark);
  Location here() const;
  Location since(const Location& begin) const;  // up to the end of the token before
  Location from(const Location& begin, std::uint32_t offset) const;
  void error(const Location& at, std::string message);
  void illegal(std::string_view note = "");
  bool enter();
  void leave() { --depth_; }
  bool grow(int height);  // a node above one of this height
  Term wildcard(const Location& at);
  Term name(const Location& at);
  bool keyword_as_name();  // a keyword that is the head of a reference becomes an identifier
  bool name_or_keyword();  // where only a name may stand
  Found package(Module& module, bool first);
  Found import(Module& module);
  bool check_import(const Import& import);
  void check_import_end(const Import& import);
  bool statement(Module& module, bool first);

  // parser_terms.cc
  bool term(Term& out);
  bool term_start(Term& out);
  bool parenthesis(Term& out);
  bool array(Term& out);
  bool braces(Term& out);
  bool set_rest(Term& out);
  bool object(Term& out, bool maybe_comprehension);
  bool pairs(Term& out);
  bool list(Token end, Term& out);
  Found comprehension(Term& out, Term::Kind kind, const Mark& start);
  bool reference(Term& out, std::uint32_t offset);
  bool operand(Term& reference);
  bool call(Term& out, std::uint32_t offset);

  // parser_literals.cc
  bool number(Term& out);
  bool string(Term& out);
  bool template_string(Term& out);
  bool template_text(Term& out);
  bool template_expression(Term& out);

  // parser_expressions.cc
  bool expression(Term& out, KeyValue key_value);  // a term with operators
  bool operators(Term& left, int level, std::uint32_t offset);
  bool operators_and_in(Term& left, KeyValue key_value, std::uint32_t offset);
  bool membership(Term& left, KeyValue key_value, std::uint32_t offset);
  bool key_value_membership(Term& left, std::uint32_t offset);
  void make_infix(Term& left, std::string_view function, const Location& at, Term right);
  bool body(Token end, Body& out);
  bool query(Semicolon semicolon, Token end, Body& out);
  bool literal(Expr& out);
  bool plain_literal(Expr& out, bool negated);
  bool expr(Expr& out);
  bool modifiers(std::vector<With>& out);
  bool some(Expr& out);
  bool every(Expr& out);

  // parser_rules.cc
  Found rules(Module& module);
  Found rule(Rule& rule, Written& written);
  Found head(Rule& rule, Written& written);
  bool head_reference(Head& head, Written& written);
  bool head_value(Rule& rule, Written& written);
  Found rule_body(Rule& rule, Written& written);
  bool if_body(Rule& rule);
  bool braced_body(Rule& rule);
  bool else_branches(Rule& rule);
  bool else_branch(const Head& head, Rule& branch, Written& written);
  bool chained_rules(Module& module, std::size_t first, const Written& written);
  void finish(Rule& rule, const Location& begin);
  bool check_default(const Rule& rule);
  bool check_default_value(const Term& value, const Location& at);
  void check_rule(const Rule& rule, const Written& written);
  void rule_of_body(Module& module, Body& body);
  std::string rule_of_expr(Rule& rule, Expr& expr, Written& written);
  std::string rule_of_equation(Rule& rule, Expr& expr);
  std::string rule_of_term(Rule& rule, Term& term, Written& written);
  Head copy_of(const Head& head);

  ParseLimits limits_;
  std::vector<Comment> comments_;
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> statement_errors_;  // of statements that are no rules
  std::vector<Diagnostic> rule_errors_;       // of the checks of Rego v1
  std::string hint_;
  Lexer lexer_;
  std::size_t tokens_max_;
  std::unordered_set<std::uint32_t> no_comprehensions_;  // offsets of '|'
  int wildcards_ = 0;
  int depth_ = 0;
  int height_ = 0;  // of the term read last
};

// The word for a term in OPA's messages: "var", "arraycomprehension".
std::string_view kind_name(Term::Kind kind);
// Annotations of `module.comments`, checked and attached to the package and the rules.
// metadata.cc
void attach_annotations(Module& module, std::vector<Diagnostic>& errors);
// The text of a JSON string literal's inside; false when an escape is wrong.
bool unescape(std::string_view text, std::string& out);

}  // namespace mc::rego
