// SQLSTATE codes as our errors. Server messages are quoted only for class 42 (syntax, unknown
// names), where they repeat the statement and never a bound value; DETAIL and HINT never.
#pragma once

#include <libpq-fe.h>

#include <string_view>

#include "base/base.h"

namespace mc::postgres {

Code code_of(std::string_view sqlstate);
// After these the session is gone, whatever the socket says.
bool ends_session(std::string_view sqlstate);
std::string_view sqlstate_of(const PGresult* result);  // "" for none
Error failure_of(const PGresult* result, std::string_view sql);

}  // namespace mc::postgres
