#include "signing/signing.h"

namespace mc::signing {

Result<pki::Certificate> make_seal(const crypto::SigningKey& key, WallTime now,
                                   sys::Random& random) {
  pki::CertificateRequest request = own_request("seal of documents", now, random);
  request.usage = pki::Usage::document_signing;
  return pki::issue_certificate(request, key.public_key(), {key});
}

Result<std::unique_ptr<Signing>> Signing::open(ledger::Ledger& ledger, sys::Clock& clock,
                                               sys::Random& random, SigningKeys keys) {
  std::unique_ptr<Signing> out(new Signing(std::move(keys.signer), std::move(keys.seal)));
  MC_TRY(out->log_, SignLog::open(ledger, std::move(keys.log)));
  MC_TRY(out->time_, Timestamps::make(std::move(keys.time), clock, random));
  return out;
}

Result<proof::Bundle> Signing::sign(const proof::Statement& statement) {
  return proof::sign_statement({signer_, *log_, *time_}, statement);
}

proof::TrustedRoot Signing::trust() const {
  const std::vector<pki::Certificate>& chain = time_->chain();
  const pki::Period since{WallTime{chain.front().validity().begin_s * 1'000'000'000}};
  const std::string url = "https://" + log_->key().name();
  proof::TrustedRoot out;
  out.logs.push_back({url, log_->key().key(), log_->key().long_id(), since});
  out.timestamp_authorities.push_back(
      {"Maestro Conductor", chain.front().subject(), url, chain, since});
  return out;
}

}  // namespace mc::signing
