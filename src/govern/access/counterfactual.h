// Inputs that differ from a given one in one thing. Private to the module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "access/explain.h"

namespace mc::access {

struct Variation {
  Explanation::Change change;
  std::function<void(term::Arena&, term::Value& input)> apply;
};

// What could have been otherwise of an input with its resource; at most 64.
std::vector<Variation> variations_of(term::Value input);

}  // namespace mc::access
