#include "signing/signing.h"

namespace mc::signing {

Result<pki::Certificate> make_seal(const crypto::SigningKey& key, WallTime now,
                                   sys::Random& random) {
  pki::CertificateRequest request = own_request("seal of documents", now, random);
  request.usage = pki::Usage::document_signing;
  return pki::issue_certificate(request, key.public_key(), {key});
}

Result<KeyList> first_keys(const SigningKeys& keys) {
  const std::vector<pki::Certificate>& chain = keys.time.chain;
  if (chain.empty()) return fail(Code::invalid, "signing keys: time: it has no certificate");
  const pki::Period since{WallTime{chain.front().validity().begin_s * 1'000'000'000}};
  const std::string& origin = keys.log.key().name();
  return KeyList::make({{KeyUse::log, keys.log.key().key(), origin, {}, since},
                        {KeyUse::promises, keys.promises.public_key(), origin, {}, since},
                        {KeyUse::signer, keys.signer.public_key(), "", {keys.seal}, since},
                        {KeyUse::time, keys.time.key.public_key(), "", chain, since}});
}

namespace {

// The list with these keys as the current ones.
Result<KeyList> checked_list(const SigningKeys& keys) {
  MC_TRY(const KeyList now, first_keys(keys));
  KeyList out = keys.listed.value_or(now);
  for (const ListedKey& key : now.keys()) {
    const ListedKey& listed = out.current(key.use);
    if (key.key.to_spki() == listed.key.to_spki() && key.chain == listed.chain) continue;
    return fail(Code::corrupt, "signing keys: " + std::string(use_name(key.use)) +
                                   ": the key or its certificate is not the one that is listed; "
                                   "restore it from its backup");
  }
  out.rename_log(keys.log.key().name());
  return out;
}

// What the log promised before the current key began, it did under others.
EarlierPromises earlier_than(const KeyList& keys) {
  EarlierPromises out;
  for (const ListedKey& key : keys.retired(KeyUse::promises)) out.ids.push_back(key.id());
  if (!out.ids.empty()) out.until = keys.current(KeyUse::promises).period.from;
  return out;
}

}  // namespace

Result<std::unique_ptr<Signing>> Signing::open(ledger::Ledger& ledger, sys::Clock& clock,
                                               sys::Random& random, SigningKeys keys) {
  MC_TRY(KeyList listed, checked_list(keys));
  EarlierPromises earlier = earlier_than(listed);
  std::unique_ptr<Signing> out(
      new Signing(std::move(keys.signer), std::move(keys.seal), std::move(listed)));
  MC_TRY(out->log_, SignLog::open(ledger, std::move(keys.log)));
  MC_TRY(out->promised_,
         PromisedLog::make(*out->log_, std::move(keys.promises), std::move(earlier)));
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
  proof::TrustedRoot out = keys_.trust();
  if (remote_time_ != nullptr) out.timestamp_authorities.push_back(remote_time_->trust());
  return out;
}

}  // namespace mc::signing
