// What the configuration says of the service's objective:
//
//   slo: {good: 0.999, latency: 500ms}
#pragma once

#include <tuple>

#include "burn/slo_watch.h"
#include "json/describe.h"

template <>
struct mc::json::Describe<mc::burn::Objective> {
  using T = mc::burn::Objective;
  static constexpr auto fields =
      std::tuple{Field{"good", &T::good, "Of requests, in 30 days", {.min = 0.5, .max = 0.99999}},
                 Field{"latency",
                       &T::latency,
                       "A request that takes longer is not good",
                       {.min = mc::millis(1), .max = mc::seconds(600)}}};
};
