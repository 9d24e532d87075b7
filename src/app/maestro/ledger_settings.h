// The configuration of the ledger.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

struct LedgerSettings {
  std::string url;
  std::string origin = "localhost";
  std::string key_file;
  std::string previous_key_file;
  std::string signed_head_file;
  Nanos checkpoint_every = seconds(1);
  std::string policy_file;
};

// The log of signatures and the time-stamping authority.
struct SigningSettings {
  std::string origin = "signatures.localhost";
  bool open = false;
  std::string timestamp_url;
  std::string timestamp_chain_file;
  Status check() const {
    if (origin.find_first_of("/:+ ") != std::string::npos) {
      return fail(Code::invalid, "origin: it must be a bare host name, as in log.example");
    }
    if (timestamp_url.empty() == timestamp_chain_file.empty()) return ok();
    return fail(Code::invalid, "timestamp_url: it and timestamp_chain_file belong together");
  }
};

// Who may reach for a tenant's data.
struct TransparencySettings {
  std::string policy_file;
};

// This server as a witness of other ledgers.
struct WitnessSettings {
  std::string name;
  std::string key_file;
  std::vector<std::string> logs;
  Status check() const {
    if (logs.empty() || !name.empty()) return ok();
    return fail(Code::invalid, "name: a witness of logs needs one");
  }
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::LedgerSettings> {
  using T = mc::app::LedgerSettings;
  static constexpr auto fields = std::tuple{
      Field{"url", &T::url,
            "postgres://... that several servers share the ledger through, all with one origin and "
            "key; empty = this server's alone, in data_dir"},
      Field{"origin",
            &T::origin,
            "Name of the ledger in its checkpoints: a host name that is nobody else's",
            {.min = 1, .max = 253}},
      Field{
          "key_file", &T::key_file,
          "Ed25519 key (PKCS #8, PEM) that signs checkpoints; empty = made in data_dir/ledger.key"},
      Field{"previous_key_file", &T::previous_key_file,
            "While the key is changed: the one before, which signs too; empty = "
            "data_dir/ledger.previous.key when it is there"},
      Field{"signed_head_file", &T::signed_head_file,
            "What was signed last, best on another disk; empty = data_dir/ledger.signed"},
      Field{"checkpoint_every",
            &T::checkpoint_every,
            "A checkpoint is signed this long after a record at the latest",
            {.min = mc::millis(10), .max = mc::seconds(60)}},
      Field{"policy_file", &T::policy_file,
            "Witnesses that cosign checkpoints (c2sp.org/tlog-policy, with their URLs); empty = "
            "none"},
  };
};

template <>
struct mc::json::Describe<mc::app::SigningSettings> {
  using T = mc::app::SigningSettings;
  static constexpr auto fields = std::tuple{
      Field{"origin",
            &T::origin,
            "Name of the log of signatures: a host name that is nobody else's",
            {.min = 1, .max = 253}},
      Field{"open", &T::open,
            "Take entries and timestamp requests without a token, as Sigstore's clients send them"},
      Field{"timestamp_url",
            &T::timestamp_url,
            "Time-stamping authority (RFC 3161) of the bundles that are signed here; empty = the "
            "server's own",
            {.max = 2'000}},
      Field{"timestamp_chain_file", &T::timestamp_chain_file,
            "Certificates of that authority (PEM), its own first, its root last"},
  };
};

template <>
struct mc::json::Describe<mc::app::TransparencySettings> {
  using T = mc::app::TransparencySettings;
  static constexpr auto fields = std::tuple{
      Field{"policy_file", &T::policy_file,
            "What happens without a warrant (YAML); empty = it is recorded, told and allowed"},
  };
};

template <>
struct mc::json::Describe<mc::app::WitnessSettings> {
  using T = mc::app::WitnessSettings;
  static constexpr auto fields = std::tuple{
      Field{"name",
            &T::name,
            "Name in cosignatures: a host name that is nobody else's",
            {.max = 253}},
      Field{"key_file", &T::key_file,
            "Ed25519 key (PKCS #8, PEM) that cosigns; empty = made in data_dir/witness.key"},
      Field{"logs", &T::logs,
            "Verifier keys of the logs to be witnessed, as maestro ledger status shows them"},
  };
};
