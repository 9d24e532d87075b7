// Makes certificates and time-stamp tokens. Where chance is needed it is an argument.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/certificate.h"

namespace mc::pki {

struct CertificateRequest {
  std::string organization;
  std::string common_name;  // with none of both the subject is empty
  Validity validity;
  std::string serial;          // 8 to 20 random bytes; the first bit is dropped
  std::optional<Usage> usage;  // none: an authority, which signs certificates
  std::vector<std::string> uris;
  struct Extension {
    std::string oid;
    std::string value;  // DER
  };
  std::vector<Extension> extensions;
};

struct Issuer {
  const crypto::SigningKey& key;
  const Certificate* certificate = nullptr;  // null: the certificate is self-signed
};
Result<Certificate> issue_certificate(const CertificateRequest& request,
                                      const crypto::PublicKey& subject, const Issuer& issuer);
std::string write_utf8_string(std::string_view text);  // DER

// A detached signature of `content` with SHA-256 (RFC 5652, with the attributes of RFC 5126): DER.
// `chain` begins with the certificate of `key`.
Result<std::string> sign_cms(std::string_view content, const crypto::SigningKey& key,
                             std::span<const Certificate> chain, WallTime at);

// A time-stamping authority (RFC 3161).
class TimestampSigner {
 public:
  // `chain` begins with the certificate of `key`, whose usage must be time_stamping alone.
  static Result<TimestampSigner> make(const crypto::SigningKey& key, std::vector<Certificate> chain,
                                      std::string policy_oid);
  // A TimeStampResp in DER to a TimeStampReq in DER: a token, or a rejection with its reason. The
  // time is cut to whole seconds. `serial` has 8 to 20 random bytes.
  Result<std::string> answer(std::string_view request, WallTime at, std::string_view serial) const;
  // The same to a request for SHA-256 of `message`, without a nonce and without certificates.
  Result<std::string> stamp(std::string_view message, WallTime at, std::string_view serial) const;

  const std::vector<Certificate>& chain() const { return chain_; }

 private:
  TimestampSigner(crypto::SigningKey key, std::vector<Certificate> chain, std::string policy_oid)
      : key_(std::move(key)), chain_(std::move(chain)), policy_oid_(std::move(policy_oid)) {}
  crypto::SigningKey key_;
  std::vector<Certificate> chain_;
  std::string policy_oid_;
};

}  // namespace mc::pki
