// Tokens: digits for digits, letters for letters, one letter for each character beyond ASCII, the
// rest in place.
#pragma once

#include <string>
#include <string_view>

#include "crypto/cmac.h"

namespace mc::mask {

void write_token(const crypto::CmacKey& key, std::string_view text, std::string& out);
// Of at most 15 bytes of ASCII, as crypto::words_of() has them.
void write_token(const crypto::CmacKey& key, crypto::Words text, std::size_t size,
                 std::string& out);

}  // namespace mc::mask
