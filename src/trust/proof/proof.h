// Proofs: what somebody signed, made so that anybody can check it without us and without a network.
//
// A statement (in-toto) is signed in an envelope (DSSE); envelope or blob, key or certificate, log
// entry and time travel together in a bundle (Sigstore's, v0.3), which is checked against a trusted
// root. Every check gives a report of its steps and stops at the first that does not hold. Nothing
// here reads a clock, a file or a network. All values are plain data; all functions thread-safe.
#pragma once

#include "proof/bundle.h"         // IWYU pragma: export
#include "proof/bundle_check.h"   // IWYU pragma: export
#include "proof/entry.h"          // IWYU pragma: export
#include "proof/envelope.h"       // IWYU pragma: export
#include "proof/key_list.h"       // IWYU pragma: export
#include "proof/page.h"           // IWYU pragma: export
#include "proof/policy_pack.h"    // IWYU pragma: export
#include "proof/range_receipt.h"  // IWYU pragma: export
#include "proof/receipt.h"        // IWYU pragma: export
#include "proof/rekor.h"          // IWYU pragma: export
#include "proof/rekor1.h"         // IWYU pragma: export
#include "proof/report.h"         // IWYU pragma: export
#include "proof/sign.h"           // IWYU pragma: export
#include "proof/statement.h"      // IWYU pragma: export
#include "proof/tile_check.h"     // IWYU pragma: export
#include "proof/trusted_root.h"   // IWYU pragma: export
#include "proof/verify.h"         // IWYU pragma: export
