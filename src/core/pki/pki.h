// Public key infrastructure: certificates and their chains (RFC 5280), signed certificate
// timestamps (RFC 6962), time-stamp tokens (RFC 3161), read, checked and made by OpenSSL.
//
// Nothing here reads a clock, a network or the trust store of the machine: the time and the
// authorities that are trusted are arguments. What is not understood is `invalid`, with the reason.
// Everything is immutable and thread-safe.
#pragma once

#include "pki/certificate.h"  // IWYU pragma: export
#include "pki/issue.h"        // IWYU pragma: export
#include "pki/timestamp.h"    // IWYU pragma: export
