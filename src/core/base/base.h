// The vocabulary of the whole house: results, strong types, time, secrets, guarded state.
//
// These names live in namespace mc itself, because every module speaks them. Nothing here knows
// the outside world: no clock is read, no file opened, nothing allocated behind the caller's back.
#pragma once

#include "base/result.h"  // IWYU pragma: export
#include "base/secret.h"  // IWYU pragma: export
#include "base/strong.h"  // IWYU pragma: export
#include "base/sync.h"    // IWYU pragma: export
#include "base/text.h"    // IWYU pragma: export
#include "base/time.h"    // IWYU pragma: export
