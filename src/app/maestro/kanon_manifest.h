// The manifest of a release (recheck/manifest.h) from what the engine found.
#pragma once

#include <string>

#include "maestro/kanon_job.h"

namespace mc::app {

struct WrittenRelease {
  std::int64_t bytes = 0;
  std::string sha256;
};
enum class Distribution : std::uint8_t { told, kept };  // of sensitive values in the input

// `invalid` when something does not fit into a manifest, with what and the limit.
Result<recheck::Manifest> manifest_of(const KanonInput& input, const KanonOutcome& outcome,
                                      const WrittenRelease& written, Distribution distribution);

}  // namespace mc::app
