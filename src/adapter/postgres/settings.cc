#include "postgres/settings.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace mc::postgres {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

constexpr std::array<std::string_view, 18> kAllowed = {"host",
                                                       "hostaddr",
                                                       "port",
                                                       "dbname",
                                                       "user",
                                                       "passfile",
                                                       "sslmode",
                                                       "sslcert",
                                                       "sslkey",
                                                       "sslrootcert",
                                                       "sslcrl",
                                                       "channel_binding",
                                                       "gssencmode",
                                                       "application_name",
                                                       "options",
                                                       "target_session_attrs",
                                                       "keepalives_idle",
                                                       "ssl_min_protocol_version"};

bool password_in_environment() {
  const Options defaults(PQconndefaults());
  for (const PQconninfoOption* option = defaults.get(); option && option->keyword; ++option) {
    if (std::string_view(option->keyword) == "password" && option->val && *option->val) return true;
  }
  return false;
}

}  // namespace

Result<Settings> read_settings(const std::string& url, const sql::OpenOptions& options) {
  const bool scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
  char* raw_message = nullptr;
  const Options parsed(scheme ? PQconninfoParse(url.c_str(), &raw_message) : nullptr);
  PQfreemem(raw_message);  // may repeat a password that stands in the wrong place
  if (parsed == nullptr || url.find('\0') != std::string::npos) {
    return fail(Code::invalid,
                "a PostgreSQL URL is postgres://user@host:port/database?option=value");
  }
  Settings settings;
  settings.access = options.access;
  settings.connect_timeout = options.connect_timeout;
  settings.busy_timeout = options.busy_timeout;
  settings.region = options.region;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string keyword = option->keyword;
    if (keyword == "password" || keyword == "sslpassword") {
      return fail(Code::invalid,
                  "a PostgreSQL URL holds no password; name a file of mode 0600 "
                  "with ?passfile= or PGPASSFILE");
    }
    if (std::find(kAllowed.begin(), kAllowed.end(), keyword) == kAllowed.end()) {
      return fail(Code::invalid, "option " + keyword + " is not supported in a PostgreSQL URL");
    }
    // libpq would quote it in its message, and it is where a misplaced password ends up.
    if (keyword == "port" &&
        std::string_view(option->val).find_first_not_of("0123456789,") != std::string_view::npos) {
      return fail(Code::invalid, "the port in a PostgreSQL URL is not a number");
    }
    settings.options.emplace_back(keyword, option->val);
  }
  if (password_in_environment()) {
    return fail(Code::invalid,
                "PGPASSWORD is not supported; name a file of mode 0600 with "
                "?passfile= or PGPASSFILE");
  }
  return settings;
}

}  // namespace mc::postgres
