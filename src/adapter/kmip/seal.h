// What is stored of a secret that a KMIP server has wrapped: docs/formats/kmip-wrapped.md; and what
// is given to a server that binds nothing (CBC). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::kmip {

inline constexpr std::size_t kGcmIvBytes = 12;
inline constexpr std::size_t kCbcIvBytes = 16;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kFrameBytes = 112;  // a multiple of AES's block
inline constexpr std::size_t kCbcBytes = 128;    // the frame and a block of PKCS5 padding

enum class Form : std::uint8_t { gcm = 1, cbc = 2 };
struct Sealed {
  Form form = Form::gcm;
  std::string iv;
  std::string bytes;
  std::string tag;  // of gcm
  bool operator==(const Sealed&) const = default;
};
// `corrupt`: sizes that the form does not have.
Status check_sealed(const Sealed& sealed);
std::string format_sealed(const Sealed& sealed);
Result<Sealed> parse_sealed(std::string_view bytes);

// digest (32) || size (1) || secret || zeros, where the digest is of the context and the secret.
Secret frame(const Secret& secret, const kms::Context& context);
Result<Secret> unframe(const Secret& framed, const kms::Context& context);

}  // namespace mc::kmip
