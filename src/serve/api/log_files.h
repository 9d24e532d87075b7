// The public face of the ledger: the log "root" as files of c2sp.org/tlog-tiles, for whoever has a
// checkpoint and wants to see that the next one continues it. Private to the module.
//
//   /ledger/checkpoint    the newest signed head     /ledger/tile/L/N[.p/W]    its hashes
//   /ledger/key           the verifier key           /ledger/consistency?from=N&to=M
//
// Its entries name tenants, so they are not here.
#pragma once

#include <string_view>

#include "ledger/ledger.h"
#include "net/net.h"

namespace mc::api {

inline constexpr std::string_view kLogFiles = "/ledger/";

// Of a request whose path begins with kLogFiles. `not_found` for what the log does not have (yet).
Result<net::Response> serve_log_file(const ledger::Ledger& ledger, const net::Request& request);

}  // namespace mc::api
