// The functions of the encoding table that lie in other files.
#pragma once

#include "builtin/operands.h"

namespace mc::builtin {

Value urlquery_encode(Context& context, Operands operands);  // encoding_query.cc
Value urlquery_decode(Context& context, Operands operands);
Value urlquery_encode_object(Context& context, Operands operands);
Value urlquery_decode_object(Context& context, Operands operands);

Value units_parse(Context& context, Operands operands);  // encoding_units.cc
Value units_parse_bytes(Context& context, Operands operands);

Value uuid_parse(Context& context, Operands operands);  // encoding_ids.cc
Value uuid_rfc4122(Context& context, Operands operands);
Value semver_compare(Context& context, Operands operands);
Value semver_is_valid(Context& context, Operands operands);

}  // namespace mc::builtin
