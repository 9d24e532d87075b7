// The admin API from the command line: through a running server when --url or MC_URL is given,
// otherwise on the data directory itself, whose lock proves that no server runs on it.
#pragma once

#include <string>

#include "maestro/command.h"

namespace mc::app {

// One admin request; `path` begins with /v1/. Problem details become an Error.
struct AdminCall {
  std::string method = "GET";
  std::string path = {};
  std::string body = {};
  net::Headers headers = {};
};
Result<json::Value> call_admin(Context& context, const AdminCall& call);

}  // namespace mc::app
