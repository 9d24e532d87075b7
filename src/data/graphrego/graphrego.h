// Rego's graphql.* functions: parse queries and schemas to OPA's syntax trees, and check the one
// against the other.
//
// OPA has them from the Go library gqlparser, whose trees, words, order of errors and leniencies
// show in results: empty argument lists are allowed, `extend type Query` needs no base type, a
// schema needs no query type. data/graphql, which follows graphql-js, does none of this, so the
// grammar stands here once more. Trees are Rego values throughout: what policies get and hand back.
#pragma once

#include <vector>

#include "builtin/builtin.h"

namespace mc::graphrego {

// graphql.is_valid, parse, parse_and_verify, parse_query, parse_schema and schema_is_valid, for
// Capabilities::more.
std::vector<builtin::Builtin> graphql_builtins();

}  // namespace mc::graphrego
