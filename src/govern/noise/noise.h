// Exact noise for differential privacy: where its randomness comes from, the distributions, the
// choice of partitions and candidates, calibration, what a release may be told to be off by.
//
// Everything is integers and fixed point (core/fixed): no floating point stands between data and
// release, and no library of mathematics. Nothing here knows data sets, budgets or tenants.
// A Source is used by one thread at a time; everything else is values and pure functions.
#pragma once

#include "noise/calibrate.h"  // IWYU pragma: export
#include "noise/mechanism.h"  // IWYU pragma: export
#include "noise/pld.h"        // IWYU pragma: export
#include "noise/pool.h"       // IWYU pragma: export
#include "noise/quote.h"      // IWYU pragma: export
#include "noise/select.h"     // IWYU pragma: export
#include "noise/source.h"     // IWYU pragma: export
