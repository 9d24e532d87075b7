// Admission under load: who runs now, who waits, who is turned away.
//
//   FairQueue   who is next, fairly between tenants (fair_queue.h)
//
// Pure and of one thread each: time is given, nothing else is known here.
#pragma once

#include "admission/fair_queue.h"  // IWYU pragma: export
