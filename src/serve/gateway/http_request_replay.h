// What must hold for every request there is; for the fuzzer and its replayed corpus.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "gateway/http_request.h"

namespace mc::gateway {

// Lines: method, content type, accept, query string; the rest is the body. "" = all holds.
inline std::string replay_http_request(std::string_view bytes) {
  const auto take_line = [&bytes] {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    return line;
  };
  net::Request request;
  request.method = take_line();
  request.path = request.target = "/graphql";
  request.headers.push_back({"Content-Type", take_line()});
  const std::string_view accept = take_line();
  request.query = take_line();
  const std::string padded = std::string(bytes) + std::string(64, '\0');
  request.body = std::string_view(padded).substr(0, bytes.size());

  const auto type = negotiate(accept);
  if (type && *type != kJsonType && *type != kGraphqlType) return "an unknown reply type";
  LimitsConfig limits;
  limits.batch_max = 4;
  limits.variables_depth_max = 8;
  const auto read = read_graphql_request(request, ReadFields(request), limits);
  if (!read) {
    const HttpError& error = read.error();
    const bool known = error.status == 400 || error.status == 405 || error.status == 415;
    if (!known || error.code.empty() || error.message.empty()) return "a refusal without reason";
    const auto body = json::parse(error_body(error, "req_1"));
    return body ? "" : "an error body that is no JSON: " + body.error().what;
  }
  if (read->items.empty() || read->items.size() > 4) return "a batch out of its limits";
  if (read->get != (request.method == "GET")) return "the method is lost";
  if (read->get && read->batch) return "a batch in a GET";
  for (const Params& params : read->items) {
    if (params.query.empty() && params.document_id.empty()) return "an item without a document";
    if (!params.document_id.empty() && !params.document_id.starts_with("sha256:")) return "bad id";
    if (!is_valid_utf8(params.query) || !is_valid_utf8(params.operation_name)) return "bad UTF-8";
  }
  return "";
}

}  // namespace mc::gateway
