// Customer-managed keys of tenants: which key a tenant has bound and in what state it is (states.h,
// store.h), what is open of it (keyring.h), moving data keys from one branch key to the next
// (rewrap.h), and the counts that a tenant's receipts are made of (usage.h).
//
// A tenant's data are readable as long as its key says so: the key wraps branch keys at its service
// (kms/branch.h), these wrap data keys, and those seal values (envelope/envelope.h).
#pragma once

#include "keys/keyring.h"  // IWYU pragma: export
#include "keys/rewrap.h"   // IWYU pragma: export
#include "keys/states.h"   // IWYU pragma: export
#include "keys/store.h"    // IWYU pragma: export
#include "keys/usage.h"    // IWYU pragma: export
