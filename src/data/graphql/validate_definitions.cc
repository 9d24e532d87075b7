#include "graphql/validate.h"

namespace mc::graphql {

void walk_definitions(ValidationContext&, DirectiveTable&) {}

}  // namespace mc::graphql
