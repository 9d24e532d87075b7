#include "notify/signature.h"

#include "crypto/crypto.h"

namespace mc::notify {
namespace {

constexpr std::string_view kSymmetric = "v1";
constexpr std::string_view kAsymmetric = "v1a";

void append(std::string& out, std::string_view version, const std::string& signature) {
  if (!out.empty()) out += ' ';
  out.append(version).append(",").append(to_base64(signature));
}

}  // namespace

Result<Secrets> Secrets::make(Secret master) {
  if (master.reveal(RevealToken()).size() < kMasterKeyBytesMin) {
    return fail(Code::invalid, "the key of notifications must have at least " +
                                   std::to_string(kMasterKeyBytesMin) + " bytes");
  }
  return Secrets(std::move(master));
}

// Identifiers hold no line feed, so two lists of them never read alike.
std::string Secrets::derive(std::string_view purpose, const Endpoint& endpoint,
                            std::int64_t generation) const {
  const std::string message = "maestro notify\n" + std::string(purpose) + "\n" +
                              endpoint.tenant.get() + "\n" + endpoint.id + "\n" +
                              std::to_string(generation);
  return crypto::hmac_sha256(master_.reveal(RevealToken()), message);
}

Secret Secrets::symmetric(const Endpoint& endpoint, std::int64_t generation) const {
  return Secret("whsec_" + to_base64(derive(kSymmetric, endpoint, generation)));
}

Result<std::string> Secrets::public_key(const Endpoint& endpoint, std::int64_t generation) const {
  MC_TRY(const crypto::SigningKey key,
         crypto::SigningKey::ed25519(Secret(derive(kAsymmetric, endpoint, generation))));
  MC_TRY(const std::string point, from_base64url(key.jwk_member("x")));
  return "whpk_" + to_base64(point);
}

Result<std::string> Secrets::sign(const Parcel& parcel, std::int64_t timestamp) const {
  const Endpoint& endpoint = parcel.endpoint;
  const std::string content = parcel.event + "." + std::to_string(timestamp) + "." + parcel.body;
  const bool overlap =
      endpoint.generation > 1 && endpoint.former_until && parcel.claimed < *endpoint.former_until;
  std::string out;
  for (std::int64_t back = 0; back <= (overlap ? 1 : 0); ++back) {
    const std::int64_t generation = endpoint.generation - back;
    append(out, kSymmetric, crypto::hmac_sha256(derive(kSymmetric, endpoint, generation), content));
    MC_TRY(const crypto::SigningKey key,
           crypto::SigningKey::ed25519(Secret(derive(kAsymmetric, endpoint, generation))));
    MC_TRY(const std::string signature, key.sign(content));
    append(out, kAsymmetric, signature);
  }
  return out;
}

}  // namespace mc::notify
