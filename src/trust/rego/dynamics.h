// Refs and comprehensions inside other terms get locals of their own.
#pragma once

#include "rego/outputs.h"

namespace mc::rego {

// f(input.x) to local = input.x; f(local), in `body` and the closures in it. The body is ordered;
// `bound` are the variables known before it.
void rewrite_dynamics(Compilation& c, const Outputs& outputs, Body& body, VarSet bound);

}  // namespace mc::rego
