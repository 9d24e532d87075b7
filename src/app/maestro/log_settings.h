// The configuration of log lines and traces.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

enum class LogFormat : std::uint8_t { json, text };
enum class LogLevel : std::uint8_t { debug, info, warn, error };

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::json;
};

struct TraceSettings {
  std::string otlp_url;
  double ratio = 0.01;
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::LogFormat> {
  static constexpr auto names =
      std::array{Name{"json", mc::app::LogFormat::json}, Name{"text", mc::app::LogFormat::text}};
};

template <>
struct mc::json::Describe<mc::app::LogLevel> {
  static constexpr auto names =
      std::array{Name{"debug", mc::app::LogLevel::debug}, Name{"info", mc::app::LogLevel::info},
                 Name{"warn", mc::app::LogLevel::warn}, Name{"error", mc::app::LogLevel::error}};
};

template <>
struct mc::json::Describe<mc::app::LogSettings> {
  using T = mc::app::LogSettings;
  static constexpr auto fields =
      std::tuple{Field{"level", &T::level, "Lines below this level are not written"},
                 Field{"format", &T::format, "json for machines, text for people"}};
};

template <>
struct mc::json::Describe<mc::app::TraceSettings> {
  using T = mc::app::TraceSettings;
  static constexpr auto fields =
      std::tuple{Field{"otlp_url", &T::otlp_url, "OTLP/HTTP endpoint, .../v1/traces; empty = off"},
                 Field{"ratio",
                       &T::ratio,
                       "Part of the traces that start here which is recorded",
                       {.min = 0.0, .max = 1.0}}};
};
