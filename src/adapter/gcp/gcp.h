// Google Cloud KMS as a provider of keys (REST v1):
// "gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K", with purpose ENCRYPT_DECRYPT.
//
// What is wrapped is bound to the context as additional authenticated data (canonical_context() of
// kms/branch.h), and sums of CRC32C are sent and checked both ways. A version is named by its
// number.
//
// Files:   service_account: the JSON of a key of a service account (its token_uri must be
// Google's),
//          or access_token: a token that somebody else renews.
// Options: endpoint, token_endpoint: https://HOST[:PORT], or http of a loopback address, in place
//          of Google's; ca: a PEM file in place of the system's authorities.
//
// Grants that a key must give: cloudkms.cryptoKeyVersions.useToEncrypt and .useToDecrypt,
// cloudkms.cryptoKeys.get; cryptoKeyVersions.list so that versions are known; .create and
// cryptoKeys.update, and .destroy, only where these are not left to its owner (`invalid` then).
// A key cannot be destroyed, only all of its versions: destroy("") does that.
//
// The metadata server of Google's machines is not asked: Transport speaks plain HTTP to loopback
// addresses only.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::gcp {

std::unique_ptr<kms::ProviderKind> provider_kind();

}  // namespace mc::gcp
