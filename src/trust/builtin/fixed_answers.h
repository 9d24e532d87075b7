// Context::fixed_answers: what a function without a fixed answer has said in this query, so that
// the same operands get the same answer again.
#pragma once

#include "builtin/operands.h"

namespace mc::builtin {

// Undefined when there is none yet, or when the steps are used up, with a failure.
Value fixed_answer(Context& context, std::string_view function, Operands operands);
void fix_answer(Context& context, std::string_view function, Operands operands, Value answer);
// The time of the query, for a function whose answer depends on it: noted as that of time.now_ns.
WallTime now_of(Context& context);

}  // namespace mc::builtin
