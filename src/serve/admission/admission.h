// Admission under load: who runs now, who waits, who is turned away.
//
//   Controller   all of it together, for any thread (controller.h); Settings (settings.h)
//   FairQueue    who is next, fairly between tenants (fair_queue.h)
//   Limiter      how many run at a time (limiter.h)
//   Cursor       who is shed under overload; StandingQueue (overload.h)
//   Pressures    what else is short than seats (pressure.h)
//
// Time is given, nothing else is known here. All but the Controller are of one thread each.
#pragma once

#include "admission/controller.h"  // IWYU pragma: export
#include "admission/fair_queue.h"  // IWYU pragma: export
#include "admission/limiter.h"     // IWYU pragma: export
#include "admission/overload.h"    // IWYU pragma: export
#include "admission/pressure.h"    // IWYU pragma: export
#include "admission/settings.h"    // IWYU pragma: export
