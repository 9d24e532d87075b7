#include "pkcs11/blob.h"

#include <algorithm>

#include "kms/kms.h"

namespace mc::pkcs11 {
namespace {

constexpr std::size_t kFrameBytesMin = 24;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kFrameBytesMax = (1 + kms::kSecretBytesMax + 7) / 8 * 8;
constexpr std::size_t kModulusBytesMax = 1'024;

std::size_t frame_bytes(std::size_t secret) {
  return std::max(kFrameBytesMin, (1 + secret + 7) / 8 * 8);
}

tl::unexpected<Error> no_blob() {
  return fail(Code::corrupt, "pkcs11: no wrapped secret of this provider");
}

bool is_framed(std::size_t bytes) {
  return bytes >= kFrameBytesMin && bytes <= kFrameBytesMax && bytes % 8 == 0;
}

bool has_right_size(const Blob& blob) {
  const std::size_t size = blob.bytes.size();
  switch (blob.form) {
    case Form::key_wrap:
    case Form::key_wrap_padded:
      return size >= 8 && is_framed(size - 8);
    // Some tokens pad with PKCS#7 first, which adds eight bytes to whole blocks.
    case Form::key_wrap_pad:
      return size >= 16 && (is_framed(size - 8) || is_framed(size - 16));
    case Form::gcm:
      return size >= kTagBytes && is_framed(size - kTagBytes);
    case Form::oaep:
      return size >= 128 && size <= kModulusBytesMax;
  }
  return false;
}

}  // namespace

std::string format_blob(const Blob& blob) {
  std::string out(1, static_cast<char>(blob.form));
  if (blob.form == Form::oaep) out += static_cast<char>(blob.hash);
  if (blob.form == Form::gcm) out += blob.iv;
  return out + blob.bytes;
}

Result<Blob> parse_blob(std::string_view bytes) {
  if (bytes.empty()) return no_blob();
  const auto form = static_cast<std::uint8_t>(bytes[0]);
  if (form < static_cast<int>(Form::key_wrap) || form > static_cast<int>(Form::oaep)) {
    return no_blob();
  }
  Blob blob{.form = static_cast<Form>(form), .hash = Hash::none, .iv = "", .bytes = ""};
  bytes.remove_prefix(1);
  if (blob.form == Form::oaep) {
    if (bytes.empty() || (bytes[0] != 1 && bytes[0] != 2)) return no_blob();
    blob.hash = static_cast<Hash>(bytes[0]);
    bytes.remove_prefix(1);
  }
  if (blob.form == Form::gcm) {
    blob.iv = bytes.substr(0, kIvBytes);
    if (blob.iv.size() != kIvBytes) return no_blob();
    bytes.remove_prefix(kIvBytes);
  }
  blob.bytes = bytes;
  if (!has_right_size(blob)) return no_blob();
  return blob;
}

Secret frame(std::string_view secret) {
  MC_CHECK(secret.size() <= kms::kSecretBytesMax);
  std::string out;
  out.reserve(kFrameBytesMax);
  out += static_cast<char>(secret.size());
  out += secret;
  out.resize(frame_bytes(secret.size()), '\0');
  return Secret(std::move(out));
}

Result<Secret> unframe(const Secret& framed) {
  const std::string_view bytes = framed.reveal(RevealToken{});
  const std::size_t size = bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes[0]);
  const bool good = size <= kms::kSecretBytesMax && bytes.size() == frame_bytes(size) &&
                    bytes.find_first_not_of('\0', 1 + size) == std::string_view::npos;
  if (!good) return fail(Code::corrupt, "pkcs11: what opened is no secret of this provider");
  // Never within the string itself, from where moving would leave it behind.
  std::string out;
  out.reserve(kms::kSecretBytesMax);
  out += bytes.substr(1, size);
  return Secret(std::move(out));
}

}  // namespace mc::pkcs11
