// The canonical form that is hashed (docs/formats/accountant.md). Private to the module.
#pragma once

#include <string>

#include "accountant/charge.h"

namespace mc::accountant {

std::string settled_json(const ChargeRecord& charge);

}  // namespace mc::accountant
