// The syntax of Go's text/template, as a tree.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::builtin::tmpl {

struct Pipe;

// An operand, and the fields taken of it: .a.b, $x.a, "text", len, (pipeline).a
struct Argument {
  enum class Kind : std::uint8_t {
    dot,
    variable,
    function,
    text,
    integer,
    floating,
    boolean,
    nil,
    pipe
  };
  Kind kind = Kind::dot;
  std::string text;  // of text, or the name of a variable (with its $) or function
  std::int64_t integer = 0;
  double floating = 0;
  std::vector<std::string> fields;
  std::shared_ptr<Pipe> pipe;
  std::size_t at = 0;  // in the source
  std::string source;
};
struct Command {
  std::vector<Argument> arguments;
};
struct Pipe {
  std::vector<std::string> variables;  // what it declares or sets
  bool sets = false;                   // "=" rather than ":="
  std::vector<Command> commands;
  std::size_t at = 0;
};

struct Node {
  enum class Kind : std::uint8_t { text, action, if_, range, with, call, break_, continue_ };
  Kind kind = Kind::text;
  std::string text;  // of text; the name of the template of a call
  Pipe pipe;         // without commands when there is none
  std::vector<Node> body, otherwise;
  std::size_t at = 0;
};

using List = std::vector<Node>;
struct Template {
  List body;
  std::map<std::string, List, std::less<>> defined;
};

// `invalid` with Go's message: template: template:1: unexpected EOF. Nested more than 100 deep is
// refused.
Result<Template> parse(std::string_view source);
// The line of `at`, from 1.
int line_of(std::string_view source, std::size_t at);
bool is_function(std::string_view name);

}  // namespace mc::builtin::tmpl
