// The schema text of private answers, and what its fields mean.
#pragma once

#include <string>

#include "dataset/model.h"

namespace mc::dataset {

// Types that all datasets share; "" when none has a section `privacy`.
std::string private_common(const Model& model);
// Of a dataset that has one: its types, and its field of Query.
std::string private_types(const Dataset& dataset);
std::string private_query_field(const Dataset& dataset);
std::string private_sql_field(const Model& model);

}  // namespace mc::dataset
