// What is wrapped for a tenant: its branch key with a digest of what it is bound to behind it, so
// that tenants and bindings are told apart on services too that bind nothing (RSA, PKCS#11, KMIP).
//
//   payload = key (32 bytes) || SHA-256(canonical context)        docs/formats/branch-key.md
//
// The digest is compared in constant time before anything of the key is handed out. No buffer with
// bytes of the key outlives a call. Stateless; as thread-safe as the provider.
#pragma once

#include <string>

#include "base/base.h"
#include "cipher/cipher.h"
#include "kms/kms.h"

namespace mc::kms {

inline constexpr std::size_t kContextPairsMax = 8;
inline constexpr std::size_t kContextPartBytesMax = 256;

// `invalid`: no pair, too many, or a name or value that is empty or too long.
Status check_context(const Context& context);
// The domain "mc/branch/1", then each name and value in the order of the names' bytes; every part
// behind its length in four bytes, the highest first.
std::string canonical_context(const Context& context);

// `invalid`: the context; `corrupt`: what comes back has no bytes, or more than kWrappedBytesMax.
// Else what the provider says.
Result<Wrapped> wrap_branch(Provider& provider, cipher::KeyView key, const Context& context,
                            MonoTime deadline);
// `corrupt`: what opens has another length or is bound to another context; `exhausted`, without
// retry_after_s: the arena is full, which is found before the provider is asked.
Result<cipher::HeldKey> unwrap_branch(Provider& provider, const Wrapped& wrapped,
                                      const Context& context, cipher::KeyArena& arena,
                                      MonoTime deadline);

}  // namespace mc::kms
