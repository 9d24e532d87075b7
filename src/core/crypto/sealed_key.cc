#include "crypto/sealed_key.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstdint>

#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::crypto {
namespace {

constexpr std::string_view kLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
constexpr std::string_view kOlderLabel = "ENCRYPTED COSIGN PRIVATE KEY";
constexpr std::string_view kKdf = "scrypt";
constexpr std::string_view kCipher = "nacl/secretbox";
constexpr std::uint64_t kOlderCost = 1 << 15;
constexpr std::uint64_t kCost = 1 << 16;  // 64 MiB of memory
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kParallel = 1;
constexpr std::size_t kSaltBytes = 32;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "key file: " + std::string(why));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Result<Secret> derive(const Secret& passphrase, std::string_view salt, std::uint64_t cost) {
  const std::string_view phrase = passphrase.reveal(RevealToken());
  std::string key(crypto_secretbox_KEYBYTES, '\0');
  const std::uint64_t memory = 256 * cost * kBlockSize;
  const int done = EVP_PBE_scrypt(phrase.data(), phrase.size(), bytes_of(salt), salt.size(), cost,
                                  kBlockSize, kParallel, memory, bytes_of(key), key.size());
  Secret out(std::move(key));
  if (done == 1) return out;
  return fail(Code::unavailable, "key file: its key cannot be derived; is there enough memory?");
}

struct Box {
  std::uint64_t cost = 0;
  std::string salt;
  std::string nonce;
  std::string ciphertext;
};

const json::Value* member(const json::Value* parent, std::string_view name) {
  const json::Object* object = parent == nullptr ? nullptr : parent->as_object();
  return object == nullptr ? nullptr : object->find(name);
}

std::string_view text_at(const json::Value* parent, std::string_view name) {
  const json::Value* found = member(parent, name);
  if (found == nullptr || found->as_string() == nullptr) return "";
  return *found->as_string();
}

std::uint64_t number_at(const json::Value* parent, std::string_view name) {
  const json::Value* found = member(parent, name);
  const std::int64_t* number = found == nullptr ? nullptr : found->as_int();
  return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

Result<Box> parse_box(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kSealedKeyBytesMax}));
  const json::Value* kdf = member(&value, "kdf");
  const json::Value* params = member(kdf, "params");
  const json::Value* cipher = member(&value, "cipher");
  if (text_at(kdf, "name") != kKdf) return bad("kdf.name: only scrypt is known");
  if (text_at(cipher, "name") != kCipher) return bad("cipher.name: only nacl/secretbox is known");
  Box out;
  out.cost = number_at(params, "N");
  if (out.cost != kCost && out.cost != kOlderCost) {
    return bad("kdf.params.N: it must be 65536 or 32768");
  }
  if (number_at(params, "r") != kBlockSize || number_at(params, "p") != kParallel) {
    return bad("kdf.params: r must be 8 and p 1");
  }
  const auto bytes = [](const json::Value* parent, std::string_view name) {
    return from_base64(text_at(parent, name)).value_or("");
  };
  out.salt = bytes(kdf, "salt");
  out.nonce = bytes(cipher, "nonce");
  out.ciphertext = bytes(&value, "ciphertext");
  if (out.salt.size() != kSaltBytes) return bad("kdf.salt: it is not base64 of 32 bytes");
  if (out.nonce.size() != crypto_secretbox_NONCEBYTES) {
    return bad("cipher.nonce: it is not base64 of 24 bytes");
  }
  if (out.ciphertext.size() <= crypto_secretbox_MACBYTES) {
    return bad("ciphertext: it is not base64 of a box");
  }
  return out;
}

json::Object named(std::string_view name) {
  json::Object out;
  out.set("name", name);
  return out;
}

}  // namespace

Result<std::string> seal_key(const SigningKey& key, const Secret& passphrase,
                             const SealChance& chance) {
  if (passphrase.empty()) return bad("the passphrase is empty");
  const std::string_view salt(chance.salt.data(), chance.salt.size());
  const std::string_view nonce(chance.nonce.data(), chance.nonce.size());
  MC_TRY(const Secret derived, derive(passphrase, salt, kCost));
  const Secret plain = key.to_pkcs8();
  const std::string_view message = plain.reveal(RevealToken());
  std::string box(message.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(bytes_of(box), bytes_of(message), message.size(), bytes_of(nonce),
                        bytes_of(derived.reveal(RevealToken())));
  json::Object params;
  params.set("N", static_cast<std::int64_t>(kCost));
  params.set("r", static_cast<std::int64_t>(kBlockSize));
  params.set("p", static_cast<std::int64_t>(kParallel));
  json::Object kdf = named(kKdf);
  kdf.set("params", std::move(params));
  kdf.set("salt", to_base64(salt));
  json::Object cipher = named(kCipher);
  cipher.set("nonce", to_base64(nonce));
  json::Object out;
  out.set("kdf", std::move(kdf));
  out.set("cipher", std::move(cipher));
  out.set("ciphertext", to_base64(box));
  return write_pem(json::print(out), kLabel);
}

Result<SigningKey> open_sealed_key(std::string_view file, const Secret& passphrase) {
  if (file.size() > kSealedKeyBytesMax) return bad("it is longer than 65536 bytes");
  Result<std::string> json = read_pem(file, kLabel);
  if (!json) json = read_pem(file, kOlderLabel);
  if (!json) return bad("it is not an ENCRYPTED SIGSTORE PRIVATE KEY in PEM");
  MC_TRY(const Box box, parse_box(*json));
  MC_TRY(const Secret derived, derive(passphrase, box.salt, box.cost));
  std::string plain(box.ciphertext.size() - crypto_secretbox_MACBYTES, '\0');
  const int opened =
      crypto_secretbox_open_easy(bytes_of(plain), bytes_of(box.ciphertext), box.ciphertext.size(),
                                 bytes_of(box.nonce), bytes_of(derived.reveal(RevealToken())));
  const Secret der(std::move(plain));
  if (opened != 0) return fail(Code::denied, "key file: the passphrase is wrong");
  return SigningKey::from_pkcs8(der);
}

}  // namespace mc::crypto
