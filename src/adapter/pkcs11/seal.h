// Wraps and opens with one key, in one way. What is wrapped is a frame (blob.h).
#pragma once

#include <string>

#include "base/base.h"
#include "pkcs11/keys.h"

namespace mc::pkcs11 {

Result<Blob> seal(Call& call, const Key& key, const Way& way, const Secret& framed,
                  sys::Random& random);
// In the first of the key's ways that fits the blob; `corrupt`: no key of this kind made it.
Result<Secret> open(Call& call, const Key& key, const Blob& blob);

}  // namespace mc::pkcs11
