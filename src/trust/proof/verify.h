// One verifier for all that can be proven: it recognises what it is given and reports the steps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "proof/bundle_check.h"
#include "proof/report.h"

namespace mc::proof {

// All texts are contents of files.
struct VerifyQuestion {
  std::string_view file;
  // A trusted root (Sigstore's JSON) for bundles; a policy (c2sp.org/tlog-policy) for the rest.
  std::optional<std::string> trust = std::nullopt;
  std::vector<std::string> log_keys = {};                // verifier keys ("name+id+key") of logs
  std::optional<std::string> public_key = std::nullopt;  // PEM, of the signer
  std::optional<Identity> identity = std::nullopt;
  std::optional<Artifact> artifact = std::nullopt;
  WallTime now = {};
};

// What `file` is: a receipt, alone or in a page (page.h), a bundle, an envelope, a log proof, a
// checkpoint. `invalid` when it is none of these, or when what is needed to check it was not given
// or cannot be read: then nothing was checked.
Result<Report> verify(const VerifyQuestion& question);

}  // namespace mc::proof
