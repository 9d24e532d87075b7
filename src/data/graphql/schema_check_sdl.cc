#include "graphql/schema_build.h"

namespace mc::graphql {

void check_definitions(const Schema&, const Document&, Messages&) {}

}  // namespace mc::graphql
