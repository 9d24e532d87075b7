// Members of a token's JSON, read the same way everywhere. Private to the module.
#pragma once

#include <optional>
#include <string_view>

#include "base/base.h"
#include "json/json.h"

namespace mc::identity {

// "" when it is not there or no text.
std::string_view text_of(const json::Value* value);
std::string_view text_in(const json::Object& object, std::string_view name);

// Seconds since 1970, which may have decimals (RFC 7519 section 2, NumericDate); `denied` for
// anything else. A time past the range of WallTime is its end.
Result<std::optional<WallTime>> read_date(const json::Object& claims, std::string_view name);

}  // namespace mc::identity
