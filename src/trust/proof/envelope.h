// DSSE envelopes (github.com/secure-systems-lab/dsse): a payload, its type, and signatures over
// both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::proof {

inline constexpr std::string_view kStatementType = "application/vnd.in-toto+json";
inline constexpr std::size_t kEnvelopeBytesMax = 16 << 20;

struct EnvelopeSignature {
  std::string bytes;  // ECDSA in DER
  std::string key_id = {};
  bool operator==(const EnvelopeSignature&) const = default;
};

struct Envelope {
  std::string payload_type;
  std::string payload;
  std::vector<EnvelopeSignature> signatures;
  bool operator==(const Envelope&) const = default;
};

// What is signed (DSSE protocol, "PAE").
std::string signed_bytes(std::string_view payload_type, std::string_view payload);

Result<Envelope> sign_envelope(std::string payload_type, std::string payload,
                               const crypto::SigningKey& key);
Result<Envelope> parse_envelope(std::string_view json);
Result<Envelope> read_envelope(const json::Value& value, std::string path);
json::Value to_json(const Envelope& envelope);
// `invalid` unless one of the signatures is this key's.
Status check_envelope(const Envelope& envelope, const crypto::PublicKey& key);

}  // namespace mc::proof
