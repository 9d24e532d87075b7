// Checks a bundle: offline, against a trusted root and what is expected of the signer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/crypto.h"
#include "proof/bundle.h"
#include "proof/report.h"
#include "proof/statement.h"
#include "proof/trusted_root.h"

namespace mc::proof {

// Both are compared whole.
struct Identity {
  std::string name;    // an e-mail address or a URI of the certificate
  std::string issuer;  // who said so: 1.3.6.1.4.1.57264.1.8, or .1
};

// Exactly one of `key` and `identity` is expected.
struct BundleQuestion {
  const Bundle& bundle;
  const TrustedRoot& root;
  Artifact artifact;
  std::optional<crypto::PublicKey> key = std::nullopt;
  std::optional<Identity> identity = std::nullopt;
  std::size_t entries_min = 1;  // entries of different logs
  WallTime now = {};            // times later than it are refused
};

// The steps, in their order: signer, timestamp, promise, inclusion, checkpoint, time, certificate,
// transparency, identity, signature, artifact, entry. Every entry and every timestamp must hold; a
// certificate must have been valid at each of the times (Sigstore client specification, section 4).
Report check_bundle(const BundleQuestion& question);

}  // namespace mc::proof
