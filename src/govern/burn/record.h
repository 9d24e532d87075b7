// What the ledger has of burn: records of type "budget" in the log of the tenant (docs/formats/
// budget-record.md), with what made the event, so that it can be checked later. Pure.
#pragma once

#include "burn/quota_watch.h"
#include "burn/slo_watch.h"
#include "ledger/ledger.h"

namespace mc::burn {

// Action "budget.burn".
ledger::Entry record_of(const QuotaEvent& event);
// "budget.slo_burn.begin" and "budget.slo_burn.end"; of all tenants together in the log of the
// tenant "system".
ledger::Entry record_of(const SloEvent& event, const Objective& objective);

}  // namespace mc::burn
