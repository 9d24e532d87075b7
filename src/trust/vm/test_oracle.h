// A slow obvious twin of the machine, and random plans for both. For tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builtin/builtin.h"
#include "term/term.h"
#include "vm/plan.h"

namespace mc::vm {

// Walks the plan with this index statement for statement, copies all locals at each call, remembers
// nothing. The results as text; an error as "error: message"; nothing when `steps_max` was too few.
// Builtins are the real ones; their faults are undefined.
struct Walk {
  const plan::Policy& policy;
  int plan = 0;
  term::Value input, data;
  int steps_max = 50'000;
};
std::optional<std::string> walk_plan(const Walk& walk, builtin::Context& context);

// Of the kind the planner makes, and odder ones. Valid; its only plan is "eval".
// `by_paths`: it looks at members of the input alone, as most policies do.
enum class InputUse : std::uint8_t { any, by_paths };
plan::Policy random_policy(std::uint64_t seed, InputUse input = InputUse::any);

}  // namespace mc::vm
