#include "gateway/http_request.h"

#include <algorithm>

namespace mc::gateway {
namespace {

constexpr std::size_t kAcceptItemsMax = 32;

// "application/json; charset=utf-8" -> type in lower case, and the value of one parameter.
std::string media_type(std::string_view header) {
  return to_lower(trim(header.substr(0, header.find(';'))));
}

std::optional<std::string> media_parameter(std::string_view header, std::string_view wanted) {
  const std::vector<std::string_view> parts = split(header, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) continue;
    if (!equals_ignoring_case(trim(parts[i].substr(0, equals)), wanted)) continue;
    std::string_view value = trim(parts[i].substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return to_lower(value);
  }
  return std::nullopt;
}

bool is_utf8(std::string_view header) {
  const std::string charset = media_parameter(header, "charset").value_or("utf-8");
  return charset == "utf-8" || charset == "utf8";
}

bool is_json_in_utf8(std::string_view header) {
  return header == kJsonType || (media_type(header) == kJsonType && is_utf8(header));
}

bool is_zero_quality(std::string_view item) {
  const std::optional<std::string> quality = media_parameter(item, "q");
  return quality && quality->find_first_not_of("0.") == std::string::npos;
}

tl::unexpected<HttpError> bad(std::string message) {
  return tl::unexpected<HttpError>(HttpError{400, "BAD_REQUEST", std::move(message)});
}

using ReadStatus = tl::expected<std::monostate, HttpError>;

ReadStatus read_persisted_query(const json::Object& extensions, Params& out) {
  const json::Value* persisted = extensions.find("persistedQuery");
  if (persisted == nullptr || persisted->is_null()) return {};
  if (persisted->as_object() == nullptr) return bad("extensions.persistedQuery must be an object");
  const json::Value* version = persisted->find("version");
  if (version == nullptr || version->as_int() == nullptr || *version->as_int() != 1) {
    return bad("extensions.persistedQuery.version must be 1");
  }
  const json::Value* hash = persisted->find("sha256Hash");
  if (hash == nullptr || hash->as_string() == nullptr || hash->as_string()->size() != 64) {
    return bad("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits");
  }
  std::string id = "sha256:" + to_lower(*hash->as_string());
  if (!out.document_id.empty() && out.document_id != id) {
    return bad("documentId and extensions.persistedQuery.sha256Hash are two different ids");
  }
  out.document_id = std::move(id);
  out.apq = true;
  return {};
}

// Strings and objects are moved out of the body, not copied.
ReadStatus read_text(json::Object& body, std::string_view name, std::string& out) {
  json::Value* value = body.find(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->as_string() == nullptr) {
    return bad("parameter \"" + std::string(name) + "\" must be a string");
  }
  out = std::move(*value->as_string());
  return {};
}

ReadStatus read_map(json::Object& body, std::string_view name, json::Object& out) {
  json::Value* value = body.find(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->as_object() == nullptr) {
    return bad("parameter \"" + std::string(name) + "\" must be an object");
  }
  out = std::move(*value->as_object());
  return {};
}

// A member that is not read here may mean another document to an upstream ("id", "queryId").
bool all_known(const json::Object& body) {
  return std::all_of(body.members().begin(), body.members().end(), [](const json::Member& member) {
    return member.name == "query" || member.name == "operationName" || member.name == "variables";
  });
}

tl::expected<Params, HttpError> read_params(json::Value value) {
  json::Object* body = value.as_object();
  if (body == nullptr) return bad("the body must be a JSON object");
  Params out;
  json::Object extensions;
  ReadStatus status = read_text(*body, "query", out.query);
  if (status) status = read_text(*body, "operationName", out.operation_name);
  if (status) status = read_text(*body, "documentId", out.document_id);
  if (status) status = read_map(*body, "variables", out.variables);
  if (status) status = read_map(*body, "extensions", extensions);
  if (!status) return tl::unexpected<HttpError>(std::move(status).error());
  if (!out.document_id.empty() && !out.document_id.starts_with("sha256:")) {
    return bad("parameter \"documentId\" must begin with \"sha256:\"");
  }
  status = read_persisted_query(extensions, out);
  if (!status) return tl::unexpected<HttpError>(std::move(status).error());
  out.exact = all_known(*body);
  if (out.query.empty() && out.document_id.empty()) {
    return bad("parameter \"query\" is missing");
  }
  return out;
}

// Of variables and extensions by themselves. Their bytes are bounded by the server.
json::Limits limits_of(const LimitsConfig& limits) {
  constexpr std::int64_t kExtensionsDepth = 2;
  json::Limits out;
  out.bytes_max = SIZE_MAX;
  out.depth_max = static_cast<int>(std::max(limits.variables_depth_max, kExtensionsDepth));
  return out;
}

tl::expected<GraphqlRequest, HttpError> read_get(const net::Request& request,
                                                 const json::Limits& limits) {
  const Result<net::Headers> pairs = net::parse_query(request.query);
  if (!pairs) return bad("the query string is not valid: " + pairs.error().what);
  json::Object body;
  for (const auto& [name, text] : *pairs) {
    const bool object = name == "variables" || name == "extensions";
    if (!object && name != "query" && name != "operationName" && name != "documentId") continue;
    if (!is_valid_utf8(text)) return bad("parameter \"" + name + "\" is not UTF-8");
    if (body.find(name) != nullptr) return bad("parameter \"" + name + "\" is given twice");
    if (!object) {
      body.set(name, text);
      continue;
    }
    if (text.empty()) continue;
    Result<json::Value> value = json::parse(text, limits);
    if (!value) return bad("parameter \"" + name + "\" is " + value.error().what);
    body.set(name, std::move(*value));
  }
  tl::expected<Params, HttpError> params = read_params(json::Value(std::move(body)));
  if (!params) return tl::unexpected<HttpError>(params.error());
  GraphqlRequest out;
  out.get = true;
  params->exact = false;
  out.items.push_back(std::move(*params));
  return out;
}

tl::expected<GraphqlRequest, HttpError> read_post(const net::Request& request,
                                                  const ReadFields& fields,
                                                  const LimitsConfig& limits) {
  if (!is_json_in_utf8(fields.content_type)) {
    return tl::unexpected<HttpError>(
        HttpError{415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json in UTF-8"});
  }
  if (!fields.content_encoding.empty()) {
    return tl::unexpected<HttpError>(
        HttpError{415, "UNSUPPORTED_MEDIA_TYPE", "the body must be sent without Content-Encoding"});
  }
  json::Limits json_limits = limits_of(limits);
  const bool is_batch = may_be_batch(request);
  json_limits.depth_max += is_batch ? 2 : 1;
  Result<json::Value> body = json::parse(request.body, json_limits);
  if (!body) return bad(body.error().what);
  GraphqlRequest out;
  // By the first byte, as it was paid for: no array is one that did not look like it.
  json::Array* batch = is_batch ? body->as_array() : nullptr;
  out.batch = batch != nullptr;
  if (batch != nullptr && batch->empty()) return bad("a batch must not be empty");
  if (batch != nullptr && batch->size() > static_cast<std::size_t>(limits.batch_max)) {
    return tl::unexpected<HttpError>(HttpError{400, "BATCH_LIMIT_EXCEEDED",
                                               "a batch of " + std::to_string(batch->size()) +
                                                   " operations; the limit is " +
                                                   std::to_string(limits.batch_max)});
  }
  const std::size_t count = batch == nullptr ? 1 : batch->size();
  for (std::size_t i = 0; i < count; ++i) {
    tl::expected<Params, HttpError> params =
        read_params(std::move(batch == nullptr ? *body : (*batch)[i]));
    if (!params) return tl::unexpected<HttpError>(params.error());
    out.items.push_back(std::move(*params));
  }
  return out;
}

}  // namespace

// Few other fields have one of these lengths, so most are passed by with one comparison.
ReadFields::ReadFields(const net::Request& request) {
  unsigned seen = 0;
  for (const net::HeaderView& field : request.headers) {
    const auto take = [&](std::string_view& place, std::string_view name, unsigned bit) {
      if (!equals_ignoring_case(field.name, name)) return;
      if ((seen & bit) != 0) {
        repeated |= bit;
        return;
      }
      seen |= bit;
      place = field.value;
    };
    switch (field.name.size()) {
      case 6:
        take(accept, "accept", 1);
        break;
      case 9:
        take(cost, "x-mc-cost", kCostBit);
        break;
      case 10:
        take(tracestate, "tracestate", 2);
        break;
      case 11:
        take(traceparent, "traceparent", 4);
        take(tenant, "x-mc-tenant", kTenantBit);
        break;
      case 12:
        take(content_type, "content-type", 8);
        take(purpose, "x-mc-purpose", kPurposeBit);
        break;
      case 13:
        take(authorization, "authorization", 16);
        break;
      case 16:
        take(content_encoding, "content-encoding", 32);
        break;
      case 17:
        take(warrant, "x-maestro-warrant", kWarrantBit);
        break;
      default:
        break;
    }
  }
}

std::string_view content_type(std::string_view media_type) {
  return media_type == kGraphqlType ? "application/graphql-response+json; charset=utf-8"
                                    : "application/json; charset=utf-8";
}

std::optional<std::string_view> negotiate(std::string_view accept) {
  if (accept.empty() || accept == kJsonType || accept == "*/*") return kJsonType;
  if (trim(accept).empty()) return kJsonType;
  std::vector<std::string_view> items = split(accept, ',');
  if (items.size() > kAcceptItemsMax) items.resize(kAcceptItemsMax);
  for (const std::string_view item : items) {
    if (is_zero_quality(item)) continue;
    if (!is_utf8(item)) continue;
    const std::string type = media_type(item);
    if (type == kGraphqlType) return kGraphqlType;
    if (type == kJsonType || type == "*/*" || type == "application/*") return kJsonType;
  }
  return std::nullopt;
}

bool may_be_batch(const net::Request& request) {
  constexpr std::string_view kBlanks = " \t\n\r";  // of JSON
  const std::size_t first = request.body.find_first_not_of(kBlanks);
  return request.method != "GET" && first != std::string_view::npos && request.body[first] == '[';
}

tl::expected<GraphqlRequest, HttpError> read_graphql_request(const net::Request& request,
                                                             const ReadFields& fields,
                                                             const LimitsConfig& limits) {
  if (request.method == "GET") return read_get(request, limits_of(limits));
  if (request.method == "POST") return read_post(request, fields, limits);
  return tl::unexpected<HttpError>(
      HttpError{405, "METHOD_NOT_ALLOWED", "use GET or POST for GraphQL"});
}

int status_for(Stage stage, std::string_view media_type, HttpProfile profile) {
  if (stage == Stage::params) return 400;
  const bool draft = profile == HttpProfile::draft_2026;
  if (media_type != kGraphqlType) return 200;
  switch (stage) {
    case Stage::params:
    case Stage::parse:
      return 400;
    case Stage::validate:
    case Stage::prepare:
      return draft ? 422 : 400;
    case Stage::executed:
      return 200;
    case Stage::executed_with_errors:
      return draft ? 294 : 200;
  }
  return 200;
}

std::string error_body(const HttpError& error, std::string_view request_id) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("errors").begin_array().begin_object();
  writer.member("message", error.message).key("extensions").begin_object();
  writer.member("code", error.code).member("requestId", request_id);
  if (!error.more.empty()) out += ',' + error.more;
  writer.end_object().end_object().end_array().end_object();
  return out;
}

std::string error_body(const std::vector<graphql::GraphqlError>& errors,
                       std::string_view request_id) {
  std::string out = "{\"errors\":[";
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (i > 0) out += ',';
    graphql::append_error(out, errors[i]);
  }
  out += "],\"extensions\":{\"requestId\":";
  json::append_quoted(out, request_id);
  out += "}}";
  return out;
}

}  // namespace mc::gateway
