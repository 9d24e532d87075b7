#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

constexpr std::size_t kHashBytes = 32;
using Hash = std::array<std::uint8_t, kHashBytes>;

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

// HMAC with SHA-256, without a key yet. Names are looked up once; copies of it need no look-up.
Context make_blank() {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MC_CHECK(mac != nullptr);
  Context context(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);  // the context has a share of it
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_END};
  MC_CHECK(context != nullptr && EVP_MAC_CTX_set_params(context.get(), parameters) == 1);
  return context;
}

Context keyed(std::string_view key) {
  static const Context blank = make_blank();
  Context context(EVP_MAC_CTX_dup(blank.get()));
  // A null key means "the same key again": an empty one has an address, too.
  const char* bytes = key.empty() ? "" : key.data();
  MC_CHECK(context != nullptr &&
           EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(bytes), key.size(),
                        nullptr) == 1);
  return context;
}

void update(const Context& context, std::string_view text) {
  MC_CHECK(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1);
}

void finish(const Context& context, Hash& out) {
  std::size_t size = 0;
  MC_CHECK(EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == kHashBytes);
}

std::string_view view_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

void hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                 std::span<std::uint8_t> out) {
  MC_CHECK(out.size() <= 255 * kHashBytes);
  Hash pseudorandom, block;
  const Context extract = keyed(salt);
  update(extract, secret);
  finish(extract, pseudorandom);
  const Context expand = keyed(view_of(pseudorandom));
  for (char count = 1; !out.empty(); ++count) {
    const Context step(EVP_MAC_CTX_dup(expand.get()));
    MC_CHECK(step != nullptr);
    if (count != 1) update(step, view_of(block));
    update(step, info);
    update(step, {&count, 1});
    finish(step, block);
    const std::size_t part = std::min(out.size(), block.size());
    std::memcpy(out.data(), block.data(), part);
    out = out.subspan(part);
  }
  OPENSSL_cleanse(pseudorandom.data(), pseudorandom.size());
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace mc::cipher
