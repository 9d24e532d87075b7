#include "api/served.h"

#include <algorithm>
#include <limits>

namespace mc::api {
namespace {

std::string_view type_of(const net::Response& response) {
  const auto found = std::find_if(
      response.headers.begin(), response.headers.end(),
      [](const auto& header) { return equals_ignoring_case(header.first, "content-type"); });
  if (found == response.headers.end()) return "";
  return std::string_view(found->second).substr(0, found->second.find(';'));
}

std::string members_of(const json::Value* one) {
  std::string out;
  if (one == nullptr || one->as_object() == nullptr) return out;
  for (const json::Member& member : one->as_object()->members()) {
    out.append(out.empty() ? "" : ",").append(member.name);
  }
  return out;
}

// The body is our own, so its size is no reason to know nothing of it.
Result<json::Value> parse(std::string_view body) {
  return json::parse(
      body, {.bytes_max = body.size(), .values_max = std::numeric_limits<std::size_t>::max()});
}

void count_json(std::string_view body, transparency::Served& out) {
  const Result<json::Value> value = parse(body);
  if (!value || value->as_object() == nullptr) return;
  const json::Value* items = value->find("items");
  if (items == nullptr || items->as_array() == nullptr) {
    out.rows = 1;
    out.fields = members_of(&*value);
    return;
  }
  out.rows = static_cast<std::int64_t>(items->as_array()->size());
  if (!items->as_array()->empty()) out.fields = members_of(&items->as_array()->front());
}

// The first line has the fields' names; a line's end inside of quotes belongs to a cell.
void count_csv(std::string_view body, transparency::Served& out) {
  std::int64_t lines = 0;
  bool quoted = false;
  for (const char c : body) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) ++lines;
  }
  if (lines == 0) return;
  out.rows = lines - 1;
  out.fields = body.substr(0, body.find_first_of("\r\n"));
}

void count_json_lines(std::string_view body, transparency::Served& out) {
  out.rows = std::count(body.begin(), body.end(), '\n');
  const Result<json::Value> first = parse(body.substr(0, body.find('\n')));
  if (first) out.fields = members_of(&*first);
}

}  // namespace

transparency::Served served_by(const Reply& reply) {
  transparency::Served out;
  out.status = reply ? reply->status : http_status(reply.error().code);
  if (!reply) return out;
  const std::string_view type = type_of(*reply);
  if (type == "application/json") count_json(reply->body, out);
  if (type == "text/csv") count_csv(reply->body, out);
  if (type == "application/x-ndjson") count_json_lines(reply->body, out);
  return out;
}

}  // namespace mc::api
