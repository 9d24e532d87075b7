// The configuration of policies and decisions.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "access/access.h"
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
  std::string region;  // of this server
  std::string mask_key;
  access::DecisionLogConfig decisions;
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
      Field{"sample",
            &T::sample,
            "Of allowed decisions one in so many is kept; denied ones always",
            {.min = 1, .max = 1'000'000}},
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
      Field{"region", &T::region, "Region where this server stands; empty = anywhere", {.max = 64}},
      Field{"mask_key",
            &T::mask_key,
            "Key of hashed and tokenised values, shared by servers that should mask alike; empty = "
            "made in data_dir/mask.key",
            {.secret = true}},
      Field{"decisions", &T::decisions, "The decision log"},
  };
};
