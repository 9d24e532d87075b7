// Budgets: how much each tenant, route, plan and user may use, counted exactly and without locks.
//
//   LimitSettings   what the configuration says of one scope; Limits, ready to be counted with
//   Account         what a scope has used, 112 bytes; Moment, the clocks it goes by
//   reserve()       one request against all budgets that it falls under; a Reservation to settle
//   Book            all accounts there are: who falls under which budgets (book.h)
//   Override        a limit of a tenant's that is changed for a time (override.h)
//   OverrideDesk    records overrides, keeps them and puts them into the book (override_desk.h)
//   WindowKeeper    keeps what was used of days and months beyond the process (window_keeper.h)
//   Journal         what a book was asked and said, in its order (journal.h), to be run again
//                   (replay.h) and explained (explain.h)
//
// All of it that decides is pure: time is given, nothing is read or written elsewhere. The same
// requests in the same order at the same times get the same answers.
#pragma once

#include "budget/account.h"  // IWYU pragma: export
#include "budget/book.h"     // IWYU pragma: export
#include "budget/gcra.h"     // IWYU pragma: export
#include "budget/limits.h"   // IWYU pragma: export
#include "budget/reserve.h"  // IWYU pragma: export
