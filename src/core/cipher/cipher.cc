#include "cipher/cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

#include "cipher/aes256.h"
#include "sys/secret_memory.h"

namespace mc::cipher {
namespace {

constexpr std::size_t kGcmNonceBytes = 12;
constexpr std::size_t kPartBytesMax = std::size_t{1} << 30;  // OpenSSL counts in int

enum class Direction : int { open = 0, seal = 1 };

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
std::uint8_t* bytes_of(char* text) {
  return reinterpret_cast<std::uint8_t*>(text);
}

// What AES-256-GCM is given: for XAES a key of the message's own, wiped in the end.
class MessageKey {
 public:
  MessageKey(Suite suite, KeyView key, std::string_view nonce)
      : key_(key.data()), nonce_(bytes_of(nonce)) {
    if (suite == Suite::aes_256_gcm) return;
    derive_message_key(key, std::span<const std::uint8_t, kGcmNonceBytes>(nonce_, kGcmNonceBytes),
                       derived_);
    key_ = derived_.data();
    nonce_ += kGcmNonceBytes;
  }
  MessageKey(const MessageKey&) = delete;
  MessageKey& operator=(const MessageKey&) = delete;
  ~MessageKey() {
    if (key_ == derived_.data()) OPENSSL_cleanse(derived_.data(), derived_.size());
  }
  const std::uint8_t* key() const { return key_; }
  const std::uint8_t* nonce() const { return nonce_; }

 private:
  const std::uint8_t* key_;
  const std::uint8_t* nonce_;
  std::array<std::uint8_t, kKeyBytes> derived_;
};

// Looked up once, as that costs more than to encrypt a field.
const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  MC_CHECK(cipher != nullptr);
  return cipher;
}

OSSL_PARAM tag_parameter(std::uint8_t* tag) {
  return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, kTagBytes);
}

// AES-256-GCM for one message. Its end wipes the key and all that was made of it. To keep a context
// and to overwrite its key with zeros takes 120 ns longer than to make one anew (cipher_bench).
class Gcm {
 public:
  // `tag`: the one that must come out; null to seal.
  Gcm(const MessageKey& key, Direction direction, const std::uint8_t* tag)
      : context_(EVP_CIPHER_CTX_new()) {
    std::uint8_t wanted[kTagBytes] = {};
    if (tag != nullptr) std::memcpy(wanted, tag, kTagBytes);
    OSSL_PARAM parameters[] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (tag != nullptr) parameters[0] = tag_parameter(wanted);
    MC_CHECK(context_ != nullptr);
    MC_CHECK(EVP_CipherInit_ex2(context_, aes_256_gcm(), key.key(), key.nonce(),
                                static_cast<int>(direction), parameters) == 1);
  }
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;
  ~Gcm() { EVP_CIPHER_CTX_free(context_); }

  // `out`: null for what is authenticated only.
  void update(std::string_view in, std::uint8_t* out) {
    while (!in.empty()) {
      const std::size_t part = std::min(in.size(), kPartBytesMax);
      int size = 0;
      MC_CHECK(EVP_CipherUpdate(context_, out, &size, bytes_of(in), static_cast<int>(part)) == 1);
      in.remove_prefix(part);
      if (out != nullptr) out += part;
    }
  }

  // False: the tag is another.
  bool finish() {
    int size = 0;
    std::uint8_t nothing[kTagBytes];  // GCM has no last block
    return EVP_CipherFinal_ex(context_, nothing, &size) == 1;
  }
  void write_tag(std::uint8_t* out) {
    OSSL_PARAM parameters[] = {tag_parameter(out), OSSL_PARAM_END};
    MC_CHECK(EVP_CIPHER_CTX_get_params(context_, parameters) == 1);
  }

 private:
  EVP_CIPHER_CTX* context_;
};

bool open_whole(const Sealing& how, std::string_view text, const std::uint8_t* tag,
                std::uint8_t* out) {
  const MessageKey message_key(how.suite, how.key, how.nonce);
  Gcm gcm(message_key, Direction::open, tag);
  gcm.update(how.aad, nullptr);
  gcm.update(text, out);
  return gcm.finish();
}

}  // namespace

Status seal(const Sealing& how, std::string_view plaintext, char* out) {
  if (how.nonce.size() != nonce_bytes(how.suite)) {
    return fail(Code::invalid,
                "cipher: the nonce must have " + std::to_string(nonce_bytes(how.suite)) + " bytes");
  }
  if (plaintext.size() > kMessageBytesMax) {
    return fail(Code::invalid, "cipher: a message has at most 1 GiB");
  }
  const MessageKey message_key(how.suite, how.key, how.nonce);
  Gcm gcm(message_key, Direction::seal, nullptr);
  gcm.update(how.aad, nullptr);
  gcm.update(plaintext, bytes_of(out));
  MC_CHECK(gcm.finish());
  gcm.write_tag(bytes_of(out) + plaintext.size());
  return ok();
}

Status open(const Sealing& how, std::string_view sealed, char* out) {
  const std::size_t size = sealed.size() < kTagBytes ? 0 : sealed.size() - kTagBytes;
  if (how.nonce.size() == nonce_bytes(how.suite) && sealed.size() >= kTagBytes &&
      size <= kMessageBytesMax &&
      open_whole(how, sealed.substr(0, size), bytes_of(sealed) + size, bytes_of(out))) {
    return ok();
  }
  if (size > 0) OPENSSL_cleanse(out, size);
  ERR_clear_error();
  return fail(Code::corrupt, "cipher: the sealed bytes, their key or their context is wrong");
}

// The count is in the memory too: a forked child reads that nothing is left, and draws its own.
struct Nonces::Pool {
  static constexpr std::size_t kBytes = 8192, kCountBytes = 8;

  sys::SecretMemory memory{kCountBytes + kBytes};

  std::size_t left() const {
    std::uint64_t count = 0;
    std::memcpy(&count, memory.data(), kCountBytes);
    return static_cast<std::size_t>(count);
  }
  void set_left(std::uint64_t count) { std::memcpy(memory.data(), &count, kCountBytes); }
  std::uint8_t* bytes() { return memory.data() + kCountBytes; }
};

Nonces::Nonces(sys::Random& random) : random_(random), pool_(std::make_unique<Pool>().release()) {}

Nonces::~Nonces() {
  const std::unique_ptr<Pool> ended(pool_);
}

void Nonces::fill(std::span<std::uint8_t> out) {
  MC_CHECK(out.size() <= 32);
  const std::lock_guard lock(mutex_);
  std::size_t left = pool_->left();
  if (left < out.size()) {
    random_.fill({pool_->bytes(), Pool::kBytes});
    left = Pool::kBytes;
  }
  left -= out.size();
  pool_->set_left(left);
  std::memcpy(out.data(), pool_->bytes() + left, out.size());
  // Nobody who reads this memory later learns what was drawn, nor gets it twice.
  std::memset(pool_->bytes() + left, 0, out.size());
}

}  // namespace mc::cipher
