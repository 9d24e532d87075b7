// Rewrites the numbered placeholders of core/sql (?1) to PostgreSQL's ($1).
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::postgres {

// Text inside '...', E'...', "...", $tag$...$tag$, -- and nested /* */ is left alone, as are a bare
// question mark and ?| ?& (jsonb operators). A placeholder outside 1..65535 is `invalid`. Text that
// ends inside a literal is passed on; the server says what is wrong with it.
Result<std::string> rewrite_placeholders(std::string_view sql);

}  // namespace mc::postgres
