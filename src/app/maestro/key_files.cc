#include "maestro/key_files.h"

namespace mc::app {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16 << 10;
constexpr std::string_view kPemLabel = "PRIVATE KEY";

}  // namespace

Result<crypto::SigningKey> read_key_file(sys::Files& files, const std::string& path,
                                         crypto::Algorithm algorithm) {
  MC_TRY(std::string pem, files.read_all(path, kKeyFileBytesMax));
  Result<std::string> der = crypto::read_pem(pem, kPemLabel);
  wipe(pem);
  if (!der) return fail(Code::invalid, path + ": " + der.error().what);
  const Secret secret(std::move(*der));
  Result<crypto::SigningKey> key = crypto::SigningKey::from_pkcs8(secret);
  if (!key) return fail(Code::invalid, path + ": " + key.error().what);
  if (key->public_key().algorithm() != algorithm) {
    return fail(Code::invalid, path + ": the key must be of the kind " +
                                   std::string(crypto::algorithm_name(algorithm)));
  }
  return key;
}

Status write_key_file(sys::Files& files, const std::string& path, const crypto::SigningKey& key) {
  const Secret der = key.to_pkcs8();
  std::string pem = crypto::write_pem(der.reveal(RevealToken()), kPemLabel);
  const Status written = files.write_atomic(path, pem);
  wipe(pem);
  return written;
}

Result<crypto::SigningKey> own_key(sys::Files& files, const std::string& path,
                                   const std::string& begun, crypto::Algorithm algorithm) {
  MC_TRY(const bool there, files.exists(path));
  if (there) return read_key_file(files, path, algorithm);
  MC_TRY(const bool late, files.exists(begun));
  if (late) {
    return fail(Code::corrupt,
                path + " is gone, but " + begun + " is there; restore the key from its backup");
  }
  MC_TRY(crypto::SigningKey key, crypto::SigningKey::generate(algorithm));
  MC_TRY_OK(write_key_file(files, path, key));
  return key;
}

}  // namespace mc::app
