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
  MC_TRY(out->promised_, PromisedLog::make(*out->log_, std::move(keys.promises)));
  MC_TRY(out->time_, Timestamps::make(std::move(keys.time), clock, random));
  out->remote_time_ = std::move(keys.remote_time);
  return out;
}

Result<proof::Bundle> Signing::sign(const proof::Statement& statement) {
  proof::TimestampSource& time =
      remote_time_ == nullptr ? static_cast<proof::TimestampSource&>(*time_) : *remote_time_;
  return proof::sign_statement({signer_, *log_, time}, statement);
}

proof::TrustedRoot Signing::trust() const {
  const std::vector<pki::Certificate>& chain = time_->chain();
  const pki::Period since{WallTime{chain.front().validity().begin_s * 1'000'000'000}};
  const std::string url = "https://" + log_->key().name();
  proof::TrustedRoot out;
  out.logs.push_back({url, log_->key().key(), log_->key().long_id(), since});
  out.logs.push_back({url, promised_->key(), promised_->id(), since});
  out.timestamp_authorities.push_back(
      {"Maestro Conductor", chain.front().subject(), url, chain, since});
  if (remote_time_ != nullptr) out.timestamp_authorities.push_back(remote_time_->trust());
  return out;
}

}  // namespace mc::signing
