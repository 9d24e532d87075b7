// A route of the gateway, made at the start: what its requests go by.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "access/access.h"
#include "cost/cost.h"
#include "gateway/documents.h"
#include "gateway/listed_fields.h"
#include "gateway/meters.h"
#include "gateway/route_config.h"
#include "graphql/graphql.h"
#include "net/breaker.h"
#include "net/net.h"

namespace mc::gateway {

struct Route {
  RouteConfig config;
  std::string host;  // upstream
  std::uint16_t port = 0;
  std::string target;
  std::unique_ptr<graphql::Schema> own_schema;   // upstream with schema_file
  const graphql::Schema* schema = nullptr;       // null = documents are only parsed
  std::shared_ptr<const cost::CostModel> costs;  // null = a selected field costs a credit
  Registered registered;
  std::unique_ptr<DocumentCache> cache;
  std::shared_ptr<net::Upstream> upstream;
  std::unique_ptr<net::Breaker> breaker;
  std::optional<RouteMeters> meters;
  std::optional<access::Resource> resource;  // what policies decide about the route as a whole
  std::optional<ListedFields> listed;        // when it lists any
};

}  // namespace mc::gateway
