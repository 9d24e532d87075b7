// What a connection is made with, read from its URL.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sql/sql.h"

namespace mc::postgres {

struct Settings {
  std::vector<std::pair<std::string, std::string>> options;  // libpq keywords, none of them secret
  sql::Access access = sql::Access::read_write;
  Nanos connect_timeout;
  Nanos busy_timeout;
  std::string region = {};  // as in sql::OpenOptions
};

// Refuses unknown options and passwords; the error text repeats nothing of the URL.
Result<Settings> read_settings(const std::string& url, const sql::OpenOptions& options);

}  // namespace mc::postgres
