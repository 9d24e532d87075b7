// Sigstore bundles (dev.sigstore.bundle.v1, JSON): a signature with all that is needed to check it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "pki/pki.h"
#include "proof/envelope.h"
#include "tlog/tlog.h"

namespace mc::proof {

inline constexpr std::size_t kBundleBytesMax = 32 << 20;

struct LogProof {
  std::uint64_t index = 0;
  tlog::TreeHead head;
  tlog::Path path;
  std::string checkpoint;  // a signed note
  bool operator==(const LogProof&) const = default;
};

// An entry of a log, with the log's word for it: a promise (the signed entry timestamp of Rekor
// v1), a proof, or both.
struct LogEntry {
  std::int64_t index = 0;  // in all shards of the log; the proof's is in its own
  std::string log_id;
  std::string kind;
  std::string version;
  std::int64_t integrated_s = 0;  // since 1970; only the promise signs it
  std::string promise;            // DER, "" when there is none
  std::optional<LogProof> proof;
  std::string body;  // the leaf, see entry.h
  bool operator==(const LogEntry&) const = default;
};

struct MessageSignature {
  std::string digest_algorithm;  // "SHA2_256"
  std::string digest;
  std::string signature;  // ECDSA in DER
  bool operator==(const MessageSignature&) const = default;
};

struct Bundle {
  int minor = 3;  // of version 0.x
  // Exactly one of these. The leaf is first; what else there is is not trusted.
  std::vector<pki::Certificate> certificates;
  std::string key_hint;
  std::vector<LogEntry> entries;
  std::vector<std::string> timestamps;  // TimeStampResp in DER, over the signature
  std::variant<MessageSignature, Envelope> content;
  bool operator==(const Bundle&) const = default;

  const std::string& signature() const;
};

// Versions 0.1 to 0.3. What a version must have is there: a promise in 0.1, a proof later; one
// signature.
Result<Bundle> parse_bundle(std::string_view json);
// Version 0.3, one line. parse_bundle() of it gives the same bundle.
std::string print_bundle(const Bundle& bundle);

// How a key is named in a bundle: base64 of SHA-256 of its SPKI.
std::string key_hint_of(const crypto::PublicKey& key);

}  // namespace mc::proof
