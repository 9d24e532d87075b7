#include "kmip/seal.h"

#include "kms/branch.h"

namespace mc::kmip {
namespace {

constexpr std::string_view kDomain = "mc/kmip/1";
constexpr std::size_t kDigestBytes = 32;
static_assert(kDigestBytes + 1 + kms::kSecretBytesMax <= kFrameBytes);

tl::unexpected<Error> corrupt() {
  return fail(Code::corrupt, "kmip: no wrapped secret of this key");
}

// Of parts of fixed sizes but the last one, so that it cannot be read in two ways.
std::string digest_of(std::string_view secret, const kms::Context& context) {
  std::string text;
  text.reserve(kDomain.size() + kDigestBytes + kms::kSecretBytesMax);
  text += kDomain;
  text += sys::sha256(kms::canonical_context(context));
  text += secret;
  std::string out = sys::sha256(text);
  wipe(text);
  return out;
}

}  // namespace

Status check_sealed(const Sealed& sealed) {
  const bool good = sealed.form == Form::gcm
                        ? sealed.iv.size() == kGcmIvBytes && sealed.tag.size() == kTagBytes &&
                              !sealed.bytes.empty() && sealed.bytes.size() <= kms::kSecretBytesMax
                        : sealed.iv.size() == kCbcIvBytes && sealed.tag.empty() &&
                              sealed.bytes.size() == kCbcBytes;
  if (!good) return corrupt();
  return ok();
}

std::string format_sealed(const Sealed& sealed) {
  return static_cast<char>(sealed.form) + sealed.iv + sealed.tag + sealed.bytes;
}

Result<Sealed> parse_sealed(std::string_view bytes) {
  if (bytes.empty() || (bytes[0] != 1 && bytes[0] != 2)) return corrupt();
  Sealed out;
  out.form = static_cast<Form>(bytes[0]);
  bytes.remove_prefix(1);
  const bool gcm = out.form == Form::gcm;
  const std::size_t iv = gcm ? kGcmIvBytes : kCbcIvBytes;
  const std::size_t tag = gcm ? kTagBytes : 0;
  if (bytes.size() < iv + tag) return corrupt();
  out.iv = bytes.substr(0, iv);
  out.tag = bytes.substr(iv, tag);
  out.bytes = bytes.substr(iv + tag);
  MC_TRY_OK(check_sealed(out));
  return out;
}

Secret frame(const Secret& secret, const kms::Context& context) {
  const std::string_view bytes = secret.reveal(RevealToken());
  std::string out;
  out.reserve(kFrameBytes);
  out += digest_of(bytes, context);
  out += static_cast<char>(bytes.size());
  out += bytes;
  out.resize(kFrameBytes, '\0');
  return Secret(std::move(out));
}

Result<Secret> unframe(const Secret& framed, const kms::Context& context) {
  const std::string_view bytes = framed.reveal(RevealToken());
  if (bytes.size() != kFrameBytes) return corrupt();
  const auto size = static_cast<std::uint8_t>(bytes[kDigestBytes]);
  if (size == 0 || size > kms::kSecretBytesMax) return corrupt();
  Secret out(std::string(bytes.substr(kDigestBytes + 1, size)));
  // Made anew, so that the zeros count too.
  const Secret again = frame(out, context);
  if (!equal_constant_time(again.reveal(RevealToken()), bytes)) return corrupt();
  return out;
}

}  // namespace mc::kmip
