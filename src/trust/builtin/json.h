// The functions of the JSON table that lie in other files.
#pragma once

#include "builtin/operands.h"

namespace mc::builtin {

Value json_filter(Context& context, Operands operands);  // json_paths.cc
Value json_remove(Context& context, Operands operands);
Value json_patch(Context& context, Operands operands);  // json_patch.cc

Value json_match_schema(Context& context, Operands operands);  // json_schema.cc
Value json_verify_schema(Context& context, Operands operands);

Value yaml_marshal(Context& context, Operands operands);    // yaml_write.cc
Value yaml_unmarshal(Context& context, Operands operands);  // yaml_read.cc
Value yaml_is_valid(Context& context, Operands operands);

// The segments of a path, which is a text "a/b~1c" or an array of values; a type error about
// operand 2 otherwise.
bool append_segments(Context& context, Value path, std::vector<Value>& segments);

}  // namespace mc::builtin
