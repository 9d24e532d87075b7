// What an operator says of the portal.
#pragma once

#include <string>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"

namespace mc::api {

struct PortalConfig {
  std::string public_url;
  Nanos step_up_max_age = seconds(3600);

  // `invalid` names the field.
  Status check() const;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::PortalConfig> {
  using T = mc::api::PortalConfig;
  static constexpr auto fields = std::tuple{
      Field{"public_url",
            &T::public_url,
            "Address that browsers use, as https://mc.example.org; needed behind a proxy and for "
            "oidc.client_id",
            {.max = 512}},
      Field{"step_up_max_age",
            &T::step_up_max_age,
            "People give access to others only when they signed in no longer ago; 0 = any time",
            {.min = mc::seconds(0), .max = mc::seconds(366LL * 24 * 3600)}},
  };
};
