// Sigstore's APIs: the signature log (Rekor v2, and v1 in rekor1.h), the time-stamping authority,
// the trusted root; and the keys behind them. Private to the module.
//
//   POST /api/v2/log/entries      GET /api/v2/checkpoint, /api/v2/tile/...
//   POST /api/v1/timestamp        GET /api/v1/timestamp/certchain
//   GET  /signing/trusted_root.json, /signing/keys.json
#pragma once

#include <string_view>

#include "base/base.h"
#include "net/net.h"
#include "signing/signing.h"

namespace mc::api {

bool is_signing_path(std::string_view path);

// Blocks for the disk. `not_found` for what is no endpoint.
Result<net::Response> serve_signing(signing::Signing& signing, const net::Request& request);

}  // namespace mc::api
