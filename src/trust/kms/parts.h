// Texts of several parts that cannot be read in two ways: each part stands behind its length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mc::kms {

// Four bytes of length, the highest first, then the part.
inline void append_part(std::string& out, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  out += part;
}

}  // namespace mc::kms
