// Entries of a signature log, as their leaves hold them ("canonicalizedBody"): Rekor's kinds
// hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::proof {

enum class DigestOf : std::uint8_t {
  message,  // of what was signed: the artifact, or DSSE's signed bytes
  payload,  // of the payload of an envelope
};

struct Entry {
  std::string kind;
  std::string version;
  DigestOf digest_of = DigestOf::message;
  std::string digest_algorithm;  // "sha256", "sha384", "sha512"
  std::string digest;            // raw
  struct Signature {
    std::string bytes;
    std::string verifier;  // DER: a certificate, or a key's SPKI
    bool operator==(const Signature&) const = default;
  };
  std::vector<Signature> signatures;
  bool operator==(const Entry&) const = default;
};

Result<Entry> parse_entry(std::string_view body);

// The body of hashedrekord 0.0.2 with an ECDSA key on P-256, byte for byte as verifiers rebuild it.
// `verifier_is_certificate`: X.509 in DER, else a key's SPKI.
enum class Verifier : std::uint8_t { certificate, public_key };
std::string hashedrekord_body(std::string_view sha256, std::string_view signature, Verifier kind,
                              std::string_view verifier);

}  // namespace mc::proof
