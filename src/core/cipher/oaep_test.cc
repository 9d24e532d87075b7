#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <memory>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

using Sizes = std::initializer_list<std::size_t>;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

template <class F>
std::string der_of(F write) {
  std::string out(static_cast<std::size_t>(write(nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  write(&at);
  return out;
}

struct Pair {
  explicit Pair(Key made) : key(std::move(made)) {
    spki = der_of([&](unsigned char** at) { return i2d_PUBKEY(key.get(), at); });
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key.get());
    pkcs8 = der_of([&](unsigned char** at) { return i2d_PKCS8_PRIV_KEY_INFO(info, at); });
    PKCS8_PRIV_KEY_INFO_free(info);
  }
  Secret secret() const { return Secret(pkcs8); }
  Key key;
  std::string spki, pkcs8;
};

const Pair& pair_of_2048() {
  static const Pair pair(Key(EVP_RSA_gen(2048), EVP_PKEY_free));
  return pair;
}

std::string hash_of(OaepHash hash, std::string_view text) {
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  std::string out(hash == OaepHash::sha1 ? 20 : 32, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  hash == OaepHash::sha1 ? SHA1(in, text.size(), to) : SHA256(in, text.size(), to);
  return out;
}

// RFC 8017 appendix B.2.1, mixed into the text.
std::string unmasked(OaepHash hash, std::string text, const std::string& seed) {
  std::string mask;
  for (char count = 0; mask.size() < text.size(); ++count) {
    mask += hash_of(hash, seed + std::string(3, '\0') + count);
  }
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ mask[i]);
  return text;
}

// RFC 8017 section 7.1.2 step 3 after plain RSA, written from its text; "!" when it does not hold.
std::string decoded(OaepHash hash, const Pair& pair, std::string_view sealed,
                    const std::string& label) {
  std::string block(sealed.size(), '\0');
  std::size_t size = block.size();
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(pair.key.get(), nullptr);
  REQUIRE(EVP_PKEY_decrypt_init(context) == 1);
  REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1);
  REQUIRE(EVP_PKEY_decrypt(context, reinterpret_cast<unsigned char*>(block.data()), &size,
                           reinterpret_cast<const unsigned char*>(sealed.data()),
                           sealed.size()) == 1);
  EVP_PKEY_CTX_free(context);
  const std::string label_hash = hash_of(hash, label);
  const std::size_t width = label_hash.size();
  const std::string seed = unmasked(hash, block.substr(1, width), block.substr(1 + width));
  const std::string data = unmasked(hash, block.substr(1 + width), seed);
  const std::size_t one = data.find('\1', width);
  if (block[0] != '\0' || data.substr(0, width) != label_hash || one == std::string::npos ||
      data.find_first_not_of('\0', width) != one) {
    return "!";
  }
  return data.substr(one + 1);
}

TEST_CASE("rsa-oaep: encodes what RFC 8017 says, with either hash and any label") {
  const Pair& pair = pair_of_2048();
  for (const OaepHash hash : {OaepHash::sha1, OaepHash::sha256}) {
    for (const std::string label : {"", "label"}) {
      for (const std::size_t size : Sizes{0, 1, 32, hash == OaepHash::sha1 ? 214U : 190U}) {
        CAPTURE(size);
        const std::string text(size, 's');
        const auto sealed = oaep_encrypt(hash, pair.spki, Secret(text), label);
        REQUIRE(sealed);
        CHECK(sealed->size() == 256);
        CHECK(decoded(hash, pair, *sealed, label) == text);
        const auto secret = oaep_decrypt(hash, pair.secret(), *sealed, label);
        REQUIRE(secret);
        CHECK(secret->reveal(RevealToken()) == text);
      }
    }
  }
}

TEST_CASE("rsa-oaep: what is another in any way is corrupt") {
  const Pair& pair = pair_of_2048();
  const std::string sealed = *oaep_encrypt(OaepHash::sha256, pair.spki, Secret("secret"), "label");
  const auto code_of = [&](OaepHash hash, std::string_view bytes, std::string_view label) {
    const auto secret = oaep_decrypt(hash, pair.secret(), bytes, label);
    REQUIRE_FALSE(secret);
    return secret.error().code;
  };
  CHECK(code_of(OaepHash::sha1, sealed, "label") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, sealed, "Label") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, sealed, "") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, sealed.substr(1), "label") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, '\0' + sealed, "label") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, "", "label") == Code::corrupt);
  CHECK(code_of(OaepHash::sha256, std::string(256, '\xff'), "label") == Code::corrupt);
  for (const std::size_t at : Sizes{0, 100, 255}) {
    std::string bad = sealed;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    CHECK(code_of(OaepHash::sha256, bad, "label") == Code::corrupt);
  }
}

TEST_CASE("rsa-oaep: refuses other keys, and secrets too long for the key") {
  const Pair& pair = pair_of_2048();
  const Pair weak(Key(EVP_RSA_gen(1024), EVP_PKEY_free));
  const Pair curve(Key(EVP_EC_gen("P-256"), EVP_PKEY_free));
  for (const std::string& spki :
       {weak.spki, curve.spki, pair.spki + '\0', pair.spki.substr(1), std::string()}) {
    const auto sealed = oaep_encrypt(OaepHash::sha256, spki, Secret("secret"));
    REQUIRE_FALSE(sealed);
    CHECK(sealed.error().code == Code::invalid);
  }
  for (const std::string& pkcs8 : {weak.pkcs8, curve.pkcs8, pair.pkcs8 + '\0', std::string()}) {
    const auto secret = oaep_decrypt(OaepHash::sha256, Secret(pkcs8), std::string(256, 'x'));
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == Code::invalid);
  }
  for (const OaepHash hash : {OaepHash::sha1, OaepHash::sha256}) {
    const Secret secret(std::string(hash == OaepHash::sha1 ? 215 : 191, 's'));
    CHECK(oaep_encrypt(hash, pair.spki, secret).error().code == Code::invalid);
  }
  CHECK_FALSE(oaep_encrypt(OaepHash::sha1, pair.spki, Secret("s"), std::string(4097, 'l')));
}

}  // namespace
}  // namespace mc::cipher
