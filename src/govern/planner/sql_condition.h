// The condition behind WHERE.
#pragma once

#include <cstdint>
#include <string>

#include "base/base.h"
#include "json/json.h"
#include "planner/sql_token.h"

namespace mc::planner {

// Reads tokens with one of look-ahead.
class SqlReader {
 public:
  explicit SqlReader(std::string_view text) : tokens_(text) {}
  Status start() { return advance(); }
  const SqlToken& token() const { return token_; }
  Status advance();
  // Takes the keyword or sign when it is there.
  Result<bool> take(std::string_view word);
  Status expect(std::string_view word);
  Result<std::string> name(std::string_view of_what);

 private:
  SqlTokens tokens_;
  SqlToken token_;
};

// A filter as GraphQL has it, from a condition that begins at the reader's token.
Result<json::Value> parse_condition(SqlReader& reader);
// A value: text, integer, decimal, TRUE, FALSE.
Result<json::Value> parse_literal(SqlReader& reader);

}  // namespace mc::planner
