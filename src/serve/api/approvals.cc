#include "api/approvals.h"

namespace mc::api {

net::Response versioned_reply(int status, json::Object body, std::int64_t version) {
  net::Response out = json_reply(status, json::Value(std::move(body)));
  out.headers.emplace_back("ETag", "\"" + std::to_string(version) + "\"");
  return out;
}

net::Response whole_page(json::Array items) {
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Result<WallTime> read_time(std::string_view name, const std::string& text) {
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) return fail(Code::invalid, std::string(name) + ": " + time.error().what);
  return whole_ms(*time);
}

Result<WallTime> end_of(const Until& until, WallTime begin) {
  const std::string name(until.name);
  if (until.text.empty() == (until.lifetime == Nanos{})) {
    return fail(Code::invalid, name + ": one of " + name + " and lifetime is needed, not both");
  }
  if (!until.text.empty()) return read_time(name, until.text);
  return begin + until.lifetime;
}

}  // namespace mc::api
