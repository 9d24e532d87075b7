// Trusted roots (dev.sigstore.trustroot.v1, JSON): whose keys count, and when. Keys that went out
// of use stay in it with the end of their time, so that what they signed keeps its proof.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/pki.h"

namespace mc::proof {

struct TransparencyLog {
  std::string base_url;  // "https://log.example"; its host is the name in checkpoints
  crypto::PublicKey key;
  std::string id;  // as entries name it, usually SHA-256 of something with the key in it
  pki::Period period;
};

struct Authority {
  std::string organization;
  std::string common_name;
  std::string uri;
  std::vector<pki::Certificate> chain;  // root last
  pki::Period period;
};

struct TrustedRoot {
  std::vector<TransparencyLog> logs;
  std::vector<Authority> certificate_authorities;
  std::vector<TransparencyLog> certificate_logs;  // of certificate transparency
  std::vector<Authority> timestamp_authorities;
};

// Keys of kinds that are not known here are left out; members that are not known are passed over.
Result<TrustedRoot> parse_trusted_root(std::string_view json);
std::string print_trusted_root(const TrustedRoot& root);  // two spaces, for people and git

// "localhost:8000" of "http://localhost:8000/x".
std::string host_of(std::string_view url);

}  // namespace mc::proof
