#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

constexpr std::size_t kSecretBytesMax = 4096;
constexpr std::size_t kBlockBytes = 8;
constexpr std::size_t kOverhead = 8;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// By the size of the key; null for others. Looked up once.
const EVP_CIPHER* cipher_of(Wrap form, std::size_t key_bytes) {
  static const std::array<EVP_CIPHER*, 6> ciphers = [] {
    const char* names[] = {"AES-128-WRAP",     "AES-192-WRAP",     "AES-256-WRAP",
                           "AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"};
    std::array<EVP_CIPHER*, 6> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = EVP_CIPHER_fetch(nullptr, names[i], nullptr);
      MC_CHECK(out[i] != nullptr);
    }
    return out;
  }();
  if (key_bytes != 16 && key_bytes != 24 && key_bytes != 32) return nullptr;
  return ciphers[(form == Wrap::kw ? 0U : 3U) + (key_bytes - 16) / 8];
}

// Of the longest secret with padding. Wiped, for it holds a secret or what is left of one.
struct Buffer {
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  std::string text() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
  std::array<unsigned char, kSecretBytesMax + kOverhead + kBlockBytes> bytes;
  std::size_t size = 0;
};

enum class Direction : int { unwrap = 0, wrap = 1 };

// False: it was refused.
bool run(const EVP_CIPHER* cipher, const Secret& key, std::string_view in, Direction direction,
         Buffer& out) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  MC_CHECK(context != nullptr);
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const auto* key_bytes = reinterpret_cast<const unsigned char*>(key.reveal(RevealToken()).data());
  MC_CHECK(EVP_CipherInit_ex2(context.get(), cipher, key_bytes, nullptr,
                              static_cast<int>(direction), nullptr) == 1);
  int size = 0, last = 0;
  const bool good = EVP_CipherUpdate(context.get(), out.bytes.data(), &size,
                                     reinterpret_cast<const unsigned char*>(in.data()),
                                     static_cast<int>(in.size())) == 1 &&
                    size > 0 &&
                    EVP_CipherFinal_ex(context.get(), out.bytes.data() + size, &last) == 1 &&
                    last == 0;
  if (good) {
    out.size = static_cast<std::size_t>(size);
  } else {
    ERR_clear_error();
  }
  return good;
}

bool can_be_wrapped(Wrap form, std::size_t size) {
  if (form == Wrap::kwp) return size >= 1 && size <= kSecretBytesMax;
  return size >= 16 && size <= kSecretBytesMax && size % kBlockBytes == 0;
}

bool can_be_unwrapped(Wrap form, std::size_t size) {
  const std::size_t least = form == Wrap::kwp ? 16 : 24;
  return size >= least && size <= kSecretBytesMax + kOverhead && size % kBlockBytes == 0;
}

}  // namespace

Result<std::string> wrap_key(Wrap form, const Secret& key, const Secret& secret) {
  const EVP_CIPHER* cipher = cipher_of(form, key.reveal(RevealToken()).size());
  if (cipher == nullptr) return fail(Code::invalid, "key wrap: its key has 16, 24 or 32 bytes");
  const std::string_view in = secret.reveal(RevealToken());
  if (!can_be_wrapped(form, in.size())) {
    return fail(Code::invalid, form == Wrap::kwp
                                   ? "key wrap: what is wrapped has 1 to 4096 bytes"
                                   : "key wrap: what is wrapped has 16 to 4096 bytes, in eights");
  }
  Buffer out;
  MC_CHECK(run(cipher, key, in, Direction::wrap, out));
  return out.text();
}

Result<Secret> unwrap_key(Wrap form, const Secret& key, std::string_view wrapped) {
  const EVP_CIPHER* cipher = cipher_of(form, key.reveal(RevealToken()).size());
  if (cipher == nullptr) return fail(Code::invalid, "key wrap: its key has 16, 24 or 32 bytes");
  Buffer out;
  if (!can_be_unwrapped(form, wrapped.size()) ||
      !run(cipher, key, wrapped, Direction::unwrap, out)) {
    return fail(Code::corrupt, "key wrap: the wrapped bytes or their key is wrong");
  }
  return Secret(out.text());
}

}  // namespace mc::cipher
