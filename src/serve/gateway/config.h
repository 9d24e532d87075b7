// What an operator may set about the guarded traffic. Described for config/, limits included.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "gateway/route_config.h"  // IWYU pragma: export
#include "json/describe.h"

namespace mc::gateway {

// audit-compat: what today's clients and the graphql-http audits expect. draft-2026: the status
// codes of the GraphQL-over-HTTP working draft (422 for an invalid operation, 294 for a partial
// result) for clients that accept application/graphql-response+json.
enum class HttpProfile : std::uint8_t { audit_compat, draft_2026 };

struct LimitsConfig {
  std::int64_t document_bytes_max = 256 << 10;
  std::int64_t tokens_max = 15'000;
  std::int64_t depth_max = 50;
  std::int64_t recursion_max = 200;
  std::int64_t aliases_max = 100;
  std::int64_t root_fields_max = 20;
  std::int64_t directives_max = 50;
  std::int64_t selections_max = 10'000;
  std::int64_t batch_max = 10;
  std::int64_t variables_depth_max = 32;
  std::int64_t cached_documents_max = 4'096;
  std::int64_t cached_documents_per_tenant_max = 1'024;
  std::int64_t cached_document_bytes_max = 32 << 20;
  std::int64_t cached_document_bytes_per_tenant_max = 8 << 20;
};

struct GatewayConfig {
  HttpProfile http_profile = HttpProfile::audit_compat;
  LimitsConfig limits;
  std::vector<RouteConfig> routes = {RouteConfig{}};
  std::int64_t workers = 2;  // threads that execute dataset operations
  std::int64_t worker_queue_max = 1'024;
  std::int64_t masked_bytes_max = std::int64_t{1} << 30;  // of answers that are being masked
  std::int64_t loop_steps_max = 5'000;                    // 0 = every operation on a worker
  std::int64_t parsers = 1;                               // threads that parse unknown documents
  std::int64_t parser_queue_max = 256;
  std::int64_t breaker_failures = 5;  // in a row open the circuit of an upstream
  Nanos breaker_pause = seconds(5);   // then one trial request
  Nanos health_every = seconds(5);
  Nanos private_release_quantum = millis(50);
  Status check() const;
};

}  // namespace mc::gateway

template <>
struct mc::json::Describe<mc::gateway::HttpProfile> {
  using E = mc::gateway::HttpProfile;
  static constexpr auto names =
      std::array{Name{"audit-compat", E::audit_compat}, Name{"draft-2026", E::draft_2026}};
};

template <>
struct mc::json::Describe<mc::gateway::LimitsConfig> {
  using T = mc::gateway::LimitsConfig;
  static constexpr auto fields = std::tuple{
      Field{"document_bytes_max",
            &T::document_bytes_max,
            "Bytes of one document",
            {.min = 64, .max = 16 << 20}},
      Field{"tokens_max", &T::tokens_max, "Tokens of one document", {.min = 10, .max = 1'000'000}},
      Field{"depth_max", &T::depth_max, "Nested selections", {.min = 1, .max = 200}},
      Field{"recursion_max", &T::recursion_max, "Nesting of any syntax", {.min = 10, .max = 1'000}},
      Field{"aliases_max", &T::aliases_max, "Aliases of one document", {.min = 0, .max = 100'000}},
      Field{"root_fields_max",
            &T::root_fields_max,
            "Fields of the root selection",
            {.min = 1, .max = 10'000}},
      Field{"directives_max",
            &T::directives_max,
            "Directives of one document",
            {.min = 0, .max = 100'000}},
      Field{"selections_max",
            &T::selections_max,
            "Selections with fragments multiplied out",
            {.min = 1, .max = 10'000'000}},
      Field{"batch_max", &T::batch_max, "Operations of one batch", {.min = 1, .max = 1'000}},
      Field{"variables_depth_max",
            &T::variables_depth_max,
            "Nesting of the variables",
            {.min = 1, .max = 200}},
      Field{"cached_documents_max",
            &T::cached_documents_max,
            "Parsed documents kept in memory",
            {.min = 1, .max = 1'000'000}},
      Field{"cached_documents_per_tenant_max",
            &T::cached_documents_per_tenant_max,
            "Parsed documents kept for one tenant",
            {.min = 1, .max = 1'000'000}},
      Field{"cached_document_bytes_max",
            &T::cached_document_bytes_max,
            "Bytes of the texts of kept documents",
            {.min = 1 << 16, .max = std::int64_t{4} << 30}},
      Field{"cached_document_bytes_per_tenant_max",
            &T::cached_document_bytes_per_tenant_max,
            "Bytes of the texts kept for one tenant",
            {.min = 1 << 16, .max = std::int64_t{4} << 30}},
  };
};

template <>
struct mc::json::Describe<mc::gateway::GatewayConfig> {
  using T = mc::gateway::GatewayConfig;
  static constexpr auto fields = std::tuple{
      Field{"http_profile", &T::http_profile, "HTTP status codes of GraphQL replies"},
      Field{"limits", &T::limits, "Limits of documents and requests"},
      Field{"routes", &T::routes, "Guarded endpoints", {.max = 64}},
      Field{"workers", &T::workers, "Threads that run operations", {.min = 1, .max = 256}},
      Field{"worker_queue_max",
            &T::worker_queue_max,
            "Operations waiting for a thread",
            {.min = 1, .max = 1'000'000}},
      Field{"masked_bytes_max",
            &T::masked_bytes_max,
            "Bytes of all answers of upstreams that are taken whole to be masked; each request "
            "reserves the response_bytes_max of its route, 16 MiB at most",
            {.min = 16 << 20, .max = std::int64_t{1} << 40}},
      Field{
          "loop_steps_max",
          &T::loop_steps_max,
          "Steps of the database that a short read may take on the event loop; 0 = always a worker",
          {.min = 0, .max = 1'000'000}},
      Field{"parsers", &T::parsers, "Threads that parse unknown documents", {.min = 1, .max = 64}},
      Field{"parser_queue_max",
            &T::parser_queue_max,
            "Documents waiting to be parsed",
            {.min = 1, .max = 100'000}},
      Field{"breaker_failures",
            &T::breaker_failures,
            "Failures in a row that open the circuit of an upstream",
            {.min = 1, .max = 1'000}},
      Field{"breaker_pause",
            &T::breaker_pause,
            "How long an open circuit refuses",
            {.min = mc::millis(100), .max = mc::seconds(600)}},
      Field{"health_every",
            &T::health_every,
            "Time between health checks",
            {.min = mc::millis(100), .max = mc::seconds(600)}},
      Field{
          "private_release_quantum",
          &T::private_release_quantum,
          "Answers with differential privacy leave at multiples of this after their requests came",
          {.min = mc::millis(1), .max = mc::seconds(60)}},
  };
};
