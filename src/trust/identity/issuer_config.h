// What an operator says of the OpenID provider: whose access tokens are accepted, and where people
// sign in to the portal.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::identity {

// One value of the roles claim, and the role it stands for.
struct RoleRule {
  std::string claim;
  std::string role;
};

struct IssuerConfig {
  std::string issuer;  // empty = no provider
  std::string audience;
  std::string tenant_claim = "tenant";
  std::string roles_claim = "roles";
  std::vector<RoleRule> roles;  // none = the claim has the names of roles
  std::string cli_client_id;    // empty = no `maestro login`
  std::string client_id;        // empty = no sign-in to the portal
  std::string client_secret;
  std::string scopes = "openid profile";
  std::vector<std::string> step_up_acr;
  std::string ca_file;

  bool enabled() const { return !issuer.empty(); }
  // `invalid` names the field.
  Status check() const;
};

}  // namespace mc::identity

template <>
struct mc::json::Describe<mc::identity::RoleRule> {
  using T = mc::identity::RoleRule;
  static constexpr auto fields = std::tuple{
      Field{"claim",
            &T::claim,
            "Value in the roles claim, as a group's name",
            {.min = 1, .max = 200}},
      Field{"role", &T::role, "operator, oncall, tenant-admin, analyst, dpo, platform or auditor"},
  };
};

template <>
struct mc::json::Describe<mc::identity::IssuerConfig> {
  using T = mc::identity::IssuerConfig;
  static constexpr auto fields = std::tuple{
      Field{"issuer",
            &T::issuer,
            "Address of the OpenID provider, exactly as its tokens' iss; empty = none",
            {.max = 512}},
      Field{"audience",
            &T::audience,
            "What aud of an access token must hold: the name of this server at the provider",
            {.max = 512}},
      Field{"tenant_claim",
            &T::tenant_claim,
            "Claim with the tenant; a.b reaches into objects",
            {.min = 1, .max = 200}},
      Field{"roles_claim",
            &T::roles_claim,
            "Claim with the roles or groups; a.b reaches in",
            {.min = 1, .max = 200}},
      Field{"roles", &T::roles, "Which value of the claim is which role; none = role names"},
      Field{"cli_client_id",
            &T::cli_client_id,
            "Public client at the provider that maestro login uses (device flow); empty = none",
            {.max = 200}},
      Field{"client_id",
            &T::client_id,
            "Client at the provider with which people sign in to the portal; empty = none",
            {.max = 200}},
      Field{"client_secret",
            &T::client_secret,
            "The client's secret; empty = a public client",
            {.secret = true}},
      Field{"scopes",
            &T::scopes,
            "Scopes asked for when people sign in, so that the claims come",
            {.min = 6, .max = 500}},
      Field{"step_up_acr", &T::step_up_acr,
            "One of these acr must a sign-in have where a fresh one is needed; none = any"},
      Field{"ca_file", &T::ca_file, "PEM of the authority behind the provider's certificate"},
  };
};
