// One verifier for all that can be proven: it recognises what it is given and reports the steps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "proof/bundle_check.h"
#include "proof/policy_pack.h"
#include "proof/report.h"
#include "proof/tile_check.h"

namespace mc::proof {

// All texts are contents of files.
struct VerifyQuestion {
  std::string_view file;
  // A trusted root (Sigstore's JSON) for bundles; for the rest a policy (c2sp.org/tlog-policy), or
  // the list of a ledger's keys (key_list.h), which `log_keys` must lead to.
  std::optional<std::string> trust = std::nullopt;
  std::vector<std::string> log_keys = {};                // verifier keys ("name+id+key") of logs
  std::optional<std::string> public_key = std::nullopt;  // PEM, of the signer
  std::optional<Identity> identity = std::nullopt;
  std::optional<Artifact> artifact = std::nullopt;
  std::optional<std::string> channel = std::nullopt;   // of a pack of policies
  std::optional<PackFiles> pack_files = std::nullopt;  // what it must be about
  WallTime now = {};
};

// What `file` is: a receipt, alone or in a page (page.h), a list of keys, a bundle, an envelope, a
// log proof, a checkpoint. A bundle or an envelope may be of a pack of policies; it is the artifact
// of such a bundle when none is given. `invalid` when it is none of these, when what is needed to
// check it was not given or cannot be read, or when more was given than it has: then nothing was
// checked.
Result<Report> verify(const VerifyQuestion& question);

// The same for a tile of a log, whose file says nothing of itself: what it is stands in its path.
// `question.file` is not looked at.
Result<Report> verify_tile(const VerifyQuestion& question, const TileFile& file,
                           const FetchTile& fetch);

}  // namespace mc::proof
