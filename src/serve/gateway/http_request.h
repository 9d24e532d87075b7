// GraphQL over HTTP: what a client asks and how it wants the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "gateway/config.h"
#include "graphql/graphql.h"
#include "json/json.h"
#include "net/net.h"

namespace mc::gateway {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kGraphqlType = "application/graphql-response+json";
// The fields that the gateway reads of a request, first values, "" when absent.
struct ReadFields {
  explicit ReadFields(const net::Request& request);
  std::string_view accept, authorization, content_type, content_encoding, traceparent, tracestate,
      purpose, tenant, warrant, cost;
  static constexpr unsigned kPurposeBit = 64, kTenantBit = 128, kWarrantBit = 256, kCostBit = 512;
  unsigned repeated = 0;  // which of the fields stand there twice; bits, of these above
};
// Of one of these two: with the charset.
std::string_view content_type(std::string_view media_type);

// The media type of the reply, chosen from Accept; none = 406.
std::optional<std::string_view> negotiate(std::string_view accept);

struct Params {
  std::string query;  // "" when only an id is given
  std::string operation_name;
  json::Object variables;
  std::string document_id;  // "sha256:<hex>", from documentId or extensions.persistedQuery
  bool apq = false;         // the id came as an automatic persisted query
  bool exact = false;       // the client's bytes say this and nothing else
};

// A refusal before any GraphQL is looked at.
struct HttpError {
  int status = 400;
  std::string code;
  std::string message;
  std::string more = {};  // members of "extensions", JSON
};

struct GraphqlRequest {
  std::vector<Params> items;
  bool batch = false;
  bool get = false;
};

// Whether it is read as one of several operations, told by the first byte of its body.
bool may_be_batch(const net::Request& request);

// Reads GET and POST. Errors give status, code and a message that names the parameter.
tl::expected<GraphqlRequest, HttpError> read_graphql_request(const net::Request& request,
                                                             const ReadFields& fields,
                                                             const LimitsConfig& limits);

// How far an operation got; decides the status together with media type and profile.
enum class Stage { params, parse, validate, prepare, executed, executed_with_errors };
int status_for(Stage stage, std::string_view media_type, HttpProfile profile);

// {"errors":[{"message":...,"extensions":{"code":...,"requestId":...,<more>}}]}
std::string error_body(const HttpError& error, std::string_view request_id);
std::string error_body(const std::vector<graphql::GraphqlError>& errors,
                       std::string_view request_id);

}  // namespace mc::gateway
