// Filters of private answers inside the module: checked under a grant, and canonical.
#pragma once

#include "dataset/filter.h"
#include "dataset/private.h"

namespace mc::dataset {

// A canonical filter may be deeper than the filter that it was made of, and have more terms and
// values, by a factor that is known: it is held against these.
SessionLimits canonical_limits(SessionLimits limits);

// canonical_where() for whoever holds this grant. Errors name the field: "where.age.in: ...".
Result<json::Value> checked_where(const Grant& grant, const json::Value* where,
                                  const SessionLimits& limits);
// A canonical filter as a condition of this database.
Result<Condition> compile_canonical(const Grant& grant, sql::Dialect dialect,
                                    const json::Value* where, const SessionLimits& limits);

}  // namespace mc::dataset
