// PEM (RFC 7468): DER between two lines that name what it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::crypto {

// The bytes of the one block in `pem`, which must have this label ("PUBLIC KEY") and nothing but
// blank lines around it.
Result<std::string> read_pem(std::string_view pem, std::string_view label);
// Of every block with the label; text between blocks is passed over, blocks of other labels are not
// looked at.
Result<std::vector<std::string>> read_pem_blocks(std::string_view pem, std::string_view label);
std::string write_pem(std::string_view der, std::string_view label);

}  // namespace mc::crypto
