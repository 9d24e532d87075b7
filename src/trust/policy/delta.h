// Delta bundles (OPA docs, "Delta Bundles"): patch.json changes the data of the bundle in use.
// Private to the module.
#pragma once

#include "policy/bundle.h"

namespace mc::policy {

bool is_delta(const Bundle& bundle);

// `base` with the data of the patch: {"data": [{"op": "upsert"|"remove"|"replace", "path": "/a/b",
// "value": ...}]}. `invalid`: an empty list, a path outside the roots, a replace or remove of what
// is not there, files beside the patch and the manifest. What comes of it has a pack when both have
// one, and ends with the one that ends first.
Result<Bundle> apply_delta(const Bundle& base, const Bundle& delta);

}  // namespace mc::policy
