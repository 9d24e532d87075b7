// What a scalar of YAML 1.1 means, as Go's yaml.v2 decides it: with yes and no as booleans, octal
// and binary numbers, and without base 60.
#pragma once

#include <string>
#include <string_view>

namespace mc::builtin {

struct YamlScalar {
  // not_finite: an infinity or no number, which JSON has not. timestamp: a string for JSON.
  enum class Kind { text, null, boolean, integer, floating, not_finite, merge, timestamp };
  Kind kind = Kind::text;
  bool flag = false;
  // As JSON writes the number.
  std::string number = {};
  bool wide = false;  // an integer beyond int64
};

YamlScalar resolve_yaml(std::string_view plain);
// "1:30", which other readers of YAML 1.1 take as a number.
bool is_yaml_base60(std::string_view text);

}  // namespace mc::builtin
