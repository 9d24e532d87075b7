// The provider over a loader of one's own, for tests of what tokens do wrong.
#pragma once

#include <memory>

#include "kms/kms.h"
#include "pkcs11/module.h"

namespace mc::pkcs11 {

std::unique_ptr<kms::ProviderKind> kind_with(Loader loader);

}  // namespace mc::pkcs11
