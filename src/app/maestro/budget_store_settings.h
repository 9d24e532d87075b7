// The configuration of the store that nodes share their budgets in.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

struct BudgetStoreSettings {
  std::string redis;  // "host:port"; empty: budgets are not shared
  std::string user, password;
  std::string mode = "lease";
  std::string on_store_loss = "local_share";
  std::int64_t nodes_min = 1;
  Nanos op_timeout = millis(10);
  // `invalid` names the setting.
  Status check() const;
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::BudgetStoreSettings> {
  using T = mc::app::BudgetStoreSettings;
  static constexpr auto fields = std::tuple{
      Field{"redis",
            &T::redis,
            "host:port of Redis 7; empty = this node counts by itself",
            {.max = 262}},
      Field{"user", &T::user, "User of Redis' ACL; empty = the default user", {.max = 64}},
      Field{"password", &T::password, "Its password; empty = none", {.secret = true}},
      Field{"mode", &T::mode, "lease: nodes take parts of a limit ahead; exact: each request asks"},
      Field{"on_store_loss", &T::on_store_loss,
            "While Redis does not answer, for budgets that say nothing themselves: local_share, "
            "open, closed or last_known"},
      Field{"nodes_min",
            &T::nodes_min,
            "Nodes that share, at least; for local_share",
            {.min = 1, .max = 10'000}},
      Field{"op_timeout",
            &T::op_timeout,
            "How long a request waits for Redis at most",
            {.min = mc::millis(1), .max = mc::seconds(1)}},
  };
};
