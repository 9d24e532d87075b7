// Packs of policies (docs/formats/policy-pack.md): a proof in a bundle, `policies/ig.bundle`, of
// which files it has, for which channel and until when.
#pragma once

#include <string>
#include <vector>

#include "policy/bundle.h"
#include "proof/proof.h"

namespace mc::policy {

struct PackOptions {
  std::string channel;
  std::string base;  // of a delta: the revision that it changes
  WallTime issued, expires;
};
// Of a bundle as it was read; its revision is the pack's version. `invalid` without one.
Result<proof::PolicyPack> make_pack(const Bundle& bundle, const PackOptions& options);

// The files with the pack among them, in the place of one that was there. `invalid` when they are
// signed, as the signature would not hold any more.
Status put_pack(std::vector<archive::Entry>& files, std::string pack);

struct VerifiedPack {
  PackTerms terms;
  std::string signed_by;  // the id of the key
};
// That it is signed by one of the keys, for the channel, holds now, and names exactly these files.
// Null when there is none; the error names the file that is changed, missing or too much.
Result<std::optional<VerifiedPack>> verify_pack(const std::vector<archive::Entry>& files,
                                                const BundleOptions& options);

}  // namespace mc::policy
