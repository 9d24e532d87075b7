// Makes bundles: signs, has the signature stamped with the time and logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/pki.h"
#include "proof/bundle.h"
#include "proof/statement.h"

namespace mc::proof {

// Where signatures are logged: our own log, or another's.
class SignatureLog {
 public:
  virtual ~SignatureLog() = default;
  // With its proof under a signed checkpoint. `body` is the entry's, or what is proposed to a log
  // of Rekor's first version. `unavailable` when the log cannot be reached.
  virtual Result<LogEntry> add(std::string body) = 0;
};

// Who says when a signature was there: a TimeStampResp in DER over SHA-256 of `signature`.
class TimestampSource {
 public:
  virtual ~TimestampSource() = default;
  virtual Result<std::string> stamp(std::string_view signature) = 0;
};

// Which entry a bundle has: hashedrekord 0.0.2, or the log's promise for hashedrekord 0.0.1 or
// dsse 0.0.1, for verifiers that know no other.
enum class Profile : std::uint8_t { rekor2, rekor1 };

struct BundleSigner {
  const crypto::SigningKey& key;  // ECDSA on P-256: what every verifier knows
  SignatureLog& log;
  TimestampSource& time;
  std::optional<pki::Certificate> certificate = std::nullopt;  // of the key
  Profile profile = Profile::rekor2;
};

Result<Bundle> sign_blob(const BundleSigner& signer, std::string_view artifact);
Result<Bundle> sign_statement(const BundleSigner& signer, const Statement& statement);

}  // namespace mc::proof
