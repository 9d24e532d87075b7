// The JSON shapes of the admin API; the OpenAPI document is held against them.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "identity/identity.h"
#include "json/describe.h"
#include "notify/notify.h"

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
struct CodeLoginBody {
  std::string return_to = "/";
  bool step_up = false;
};
struct CodeBody {
  std::string state;
  std::string code;
  std::string iss;
};
struct EndpointBody {
  std::string kind = "webhook";
  std::string target;
  std::string events = "*";
  std::string note;
  std::string form = "cloudevents";
};
struct EndpointPatch {
  std::string target;
  std::string events;
  std::string note;
  std::string form;
  std::string state;
};
struct RotateBody {
  Nanos overlap = seconds(24LL * 3600);
};
struct ReplayBody {
  std::string from;
  std::string to;
};
struct EraseBody {
  std::string reason;
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
json::Object to_json(const notify::Endpoint& endpoint);
json::Object to_json(const notify::Delivery& delivery);

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
struct mc::json::Describe<mc::api::CodeLoginBody> {
  using T = mc::api::CodeLoginBody;
  static constexpr auto fields = std::tuple{
      Field{"return_to",
            &T::return_to,
            "Path of the portal to come back to",
            {.max = mc::identity::kReturnPathBytesMax}},
      Field{"step_up", &T::step_up, "A fresh sign-in, as giving access to others needs"},
  };
};
template <>
struct mc::json::Describe<mc::api::CodeBody> {
  using T = mc::api::CodeBody;
  static constexpr auto fields = std::tuple{
      Field{"state",
            &T::state,
            "As the provider gave it back",
            {.max = mc::identity::kCodeBytesMax, .required = true}},
      Field{"code",
            &T::code,
            "The provider's code",
            {.max = mc::identity::kCodeBytesMax, .required = true}},
      Field{"iss", &T::iss, "The provider's name of itself", {.max = mc::identity::kCodeBytesMax}},
  };
};
template <>
struct mc::json::Describe<mc::api::EndpointBody> {
  using T = mc::api::EndpointBody;
  static constexpr auto fields = std::tuple{
      Field{"kind", &T::kind, "How it is told", {.allowed = {"webhook", "mail"}}},
      Field{"target",
            &T::target,
            "An https address, or a mail address",
            {.max = mc::notify::kTargetBytesMax, .required = true}},
      Field{"events", &T::events, "mc.token.created, mc.token.* or *; comma separated"},
      Field{"note", &T::note, "For people"},
      Field{"form", &T::form, "What a webhook is sent", {.allowed = {"cloudevents", "ocsf"}}},
  };
};
template <>
struct mc::json::Describe<mc::api::EndpointPatch> {
  using T = mc::api::EndpointPatch;
  static constexpr auto fields = std::tuple{
      Field{"target", &T::target, "An https address, or a mail address"},
      Field{"events", &T::events, "mc.token.created, mc.token.* or *; comma separated"},
      Field{"note", &T::note, "For people"},
      Field{"form", &T::form, "What a webhook is sent", {.allowed = {"cloudevents", "ocsf"}}},
      Field{"state", &T::state, "Disabled: nothing is told", {.allowed = {"active", "disabled"}}},
  };
};
template <>
struct mc::json::Describe<mc::api::RotateBody> {
  using T = mc::api::RotateBody;
  static constexpr auto fields = std::tuple{
      Field{"overlap",
            &T::overlap,
            "How long the former secret signs too",
            {.min = mc::seconds(0), .max = mc::notify::kSecretOverlapMax}},
  };
};
template <>
struct mc::json::Describe<mc::api::ReplayBody> {
  using T = mc::api::ReplayBody;
  static constexpr auto fields = std::tuple{
      Field{"from", &T::from, "Events from this time on (RFC 3339)", {.max = 40, .required = true}},
      Field{"to", &T::to, "Up to this time, without it", {.max = 40, .required = true}},
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
template <>
struct mc::json::Describe<mc::api::EraseBody> {
  using T = mc::api::EraseBody;
  static constexpr auto fields = std::tuple{
      Field{"reason", &T::reason, "Why it is erased", {.min = 1, .max = 500, .required = true}}};
};
