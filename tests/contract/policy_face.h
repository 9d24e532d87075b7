// The HTTP face of a server whose policies decide on reads of one dataset, and what its answers
// say; for the module's tests.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "contract/api_face.h"
#include "json/json.h"
#include "policy/policy.h"
#include "sim/sim.h"

namespace mc::api {

struct Asking {
  std::string tenant = "alpha", principal = "ben", data_of = "alpha", purpose = "investigation";
};

// A source that has these answers, one for each look.
class AnsweringSource final : public policy::BundleSource {
 public:
  explicit AnsweringSource(std::deque<Result<policy::Fetched>>& answers) : answers_(answers) {}
  Result<policy::Fetched> fetch(const std::string&) override {
    if (answers_.empty()) return policy::Fetched{};
    Result<policy::Fetched> out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  bool is_remote() const override { return true; }

 private:
  std::deque<Result<policy::Fetched>>& answers_;
};

// Whether the server has a source of policies of its own.
enum class Decides { here, elsewhere };

struct PolicyFace {
  explicit PolicyFace(Decides decides)
      : updater({engine, face.world.clock(), face.world.random(), store,
                 [](const auto&) { return true; }},
                options(decides),
                decides == Decides::here ? std::make_unique<AnsweringSource>(answers) : nullptr) {
    face.world.set_front(api);
    api.set_ready(true);
  }

  static policy::Updater::Options options(Decides decides) {
    policy::Updater::Options out;
    if (decides == Decides::elsewhere) return out;
    out.source.location = "https://policies.example.org/{channel}.tar.gz";
    return out;
  }
  ApiWorld api_world() {
    ApiWorld out = face.api_world();
    out.policy = &desk;
    return out;
  }
  net::Response ask(const std::string& method, const std::string& target, const std::string& who,
                    const std::string& body = "", net::Headers headers = {}) {
    return face.ask(method, target, who, body, std::move(headers));
  }
  // The id of a decision, somewhat later than what was before it.
  std::string decide(const Asking& asking, access::Remote* remote = nullptr) {
    identity::Caller caller;
    caller.tenant = TenantId(asking.tenant);
    caller.principal = PrincipalId(asking.principal);
    caller.roles = {identity::Role::analyst};
    caller.purposes = {"investigation"};
    face.world.clock().advance(millis(5));
    access::Gate gate({engine, face.world.clock(), face.world.random(), &log, remote});
    return gate
        .decide({.caller = caller,
                 .purpose = asking.purpose,
                 .action = access::Action::read,
                 .resource = resource,
                 .tenant = asking.data_of,
                 .tenant_region = "eu",
                 .node_region = "eu",
                 .request_id = "req_1"})
        .decision_id;
  }

  Face face;
  sim::SimFiles disk;
  policy::Engine engine;
  policy::BundleStore store{disk, "policies"};
  std::deque<Result<policy::Fetched>> answers;  // of the source
  policy::Updater updater;
  access::DecisionLog log{disk, "decisions", {}};
  access::Resource resource{{.kind = "dataset",
                             .name = "people",
                             .purposes = {},
                             .licence_class = "",
                             .region = "",
                             .columns = {{"card", "secret", "", false}}}};
  PolicyDesk desk{engine, updater, log,
                  [this](std::string_view kind, std::string_view name) {
                    return kind == "dataset" && name == "people" ? &resource : nullptr;
                  },
                  face.world.random()};
  Api api{api_world()};
};

inline json::Value json_of(const net::Response& response) {
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  Result<json::Value> out = json::parse(response.body);
  REQUIRE_MESSAGE(out, response.body);
  return std::move(*out);
}
inline const json::Value& at(const json::Value& value, std::string_view name) {
  const json::Value* const found = value.find(name);
  REQUIRE_MESSAGE(found != nullptr, std::string(name));
  return *found;
}
inline std::string text(const json::Value& value, std::string_view name) {
  const json::Value& found = at(value, name);
  return found.as_string() == nullptr ? json::print(found) : *found.as_string();
}
inline const json::Array& list(const json::Value& value, std::string_view name) {
  REQUIRE(at(value, name).as_array() != nullptr);
  return *at(value, name).as_array();
}
using Ids = std::vector<std::string>;
inline Ids ids(const json::Value& page, std::string_view name = "items",
               std::string_view id = "id") {
  Ids out;
  for (const json::Value& item : list(page, name)) out.push_back(text(item, id));
  return out;
}

}  // namespace mc::api
