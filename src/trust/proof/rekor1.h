// Proposals and answers of Rekor's API, version 1 (github.com/sigstore/rekor), and the log's
// promise for an entry: the signed entry timestamp.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "proof/bundle.h"

namespace mc::proof {

// The body of the entry that a client proposes: hashedrekord 0.0.1 as it is, dsse 0.0.1 in the form
// that logs store, with hashes for the envelope. There is one signature, which holds, by one ECDSA
// key on P-256 or a certificate's. `invalid` names the member.
Result<std::string> read_proposal(std::string_view json);

// What a client proposes; `verifier` is a certificate or a public key in PEM.
std::string print_proposal(std::string_view sha256, std::string_view signature,
                           std::string_view verifier);
std::string print_proposal(const Envelope& envelope, std::string_view verifier);

// What a log's promise signs: body, log, index and time of the entry (RFC 8785).
std::string promised_text(const LogEntry& entry);

// What the log answers: the entry under its `uuid`. It has a proof.
std::string print_logged(const LogEntry& entry, std::string_view uuid);
// Of exactly one entry, under whatever name.
Result<LogEntry> parse_logged(std::string_view json);

}  // namespace mc::proof
