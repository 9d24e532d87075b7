// The operations of graphql_oracle. Each takes the request object of one line and writes the
// members of the answer object. To add one: declare it here, put it in a file of its own, and
// enter it in the table of main.cc.
#pragma once

#include "graphql/graphql.h"
#include "json/json.h"

namespace mc::oracle {

using Operation = void (*)(const json::Object& request, json::Writer& answer);

// {"op":"parse","source":TEXT} -> {"ok":true,"printed":TEXT} or {"error":{message,locations}}
void parse_operation(const json::Object& request, json::Writer& answer);

// {"op":"execute","schema":SDL,"cases":[{document,variables,seed,operation}]} ->
// {"answers":[{"result":{errors,data}}]} with the values of graphql/random_resolver.h
void execute_operation(const json::Object& request, json::Writer& answer);
// {"op":"introspect","schema":SDL,"document":TEXT} -> {"result":{data}}
void introspect_operation(const json::Object& request, json::Writer& answer);

// {"op":"validate","schema":SDL,"documents":[TEXT]} -> {"answers":[[{"error":{message,locations},
// "rule":NAME}]]}, suggestions on; {"refused":TEXT} for a schema that cannot be built
void validate_operation(const json::Object& request, json::Writer& answer);
// {"op":"build","schema":SDL} -> {"printed":SDL} or {"problems":one a line}
void build_operation(const json::Object& request, json::Writer& answer);

// For all of them: a string member, "" when absent; and the member "error".
std::string_view text_of(const json::Object& request, std::string_view member);
void write_error(json::Writer& answer, const graphql::GraphqlError& error);

}  // namespace mc::oracle
