// From a key's URI to its provider.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::kms {

inline constexpr std::size_t kUriBytesMax = 1'024;

// By the scheme, as RFC 3986 section 3.1 writes one, in lower case. Speaks to no service.
// `invalid`: too long, a byte that no URI has, no scheme or nothing behind it, a scheme that none
// of the kinds is of (the text lists theirs), or what its kind refuses.
Result<std::unique_ptr<Provider>> bind_provider(std::span<ProviderKind* const> kinds,
                                                const std::string& uri, Credentials credentials,
                                                const ProviderWorld& world);

}  // namespace mc::kms
