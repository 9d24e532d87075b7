// Decisions on two datasets, by policies of a test's own, for the tests of what reads the log.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "access/access.h"
#include "contract/decided_policies.h"
#include "sim/sim.h"

namespace mc::access {

inline std::shared_ptr<const policy::Policies> compiled(Files files) {
  auto bundle = policy::read_files(std::move(files), {});
  REQUIRE_MESSAGE(bundle, (bundle ? "" : bundle.error().what));
  auto made = policy::Policies::make({{"policies", std::move(*bundle)}});
  REQUIRE_MESSAGE(made, (made ? "" : made.error().what));
  return *made;
}

// The policies with `text` in place of `part` in the file at `path`.
inline Files changed_files(const std::string& path, const std::string& part,
                           const std::string& text) {
  Files files = policy_files();
  for (archive::Entry& file : files) {
    if (file.path != path) continue;
    const std::size_t at = file.bytes.find(part);
    REQUIRE(at != std::string::npos);
    file.bytes.replace(at, part.size(), text);
  }
  return files;
}

inline WarrantFacts active_warrant() {
  WarrantFacts out;
  out.id = "wrt_1";
  out.kind = "approval";
  out.reference = "T-1";
  out.status = "active";
  out.actions = {"read"};
  out.expires = WallTime{INT64_MAX / 2};
  return out;
}

// Who asks for what.
struct Asking {
  std::string tenant = "acme", principal = "ann", region = "eu";
  identity::Flags<identity::Role> roles = {identity::Role::analyst};
  std::vector<std::string> purposes = {"investigation"};
  std::string purpose = "investigation";
  Action action = Action::read;
  std::string resource = "events";
  std::string data_of = "acme", data_region = "eu", node_region = "eu";
  std::optional<WarrantFacts> warrant = {};
  bool stepped_up = false;
};

struct World {
  World() { engine.activate(compiled(policy_files())); }

  static Resource::Facts events() {
    return {.kind = "dataset",
            .name = "events",
            .purposes = {},
            .licence_class = "Open-Data-OK",
            .region = "eu",
            .columns = {{"id", "public", "", false},
                        {"user", "personal", "", true},
                        {"card", "secret", "", false}}};
  }
  static Resource::Facts scores() {
    return {.kind = "dataset",
            .name = "scores",
            .purposes = {"fraud-risk", "training"},
            .licence_class = "Licensed",
            .region = "",
            .columns = {{"score", "internal", "", false}, {"name", "sensitive", "", false}}};
  }

  FindResource find() const {
    return [this](std::string_view kind, std::string_view name) -> const Resource* {
      for (const Resource& resource : resources) {
        if (resource.facts().kind == kind && resource.facts().name == name) return &resource;
      }
      return nullptr;
    };
  }

  // By the policies of `by`, kept when `log` is one.
  Verdict decide_by(const policy::Engine& by, const Asking& asking, sys::Clock& at,
                    DecisionLog* kept) {
    identity::Caller caller;
    caller.tenant = TenantId(asking.tenant);
    caller.principal = PrincipalId(asking.principal);
    caller.region = asking.region;
    caller.roles = asking.roles;
    caller.purposes = asking.purposes;
    caller.token_id = "tok_1";
    const Resource* const resource = find()("dataset", asking.resource);
    REQUIRE(resource != nullptr);
    Gate gate({by, at, random, kept});
    return gate.decide({.caller = caller,
                        .purpose = asking.purpose,
                        .action = asking.action,
                        .resource = *resource,
                        .tenant = asking.data_of,
                        .tenant_region = asking.data_region,
                        .node_region = asking.node_region,
                        .warrant = asking.warrant ? &*asking.warrant : nullptr,
                        .stepped_up = asking.stepped_up,
                        .request_id = "req_1"});
  }
  Verdict decide(const Asking& asking) {
    clock.advance(millis(7));
    return decide_by(engine, asking, clock, &log);
  }
  LoggedDecision logged(const Asking& asking) {
    const auto found = log.find(decide(asking).decision_id);
    REQUIRE((found && *found));
    return **found;
  }

  sim::SimClock clock;
  sim::SimRandom random{1};
  sim::SimFiles files;
  policy::Engine engine;
  DecisionLog log{files, "decisions", {}};
  std::vector<Resource> resources{Resource(events()), Resource(scores())};
};

}  // namespace mc::access
