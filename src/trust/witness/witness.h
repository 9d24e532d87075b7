// Witnessing (c2sp.org/tlog-witness): others sign that a log has only ever grown, so that it cannot
// show two histories without somebody's seeing both. Witness is who signs, Cosigner who asks.
#pragma once

#include "witness/cosigner.h"  // IWYU pragma: export
#include "witness/server.h"    // IWYU pragma: export
