// The configuration of policies and decisions.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "access/access.h"
#include "access/remote.h"
#include "base/base.h"
#include "json/describe.h"
#include "policy/source.h"

namespace mc::app {

struct PolicyKeySettings {
  std::string id;
  std::string algorithm = "RS256";
  std::string key_file;
  std::string scope;
};

struct PolicySettings {
  policy::SourceConfig source;
  std::vector<PolicyKeySettings> keys;
  access::RemoteConfig opa;
  std::string region;  // of this server
  std::string mask_key;
  access::DecisionLogConfig decisions;
  Status check() const;
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::PolicyKeySettings> {
  using T = mc::app::PolicyKeySettings;
  static constexpr auto fields = std::tuple{
      Field{"id", &T::id, "Id of the key, as signatures name it", {.min = 1, .max = 128}},
      Field{"algorithm", &T::algorithm,
            "RS256, ES256, EdDSA, HS256, ...: the only one it is good for"},
      Field{"key_file",
            &T::key_file,
            "PEM of the public key, or the secret of an HS algorithm",
            {.min = 1, .max = 4096}},
      Field{"scope", &T::scope, "What the scope of a signature must be; empty = none"},
  };
};

template <>
struct mc::json::Describe<mc::access::SamplingConfig> {
  using T = mc::access::SamplingConfig;
  static constexpr auto fields = std::tuple{
      Field{"default",
            &T::otherwise,
            "Of decisions none of whose rules is named in `rules`: 1 = all, 0 = none",
            {.min = 0, .max = 1}},
      Field{"rules", &T::rules,
            "By the id of a rule; of several that spoke the highest share counts"},
  };
};

template <>
struct mc::json::Describe<mc::access::DecisionLogConfig> {
  using T = mc::access::DecisionLogConfig;
  static constexpr auto fields = std::tuple{
      Field{"queue_max",
            &T::queue_max,
            "Decisions that wait to be written",
            {.min = 1, .max = 10'000'000}},
      Field{"denied_reserve",
            &T::denied_reserve,
            "More of them, for denied ones alone",
            {.min = 0, .max = 10'000'000}},
      Field{"file_bytes_max",
            &T::file_bytes_max,
            "Bytes of a file of the decision log",
            {.min = 1024, .max = 1 << 30}},
      Field{"files_max",
            &T::files_max,
            "Files that are kept; older ones are deleted",
            {.min = 1, .max = 100'000}},
      Field{"sample", &T::sample,
            "Which share of allowed decisions is kept; denied ones, and those with an alert or a "
            "step-up, always"},
  };
};

template <>
struct mc::json::Describe<mc::access::RemoteConfig> {
  using T = mc::access::RemoteConfig;
  static constexpr auto fields = std::tuple{
      Field{"url",
            &T::url,
            "OPA server that decides: https://, or http:// on this machine's loopback; without a "
            "path /v1/data/mc/access/decision; empty = the policies of this server decide",
            {.max = 2'048}},
      Field{"timeout",
            &T::timeout,
            "A decision must come within this time, or it denies",
            {.min = mc::millis(1), .max = mc::seconds(10)}},
      Field{"token_file", &T::token_file, "File with the bearer token for the OPA server"},
      Field{"ca_file", &T::ca_file, "PEM with the CA of the OPA server; empty = the system's"},
      Field{"failures",
            &T::failures,
            "Failures in a row after which it is not asked for a while",
            {.min = 1, .max = 1'000}},
      Field{"pause",
            &T::pause,
            "How long it is not asked then",
            {.min = mc::millis(100), .max = mc::seconds(600)}},
      Field{"connections_max",
            &T::connections_max,
            "Connections to it; more decisions wait for one",
            {.min = 1, .max = 1'024}},
  };
};

template <>
struct mc::json::Describe<mc::app::PolicySettings> {
  using T = mc::app::PolicySettings;
  static constexpr auto fields = std::tuple{
      Field{"source", &T::source, "Where the policies come from"},
      Field{"keys",
            &T::keys,
            "Keys that policies must be signed with; empty = unsigned ones are taken",
            {.max = 16}},
      Field{"opa", &T::opa, "An OPA server elsewhere that decides instead"},
      Field{"region", &T::region, "Region where this server stands; empty = anywhere", {.max = 64}},
      Field{"mask_key",
            &T::mask_key,
            "Key of hashed and tokenised values, shared by servers that should mask alike; empty = "
            "made in data_dir/mask.key",
            {.secret = true}},
      Field{"decisions", &T::decisions, "The decision log"},
  };
};
