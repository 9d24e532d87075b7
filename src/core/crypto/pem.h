// PEM (RFC 7468): DER between two lines that name what it is.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::crypto {

// The bytes of the one block in `pem`, which must have this label ("PUBLIC KEY") and nothing but
// blank lines around it.
Result<std::string> read_pem(std::string_view pem, std::string_view label);
std::string write_pem(std::string_view der, std::string_view label);

}  // namespace mc::crypto
