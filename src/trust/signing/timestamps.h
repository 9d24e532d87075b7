// A time-stamping authority with a clock: RFC 3161 over HTTP, and the JSON form of Sigstore's
// timestamp authority.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/pki.h"
#include "proof/proof.h"
#include "sys/sys.h"

namespace mc::signing {

inline constexpr std::size_t kTimestampRequestBytesMax = 16 << 10;

struct TimestampAuthority {
  crypto::SigningKey key;
  std::vector<pki::Certificate> chain;  // that of the key first, the root last
};
// For a certificate of this server, valid for ten years from now.
pki::CertificateRequest own_request(const std::string& name, WallTime now, sys::Random& random);

// A new one, valid for ten years; the key of its root is forgotten.
Result<TimestampAuthority> make_authority(WallTime now, sys::Random& random);

enum class TimestampForm : std::uint8_t { der, json };

class Timestamps final : public proof::TimestampSource {
 public:
  static Result<std::unique_ptr<Timestamps>> make(TimestampAuthority authority, sys::Clock& clock,
                                                  sys::Random& random);
  Result<std::string> stamp(std::string_view signature) override;
  // A TimeStampResp in DER. `invalid` for a request that cannot be read.
  Result<std::string> answer(TimestampForm form, std::string_view request);
  const std::vector<pki::Certificate>& chain() const { return signer_.chain(); }

 private:
  Timestamps(pki::TimestampSigner signer, sys::Clock& clock, sys::Random& random)
      : signer_(std::move(signer)), clock_(clock), random_(random) {}
  pki::TimestampSigner signer_;
  sys::Clock& clock_;
  sys::Random& random_;
};

// The request in DER for one in JSON: {"artifactHash", "hashAlgorithm", "certificates", "nonce"}.
Result<std::string> read_json_request(std::string_view json);

}  // namespace mc::signing
