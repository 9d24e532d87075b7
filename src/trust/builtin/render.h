// strings.render_template(): Go's text/template over a Rego object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "builtin/builtin.h"

namespace mc::builtin {

// Nothing, with a failure, when the template is not well-formed or an action fails.
std::optional<std::string> render(Context& context, std::string_view source, Value data);

}  // namespace mc::builtin
