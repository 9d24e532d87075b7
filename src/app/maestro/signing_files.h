// Signing with a key of a file, by the log and the clock of a server: what `maestro sign` and
// `maestro policy pack` share.
#pragma once

#include <string>
#include <string_view>

#include "maestro/command.h"
#include "proof/proof.h"

namespace mc::app {

inline constexpr std::string_view kRekor1 = "rekor-v1";
inline constexpr std::string_view kRekor2 = "rekor-v2";

struct SignerFlags {
  std::string key;         // file: cosign's, or PKCS #8 in PEM
  std::string passphrase;  // of it: env:NAME or file:PATH; "" = it has none
  std::string profile = std::string(kRekor2);
  std::string tsa;        // URL of a time-stamping authority; "" = the settings', or the server
  std::string tsa_chain;  // file with its certificates
};

inline constexpr const char* kPassphraseHelp = "Of the key file: env:NAME or file:PATH";

Result<Secret> read_passphrase(sys::Files& files, const std::string& reference);
Result<crypto::SigningKey> read_signing_key(const Context& context, const std::string& path,
                                            const std::string& passphrase);
// What Sigstore's bundles are signed with.
Status check_p256(const crypto::SigningKey& key, const std::string& path);

// What the bundle is about: `artifact`, and what a statement says of it.
struct Signed {
  std::string_view artifact;
  const proof::Statement* statement = nullptr;  // null = the artifact itself is signed
};
// Logged and time-stamped by the server, and verified as whoever gets it would. `invalid` for a key
// that is not ECDSA on P-256.
Result<proof::Bundle> sign_logged(Context& context, const SignerFlags& flags, const Signed& what);

}  // namespace mc::app
