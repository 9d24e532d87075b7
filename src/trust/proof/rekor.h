// Requests and answers of Rekor's API, version 2 (github.com/sigstore/rekor-tiles), and the key ids
// of its logs.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "proof/bundle.h"

namespace mc::proof {

inline constexpr std::size_t kEntryRequestBytesMax = 4 << 20;

// The body of the entry that a client asks for, hashedrekord 0.0.2: of a hash with its signature
// ("hashedRekordRequestV002"), or of an envelope's signed bytes ("dsseRequestV002", of older
// clients). The signature holds, and is ECDSA on P-256 by a key or by that of a certificate.
// `invalid` names the member.
Result<std::string> read_entry_request(std::string_view json);
// The request for a body of hashedrekord_body().
Result<std::string> print_entry_request(std::string_view body);

// TransparencyLogEntry: what the log answers, and what bundles have.
std::string print_log_entry(const LogEntry& entry);
Result<LogEntry> parse_log_entry(std::string_view json);

}  // namespace mc::proof
