// What an answer serves, for its record. Private to the module.
#pragma once

#include "api/handlers.h"

namespace mc::api {

// Items of a list, lines of CSV or JSON, or the members of one object; none of other bodies.
transparency::Served served_by(const Reply& reply);

}  // namespace mc::api
