// OpenSSL marks these functions as old, in favour of EVP, whose contexts are allocated and looked
// up for each message; a tree hashes two short ones for each of its leaves. Both end in the same
// code for the processor's own instructions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <openssl/sha.h>

namespace mc::crypto {
namespace {

SHA256_CTX* context(std::array<std::byte, 112>& state) {
  static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= 8);
  return reinterpret_cast<SHA256_CTX*>(state.data());
}

}  // namespace

Sha256::Sha256() {
  SHA256_Init(context(state_));
}
Sha256& Sha256::add(std::string_view bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
  return *this;
}
Sha256& Sha256::add(const Digest& digest) {
  SHA256_Update(context(state_), digest.data(), digest.size());
  return *this;
}
Sha256& Sha256::add(std::uint8_t byte) {
  SHA256_Update(context(state_), &byte, 1);
  return *this;
}
Digest Sha256::finish() {
  Digest out;
  SHA256_Final(out.data(), context(state_));
  return out;
}

}  // namespace mc::crypto
