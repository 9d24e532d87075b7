// What may be set of admission. The defaults are meant to be left alone.
#pragma once

#include "admission/fair_queue.h"
#include "admission/limiter.h"
#include "admission/overload.h"
#include "admission/pressure.h"
#include "base/base.h"

namespace mc::admission {

struct Settings {
  LimiterSettings limiter;
  FairQueueLimits queue;  // of each class
  CursorSettings cursor;
  PressureLimits pressure;
  // Hundredths. Of what is guaranteed to a tenant that is idle, what others may use at once; the
  // rest only after `idle`.
  std::int64_t lend_pct = 90;
  std::int64_t tenant_pct = 95;  // of all seats, that one tenant may use
  std::int64_t batch_pct = 80;   // likewise all of a class together
  std::int64_t export_pct = 50;
  Nanos idle = seconds(1);  // until a tenant's seats are everybody's
};

// `invalid` names the field, as "limiter.seats_min", and its bounds.
Status check(const Settings& settings);

}  // namespace mc::admission
