// How identities stand in the database; private to the module.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::identity {

inline std::string select(std::string_view columns, std::string_view rest) {
  return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

std::optional<WallTime> read_time(const sql::Rows& row, int column);

// `prefix` and 32 random bytes as 43 characters of base64url.
std::string make_secret(std::string_view prefix, sys::Random& random);
inline constexpr std::size_t kSecretLength = 4 + 43;

Status check_choice(std::string_view field, std::string_view value,
                    std::initializer_list<std::string_view> allowed);
Status check_lifetime(Nanos lifetime, Nanos max);

}  // namespace mc::identity
