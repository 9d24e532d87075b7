// URLs as Go's package net/url splits them. Private to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::builtin {

struct GoUrl {
  std::string scheme, opaque, host, path, raw_path, query, fragment, raw_fragment;
  bool has_user = false;
  bool omit_host = false, force_query = false;
  std::string text;  // as String() writes it again

  // The path as a request sends it.
  std::string escaped_path() const;
};
// The message is `parse "http://[": missing ']' in host`, as url.Error has it.
Result<GoUrl> parse_go_url(std::string_view text);

}  // namespace mc::builtin
