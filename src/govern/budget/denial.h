// What a tenant may show to others of a request that was turned away: by its own budgets, by what
// it shares with others, or for want of a seat (docs/formats/denial.md).
//
// Of what is shared nothing is told but that it was so.
#pragma once

#include <string_view>

#include "base/base.h"
#include "budget/explain.h"
#include "budget/journal.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::budget {

inline constexpr std::string_view kDenialKind = "mc.denial/v1";
inline constexpr std::string_view kDenialPredicate = "urn:maestro-conductor:denial:v1";

// What the journal's memory, the last minutes, has of the request. `not_found`: nothing, or it was
// let through.
Result<json::Object> denial_of(const Journal& journal, std::string_view tenant,
                               std::string_view request);
// About the document: `denial/TENANT/REQUEST` and its SHA-256; the predicate is the document.
Result<proof::Statement> statement_of(const json::Object& denial);

}  // namespace mc::budget
