// The syntax tree of Rego v1, typed and plain: what the parser makes, the compiler rewrites and the
// planner reads. As in OPA's ast package, so that its documentation holds here. Copyable values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mc::rego {

struct Location {
  std::uint32_t file = 0;                // of the compilation's files
  std::uint32_t row = 0;                 // from 1
  std::uint32_t column = 0;              // from 1, in bytes as OPA counts them
  std::uint32_t offset = 0, length = 0;  // of the text in its file, in bytes
};

struct Expr;

struct Term {
  enum class Kind : std::uint8_t {
    null,
    boolean,               // flag
    number,                // text, as written
    string,                // text, unescaped
    var,                   // text; wildcards "_" are "$0", "$1", ... after parsing
    ref,                   // items: head, then operands: a.b[c] = var a, string b, term c
    array,                 // items
    set,                   // items
    object,                // items: key, value, key, value ...
    array_comprehension,   // items: term; body
    set_comprehension,     // items: term; body
    object_comprehension,  // items: key, value; body
    call,                  // items: the function (a ref), then arguments
    template_string,       // items: strings and expressions as written; $"..." or $`...`. An
                           // expression with modifiers is the only one of its item's body
  };
  Kind kind = Kind::null;
  bool flag = false;  // of boolean; of template_string: raw
  Location at;
  std::string text;
  std::vector<Term> items;
  std::vector<Expr> body;

  bool is_var(std::string_view name) const { return kind == Kind::var && text == name; }
};

struct With {
  Term target;  // a ref: input.x, data.x, or a function
  Term value;
  Location at;
};

// One expression of a body.
struct Expr {
  enum class Kind : std::uint8_t {
    term,   // terms[0]
    call,   // terms: the operator or function (a ref), then operands. Infix operators are calls of
            // eq (=), assign (:=), equal (==), neq, lt, lte, gt, gte, plus, minus, mul, div, rem,
            // and, or, internal.member_2, internal.member_3
    some,   // terms: the variables; or one call of internal.member_2 or _3 (some k, v in xs)
    every,  // terms: key, value, domain; a missing key is a wildcard. body
  };
  Kind kind = Kind::term;
  bool negated = false;
  bool generated = false;  // by the compiler: not shown to people
  Location at;
  std::vector<Term> terms;
  std::vector<With> with;
  std::vector<Expr> body;

  bool is_call(std::string_view function) const;  // of a function named so ("eq", "net.cidr_merge")
};
using Body = std::vector<Expr>;

struct Head {
  // p, p.q, p[x].q: the whole reference as written, with its last key of partial objects.
  Term ref;
  enum class Kind : std::uint8_t {
    complete,        // ref := value          (value = true when not written)
    partial_set,     // ref contains key
    function,        // ref(arguments) := value
    partial_object,  // ref := value where ref has a non-constant last operand: p[x] := value
  } kind = Kind::complete;
  std::vector<Term> arguments;
  std::optional<Term> key;    // of partial_set
  std::optional<Term> value;  // of the others
  bool assigned = false;      // written with := (not =)
  Location at;
};

// METADATA of a comment block (OPA docs, "Annotations"), as JSON text, with what is checked.
struct Annotation {
  std::string scope;  // rule, document, package, subpackages
  std::string json;   // the whole block as JSON, scope included
  Location at;
};

struct Rule {
  Location at;
  Location end;  // the last character of the rule, for the formatter
  bool is_default = false;
  Head head;
  Body body;                    // empty: `true`
  bool has_braces = false;      // a body was written
  std::vector<Rule> otherwise;  // the `else` branch: none or one
  std::vector<Annotation> annotations;
};

struct Import {
  Term path;  // a ref: data.x, input.x, future.keywords.in, rego.v1
  std::string alias;
  Location at;
};

struct Comment {
  std::string text;  // without the '#'
  Location at;
};

struct Module {
  std::string file;
  std::string source;  // the text it was parsed from
  Term package;        // a ref: data.a.b
  Location package_at;
  std::vector<Import> imports;
  std::vector<Rule> rules;
  std::vector<Comment> comments;
  std::vector<Annotation> annotations;  // of the package
};

// What is wrong with a module, as OPA tells it.
struct Diagnostic {
  std::string code;  // rego_parse_error, rego_compile_error, rego_type_error,
                     // rego_unsafe_var_error, rego_recursion_error
  std::string message;
  std::string file;
  Location at;
};
// "file.rego:3:5: rego_unsafe_var_error: var x is unsafe"
std::string to_line(const Diagnostic& diagnostic);

// Walks. Children only; the caller recurses (or uses visit() of walk.h).
Term make_var(std::string name, Location at);
Term make_string(std::string text, Location at);
Term make_ref(std::vector<Term> items, Location at);  // items[0] is a var
Term make_boolean(bool flag, Location at);
Term make_call(std::string_view function, std::vector<Term> arguments, Location at);
Term function_ref(std::string_view name, Location at);  // "net.cidr_merge" -> ref of parts
std::string ref_text(const Term& ref);     // "data.a.b" of a ref of constants; "" otherwise
bool equal(const Term& a, const Term& b);  // the same but for locations
bool equal(const Expr& a, const Expr& b);
std::string to_text(const Term& term);  // as Rego source
std::string to_text(const Expr& expr);

}  // namespace mc::rego
