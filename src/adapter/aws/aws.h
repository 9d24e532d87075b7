// AWS Key Management Service as a provider of keys: "aws-kms:arn:aws:kms:REGION:ACCOUNT:key/ID".
//
// Only whole key ARNs; symmetric keys (SYMMETRIC_DEFAULT). What is wrapped is bound to the context
// by the service's EncryptionContext, and the key is named in every request and checked in every
// reply.
//
// Files:   access_key, secret_key, session_token (of temporary keys), or web_identity_token_file.
// Options: role_arn and role_session_name ("maestro") with the latter: sessions are of the Security
//          Token Service of the region, renewed five minutes before they end.
//          endpoint, sts_endpoint: https://HOST[:PORT], or http of a loopback address, in place of
//          the region's; ca: a PEM file in place of the system's authorities; region: if given, the
//          ARN's; pending_window_days: 7 to 30 (30) between destroy() and the end.
//
// Grants that a key must give: kms:Encrypt, kms:Decrypt, kms:DescribeKey; kms:ListKeyRotations so
// that versions are known; kms:RotateKeyOnDemand and kms:ScheduleKeyDeletion only where these are
// not left to its owner (`invalid` then).
//
// A credential that is refused as expired, unknown or wrong is got anew and tried once more. What
// then is refused as expired, or as wrongly signed, is `unavailable`: nobody took the key away; the
// text tells a wrong clock from a wrong secret by the Date of the reply. An access key that is
// unknown or inactive is `denied`.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::aws {

std::unique_ptr<kms::ProviderKind> provider_kind();

}  // namespace mc::aws
