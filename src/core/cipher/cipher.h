// Authenticated encryption, key derivation and key wrapping, by OpenSSL.
//
// Keys are borrowed and nothing here keeps one: what a call makes of a key is wiped at its end.
// What is decrypted is given out only when its tag is right: `out` is zeros otherwise. Tags have 16
// bytes, always. All functions are thread-safe, and none blocks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cipher/key_arena.h"  // IWYU pragma: export
#include "sys/sys.h"

namespace mc::cipher {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kTagBytes = 16;
using KeyView = std::span<const std::uint8_t, kKeyBytes>;

enum class Suite : std::uint8_t {
  xaes_256_gcm = 1,  // C2SP XAES-256-GCM: nonces of 24 bytes, random for 2^80 messages
  aes_256_gcm = 2,   // NIST SP 800-38D: nonces of 12 bytes, random for 2^31 messages of a key
};
constexpr std::size_t nonce_bytes(Suite suite) {
  return suite == Suite::xaes_256_gcm ? 24 : 12;
}

// How one message is sealed, and opened again. Borrowed.
struct Sealing {
  Suite suite = Suite::xaes_256_gcm;
  KeyView key;
  std::string_view nonce;
  std::string_view aad;  // authenticated with it, and not stored
};

// Writes plaintext.size() + kTagBytes bytes to `out`, which overlaps nothing. `invalid`: the nonce
// has another length, or the plaintext more than kMessageBytesMax.
Status seal(const Sealing& how, std::string_view plaintext, char* out);
// Writes sealed.size() - kTagBytes bytes. `corrupt`, with one text, whatever was wrong; `out` is
// zeros then.
Status open(const Sealing& how, std::string_view sealed, char* out);
inline constexpr std::size_t kMessageBytesMax = std::size_t{1} << 30;

// Random nonces, drawn some hundred at a time, as one system call each costs more than to encrypt.
// A forked process never gives those of its parent. Thread-safe.
class Nonces {
 public:
  explicit Nonces(sys::Random& random);  // outlives it
  ~Nonces();
  Nonces(const Nonces&) = delete;
  Nonces& operator=(const Nonces&) = delete;
  void fill(std::span<std::uint8_t> out);  // at most 32 bytes

 private:
  struct Pool;  // in memory that a fork wipes
  sys::Random& random_;
  std::mutex mutex_;
  Pool* pool_;
};

// HKDF with SHA-256 (RFC 5869): out.size() at most 255 * 32.
void hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                 std::span<std::uint8_t> out);

// AES key wrap with a key of 16, 24 or 32 bytes (NIST SP 800-38F, RFC 3394), of a multiple of 8
// bytes, 16 to 4096; and with padding (RFC 5649), of any 1 to 4096 bytes. Unwrapping: `corrupt`.
enum class Wrap : std::uint8_t { kw, kwp };
Result<std::string> wrap_key(Wrap form, const Secret& key, const Secret& secret);
Result<Secret> unwrap_key(Wrap form, const Secret& key, std::string_view wrapped);

// RSA-OAEP (RFC 8017 section 7.1), MGF1 with the same hash. Public keys as SubjectPublicKeyInfo,
// private ones as PKCS#8, 2048 to 8192 bits. Decryption: `corrupt`.
enum class OaepHash : std::uint8_t { sha1, sha256 };
Result<std::string> oaep_encrypt(OaepHash hash, std::string_view spki, const Secret& secret,
                                 std::string_view label = "");
Result<Secret> oaep_decrypt(OaepHash hash, const Secret& pkcs8, std::string_view sealed,
                            std::string_view label = "");

}  // namespace mc::cipher
