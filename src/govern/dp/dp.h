// Differential privacy: noisy answers about a table of which nobody's presence can be told.
//
//   PrivacyUnit   whose presence is hidden
//   Spec, price   what is asked, what it costs and how wrong it will be, before any data is read
//   Table         rows from a cursor, bounded by unit
//   release       the noisy numbers
//
// Who may ask, what is left of a budget and what is kept of an answer is others' business.
#pragma once

#include "dp/release.h"  // IWYU pragma: export
#include "dp/spec.h"     // IWYU pragma: export
#include "dp/table.h"    // IWYU pragma: export
#include "dp/unit.h"     // IWYU pragma: export
