// Regular expressions of Go on RE2, and the functions of the pattern table that lie in other files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "builtin/operands.h"

namespace re2 {
class RE2;
}

namespace mc::builtin {

// Null with the reason as Go's regexp.Compile gives it: "error parsing regexp: ...".
std::unique_ptr<const re2::RE2> make_regex(std::string_view pattern, std::string& problem);
// The same from the cache of the query; null with a failure. Valid until two more were asked for.
const re2::RE2* find_regex(Context& context, std::string_view pattern);
// Whether the pattern is found in the text, with its cost counted; false when a limit is met.
bool regex_found(Context& context, const re2::RE2& regex, std::string_view text);

Value regex_globs_match(Context& context, Operands operands);  // patterns_intersect.cc
Value glob_match(Context& context, Operands operands);         // patterns_glob.cc
Value glob_quote_meta(Context& context, Operands operands);

}  // namespace mc::builtin
