// The /v1 admin API as plain functions from a request to a response; blocking.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"

namespace mc::api {

struct AdminRequest {
  const net::Request& http;
  const identity::Caller& caller;
  std::string_view request_id;
  std::vector<std::string> path;  // decoded segments behind /v1
  bool dry_run = false;
};

net::Response serve_v1(const ApiWorld& world, const AdminRequest& request);

}  // namespace mc::api
