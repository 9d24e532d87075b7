// The configuration of notifications.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

struct NotifySettings {
  std::string key;
  std::vector<std::string> allowed_networks;
  Nanos retention = seconds(30LL * 24 * 3600);
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::NotifySettings> {
  using T = mc::app::NotifySettings;
  static constexpr auto fields = std::tuple{
      Field{"key",
            &T::key,
            "Key of webhook secrets, at least 32 bytes; empty = made in data_dir/notify.key",
            {.secret = true}},
      Field{"allowed_networks", &T::allowed_networks,
            "Private networks that webhooks may reach, as 10.1.0.0/16"},
      Field{"retention",
            &T::retention,
            "How long events and their deliveries are kept",
            {.min = mc::seconds(3600), .max = mc::seconds(3660LL * 24 * 3600)}},
  };
};
