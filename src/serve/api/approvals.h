// What the endpoints share by which somebody asks for a change and somebody else decides about it:
// overrides of budgets, and top-ups of privacy budgets. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/handlers.h"

namespace mc::api {

// Of budget::OverrideActor and topup::Actor.
template <class Actor>
Actor actor_of(const AdminRequest& request) {
  const identity::Caller& caller = *request.caller;
  return {caller.principal.get() + "@" + caller.tenant.get(), caller.purpose,
          std::string(request.request_id)};
}
template <class Run>
Run run_of(const AdminRequest& request) {
  return request.dry_run ? Run::dry : Run::real;
}
// Of what was made: nothing is, by a dry run.
inline int made_status(const AdminRequest& request) {
  return request.dry_run ? 200 : 201;
}

template <class T>
json::Value value_or_null(const std::optional<T>& value) {
  return value ? json::Value(*value) : json::Value();
}
inline json::Value value_or_null(const std::string& text) {  // "" = null
  return text.empty() ? json::Value() : json::Value(text);
}

// With its version as the ETag.
net::Response versioned_reply(int status, json::Object body, std::int64_t version);
// All of them, on one page.
net::Response whole_page(json::Array items);

Result<WallTime> read_time(std::string_view name, const std::string& text);
// Until when a change is to hold: a time, or a span from `begin` on; one of both is needed.
// `invalid` names the field `name`.
struct Until {
  std::string_view name;
  const std::string& text;
  Nanos lifetime;
};
Result<WallTime> end_of(const Until& until, WallTime begin);

}  // namespace mc::api
