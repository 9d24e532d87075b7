// The configuration of the ledger.
#pragma once

#include <string>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"

namespace mc::app {

struct LedgerSettings {
  std::string origin = "localhost";
  std::string key_file;
  std::string signed_head_file;
  Nanos checkpoint_every = seconds(1);
};

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::LedgerSettings> {
  using T = mc::app::LedgerSettings;
  static constexpr auto fields = std::tuple{
      Field{"origin",
            &T::origin,
            "Name of the ledger in its checkpoints: a host name that is nobody else's",
            {.min = 1, .max = 253}},
      Field{
          "key_file", &T::key_file,
          "Ed25519 key (PKCS #8, PEM) that signs checkpoints; empty = made in data_dir/ledger.key"},
      Field{"signed_head_file", &T::signed_head_file,
            "What was signed last, best on another disk; empty = data_dir/ledger.signed"},
      Field{"checkpoint_every",
            &T::checkpoint_every,
            "A checkpoint is signed this long after a record at the latest",
            {.min = mc::millis(10), .max = mc::seconds(60)}},
  };
};
