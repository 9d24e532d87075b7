// The signing service of a server: a log of signatures (Rekor's API, versions 1 and 2), a
// time-stamping authority (RFC 3161), and a key of the server's own that bundles are signed with.
//
// Sigstore's clients sign against it as they do against the public services; the trusted root of
// trust() is all that a verifier needs, without a network. All members are thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "ledger/ledger.h"
#include "pki/pki.h"
#include "proof/proof.h"
#include "signing/key_list.h"           // IWYU pragma: export
#include "signing/promised_log.h"       // IWYU pragma: export
#include "signing/remote_timestamps.h"  // IWYU pragma: export
#include "signing/sign_log.h"           // IWYU pragma: export
#include "signing/timestamps.h"         // IWYU pragma: export
#include "sys/sys.h"

namespace mc::signing {

struct SigningKeys {
  tlog::NoteSigner log;       // Ed25519; its name, a bare host name, is the log's origin
  crypto::SigningKey signer;  // ECDSA on P-256, of the server's own bundles
  TimestampAuthority time;
  pki::Certificate seal;        // of `signer`, for documents
  crypto::SigningKey promises;  // ECDSA on P-256, of the log for clients of Rekor's version 1
  std::unique_ptr<RemoteTimestamps> remote_time = nullptr;  // of the server's own bundles
  // These and those that are retired. Without it they are the first, and count from the day on
  // which the certificate of `time` begins.
  std::optional<KeyList> listed = std::nullopt;
};
// The list of keys that are the first of a service.
Result<KeyList> first_keys(const SigningKeys& keys);
// A self-signed certificate of the key for documents, valid for ten years.
Result<pki::Certificate> make_seal(const crypto::SigningKey& key, WallTime now,
                                   sys::Random& random);

class Signing {
 public:
  // `corrupt` when a key or its certificates are not the current ones of the list.
  static Result<std::unique_ptr<Signing>> open(ledger::Ledger& ledger, sys::Clock& clock,
                                               sys::Random& random, SigningKeys keys);

  SignLog& log() { return *log_; }
  PromisedLog& promised_log() { return *promised_; }
  Timestamps& timestamps() { return *time_; }
  crypto::PublicKey signer() const { return signer_.public_key(); }
  // What seals documents: the server's own key and its certificate.
  const crypto::SigningKey& seal_key() const { return signer_; }
  const std::vector<pki::Certificate>& seal_chain() const { return seal_; }
  // Signed by the server's own key, logged and time-stamped: by the authority elsewhere when there
  // is one, and then not at all when that fails.
  Result<proof::Bundle> sign(const proof::Statement& statement);
  // The log under both of its keys, and the authorities: the current ones and those before them,
  // each with the time in which it counted.
  proof::TrustedRoot trust() const;
  const KeyList& keys() const { return keys_; }

 private:
  Signing(crypto::SigningKey signer, pki::Certificate seal, KeyList keys)
      : signer_(std::move(signer)), seal_{std::move(seal)}, keys_(std::move(keys)) {}
  crypto::SigningKey signer_;
  std::vector<pki::Certificate> seal_;  // one
  KeyList keys_;
  std::unique_ptr<SignLog> log_;
  std::unique_ptr<PromisedLog> promised_;
  std::unique_ptr<Timestamps> time_;
  std::unique_ptr<RemoteTimestamps> remote_time_;  // or null
};

}  // namespace mc::signing
