// The words of the SQL form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::planner {

struct SqlToken {
  enum class Kind : std::uint8_t { end, word, quoted_name, text, integer, decimal, sign };
  Kind kind = Kind::end;
  std::string text;    // of a text or a quoted name without its quotes; of a sign "<="
  std::size_t at = 0;  // of its first byte, from 1

  // A bare word, case ignored.
  bool is(std::string_view keyword) const;
  bool is_sign(std::string_view sign) const { return kind == Kind::sign && text == sign; }
};

// Gives the tokens of a text one after the other; `end` for ever behind the last.
class SqlTokens {
 public:
  explicit SqlTokens(std::string_view text) : text_(text) {}
  Result<SqlToken> next();

 private:
  Result<SqlToken> quoted(SqlToken::Kind kind);
  Result<SqlToken> number();
  Result<SqlToken> sign();
  std::string_view text_;
  std::size_t at_ = 0;
};

// `invalid`: "sql:17: what".
tl::unexpected<Error> sql_error(std::size_t at, const std::string& what);

}  // namespace mc::planner
