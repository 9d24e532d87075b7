#include "proof/sign.h"

#include "proof/entry.h"
#include "proof/rekor1.h"

namespace mc::proof {
namespace {

std::string pem_of(const BundleSigner& signer) {
  if (!signer.certificate) return signer.key.public_key().to_pem();
  return crypto::write_pem(signer.certificate->der(), "CERTIFICATE");
}

// The entry's body, of a signature of what has this digest.
std::string body_of(const BundleSigner& signer, const std::string& sha256,
                    const std::string& signature) {
  if (signer.profile == Profile::rekor1) return print_proposal(sha256, signature, pem_of(signer));
  if (signer.certificate) {
    return hashedrekord_body(sha256, signature, Verifier::certificate, signer.certificate->der());
  }
  return hashedrekord_body(sha256, signature, Verifier::public_key,
                           signer.key.public_key().to_spki());
}

// With all but the content. `asked` is for the log.
Result<Bundle> prove(const BundleSigner& signer, const std::string& signature, std::string asked) {
  Bundle out;
  if (signer.certificate) {
    out.certificates.push_back(*signer.certificate);
  } else {
    out.key_hint = key_hint_of(signer.key.public_key());
  }
  MC_TRY(std::string time, signer.time.stamp(signature));
  out.timestamps.push_back(std::move(time));
  MC_TRY(LogEntry entry, signer.log.add(std::move(asked)));
  out.entries.push_back(std::move(entry));
  return out;
}

Status check_signer(const BundleSigner& signer) {
  if (signer.key.public_key().algorithm() == crypto::Algorithm::es256) return ok();
  return fail(Code::invalid, "bundles are signed with ECDSA on P-256");
}

}  // namespace

Result<Bundle> sign_blob(const BundleSigner& signer, std::string_view artifact) {
  MC_TRY_OK(check_signer(signer));
  MC_TRY(std::string signature, signer.key.sign_der(artifact));
  MC_TRY(std::string sha256, crypto::digest("sha256", artifact));
  MC_TRY(Bundle out, prove(signer, signature, body_of(signer, sha256, signature)));
  out.content = MessageSignature{"SHA2_256", std::move(sha256), std::move(signature)};
  return out;
}

Result<Bundle> sign_statement(const BundleSigner& signer, const Statement& statement) {
  MC_TRY_OK(check_signer(signer));
  MC_TRY(Envelope envelope,
         sign_envelope(std::string(kStatementType), print_statement(statement), signer.key));
  MC_TRY(const std::string sha256,
         crypto::digest("sha256", signed_bytes(envelope.payload_type, envelope.payload)));
  const std::string& signature = envelope.signatures.front().bytes;
  MC_TRY(Bundle out,
         prove(signer, signature,
               signer.profile == Profile::rekor1 ? print_proposal(envelope, pem_of(signer))
                                                 : body_of(signer, sha256, signature)));
  out.content = std::move(envelope);
  return out;
}

}  // namespace mc::proof
