// The configuration of emergency taps.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

struct TapSettings {
  std::vector<std::string> key_files;
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::TapSettings> {
  using T = mc::app::TapSettings;
  static constexpr auto fields = std::tuple{
      Field{"key_files",
            &T::key_files,
            "PEM of public keys whose signed orders in data_dir/taps are taken; empty = none are",
            {.max = 16}}};
};
