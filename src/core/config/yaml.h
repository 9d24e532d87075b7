// The YAML reader behind config.h. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mc::config::detail {

struct YamlProblem {
  std::string place;  // "line:column"
  std::string what;
};

// What could be read, with all problems; `document` is whole only when there are none.
std::vector<YamlProblem> read_yaml(std::string_view text, const Limits& limits, Document& document);

// A plain (unquoted) scalar by the core schema of YAML 1.2, section 10.3.2: true, false, integers
// (also 0x and 0o), decimals; everything else is text. Numbers with leading zeros, infinities and
// integers past 64 bits are text too: no reader agrees on them.
json::Value resolve_plain(std::string_view text);

// The path one level up: "$.a[3]" -> "$.a" -> "$" -> "".
std::string_view parent_of(std::string_view path);

}  // namespace mc::config::detail
