// Operators that are written between their operands, by the name of their function. Private to the
// module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"

namespace mc::rego {

struct Operator {
  std::string_view function;
  std::string_view sign;
  int level;  // from loose to tight: = and := have 0, `in` 1
};

// Null when `function` has no sign.
const Operator* find_operator(std::string_view function);
// The operator of a call with as many operands as it takes (items: the function, then operands);
// null of any other call. `k, v in xs` has three operands.
const Operator* infix_of(const std::vector<Term>& call);
// A name that may stand behind a dot: letters, digits and _, and no digit first.
bool is_identifier(std::string_view text);
// As a string literal of Rego, and what stands in one.
void append_string(std::string& out, std::string_view text);
void append_escaped(std::string& out, std::string_view text);
// A text of a template string.
void append_template_text(std::string& out, std::string_view text, bool raw);

}  // namespace mc::rego
