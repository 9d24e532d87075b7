// Keys of KMIP servers (OASIS KMIP 1.4, or what of 1.2 and 1.3 they speak):
// "kmip:HOST:PORT/UNIQUE-IDENTIFIER", an AES key with the usage Encrypt and Decrypt.
//
// Files:   cert, key (the client's, PEM), ca (the authorities of the server, PEM; never the
//          system's). Read at each connection, so that renewed ones are taken without a restart.
// Options: mode: "gcm" (default) or "cbc", for servers that do no GCM (docs/adr/0044).
//
// Wrapped: docs/formats/kmip-wrapped.md. By GCM what is wrapped is bound to the context by the
// server; by CBC a digest of it stands inside. Keys never leave the server.
//
// A version is a key of its own with its own unique identifier: rotate() is Re-key, and its link to
// the replacement is how all processes find the present one from the bound one. A wrapped secret of
// a key outside of that chain is `corrupt`. Servers without Re-key cannot rotate (`invalid`): make
// a key there, bind it, and rewrap. destroy() revokes and destroys at once, for good; the bound
// key, by which others are found, and the present one only together with the whole.
//
// One TLS connection (1.2 or later; server name and chain are always checked) for each call. The
// server's refusal of the client's certificate is `denied`, except that it has expired.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::kmip {

std::unique_ptr<kms::ProviderKind> provider_kind();

}  // namespace mc::kmip
