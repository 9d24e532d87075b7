// The ledger: records that nobody can change, leave out or put in later without its being seen.
#pragma once

#include "ledger/batch.h"   // IWYU pragma: export
#include "ledger/record.h"  // IWYU pragma: export
#include "ledger/store.h"   // IWYU pragma: export
