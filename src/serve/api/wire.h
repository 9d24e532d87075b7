// The JSON shapes of the admin API; the OpenAPI document is held against them.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "identity/identity.h"
#include "json/describe.h"

namespace mc::api {

struct TenantBody {
  std::string id;
  std::string region = "local";
  std::string plan = "starter";
  std::string retention_tier = "standard-365d";
  std::string licence_class = "Open-Data-OK";
  std::string state = "active";
};
struct PrincipalBody {
  std::string id;
  std::string name;
  std::string roles;
};
struct SignInBody {
  std::string link;
};
struct TokenBody {
  std::string principal;
  std::string scopes = "query";
  std::string purposes = "investigation";
  Nanos lifetime = seconds(90LL * 24 * 3600);
  std::string note;
};

json::Object to_json(const identity::Tenant& tenant);
json::Object to_json(const identity::Principal& principal);
json::Object to_json(const identity::Token& token);
json::Object to_json(const identity::Session& session);

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::TenantBody> {
  using T = mc::api::TenantBody;
  static constexpr auto fields = std::tuple{
      Field{"id", &T::id, "a-z, then a-z 0-9 - . _", {.max = 63}},
      Field{"region", &T::region, "Where the tenant's data lives", {.max = 63}},
      Field{"plan", &T::plan, "Budget plan", {.allowed = {"starter", "pro", "enterprise"}}},
      Field{"retention_tier", &T::retention_tier, "How long records are kept"},
      Field{"licence_class", &T::licence_class, "Default licence class of the tenant's data"},
      Field{"state",
            &T::state,
            "A suspended tenant's tokens do not work",
            {.allowed = {"active", "suspended"}}},
  };
};
template <>
struct mc::json::Describe<mc::api::PrincipalBody> {
  using T = mc::api::PrincipalBody;
  static constexpr auto fields = std::tuple{
      Field{"id", &T::id, "a-z, then a-z 0-9 - . _", {.max = 63, .required = true}},
      Field{"name", &T::name, "For people", {.max = 200}},
      Field{"roles", &T::roles, "Comma separated", {.max = 200, .required = true}},
  };
};
template <>
struct mc::json::Describe<mc::api::SignInBody> {
  using T = mc::api::SignInBody;
  static constexpr auto fields = std::tuple{
      Field{"link", &T::link, "What stands behind # in the link", {.max = 64, .required = true}},
  };
};
template <>
struct mc::json::Describe<mc::api::TokenBody> {
  using T = mc::api::TokenBody;
  static constexpr auto fields = std::tuple{
      Field{"principal", &T::principal, "Whom the token stands for", {.required = true}},
      Field{"scopes", &T::scopes, "Comma separated", {.max = 200}},
      Field{"purposes", &T::purposes, "Comma separated; the first is the default", {.max = 200}},
      Field{"lifetime",
            &T::lifetime,
            "At most 366 days",
            {.min = mc::seconds(1), .max = mc::identity::kTokenLifetimeMax}},
      Field{"note", &T::note, "For people", {.max = 200}},
  };
};
