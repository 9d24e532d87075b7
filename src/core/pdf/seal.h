// The seal of a PDF: a CMS signature (RFC 5652, ETSI.CAdES.detached) in an update behind the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/pki.h"

namespace mc::pdf {

struct Sealer {
  const crypto::SigningKey& key;
  const std::vector<pki::Certificate>& chain;  // that of the key first
  std::string name;                            // who seals, for people
  std::string reason;
  WallTime at;
};

// Of a file that print() made: its first page gets a field without a place that holds the
// signature. `invalid` for other files.
Result<std::string> seal(std::string_view file, const Sealer& sealer);

}  // namespace mc::pdf
