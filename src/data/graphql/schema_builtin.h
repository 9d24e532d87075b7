// The definitions every schema has: built-in scalars, directives and the introspection types.
#pragma once

#include <string_view>

namespace mc::graphql {

// SDL, parsed like any other text when a schema is built. Specification section 4 and 3.5.
std::string_view builtin_sdl();

}  // namespace mc::graphql
