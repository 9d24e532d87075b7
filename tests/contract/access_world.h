// What tests of policies at the gate share: an engine with policies, a caller, a dataset, requests.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "sim/sim.h"

namespace mc::access::testing {

inline std::shared_ptr<const policy::Policies> policies_of(std::vector<archive::Entry> files) {
  auto bundle = policy::read_files(std::move(files), {});
  if (!bundle) FAIL(bundle.error().what);
  std::vector<policy::Policies::NamedBundle> bundles;
  bundles.push_back({"main", std::move(*bundle)});
  auto made = policy::Policies::make(std::move(bundles));
  if (!made) FAIL(made.error().what);
  return *made;
}

// Policies of one file of package mc.access.
inline std::shared_ptr<const policy::Policies> rules_of(const std::string& rego,
                                                        const std::string& revision = "r1",
                                                        const std::string& data = "{}") {
  return policies_of({{"mc/access/all.rego", "package mc.access\n\n" + rego + "\n"},
                      {"mc/expected/data.json", data},
                      {".manifest", R"({"revision":")" + revision + R"(","roots":["mc"]})"}});
}

// Ada of alpha, an analyst in eu.
struct Ada {
  Ada() {
    caller.tenant = TenantId("alpha");
    caller.principal = PrincipalId("ada");
    caller.region = "eu";
    caller.purpose = "demo";
    caller.purposes = {"demo", "fraud-risk"};
    caller.roles = {identity::Role::analyst};
  }
  identity::Caller caller;
};

inline Resource people(std::vector<std::string> purposes = {}) {
  return Resource({.kind = "dataset",
                   .name = "people",
                   .purposes = std::move(purposes),
                   .licence_class = "Open-Data-OK",
                   .region = "eu",
                   .columns = {{"id", "public", "Open-Data-OK", false},
                               {"team", "internal", "Open-Data-OK", false},
                               {"email", "personal", "MIT-OK", true},
                               {"note", "sensitive", "Open-Data-OK", false},
                               {"key", "secret", "Open-Data-OK", false}}});
}

inline Request reading(const identity::Caller& caller, const Resource& resource) {
  return {.caller = caller,
          .purpose = caller.purpose,
          .action = Action::read,
          .resource = resource,
          .tenant = "alpha",
          .tenant_region = "eu",
          .node_region = "eu",
          .warrant = nullptr,
          .stepped_up = false,
          .request_id = "req_1"};
}

inline std::string masks_of(const Verdict& verdict) {
  std::string out;
  for (const mask::Mask& mask : verdict.obligations.masks) {
    out += (out.empty() ? "" : " ") + mask::to_text(mask);
  }
  return out;
}

inline std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

}  // namespace mc::access::testing
