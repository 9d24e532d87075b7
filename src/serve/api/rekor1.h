// Rekor's API, version 1, of the signature log. Private to the module.
//
//   POST /api/v1/log/entries      GET /api/v1/log/entries?logIndex=N, /api/v1/log/entries/UUID
//   GET  /api/v1/log, /api/v1/log/publicKey
#pragma once

#include <string_view>

#include "base/base.h"
#include "net/net.h"
#include "signing/signing.h"

namespace mc::api {

bool is_rekor1_path(std::string_view path);

// As serve_signing().
Result<net::Response> serve_rekor1(signing::PromisedLog& log, const net::Request& request);

}  // namespace mc::api
