// Syntax trees as Rego values with gqlparser's member names. Until prune(), nodes have a member
// "Position". Private to the module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "graphrego/lexer.h"
#include "term/term.h"

namespace mc::graphrego {

using term::Value;

inline constexpr int kDepthMax = 200;  // of nested selections, values and types

struct Fault {
  std::string message;
  Place at;
};
struct Parsed {
  Value tree;
  std::optional<Fault> fault;
};
Parsed parse_query(term::Arena& arena, std::string_view text);
Parsed parse_schema(term::Arena& arena, std::string_view text);

// Without places, nulls, and what is empty: as policies see trees.
Value prune(term::Arena& arena, Value tree);
// Whether nothing in `tree` is nested deeper than trees of parsed text are.
bool is_shallow(Value tree);

Value place_value(Place at);
Place place_of(Value node);  // of its member "Position"

}  // namespace mc::graphrego
