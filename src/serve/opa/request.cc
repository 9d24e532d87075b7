#include "opa/request.h"

#include <algorithm>

namespace mc::opa {
namespace {

struct Prefix {
  std::string_view text;
  Resource resource;
  bool has_rest;  // more of a path may follow
};
constexpr Prefix kPrefixes[] = {
    {"/v1/data", Resource::data_v1, true},      {"/v0/data", Resource::data_v0, true},
    {"/v1/batch/data", Resource::batch, true},  {"/health", Resource::health, true},
    {"/v1/policies", Resource::policies, true}, {"/v1/status", Resource::status, false},
    {"/v1/config", Resource::config, false},    {"/v1/compile", Resource::compile, true},
    {"/v1/query", Resource::query, true},
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                           hex_value(text[i + 2]) >= 0;
    if (!is_escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
}

tl::unexpected<Refusal> refuse(std::string message, int status = 400) {
  return tl::unexpected(Refusal{.status = status, .message = std::move(message)});
}

bool is_true(std::string_view value) {
  return value.empty() || equals_ignoring_case(value, "true");
}

}  // namespace

Route find_route(std::string_view path) {
  if (path == "/") return {Resource::index, {}};
  for (const Prefix& prefix : kPrefixes) {
    if (!path.starts_with(prefix.text)) continue;
    std::string_view rest = path.substr(prefix.text.size());
    if (!rest.empty() && (rest.front() != '/' || !prefix.has_rest)) continue;
    while (rest.starts_with('/')) rest.remove_prefix(1);
    while (rest.ends_with('/')) rest.remove_suffix(1);
    return {prefix.resource, rest};
  }
  return {};
}

Read<policy::Path> PathNames::read(std::string_view path) {
  names_.clear();
  unescaped_.clear();
  unescaped_.reserve(path.size());  // so that the views into it stay good
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty()) continue;
    if (names_.size() == kNamesMax) {
      return refuse("invalid path: more than " + std::to_string(kNamesMax) + " parts");
    }
    if (part.find('%') == std::string_view::npos) {
      names_.push_back(part);
      continue;
    }
    const std::size_t from = unescaped_.size();
    append_unescaped(unescaped_, part);
    names_.push_back(std::string_view(unescaped_).substr(from));
  }
  for (const std::string_view name : names_) {
    if (!is_valid_utf8(name)) return refuse("invalid path: a part is no UTF-8");
  }
  return policy::Path(names_);
}

Read<Flags> read_flags(std::string_view query) {
  Flags flags;
  if (query.empty()) return flags;
  const Result<net::Headers> pairs = net::parse_query(query);
  if (!pairs) return refuse(pairs.error().what);
  for (const auto& [name, value] : *pairs) {
    const bool on = is_true(value);
    if (name == "input") flags.input = value;
    if (name == "pretty") flags.pretty |= on;
    if (name == "provenance") flags.provenance |= on;
    if (name == "metrics" || name == "instrument") flags.metrics |= on;
    if (name == "strict-builtin-errors") flags.strict_errors |= on;
    if (name == "explain") flags.explain |= !value.empty() && value != "off";
    if (name == "bundle" || name == "bundles") flags.bundles |= on;
    if (name == "plugins") flags.plugins |= on;
  }
  return flags;
}

Read<std::monostate> check_form(const net::Request& request) {
  if (request.body.empty()) return {};
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) {
    return refuse("the body must be sent without Content-Encoding", 415);
  }
  if (request.header("content-type").find("yaml") != std::string_view::npos) {
    return refuse("the body must be JSON", 415);
  }
  return {};
}

Read<term::Value> read_json(term::Arena& arena, std::string_view body, int depth_max) {
  if (body.empty()) return term::Value();
  Result<term::Value> value = term::parse_json(arena, body, {.depth_max = depth_max});
  if (!value) return refuse("body contains malformed input document: " + value.error().what);
  term::freeze(*value);
  return *value;
}

Read<term::Value> read_input(term::Arena& arena, std::string_view body, int depth_max) {
  Read<term::Value> request = read_json(arena, body, depth_max + 1);
  if (!request) return request;
  if (request->is_undefined() || request->kind() == term::Kind::null) return term::Value();
  if (request->is_object()) return request->find("input");
  return refuse("body contains malformed input document: it is no object");
}

Read<Batch> read_batch(term::Arena& arena, std::string_view body, int depth_max) {
  const Read<term::Value> request = read_json(arena, body, depth_max + 2);
  if (!request) return tl::unexpected(request.error());
  if (!request->is_object() && !request->is_undefined()) {
    return refuse("body contains malformed input document: it is no object");
  }
  const Batch batch{request->find("inputs"), request->find("common_input")};
  if (!batch.inputs.is_undefined() && !batch.inputs.is_object()) {
    return refuse("'inputs' is no object");
  }
  return batch;
}

}  // namespace mc::opa
