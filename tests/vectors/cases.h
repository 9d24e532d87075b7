// Proofs, sound and spoilt, with what is needed to check them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "proof/proof.h"

namespace mc::vectors {

struct Case {
  std::string name;
  std::string file;
  std::optional<std::string> policy = std::nullopt;  // c2sp.org/tlog-policy, or a list of keys
  std::optional<std::string> trusted_root = std::nullopt;  // Sigstore's
  std::optional<std::string> key = std::nullopt;           // PEM
  std::optional<std::string> artifact = std::nullopt;
  std::vector<std::string> log_keys = {};
  WallTime now = {};

  proof::VerifyQuestion question() const;
};

std::vector<Case> make_cases();       // all
std::vector<Case> make_key_cases();   // of lists of keys
std::vector<Case> make_pack_cases();  // of packs of policies

}  // namespace mc::vectors
