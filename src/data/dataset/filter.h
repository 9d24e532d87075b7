// Filters: the GraphQL input object, checked and bounded, as a condition tree; the tree as SQL.
//
// Semantics are SQL's: a comparison with a missing value is unknown, unknown rows are not in the
// result, `not` of unknown is unknown. An empty `and` is true, an empty `or` is false.
#pragma once

#include <string>
#include <vector>

#include "dataset/guard.h"
#include "dataset/model.h"
#include "dataset/session.h"
#include "dataset/tenant_query.h"
#include "json/json.h"

namespace mc::dataset {

struct Condition {
  enum class Kind : std::uint8_t {
    all,
    any,
    not_,
    eq,
    ne,
    lt,
    lte,
    gt,
    gte,
    in,
    not_in,
    contains,
    starts_with,
    is_null,
    not_null
  };
  Kind kind = Kind::all;
  int column = -1;
  std::vector<sql::Param> values;
  std::vector<Condition> parts;
};

// Under which grant a filter is compiled, for which database, and what errors call it.
struct FilterPlace {
  const Grant& grant;
  sql::Dialect dialect;
  std::string name = "filter";
};

// Errors name the field: "filter.age.in: at most 200 values". `filter` may be null (no filter).
Result<Condition> compile_filter(const FilterPlace& place, const json::Value* filter,
                                 const SessionLimits& limits);
Result<Condition> compile_filter(const GrantedConnection& on, const json::Value* filter,
                                 const SessionLimits& limits);
// Of a condition compiled under another grant: may this one's caller find rows by it?
Status check_usable(const Condition& condition, const Grant& grant);

// "" for a condition that is always true.
std::string render(const Condition& condition, TenantQuery& query);

// The least text, bytewise, that is greater than every text beginning with `prefix`; "" = none.
std::string prefix_end(std::string_view prefix);

}  // namespace mc::dataset
