// The GraphQL front end (October 2021): text -> Document -> checked against a Schema -> executed.
//
//   parse()     text to Document, linear, iterative or depth-bounded, limits applied while lexing
//   measure()   depth, aliases, root fields, directives, expanded selections; fragments are counted
//               once and multiplied, never expanded
//   validate()  every rule of the specification in one walk, time linear in the document
//   execute()   see execute.h
//   print()     a Document back to text, as graphql-js prints it
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/document.h"  // IWYU pragma: export
#include "graphql/execute.h"   // IWYU pragma: export
#include "graphql/schema.h"    // IWYU pragma: export

namespace mc::graphql {

// A GraphQL request error, before JSON. `code` becomes extensions.code.
struct GraphqlError {
  std::string message;
  std::vector<Location> locations;
  std::string code;
  std::string rule;  // validation rule name as in graphql-js ("ScalarLeafsRule"), for tests
  bool operator==(const GraphqlError&) const = default;
};
void append_error(std::string& json, const GraphqlError& error);

struct ParseLimits {
  std::uint32_t bytes_max = 1 << 20;
  std::uint32_t tokens_max = 15'000;
  int depth_max = 200;      // recursion of any nesting construct
  bool type_system = true;  // accept SDL definitions
};
using ParseResult = tl::expected<std::unique_ptr<const Document>, GraphqlError>;
// Errors: message and location as graphql-js 16 gives them ("Syntax Error: Expected ...");
// code GRAPHQL_PARSE_FAILED, or TOKEN_LIMIT_EXCEEDED / DEPTH_LIMIT_EXCEEDED for limits.
ParseResult parse(std::string source, const ParseLimits& limits = {});

std::string print(const Document& document);

struct DocumentLimits {
  std::uint32_t depth_max = 50;
  std::uint32_t aliases_max = 100;
  std::uint32_t root_fields_max = 20;
  std::uint32_t directives_max = 50;
  std::uint64_t selections_max = 10'000;  // after expansion of fragments, saturating
};
struct Measure {
  std::uint32_t depth = 0, aliases = 0, root_fields = 0, directives = 0;
  std::uint64_t selections = 0;  // fields
  bool operator==(const Measure&) const = default;
};
// Of the whole document, everything expanded: depth and root fields of the worst operation, the
// rest summed over all operations and over fragments that nothing spreads. Linear time. Fragment
// cycles count as depth and selections saturated.
Measure measure(const Document& document);
// Codes: DEPTH_LIMIT_EXCEEDED, ALIASES_LIMIT_EXCEEDED, ROOT_FIELDS_LIMIT_EXCEEDED,
// DIRECTIVES_LIMIT_EXCEEDED, SELECTIONS_LIMIT_EXCEEDED; one error a broken limit.
std::vector<GraphqlError> check_limits(const Measure& measure, const DocumentLimits& limits);

enum class Suggestions { off, on };
struct ValidateOptions {
  Suggestions suggestions = Suggestions::off;  // "Did you mean ..." leaks schema names
  std::size_t errors_max = 100;
  std::vector<std::string> only_rules;  // empty = all; names as in graphql-js, for conformance
};
// Empty = valid. Code GRAPHQL_VALIDATION_FAILED.
std::vector<GraphqlError> validate(const Schema& schema, const Document& document,
                                   const ValidateOptions& options = {});

}  // namespace mc::graphql
