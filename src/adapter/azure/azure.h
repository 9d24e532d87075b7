// Azure Key Vault and Managed HSM as a provider of keys (REST 2025-07-01):
// "azure-kv:https://VAULT.vault.azure.net/keys/NAME", or of VAULT.managedhsm.azure.net.
//
// Wraps by RSA-OAEP-256, or by A256KW with the AES keys of a Managed HSM (secrets of 16 to 64
// bytes, a multiple of 8). Neither binds a context: the digest that is wrapped with the secret does
// (kms/branch.h). The version that wrapped is remembered, and the same one has to unwrap.
//
// Files:   client_secret, or client_key and client_certificate (PEM; RSA): an assertion signed by
//          RS256 with x5t#S256.
// Options: tenant and client_id (needed); algorithm: RSA-OAEP-256 or A256KW (the first for a
//          vault, the second for a Managed HSM); endpoint, login_endpoint: https://HOST[:PORT], or
//          http of a loopback address, in place of the vault's and of Microsoft's; ca: a PEM file
//          in place of the system's authorities.
//
// Where a token is got, and for what, is in the binding. A challenge of a 401 is compared with it
// and otherwise ignored: it cannot send a credential anywhere.
//
// Grants: keys/wrapKey, keys/unwrapKey, keys/get; keys/list so that versions are known, and
// access to deleted keys so that their end is; keys/rotate and keys/delete only where these are not
// left to the key's owner (`invalid` then). A key out of its dates counts as disabled.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::azure {

std::unique_ptr<kms::ProviderKind> provider_kind();

}  // namespace mc::azure
