#include "kms/key_file.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "crypto/crypto.h"
#include "kms/parts.h"

namespace mc::kms {
namespace {

constexpr std::string_view kKind = "mc.keyfile/1";
constexpr std::string_view kKdf = "argon2id";
constexpr std::string_view kCipher = "xaes-256-gcm";
constexpr std::size_t kSaltBytes = crypto_pwhash_SALTBYTES;
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kNonceBytes = cipher::nonce_bytes(cipher::Suite::xaes_256_gcm);
constexpr std::size_t kSealedBytes = cipher::kKeyBytes + cipher::kTagBytes;
constexpr std::size_t kMacBytes = 32;
constexpr std::int64_t kOpsMax = 16;
constexpr std::int64_t kMemoryKibMin = 8'192;
constexpr std::int64_t kMemoryKibMax = 1'048'576;
constexpr std::int64_t kIssuedMax = 1'000'000;
static_assert(kSaltBytes == 16);

tl::unexpected<Error> corrupt(std::string_view why) {
  return fail(Code::corrupt, "key file: " + std::string(why));
}

std::span<std::uint8_t> bytes_of(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

cipher::KeyView key_view(const Secret& key) {
  const std::string_view bytes = key.reveal(RevealToken());
  MC_CHECK(bytes.size() == cipher::kKeyBytes);
  return cipher::KeyView(reinterpret_cast<const std::uint8_t*>(bytes.data()), cipher::kKeyBytes);
}

bool is_base64_of(const std::string& text, std::size_t bytes) {
  const Result<std::string> decoded = from_base64(text);
  return decoded && decoded->size() == bytes;
}

bool within(std::int64_t value, std::int64_t min, std::int64_t max) {
  return value >= min && value <= max;
}

Secret expand(const Secret& derived, std::string_view use, std::size_t size) {
  std::string out(size, '\0');
  cipher::hkdf_sha256(derived.reveal(RevealToken()), "",
                      std::string(kKind) + " " + std::string(use), bytes_of(out));
  return Secret(std::move(out));
}

Result<Secret> derive(const Secret& passphrase, const KeyFileKdf& kdf) {
  const std::string_view phrase = passphrase.reveal(RevealToken());
  const std::string salt = from_base64(kdf.salt).value_or("");
  MC_CHECK(salt.size() == kSaltBytes);
  if (sodium_init() < 0) return fail(Code::unavailable, "key file: libsodium does not start");
  std::string key(cipher::kKeyBytes, '\0');
  const int done = crypto_pwhash(
      bytes_of(key).data(), key.size(), phrase.data(), phrase.size(),
      reinterpret_cast<const unsigned char*>(salt.data()), static_cast<std::uint64_t>(kdf.ops),
      static_cast<std::size_t>(kdf.memory_kib) * 1'024, crypto_pwhash_ALG_ARGON2ID13);
  Secret out(std::move(key));
  if (done == 0) return out;
  return fail(Code::unavailable, "key file: its key cannot be derived; is there enough memory?");
}

std::string aad_of(const KeyFile& file, std::int64_t version, std::string_view created_at) {
  std::string out;
  append_part(out, kKind);
  append_part(out, file.id);
  append_part(out, std::to_string(version));
  append_part(out, created_at);
  return out;
}

std::string mac_of(const KeyFile& file, const KeyFileKeys& keys) {
  json::Value value = json::to_value(file);
  value.as_object()->erase("mac");
  return crypto::hmac_sha256(keys.mac.reveal(RevealToken()), json::canonical(value));
}

KeyFileKeys keys_of(const Secret& derived) {
  return {.seal = expand(derived, "seal", cipher::kKeyBytes),
          .mac = expand(derived, "mac", cipher::kKeyBytes)};
}

Status check_version(const KeyFileVersion& version) {
  if (!parse_rfc3339(version.created_at)) return corrupt("created_at: not a time of RFC 3339");
  if (!is_base64_of(version.nonce, kNonceBytes)) return corrupt("nonce: not base64 of 24 bytes");
  if (!is_base64_of(version.ciphertext, kSealedBytes)) {
    return corrupt("ciphertext: not base64 of 48 bytes");
  }
  return ok();
}

}  // namespace

Status KeyFile::check() const {
  if (kind != kKind) return corrupt("kind: only mc.keyfile/1 is known");
  const Result<std::string> raw_id = from_hex(id);
  if (!raw_id || raw_id->size() != 16 || to_lower(id) != id) {
    return corrupt("id: not 32 hexadecimal digits");
  }
  if (kdf.name != kKdf) return corrupt("kdf.name: only argon2id is known");
  if (!within(kdf.ops, 1, kOpsMax)) return corrupt("kdf.ops: must be 1 to 16");
  if (!within(kdf.memory_kib, kMemoryKibMin, kMemoryKibMax)) {
    return corrupt("kdf.memory_kib: must be 8192 to 1048576");
  }
  if (!is_base64_of(kdf.salt, kSaltBytes)) return corrupt("kdf.salt: not base64 of 16 bytes");
  if (!is_base64_of(kdf.check, kCheckBytes)) return corrupt("kdf.check: not base64 of 16 bytes");
  if (cipher != kCipher) return corrupt("cipher: only xaes-256-gcm is known");
  if (!within(issued, 1, kIssuedMax)) return corrupt("issued: must be 1 to 1000000");
  if (versions.size() > kKeyFileVersionsMax) return corrupt("versions: more than 64");
  std::int64_t last = 0;
  for (const KeyFileVersion& version : versions) {
    if (version.version <= last || version.version > issued) {
      return corrupt("versions: must rise, up to `issued`");
    }
    last = version.version;
    MC_TRY_OK(check_version(version));
  }
  if (!is_base64_of(mac, kMacBytes)) return corrupt("mac: not base64 of 32 bytes");
  return ok();
}

Result<KeyFile> parse_key_file(std::string_view bytes) {
  if (bytes.size() > kKeyFileBytesMax) return corrupt("it is longer than 65536 bytes");
  const Result<json::Value> value =
      json::parse(bytes, {.bytes_max = kKeyFileBytesMax, .depth_max = 4, .values_max = 1'000});
  if (!value) return corrupt("it is no JSON, or larger than one can be");
  Result<KeyFile> file = json::read<KeyFile>(*value);
  if (!file) return corrupt(excerpt(file.error().what, 200));
  return file;
}

std::string print_key_file(const KeyFile& file) {
  return json::print_pretty(json::to_value(file)) + "\n";
}

Result<KeyFileKeys> unlock_key_file(const KeyFile& file, const Secret& passphrase) {
  MC_TRY(const Secret derived, derive(passphrase, file.kdf));
  const Secret check = expand(derived, "check", kCheckBytes);
  if (!equal_constant_time(check.reveal(RevealToken()), from_base64(file.kdf.check).value_or(""))) {
    return fail(Code::denied, "key file: the passphrase is another one");
  }
  KeyFileKeys keys = keys_of(derived);
  if (!equal_constant_time(mac_of(file, keys), from_base64(file.mac).value_or(""))) {
    return corrupt("its MAC is wrong");
  }
  return keys;
}

Status open_key_version(const KeyFile& file, const KeyFileVersion& version, const KeyFileKeys& keys,
                        cipher::HeldKey& out) {
  const std::string nonce = from_base64(version.nonce).value_or("");
  const std::string sealed = from_base64(version.ciphertext).value_or("");
  if (sealed.size() != kSealedBytes) return corrupt("ciphertext: not base64 of 48 bytes");
  return cipher::open({cipher::Suite::xaes_256_gcm, key_view(keys.seal), nonce,
                       aad_of(file, version.version, version.created_at)},
                      sealed, reinterpret_cast<char*>(out.bytes().data()));
}

Status add_key_version(KeyFile& file, const KeyFileKeys& keys, sys::Clock& clock,
                       sys::Random& random) {
  if (file.versions.size() >= kKeyFileVersionsMax) {
    return fail(Code::invalid, "key file: it has 64 versions; destroy those that wrap nothing");
  }
  if (file.issued >= kIssuedMax) return fail(Code::invalid, "key file: it has had all versions");
  KeyFileVersion next;
  next.version = file.issued + 1;
  next.created_at = format_rfc3339(clock.wall());
  std::string root(cipher::kKeyBytes, '\0');
  random.fill(bytes_of(root));
  const Secret secret(std::move(root));
  std::string nonce(kNonceBytes, '\0');
  random.fill(bytes_of(nonce));
  std::string sealed(kSealedBytes, '\0');
  MC_TRY_OK(cipher::seal({cipher::Suite::xaes_256_gcm, key_view(keys.seal), nonce,
                          aad_of(file, next.version, next.created_at)},
                         secret.reveal(RevealToken()), sealed.data()));
  next.nonce = to_base64(nonce);
  next.ciphertext = to_base64(sealed);
  file.issued = next.version;
  file.versions.push_back(std::move(next));
  return ok();
}

void sign_key_file(KeyFile& file, const KeyFileKeys& keys) {
  file.mac = to_base64(mac_of(file, keys));
}

Status create_key_file(const std::string& path, const Secret& passphrase, const KeyFileCost& cost,
                       const KeyFileWorld& world) {
  if (passphrase.empty() || passphrase.reveal(RevealToken()).size() > kPassphraseBytesMax) {
    return fail(Code::invalid, "key file: the passphrase must have 1 to 1024 bytes");
  }
  if (!within(cost.ops, 1, kOpsMax) || !within(cost.memory_kib, kMemoryKibMin, kMemoryKibMax)) {
    return fail(Code::invalid, "key file: ops must be 1 to 16, memory_kib 8192 to 1048576");
  }
  MC_TRY(const bool taken, world.files.exists(path));
  if (taken) return fail(Code::conflict, "key file: " + path + " exists");
  std::string id(16, '\0');
  std::string salt(kSaltBytes, '\0');
  world.random.fill(bytes_of(id));
  world.random.fill(bytes_of(salt));
  KeyFile file;
  file.kind = kKind;
  file.id = to_hex(id);
  file.kdf.ops = cost.ops;
  file.kdf.memory_kib = cost.memory_kib;
  file.kdf.salt = to_base64(salt);
  MC_TRY(const Secret derived, derive(passphrase, file.kdf));
  file.kdf.check = to_base64(expand(derived, "check", kCheckBytes).reveal(RevealToken()));
  const KeyFileKeys keys = keys_of(derived);
  MC_TRY_OK(add_key_version(file, keys, world.clock, world.random));
  sign_key_file(file, keys);
  return world.files.write_atomic(path, print_key_file(file));
}

}  // namespace mc::kms
