// Proofs of a log as files (c2sp.org/tlog-proof): one leaf's way to a signed checkpoint. The leaf
// is not in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "tlog/merkle.h"

namespace mc::tlog {

inline constexpr std::size_t kProofFileBytesMax = 512 << 10;

struct ProofFile {
  std::optional<std::string> extra = std::nullopt;  // nobody signs it
  std::uint64_t index = 0;
  Path path;
  std::string checkpoint;  // a signed note
  bool operator==(const ProofFile&) const = default;
};

inline constexpr std::string_view kProofFileHeader = "c2sp.org/tlog-proof@v1";

// Only what print_proof_file() writes. The checkpoint is not looked at.
Result<ProofFile> parse_proof_file(std::string_view text);
std::string print_proof_file(const ProofFile& proof);

}  // namespace mc::tlog
