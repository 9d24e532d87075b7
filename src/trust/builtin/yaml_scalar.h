// Texts of YAML as libyaml's emitter writes them: plain, quoted or as a block, folded behind column
// 80; and the order of keys of Go's yaml.v2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builtin/yaml_resolve.h"

namespace mc::builtin {

enum class YamlPlace : std::uint8_t { key, value };  // a key stays on its line

struct YamlSpot {
  int indent = 0;  // of the lines that follow
  int column = 0;  // where the text begins
  YamlPlace place = YamlPlace::value;
};
void append_yaml_text(std::string& out, std::string_view text, const YamlSpot& spot);

// Longer ones and those of several lines are written behind "? ".
bool is_simple_yaml_key(std::string_view text);
// Numbers in keys by their size, letters last: "a2" < "a10", "_" < "a".
bool yaml_key_less(std::string_view a, std::string_view b);

}  // namespace mc::builtin
