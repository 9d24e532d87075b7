// Base64 and PEM as Go's packages read them, which is laxer than the RFCs: line ends are skipped,
// text around PEM blocks too. Private to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::builtin {

// Of the standard alphabet, padded. "illegal base64 data at input byte 17".
Result<std::string> decode_base64(std::string_view text);
// Of the alphabet of URLs; padding may be left out, as in OPA's base64url.decode.
Result<std::string> decode_base64url(std::string_view text);

struct PemBlock {
  std::string type;  // "CERTIFICATE"
  std::string bytes;
};
// The first block in `rest`, which afterwards is what stands behind it; when there is none, `rest`
// stays.
std::optional<PemBlock> next_pem_block(std::string_view& rest);

}  // namespace mc::builtin
