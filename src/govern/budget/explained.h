// What is known of why a request got what it got, for people and for machines.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "budget/explain.h"
#include "budget/journal.h"

namespace mc::budget {

// What the journal's memory, the last minutes, has of a request of the tenant. `not_found` without
// any: one of another tenant is as one that never was.
Result<Explanation> explain(const Journal& journal, std::string_view tenant,
                            std::string_view request);

// What the tenant itself may know: of a limit that it shares with others only that it was one, and
// its own part, and nothing of one that let it through; of the seats of all, and of the numbers of
// events, which count everybody's, nothing.
Explanation for_tenant(Explanation explanation);

std::string to_text(const Explanation& explanation);  // lines
std::string to_json(const Explanation& explanation);  // one object

}  // namespace mc::budget
