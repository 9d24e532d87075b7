#include "proof/sign.h"

#include "proof/entry.h"

namespace mc::proof {
namespace {

// With all but the content, which was signed as `message`.
Result<Bundle> prove(const BundleSigner& signer, const std::string& sha256,
                     const std::string& signature) {
  Bundle out;
  std::string body;
  if (signer.certificate) {
    out.certificates.push_back(*signer.certificate);
    body = hashedrekord_body(sha256, signature, Verifier::certificate, signer.certificate->der());
  } else {
    out.key_hint = key_hint_of(signer.key.public_key());
    body = hashedrekord_body(sha256, signature, Verifier::public_key,
                             signer.key.public_key().to_spki());
  }
  MC_TRY(std::string time, signer.time.stamp(signature));
  out.timestamps.push_back(std::move(time));
  MC_TRY(LogEntry entry, signer.log.add(std::move(body)));
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
  MC_TRY(Bundle out, prove(signer, sha256, signature));
  out.content = MessageSignature{"SHA2_256", std::move(sha256), std::move(signature)};
  return out;
}

Result<Bundle> sign_statement(const BundleSigner& signer, const Statement& statement) {
  MC_TRY_OK(check_signer(signer));
  MC_TRY(Envelope envelope,
         sign_envelope(std::string(kStatementType), print_statement(statement), signer.key));
  MC_TRY(const std::string sha256,
         crypto::digest("sha256", signed_bytes(envelope.payload_type, envelope.payload)));
  MC_TRY(Bundle out, prove(signer, sha256, envelope.signatures.front().bytes));
  out.content = std::move(envelope);
  return out;
}

}  // namespace mc::proof
