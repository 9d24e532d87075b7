// JSON as Go's encoding/json writes what OPA hands it (ast.JSON): sets as sorted arrays, keys that
// are no strings as the JSON of the key, members by name, and < > & escaped.
#pragma once

#include <string>

#include "builtin/builtin.h"

namespace mc::builtin {

struct GoJson {
  bool pretty = false;
  std::string prefix = {}, indent = {};  // of pretty lines
  bool floats = false;  // numbers go through a float64, so that 1 and 1.0 are the same
};

// False with a failure when the arena's limit or the steps are used up, or the value is too deep.
bool append_go_json(Context& context, std::string& out, Value value, const GoJson& style = {});

// What OPA's ast.JSON makes of a value: arrays for sets, strings for other keys. Undefined with a
// failure at a limit; the value itself when it is JSON already.
Value json_model(Context& context, Value value);

// Nothing is deeper; what walks a value counts all the same.
constexpr int kValueDepthMax = term::kDepthMax;

}  // namespace mc::builtin
