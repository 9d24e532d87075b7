// Burn: how fast tenants use up what they may use, and the service what it promises.
//
//   Usage       what was asked for and what came of it, in rings of steps (usage.h)
//   QuotaWatch  tells when 80 and 90 % of a budget are used (quota_watch.h)
//   SloWatch    tells when failures come too fast for the objective (slo_watch.h)
//   record_of   what the ledger has of either (record.h)
//
// All of it is pure: time is given, nothing is read or written elsewhere.
#pragma once

#include "burn/quota_watch.h"  // IWYU pragma: export
#include "burn/record.h"       // IWYU pragma: export
#include "burn/slo_watch.h"    // IWYU pragma: export
#include "burn/usage.h"        // IWYU pragma: export
