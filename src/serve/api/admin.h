// The /v1 admin API as plain functions from a request to a response; blocking.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"

namespace mc::api {

struct AdminWorld {
  identity::Directory& directory;
  const dataset::Catalog* catalog = nullptr;
};

struct AdminRequest {
  const net::Request& http;
  const identity::Caller& caller;
  std::string_view request_id;
  std::vector<std::string> path;  // segments behind /v1, as sent: no name needs an escape
  bool dry_run = false;
};

// Fills `path` and `dry_run` from http.path and http.query. A write with a query that is not
// understood is refused: it may be a misspelt dry_run.
Status read_target(AdminRequest& request);

net::Response serve_v1(const AdminWorld& world, const AdminRequest& request);

}  // namespace mc::api
