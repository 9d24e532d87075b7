// What the ledger has of burn: records of type "budget" in the log of the tenant (docs/formats/
// budget-record.md), with what made the event, so that it can be checked later. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "burn/quota_watch.h"
#include "burn/slo_watch.h"
#include "ledger/ledger.h"

namespace mc::burn {

inline constexpr std::string_view kBurnAction = "budget.burn";

// As a signed document has a burn, a threshold or an objective: in millionths, rounded to the
// nearest, at most 2^53 - 1.
std::int64_t millionths(double number);

// By the server of the name `node`: each has counts of its own. Of a day or a month one level has
// one key, whatever process records it.
ledger::Entry record_of(const QuotaEvent& event, std::string_view node);
// "budget.slo_burn.begin" and "budget.slo_burn.end"; of all tenants together in the log of the
// tenant "system".
ledger::Entry record_of(const SloEvent& event, const Objective& objective, std::string_view node);
// Whether the record with this payload tells the event's level or a higher one, of the same node
// and window of a day or month; an erased one tells nothing.
bool tells(std::string_view payload, const QuotaEvent& event, std::string_view node);

}  // namespace mc::burn
