// What an operator may set about the policy API. Described for config/, limits included.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::opa {

// token: a bearer token of this server with the scope `query`. none: whoever reaches the address,
// which therefore must be one of this machine alone.
enum class Authentication : std::uint8_t { token, none };

struct OpaConfig {
  bool enabled = false;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8181;
  std::int64_t threads = 1;
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
  Authentication authentication = Authentication::token;
  std::vector<std::string> tenants = {"system"};  // whose tokens are good; empty = everybody's
  std::string default_decision = "/system/main";
  std::int64_t connections_max = 1'024;
  std::int64_t body_bytes_max = 1 << 20;
  std::int64_t json_depth_max = 200;
  std::int64_t batch_max = 256;
  // An evaluation runs on the event loop, so nobody else is answered meanwhile.
  Nanos evaluation_time_max = millis(50);
  Nanos batch_time_max = millis(250);
  std::int64_t evaluation_instructions_max = 5'000'000;
  std::int64_t evaluation_bytes_max = 64 << 20;
  Status check() const;
};

}  // namespace mc::opa

template <>
struct mc::json::Describe<mc::opa::Authentication> {
  using E = mc::opa::Authentication;
  static constexpr auto names = std::array{Name{"token", E::token}, Name{"none", E::none}};
};

template <>
struct mc::json::Describe<mc::opa::OpaConfig> {
  using T = mc::opa::OpaConfig;
  static constexpr auto fields = std::tuple{
      Field{"enabled", &T::enabled, "Serve decisions of the policies over OPA's REST API"},
      Field{"host", &T::host, "Address to listen on", {.min = 1, .max = 255}},
      Field{"port", &T::port, "TCP port; 0 = any free one"},
      Field{"threads", &T::threads, "Event loops", {.min = 1, .max = 256}},
      Field{"tls_certificate_file", &T::tls_certificate_file, "PEM chain; empty = plain HTTP"},
      Field{"tls_key_file", &T::tls_key_file, "PEM key of the certificate"},
      Field{"authentication", &T::authentication, "Who may ask; none: on a loopback address only"},
      Field{"tenants", &T::tenants, "Tenants whose tokens may ask; empty = all", {.max = 1'000}},
      Field{"default_decision",
            &T::default_decision,
            "Path that is decided for POST /",
            {.min = 2, .max = 1'024}},
      Field{
          "connections_max", &T::connections_max, "Open connections", {.min = 1, .max = 1'000'000}},
      Field{"body_bytes_max",
            &T::body_bytes_max,
            "Bytes of a request body",
            {.min = 1024, .max = 256 << 20}},
      Field{"json_depth_max", &T::json_depth_max, "Nesting of an input", {.min = 1, .max = 1'000}},
      Field{"batch_max", &T::batch_max, "Inputs of one batch", {.min = 1, .max = 100'000}},
      Field{"evaluation_time_max",
            &T::evaluation_time_max,
            "Time of one decision",
            {.min = mc::millis(1), .max = mc::seconds(10)}},
      Field{"batch_time_max",
            &T::batch_time_max,
            "Time of all decisions of a batch",
            {.min = mc::millis(1), .max = mc::seconds(60)}},
      Field{"evaluation_instructions_max",
            &T::evaluation_instructions_max,
            "Instructions of one decision",
            {.min = 1'000, .max = std::int64_t{1} << 40}},
      Field{"evaluation_bytes_max",
            &T::evaluation_bytes_max,
            "Memory of one decision",
            {.min = 1 << 20, .max = std::int64_t{16} << 30}},
  };
};
